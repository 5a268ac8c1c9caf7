"""A table of named, typed, validated columns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pandas as pd

from pipeline.data.profiles import equal_rows, linked_rows
from pipeline.machine.arrays import Integers

Labels: TypeAlias = "pd.Series[str]"


@dataclass(frozen=True)
class Table:
    """The columns that the config names, row for row as in the file.

    Attributes:
        features: float64, one column a feature in the order of the config; NaN where the cell is empty.
        target: class names, categories in the order of ``data.codes``.
        others: the redundant columns, and those to group by that are no features, as text, blanks around values removed.
        implausible: bool, shaped like ``features``: outside the plausible range; empty cells are not.
        path: the file as it was named.
        sha256: of the file's bytes.
    """

    features: pd.DataFrame
    target: Labels
    others: pd.DataFrame
    implausible: pd.DataFrame
    path: str
    sha256: str
    _numbers: dict[tuple[str, ...], Integers] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.features)

    def class_indices(self) -> Integers:
        """Return each row's class as its index in ``data.codes``."""
        return np.asarray(self.target.cat.codes, dtype=np.int64)

    def counts(self, rows: Integers | slice = slice(None)) -> dict[str, int]:
        """Return how many of these rows are of each class, in the order of ``data.codes``."""
        counts = np.bincount(self.class_indices()[rows], minlength=len(self.target.cat.categories))
        return dict(zip(self.target.cat.categories, counts.tolist(), strict=True))

    def usable(self, implausible: str) -> pd.DataFrame:
        """Return the features; implausible values are NaN where ``preprocess.implausible`` is "missing"."""
        return self.features.mask(self.implausible) if implausible == "missing" else self.features

    def copies(self, columns: Sequence[str]) -> Integers:
        """Return (rows,) numbers: rows equal in all the columns share one; an empty cell equals an empty cell."""
        return self._numbered(("equal", *columns), lambda: equal_rows(self._cells(columns)))

    def profiles(self, columns: Sequence[str]) -> Integers:
        """Return (rows,) numbers: rows that are equal in the columns, or may be where a cell is empty, share one."""
        return self._numbered(("linked", *columns), lambda: linked_rows(self._cells(columns), self.copies(columns)))

    def _numbered(self, key: tuple[str, ...], number: Callable[[], Integers]) -> Integers:
        """Number the rows once, however many stages ask."""
        if key not in self._numbers:
            self._numbers[key] = number()
        return self._numbers[key]

    def _cells(self, columns: Sequence[str]) -> pd.DataFrame:
        others = self.others.mask(self.others == "")
        return pd.concat([self.features[name] if name in self.features else others[name] for name in columns], axis=1)
