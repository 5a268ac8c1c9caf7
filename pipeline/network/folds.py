"""Folds that part no group of rows."""

import warnings

import numpy as np

from pipeline.machine.arrays import Integers


def by_groups(truth: Integers, groups: Integers, count: int, seed: int) -> Integers:
    """Return (rows,) fold numbers as scikit-learn's ``StratifiedGroupKFold`` deals the groups."""
    from sklearn.model_selection import StratifiedGroupKFold

    numbers, shuffle = np.zeros_like(truth), StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a rare class that misses in some folds is no obstacle
        for number, (_, test) in enumerate(shuffle.split(truth, truth, groups)):
            numbers[test] = number
    return numbers


def dealt(truth: Integers, groups: Integers, count: int) -> Integers:
    """Return (rows,) fold numbers such that no group is in two folds and each fold has its share of each class.

    ``StratifiedGroupKFold`` weighs each group against each fold, which takes 20 seconds for 20,000 groups. So groups that have
    equally many rows of each class are dealt out by ``StratifiedKFold``, where they are enough; it weighs the others only.
    """
    from sklearn.model_selection import StratifiedKFold

    sizes = np.zeros((truth.max() + 1, groups.max() + 1), dtype=np.int64)
    np.add.at(sizes, (truth, groups), 1)
    alike = np.unique(sizes, axis=1, return_inverse=True)[1].ravel()
    many = np.flatnonzero(np.bincount(alike)[alike] >= count)
    fold = np.arange(len(alike)) % count
    if len(many):
        shuffle = StratifiedKFold(count, shuffle=True, random_state=0)
        for number, (_, test) in enumerate(shuffle.split(many, alike[many])):
            fold[many[test]] = number
    numbers, others = fold[groups], np.flatnonzero(~np.isin(groups, many))
    most = np.bincount(truth[others], minlength=1).max()
    if min(len(np.unique(groups[others])), most) >= count:  # or scikit-learn refuses, and these few stay as numbered
        numbers[others] = by_groups(truth[others], groups[others], count, 0)
    return numbers
