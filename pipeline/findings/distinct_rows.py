"""Rows that differ from one another, and in how many columns they do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.data.profiles import combined, numbered
from pipeline.machine.arrays import Flags, Floats, Integers

MOST = 2000  # distinct rows that are compared with each other
NEVER = 65535  # no distance: the pair is not compared
_EXPECTED = 1  # row in which both of two yes/no columns should hold the rarer value: if none does, they are taken as one
_WRONG = 0.05  # of rows that meet their equals in another class: so few say nothing of how classes overlap

Keys = NDArray[np.uint64]
Apart = NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Column:
    """A column, or several that are taken as one: (rows,) numbers of its values from 0; the values of one that has an order."""

    places: Integers
    values: Floats | None

    @property
    def size(self) -> int:
        """How many different values there are."""
        return int(self.places.max()) + 1


@dataclass(frozen=True, eq=False)
class Sample:
    """Distinct rows of the table.

    Attributes:
        columns: those that are not constant.
        compared: (rows, some) whether a row is compared with each of the first some, which are a random choice.
        repeated: (rows,) whether it is met again in the table, and not for being at the ends of all columns.
        share: of all distinct rows, those that are in the random choice.
        across: whether each repeat counts for both of its rows.
    """

    columns: list[Column]
    compared: Flags
    repeated: Flags
    share: float
    across: bool


def sample_of(
    columns: Floats,
    levels: Sequence[Integers],
    classes: Integers,
    first: Integers,
    repeated: Flags,
    ordered: Flags,
    across: bool,
) -> Sample:
    """Choose distinct rows at random, and add those that are repeated."""
    order = np.random.default_rng(0).permutation(len(first))
    some, rest = order[:MOST], order[MOST:]
    chosen = np.concatenate([some, rest[repeated[rest]][:MOST]])
    rows, others = first[chosen], first[some]
    compared = ((classes[rows][:, None] == classes[others]) != across) & (rows[:, None] != others)
    if across and repeated.mean() < _WRONG:
        compared &= ~(repeated[chosen][:, None] | repeated[some])
    values, kept = columns[rows], []
    for group in _exclusive(levels):
        places = numbered(combined([levels[index][rows] for index in group]))
        kept += [Column(places, values[:, group[0]] if len(group) == 1 and ordered[group[0]] else None)] * int(places.max() > 0)
    return Sample(kept, compared, repeated[chosen] & _inner(values[:, ordered]), len(some) / len(first), across)


def _exclusive(levels: Sequence[Integers]) -> list[list[int]]:
    """Return groups of columns: those of two values whose rarer ones never meet in a row, as one value of several; or single."""
    rare = np.stack([level == np.argmin(np.bincount(level)) for level in levels]).astype(np.float64)
    often = rare.sum(axis=1)
    two = np.array([level.max() == 1 for level in levels])
    apart = (rare @ rare.T == 0) & (np.outer(often, often) >= _EXPECTED * rare.shape[1]) & np.outer(two, two)
    groups: list[list[int]] = []
    for index in range(len(levels)):
        home = next((group for group in reversed(groups) if apart[index, group].all()), None)
        if home is None:
            groups.append([index])
        else:
            home.append(index)
    return groups


def _inner(values: Floats) -> Flags:
    """Return which rows are not at an end of every column of three values or more: a floor, such as 0 in all counts."""
    low, high = np.fmin.reduce(values), np.fmax.reduce(values)
    between = (values > low) & (values < high)
    return np.asarray(between[:, between.any(axis=0)].any(axis=1) | ~between.any())


def differences(columns: Sequence[Column], compared: Flags) -> Apart:
    """Return in how many columns each row differs from each of the first ones; 65535 where they are not compared."""
    apart = np.zeros(compared.shape, dtype=np.uint16)
    for column in columns:
        places = column.places.astype(np.int32)
        apart += places[: len(compared), None] != places[: compared.shape[1]]
    apart[~compared] = NEVER
    return apart


def row_keys(levels: Sequence[Integers]) -> Keys:
    """Return (rows,) sums of a random number for each value, 64 bits: equal where rows are equal in all columns."""
    rng = np.random.default_rng(len(levels))
    keys: Keys = np.zeros(len(levels[0]), dtype=np.uint64)
    for level in levels:
        keys += rng.integers(0, 2**64, int(level.max()) + 1, dtype=np.uint64)[level]
    return keys
