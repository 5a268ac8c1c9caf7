"""Signs that a column was made from the class: levels that jump between classes, and a limit without exceptions beyond."""

from dataclasses import dataclass
from math import prod

import numpy as np

from pipeline.findings.association import Ranked
from pipeline.machine.arrays import Flags, Floats, Integers

_LEVELS = 64  # a column with more of them is no code
_EACH = 10  # rows a level, in the mean
_BEYOND, _SHARE = 30, 0.15  # rows beyond a limit, and of the class
_ROWS, _OFTEN = 10, 5  # rows of a frequent value, and how many times as many as other values have
_BESIDE, _FEWEST = 100, 20  # rows on either side of it that are looked at, and that must be there
_ONE_CLASS, _SEVERAL = 5.0, 2.0  # by which a value may lower the odds of an exception, and two of different classes
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


def pure_values(column: Ranked, truth: Integers, classes: int) -> tuple[list[tuple[float, int, int]], float]:
    """Return the frequent values of a fine column whose rows are all of one class, and the probability of that by chance.

    A value comes with its class and its rows. So gaps look that were filled with the mean of each class. An exception at a value
    is taken to be as improbable as if its odds were a fifth of those among the 100 rows below or above it, less two standard
    errors; half of them, where several values are of different classes. ``truth`` is the (rows,) class of every row.
    """
    counts, truth = np.bincount(column.level), truth[column.present]
    often = (counts >= _ROWS) & (counts * len(counts) >= _OFTEN * counts.sum())
    if not often.any():
        return [], 1.0
    order = np.argsort(column.level, kind="stable")
    order = order[~often[column.level[order]]]
    found = list[tuple[float, int, int, float]]()
    for place in np.flatnonzero(often).tolist():
        own, cut = np.unique(truth[column.level == place]), int((column.level[order] < place).sum())
        sides = order[max(0, cut - _BESIDE) : cut], order[cut : cut + _BESIDE]
        if len(own) == 1 and min(map(len, sides)) >= _FEWEST:
            odds = min(_least_odds(truth[side] != own[0]) for side in sides)
            found.append((float(column.levels[place]), int(own[0]), int(counts[place]), odds))
    milder = _SEVERAL if len({each[1] for each in found}) > 1 else _ONE_CLASS
    tests = int(often.sum()) * classes
    chances = [min(1.0, tests * float(np.exp(-rows * np.log1p(odds / milder)))) for *_, rows, odds in found]
    return [each[:3] for each in found], prod(chances)


def _least_odds(other: Flags) -> float:
    """Return the odds of a flag, less two standard errors."""
    count = int(other.sum())
    return max(0.0, float(count - 2 * count**0.5)) / max(1, len(other) - count)
