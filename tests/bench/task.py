"""What everybody trains, and how it is timed.

The task is fixed: the training rows of the default config, 100 epochs, batch 10, squared error, Adam. Competitors take turns
in rounds, and a ratio is the median of the ratios of each round, so that a machine whose speed drifts favours nobody.
Compiling is not counted for anybody: each one first runs once outside the clock.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from pipeline.config.read import load_config
from pipeline.data.load import load
from pipeline.data.split import split
from pipeline.machine.arrays import Floats32
from pipeline.model import prepare
from pipeline.network.layers import initial_weights
from pipeline.network.train import Recipe

RECIPE = Recipe((6, 3, 1), (0.05, 0.05), False, "squared_error", "adam", 0.01, "constant", 100, 10, 1, 0)
SIZES = (256, 1024, 4096)
"""How many networks at once, for those who can train many."""
OFTEN, ENOUGH = 15, 0.1
"""Most calls of somebody in a round, and seconds after which there is no further one."""

ENGINE, ORDINAL = "this engine", "this engine, ordinal loss"
KERAS, SKLEARN, TORCH = "Keras fit", "scikit-learn MLPRegressor", "PyTorch loop"
JAX, JAX_TUNED, JAX_THREADS = "JAX vmap", "JAX vmap, tuned", "JAX vmap, tuned, in threads"


@dataclass(frozen=True)
class Rival:
    """Somebody who trains.

    Attributes:
        family: whose code it is, one of the names above.
        name: of this way to call it.
        networks: trained by one call.
        run: what is timed.
        scale: how many times the measured work the task is; more than 1 where measuring all of it would take too long.
        warm: what is run first and not timed; ``run`` itself unless given.
    """

    family: str
    name: str
    networks: int
    run: Callable[[], Any]
    scale: float = 1.0
    warm: Callable[[], object] | None = None


@dataclass(frozen=True)
class Timing:
    """The seconds that a rival took for the whole task, one figure a round."""

    rival: Rival
    seconds: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The median of the rounds."""
        return median(self.seconds)

    @property
    def rate(self) -> float:
        """Networks a second."""
        return self.rival.networks / self.middle


def arrays() -> tuple[Floats32, Floats32]:
    """Return the training rows of the default config: (807, 6) inputs and (807, 1) codes."""
    config = load_config("configs/default.yaml")
    table = load(config.data)
    task = prepare(table, split(table, config.split), config.data, config.preprocess).task
    codes = np.array(list(config.data.codes.values()))[task.truth]
    return task.train.astype(np.float32), codes[:, None].astype(np.float32)


def made_up(rows: int, features: int) -> tuple[Floats32, Floats32]:
    """Return (rows, features) normal inputs and (rows, 1) codes that follow from them; for sizes the file does not have."""
    random = np.random.default_rng(0)
    x = random.standard_normal((rows, features), dtype=np.float32)
    return x, np.sign(np.round(x[:, :1] + x[:, 1:2]))


def starting_weights(starts: int) -> Floats32:
    """Return (starts, 25) weights, those that this engine starts from."""
    return np.stack([initial_weights(RECIPE.sizes, RECIPE.seed, start) for start in range(starts)])


def clock(run: Callable[[], object]) -> float:
    """Return the seconds of one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def settled(run: Callable[[], object]) -> list[float]:
    """Return the seconds of a call, or of several where it is so short that what ran before decides how long it takes."""
    seconds = [clock(run)]
    while len(seconds) < OFTEN and sum(seconds) < ENOUGH:
        seconds.append(clock(run))
    return seconds


def take_turns(rivals: list[Rival], rounds: int) -> list[Timing]:
    """Run everybody once unmeasured, then one after the other in every round."""
    for rival in rivals:
        (rival.warm or rival.run)()
    return go_on(rivals, rounds)


def go_on(rivals: list[Rival], rounds: int) -> list[Timing]:
    """Run everybody, who has run before, one after the other in every round."""
    seconds: list[list[float]] = [[] for _ in rivals]
    for _ in range(rounds):
        for rival, taken in zip(rivals, seconds, strict=True):
            taken.append(median(settled(rival.run)) * rival.scale)
    return [Timing(rival, tuple(taken)) for rival, taken in zip(rivals, seconds, strict=True)]


@contextmanager
def busy() -> Iterator[None]:
    """Have another process use one core meanwhile."""
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        other.kill()
        other.wait()


def fastest(timings: list[Timing], family: str, many: bool) -> Timing | None:
    """Return the one of a family with the most networks a second, among those that train one or many; None without any."""
    found = [each for each in timings if each.rival.family == family and (each.rival.networks > 1) == many]
    return max(found, key=lambda each: each.rate, default=None)


def of_size(timings: list[Timing], family: str, networks: int) -> Timing | None:
    """Return the timing of a family with so many networks; None where it did not take part."""
    return next((each for each in timings if (each.rival.family, each.rival.networks) == (family, networks)), None)


def times_as_fast(this: Timing, other: Timing | None) -> float | None:
    """Return how many times more networks a second ``this`` trains; the median over the rounds. None without the other."""
    if other is None:
        return None
    share = this.rival.networks / other.rival.networks
    return median(slow / fast * share for fast, slow in zip(this.seconds, other.seconds, strict=True))
