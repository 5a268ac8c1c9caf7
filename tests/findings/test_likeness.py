"""Columns that name patients: found, and no other column taken for one."""

import io
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from pipeline.config.schema import Config
from pipeline.data.load import load
from pipeline.data.split import split
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.finding import Finding
from pipeline.findings.registry import find

Call = Callable[..., tuple[int, dict, str]]


def doubts(frame: pd.DataFrame, folder: Path, features: list[str], **split_settings: object) -> list[Finding]:
    """The findings D211 about columns that name patients; columns that are no features are not declared."""
    path = folder / "patients.csv"
    frame.to_csv(path, index=False)
    data = {"path": str(path), "target": "ill", "codes": {"no": 0, "yes": 1}, "features": dict.fromkeys(features)}
    config = Config.model_validate({"data": data, "split": split_settings})
    table = load(config.data, config.split.group_by or ())
    facts = DataFacts(table, split(table, config.split), config)
    return [each for each in find("D", facts, ()) if each.code == "D211" and "patient" in each.message]


def patients(seed: int, likeness: float = 0.9, count: int = 150) -> pd.DataFrame:
    """Patients of two to five rows, ``likeness`` of whose variance is the patients', with an age and a yes/no column."""
    random = np.random.default_rng(seed)
    patient = np.repeat(np.arange(count), random.integers(2, 6, count))
    own, noise = random.normal(size=(count, 5))[patient], random.normal(size=(len(patient), 5))
    values = (own * likeness**0.5 + noise * (1 - likeness) ** 0.5) @ random.normal(size=(5, 5))
    frame = pd.DataFrame(values.round(2), columns=list("abcde")).assign(
        age=(50 + 9 * values[:, 0] / values[:, 0].std()).round(),
        smoker=(values[:, 1] > 0).astype(int),
        number=random.permutation(9999)[:count][patient],
        ill=np.where(values[:, 0] + values[:, 2] > 0, "yes", "no"),
    )
    frame["name"] = [f"P-{number:x}" for number in frame["number"]]
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


INPUTS = [*"abcde", "age", "smoker"]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["number", "name"])
def test_an_undeclared_column_of_patients_is_named(seed: int, name: str, tmp_path: Path) -> None:
    frame = patients(seed)
    (doubt,) = doubts(frame[[*INPUTS, "ill", name]], tmp_path, INPUTS)
    assert doubt.evidence["columns"] == [name]
    assert doubt.fix == f"diabetes-pipeline train --set data.patient={name}"
    assert doubts(frame[[*INPUTS, "ill", name]], tmp_path, INPUTS, group_by=[name]) == []  # on one side only


def test_a_feature_of_patients_is_named(tmp_path: Path) -> None:
    (doubt,) = doubts(patients(7).drop(columns="name"), tmp_path, [*INPUTS, "number"])
    assert doubt.evidence["columns"] == ["number"]
    assert shlex.split(doubt.fix)[2:] == ["--set", "~data.features.number", "--set", "data.patient=number"]


@pytest.mark.parametrize("size", [2, 3, 4])
def test_neighbours_of_one_patient_are_seen_where_nothing_names_them(size: int, tmp_path: Path) -> None:
    frame = patients(size, count=600)
    rows = frame.groupby("number")["ill"]
    frame = frame[(rows.cumcount() < size) & (rows.transform("size") >= size)]
    together = frame.sort_values("number", kind="stable").reset_index(drop=True)
    (doubt,) = doubts(together[[*INPUTS, "ill"]], tmp_path, INPUTS)
    assert doubt.message.startswith("rows that follow one another seem to be of one patient: ")
    train, test = train_test_split(together["number"], test_size=0.2, random_state=5)
    assert doubt.evidence["rows"] == test.isin(train).sum()
    assert doubt.evidence["columns"] == []
    assert doubts(together[[*INPUTS, "ill"]].sample(frac=1, random_state=size), tmp_path, INPUTS) == []
    assert doubts(together[[*INPUTS, "ill", "number"]], tmp_path, INPUTS, group_by=["number"]) == []


@pytest.mark.parametrize("seed", range(12))
def test_rows_that_are_sorted_or_drift_are_of_no_patient(seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    frame = patients(seed, likeness=0)[[*INPUTS, "ill"]]
    keys = ["a"], ["ill", "age"], [*random.permutation(INPUTS)], ["smoker", "age", "b"]
    for by in keys:
        assert doubts(frame.sort_values(by, kind="stable"), tmp_path, INPUTS) == []
    coarse = frame.assign(**{name: pd.qcut(frame[name], 4, labels=False) for name in "abcde"})
    assert doubts(coarse.sort_values([*INPUTS]), tmp_path, INPUTS) == []
    assert doubts(frame.assign(c=random.normal(size=len(frame)).cumsum()), tmp_path, INPUTS) == []


def test_rows_on_both_sides_are_counted_exactly(tmp_path: Path) -> None:
    frame = patients(8)
    (doubt,) = doubts(frame.drop(columns="name"), tmp_path, INPUTS)
    train, test = train_test_split(frame["number"], test_size=0.2, random_state=5)
    assert doubt.evidence["details"]["number"]["rows"] == test.isin(train).sum()


def innocent(seed: int) -> pd.DataFrame:
    """One row a patient, with columns that repeat and name nobody: age, site, weight of which inputs follow, dates, a wound."""
    random = np.random.default_rng(seed)
    rows, sites = int(random.integers(200, 1200)), int(random.integers(3, 12))
    hidden = random.normal(size=(rows, 3))
    site = random.integers(sites, size=rows)
    values = hidden @ random.normal(size=(3, 5)) + random.normal(size=(rows, 5)) * random.choice([0.1, 0.5, 1])
    values += random.normal(size=(sites, 5))[site]  # a site that differs
    day = np.sort(random.integers(400, size=rows))
    values[:, 3] += day / 200  # a column that drifts
    frame = pd.DataFrame(np.exp(values / 3) if seed % 3 == 0 else values, columns=list("abcde")).round(2)
    return frame.assign(
        age=(50 + 12 * hidden[:, 0]).round(),
        weight=(75 + 15 * values[:, 0] / values[:, 0].std()).round(random.integers(2)),
        site=[f"centre {number}" for number in site],
        entered=pd.to_datetime("2021-03-01") + pd.to_timedelta(day, unit="D"),
        seen=(pd.to_datetime("2021-03-01") + pd.to_timedelta(day, unit="D")).strftime("%d.%m.%Y"),
        day=day + 44000,
        ward=random.integers(1, 60, rows),
        wound=random.choice(["open", "closed", "none"], rows),
        ill=np.where(values[:, 0] + random.normal(size=rows) > 0, "yes", "no"),
    )


@pytest.mark.parametrize("seeds", [range(20), pytest.param(range(20, 600), marks=pytest.mark.slow)], ids=["20", "600"])
def test_no_other_column_is_taken_for_patients(seeds: range, tmp_path: Path) -> None:
    named = {seed: doubts(innocent(seed), tmp_path, [*"abcde", "age"]) for seed in seeds}
    assert {seed: found for seed, found in named.items() if found} == {}


def test_copies_are_no_patients(tmp_path: Path) -> None:
    """Equal rows share every value, also of columns that are measured finely."""
    frame = innocent(1).assign(platelets=np.random.default_rng(0).integers(100, 2000, len(innocent(1))))
    assert doubts(pd.concat([frame, frame]), tmp_path, [*"abcde", "age", "platelets"]) == []


def test_parquet_columns_that_are_no_text_are_left_alone(tmp_path: Path) -> None:
    frame = patients(3)
    frame["list"] = [[1, 2]] * len(frame)
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    (tmp_path / "p.parquet").write_bytes(buffer.getvalue())
    data = {"path": str(tmp_path / "p.parquet"), "target": "ill", "codes": {"no": 0, "yes": 1}, "features": {"a": None}}
    table = load(Config.model_validate({"data": data}).data)
    assert "list" not in table.unnamed
    assert len(table.unnamed["number"].different) == frame["number"].nunique()
