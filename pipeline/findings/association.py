"""How closely a column goes with a class."""

from dataclasses import dataclass

import numpy as np

from pipeline.machine.arrays import Flags, Floats, Integers


@dataclass(frozen=True)
class ValueRange:
    """The values of a column that tell a class from the rest best.

    Attributes:
        low, high: both ends, included; None where there is no smaller or no greater value in the column.
        inside: whether the class is inside, else outside. A missing value is neither.
        balanced_accuracy: mean of sensitivity and specificity, where the class is answered for just those values.
    """

    low: float | None
    high: float | None
    inside: bool
    balanced_accuracy: float


@dataclass(frozen=True)
class Ranked:
    """A column that was sorted once, to be held against many classes.

    Attributes:
        levels: its distinct values, ascending.
        level: (rows with a value,) the number of the level of each.
        present: (rows,) which rows have a value.
    """

    levels: Floats
    level: Integers
    present: Flags


def ranked(values: Floats) -> Ranked:
    """Sort a column; NaN is missing."""
    present = ~np.isnan(values)
    return Ranked(*np.unique(values[present], return_inverse=True), present)


def of_numbers(values: Floats, level: Integers) -> Ranked:
    """Return a column whose values were numbered before, in their order; -1 where one is missing."""
    present = level >= 0
    numbers = level[present]
    levels: Floats = np.empty(int(numbers.max(initial=-1)) + 1)
    levels[numbers] = values[present]
    return Ranked(levels, numbers, present)


def best_interval(column: Ranked, member: Flags) -> ValueRange:
    """Return the interval, or its complement, with the highest balanced accuracy; a threshold is one with an open end.

    ``member`` is (rows,) which rows belong to the class; some do and some do not.
    Source: Kadane's maximum-subarray scan over the distinct values; balanced accuracy is (1 + Youden's J) / 2.
    """
    levels, size = column.levels, len(column.levels)
    members, rest = int(member.sum()), int((~member).sum())
    hits = np.bincount(column.level[member[column.present]], minlength=size)
    misses = np.bincount(column.level, minlength=size) - hits
    # J times members times rest, so that the sums are exact
    sums = np.concatenate([[0.0], np.cumsum(hits * rest - misses * members)])
    rises, falls = sums - np.minimum.accumulate(sums), np.maximum.accumulate(sums) - sums
    inside = bool(rises.max() >= sums[-1] + falls.max())
    end = int(np.argmax(rises if inside else falls))
    start = int(np.argmin(sums[: end + 1]) if inside else np.argmax(sums[: end + 1]))
    youden = (rises if inside else sums[-1] + falls)[end] / (members * rest)
    low = float(levels[start]) if start > 0 else None
    high = float(levels[end - 1]) if end < len(levels) else None
    return ValueRange(low, high, inside, float(1 + youden) / 2)


def fisher(flag: Flags, member: Flags) -> float:
    """Return the p-value of Fisher's exact test that a flag and a class are independent: twice the smaller tail, at most 1."""
    rows, flags, members, both = len(flag), int(flag.sum()), int(member.sum()), int((flag & member).sum())
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, rows + 1)))])

    def choose(total: int, part: Integers) -> Floats:
        return np.asarray(factorials[total] - factorials[part] - factorials[total - part])

    possible = np.arange(max(0, flags + members - rows), min(flags, members) + 1)
    logs = choose(members, possible) + choose(rows - members, flags - possible) - choose(rows, np.array(flags))
    chances = np.exp(logs)
    return float(min(1.0, 2 * min(chances[possible <= both].sum(), chances[possible >= both].sum())))


def phi(flag: Flags, member: Flags) -> float:
    """Return the phi coefficient of two flags, -1 to 1; 0 where one of them is constant."""
    if flag.all() or member.all() or not flag.any() or not member.any():
        return 0.0
    return float(np.corrcoef(flag, member)[0, 1])


def binomial_tail(successes: int, trials: int, share: float) -> float:
    """Return the probability of at most so many successes in independent trials, each with the probability ``share``."""
    drawn = np.arange(1, successes + 1)
    logs = np.cumsum(np.log((trials - drawn + 1) / drawn) + np.log(share / (1 - share)))
    return float(np.exp(trials * np.log1p(-share) + np.append(0.0, logs)).sum())
