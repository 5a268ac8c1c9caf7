"""Signs that a column was made from the class: levels that jump between classes, and a limit without exceptions beyond."""

from dataclasses import dataclass

import numpy as np

from pipeline.findings.association import Ranked
from pipeline.machine.arrays import Flags, Floats, Integers

_LEVELS = 64  # a column with more of them is no code
_EACH = 10  # rows a level, in the mean
_BEYOND, _SHARE = 30, 0.15  # rows beyond a limit, and of the class
_NEAR, _FASTEST = 40, 6.0  # rows next to a limit, and by how much log odds may change in a standard deviation


@dataclass(frozen=True)
class Levels:
    """How well a column's levels tell the classes, as balanced accuracies.

    Attributes:
        alone: each row is given the commonest class among the other rows of its level.
        ordered: the best that one more interval than there are classes can do.
        error: standard error of their difference.
    """

    alone: float
    ordered: float
    error: float


def by_levels(column: Ranked, truth: Integers, classes: int) -> Levels | None:
    """Hold the levels of a column against intervals of it; None where there are too many levels, or too few rows.

    ``truth`` is the (rows,) class of every row; rows without a value are left out.
    """
    size = len(column.levels)
    if not classes < size <= _LEVELS or len(column.level) < _EACH * size:
        return None
    counts = np.bincount(column.level * classes + truth[column.present], minlength=size * classes).reshape(size, classes)
    sizes = counts.sum(axis=0)
    counts, sizes = counts[:, sizes > 0], sizes[sizes > 0]
    others = np.stack([np.delete(counts, place, axis=1).max(axis=1, initial=0) for place in range(len(sizes))], axis=1)
    rates = np.where(counts - 1 > others, counts, 0).sum(axis=0) / sizes
    variance = float(np.sum((rates * (1 - rates) + 0.25 / sizes) / sizes)) / len(sizes) ** 2
    return Levels(float(rates.mean()), _best_intervals(counts / sizes, len(sizes) + 1) / len(sizes), (2 * variance) ** 0.5)


def _best_intervals(shares: Floats, most: int) -> float:
    """Return the largest sum of (levels, classes) shares when at most so many intervals of levels get one class each."""
    best = np.zeros((most, shares.shape[1]))  # of the levels so far, by the number of intervals and the class of the last one
    for share in shares:
        changed = np.concatenate([np.zeros((1, 1)), best[:-1].max(axis=1, keepdims=True)])
        best = np.maximum(best, changed) + share
    return float(best.max())


@dataclass(frozen=True)
class Limit:
    """A limit of a column on one side of which, ``above`` it or below, all ``rows`` are of one class.

    Of the ``near`` rows next to it on the other side ``others`` are of other classes; ``p`` bounds the probability that none
    is beyond, where the classes fade into each other.
    """

    limit: float
    above: bool
    rows: int
    near: int
    others: int
    p: float


def pure_side(values: Floats, member: Flags) -> Limit | None:
    """Return the side of a column that holds members of a class only, and changes most sharply; None without one.

    Normal classes that lie d standard deviations apart change their odds by e to the power of d for each of them. So from
    the 40 rows nearest to the limit on the other side, and those that are equal to them, the odds are taken to fall by e to
    the 6 for each standard deviation, and a row beyond to be an exception with the probability that this leaves.

    Args:
        values: (rows,); NaN is missing.
        member: (rows,) which rows belong to the class.
    """
    present = ~np.isnan(values)
    values, member = values[present], member[present]
    if not member.any() or member.all():
        return None
    sides = [_beyond(sign * values, member, sign) for sign in (1.0, -1.0)]
    return min(filter(None, sides), key=lambda side: side.p, default=None)


def _beyond(values: Floats, member: Flags, sign: float) -> Limit | None:
    pure = values > values[~member].max()
    rows = int(pure.sum())
    if rows < max(_BEYOND, _SHARE * member.sum()):
        return None
    low, high = np.quantile(values, [0.25, 0.75])
    largest = float(np.abs(values).max()) or 1.0  # its square may overflow
    spread = float(min(largest * (values / largest).std(), (high - low) / 1.349 or np.inf))
    near = ~pure & (values >= np.sort(values[~pure])[-_NEAR:][0])
    count, others = int(near.sum()), int((near & ~member).sum())
    least = max(0.0, others - 2 * others**0.5)  # few exceptions may be many by chance
    odds = least / (count - least) * np.exp(-_FASTEST * (values[pure] - values[near].mean()) / spread)
    p = float(np.exp(-np.log1p(odds).sum()))
    return Limit(sign * float(values[pure].min()), sign > 0, rows, count, others, p)
