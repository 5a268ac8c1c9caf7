"""The compiled engine: plans the steps of many networks and runs them in one XLA program, ``pipeline.network.xla``."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.network.layers import Floats
from pipeline.network.recipe import Progress, Recipe, batch_shape, batches, learning_rates, thresholds
from pipeline.network.xla import BETA_1, BETA_2, Kind, Program, program

LANES = 8
"""Networks a group."""

GROUPS = 32
"""Most groups a call: 256 networks, enough for full speed, few enough for the cache."""

_WORK = 3e8
"""Multiplications between two reports of progress, some 0.1 s; and no more blocks than _SPAN, however short they are."""

_SPAN = 128

_STEP = 5000
"""What a step costs besides, counted in multiplications."""

_BYTES = 2**25
"""Most bytes that a call plans or gathers at once."""

_ROWS = 128
"""Rows are filled up to a multiple of this, so that folds of nearly the same size share one compilation."""

_UNREACHABLE = 1e38
"""Where a threshold lies that a recipe does not have: no output is above it, so that it adds 0 to loss and gradient."""

_Fitted = tuple[Floats, Floats]


def fit(inputs: Floats, targets: Floats, recipes: Sequence[Recipe], initial: Floats, progress: Progress) -> _Fitted:
    """Train every network.

    Args:
        inputs: (rows, inputs).
        targets: (rows, outputs).
        recipes: what to do, one a network; they differ in slopes and seed only.
        initial: (S, P) weights to start from.
        progress: told the share of the work done.

    Returns:
        (S, P) weights and (E, S) loss curves.
    """
    recipe = recipes[0]
    run = program(Kind(recipe.sizes, recipe.softmax, recipe.loss, recipe.optimizer))
    # networks of one seed side by side share the order of their batches
    places = np.argsort([each.seed for each in recipes], kind="stable")
    calls, groups = _layout(len(recipes), batch_shape(len(inputs), recipe)[1])
    # equal shapes share one compilation; the last call is filled up with copies of its last network
    parts = list(np.pad(places, (0, calls * groups * LANES - len(places)), mode="edge").reshape(calls, -1))

    def work(part: NDArray[np.int64], report: Progress) -> _Fitted:
        return _fit_part(run, inputs, targets, [recipes[place] for place in part], initial[part], report)

    fitted = _in_threads(work, parts, progress)
    weights, curves = np.empty_like(initial), np.empty((recipe.epochs, len(initial)), np.float32)
    for part, (trained, curve) in zip(parts, fitted, strict=True):
        weights[part], curves[:, part] = trained, curve
    return weights, curves


def _layout(starts: int, batch: int) -> tuple[int, int]:
    """Return the number of calls and of groups in each.

    XLA may sum a long batch, or one of a single row, in an order that depends on the number of groups. Such batches always
    get the same number of groups, so that the same program computes a start whatever the number of starts. For the others
    the sums were equal to the bit with one group and with any multiple of 4 groups, in every shape that was tried.
    """
    groups = -(-starts // LANES)
    calls = -(-groups // GROUPS)
    if not 1 < batch < 16:
        return calls, GROUPS
    return calls, 1 if groups == 1 else -(-groups // (4 * calls)) * 4


def _in_threads(
    work: Callable[[NDArray[np.int64], Progress], _Fitted], parts: list[NDArray[np.int64]], progress: Progress
) -> list[_Fitted]:
    """Fit the parts at the same time, one a core; what stops one of them stops all."""
    stopped = threading.Event()

    def report(share: float) -> None:
        if stopped.is_set():
            raise InterruptedError("another part of the training was stopped")
        progress(share / len(parts))

    if len(parts) == 1:
        return [work(parts[0], report)]
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1)) as pool:
        try:
            return list(pool.map(lambda part: work(part, report), parts))
        except BaseException:  # Ctrl-C above all: the threads would train on to the end
            stopped.set()
            pool.shutdown(cancel_futures=True)
            raise


def _fit_part(
    run: Program, inputs: Floats, targets: Floats, recipes: list[Recipe], initial: Floats, progress: Progress
) -> _Fitted:
    rows, recipe = len(inputs), recipes[0]
    data, terms = _data(inputs, targets), _terms(recipes)
    seeds, which = _orders(recipes)
    weights = initial.T.reshape(-1, len(initial) // LANES, LANES)
    state: Any = (weights, np.zeros_like(weights), np.zeros_like(weights), np.zeros_like(weights[0]))
    steps, size = batch_shape(rows, recipe)
    room = -(-len(data[0]) // size)  # steps that are planned for; those past the last are never taken
    width = which.size * sum(each[0].size + 1 for each in data)
    block = int(np.clip(_BYTES // (4 * size * width), 1, room))
    span = int(
        np.clip(_WORK // (block * (size * weights.size + _STEP)), 1, min(_SPAN, -(-_BYTES // (4 * block * size * which.size))))
    )
    stream = _blocks(rows, recipe, seeds, block)
    filler = np.full((span, block, size, *which.shape), rows, np.int32)
    curves = []
    while blocks := list(islice(stream, span)):
        plan = (np.zeros(span, np.int32), np.zeros(span, bool), filler.copy(), np.zeros((span, block), np.float32))
        for number, (first, order) in enumerate(blocks):
            plan[0][number], plan[1][number] = len(order), first % steps == 0
            plan[2][number, : len(order)] = order[..., which]
            plan[3][number, : len(order)] = _rates(recipe, np.arange(first, first + len(order)), steps)
        state, sums = run(np.int32(len(blocks)), plan, data, terms, state)
        ends = [number for number, (first, order) in enumerate(blocks) if (first + len(order)) % steps == 0]
        curves.append(sums.numpy()[ends].reshape(len(ends), -1) / np.float32(rows))
        progress(int(plan[0].sum()) / (recipe.epochs * steps))
    return np.ascontiguousarray(state[0].numpy().reshape(-1, len(initial)).T), np.concatenate(curves)


def _data(inputs: Floats, targets: Floats) -> tuple[Floats, Floats, Floats]:
    """Return inputs, targets and row weights, filled up to rows that folds of nearly the same size have in common.

    A column of ones makes the bias one more row of the kernel; the first row again, with weight 0, fills up the last batch.
    """
    rows = len(inputs)
    unit = max(_ROWS, 2 ** (rows.bit_length() - 5))
    fill = unit - rows % unit
    x = np.concatenate([inputs, np.ones((rows, 1), np.float32)], axis=1)
    x, y = (np.concatenate([each, np.repeat(each[:1], fill, axis=0)]) for each in (x, targets))
    return x, y, np.pad(np.ones(rows, np.float32), (0, fill))


def _terms(recipes: list[Recipe]) -> Any:
    """Return slopes, penalty and thresholds, one a network."""
    lanes = (-1, len(recipes) // LANES, LANES)
    slopes = np.array([recipe.slopes for recipe in recipes], np.float32).T.reshape(lanes)
    known = {recipe: _all_thresholds(recipe) for recipe in set(recipes)}
    cuts = np.array([known[recipe] for recipe in recipes], np.float32)  # (networks, 3, thresholds)
    return slopes, np.float32(recipes[0].l2), tuple(each.reshape(lanes) for each in cuts.transpose(1, 2, 0))


def _all_thresholds(recipe: Recipe) -> Floats:
    """Return the (3, J) middles, places and steepness of all thresholds between codes, out of reach those that are dropped."""
    cut, codes = thresholds(recipe), np.unique(recipe.codes)
    dropped = len(codes) - 1 - len(cut.places) if recipe.loss == "ordinal" else 0
    known = np.array([cut.middles, cut.places, cut.steepness])
    return np.hstack([np.repeat([[_UNREACHABLE], [_UNREACHABLE], [1]], dropped, axis=1), known]).astype(np.float32)[:, ::-1]


def _orders(recipes: list[Recipe]) -> tuple[list[int], NDArray[np.int64]]:
    """Return the different seeds, and which of them orders the batches: (1, 1) of all, (G, 1) of a group or (G, 8)."""
    seeds, which = np.unique([recipe.seed for recipe in recipes], return_inverse=True)
    which = which.reshape(-1, LANES)
    if (which == which[:, :1]).all():
        which = which[:1, :1] if len(seeds) == 1 else which[:, :1]
    return seeds.tolist(), which


def _blocks(rows: int, recipe: Recipe, seeds: list[int], block: int) -> Iterator[tuple[int, NDArray[np.int32]]]:
    """Yield the number of the first step and the (steps, batch, seeds) row numbers of each block of at most so many steps."""
    orders = [batches(rows, replace(recipe, seed=seed)) for seed in seeds]
    steps, _ = batch_shape(rows, recipe)
    for epoch in range(recipe.epochs):
        order = np.stack([next(each) for each in orders], axis=-1)
        for first in range(0, steps, block):
            yield epoch * steps + first, order[first : first + block]


def _rates(recipe: Recipe, at: NDArray[np.int64], steps: int) -> Floats:
    """Return the size of each step: the learning rate, for Adam with its bias correction.

    Source: Kingma and Ba (2015), the form at the end of section 2.
    """
    rates = learning_rates(recipe, at, recipe.epochs * steps)
    if recipe.optimizer == "adam":
        rates = rates * np.sqrt(1 - BETA_2 ** (at + 1)) / (1 - BETA_1 ** (at + 1))
    return rates.astype(np.float32)
