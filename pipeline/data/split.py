"""Divide the rows of a table into training and test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.config import SplitSection
from pipeline.data.load import Table
from pipeline.errors import DataError


@dataclass(frozen=True)
class Split:
    """Row numbers, counted from 0, in the order in which they are used.

    Attributes:
        train: rows to learn from.
        test: rows to be judged by.
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]


def split(table: Table, section: SplitSection) -> Split:
    """Split as scikit-learn's ``train_test_split`` does with the same seed, or by whole groups.

    Raises:
        DataError: the rows cannot be divided so, or the training rows hold a single class.
    """
    from sklearn.model_selection import GroupShuffleSplit, train_test_split

    rows = np.arange(len(table))
    try:
        if section.group_by:
            columns = [table.features[name] if name in table.features else table.others[name] for name in section.group_by]
            groups = columns[0].groupby(columns, dropna=False).ngroup().to_numpy()
            shuffle = GroupShuffleSplit(n_splits=1, test_size=section.test_size, random_state=section.seed)
            train, test = next(shuffle.split(rows, groups=groups))
        else:
            labels = table.target if section.stratify else None
            train, test = train_test_split(rows, test_size=section.test_size, random_state=section.seed, stratify=labels)
    except ValueError as error:
        reason = str(error).split(". ")[0].splitlines()[0]
        raise DataError(f'{table.path}: {len(table)} rows cannot be split as the section "split" says: {reason}') from None
    if table.target.iloc[train].nunique() < 2:
        raise DataError(
            f'{table.path}: the training rows hold only "{table.target.iloc[train[0]]}"; set another split.seed'
            + ("" if section.group_by else ", or split.stratify: true")
        )
    return Split(np.asarray(train), np.asarray(test))
