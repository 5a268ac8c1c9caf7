"""A table of named, typed, validated columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from pipeline.config.data_section import ReadSection
from pipeline.data.profiles import chained, equal_rows, linked_rows, numbered
from pipeline.machine.arrays import Flags, Floats, Integers


@dataclass(frozen=True)
class Texts:
    """A column of text: its ``different`` texts, sorted, and (rows,) which of them each cell holds, in ``places``."""

    different: tuple[str, ...]
    places: Integers


@dataclass(frozen=True)
class Table:
    """The columns that the config names, row for row as in the file.

    Attributes:
        features: names of the F features, in the order of the config.
        values: (rows, F) their numbers; NaN where the cell is empty.
        implausible: (rows, F) outside the plausible range; empty cells are not.
        classes: their names, in the order of ``data.codes``.
        truth: (rows,) the index of each row's class.
        others: the columns that are redundant, name patients, or group rows and are no features; without blanks around values.
        path: the file as it was named.
        sha256: of the file's bytes.
        patients: (rows,) number of each row's patient; None where no column names patients.
        unnamed: the columns that the config does not name and that are text, where patients may be among them.
        levels: the categories of each feature whose values are places among them.
        numbers: (rows,) number of each row in the file, from 1; None where they are all there.
        unlabelled: how many rows were left out for want of a label.
        read: how the file was read.
        told: what was found while it was read and is not plain.
    """

    features: tuple[str, ...]
    values: Floats
    implausible: Flags
    classes: tuple[str, ...]
    truth: Integers
    others: Mapping[str, Texts]
    path: str
    sha256: str
    patients: Integers | None = None
    unnamed: Mapping[str, Texts] = field(default_factory=dict)
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: Integers | None = None
    unlabelled: int = 0
    read: ReadSection = field(default_factory=ReadSection)
    told: tuple[str, ...] = ()
    _numbers: dict[tuple[str, ...], Integers] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.values)

    def counts(self, rows: Integers | slice = slice(None)) -> dict[str, int]:
        """Return how many of these rows are of each class, in the order of ``data.codes``."""
        return dict(zip(self.classes, np.bincount(self.truth[rows], minlength=len(self.classes)).tolist(), strict=True))

    def count(self, flags: Flags) -> dict[str, int]:
        """Return how many of the (rows, F) flags are set in each feature."""
        return dict(zip(self.features, flags.sum(axis=0).tolist(), strict=True))

    def rows(self, rows: Integers) -> Floats:
        """Return the values of some rows, each column side by side in memory, so that its sums are added in one order."""
        return np.take(self.values.T, rows, axis=1).T

    def named(self, rows: Integers) -> list[int]:
        """Return the numbers that some rows have in the file, from 1 below its header."""
        return [*map(int, rows + 1 if self.numbers is None else self.numbers[rows])]

    def column(self, name: str) -> Floats:
        """Return the (rows,) values of a feature."""
        return self.values[:, self.features.index(name)]

    def usable(self, implausible: str) -> Floats:
        """Return the values; implausible ones are NaN where ``preprocess.implausible`` is "missing"."""
        return np.where(self.implausible, np.nan, self.values) if implausible == "missing" else self.values

    def copies(self, columns: Sequence[str]) -> Integers:
        """Return (rows,) numbers: rows equal in all the columns share one; an empty cell equals an empty cell."""
        return self._numbered(("equal", *columns), lambda: equal_rows([*map(self.level, columns)]))

    def profiles(self, columns: Sequence[str]) -> Integers:
        """Return (rows,) numbers: rows that are equal in the columns, or may be where a cell is empty, share one."""
        return self._numbered(("linked", *columns), lambda: linked_rows([*map(self.level, columns)], self.copies(columns)))

    def together(self, columns: Sequence[str]) -> Integers | None:
        """Return (rows,) numbers from 0: rows that share a patient, or a profile of the columns, share one; None for neither."""
        kept = [self.profiles(columns)] if columns else []
        kept += [] if self.patients is None else [self.patients]
        return kept[0] if len(kept) == 1 else chained(kept) if kept else None

    def _numbered(self, key: tuple[str, ...], number: Callable[[], Integers]) -> Integers:
        """Number the rows, or the values of a column, once, however many stages ask."""
        if key not in self._numbers:
            self._numbers[key] = number()
        return self._numbers[key]

    def level(self, name: str) -> Integers:
        """Return (rows,) numbers of a column's values, in their order, from 0; -1 for an empty cell."""
        return self._numbered(("level", name), partial(self._level, name))

    def _level(self, name: str) -> Integers:
        if name in self.features:
            values = self.column(name)
            return np.where(np.isnan(values), -1, numbered(values))
        texts = self.others[name]
        return texts.places - (texts.different[:1] == ("",))  # the empty text is the first
