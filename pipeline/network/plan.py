"""Plan the steps of many networks: their data, their terms, and the order and rate of each step."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.machine.arrays import Floats32, Integers
from pipeline.network.recipe import Recipe, batch_shape, batches, learning_rates, penalties, thresholds
from pipeline.network.xla import BETA_1, BETA_2

LANES = 8
"""Networks a group."""

Block = tuple[int, NDArray[np.int32]]
"""The number of the first step, and the (steps, batch, seeds) row numbers of the batches."""

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


def terms_of(recipes: list[Recipe]) -> Any:
    """Return the (layers, G, 8) slopes, (kernels, G, 8) penalties and three (J, G, 8) of thresholds, for a recipe a network."""
    positions = {recipe: position for position, recipe in enumerate(dict.fromkeys(recipes))}
    own = np.array([positions[recipe] for recipe in recipes]).reshape(-1, LANES)
    slopes = np.array([recipe.slopes for recipe in positions], np.float32).T
    cuts = np.array([_all_thresholds(recipe) for recipe in positions]).transpose(1, 2, 0)
    penalised = np.array([penalties(recipe) for recipe in positions], np.float32).T
    return slopes[:, own], penalised[:, own], tuple(cut[:, own] for cut in cuts)


def _all_thresholds(recipe: Recipe) -> Floats32:
    """Return the (3, J) middles, places and steepness of all thresholds between codes, out of reach those that are dropped."""
    cut, codes = thresholds(recipe), np.unique(recipe.codes)
    dropped = len(codes) - 1 - len(cut.places) if recipe.loss == "ordinal" else 0
    return np.hstack([np.repeat([[_UNREACHABLE], [_UNREACHABLE], [1]], dropped, axis=1), cut]).astype(np.float32)[:, ::-1]


def orders_of(recipes: list[Recipe]) -> tuple[list[int], Integers]:
    """Return the different seeds, and which of them orders the batches: (1, 1) of all, (G, 1) of a group or (G, 8).

    Behind softmax (G, 1) is left out: cross-entropy was not equal to the bit.
    """
    seeds, which = np.unique([recipe.seed for recipe in recipes], return_inverse=True)
    which = which.reshape(-1, LANES)
    if len(seeds) == 1:
        which = which[:1, :1]
    elif (which == which[:, :1]).all() and not recipes[0].softmax:
        which = which[:, :1]
    return seeds.tolist(), which


def blocks_of(rows: int, recipe: Recipe, seeds: list[int], most: int) -> Iterator[Block]:
    """Yield the blocks of all epochs; a block has at most ``most`` steps, of one epoch."""
    orders = [batches(rows, replace(recipe, seed=seed)) for seed in seeds]
    steps, _ = batch_shape(rows, recipe)
    for epoch in range(recipe.epochs):
        order = np.stack([next(epochs) for epochs in orders], axis=-1)
        for first in range(0, steps, most):
            yield epoch * steps + first, order[first : first + most]


def plan_of(blocks: list[Block], span: int, most: int, which: Integers, recipe: Recipe, rows: int) -> tuple[Any, Any]:
    """Return the plan that the program takes, and which blocks end an epoch.

    The blocks follow one another. They are filled up to ``span`` blocks of ``most`` steps. ``which`` is that of ``orders_of``.
    """
    steps, size = batch_shape(rows, recipe)
    taken, begins, ends = np.zeros(span, np.int32), np.zeros(span, bool), np.zeros(len(blocks), bool)
    orders, rates = np.full((span, most, size, *which.shape), rows, np.int32), np.zeros((span, most), np.float32)
    start = blocks[0][0]
    sizes = _step_sizes(recipe, np.arange(start, blocks[-1][0] + len(blocks[-1][1])), steps)
    for number, (first, order) in enumerate(blocks):
        last = first + len(order)
        taken[number], begins[number], ends[number] = len(order), first % steps == 0, last % steps == 0
        orders[number, : len(order)] = order[..., which]
        rates[number, : len(order)] = sizes[first - start : last - start]
    return (taken, begins, orders, rates), ends


def _step_sizes(recipe: Recipe, at: Integers, steps: int) -> Floats32:
    """Return the size of each step: the learning rate, for Adam with its bias correction.

    Source: Kingma and Ba (2015), the form at the end of section 2.
    """
    rates = learning_rates(recipe, at, recipe.epochs * steps)
    if recipe.optimizer == "adam":
        rates = rates * np.sqrt(1 - BETA_2 ** (at + 1)) / (1 - BETA_1 ** (at + 1))
    return rates.astype(np.float32)
