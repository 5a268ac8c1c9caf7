"""The compiled engine: plans the steps of many networks and runs them in one XLA program, ``pipeline.network.xla``."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from pipeline.machine.arrays import Floats32, Integers
from pipeline.network.backend import tensorflow
from pipeline.network.layers import parameters
from pipeline.network.plan import LANES, WIDE, WIDER, is_long, lanes_of, orders_of, padded_data, plans_of, terms_of
from pipeline.network.recipe import Progress, Recipe, batch_shape, penalties
from pipeline.network.xla import Program, ProgramKind, program

_MOST = 256  # networks a call: more are no faster
_CACHE = 2**18  # bytes that a core keeps at hand: of weights, moments and values, and of gathered batches
_MANY_ROWS = 200  # of a batch
_WORK = 3e8  # multiplications between two reports of progress, some 0.1 s
_SPAN = 128  # most epochs between two reports, however short they are
_STEP = 5000  # what a step costs besides, counted in multiplications
_BYTES = 2**26  # most bytes of batches that are drawn, planned or gathered at once


def fit_compiled(
    inputs: Floats32,
    targets: Floats32,
    recipes: Sequence[Recipe],
    initial: Floats32,
    progress: Progress,
    cores: int = 1,
    done: Callable[[Integers, Floats32], None] = lambda numbers, weights: None,
    sample_weight: Floats32 | None = None,
) -> tuple[Floats32, Floats32]:
    """Train every network; return (S, P) weights and (E, S) loss curves. Arguments as in ``train_networks``, and two more.

    ``initial`` are the (S, P) weights to start from: the starts of the first recipe, those of the second, and so on. ``done``
    is called with the numbers and the weights of some networks, each network once, when they are trained, in the thread that
    trained them: what it does with them takes place beside the training of the others.

    Arguments and results are linear in the networks. Besides them each core needs the data and a few times _BYTES, whatever
    the number of rows and networks, unless a single order of the rows or a single batch is larger.
    """
    recipe, owner = recipes[0], np.repeat(np.arange(len(recipes)), [own.starts for own in recipes])
    penalised = len(penalties(recipe)) if any(own.l2 > 0 for own in recipes) else 0
    run = program(ProgramKind(recipe.sizes, recipe.softmax, recipe.loss, recipe.optimizer, penalised))
    parts = _parts(np.array([own.seed for own in recipes])[owner], recipe, len(inputs), cores)
    data = padded_data(inputs, targets, sample_weight)
    weights, curves = np.empty_like(initial), np.empty((recipe.epochs, len(initial)), np.float32)

    def work(part: Integers, report: Progress) -> None:
        every, own = part.ravel(), [recipes[number] for number in owner[part.ravel()]]
        weights[every], curves[:, every] = _fit_part(run, len(inputs), data, own, part.shape, initial[every], report)
        numbers = np.unique(part)
        done(numbers, weights[numbers])

    in_threads(work, parts, progress, cores)
    return weights, curves


def chunk(recipe: Recipe, rows: int) -> int:
    """Return the networks a call: as many as the cache holds, of 32, 64, 128 or 256; 8 where it does not hold a single one.

    And 8, not 32, where it does not hold 32 for a batch of many rows: large files are trained from few starts. Counted are, for
    each network, its weights and their two moments, and the values of its units for a batch with their gradients.
    """
    batch = batch_shape(rows, recipe)[1]
    room = _CACHE // (4 * (3 * parameters(recipe.sizes) + 2 * batch * sum(recipe.sizes[1:])))
    if room >= 4 * LANES:
        return min(1 << (room.bit_length() - 1), _MOST)
    return 4 * LANES if room and batch < _MANY_ROWS else LANES


def _parts(seeds: Integers, recipe: Recipe, rows: int, cores: int) -> list[Integers]:
    """Return the numbers of the networks of each call, as they lie along the two axes of the program.

    Networks of one seed lie side by side, or one below the other, to share the order of their batches, and no call has more
    seeds than _BYTES hold orders of the rows. Equal shapes share one compilation: calls are filled up with copies.
    """
    places = np.argsort(seeds, kind="stable")
    _, ranks, counts = np.unique(seeds[places], return_inverse=True, return_counts=True)
    wide = WIDER if recipe.softmax else WIDE
    depth, side = counts.max(), min(wide, 2 ** (len(counts) - 1).bit_length())
    bands = max(1, round(depth * side / chunk(recipe, rows)))
    fill = -depth % (bands * wide // side), -len(counts) % side
    fits = len(counts) > 1 and batch_shape(rows, recipe)[1] > 1 and not is_long(recipe, rows) and 4 * wide * rows <= _BYTES
    if fits and 2 * (depth + fill[0]) * (len(counts) + fill[1]) <= 3 * len(seeds):
        columns = [np.pad(own, (0, depth - len(own)), mode="edge") for own in np.split(places, np.cumsum(counts)[:-1])]
        table = np.pad(np.array(columns).T, ((0, fill[0]), (0, fill[1])), mode="edge")
        down, across = len(table) // bands, range(0, table.shape[1], side)  # what lies below the last network is left out
        calls = [table[row : row + down, column : column + side] for row in range(0, depth, down) for column in across]
        return [part.reshape(-1, wide) for part in calls]
    held = ranks // max(1, _BYTES // (4 * rows))
    size = _layout(np.bincount(held).max(), recipe, rows, cores)
    blocks = [places[held == number] for number in np.unique(held)]
    parts = [block[first : first + size] for block in blocks for first in range(0, len(block), size)]
    parts = [np.pad(part, (0, size - len(part)), mode="edge") for part in parts]
    return [part.reshape(lanes_of(seeds[part], recipe, rows)) for part in parts]


def _layout(networks: int, recipe: Recipe, rows: int, cores: int) -> int:
    """Return the number of networks of each call.

    XLA may add up many terms, or a batch of a single row, in an order that depends on the number of networks. Long batches and
    wide layers therefore always get the same number, so that the same program computes a network whatever trains beside it. For
    the others the sums were equal to the bit with 1, 8 and any multiple of 32 networks, in every shape that was tried; so they
    are shared between the cores.
    """
    groups, most = -(-networks // LANES), chunk(recipe, rows) // LANES
    if batch_shape(rows, recipe)[1] == 1 or is_long(recipe, rows) or most < 4:
        return most * LANES
    calls = max(-(-groups // most), min(cores, groups // 4))
    return 1 if networks == 1 else LANES if groups == 1 else -(-groups // (4 * calls)) * 4 * LANES


Part = TypeVar("Part")


_within = threading.local()


def in_threads(
    work: Callable[[Part, Progress], None], parts: Sequence[Part], progress: Progress, cores: int | None = None
) -> None:
    """Work on the parts at the same time, one a core, of all or so many; what stops one of them stops all.

    Each is given a function to report the share of its own work with, by which it can also be stopped. Within a part, further
    parts are worked on one after the other: the cores are busy.
    """
    stopped = threading.Event()

    def report(share: float) -> None:
        if stopped.is_set():
            raise InterruptedError("another part of the training was stopped")
        progress(share / len(parts))

    def own(part: Part) -> None:
        _within.busy = True
        work(part, report)

    if len(parts) == 1 or getattr(_within, "busy", False):
        for part in parts:
            work(part, report)
        return
    with ThreadPoolExecutor(max(1, min(len(parts), cores or os.cpu_count() or 1))) as pool:
        try:
            list(pool.map(own, parts))
        except BaseException:  # Ctrl-C above all: the threads would train on to the end
            stopped.set()
            pool.shutdown(cancel_futures=True)
            raise


def _fit_part(
    run: Program,
    rows: int,
    data: tuple[Floats32, ...],
    recipes: list[Recipe],
    lanes: tuple[int, int],
    initial: Floats32,
    progress: Progress,
) -> tuple[Floats32, Floats32]:
    recipe, (steps, size) = recipes[0], batch_shape(rows, recipes[0])
    seeds, which = orders_of(recipes, lanes)
    terms, weights = terms_of(recipes, lanes), initial.T.reshape(-1, *lanes)
    state: Any = (weights, _zeros(weights.shape), _zeros(weights.shape), _zeros((size, *lanes)), _zeros(lanes))
    # an epoch is one block, with room for the steps of all rows; where each network gathers its own, only if it stays at hand
    gathered, most = 4 * size * which.size * sum(column[0].size for column in data), -(-len(data[0]) // size)
    block = int(np.clip((_BYTES if which.size == 1 else _CACHE) // gathered, 1, most))
    longest = min(_WORK / (block * (size * weights.size + _STEP)), _BYTES / (4 * block * size * which.size))
    curves = []
    for plan, ends in plans_of(rows, recipe, seeds, which, block, int(np.clip(longest, 1, _SPAN * -(-most // block)))):
        state, sums = run(np.int32(len(ends)), plan, data, terms, state)
        curves.append(sums.numpy()[: len(ends)][ends].reshape(-1, len(initial)) / np.float32(rows))
        progress(int(np.sum(plan[0])) / (recipe.epochs * steps))
    return np.ascontiguousarray(state[0].numpy().reshape(-1, len(initial)).T), np.concatenate(curves)


@lru_cache(maxsize=8)
def _zeros(shape: tuple[int, ...]) -> Any:
    """Return a tensor, which a program takes in a tenth of the time of an array."""
    return tensorflow().zeros(shape)
