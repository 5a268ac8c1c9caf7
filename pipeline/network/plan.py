"""Plan the steps of many networks: their data, their terms, and the order and rate of each step."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.machine.arrays import Floats32, Integers
from pipeline.network.backend import tensorflow
from pipeline.network.recipe import Recipe, batch_shape, batches, learning_rates, penalties, thresholds
from pipeline.network.xla import BETA_1, BETA_2

LANES = 8
"""Networks a group."""
WIDE, WIDER = 32, 64
"""Networks side by side where those below one another share a seed, without and with softmax: XLA fills no registers in a
shorter row."""

_KEPT = 2**24  # row numbers in all the orders of a plan that is kept
_LONG = 16  # terms from which on the order of a sum may depend on the number of networks
_ROWS = 1024  # rows are filled up to a multiple of this, so that folds of nearly the same size share one compilation
_UNREACHABLE = 1e38  # where a dropped threshold lies: no output is above it, so that it adds 0 to loss and gradient


def padded_data(inputs: Floats32, targets: Floats32, sample_weight: Floats32 | None) -> tuple[Floats32, ...]:
    """Return inputs, targets, what is a row and any weights, filled up to rows that folds of nearly the same size share.

    A column of ones makes the bias one more row of the kernel; the first row again, which counts 0, fills up the last batch.
    """
    rows = len(inputs)
    unit = max(_ROWS, 2 ** (rows.bit_length() - 5))
    fill = unit - rows % unit
    inputs = np.concatenate([inputs, np.ones((rows, 1), np.float32)], axis=1)
    inputs, targets = (np.concatenate([array, np.repeat(array[:1], fill, axis=0)]) for array in (inputs, targets))
    columns = [np.ones(rows, np.float32)] if sample_weight is None else [np.ones(rows, np.float32), sample_weight]
    return inputs, targets, *(np.pad(column, (0, fill)) for column in columns)


def terms_of(recipes: list[Recipe], lanes: tuple[int, int]) -> Any:
    """Return the (layers, *lanes) slopes, (kernels, *lanes) penalties and three (J, *lanes) of thresholds, a recipe a network."""
    alike = {(recipe.slopes, recipe.l2): recipe for recipe in recipes}  # in all that a term depends on
    positions = {key: position for position, key in enumerate(alike)}
    own = np.array([positions[recipe.slopes, recipe.l2] for recipe in recipes]).reshape(lanes)
    slopes = np.array([recipe.slopes for recipe in alike.values()], np.float32).T
    cuts = np.array([_all_thresholds(recipe) for recipe in alike.values()]).transpose(1, 2, 0)
    penalised = np.array([penalties(recipe) for recipe in alike.values()], np.float32).T
    return slopes[:, own], penalised[:, own], tuple(cut[:, own] for cut in cuts)


def _all_thresholds(recipe: Recipe) -> Floats32:
    """Return the (3, J) middles, places and steepness of all thresholds between codes, out of reach those that are dropped."""
    cut, codes = thresholds(recipe), np.unique(recipe.codes)
    dropped = len(codes) - 1 - len(cut.places) if recipe.loss == "ordinal" else 0
    return np.hstack([np.repeat([[_UNREACHABLE], [_UNREACHABLE], [1]], dropped, axis=1), cut]).astype(np.float32)[:, ::-1]


def lanes_of(seeds: Integers, recipe: Recipe, rows: int) -> tuple[int, int]:
    """Return the two axes along which the networks of a call lie whose seeds are these.

    (1, S), but (G, 8) where all have one seed and sums are long, or where no eight differ in it and there is no softmax. These
    were equal to the bit, and others were not.
    """
    eights = seeds.reshape(-1, min(LANES, len(seeds)))
    alike = is_long(recipe, rows) if (seeds == seeds[0]).all() else not recipe.softmax and (eights == eights[:, :1]).all()
    return eights.shape if alike else (1, len(seeds))


def orders_of(recipes: list[Recipe], lanes: tuple[int, int]) -> tuple[list[int], Integers]:
    """Return the different seeds, and which of them orders the batches, with no axis along which the networks share it."""
    seeds, which = np.unique([recipe.seed for recipe in recipes], return_inverse=True)
    which = which.reshape(lanes)
    which = which[:1] if (which == which[:1]).all() else which
    return seeds.tolist(), which[:, :1] if (which == which[:, :1]).all() else which


def is_long(recipe: Recipe, rows: int) -> bool:
    """Return whether sums have so many terms that XLA may add them up in an order that depends on the number of networks."""
    return max(batch_shape(rows, recipe)[1], *recipe.sizes[1:]) >= _LONG


Plan = tuple[tuple[Any, ...], Any]
"""What the program takes for some blocks, see there, and (blocks,) which of them end an epoch."""


def plans_of(rows: int, recipe: Recipe, seeds: list[int], which: Integers, block: int, span: int) -> Iterable[Plan]:
    """Return the plans of a training one after the other, each filled up to ``span`` blocks of ``block`` steps of one epoch.

    ``which`` is that of ``orders_of``. Short ones are kept: networks that are trained one after the other mostly see their rows
    in the same order.
    """
    if rows * recipe.epochs * which.size > _KEPT:
        return _drawn_plans(rows, recipe, seeds, which, block, span)
    alike = replace(recipe, sizes=(), slopes=(), codes=(), softmax=False, loss="squared_error", l2=0.0, starts=1, seed=0)
    return _kept_plans(rows, alike, tuple(seeds), which.shape, which.tobytes(), block, span)


@lru_cache(maxsize=4)
def _kept_plans(
    rows: int, recipe: Recipe, seeds: tuple[int, ...], shape: tuple[int, ...], which: bytes, block: int, span: int
) -> list[Plan]:
    drawn = _drawn_plans(rows, recipe, seeds, np.frombuffer(which, np.int64).reshape(shape), block, span)
    return [(tuple(map(tensorflow().constant, plan)), ends) for plan, ends in drawn]


def _drawn_plans(rows: int, recipe: Recipe, seeds: Sequence[int], which: Integers, block: int, span: int) -> Iterator[Plan]:
    steps, size = batch_shape(rows, recipe)
    each = -(-steps // block)  # blocks an epoch
    several, orders = max(1, span // each), [batches(rows, replace(recipe, seed=seed)) for seed in seeds]
    for start in range(0, recipe.epochs, several):
        epochs = min(several, recipe.epochs - start)
        order = np.full((epochs, each * block, size, len(seeds)), rows, np.int32)
        for number, own in enumerate(orders):
            order[:, :steps, :, number] = list(islice(own, epochs))
        rates, place = np.zeros((epochs, each * block), np.float32), np.tile(np.arange(each), epochs)
        sizes = _step_sizes(recipe, start * steps, (start + epochs) * steps, recipe.epochs * steps)
        rates[:, :steps] = sizes.reshape(epochs, steps)
        taken = np.minimum(steps - place * block, block).astype(np.int32)
        order = order.reshape(-1, block, size, len(seeds))
        for first in range(0, len(place), span):
            part = slice(first, first + span)
            numbers = np.take(order[part], which, axis=-1)
            arrays = taken[part], place[part] == 0, numbers, rates.reshape(-1, block)[part]
            yield tuple(_filled(array, span) for array in arrays), place[part] == each - 1


def _filled(array: NDArray[Any], length: int) -> NDArray[Any]:
    filled = np.zeros((length, *array.shape[1:]), array.dtype)
    filled[: len(array)] = array
    return filled


def _step_sizes(recipe: Recipe, first: int, last: int, total: int) -> Floats32:
    """Return the size of each step from ``first`` to before ``last``: the learning rate, for Adam with its bias correction.

    Source: Kingma and Ba (2015), the form at the end of section 2.
    """
    at = np.arange(first, last)
    rates = learning_rates(recipe, at, total)
    if recipe.optimizer == "adam":
        rates = rates * np.sqrt(1 - BETA_2 ** (at + 1)) / (1 - BETA_1 ** (at + 1))
    return rates.astype(np.float32)
