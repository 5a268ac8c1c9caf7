"""What decides the weights: the recipe, the order of the batches, and the learning rate of each step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Progress = Callable[[float], None]
"""Called with the share of the work done since the last call; the shares sum to 1."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights, apart from the data.

    Attributes:
        sizes: widths from the inputs to the outputs, such as (6, 3, 1).
        slopes: one negative slope a Leaky ReLU layer.
        softmax: whether the last layer ends in softmax.
        loss, optimizer, learning_rate, schedule, epochs, batch_size, starts, seed: as in the section "training".
    """

    sizes: tuple[int, ...]
    slopes: tuple[float, ...]
    softmax: bool
    loss: Literal["squared_error", "categorical_crossentropy", "binary_crossentropy"]
    optimizer: Literal["adam", "sgd"]
    learning_rate: float
    schedule: Literal["constant", "linear", "cosine"]
    epochs: int
    batch_size: int
    starts: int
    seed: int


def batch_shape(rows: int, recipe: Recipe) -> tuple[int, int]:
    """Return the steps of an epoch and the rows of a step; the last step may have fewer."""
    size = min(recipe.batch_size, rows)
    return -(-rows // size), size


def batches(rows: int, recipe: Recipe) -> Iterator[NDArray[np.int32]]:
    """Yield the (steps, batch) row numbers of each epoch: all rows, in an order drawn anew.

    The last batch of an epoch may be smaller; it is filled up with the number ``rows``, which is no row.
    """
    steps, size = batch_shape(rows, recipe)
    random = np.random.default_rng(np.random.SeedSequence(recipe.seed, spawn_key=(1,)))
    for _ in range(recipe.epochs):
        order = np.full(steps * size, rows, dtype=np.int32)
        order[:rows] = random.permutation(rows)
        yield order.reshape(steps, size)


def learning_rates(recipe: Recipe, steps: NDArray[np.int64], total: int) -> NDArray[np.float64]:
    """Return the learning rate of each step, counted from 0, of a training of ``total`` steps.

    Source: keras.optimizers.schedules.PolynomialDecay (power 1, end 0) and CosineDecay (alpha 0).
    """
    done = steps / total
    share = {"constant": np.ones_like(done), "linear": 1 - done, "cosine": (1 + np.cos(np.pi * done)) / 2}
    return np.asarray(recipe.learning_rate * share[recipe.schedule])
