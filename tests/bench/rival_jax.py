"""JAX, ``jit`` of ``scan`` over the steps of a ``vmap`` over networks: as it is written plainly, and as the strongest rival.

Which way of writing it is fastest depends on the machine and the release, so several are tried and the fastest is timed: the
layers as matrix products, as products of transposed matrices, or as plain sums; the networks along the leading or the trailing
axis; one step or three a turn of the loop; all networks in one call, or parts of them in as many threads as there are cores.
The network, the optimizer, the initial weights and the batches are this engine's, and ``differences`` compares the weights.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np

from pipeline.machine.arrays import Floats32
from pipeline.network.backend import XLA_FLAGS
from pipeline.network.recipe import Recipe, batches
from tests.bench.task import JAX, JAX_THREADS, JAX_TUNED, RECIPE, SIZES, Rival, arrays, clock, starting_weights
from tests.training import train_network

INSTALLED = find_spec("jax") is not None
THREADS = os.cpu_count() or 1
SHORT, SOME = 10, 256
"""Epochs and networks of the trials that choose among the ways."""


class Way(NamedTuple):
    """One way to write it."""

    layers: str
    axis: int
    unroll: int

    def __str__(self) -> str:
        return f"{self.layers}, {'trailing' if self.axis else 'leading'} axis, unroll {self.unroll}"


PLAIN = Way("products", 0, 1)
"""How one writes it without a second thought."""

WAYS = [Way(*each) for each in product(("products", "transposed products", "sums"), (0, -1), (1, 3))]


def begin() -> None:
    """Start JAX's compiler, before this engine's import sets flags that JAX would read too, and that its users do not have."""
    if INSTALLED:
        import jax

        jax.jit(lambda value: value + 1)(1.0).block_until_ready()


def with_flags() -> dict[str, dict[str, float]]:
    """Return what every way reaches with this engine's flags, measured in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        env=os.environ | {"XLA_FLAGS": XLA_FLAGS},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return told


def forward(layers: str, kernels: Any, biases: Any, x: Any) -> Any:
    """Return the (batch,) outputs of one network for (batch, inputs)."""
    import jax.numpy as jnp

    values = x.T if layers == "transposed products" else x
    for kernel, bias, slope in zip(kernels, biases, RECIPE.slopes, strict=True):
        if layers == "products":
            values = values @ kernel + bias
        elif layers == "sums":
            values = (values[:, :, None] * kernel).sum(axis=1) + bias
        elif kernel.shape[1] == 1:  # a product with one column is a sum
            values = (values * kernel).sum(axis=0, keepdims=True) + bias[:, None]
        else:
            values = kernel.T @ values + bias[:, None]
        values = jnp.where(values > 0, values, slope * values)
    return values.ravel()


def adam_step(layers: str, state: Any, batch: Any) -> Any:
    """Return weights and moments of one network after one step; ``rate`` holds the bias correction, as in the engine."""
    import jax
    import jax.numpy as jnp

    x, y, share, rate = batch
    weights, momentum, velocity = state
    gradient = jax.grad(lambda each: jnp.sum((forward(layers, *each, x) - y) ** 2 * share))(weights)
    momentum = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, momentum, gradient)
    velocity = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, velocity, gradient)
    weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7), weights, momentum, velocity)
    return weights, momentum, velocity


def program(way: Way, x: Floats32, y: Floats32, recipe: Recipe) -> Callable[[Any], Any]:
    """Return the compiled function of (S, 25) initial weights that returns the (S, 25) weights after all epochs."""
    import jax
    import jax.numpy as jnp

    order = np.stack(list(batches(len(x), recipe)))  # (epochs, steps, batch); the number past the last is no row
    counted = (order < len(x)).astype(np.float32)
    shares = counted / counted.sum(axis=2, keepdims=True)
    at = np.arange(1, order.shape[0] * order.shape[1] + 1)
    rates = (recipe.learning_rate * np.sqrt(1 - 0.999**at) / (1 - 0.9**at)).astype(np.float32).reshape(order.shape[:2])
    inputs, truths = jnp.asarray(np.append(x, x[:1], axis=0)), jnp.asarray(np.append(y, y[:1]))
    step = jax.vmap(partial(adam_step, way.layers), in_axes=(way.axis, None), out_axes=way.axis)

    def epoch(state: Any, plan: Any) -> Any:
        rows, share, rate = plan
        steps = (inputs[rows], truths[rows], share, rate)
        return jax.lax.scan(lambda each, batch: (step(each, batch), None), state, steps, unroll=way.unroll)

    def run(flat: Any) -> Any:
        weights = split_weights(flat, way.axis)
        zeros = jax.tree.map(jnp.zeros_like, weights)
        (weights, _, _), _ = jax.lax.scan(epoch, (weights, zeros, zeros), (order, shares, rates))
        return join_weights(weights, way.axis)

    return jax.jit(run)


def split_weights(flat: Any, axis: int) -> tuple[list[Any], list[Any]]:
    """Return kernels and biases of (S, 25), with the networks along ``axis``."""
    import jax.numpy as jnp

    kernels, biases, at = [], [], 0
    for inputs, outputs in pairwise(RECIPE.sizes):
        middle, end = at + inputs * outputs, at + inputs * outputs + outputs
        kernels.append(jnp.moveaxis(flat[:, at:middle].reshape(-1, inputs, outputs), 0, axis))
        biases.append(jnp.moveaxis(flat[:, middle:end], 0, axis))
        at = end
    return kernels, biases


def join_weights(weights: Any, axis: int) -> Any:
    """Undo ``split_weights``."""
    import jax.numpy as jnp

    parts = [part for layer in zip(*weights, strict=True) for part in layer]
    return jnp.concatenate([jnp.moveaxis(part, axis, 0).reshape(part.shape[axis], -1) for part in parts], axis=1)


def in_threads(run: Callable[[Any], Any], parts: list[Any]) -> Callable[[], object]:
    """Return a function that trains the parts at the same time and waits for their end."""

    def train_part(part: Any) -> Any:
        return run(part).block_until_ready()

    def call() -> object:
        if len(parts) == 1:
            return train_part(parts[0])
        with ThreadPoolExecutor(len(parts)) as pool:
            return list(pool.map(train_part, parts))

    return call


def choose(x: Floats32, y: Floats32, networks: int) -> tuple[Way, dict[str, float]]:
    """Return the fastest way for so many networks, and the networks a second of each for 100 epochs, scaled from a few."""
    recipe = replace(RECIPE, epochs=SHORT)
    weights = starting_weights(networks)
    rates = {}
    for way in WAYS:
        call = in_threads(program(way, x, y, recipe), [weights])
        call()  # compiles
        rates[way] = networks / (min(clock(call) for _ in range(3)) * RECIPE.epochs / SHORT)
    return max(rates, key=rates.__getitem__), {str(way): rate for way, rate in rates.items()}


def rivals(x: Floats32, y: Floats32) -> tuple[list[Rival], dict[str, dict[str, float]]]:
    """Return JAX written plainly, in the fastest way of all, and that in threads; and what every way reached in the trials."""
    one, several = choose(x, y, 1), choose(x, y, SOME)
    found = [*_called(JAX, x, y, PLAIN, (1, *SIZES)), *_called(JAX_TUNED, x, y, one[0], (1,))]
    found += _called(JAX_TUNED, x, y, several[0], SIZES)
    found += _called(JAX_THREADS, x, y, several[0], SIZES, THREADS) if THREADS > 1 else []
    return found, _told(one, several)


def _told(one: tuple[Way, dict[str, float]], several: tuple[Way, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {"1 network": one[1], f"{SOME} networks": several[1]}


def _called(family: str, x: Floats32, y: Floats32, way: Way, sizes: Iterable[int], threads: int = 1) -> list[Rival]:
    run = program(way, x, y, RECIPE)
    return [
        Rival(
            family,
            f"{family}, {size:,} network{'s' * (size > 1)} ({way})",
            size,
            in_threads(run, np.array_split(starting_weights(size), threads)),
        )
        for size in sizes
    ]


def differences(x: Floats32, y: Floats32, networks: int, ways: Iterable[Way] = WAYS) -> Iterator[float]:
    """Yield the largest difference between this engine's weights and those of each way, after an epoch of the same batches.

    Not after more: a network near the kink of a Leaky ReLU soon goes another way for a difference in rounding.
    """
    recipe = replace(RECIPE, epochs=1, starts=networks)
    ours = train_network(x, y, recipe).weights
    for way in ways:
        theirs = np.asarray(program(way, x, y, recipe)(starting_weights(networks)))
        yield float(np.abs(ours - theirs).max())


if __name__ == "__main__":
    print(json.dumps(_told(*(choose(*arrays(), networks) for networks in (1, SOME)))))
