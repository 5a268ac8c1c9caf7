"""Intervals by resampling rows with replacement, a row as the number of times that it was drawn, or by leaving rows out."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from pipeline.machine.arrays import Floats

Interval: TypeAlias = tuple[float, float]
MANY_ROWS = 10_000  # beyond them figures that are slow to resample are left to ``jackknife``
BLOCKS = 25
_CELLS = 500_000
_GROUPS = 100
LEVEL = 0.95  # of the simulation: of other levels it says nothing
ROWS_1000 = (0.941, 0.9625)
ROWS_200 = (0.935, 0.956)
GROUPS_21 = (0.9715, 0.9885)
"""Lowest and highest coverage of any figure at that level, in 2,000 repetitions: ``make coverage``, coverage.json."""


@dataclass(frozen=True)
class Estimate:
    """A figure and its interval.

    Attributes:
        value: NaN where undefined; a calibration slope may be infinite.
        low, high: ends of the interval; NaN where the rows do not tell.
    """

    value: float
    low: float
    high: float

    @property
    def interval(self) -> tuple[float, float]:
        """Both ends."""
        return self.low, self.high


UNKNOWN = Estimate(np.nan, np.nan, np.nan)


def parts(lines: int, width: int) -> Iterator[range]:
    """Part the numbers of the lines, so that the numbers in a part take 4 MB (or one line) and memory does not grow."""
    step = max(1, _CELLS // width)
    return (range(start, min(start + step, lines)) for start in range(0, lines, step))


def weights(rows: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Yield (some, rows) whole numbers, each line summing to ``rows``, until there are ``resamples`` lines, in ``parts``."""
    random = np.random.default_rng(seed)
    for part in parts(resamples, rows):
        drawn = random.integers(rows, size=(len(part), rows)) + rows * np.arange(len(part))[:, None]
        yield np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape).astype(np.float64)


def left_out(rows: int, groups: int = _GROUPS, seed: int | None = None) -> Iterator[Floats]:
    """Yield (some, rows) ones with zeros for the rows that are left out: each row once, in at most so many ``groups``.

    ``seed`` draws which rows go together; None takes every ``groups``-th, which follows any order that the rows have.
    """
    groups = min(rows, groups)
    group = np.arange(rows) % groups
    if seed is not None:
        group = np.random.default_rng(seed).permutation(group)
    for part in parts(groups, rows):
        yield (group != np.array(part)[:, None]).astype(np.float64)


def estimate(value: float, samples: Floats, without: Floats, level: float, counts: ArrayLike = 1) -> Estimate:
    """Return the BCa interval of a figure. Source: Efron (1987), "Better bootstrap confidence intervals".

    A resample that leaves the figure undefined (NaN) counts as beyond both ends, an infinite one as beyond its own. An end
    that lies among them is NaN. If all resamples are equal, they do not show how far the figure varies: both ends are NaN.

    ``value`` is that of all rows, ``samples`` are the (resamples,) values, ``without`` the (groups,) values with some rows left
    out; each stands for so many groups as ``counts`` says. ``level`` is the coverage, such as 0.95.
    """
    if np.isnan(value) or samples.max() == samples.min():
        return Estimate(value, np.nan, np.nan)
    unknown, normal = np.isnan(samples), NormalDist()
    below = np.mean(samples[~unknown] < value) / 2 + np.mean(samples[~unknown] <= value) / 2 if not unknown.all() else 0.5
    bias = normal.inv_cdf(float(np.clip(below, 0.5 / len(samples), 1 - 0.5 / len(samples))))
    acceleration = 0.0
    if np.isfinite(without).all() and np.ptp(without) > 0:  # by the jackknife
        counts = np.broadcast_to(counts, without.shape)
        influence = np.average(without, weights=counts) - without
        influence = np.ldexp(influence, -np.frexp(np.abs(influence).max())[1])  # or the squares of tiny ones would be 0
        acceleration = float(np.sum(counts * influence**3) / (6 * np.sum(counts * influence**2) ** 1.5))

    def share(z: float) -> float:
        return normal.cdf(bias + (bias + z) / max(1 - acceleration * (bias + z), 0.1))

    z = normal.inv_cdf((1 - level) / 2)
    # interpolating between finite and infinite would warn; an end is a value that occurred
    low = np.quantile(np.where(unknown, -np.inf, samples), share(z), method="lower")
    high = np.quantile(np.where(unknown, np.inf, samples), share(-z), method="higher")
    return Estimate(value, *(float(end) if np.isfinite(end) else np.nan for end in (low, high)))


def jackknife(value: float, without: Floats, level: float, least: float, most: float) -> Estimate:
    """Return the t interval of a figure by leaving out blocks of rows, for rows so many that it varies as a normal one.

    Source: Shao and Tu (1995), "The jackknife and bootstrap", section 2.2: the blocks' variance is (g - 1) / g times the sum
    of squares about their mean. The ends are NaN if the figure is undefined or infinite without some block, or always the same.
    Arguments as in ``estimate``; the figure lies between ``least`` and ``most``, which may be infinite.
    """
    from scipy.special import stdtrit

    if not (np.isfinite(value) and np.isfinite(without).all()) or np.ptp(without) == 0:
        return Estimate(value, np.nan, np.nan)
    freedom = len(without) - 1
    half = -stdtrit(freedom, (1 - level) / 2) * np.sqrt(freedom * np.var(without))
    return Estimate(value, max(least, float(value - half)), min(most, float(value + half)))


def rows_note(level: float) -> str:
    """Return what the intervals over rows are worth, as a sentence; nothing for a level that was not simulated."""
    large, small = (f"{low:.1%} to {high:.1%}" for low, high in (ROWS_1000, ROWS_200))
    note = f"In simulation, 95% intervals held the true figure in {large} of samples of 1,000 rows and in {small} of 200 rows."
    return note if level == LEVEL else ""


def groups_note(level: float) -> str:
    """Return what the intervals over whole groups are worth, as a sentence; nothing for a level that was not simulated."""
    low, high = GROUPS_21
    note = (
        "On unseen rows, intervals count whole groups, such as all rows of one patient: they held the true figure in "
        f"{low:.1%} to {high:.1%} of simulated samples of 21 groups."
    )
    return note if level == LEVEL else ""
