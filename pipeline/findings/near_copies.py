"""Rows that differ from another by less than rows differ by chance, in every column at once."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import product
from math import log

import numpy as np

from pipeline.data.profiles import combined, numbered
from pipeline.findings.distribution import at_least
from pipeline.findings.finding import SIGNIFICANCE
from pipeline.machine.arrays import Floats, Integers

_WIDEST = 0.2  # of the rows of the class lie between two values, where pairs begin to be counted
_CLOSER = 4  # times, by which the narrower of two distances is closer
_MARGIN = 1.5  # times as many pairs within the narrower distance as evenly spread ones would be
_NARROWEST = 1e-4  # distance that is asked about: far wider than what is taken as one value
_SAME = 1e-6  # relative difference of values that are taken as one
_PAIRS = 2_000_000  # that are compared in a class
_UNITS = 10.0 ** np.arange(3, -7, -1)  # of the last digit of a column
_VALUES = 10  # in a column, for rounding to leave some
_ROUND, _NOISE = 1e-6, 1e-9  # of a unit, and of a value, that computing adds
_SOME = 2000  # rows that tell which columns are the finest
_HALVED = 6  # times, by which each column is cut at most to make a grid


def nearly_equal(values: Floats, classes: Integers, equal: Integers, alike: Integers) -> Integers:
    """Return the rows, ascending, that are near-copies or rounded copies; without them there are none."""
    left, told = np.arange(len(values)), [np.empty(0, dtype=np.int64)]
    while len(left):
        asked = values[left], classes[left], equal[left], alike[left]
        rows = near_copies(*asked)
        rows = rows if len(rows) else rounded_copies(*asked)
        if not len(rows):
            break
        told.append(left[rows])
        left = np.delete(left, rows)
    return np.sort(np.concatenate(told))


def near_copies(values: Floats, classes: Integers, equal: Integers, alike: Integers) -> Integers:
    """Return the rows, ascending, that nearly equal an earlier row of their class, where there are more than chance makes.

    Two values are as far apart as the share of the class that lies between them, or as their difference in units of the range of
    the middle 80 %, whichever is more. If no row was made from another, that distance is spread evenly near 0 in each column: of
    the pairs that are within a distance in every column, a quarter at most are within a quarter of it, and of those that differ
    in 2 m columns one in 4**m, if no more than half of the columns follow from others. Equal rows count once.

    Args:
        values: (rows, C); NaN is missing and equals NaN.
        classes: (rows,) class numbers.
        equal: (rows,) numbers; rows equal in every column, and in their class, share one.
        alike: (rows,) numbers; only rows that share one, since they are of the same categories, are compared.
    """
    first = np.unique(equal, return_index=True)[1]
    pairs = [
        _near(values[rows], rows, numbered(alike[rows]))
        for place in np.unique(classes)
        if len(rows := first[classes[first] == place]) > 1
    ]
    if not pairs:
        return np.empty(0, dtype=np.int64)
    widest = min(width for *_, width in pairs)
    later, distance, differing = (np.concatenate([pair[part] for pair in pairs]) for part in range(3))
    free = range(1, max(2, 1 + values.shape[1] // 2))  # columns, of those that differ, that do not follow from others
    scales = range(int(log(widest / _NARROWEST, _CLOSER)))
    for scale, columns in product(scales, free):
        wide, enough = widest / _CLOSER**scale, differing >= 2 * columns - (columns == 1)
        narrow, within = enough & (distance <= wide / _CLOSER), int((enough & (distance <= wide)).sum())
        p_value = at_least(int(narrow.sum()), within, _MARGIN / _CLOSER**columns)
        if len(scales) * len(free) * p_value < SIGNIFICANCE:
            return np.unique(later[narrow])
    return np.empty(0, dtype=np.int64)


def rounded_copies(values: Floats, classes: Integers, equal: Integers, alike: Integers) -> Integers:
    """Return the rows, ascending, that hold what another row of their class does with one digit fewer, if chance made fewer.

    Of two rows that are rounded to the same and are not equal, one may be the other but for rounding: where they differ, its
    values end in 0. If nobody rounded a row as a whole, that is no more probable for either than in the column among those where
    it is rarest. The arguments are those of ``near_copies``.
    """
    first = np.unique(equal, return_index=True)[1]
    values = values[first]
    units = np.array([10 * _unit(column) for column in values.T])
    read = units > 0
    tens = np.rint(values[:, read] / units[read])
    numbers = np.column_stack([np.where(np.isnan(tens), -1, tens).astype(np.int64), classes[first], alike[first]])
    sums = numbers @ np.random.default_rng(0).integers(2**63, size=numbers.shape[1], dtype=np.int64)  # equal where rows are
    pairs = list(_within(numbered(sums))) if read.any() else []
    if not pairs:
        return np.empty(0, dtype=np.int64)
    one, other = (np.concatenate(part) for part in zip(*pairs, strict=True))
    differ = ~np.isclose(values[one], values[other], rtol=_NOISE, atol=0, equal_nan=True)
    several = differ.sum(axis=1) > 1  # of rows that differ in one column many are met at the ends of a short scale
    one, other, differ = one[several], other[several], differ[several]
    ends_in_0 = np.zeros(values.shape, dtype=bool)
    ends_in_0[:, read] = np.abs(values[:, read] - tens * units[read]) <= _NOISE * np.abs(values[:, read])
    one_is, other_is = ((~differ | ends_in_0[rows]).all(axis=1) for rows in (one, other))
    rarest = np.where(differ, ends_in_0.mean(axis=0), 1.0).min(axis=1)
    count = int((one_is | other_is).sum())
    if at_least(count, len(one), min(1.0, 2 * float(rarest.sum()) / max(1, len(one)))) >= SIGNIFICANCE:
        return np.empty(0, dtype=np.int64)
    return np.unique(first[np.concatenate([one[one_is], other[other_is]])])


def _unit(column: Floats) -> float:
    """Return the power of ten of the last digit; 0 where a column has few values, or more digits than anyone writes down."""
    present = column[~np.isnan(column)]
    if len(np.unique(present[:_SOME])) > _VALUES:
        with np.errstate(over="ignore"):  # values near 1e308, which are of no unit
            for unit in _UNITS:
                if _whole(present[:_SOME] / unit) and _whole(present / unit):  # some tell of most units that they are too large
                    return float(unit)
    return 0.0


def _whole(values: Floats) -> bool:
    return bool(np.abs(values).max() < 1 / _NOISE and np.abs(values - np.rint(values)).max() < _ROUND)


def _near(values: Floats, rows: Integers, alike: Integers) -> tuple[Integers, Floats, Integers, float]:
    """Return, of pairs near in every column, the later row, the greatest distance, in how many they differ; and the widest."""
    finest = np.argsort([-len(np.unique(column[:_SOME])) for column in values.T], kind="stable")
    ranks = lru_cache(maxsize=None)(lambda column: _ranks(values[:, column]))  # most pairs are apart in the first few columns
    cells, width = _cells(alike, [partial(ranks, int(column)) for column in finest])
    pairs = list(_within(cells))
    one, other = (np.concatenate(part) for part in zip(*pairs, strict=True)) if pairs else (rows[:0], rows[:0])
    distance, differing = np.zeros(len(one)), np.zeros(len(one), dtype=np.int64)
    for column in finest if len(one) else ():
        apart = np.abs(ranks(int(column))[one] - ranks(int(column))[other])
        near = apart <= _WIDEST
        one, other, distance = one[near], other[near], np.maximum(distance[near], apart[near])
        if not len(one):
            return rows[:0], distance, rows[:0], min(_WIDEST, 0.4 * width)
        differ = np.abs(values[one, column] - values[other, column]) / _spread(values[:, column])
        distance, differing = np.fmax(distance, differ), differing[near] + (differ > 0)
    return np.maximum(rows[one], rows[other]), distance, differing, min(_WIDEST, 0.4 * width)


def _ranks(column: Floats) -> Floats:
    """Return (rows,) shares of the rows below each value, half of its own included; 2 where it is missing."""
    levels, level, counts = np.unique(column, return_inverse=True, return_counts=True)
    apart = np.append(True, ~(np.diff(levels) <= _SAME * np.abs(levels[1:])))
    snapped = np.cumsum(apart) - 1
    sizes = np.bincount(snapped, counts)
    shares = (np.cumsum(sizes) - sizes / 2) / len(column)
    return np.where(np.isnan(column), 2.0, shares[snapped][level]).astype(np.float32)


def _spread(column: Floats) -> float:
    """Return the range of the middle 80 %, or of all values where those are all the same; 1 where all are the same."""
    present = column[~np.isnan(column)]
    low, high, least, most = np.quantile(present, [0.1, 0.9, 0, 1]) if len(present) else [0.0] * 4
    return float(high - low or most - least or 1.0)


def _cells(cells: Integers, ranks: Sequence[Callable[[], Floats]]) -> tuple[Integers, float]:
    """Divide cells until few enough rows are together to compare all pairs, by one column after the other; and their width."""
    used = 0
    while (sizes := np.bincount(cells)) @ (sizes - 1) / 2 > _PAIRS and used < _HALVED * len(ranks):
        halved = ranks[used % len(ranks)]() * 2 ** (1 + used // len(ranks))
        cells, used = combined([cells, halved.astype(np.int64)]), used + 1
    return cells, 0.5 ** -(-used // len(ranks))


def _within(cells: Integers) -> Iterator[tuple[Integers, Integers]]:
    """Yield pairs of rows of one cell."""
    inside = np.argsort(cells, kind="stable")
    ends = np.cumsum(np.bincount(cells))[cells[inside]]
    for step in range(1, min(2 + _PAIRS // len(cells), int(np.bincount(cells).max()))):
        places = np.flatnonzero(np.arange(len(cells)) + step < ends)
        yield inside[places], inside[places + step]
