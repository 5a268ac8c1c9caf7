"""Divide the rows of a table into training and test."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import DataError, listing
from pipeline.machine.arrays import Integers

if TYPE_CHECKING:
    from pipeline.config.schema import SplitSection
    from pipeline.data.table import Table


@dataclass(frozen=True)
class Split:
    """Row numbers, counted from 0, in the order in which they are used.

    Attributes:
        train: rows to learn from.
        test: rows to be judged by.
    """

    train: Integers
    test: Integers


def split(table: Table, section: SplitSection) -> Split:
    """Split as scikit-learn's ``train_test_split`` does with the same seed, or as ``GroupShuffleSplit`` by groups and patients.

    Raises:
        DataError: the rows cannot be divided so, or the training rows hold a single class.
    """
    if section.stratify:
        _refuse_unstratifiable(table, ceil(section.test_size * len(table)))
    try:
        train, test = _divide(table, section)
    except ValueError as error:
        raise DataError(f'{table.path}: {len(table)} rows cannot be split as the section "split" says: {error}') from None
    if len(np.unique(table.truth[train])) < 2:
        lone = table.classes[table.truth[train[0]]]
        raise DataError(f'{table.path}: the training rows hold only "{lone}"; {_second_class(table, section, lone)}')
    return Split(np.asarray(train), np.asarray(test))


def _refuse_unstratifiable(table: Table, tested: int) -> None:
    """Raise DataError where ``train_test_split`` would: each part needs a row of every class that is there."""
    counts = {name: count for name, count in table.counts().items() if count}
    if single := [name for name, count in counts.items() if count == 1]:
        raise DataError(
            f"{table.path}: split.stratify needs 2 rows of each class; there is 1 of {listing(single)}; add more rows"
        )
    if not len(counts) <= tested <= len(table) - len(counts):
        needed = f"needs a training and a test row of each of {len(counts)} classes; the test has {tested} of {len(table)} rows"
        raise DataError(f"{table.path}: split.stratify {needed}; change split.test_size, or add more rows")


def _second_class(table: Table, section: SplitSection, lone: str) -> str:
    """Return what brings a row of another class than the lone one into training."""
    kept = table.together(section.group_by or ())
    groups, unit = (np.arange(len(table)), "row") if kept is None else (kept, _unit(section))
    sizes = {name: len(np.unique(groups[table.truth == place])) for place, name in enumerate(table.classes) if name != lone}
    name, count = max(sorted(sizes.items()), key=lambda pair: pair[1])
    if count < 2:
        return f'class "{name}" has 1 {unit} and needs 2, one to train with and one to test with; add more rows of it'
    return "set another split.seed" + ("" if unit != "row" else ", or split.stratify: true")


def _divide(table: Table, section: SplitSection) -> tuple[Integers, Integers]:
    if section.stratify:
        # imported here, so that "check" on any other split need not wait for it
        from sklearn.model_selection import train_test_split

        rows = np.arange(len(table))
        train, test = train_test_split(rows, test_size=section.test_size, random_state=section.seed, stratify=table.truth)
        return train, test
    groups = table.together(section.group_by or ())
    if groups is None:
        return _shuffle(len(table), section, "row")
    _, chosen = _shuffle(int(groups.max()) + 1, section, _unit(section))
    tested = np.isin(groups, chosen)
    return np.flatnonzero(~tested), np.flatnonzero(tested)


def _unit(section: SplitSection) -> str:
    return "group" if section.group_by else "patient"


def _shuffle(size: int, section: SplitSection, unit: str) -> tuple[Integers, Integers]:
    """Return the numbers below ``size`` that train and those that test, as scikit-learn's ``ShuffleSplit`` draws them."""
    tested = ceil(section.test_size * size)
    if tested == size:
        raise ValueError(f"test_size {section.test_size:g} of {size} {unit}{'s' * (size > 1)} leaves none to train on")
    drawn = np.random.RandomState(section.seed).permutation(size)
    return drawn[tested:], drawn[:tested]
