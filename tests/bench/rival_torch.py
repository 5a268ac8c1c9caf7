"""PyTorch as its tutorials write it: a plain loop over the batches, one network, one thread; more threads make it slower.

It trains from this engine's initial weights on this engine's batches; ``difference`` tells how close it stays. PyTorch adds
Adam's epsilon after the bias correction of the second moment, Keras and this engine before: the weights differ a little more
than by rounding.
"""

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np

from pipeline.machine.arrays import Floats32
from pipeline.network.layers import initial_weights, unflatten
from pipeline.network.recipe import Recipe, batches
from tests.bench.task import RECIPE, TORCH, Rival
from tests.training import train_network

SHORT = 5
"""Epochs that are measured; every epoch costs the same."""


def installed() -> bool:
    """Tell whether PyTorch can be imported; a broken installation counts as none."""
    if find_spec("torch") is None:
        return False
    try:
        import torch  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


def loop(x: Floats32, y: Floats32, recipe: Recipe) -> Callable[[], Floats32]:
    """Return a function that trains one network and returns its (25,) weights."""
    import torch

    torch.set_num_threads(1)
    inputs, truths = torch.from_numpy(x), torch.from_numpy(y)
    order = [torch.from_numpy(rows[rows < len(x)].astype(np.int64)) for epoch in batches(len(x), recipe) for rows in epoch]

    def run() -> Floats32:
        model = network(recipe)
        optimizer = torch.optim.Adam(model.parameters(), recipe.learning_rate, eps=1e-7)
        measure = torch.nn.MSELoss()
        for rows in order:
            optimizer.zero_grad()
            measure(model(inputs[rows]), truths[rows]).backward()
            optimizer.step()
        return weights(model)

    return run


def network(recipe: Recipe) -> Any:
    """Return the layers with this engine's first initial weights."""
    import torch

    layers: list[Any] = []
    initial = unflatten(initial_weights(recipe.sizes, recipe.seed, 0), recipe.sizes)
    for (kernel, bias), slope in zip(initial, recipe.slopes, strict=True):
        dense = torch.nn.Linear(*kernel.shape)
        with torch.no_grad():
            dense.weight.copy_(torch.from_numpy(kernel.T.copy()))
            dense.bias.copy_(torch.from_numpy(bias.copy()))
        layers += [dense, torch.nn.LeakyReLU(slope)]
    return torch.nn.Sequential(*layers)


def weights(model: Any) -> Floats32:
    """Return the (25,) weights in this engine's order."""
    parts = [each.detach().numpy().T.ravel() for each in model.parameters()]
    return np.concatenate(parts)


def rival(x: Floats32, y: Floats32) -> Rival:
    """Return the loop, measured on few epochs and scaled."""
    return Rival(TORCH, TORCH, 1, loop(x, y, replace(RECIPE, epochs=SHORT)), scale=RECIPE.epochs / SHORT)


def difference(x: Floats32, y: Floats32) -> float:
    """Return the largest difference between this engine's weights and PyTorch's after one epoch."""
    recipe = replace(RECIPE, epochs=1)
    return float(np.abs(train_network(x, y, recipe).weights[0] - loop(x, y, recipe)()).max())
