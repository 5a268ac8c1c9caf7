"""Means over splits and seeds, and differences between cells, with what the splits and seeds leave open."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pipeline.judge.bootstrap import weights

_RESAMPLES = 4000


@dataclass(frozen=True)
class Difference:
    """How much more accurate one cell is than another, from paired networks: same split, same seed.

    Attributes:
        mean: over all pairs, in [-1, 1].
        error: standard error of the mean, above 0.
        freedom: degrees of freedom of the error.
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
        """Two-sided p of no difference."""
        from scipy.special import stdtr

        return float(2 * stdtr(self.freedom, -abs(self.mean) / self.error))

    def interval(self, level: float) -> tuple[float, float]:
        """Return the interval of the mean, within [-1, 1]."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.freedom, (1 + level) / 2)) * self.error
        return max(-1.0, self.mean - half), min(1.0, self.mean + half)


def interval_of_mean(accuracies: ArrayLike, level: float, seed: int = 0) -> tuple[float, float]:
    """Return the percentile interval of the mean of (splits, seeds) accuracies, both resampled together.

    Every split was trained from every seed, so each resample draws splits and seeds and takes the networks where they cross.
    Source: Owen (2007), "The pigeonhole bootstrap". It says how far the mean may lie from that over all splits of these rows
    and all seeds, not over other rows.
    """
    values = np.asarray(accuracies, dtype=np.float64)
    splits, seeds = values.shape
    by_split, start, means = np.concatenate(list(weights(splits, _RESAMPLES, seed))), 0, []
    for by_seed in weights(seeds, _RESAMPLES, seed + 1):  # in parts, so that memory does not grow with the seeds
        means.append(np.sum(by_split[start : start + len(by_seed)] @ values * by_seed, axis=1))
        start += len(by_seed)
    low, high = np.quantile(np.concatenate(means) / values.size, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def difference(pairs: ArrayLike, overlap: float, step: float) -> Difference:
    """Compare two cells by the (splits, seeds) differences of their accuracies.

    The variance of the mean is that of J splits plus that of S seeds. That of the splits is s^2 (1/J + overlap), as their
    training rows overlap and a mean over many of them varies more than independent ones would: Nadeau and Bengio (2003),
    "Inference for the generalization error". That of the seeds is s^2/S. Each s^2 is of means over the other, so that what
    neither explains counts twice; degrees of freedom by Satterthwaite (1946).

    Pairs that happen not to vary are no certainty. So the variance is at least that of J S independent pairs, and the s^2 of
    the splits at least that of one test row in one of them.

    Args:
        pairs: at least 2 x 2.
        overlap: test rows over training rows.
        step: one test row as a share of the accuracy.
    """
    values = np.asarray(pairs, dtype=np.float64)
    splits, seeds = values.shape
    mean, spread = float(values.mean()), float(values.std(ddof=1)) if np.ptp(values) else 0.0
    between = np.array([max(values.mean(axis=1).var(ddof=1), step**2 / splits), values.mean(axis=0).var(ddof=1)])
    parts = between * np.array([1 / splits + overlap, 1 / seeds])
    freedom = float(parts.sum() ** 2 / np.sum(parts**2 / np.array([splits - 1, seeds - 1])))
    error = max(float(parts.sum()), spread**2 / values.size) ** 0.5
    better = float(np.mean((values > 0) + 0.5 * (values == 0)))
    return Difference(mean, error, freedom, mean / spread if spread else float("nan"), better)


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number.

    Source: Holm (1979), "A simple sequentially rejective multiple test procedure".
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(np.asarray(p, dtype=np.float64)[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1.0)
    return [float(each) for each in corrected]
