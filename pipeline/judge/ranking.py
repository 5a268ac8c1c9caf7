"""How well a probability ranks the rows of a class above the others."""

from statistics import NormalDist

import numpy as np

from pipeline.machine.arrays import Flags, Floats


def auc(probability: Floats, hit: Flags, weights: Floats) -> Floats:
    """Return the (resamples,) areas under the ROC curve: the chance that a hit ranks above a miss, ties counting one half.

    Args:
        probability: (rows,) of the class.
        hit: (rows,) whether the row is of the class.
        weights: (resamples, rows) how often each row counts. NaN comes out where no hit or no miss counts.
    """
    order = np.argsort(probability, kind="stable")
    ties = np.flatnonzero(np.diff(probability[order], prepend=-np.inf))
    sorted_hit, sorted_weights = hit[order], weights[:, order]
    hits = np.add.reduceat(sorted_weights * sorted_hit, ties, axis=1)
    misses = np.add.reduceat(sorted_weights * ~sorted_hit, ties, axis=1)
    below = misses.cumsum(axis=1) - misses / 2
    with np.errstate(invalid="ignore"):
        return np.asarray((hits * below).sum(axis=1) / (hits.sum(axis=1) * misses.sum(axis=1)))


def perfect_auc_low(hits: int, misses: int, level: float) -> float:
    """Return the lower end of the interval of an area of exactly 1, where resampling has nothing to vary.

    It is the area that lies ``z`` of its own standard errors below 1. Source: Newcombe (2006), "Confidence intervals for an
    effect size measure based on the Mann-Whitney statistic", part 2, method 5: Hanley and McNeil's variance with both
    sample sizes replaced by their mean.
    """
    z = -NormalDist().inv_cdf((1 - level) / 2)
    more = (hits + misses) / 2 - 1
    low, high = 0.0, 1.0
    for _ in range(60):  # halves the bracket down to rounding
        area = (low + high) / 2
        variance = area * (1 - area) * (1 + more * ((1 - area) / (2 - area) + area / (1 + area))) / (hits * misses)
        low, high = (area, high) if 1 - area > z * variance**0.5 else (low, area)
    return low
