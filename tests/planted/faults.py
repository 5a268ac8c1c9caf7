"""The 35 kinds of faults, each planted in a clean table at two strengths, with the codes that name it.

The classes of the table lie 1.5 to 2.5 standard deviations apart: a figure that somebody would believe. Where a fault is about
the split, the rows of the test are those that the split of the configuration draws.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from tests.planted.clean import AGE, TARGET, Case, Column, Kind, Places, clean

SEED = 5  # of the split
WRONG = "E405", "E407"


@dataclass(frozen=True)
class Planted:
    """A table with a fault.

    Attributes:
        columns: the columns that the fault is in; a finding that names columns must name one of them. Empty: any.
        rows: the rows that it is in, by their number from 0; empty where that says nothing.
    """

    case: Case
    columns: tuple[str, ...] = ()
    rows: Places = field(default_factory=lambda: np.arange(0))


Plant = Callable[["Soil", bool], Planted]


@dataclass(frozen=True)
class Fault:
    """A kind of fault.

    Attributes:
        plant: puts it into a table, strong or weak.
        codes: those that name it; "refused" is an error that names the column or the class and ends with 2.
        kinds: the kinds of tables that it can be in.
        reasons: why it is missed for good reason, "strong" or "weak".
    """

    plant: Plant
    codes: tuple[str, ...]
    kinds: tuple[Kind, ...] = ("questionnaire", "laboratory", "physiology")
    reasons: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Soil:
    """What a fault is planted in."""

    case: Case
    random: np.random.Generator

    @property
    def frame(self) -> pd.DataFrame:
        return self.case.frame

    @property
    def truth(self) -> Places:
        """The (rows,) number of each row's class."""
        return np.array([self.case.population.classes.index(name) for name in self.frame[TARGET]])

    @property
    def features(self) -> list[str]:
        return list(self.case.config["data"]["features"])

    @property
    def fine(self) -> list[Column]:
        return [column for column in self.case.population.columns if column.fine]

    def parts(self) -> tuple[Places, Places]:
        """Return the numbers of the training and of the test rows, as the split draws them; see ``ShuffleSplit``."""
        rows = len(self.frame)
        drawn = np.random.RandomState(SEED).permutation(rows)
        tested = ceil(0.2 * rows)
        return drawn[tested:], drawn[:tested]

    def some(self, rows: Places | int, share: float) -> Places:
        """Return a share of the rows, at least one."""
        rows = np.arange(rows) if isinstance(rows, int) else rows
        return self.random.choice(rows, max(1, round(share * len(rows))), replace=False)

    def made(self, frame: pd.DataFrame, *columns: str, rows: Places | None = None, **config: Any) -> Planted:
        """Return the frame as what was planted; ``config`` are sections, merged into those that are there."""
        sections = deepcopy(self.case.config)
        for name, section in config.items():
            sections[name] = sections.get(name, {}) | section
        return Planted(replace(self.case, frame=frame, config=sections), columns, np.arange(0) if rows is None else np.sort(rows))

    def with_columns(self, cells: dict[str, Any]) -> Planted:
        """Return the table with features more."""
        data = self.case.config["data"]
        features = data["features"] | {name: {} for name in cells}
        return self.made(self.frame.assign(**cells), *cells, data={"features": features}, evaluation=self.profiles(features))

    def without_ranges(self, *names: str) -> dict[str, Any]:
        """Return the section ``data`` of somebody who declared no range for these columns."""
        data = self.case.config["data"]
        kept = {
            name: {key: value for key, value in feature.items() if key != "range" or name not in names}
            for name, feature in data["features"].items()
        }
        return {"features": kept}

    def with_range(self, column: Column) -> dict[str, Any]:
        """Return the section ``data`` of somebody who declared the range of a column."""
        features = self.case.config["data"]["features"]
        return {"features": features | {column.name: features[column.name] | {"range": list(column.range or ())}}}

    def profiles(self, features: Any) -> dict[str, Any]:
        """Return the section ``evaluation`` with these columns as profile."""
        return {"unseen": {"group_by": list(features), "folds": 5}}


def planted(name: str, strong: bool, seed: int) -> Planted:
    """Return a fault of this name in a clean table of its own."""
    fault = FAULTS[name]
    place = list(FAULTS).index(name)
    apart = np.random.default_rng((seed, place)).uniform(1.5, 2.5)
    case = clean(1_000_000 + 100 * seed + place, fault.kinds[seed % len(fault.kinds)], apart)
    return fault.plant(Soil(case, np.random.default_rng((seed, place, int(strong)))), strong)


def overwritten(soil: Soil, taken: Places, given: Places) -> pd.DataFrame:
    """Return the table in which the rows ``taken`` hold what ``given`` hold, but for what names a record."""
    frame = soil.frame.copy()
    cells = [*soil.features, TARGET]
    frame.loc[taken, cells] = frame.loc[given, cells].to_numpy()
    return frame.infer_objects().astype(soil.frame.dtypes.to_dict())


def copies_in_training(soil: Soil, strong: bool) -> Planted:
    train, _ = soil.parts()
    rows = soil.some(train, 0.3 if strong else 0.05)
    return soil.made(overwritten(soil, rows, soil.random.choice(np.setdiff1d(train, rows), len(rows))), rows=rows)


def copies_across(soil: Soil, strong: bool) -> Planted:
    train, test = soil.parts()
    rows = soil.some(test, 0.3 if strong else 0.05)
    return soil.made(overwritten(soil, rows, soil.random.choice(train, len(rows), replace=False)), rows=rows)


def near_copies(soil: Soil, share: float, change: Callable[[pd.Series, Column], pd.Series]) -> Planted:
    """Rows that hold another row's values, changed in every fine column."""
    rows = soil.some(len(soil.frame), share)
    others = np.setdiff1d(np.arange(len(soil.frame)), rows)
    frame = overwritten(soil, rows, soil.random.choice(others, len(rows), replace=False))
    for column in soil.fine:
        frame.loc[rows, column.name] = change(frame.loc[rows, column.name], column)
    return soil.made(frame, rows=rows)


def jittered(soil: Soil, strong: bool) -> Planted:
    def change(cells: pd.Series, column: Column) -> pd.Series:
        noise = soil.random.normal(size=len(cells))
        return cells * (1 + 1e-6 * noise) if strong else cells + 0.01 * soil.frame[column.name].std() * noise

    return near_copies(soil, 0.2 if strong else 0.05, change)


def rounded(soil: Soil, strong: bool) -> Planted:
    return near_copies(
        soil, 0.2 if strong else 0.05, lambda cells, column: (cells / (10 * column.step)).round() * 10 * column.step
    )


def conflicting_labels(soil: Soil, strong: bool) -> Planted:
    rows = soil.some(len(soil.frame), 0.05 if strong else 0.01)
    frame = overwritten(soil, rows, soil.random.choice(np.setdiff1d(np.arange(len(soil.frame)), rows), len(rows)))
    return soil.made(relabelled(soil, frame, rows), rows=rows)


def relabelled(soil: Soil, frame: pd.DataFrame, rows: Places) -> pd.DataFrame:
    """Return the frame with another class in these rows."""
    names, frame = soil.case.population.classes, frame.copy()
    other = [soil.random.choice([name for name in names if name != label]) for label in frame.loc[rows, TARGET]]
    frame.loc[rows, TARGET] = np.array(other, dtype=object)
    return frame


def wrong_labels(soil: Soil, strong: bool) -> Planted:
    rows = soil.some(len(soil.frame), 0.15 if strong else 0.05)
    return soil.made(relabelled(soil, soil.frame, rows), rows=rows)


def noisy_leak(soil: Soil, strong: bool) -> Planted:
    noise = soil.random.normal(size=len(soil.frame)) * (0.15 if strong else 0.35)
    return soil.with_columns({"Score": (soil.truth + noise).round(2)})


def monotone_leak(soil: Soil, strong: bool) -> Planted:
    order = soil.truth + soil.random.random(len(soil.frame))
    if not strong:  # a part of the patients is scored without regard to the class
        rows = soil.some(len(order), 0.05)
        order[rows] = soil.random.permutation(order[rows])
    return soil.with_columns({"Index": np.exp(2 * order).round(1)})


def gaps(soil: Soil, strong: bool) -> Planted:
    column, ill = soil.fine[0].name, soil.truth == soil.truth.max()
    empty = soil.random.random(len(ill)) < np.where(ill, 0.4 if strong else 0.15, 0.02)
    return soil.made(soil.frame.assign(**{column: soil.frame[column].mask(empty)}), column)


def code_in_a_class(soil: Soil, strong: bool) -> Planted:
    column, ill = soil.fine[0].name, soil.truth == soil.truth.max()
    coded = ill & (soil.random.random(len(ill)) < (0.2 if strong else 0.04))
    frame = soil.frame.assign(**{column: soil.frame[column].mask(coded, -999)})
    return soil.made(frame, column, data=soil.without_ranges(column))


def row_number(soil: Soil, strong: bool) -> Planted:
    rows = len(soil.frame)
    numbers = np.arange(rows) + 1 if strong else 20_001 + soil.random.permutation(3 * rows)[:rows]
    return soil.with_columns({"Number": numbers})


def sorted_file(soil: Soil, strong: bool) -> Planted:
    order, some = np.arange(len(soil.frame)), len(soil.frame) if strong else len(soil.frame) // 3
    order[:some] = order[:some][np.argsort(soil.truth[:some], kind="stable")]
    return soil.made(soil.frame.iloc[order].reset_index(drop=True), TARGET)


def units(soil: Soil, strong: bool, inside: bool) -> Planted:
    name, factor = [("Glucose", 18.016), ("Cholesterol", 38.67), ("Creatinine", 1 / 88.42)][int(soil.random.integers(3))]
    column = next(column for column in soil.case.population.columns if column.name == name)
    rows = soil.some(len(soil.frame), (0.2 if strong else 0.03) if inside else (0.1 if strong else 0.01))
    frame = soil.frame.copy()
    frame.loc[rows, name] = (frame.loc[rows, name] * factor).round(2)
    data = soil.without_ranges(name) if inside else soil.with_range(column)
    return soil.made(frame, name, rows=rows, data=data)


def decimal_shift(soil: Soil, strong: bool) -> Planted:
    column = next(column for column in soil.fine if column.name in ("Cholesterol", "HbA1c", "Height", "Weight", "BMI"))
    rows, frame = soil.some(len(soil.frame), 0.05 if strong else 0.005), soil.frame.copy()
    frame.loc[rows, column.name] *= 10
    return soil.made(frame, column.name, rows=rows, data=soil.with_range(column))


def code_outside(soil: Soil, strong: bool) -> Planted:
    column = soil.fine[0]
    rows, frame = soil.some(len(soil.frame), 0.05 if strong else 0.005), soil.frame.copy()
    frame.loc[rows, column.name] = soil.random.choice([-9, -1, 9999])
    return soil.made(frame, column.name, rows=rows, data=soil.with_range(column))


def code_inside(soil: Soil, strong: bool) -> Planted:
    """A 0 or a 99 where no range is declared, or the mean in the place of what is missing."""
    column = soil.fine[-1 if soil.case.population.kind != "questionnaire" else 0]
    cells, rows = soil.frame[column.name], soil.some(len(soil.frame), 0.1 if strong else 0.02)
    end = 0.0 if soil.random.random() < 0.5 else 10.0 ** (np.floor(np.log10(cells.max())) + 1) - column.step
    value = round(cells.mean(), 2) if column.step < 1 and soil.random.random() < 0.4 else end
    frame = soil.frame.copy()
    frame.loc[rows, column.name] = value
    return soil.made(frame, column.name, rows=rows, data=soil.without_ranges(column.name))


def constant(soil: Soil, strong: bool) -> Planted:
    cells = np.ones(len(soil.frame))
    if not strong:
        cells[soil.some(len(cells), 0.003)] = 2
    return soil.with_columns({"Device": cells})


def identical(soil: Soil, strong: bool) -> Planted:
    """The same column again; or, weak, with one in a hundred cells corrected in one of the two."""
    name, cells = soil.fine[0].name, soil.frame[soil.fine[0].name].copy()
    if not strong:
        rows = soil.some(len(cells), 0.01)
        cells[rows] = soil.random.permutation(cells)[: len(rows)]
    planted = soil.with_columns({"Again": cells})
    return replace(planted, columns=("Again", name))


def collinear(soil: Soil, strong: bool) -> Planted:
    """A total beside its parts, or, weak, one that was rounded."""
    first, second = (soil.frame[column.name] / soil.frame[column.name].std() for column in soil.fine[:2])
    total = first + second
    planted = soil.with_columns({"Total": total if strong else (total * 15).round() / 15})
    return replace(planted, columns=("Total", *(column.name for column in soil.fine[:2])))


def drift(soil: Soil, strong: bool) -> Planted:
    column, along = soil.fine[0], np.linspace(0, 1, len(soil.frame))
    shift = (1.5 if strong else 0.5) * soil.frame[column.name].std() * along
    cells = ((soil.frame[column.name] + shift) / column.step).round() * column.step
    return soil.made(soil.frame.assign(**{column.name: cells}), column.name)


def batch_in_test(soil: Soil, strong: bool) -> Planted:
    """The test rows come from another device."""
    _, test = soil.parts()
    frame = soil.frame.copy()
    for column in soil.fine[:2]:
        moved = frame.loc[test, column.name] + (1.0 if strong else 0.4) * frame[column.name].std()
        frame.loc[test, column.name] = (moved / column.step).round() * column.step
    return soil.made(frame, *(column.name for column in soil.fine[:2]), rows=test)


def imbalance(soil: Soil, strong: bool) -> Planted:
    """One row of the last class among 100 others, or among 20."""
    rare, others = (np.flatnonzero((soil.truth == soil.truth.max()) == last) for last in (True, False))
    few = soil.random.choice(rare, max(5, len(others) // (100 if strong else 20)), replace=False)
    kept = np.sort(np.append(others, few))
    return soil.made(soil.frame.iloc[kept].reset_index(drop=True), str(soil.case.population.classes[-1]))


def outliers(soil: Soil, strong: bool, several: bool) -> Planted:
    """Values ten standard deviations out, in a hundredth or two of the rows; or eight, in three rows."""
    chosen = soil.fine[: 2 if several else 1]
    rows = soil.some(len(soil.frame), 0.02 if strong else 3 / len(soil.frame))
    frame, data = soil.frame.copy(), soil.case.config["data"]["features"]
    for column in chosen:
        out = frame[column.name].mean() + (10 if strong else 8) * frame[column.name].std()
        frame.loc[rows, column.name] = (out * soil.random.uniform(1, 1.1, len(rows)) / column.step).round() * column.step
        data = data | {column.name: narrow(soil, column)}
    return soil.made(frame, *(column.name for column in chosen), rows=rows, data={"features": data})


def narrow(soil: Soil, column: Column) -> dict[str, Any]:
    """Return a column with the range of somebody who knows what is usual: six standard deviations about the mean."""
    cells = soil.frame[column.name]
    ends = cells.mean() + np.array([-6, 6]) * cells.std()
    low, high = min(ends[0], cells.min()), max(ends[1], cells.max())
    return {"unit": column.unit, "range": [float(np.floor(low)), float(np.ceil(high))]}


def noise(soil: Soil, strong: bool) -> Planted:
    rows = len(soil.frame)
    return soil.with_columns({f"Noise {place}": soil.random.normal(size=rows).round(2) for place in range(20 if strong else 5)})


def patients(soil: Soil, strong: bool) -> Planted:
    """Four visits of each patient, much alike; or two, of which the second differs by half a standard deviation and more."""
    visits, apart = (4, 0.15) if strong else (2, 0.5)
    rows = len(soil.frame)
    people = np.repeat(np.arange(-(-rows // visits)), visits)[:rows]
    frame = soil.frame.iloc[people].reset_index(drop=True)
    for column in soil.case.population.columns:
        cells = frame[column.name]
        if column.fine:
            kept = (1 - apart**2) ** 0.5 if apart > 0.3 else 1.0
            moved = cells.mean() + kept * (cells - cells.mean()) + apart * cells.std() * soil.random.normal(size=rows)
            frame[column.name] = ((moved / column.step).round() * column.step).clip(*(column.range or ()))
        elif column.shape in ("grade", "yes", "count"):
            again = soil.random.random(rows) < apart / 2
            frame[column.name] = cells.where(~again, soil.random.permutation(soil.frame[column.name])[:rows])
    names = soil.random.permutation(90_000)[: people.max() + 1] + 10_000
    frame = frame.drop(columns="Record", errors="ignore").assign(Patient=names[people])
    return soil.made(frame.iloc[soil.random.permutation(rows)].reset_index(drop=True), "Patient")


def text_cells(soil: Soil, strong: bool) -> Planted:
    name = soil.fine[0].name
    rows = soil.some(len(soil.frame), 0.02 if strong else 0.0001)
    cells = soil.frame[name].astype(object)
    cells[rows] = "high" if strong else f"<{soil.frame[name].min():g}"
    return soil.made(soil.frame.assign(**{name: cells}), name, rows=rows)


def class_spellings(soil: Soil, strong: bool) -> Planted:
    rows, frame = soil.some(len(soil.frame), 0.05 if strong else 0.0001), soil.frame.copy()
    frame.loc[rows, TARGET] = frame.loc[rows, TARGET].str.capitalize()
    return soil.made(frame, TARGET, rows=rows)


def older(soil: Soil, share: float) -> Places:
    """Return the rows of the oldest patients, about that share, and what divides them from the others."""
    limit = soil.frame[AGE.name].quantile(1 - share)
    return np.flatnonzero(soil.frame[AGE.name] >= limit)


def wrong_in_subgroup(soil: Soil, strong: bool) -> Planted:
    inside = older(soil, 0.3)
    rows = soil.some(inside, 0.4 if strong else 0.2)
    return soil.made(relabelled(soil, soil.frame, rows), rows=rows, evaluation=_subgroup(soil, inside))


def subgroup_without_signal(soil: Soil, strong: bool) -> Planted:
    inside, frame = older(soil, 0.3 if strong else 0.1), soil.frame.copy()
    frame.loc[inside, TARGET] = soil.random.permutation(frame.loc[inside, TARGET].to_numpy())
    return soil.made(frame, rows=inside, evaluation=_subgroup(soil, inside))


def _subgroup(soil: Soil, inside: Places) -> dict[str, Any]:
    return {"subgroups": {AGE.name: [float(soil.frame.loc[inside, AGE.name].min())]}}


def label_shift(soil: Soil, strong: bool) -> Planted:
    """The last class is more frequent in the test: there, rows of others are replaced by new ones of that class."""
    _, test = soil.parts()
    others = test[soil.truth[test] != soil.truth.max()]
    rows = soil.some(others, 0.6 if strong else 0.3)
    new = soil.case.population.draw(20 * len(rows), soil.random)
    new = new[new[TARGET] == soil.case.population.classes[-1]].iloc[: len(rows)]
    frame, cells = soil.frame.copy(), [*soil.features, TARGET]
    frame.loc[rows, cells] = new[cells].to_numpy()
    return soil.made(frame.astype(soil.frame.dtypes.to_dict()), TARGET, rows=rows)


def overfitting(soil: Soil, strong: bool) -> Planted:
    """A network far too large for its rows, without a penalty; or one somewhat too large."""
    frame = soil.frame.iloc[: 400 if strong else 600]
    return soil.made(frame, network={"hidden": [64] if strong else [24]}, training={"l2": 0.0, "epochs": 200})


def miscalibration(soil: Soil, strong: bool) -> Planted:
    """Probabilities that are far too sure: trained to the end on few rows."""
    network = {"hidden": [32] if strong else [8], "output": "softmax"}
    return soil.made(soil.frame.iloc[:600], network=network, training={"l2": 0.0, "epochs": 200})


def too_few_rows(soil: Soil, strong: bool) -> Planted:
    return soil.made(soil.frame.iloc[: 40 if strong else 80])


FINE: tuple[Kind, ...] = ("laboratory", "physiology")
FAULTS: dict[str, Fault] = {
    "copies in training": Fault(copies_in_training, ("D204",)),
    "copies across the split": Fault(copies_across, ("D205",)),
    "near-copies, jittered": Fault(jittered, ("D210",), FINE),
    "near-copies, rounded": Fault(rounded, ("D210",), FINE),
    "conflicting labels": Fault(conflicting_labels, ("D208",)),
    "wrong labels": Fault(wrong_labels, ("E405", "D208")),
    "leak with noise": Fault(
        noisy_leak,
        ("D206",),
        reasons={"weak": "its classes lie less than three standard deviations apart: no other than a strong measurement"},
    ),
    "monotone leak": Fault(monotone_leak, ("D206",)),
    "telling gaps": Fault(gaps, ("D206",)),
    "a code in one class": Fault(code_in_a_class, ("D206", "D213", "D202")),
    "row number": Fault(row_number, ("D211",)),
    "sorted file": Fault(sorted_file, ("D215",)),
    "units mixed inside the range": Fault(lambda soil, strong: units(soil, strong, True), ("D214",), ("laboratory",)),
    "units mixed outside the range": Fault(lambda soil, strong: units(soil, strong, False), ("D202", "D214"), ("laboratory",)),
    "decimal shift": Fault(decimal_shift, ("D202", "D214")),
    "codes for missing outside the range": Fault(code_outside, ("D202",)),
    "codes for missing inside the range": Fault(code_inside, ("D213",)),
    "constant column": Fault(
        constant, ("D212",), reasons={"weak": "a few rows differ, as with a rare symptom: it may be what matters"}
    ),
    "identical columns": Fault(identical, ("D212",), reasons={"weak": "one cell in a hundred differs: two readings do too"}),
    "collinear columns": Fault(collinear, ("D212",)),
    "drift along the file": Fault(drift, ("D215",)),
    "batch effect in the test": Fault(batch_in_test, ("D216",)),
    "imbalance": Fault(imbalance, ("D209", "E401", "E408")),
    "outliers in one column": Fault(lambda soil, strong: outliers(soil, strong, False), ("D202",)),
    "outliers in several columns": Fault(lambda soil, strong: outliers(soil, strong, True), ("D202",)),
    "columns of noise": Fault(
        noise,
        (),
        reasons=dict.fromkeys(("strong", "weak"), "it harms nothing: what it costs is in the accuracy on unseen rows"),
    ),
    "patients on both sides": Fault(patients, ("D211",)),
    "text cells": Fault(text_cells, ("refused",)),
    "class spellings": Fault(class_spellings, ("refused",)),
    "wrong labels in a subgroup": Fault(wrong_in_subgroup, WRONG),
    "subgroup without signal": Fault(subgroup_without_signal, ("E407",)),
    "label shift": Fault(label_shift, ("D216",)),
    "overfitting": Fault(overfitting, ("E404",)),
    "miscalibration": Fault(miscalibration, ("E406",)),
    "too few rows": Fault(too_few_rows, ("D209",)),
}
