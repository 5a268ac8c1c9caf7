"""Whether equal rows stand out from rows that are nearly equal: copies do, rows that correlation makes equal do not."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.data.profiles import numbered
from pipeline.machine.arrays import Flags, Floats, Integers

Keys = NDArray[np.uint64]
_FINE = 8  # steps from the lowest value to the highest; a coarser scale has no neighbours to speak of
_SPIKE = 10  # rows at an end of a column: a floor or ceiling, such as the zeros of a count, which has no neighbours either
_SEPARATES = 1.5  # a column that leaves more than two thirds of the pairs equal is nearly determined by the others
_MARGIN = 2  # equal pairs for each one expected
_FEW = 20  # pairs, which are too few to be held against near misses in one column alone


@dataclass(frozen=True)
class _Counting:
    """Which pairs of rows with the same key are counted: those of the same class, or those across classes."""

    classes: Keys
    across: bool

    def pairs(self, keys: Keys, rows: Flags | slice = slice(None)) -> float:
        """Count the pairs among these rows."""
        within = _pairs((keys + self.classes)[rows])
        return _pairs(keys[rows]) - within if self.across else within

    def near(self, keys: Keys, steps: Floats) -> Floats:
        """Count the pairs that are one step apart, and two; a missing value is near nothing."""
        present = ~np.isnan(steps)
        within = _near((keys + self.classes)[present], steps[present])
        return _near(keys[present], steps[present]) - within if self.across else within


@dataclass(frozen=True)
class _Column:
    """A column that is compared.

    Attributes:
        values: (rows,) as measured; NaN is missing.
        keys: (rows,) a random number for each value, so that the sums of the keys of equal rows are equal.
        step: smallest difference of two neighbouring values that is not an odd one out; None where the column is not fine.
        derivable: whether it may follow from other columns. Not where rows enough to fill the steps leave most of them empty,
            for then a few values were handed on.
    """

    values: Floats
    keys: Keys
    step: float | None
    derivable: bool


def stand_out(columns: Floats, classes: Integers, across: bool) -> bool:
    """Say whether more rows are equal than their neighbourhood makes expect, however the columns are correlated.

    Rounding puts neighbours about as near as equals. So among rows that are equal in all columns but one, the values of
    that column lie a step or two apart about as often as they are equal, unless rows are copied. From the pairs that are
    one step and two steps apart the equal ones are expected as a normal distribution of the difference would have them.
    Columns that follow from the others would forbid near misses, so they are set aside. A few pairs must also be more than
    a third of those equal once every fine column is rounded to twice its step.

    Args:
        columns: (rows, C) values that are compared; missing equals missing and is near nothing.
        classes: (rows,) class numbers.
        across: compare the rows of different classes instead of those of the same class.
    """
    rng = np.random.default_rng(0)
    compared = [_column(column, rng) for column in columns.T]
    count = _Counting(_keys(classes, rng), across)
    equal = count.pairs(_total(compared))
    compared = _independent(compared, count)
    total = _total(compared)
    if equal < _FEW and 3 * count.pairs(total) <= count.pairs(_total([_rounded(column, rng) for column in compared])):
        return False
    fine = [column for column in compared if column.step is not None]
    equal = sum(count.pairs(total, _inner(column.values)) for column in fine)
    expected = sum(_expected(column, total - column.keys, count) for column in fine)
    # the pairs of one column are much the same as those of the next, so the error is that of one column
    return bool(equal > _MARGIN * expected + (expected * len(fine)) ** 0.5)


def _column(values: Floats, rng: np.random.Generator) -> _Column:
    levels = np.unique(values[~np.isnan(values)])
    width = float(levels[-1] - levels[0]) if len(levels) else 0.0
    gaps, often = np.unique((np.diff(levels) / (width or 1)).round(12), return_counts=True)
    step = float(gaps[4 * often >= often.max()][0]) * width if len(gaps) else 0.0
    fine = step > 0 and width > (_FINE - 0.001) * step
    return _Column(values, _keys(values, rng), step if fine else None, not fine or _filled(values, levels, step))


def _filled(values: Floats, levels: Floats, step: float) -> bool:
    """Say whether the column uses half of its steps between its 5th and 95th percentile, or has too few rows to do so."""
    low, high = np.nanquantile(values, [0.05, 0.95])
    steps = (high - low) / step + 1
    used = int(((levels > low - step / 2) & (levels < high + step / 2)).sum())
    return bool(used >= steps / 2 or len(values) < 10 * steps)


def _independent(columns: list[_Column], count: _Counting) -> list[_Column]:
    """Return the columns without those that hardly separate a pair the others leave equal: they follow from the others.

    The one with the most values goes first, as a derived column has more than those it is derived from. Two fine
    columns are left.
    """
    kept, total = list(columns), _total(columns)
    equal = count.pairs(total)
    for column in sorted(columns, key=lambda column: -len(np.unique(column.values))):
        last = column.step is not None and sum(other.step is not None for other in kept) <= 2
        without = total - column.keys
        if column.derivable and not last and (left := count.pairs(without)) <= _SEPARATES * equal:
            kept, total, equal = [other for other in kept if other is not column], without, left
    return kept


def _inner(values: Floats) -> Flags:
    """Return which values are neither missing nor at an end that many rows share."""
    inner = ~np.isnan(values)
    for end in (np.nanmin(values), np.nanmax(values)):
        at = values == end
        if at.sum() >= _SPIKE:
            inner &= ~at
    return inner


def _expected(column: _Column, others: Keys, count: _Counting) -> float:
    """Return the equal pairs to expect from the near misses in a column.

    For a normal difference d, log n(d) = a - b d², so n(0) is n(1) (n(1) / n(2)) ** (1/3). Near misses have two signs.
    """
    one, two = count.near(others, column.values / (column.step or 1))
    return float(max(one * max(1.0, one / max(two, 1.0)) ** (1 / 3), two)) / 2


def _pairs(keys: Keys) -> float:
    """Return the number of pairs of rows with the same key."""
    sizes = np.unique(keys, return_counts=True)[1].astype(np.float64)
    return float((sizes * (sizes - 1)).sum() / 2)


def _near(keys: Keys, steps: Floats) -> Floats:
    """Return (2,) numbers of pairs of rows with the same key that are one step apart, and two."""
    _, group, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    shared = sizes[group] > 1  # few rows are, and the sort is slow
    group, steps = group[shared], steps[shared]
    order = np.lexsort((steps, group))
    group, steps = group[order], steps[order]
    first = np.flatnonzero(np.append(True, (np.diff(group) > 0) | (np.diff(steps) > 0))) if len(group) else group
    rows = np.diff(np.append(first, len(group))).astype(np.float64)
    group, steps = group[first], steps[first]
    counts = np.zeros(2)
    for ahead in (1, 2):
        apart = np.where(group[ahead:] == group[:-ahead], steps[ahead:] - steps[:-ahead], np.inf)
        both = rows[ahead:] * rows[:-ahead]
        counts += [both[apart <= 1.5].sum(), both[(apart > 1.5) & (apart <= 2.5)].sum()]
    return counts


def _rounded(column: _Column, rng: np.random.Generator) -> _Column:
    """Return the column rounded down to twice its step, where it is fine."""
    if column.step is None:
        return column
    halves = np.floor((column.values - np.nanmin(column.values)) / (2 * column.step) + 1e-6)
    return replace(column, keys=_keys(halves, rng))


def _total(columns: list[_Column]) -> Keys:
    """Return (rows,) keys; equal where rows are equal in all columns."""
    total: Keys = np.sum([column.keys for column in columns], axis=0, dtype=np.uint64)
    return total


def _keys(values: Floats | Integers, rng: np.random.Generator) -> Keys:
    """Return a random number for each distinct value, 64 bits, so that no two sums of a million rows are equal by chance."""
    levels = numbered(values)
    return rng.integers(0, 2**64, int(levels.max()) + 1, dtype=np.uint64)[levels]
