"""Which rows are of one kind: equal in some columns, or possibly equal where cells are empty."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from pipeline.machine.arrays import Floats, Integers

Together = Literal["profiles", "patients", "rows"]
UNSEEN_WORDS: dict[Together, str] = {"profiles": "unseen profiles", "patients": "unseen patients", "rows": "unseen rows"}
"""What rows are called that were held out with all rows of their profile or patient, or with all rows equal to them."""
UNSEEN_MEANS = {
    UNSEEN_WORDS["profiles"]: "patients whose lab values never occurred in training",
    UNSEEN_WORDS["patients"]: "patients of whom no row was in training",
    UNSEEN_WORDS["rows"]: "rows that were held out with all rows equal to them",
}
"""What these words mean, said where they are first used."""


@dataclass(frozen=True)
class Copies:
    """Of ``test`` rows, those that equal a training row in every feature and the target, and those that share its profile.

    ``of_training_profiles`` is None where ``evaluation.unseen`` names no columns. All of this counts whatever chance explains.
    """

    test: int
    of_training_rows: int
    of_training_profiles: int | None


def numbered(values: Floats | Integers) -> Integers:
    """Number the distinct values from 0 in their order; NaN, the last, equals NaN."""
    return np.unique(values, return_inverse=True)[1]


def combined(groups: Sequence[Integers]) -> Integers:
    """Number the distinct combinations of (rows,) numbers from 0, in the order of the first ones, then of the second ones."""
    together = groups[0]
    for group in groups[1:]:
        together = numbered(together * (int(group.max()) + 1) + group)
    return together


def equal_rows(levels: Sequence[Integers]) -> Integers:
    """Return (rows,) numbers from 0, in the order of the values: rows equal in all the columns share one.

    Args:
        levels: (rows,) numbers of the values of each column, in their order; -1 for an empty cell, which equals an empty cell.
    """
    return numbered(combined([np.where(level < 0, level.max() + 1, level) for level in levels]))


def linked_rows(columns: Sequence[Integers], equal: Integers) -> Integers:
    """Return (rows,) numbers from 0 such that no row of one number may equal a row of another in the columns.

    Rows are linked where they agree in every cell that both have, and so are all rows along a chain of links: an empty cell
    may hold whatever another row holds. Rows that have no cell in common are not linked.

    Args:
        columns: the levels of ``equal_rows``.
        equal: what it gives for them.
    """
    first = np.unique(equal, return_index=True)[1]
    levels = np.stack([level[first] for level in columns], axis=1)
    if (levels >= 0).all():
        return equal
    links = np.array([link for pair in _patterns(levels) for link in _links(levels, *pair)], dtype=np.int64).reshape(-1, 2)
    return numbered(_components(len(first), links))[equal]


def chained(groupings: Sequence[Integers]) -> Integers:
    """Return (rows,) numbers from 0: rows that share a number in any of the groupings share one, and so do chains of them."""
    first = [np.unique(group, return_index=True)[1][numbered(group)] for group in groupings]
    links = np.stack([np.concatenate(first), np.tile(np.arange(len(groupings[0])), len(groupings))], axis=1)
    return numbered(_components(len(groupings[0]), links))


def _components(size: int, links: Integers) -> Integers:
    """Return the lowest number that each of ``size`` numbers is linked to; SciPy would double the time of check to import."""
    lowest, (one, other) = np.arange(size), links.T
    while True:
        linked = np.minimum(lowest[one], lowest[other])
        lower = lowest.copy()
        np.minimum.at(lower, one, linked)
        np.minimum.at(lower, other, linked)
        lower = lower[lower]  # whatever that one is linked to
        if np.array_equal(lower, lowest):
            return lowest
        lowest = lower


def _patterns(levels: Integers) -> Iterator[tuple[Integers, Integers, Integers]]:
    """Yield pairs of patterns of filled cells: the rows of each, and the columns filled in both, where there are any."""
    filled, pattern = np.unique(levels >= 0, axis=0, return_inverse=True)
    for one, other in combinations(range(len(filled)), 2):
        common = np.flatnonzero(filled[one] & filled[other])
        if len(common):
            yield np.flatnonzero(pattern == one), np.flatnonzero(pattern == other), common


def _links(levels: Integers, some: Integers, others: Integers, columns: Integers) -> Iterator[tuple[int, int]]:
    """Yield pairs of rows that link all rows of either kind which agree in the columns with a row of the other kind."""
    rows = np.concatenate([some, others])
    _, first, group = np.unique(levels[np.ix_(rows, columns)], axis=0, return_index=True, return_inverse=True)
    both = np.intersect1d(group[: len(some)], group[len(some) :])
    linked = np.isin(group, both)
    yield from zip(rows[linked], rows[first[group[linked]]], strict=True)
