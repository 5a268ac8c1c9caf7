"""Validation on unseen profiles: each row is answered by a model that never saw its profile."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.config.schema import DataSection, PreprocessSection, UnseenSection
from pipeline.data.split import Split
from pipeline.data.table import Table
from pipeline.errors import DataError, counted, listing
from pipeline.machine.arrays import Floats32, Integers
from pipeline.model import Prepared, prepare

_REMEDY = "; lower evaluation.unseen.folds, choose other columns, or set evaluation.unseen=null"


@dataclass(frozen=True)
class Unseen:
    """What every row was answered while its profile was held out.

    Attributes:
        groups: (rows,) number of each row's profile.
        folds: (rows,) number of the fold that held it out.
        answers: (rows,) class indices of the "network" and of each baseline that could be fitted; -1 for no class.
        chances: (rows, classes) probabilities of those baselines that judge labels; NaN for a class that the fold lacked.
    """

    groups: Integers
    folds: Integers
    answers: dict[str, Integers]
    chances: dict[str, Floats32] = field(default_factory=dict)


def profiles_of(table: Table, section: UnseenSection) -> Integers:
    """Return (rows,) profile numbers, as ``Table.profiles`` does.

    Raises:
        DataError: there are fewer profiles than folds.
    """
    groups = table.profiles(section.group_by)
    count = int(groups.max()) + 1
    if count < section.folds:
        linked = count < int(table.copies(section.group_by).max()) + 1
        gaps = " (rows with empty cells link the profiles that they may belong to)" if linked else ""
        profiles = f"{counted(count, 'profile')} of {listing(section.group_by)}{gaps}"
        raise DataError(f"{table.path}: {profiles} cannot make {section.folds} folds{_REMEDY}")
    return groups


def folds_of(table: Table, section: UnseenSection) -> tuple[Split, ...]:
    """Divide the rows into stratified folds that never share a profile, as scikit-learn's ``StratifiedGroupKFold`` does.

    Raises:
        DataError: there are fewer profiles, or fewer rows of every class, than folds, or a fold would leave one class only.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    groups, truth = profiles_of(table, section), table.truth
    refusal = f"{table.path}: the {groups.max() + 1} profiles of {listing(section.group_by)} cannot make {section.folds} folds"
    shuffle = StratifiedGroupKFold(section.folds, shuffle=True, random_state=section.seed)
    if max(np.bincount(truth)) < section.folds:  # which scikit-learn refuses
        raise DataError(f"{refusal}: no class has {section.folds} rows{_REMEDY}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a rare class that misses in some folds is no obstacle
        folds = tuple(Split(train, test) for train, test in shuffle.split(truth, truth, groups))
    if any(len(np.unique(truth[fold.train])) < 2 or not len(fold.test) for fold in folds):
        raise DataError(f"{refusal}, each with two classes to learn from{_REMEDY}")
    return folds


def prepare_folds(table: Table, folds: Sequence[Split], data: DataSection, preprocess: PreprocessSection) -> Iterator[Prepared]:
    """Yield the rows of each fold as inputs.

    Raises:
        DataError: the training rows of a fold cannot be preprocessed.
    """
    for number, fold in enumerate(folds, 1):
        try:
            yield prepare(table, fold, data, preprocess)
        except DataError as error:
            remedy = "choose other evaluation.unseen columns or folds, or set evaluation.unseen=null"
            raise DataError(*(f"fold {number} of {len(folds)}: {problem}; {remedy}" for problem in error.problems)) from None


def unseen_answers(
    groups: Integers,
    folds: Sequence[Split],
    answers: Sequence[dict[str, Integers]],
    chances: Sequence[dict[str, Floats32]] = ({},),
) -> Unseen:
    """Lay the answers of each fold to its held-out rows out by row. What could not answer in some fold is left out altogether."""
    order = np.argsort(np.concatenate([fold.test for fold in folds]))
    numbers = np.repeat(np.arange(len(folds)), [len(fold.test) for fold in folds])[order]

    def laid(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
        everywhere = [name for name in parts[0] if all(name in given for given in parts)]
        return {name: np.concatenate([given[name] for given in parts])[order] for name in everywhere}

    return Unseen(groups, numbers, laid(answers), laid(chances))
