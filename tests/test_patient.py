"""Rows of one patient stay together: in the split, in the folds, in the intervals."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import binomtest
from sklearn.model_selection import GroupShuffleSplit

from pipeline.config.schema import Config, SplitSection
from pipeline.data.load import load
from pipeline.data.profiles import chained
from pipeline.data.split import split
from pipeline.judge.grouped import accuracy_interval, grouped_interval
from pipeline.judge.metrics import wilson
from pipeline.judge.standing import standings
from pipeline.judge.unseen import held_out

Call = Callable[..., tuple[int, dict, str]]
DATA = "path: mine.csv, target: verdict, codes: {No: 0, yes: 1}, features: {a: {}, b: {}}"
QUICK = "training: {starts: 4, epochs: 30}\n"


@pytest.fixture
def rows(workplace: Path) -> pd.DataFrame:
    """120 patients of one to four rows, in a file without any order; two rows name nobody."""
    random = np.random.default_rng(0)
    patient = np.repeat(np.arange(120), random.integers(1, 5, 120))
    sick, middle = random.random(120) < 0.5, random.normal(size=(120, 2))
    frame = pd.DataFrame(middle[patient] + sick[patient, None] + random.normal(size=(len(patient), 2)) / 9, columns=["a", "b"])
    frame = frame.assign(verdict=np.where(sick[patient], "yes", "No"), ID=[f"p{number:03}" for number in patient])
    frame = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    frame.loc[[3, 5], "ID"] = ["", "NA"]
    frame.to_csv("mine.csv", index=False)
    Path("mine.yaml").write_text(f"data: {{{DATA}, patient: ID}}\n{QUICK}")
    return frame


def config(**data: object) -> Config:
    given = {"path": "mine.csv", "target": "verdict", "codes": {"No": 0, "yes": 1}, "features": {"a": None, "b": None}} | data
    return Config.model_validate({"data": given})


def test_the_split_is_scikit_learns_by_patients(rows: pd.DataFrame) -> None:
    table = load(config(patient="ID").data)
    names = rows["ID"].mask(rows["ID"].isin(["", "NA"]), "~" + rows.index.astype(str).str.zfill(4))
    parts = split(table, SplitSection(seed=3))
    train, test = next(GroupShuffleSplit(1, test_size=0.2, random_state=3).split(rows, groups=names))
    assert np.array_equal(parts.train, train)
    assert np.array_equal(parts.test, test)
    assert table.patients is not None
    assert len(np.unique(table.patients)) == names.nunique()


def test_patients_and_groups_are_joined(rows: pd.DataFrame) -> None:
    table, random = load(config(patient=["ID"]).data), np.random.default_rng(2)
    other = random.integers(250, size=len(rows))
    size, places = len(rows) + 1000, np.arange(len(rows))
    ends = np.r_[places, places], np.r_[len(rows) + table.patients, len(rows) + 500 + other]
    oracle = connected_components(coo_array((np.ones(2 * len(rows)), ends), shape=(size, size)), directed=False)[1][: len(rows)]
    pairs = pd.DataFrame({"ours": chained([table.patients, other]), "oracle": oracle}).drop_duplicates()
    assert pairs["ours"].is_unique
    assert pairs["oracle"].is_unique


@pytest.mark.parametrize("unseen", ["auto", {"group_by": ["a"], "folds": 4}])
def test_no_fold_parts_a_patient(rows: pd.DataFrame, unseen: object) -> None:
    settings = Config.model_validate(config(patient="ID").model_dump() | {"evaluation": {"unseen": unseen}})
    table = load(settings.data)
    held = held_out(table, settings)
    assert (held.kind, len(held.folds)) == (("patients", 6) if unseen == "auto" else ("profiles", 4))
    for fold in held.folds:
        assert not np.isin(table.patients[fold.test], table.patients[fold.train]).any()
        assert np.array_equal(np.sort(np.r_[fold.train, fold.test]), np.arange(len(rows)))


def test_intervals_and_p_values_count_patients() -> None:
    random = np.random.default_rng(4)
    patients, right = np.repeat(np.arange(50), 6), np.repeat(random.random(50) < 0.8, 6)
    assert accuracy_interval(right, patients, 0.95) == grouped_interval(right, patients, 0.95)
    by_rows = wilson(int(right.sum()), 300)
    assert accuracy_interval(right, None, 0.95) == accuracy_interval(right, np.arange(300), 0.95) == by_rows
    low, high = accuracy_interval(right, patients, 0.95)
    assert high - low > 1.5 * (by_rows[1] - by_rows[0])
    rival = np.repeat(random.random(50) < 0.9, 6)
    truth = np.ones(300, dtype=int)
    answers = {"network": right.astype(int), "mlp": rival.astype(int)}
    told = standings(truth, np.arange(300), answers, None, 0.95, patients)["mlp"]
    better, worse = int((rival & ~right)[::6].sum()), int((right & ~rival)[::6].sum())
    assert told.p == pytest.approx(binomtest(better, better + worse).pvalue)
    assert (told.better, told.worse) == (6 * better, 6 * worse)
    assert told.test_interval == grouped_interval(rival, patients, 0.95)


def test_a_run_keeps_patients_together_and_scores_files_that_name_none(rows: pd.DataFrame, in_process: Call) -> None:
    code, out, err = in_process("train", "mine.yaml")
    assert code == 0, err
    assert out["unseen"]["kind"] == "patients"
    assert out["network"]["layers"][0] == 2
    assert "On unseen patients (patients of whom no row was in training) the accuracy is " in out["verdict"][1]
    assert in_process("evaluate")[1] == out
    assert "patient:\n  - ID" in (Path(out["run"]) / "config.yaml").read_text()
    rows.drop(columns="ID").to_csv("others.csv", index=False)
    assert in_process("evaluate", "--data", "others.csv")[0] in (0, 1)
    assert in_process("predict", "others.csv", "out.csv")[1]["rows"] == len(rows)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("patient: a", 'mine.yaml:1: data.patient.0: "a" is also a feature'),
        ("patient: [ID, verdict]", '"verdict" is also data.target'),
        ("redundant: [ID], patient: ID", '"ID" is also in data.redundant'),
        ("patient: [ID, ID]", "is twice"),
        ("patient: 7", "quote it"),
        ("patient: []", "at least 1 item"),
    ],
)
def test_a_patient_has_no_other_role(rows: pd.DataFrame, in_process: Call, written: str, told: str) -> None:
    Path("mine.yaml").write_text(f"data: {{{DATA}, {written}}}\n{QUICK}")
    code, out, _ = in_process("check", "mine.yaml")
    assert code == 2
    assert any(told in line for line in out["error"]), out


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("data.patient=IDs", 'the column "IDs" is missing; did you mean "ID"'),
        ("split.stratify=true", "cannot be combined with data.patient"),
        ("split.group_by=[ID]", "has no effect on columns of data.patient"),
        ("split.test_size=0.999", "of 122 patients leaves none to train on"),
    ],
)
def test_what_cannot_be_with_patients_is_refused_in_a_line(rows: pd.DataFrame, in_process: Call, setting: str, told: str) -> None:
    code, out, _ = in_process("check", "mine.yaml", "--set", setting)
    assert code == 2
    assert any(told in line for line in out["error"]), out
