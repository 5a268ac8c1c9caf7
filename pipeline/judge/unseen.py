"""Validation on unseen rows: each is answered by a model that never saw its profile, its patient, or a row equal to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.config.data_section import DataSection
from pipeline.config.schema import Config, PreprocessSection, SplitSection, UnseenSection
from pipeline.data.profiles import UNSEEN_WORDS, Together, chained
from pipeline.data.split import Split
from pipeline.data.table import Table
from pipeline.errors import DataError, counted, listing
from pipeline.machine.arrays import Flags, Floats32, Integers
from pipeline.model import Prepared, prepare
from pipeline.network.folds import by_groups, dealt

_REMEDY = "; lower evaluation.unseen.folds, choose other columns, or set evaluation.unseen=null"
_FOLDS = int(UnseenSection.model_fields["folds"].default)
_MANY_ROWS = 20_000  # beyond them two folds: their trainings, on half of the rows each, take as long as the one on all rows


@dataclass(frozen=True)
class Unseen:
    """What every row was answered while its profile, its patient, or the rows equal to it were held out.

    Attributes:
        groups: (rows,) number of the rows that are held out together.
        folds: (rows,) number of the fold that held it out.
        answers: (rows,) class indices of the "network" and of each baseline that could be fitted; -1 for no class.
        kind: what a group is.
        chances: (rows, classes) probabilities of the network, and of those baselines that judge labels, with NaN for a class
            that the fold lacked.
        possible: (rows, classes) which classes the network does not exclude.
        weights: of the network of each fold, one after the other; runs of earlier versions kept none.
    """

    groups: Integers
    folds: Integers
    answers: dict[str, Integers]
    kind: Together = "profiles"
    chances: dict[str, Floats32] = field(default_factory=dict)
    possible: Flags | None = None
    weights: Floats32 | None = None


@dataclass(frozen=True)
class HeldOut:
    """Which rows are held out together, in which folds, each prepared; there are no folds where none were wanted, or made."""

    kind: Together
    groups: Integers
    folds: tuple[Split, ...] = ()
    prepared: tuple[Prepared, ...] = ()

    def together(self, table: Table, rows: Integers, section: SplitSection) -> Integers:
        """Return (rows,) numbers of what stays together inside training rows: groups, those of the split, and equal rows."""
        of_split = table.together(section.group_by or ())
        kept = [self.groups, table.copies(table.features)] + ([] if of_split is None else [of_split])
        return chained([numbers[rows] for numbers in kept])


def held_out(table: Table, config: Config) -> HeldOut:
    """Divide the rows as ``evaluation.unseen`` says, and prepare the folds.

    "auto" keeps the rows of a patient together, or else rows equal in every feature, in as many folds as the rows allow.

    Raises:
        DataError: the columns that are named make no such folds, or the training rows of a fold cannot be preprocessed.
    """
    section, sections = config.evaluation.unseen, (config.data, config.preprocess)
    if isinstance(section, UnseenSection):
        folds = folds_of(table, section)
        return HeldOut("profiles", profiles_of(table, section), folds, tuple(prepare_folds(table, folds, *sections)))
    kind: Together = "rows" if table.patients is None else "patients"
    groups = table.copies(table.features) if table.patients is None else table.patients
    most = max(len(np.unique(groups[table.truth == place])) for place in np.unique(table.truth))
    for count in range(min(most, 2 if len(table) > _MANY_ROWS else _FOLDS), 1, -1) if section else ():
        try:
            folds = _usable(table, dealt(table.truth, groups, count), count, "")
            return HeldOut(kind, groups, folds, tuple(prepare_folds(table, folds, *sections)))
        except DataError:  # one fold less may do
            continue
    return HeldOut(kind, groups)


def profiles_of(table: Table, section: UnseenSection) -> Integers:
    """Return (rows,) profile numbers, as ``Table.profiles`` does; those that share a patient are one.

    Raises:
        DataError: there are fewer profiles than folds.
    """
    groups = table.profiles(section.group_by)
    if table.patients is not None:
        groups = chained([groups, table.patients])
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
    groups, truth = profiles_of(table, section), table.truth
    refusal = f"{table.path}: the {groups.max() + 1} profiles of {listing(section.group_by)} cannot make {section.folds} folds"
    if max(np.bincount(truth)) < section.folds:  # which scikit-learn refuses
        raise DataError(f"{refusal}: no class has {section.folds} rows{_REMEDY}")
    return _usable(table, by_groups(truth, groups, section.folds, section.seed), section.folds, refusal)


def _usable(table: Table, numbers: Integers, count: int, refusal: str) -> tuple[Split, ...]:
    """Return the folds of (rows,) fold numbers; DataError if one is empty, or leaves one class to learn from."""
    folds = tuple(Split(np.flatnonzero(numbers != fold), np.flatnonzero(numbers == fold)) for fold in range(count))
    if any(len(np.unique(table.truth[fold.train])) < 2 or not len(fold.test) for fold in folds):
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
    held: HeldOut,
    answers: Sequence[dict[str, Integers]],
    chances: Sequence[dict[str, Floats32]] = ({},),
    possible: Sequence[dict[str, Flags]] = ({},),
) -> Unseen:
    """Lay the answers of each fold to its held-out rows out by row. What could not answer in some fold is left out altogether."""
    order = np.argsort(np.concatenate([fold.test for fold in held.folds]))
    numbers = np.repeat(np.arange(len(held.folds)), [len(fold.test) for fold in held.folds])[order]

    def laid(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
        everywhere = [name for name in parts[0] if all(name in given for given in parts)]
        return {name: np.concatenate([given[name] for given in parts])[order] for name in everywhere}

    return Unseen(held.groups, numbers, laid(answers), held.kind, laid(chances), laid(possible).get("network"))


def folds_note(unseen: Unseen | None, rows: int) -> str:
    """Return what a reader must know about the folds of "auto" where they are not the usual ones, as a sentence."""
    if unseen is None:
        return "accuracy on unseen rows was not measured: too few rows differ to hold some out and learn from the others"
    count = int(unseen.folds.max()) + 1
    if count == _FOLDS:
        return ""
    reason = f"the file has more than {_MANY_ROWS:,} rows" if rows > _MANY_ROWS else "too few rows differ"
    return f"accuracy on {UNSEEN_WORDS[unseen.kind]} is from {count} folds instead of {_FOLDS}: {reason}"
