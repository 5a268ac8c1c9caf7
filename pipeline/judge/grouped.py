"""Intervals of accuracies whose rows come in groups, and of the difference of two of them."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from pipeline.judge.bootstrap import Interval, parts, weights
from pipeline.judge.metrics import wilson
from pipeline.machine.arrays import Floats, Integers

_RESAMPLES = 4000
_MANY_GROUPS = 1000


def grouped_interval(right: ArrayLike, groups: ArrayLike, level: float, seed: int = 0) -> Interval:
    """Return the interval of an accuracy when the groups, not the rows, are the independent draws; within [0, 1].

    The percentile bootstrap over whole groups, Davison and Hinkley (1997), "Bootstrap methods and their application",
    section 3.8, after one group that is all right and one that is all wrong are added. Where 95 % of the groups are all
    right, a third of the draws of 21 hold no other, and intervals by resampling alone or by a variance collapse to 100 %.
    Added successes and failures are the remedy of Agresti and Coull (1998), "Approximate is better than exact for interval
    estimation of binomial proportions", who add two of each; here one of each kept the coverage. An added group has the root
    of the mean squared size, as large groups decide how much the accuracy varies. One more mistake never raises an end.
    ``right`` says of each row whether the answer was right, ``groups`` which group it is of, by any labels.
    """
    return _interval(np.asarray(right, dtype=np.float64), groups, np.array([0.0, 1.0]), level, seed)


def accuracy_interval(right: ArrayLike, groups: Integers | None, level: float) -> Interval:
    """Return ``grouped_interval`` where some of the rows share a group, such as a patient, and else Wilson's interval."""
    hits = np.asarray(right)
    if groups is None or len(np.unique(groups)) == len(hits):
        return wilson(int(hits.sum()), len(hits), level)
    return grouped_interval(hits, groups, level)


def grouped_difference(first: ArrayLike, second: ArrayLike, groups: ArrayLike, level: float, seed: int = 0) -> Interval:
    """Return the interval of how much more accurate the first classifier is on the same rows; within [-1, 1].

    As ``grouped_interval``, where ``first`` and ``second`` say whether their answers were right, but added are four groups of
    half the size, one for each outcome of a pair: both right, only the first, only the second, both wrong. Each classifier
    thus gets one whole group right and one wrong. Source for pairs of single rows: Agresti and Min (2005), "Simple improved
    confidence intervals for comparing matched proportions".
    """
    more = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    return _interval(more, groups, np.array([-1.0, 0.0, 0.0, 1.0]), level, seed)


def _interval(values: Floats, groups: ArrayLike, added: Floats, level: float, seed: int) -> Interval:
    """Return the interval of the mean of (rows,) values; ``added`` are the means of groups that together count as two."""
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    sizes, totals = np.bincount(group).astype(np.float64), np.bincount(group, values)
    size = 2 / len(added) * np.sqrt(np.mean(sizes**2))
    every = np.stack([np.append(sizes, np.full(len(added), size)), np.append(totals, size * added)], axis=1)
    sums = np.concatenate([drawn @ kinds for kinds, drawn in _resampled(every, seed)])
    low, high = np.quantile(sums[:, 1] / sums[:, 0], [(1 - level) / 2, (1 + level) / 2])
    mean = values.mean()  # what was added may pull a narrow interval past it
    return float(min(low, mean)), float(max(high, mean))


def _resampled(groups: Floats, seed: int) -> Iterator[tuple[Floats, Floats]]:
    """Yield (kinds, 2) sizes and totals and (some, kinds) how often each was drawn, for (groups, 2) sizes and totals.

    They are in order, so that labels do not matter, and a group that changes keeps its draws or hands them to one of its own
    size: the ends move as the values do. Beyond 1,000 groups those that are alike are drawn together, which adds noise.
    """
    pairs, counts = np.unique(groups[:, 0] + 1j * groups[:, 1], return_counts=True)  # some ten times as fast as by axis
    kinds = np.stack([pairs.real, pairs.imag], axis=1)
    if len(groups) <= _MANY_GROUPS:
        yield from ((np.repeat(kinds, counts, axis=0), drawn) for drawn in _drawn(len(groups), seed))
        return
    random = np.random.default_rng(seed)
    for part in parts(_RESAMPLES, len(kinds)):
        yield kinds, random.multinomial(len(groups), counts / len(groups), size=len(part)).astype(np.float64)


@lru_cache(maxsize=2)
def _drawn(groups: int, seed: int) -> list[Floats]:
    """Return how often each of so many groups was drawn: the same for the network and for every baseline."""
    return list(weights(groups, _RESAMPLES, seed))
