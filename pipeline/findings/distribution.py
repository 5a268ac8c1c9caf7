"""How values are spread over the rows of a file, and over two parts of it; limits without SciPy, which is slow to import."""

from dataclasses import dataclass
from math import erfc, exp, lgamma, log, sqrt

import numpy as np

from pipeline.findings.association import Ranked, binomial_tail
from pipeline.machine.arrays import Flags, Floats, Integers

_EXPECTED = 10  # rows of a level in either part; with fewer, the limit makes too little of chance
_TERMS = 30  # of the series; enough from a distance of 0.2 on, below which the probability is 1 to 12 digits


@dataclass(frozen=True)
class Drift:
    """How far a cumulative sum strays from 0, in its standard deviations, and behind which value, counted from 0, that is."""

    distance: float
    place: int


def kolmogorov_tail(distance: float) -> float:
    """Return the probability that a Brownian bridge strays this far from 0 at any time, to either side.

    Source: Kolmogorov (1933), 2 sum (-1)^(k-1) exp(-2 k^2 d^2); scipy.stats.kstwobign is the same.
    """
    if distance < 0.2:
        return 1.0
    terms = (2.0 * (-1.0) ** (k - 1) * exp(-2 * (k * distance) ** 2) for k in range(1, _TERMS + 1))
    return min(1.0, max(0.0, sum(terms)))


def mid_ranks(column: Ranked) -> Floats:
    """Return (rows with a value,) ranks from 1; equal values share the mean of theirs."""
    counts = np.bincount(column.level, minlength=len(column.levels))
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[column.level])


def drift(values: Floats, classes: Integers) -> Drift:
    """Return how far the cumulative sums of values stray that lie in no order within their class, whatever the order of classes.

    Each class has its mean taken off. In the limit of many rows the sums are then a Brownian bridge in the clock of their
    variance, tied to 0 once for each class; ties only hold it closer (Anderson 1955), so ``kolmogorov_tail`` is an upper bound.
    """
    sizes = np.bincount(classes)
    kept = values - (np.bincount(classes, values) / np.maximum(sizes, 1))[classes]
    squares = np.bincount(classes, kept**2) * sizes / np.maximum(sizes - 1, 1)  # unbiased: rows are drawn without replacement
    if (total := float(squares.sum())) <= 0:
        return Drift(0.0, 0)
    sums = np.abs(np.cumsum(kept))
    place = int(np.argmax(sums))
    return Drift(float(sums[place]) / sqrt(total), place)


def two_sample(column: Ranked, flags: Flags) -> float:
    """Return the two-sample Kolmogorov-Smirnov distance of the flagged rows from the others, times sqrt(n m / (n + m)).

    ``kolmogorov_tail`` is its limiting probability, and an upper bound of it where values are tied.
    """
    size, flagged = len(column.levels), flags[column.present]
    ones, rest = (np.bincount(column.level[part], minlength=size) for part in (flagged, ~flagged))
    n, m = int(ones.sum()), int(rest.sum())
    if not n or not m:
        return 0.0
    apart = np.abs(np.cumsum(ones) / n - np.cumsum(rest) / m).max()
    return float(apart) * sqrt(n * m / (n + m))


def other_shares(column: Ranked, flags: Flags) -> float:
    """Return Pearson's chi-squared p-value that the levels have the same shares among the flagged rows as among the others.

    Levels of which fewer than 10 rows are expected in either part count as one, with the next rarest where that is not enough.
    """
    size, flagged = len(column.levels), flags[column.present]
    counts = np.stack([np.bincount(column.level[part], minlength=size) for part in (flagged, ~flagged)])
    counts = counts[:, np.argsort(counts.sum(axis=0), kind="stable")]
    fewest = counts.sum(axis=0) * min(flagged.mean(), 1 - flagged.mean()) if len(flagged) else np.empty(0)
    rare = int((fewest < _EXPECTED).sum())
    rare += int(0 < fewest[:rare].sum() < _EXPECTED)
    pooled = np.column_stack([counts[:, :rare].sum(axis=1), counts[:, rare:]])[:, int(not rare) :]
    if pooled.shape[1] < 2:
        return 1.0
    expected = np.outer(pooled.sum(axis=1), pooled.sum(axis=0)) / pooled.sum()
    return chi_squared_tail(float(((pooled - expected) ** 2 / expected).sum()), pooled.shape[1] - 1)


def chi_squared_tail(distance: float, freedom: int) -> float:
    """Return the probability that a chi-squared variable of so many degrees of ``freedom`` lies beyond; scipy.stats.chi2.sf."""
    if distance <= 0:
        return 1.0
    half, powers = distance / 2, np.arange(freedom % 2 / 2, freedom / 2)
    logs = [power * log(half) - half - lgamma(power + 1) for power in powers.tolist()]
    return min(1.0, (erfc(sqrt(half)) if freedom % 2 else 0.0) + sum(map(exp, logs)))


def at_least(successes: int, trials: int, share: float) -> float:
    """Return the probability of at least so many successes in independent trials, each with the probability ``share``."""
    return min(1.0, binomial_tail(trials - successes, trials, 1 - share)) if successes > 0 and share < 1 else 1.0


def poisson_bound(count: float, mean: float, above: bool = True) -> float:
    """Return Chernoff's upper bound of the probability that a Poisson variable is at least ``count``, or else at most."""
    if (count <= mean) if above else (count >= mean):
        return 1.0
    return exp(count - mean - (count * log(count / mean) if count else 0.0)) if mean else 0.0
