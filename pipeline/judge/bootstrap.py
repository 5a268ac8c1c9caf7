"""Intervals by resampling rows with replacement, a row as the number of times that it was drawn, or by leaving rows out."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 1000
MANY_ROWS = 10_000
"""Beyond them figures that are slow to resample are left to ``jackknife``."""
BLOCKS = 25
_CELLS = 500_000
_GROUPS = 100


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


UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))


def weights(rows: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield (some, rows) whole numbers, each line summing to ``rows``, until there are ``resamples`` lines.

    They come in parts of at most 4 MB (or one line), so that memory does not grow with the number of resamples; how they
    are parted changes nothing.
    """
    random = np.random.default_rng(seed)
    part = max(1, _CELLS // rows)
    for start in range(0, resamples, part):
        size = min(part, resamples - start)
        drawn = random.integers(rows, size=(size, rows)) + rows * np.arange(size)[:, None]
        yield np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows).astype(np.float64)


def left_out(rows: int, groups: int = _GROUPS, seed: int | None = None) -> Iterator[NDArray[np.float64]]:
    """Yield (some, rows) ones with zeros for the rows that are left out: each row once, together with others beyond 100 rows.

    Args:
        rows: how many.
        groups: at most so many lines.
        seed: of which rows go together; None takes every ``groups``-th, which follows any order that the rows have.
    """
    groups = min(rows, groups)
    group, part = np.arange(rows) % groups, max(1, _CELLS // rows)
    if seed is not None:
        group = np.random.default_rng(seed).permutation(group)
    for start in range(0, groups, part):
        yield (group != np.arange(start, min(start + part, groups))[:, None]).astype(np.float64)


def estimate(
    value: float, samples: NDArray[np.float64], without: NDArray[np.float64], level: float, counts: ArrayLike = 1
) -> Estimate:
    """Return the BCa interval of a figure. Source: Efron (1987), "Better bootstrap confidence intervals".

    A resample that leaves the figure undefined (NaN) counts as beyond both ends, an infinite one as beyond its own: an
    end that lies among them is not known and NaN. Resamples that are all equal cannot tell how far the figure would vary,
    so that neither end is known.

    Args:
        value: of all rows.
        samples: (resamples,) values.
        without: (groups,) values with some rows left out.
        level: coverage, such as 0.95.
        counts: how many such groups each of ``without`` stands for.
    """
    if np.isnan(value) or samples.max() == samples.min():
        return Estimate(value, np.nan, np.nan)
    unknown, normal = np.isnan(samples), NormalDist()
    below = np.mean(samples[~unknown] < value) / 2 + np.mean(samples[~unknown] <= value) / 2 if not unknown.all() else 0.5
    bias = normal.inv_cdf(float(np.clip(below, 0.5 / len(samples), 1 - 0.5 / len(samples))))
    acceleration = _acceleration(without, np.broadcast_to(counts, without.shape))

    def share(z: float) -> float:
        return normal.cdf(bias + (bias + z) / max(1 - acceleration * (bias + z), 0.1))

    z = normal.inv_cdf((1 - level) / 2)
    # interpolating between finite and infinite would warn; an end is a value that occurred
    low = np.quantile(np.where(unknown, -np.inf, samples), share(z), method="lower")
    high = np.quantile(np.where(unknown, np.inf, samples), share(-z), method="higher")
    return Estimate(value, *(float(end) if np.isfinite(end) else np.nan for end in (low, high)))


def jackknife(value: float, without: NDArray[np.float64], level: float, least: float, most: float) -> Estimate:
    """Return the t interval of a figure by leaving out blocks of rows, for rows so many that it varies as a normal one.

    Source: Shao and Tu (1995), "The jackknife and bootstrap", section 2.2: the blocks' variance is (g - 1) / g times the sum
    of squares about their mean. A figure that is undefined or infinite without some block, or the same without any, has an
    interval that is not known.

    Args:
        value: of all rows.
        without: (blocks,) values with a block left out.
        level: coverage, such as 0.95.
        least: what the figure cannot fall below; may be infinite.
        most: what it cannot rise above.
    """
    from scipy.special import stdtrit

    if not (np.isfinite(value) and np.isfinite(without).all()) or np.ptp(without) == 0:
        return Estimate(value, np.nan, np.nan)
    freedom = len(without) - 1
    half = -stdtrit(freedom, (1 - level) / 2) * np.sqrt(freedom * np.var(without))
    return Estimate(value, max(least, float(value - half)), min(most, float(value + half)))


def _acceleration(without: NDArray[np.float64], counts: NDArray[Any]) -> float:
    """Return the acceleration by the jackknife; 0 where a figure without some rows is undefined or they do not differ."""
    if not np.isfinite(without).all() or np.ptp(without) == 0:
        return 0.0
    influence = np.average(without, weights=counts) - without
    return float(np.sum(counts * influence**3) / (6 * np.sum(counts * influence**2) ** 1.5))
