"""The interval of an accuracy whose rows come in groups."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.judge.metrics import wilson

Floats = NDArray[np.float64]


def grouped_interval(right: ArrayLike, groups: ArrayLike, level: float) -> tuple[float, float]:
    """Return the interval of an accuracy when the groups, not the rows, are the independent draws; within [0, 1].

    A t interval on the log odds, with the cluster-robust variance CR2 of Bell and McCaffrey (2002), "Bias reduction in
    standard errors for linear regression with multi-stage samples", and their Satterthwaite degrees of freedom, here for
    rows that agree entirely within a group (the cautious end of the models of Imbens and Kolesar 2016). In eight simulations
    with 21 groups of 1 to 119 rows it held the truth in 92 to 97 % of the draws at nominal 95 %, percentiles of resampled
    groups in 81 to 92 %; ``make coverage`` measures it. Where all groups have the same accuracy, as when all rows are right,
    or with one group, their spread is not known: the Wilson interval of as many rows as there are groups.

    Args:
        right: (rows,) whether the answer was right.
        groups: (rows,) which group the row is of; any labels.
        level: coverage, such as 0.95.
    """
    from scipy.special import stdtrit

    _, group = np.unique(np.asarray(groups), return_inverse=True)
    sizes = np.bincount(group).astype(np.float64)
    hits = np.bincount(group, np.asarray(right))
    accuracy = hits.sum() / sizes.sum()
    share = sizes / sizes.sum()
    if np.ptp(hits / sizes) == 0:
        return wilson(accuracy * len(sizes), len(sizes), level)
    errors = (hits - accuracy * sizes) / sizes.sum()
    odds, error = np.log(accuracy / (1 - accuracy)), np.sqrt(np.sum(errors**2 / (1 - share)))
    half = -stdtrit(_degrees(share), (1 - level) / 2) * error / (accuracy * (1 - accuracy))
    low, high = 1 / (1 + np.exp(-(odds - half))), 1 / (1 + np.exp(-(odds + half)))
    return float(low), float(high)


def _degrees(share: Floats) -> float:
    """Return the Satterthwaite degrees of freedom of the CR2 variance for (G,) shares of the rows.

    The variance is e' A e with A = diag(1 / (1 - share)) and e = (I - share 1') u, u the groups' totals, of variance
    share squared up to a factor. With C the covariance of e, a diagonal plus a matrix of rank 2, the degrees are
    tr(AC)^2 / tr(ACAC).
    """
    factor, variance = 1 / (1 - share), share**2
    base = np.stack([share, variance])
    core = np.array([[variance.sum(), -1.0], [-1.0, 0.0]])
    low_rank = np.einsum("ig,ij,jg->g", base, core, base)  # the diagonal of that matrix
    product = core @ (base * factor @ base.T)
    trace = np.sum(factor * (variance + low_rank))
    square = np.sum(factor**2 * (variance**2 + 2 * variance * low_rank)) + np.trace(product @ product)
    return float(trace**2 / square)
