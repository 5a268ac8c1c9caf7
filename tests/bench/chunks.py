"""How many networks one call of the program should train, against what the engine's rule picks.

The same networks are trained with every size, in turns. Whatever differs is how much fits the cache and how often a call is
paid for.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from unittest.mock import patch

import numpy as np

from pipeline.machine.arrays import Floats32
from pipeline.network import compiled
from tests.bench.task import ENGINE, RECIPE, Rival, starting_weights, take_turns

CHUNKS = (8, 32, 64, 128, 256, 512, 1024, 2048)
NETWORKS, EPOCHS = 4096, 20
CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class Chunks:
    """Networks a call: what the rule picks, what was fastest, and the share of time that the rule loses by it.

    Attributes:
        rates: networks a second, for 100 epochs, of every size tried.
    """

    rule: int
    best: int
    slower_by: float
    rates: dict[int, float]


def forced(run: Callable[[], object], size: int) -> object:
    """Run with so many networks a call."""
    with patch.object(compiled, "chunk", lambda recipe, rows: size):
        return run()


def compare(x: Floats32, y: Floats32, rounds: int) -> Chunks:
    """Time every size."""
    recipe = replace(RECIPE, epochs=EPOCHS)
    initial = starting_weights(NETWORKS)

    def rival(size: int) -> Rival:
        def fit(weights: Floats32) -> object:
            some = [replace(recipe, starts=len(weights))]
            return forced(lambda: compiled.fit_compiled(x, y, some, weights, lambda share: None, CORES), size)

        run, warm = (lambda: fit(initial)), (lambda: fit(initial[:size]))
        return Rival(ENGINE, f"{size}", NETWORKS, run, RECIPE.epochs / EPOCHS, warm)

    picked = compiled.chunk(recipe, len(x))
    sizes = sorted({*CHUNKS, picked})
    timings = dict(zip(sizes, take_turns([rival(size) for size in sizes], rounds), strict=True))
    best = min(sizes, key=lambda size: timings[size].middle)
    shares = [ours / theirs for ours, theirs in zip(timings[picked].seconds, timings[best].seconds, strict=True)]
    return Chunks(picked, best, float(np.median(shares)) - 1, {size: timings[size].rate for size in sizes})
