"""Plan the steps of many networks: their data, their terms, and the order of their batches."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.machine.arrays import Floats32, Integers
from pipeline.network.recipe import Recipe, batch_shape, batches, learning_rates, thresholds
from pipeline.network.xla import BETA_1, BETA_2

LANES = 8
"""Networks a group."""


_ROWS = 128
"""Rows are filled up to a multiple of this, so that folds of nearly the same size share one compilation."""


_UNREACHABLE = 1e38
"""Where a threshold lies that a recipe does not have: no output is above it, so that it adds 0 to loss and gradient."""


_Block = tuple[int, NDArray[np.int32]]


def _data(inputs: Floats32, targets: Floats32, sample_weight: Floats32 | None) -> tuple[Floats32, ...]:
    """Return inputs, targets, what is a row and any weights, filled up to rows that folds of nearly the same size share.

    A column of ones makes the bias one more row of the kernel; the first row again, which counts 0, fills up the last batch.
    """
    rows = len(inputs)
    unit = max(_ROWS, 2 ** (rows.bit_length() - 5))
    fill = unit - rows % unit
    x = np.concatenate([inputs, np.ones((rows, 1), np.float32)], axis=1)
    x, y = (np.concatenate([each, np.repeat(each[:1], fill, axis=0)]) for each in (x, targets))
    columns = [np.ones(rows, np.float32)] if sample_weight is None else [np.ones(rows, np.float32), sample_weight]
    return x, y, *(np.pad(each, (0, fill)) for each in columns)


def _terms(recipes: list[Recipe]) -> Any:
    """Return slopes, penalty and thresholds, one a network."""
    different = {id(recipe): recipe for recipe in recipes}
    own = np.searchsorted(sorted(different), [id(recipe) for recipe in recipes]).reshape(-1, LANES)
    known = [different[each] for each in sorted(different)]
    slopes = np.array([recipe.slopes for recipe in known], np.float32).T
    cuts = np.array([_all_thresholds(recipe) for recipe in known]).transpose(1, 2, 0)
    return slopes[:, own], np.float32(known[0].l2), tuple(each[:, own] for each in cuts)


def _all_thresholds(recipe: Recipe) -> Floats32:
    """Return the (3, J) middles, places and steepness of all thresholds between codes, out of reach those that are dropped."""
    cut, codes = thresholds(recipe), np.unique(recipe.codes)
    dropped = len(codes) - 1 - len(cut.places) if recipe.loss == "ordinal" else 0
    known = np.array([cut.middles, cut.places, cut.steepness])
    return np.hstack([np.repeat([[_UNREACHABLE], [_UNREACHABLE], [1]], dropped, axis=1), known]).astype(np.float32)[:, ::-1]


def _orders(recipes: list[Recipe]) -> tuple[list[int], Integers]:
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


def _blocks(rows: int, recipe: Recipe, seeds: list[int], block: int) -> Iterator[_Block]:
    """Yield the number of the first step and the (steps, batch, seeds) row numbers of each block of at most so many steps."""
    orders = [batches(rows, replace(recipe, seed=seed)) for seed in seeds]
    steps, _ = batch_shape(rows, recipe)
    for epoch in range(recipe.epochs):
        order = np.stack([next(each) for each in orders], axis=-1)
        for first in range(0, steps, block):
            yield epoch * steps + first, order[first : first + block]


def _plan(blocks: list[_Block], span: int, block: int, which: Integers, recipe: Recipe, rows: int) -> tuple[Any, Any]:
    """Return the plan of the blocks that the program takes, filled up to ``span`` blocks, and which blocks end an epoch."""
    steps, size = batch_shape(rows, recipe)
    taken, begins, ends = np.zeros(span, np.int32), np.zeros(span, bool), np.zeros(len(blocks), bool)
    orders, rates = np.full((span, block, size, *which.shape), rows, np.int32), np.zeros((span, block), np.float32)
    known = _rates(recipe, np.arange(blocks[0][0], blocks[-1][0] + len(blocks[-1][1])), steps)  # blocks follow one another
    for number, (first, order) in enumerate(blocks):
        last = first + len(order)
        taken[number], begins[number], ends[number] = len(order), first % steps == 0, last % steps == 0
        orders[number, : len(order)] = order[..., which]
        rates[number, : len(order)] = known[first - blocks[0][0] :][: len(order)]
    return (taken, begins, orders, rates), ends


def _rates(recipe: Recipe, at: Integers, steps: int) -> Floats32:
    """Return the size of each step: the learning rate, for Adam with its bias correction.

    Source: Kingma and Ba (2015), the form at the end of section 2.
    """
    rates = learning_rates(recipe, at, recipe.epochs * steps)
    if recipe.optimizer == "adam":
        rates = rates * np.sqrt(1 - BETA_2 ** (at + 1)) / (1 - BETA_1 ** (at + 1))
    return rates.astype(np.float32)
