"""Means over splits and seeds, and differences between cells, with what the splits and seeds leave open."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.judge.bootstrap import weights

Floats = NDArray[np.float64]
_RESAMPLES = 4000


@dataclass(frozen=True)
class Difference:
    """How much more accurate one cell is than another, from paired networks: same split, same seed.

    Attributes:
        mean: over all pairs, in [-1, 1].
        error: standard error of the mean.
        freedom: degrees of freedom of the error; 0 where it is 0.
        effect: the mean divided by the standard deviation of the pairs; NaN where they do not vary.
        better: share of the pairs in which the first is more accurate, ties counted half.
    """

    mean: float
    error: float
    freedom: float
    effect: float
    better: float

    @property
    def p(self) -> float:
        """Two-sided p of no difference; without any variation 1 for no difference and 0 for some."""
        from scipy.special import stdtr

        return float(2 * stdtr(self.freedom, -abs(self.mean) / self.error)) if self.error else float(not self.mean)

    def interval(self, level: float) -> tuple[float, float]:
        """Return the interval of the mean, within [-1, 1]."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.freedom, (1 + level) / 2)) * self.error if self.error else 0.0
        return max(-1.0, self.mean - half), min(1.0, self.mean + half)


def interval_of_mean(accuracies: ArrayLike, level: float, seed: int = 0) -> tuple[float, float]:
    """Return the percentile interval of the mean of (splits, seeds) accuracies, both resampled together.

    Every split was trained from every seed, so each resample draws splits and seeds and takes the networks where they cross.
    Source: Owen (2007), "The pigeonhole bootstrap". It says how far the mean may lie from that over all splits of these rows
    and all seeds, not over other rows.
    """
    values = np.asarray(accuracies, dtype=np.float64)
    by_split, by_seed = (
        np.concatenate(list(weights(size, _RESAMPLES, seed + axis))) / size for axis, size in enumerate(values.shape)
    )
    low, high = np.quantile(np.sum(by_split @ values * by_seed, axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def difference(pairs: ArrayLike, overlap: float) -> Difference:
    """Compare two cells by the (splits, seeds) differences of their accuracies.

    The variance of the mean is that of J splits plus that of S seeds. That of the splits is s^2 (1/J + overlap), as their
    training rows overlap and a mean over many of them varies more than independent ones would: Nadeau and Bengio (2003),
    "Inference for the generalization error", where ``overlap`` is test rows over training rows. That of the seeds is s^2/S.
    Each s^2 is of means over the other, so that what neither explains counts twice; degrees of freedom by Satterthwaite (1946).
    """
    values = np.asarray(pairs, dtype=np.float64)
    splits, seeds = values.shape
    better = float(np.mean((values > 0) + 0.5 * (values == 0)))
    if np.ptp(values) == 0:  # rounding would leave a spread of 1e-18
        return Difference(float(values[0, 0]), 0.0, 0.0, float("nan"), better)
    parts = np.array([values.mean(axis=1).var(ddof=1) * (1 / splits + overlap), values.mean(axis=0).var(ddof=1) / seeds])
    mean, variance = float(values.mean()), float(parts.sum())
    freedom = variance**2 / float(np.sum(parts**2 / np.array([splits - 1, seeds - 1]))) if variance else 0.0
    return Difference(mean, variance**0.5, freedom, mean / float(values.std(ddof=1)), better)


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number.

    Source: Holm (1979), "A simple sequentially rejective multiple test procedure".
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(np.asarray(p, dtype=np.float64)[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1.0)
    return [float(each) for each in corrected]
