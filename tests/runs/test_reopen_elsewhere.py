"""A run is evaluated on the file of another hospital, which names and writes things in its own way."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.clinic import clinic_rows

Call = Callable[..., tuple[int, dict, str]]


@pytest.fixture
def place(clinic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = shutil.copytree(clinic, tmp_path / "place", symlinks=True)
    monkeypatch.chdir(folder)
    return folder


def test_columns_that_differ_by_case_and_blanks_are_taken_and_told(place: Path, in_process: Call) -> None:
    rows = clinic_rows(200, seed=5)
    rows.loc[3, "smoking"] = "a pipe"
    rows.to_csv("own.csv", index=False)
    figures = in_process("evaluate", "models/latest", "--data", "own.csv")[1]
    theirs = rows.rename(columns=lambda name: f" {name.upper()} ").assign(remark="x")
    theirs[" GLUCOSE "] = theirs[" GLUCOSE "].str.replace(".", ",")
    theirs.to_csv("theirs.csv", index=False, sep=";")
    code, said, _ = in_process("evaluate", "models/latest", "--data", "theirs.csv")
    assert said["accuracy"]["test"] == figures["accuracy"]["test"]
    assert said["metrics"]["test"] == figures["metrics"]["test"]
    assert said["columns"]["glucose"]["gaps"] == (rows["glucose"] == "").sum()
    notes = " ".join(said["notes"])
    for told in ('separated by ";", decimal comma', 'column "GLUCOSE" is taken for "glucose"', "1 cell of a category"):
        assert told in notes
    scored = in_process("predict", "theirs.csv", "scored.csv")[1]
    assert scored["accuracy"] == figures["accuracy"]["test"]
    assert list(pd.read_csv("scored.csv", sep=";"))[:3] == list(theirs)[:3]
    assert code in (0, 1)


def test_a_column_that_is_not_there_is_one_line_with_the_closest_name(place: Path, in_process: Call) -> None:
    clinic_rows(50).rename(columns={"glucose": "glucoses"}).to_csv("theirs.csv", index=False)
    code, said, _ = in_process("evaluate", "models/latest", "--data", "theirs.csv")
    assert code == 2
    (line,) = said["error"]
    assert 'the column "glucose" is missing; did you mean "glucoses"?' in line
