"""Divide the rows of a table into training and test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import DataError

if TYPE_CHECKING:
    from pipeline.config import SplitSection
    from pipeline.data.load import Table

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Row numbers, counted from 0, in the order in which they are used.

    Attributes:
        train: rows to learn from.
        test: rows to be judged by.
    """

    train: Rows
    test: Rows


def split(table: Table, section: SplitSection) -> Split:
    """Split as scikit-learn's ``train_test_split`` does with the same seed, or by whole groups as ``GroupShuffleSplit``.

    Raises:
        DataError: the rows cannot be divided so, or the training rows hold a single class.
    """
    try:
        train, test = _divide(table, section)
    except ValueError as error:
        reason = str(error).split(". ")[0].splitlines()[0]
        raise DataError(f'{table.path}: {len(table)} rows cannot be split as the section "split" says: {reason}') from None
    if table.target.iloc[train].nunique() < 2:
        raise DataError(
            f'{table.path}: the training rows hold only "{table.target.iloc[train[0]]}"; set another split.seed'
            + ("" if section.group_by else ", or split.stratify: true")
        )
    return Split(np.asarray(train), np.asarray(test))


def groups_of(table: Table, columns: Sequence[str]) -> Rows:
    """Return (rows,) group numbers from 0, in the order of the values: rows equal in all the columns share one.

    An empty cell equals an empty cell.
    """
    values = [table.features[name] if name in table.features else table.others[name] for name in columns]
    return np.asarray(values[0].groupby(values, dropna=False).ngroup(), dtype=np.int64)


def linked_groups(table: Table, columns: Sequence[str]) -> Rows:
    """Return (rows,) group numbers such that no row of one group may equal a row of another in the columns.

    Rows are linked where they agree in every cell that both have, and so are all rows along a chain of links: an empty cell
    may hold whatever another row holds. Rows that have no cell in common are not linked.
    """
    exact = groups_of(table, columns)
    first = np.unique(exact, return_index=True)[1]
    values = [
        table.features[name] if name in table.features else table.others[name].mask(table.others[name] == "") for name in columns
    ]
    levels = np.stack([pd.factorize(each)[0][first] for each in values], axis=1)  # -1 for an empty cell
    if (levels >= 0).all():
        return exact
    links = np.array([link for pair in _patterns(levels) for link in _links(levels, *pair)], dtype=np.int64).reshape(-1, 2)
    return np.unique(_components(len(first), links), return_inverse=True)[1][exact]


def _components(size: int, links: Rows) -> Rows:
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


def _patterns(levels: Rows) -> Iterator[tuple[Rows, Rows, Rows]]:
    """Yield pairs of patterns of filled cells: the rows of each, and the columns filled in both, where there are any."""
    filled, pattern = np.unique(levels >= 0, axis=0, return_inverse=True)
    for one, other in combinations(range(len(filled)), 2):
        common = np.flatnonzero(filled[one] & filled[other])
        if len(common):
            yield np.flatnonzero(pattern == one), np.flatnonzero(pattern == other), common


def _links(levels: Rows, some: Rows, others: Rows, columns: Rows) -> Iterator[tuple[int, int]]:
    """Yield pairs of rows that link all rows of either kind which agree in the columns with a row of the other kind."""
    rows = np.concatenate([some, others])
    _, first, group = np.unique(levels[np.ix_(rows, columns)], axis=0, return_index=True, return_inverse=True)
    both = np.intersect1d(group[: len(some)], group[len(some) :])
    linked = np.isin(group, both)
    yield from zip(rows[linked], rows[first[group[linked]]], strict=True)


def _divide(table: Table, section: SplitSection) -> tuple[Rows, Rows]:
    if section.stratify:
        # imported here, so that "check" on any other split need not wait for it
        from sklearn.model_selection import train_test_split

        rows = np.arange(len(table))
        train, test = train_test_split(rows, test_size=section.test_size, random_state=section.seed, stratify=table.target)
        return train, test
    if not section.group_by:
        return _shuffle(len(table), section, "row")
    groups = linked_groups(table, section.group_by)
    _, chosen = _shuffle(int(groups.max()) + 1, section, "group")
    tested = np.isin(groups, chosen)
    return np.flatnonzero(~tested), np.flatnonzero(tested)


def _shuffle(size: int, section: SplitSection, unit: str) -> tuple[Rows, Rows]:
    """Return the numbers below ``size`` that train and those that test, as scikit-learn's ``ShuffleSplit`` draws them."""
    tested = ceil(section.test_size * size)
    if tested == size:
        raise ValueError(f"test_size {section.test_size:g} of {size} {unit}{'s' * (size > 1)} leaves none to train on")
    drawn = np.random.RandomState(section.seed).permutation(size)
    return drawn[tested:], drawn[:tested]
