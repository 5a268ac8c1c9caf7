"""D204, D205 and D208 against pandas, on tables with known copies and on the real files."""

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.config.read import load_config
from pipeline.data.load import load
from pipeline.data.split import Split, split
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.registry import find
from pipeline.stages import check
from tests.conftest import ROOT
from tests.findings.builders import facts
from tests.tables import frame_of

DEFAULT = ROOT / "configs/default.yaml"
TWIN = ROOT / "data/diabetes.csv"


def found(given: DataFacts, code: str):
    return next((each for each in find("D", given, ()) if each.code == code), None)


def columns(rows=100, seed=0):
    """Three columns, the first with one decimal, in which no two rows are equal."""
    rng = np.random.default_rng(seed)
    return {"a": np.round(rng.normal(6, 2, rows), 1), "b": rng.normal(50, 9, rows), "c": rng.normal(0, 1, rows)}


LABELS = ["sick" if row % 3 else "well" for row in range(100)]


def copied(sources, targets, labels=LABELS, names=("a", "b", "c"), **more) -> DataFacts:
    """Facts in which rows were overwritten by others, their labels left as they are."""
    values = columns()
    for name in names:
        values[name][list(targets)] = values[name][list(sources)]
    return facts(values, labels, **more)


def test_d204_counts_rows_that_repeat_an_earlier_one():
    finding = found(copied([0, 0, 9], [3, 6, 12]), "D204")
    assert finding.evidence == {"rows": 3, "examples": [4, 7, 13], "row_numbers": [4, 7, 13]}
    assert "3 of 100 rows repeat an earlier row" in finding.message
    assert finding.fix == "remove rows 4, 7, 13 from the file: they are the repeats"


def test_d204_counts_as_pandas_does_and_shows_five_rows():
    given = copied(range(0, 30, 3), range(30, 60, 3))
    table = frame_of(given.table).assign(label=given.table.truth)
    finding = found(given, "D204")
    assert finding.evidence["rows"] == table.duplicated().sum() == 10
    assert finding.evidence["examples"] == [int(row) + 1 for row in np.flatnonzero(table.duplicated())[:5]]


def test_d204_takes_gaps_as_equal():
    values = columns()
    for name, row in (("a", 0), ("a", 3), ("b", 6)):
        values[name][row] = np.nan
    values["b"][3], values["c"][3] = values["b"][0], values["c"][0]
    assert found(facts(values, LABELS), "D204").evidence["rows"] == 1


@pytest.mark.parametrize("given", [facts(columns(), LABELS), copied([0], [1]), copied([0], [3], names=("a", "b"))])
def test_d204_is_silent_without_a_row_equal_in_everything(given):
    assert found(given, "D204") is None


def test_d204_and_d205_are_no_warning_where_coarse_columns_make_rows_equal_by_chance():
    rng = np.random.default_rng(0)
    given = facts({name: rng.integers(0, 5, 400) for name in "ab"}, rng.choice(["x", "y"], 400), group_by=["a", "b"])
    assert frame_of(given.table).duplicated().sum() > 300
    told = {each.code: each for each in find("D", given, ()) if each.code in ("D204", "D205", "D208")}
    levels = {code: each.level for code, each in told.items()}
    assert all(
        each.message.endswith("; in columns as coarse as these, rows may be equal by chance alone") for each in told.values()
    )
    assert levels == {"D204": "info", "D205": "info"}


def test_a_tiny_table_with_an_obvious_copy_is_told():
    rows = {name: [value, value + 1.5, value + 4, value + 2, value] for value, name in enumerate("abcdef", start=7)}
    assert found(facts(rows, ["x", "x", "x", "y", "x"], tested=[4]), "D204").evidence == {
        "rows": 1,
        "examples": [5],
        "row_numbers": [5],
    }
    assert found(facts(rows, ["x", "x", "x", "y", "x"], tested=[4]), "D205").evidence["copies"] == 1


def test_d205_counts_test_rows_whose_copy_or_profile_trains():
    """Rows 0, 5, 10, ... are tested: 5 and 20 copy training rows, 35 copies a test row, 50 shares only its profile."""
    labels = ["well"] * 60 + ["sick"] * 40
    values = columns()
    for target, source, names in ((5, 6, "abc"), (20, 21, "abc"), (35, 30, "abc"), (50, 51, "ab"), (70, 2, "abc")):
        for name in names:
            values[name][target] = values[name][source]
    evidence = found(facts(values, labels, group_by=["a", "b"]), "D205").evidence
    assert evidence == {"copies": 2, "profiles": 4, "test": 20, "examples": [6, 21]}
    assert found(facts(values, labels), "D205").evidence == {"copies": 2, "profiles": None, "test": 20, "examples": [6, 21]}


def test_d205_counts_as_a_search_row_by_row_does_in_any_order_of_the_split():
    given = copied(range(60), range(20, 80), group_by=["a", "b"])
    rng = np.random.default_rng(1)
    order = rng.permutation(100)
    given = replace(given, parts=Split(order[30:], order[:30]))
    frame = frame_of(given.table).assign(label=given.table.truth)
    rows = [tuple(row) for row in frame.itertuples(index=False)]
    copies = sorted(row for row in order[:30] if rows[row] in {rows[each] for each in order[30:]})
    profiles = [row for row in order[:30] if rows[row][:2] in {rows[each][:2] for each in order[30:]}]
    evidence = found(given, "D205").evidence
    assert (evidence["copies"], evidence["profiles"]) == (len(copies), len(profiles))
    assert evidence["examples"] == [row + 1 for row in copies[:5]]


def test_d205_tells_profiles_alone_where_another_column_differs_in_every_row():
    given = copied([1, 2, 3], [10, 20, 30], names=("b", "c"), group_by=["b", "c"])
    finding = found(given, "D205")
    assert finding.evidence == {"copies": 0, "profiles": 3, "test": 20, "examples": [11, 21, 31]}
    assert found(given, "D204") is None
    assert found(copied([1, 2, 3], [10, 20, 30], names=("b", "c")), "D205") is None


def test_d205_is_silent_where_copies_stay_on_one_side_or_nothing_is_trained():
    assert found(copied([0, 1], [5, 4], labels=["x"] * 60 + ["y"] * 40), "D204")
    assert found(copied([0, 1], [5, 4], labels=["x"] * 60 + ["y"] * 40, group_by=["a", "b"]), "D205") is None
    scored = copied([0, 1], [3, 4], labels=["x"] * 60 + ["y"] * 40, tested=range(100), group_by=["a", "b"])
    assert found(scored, "D204")
    assert found(scored, "D205") is None


def test_d208_counts_rows_with_an_equal_row_of_another_class():
    finding = found(copied([0, 0, 9, 30, 33, 36], [1, 3, 12, 31, 34, 37]), "D208")
    assert finding.evidence == {
        "rows": 9,
        "examples": [1, 2, 4, 31, 32],
        "row_numbers": [1, 2, 4, 31, 32, 34, 35, 37, 38],
    }
    assert found(copied([0, 9], [3, 12]), "D208") is None
    assert found(copied([0], [1], names=("a", "b")), "D208") is None


@pytest.mark.parametrize("names", [("BS pp", "x: y"), ("a, b", "it's"), ("1", "No]"), ("ü", '"q"')])
@pytest.mark.parametrize("stratify", [False, True])
def test_the_setting_can_be_typed_whatever_the_columns_are_called(names, stratify, tmp_path):
    values = {name: [*range(50), *range(50)] for name in names} | {"fine": [*np.linspace(0, 1, 50)] * 2}
    given = facts(values, ["x", "y"] * 50, group_by=list(names), tested=range(10), split={"stratify": stratify})
    fix = found(given, "D205").fix
    path = tmp_path / "some.yaml"
    path.write_text(given.config.to_yaml())
    config = load_config(path, [word for word in shlex.split(fix)[2:] if word != "--set"])
    assert config.split.group_by == names
    assert not config.split.stratify


REAL = [("complete", {"copies": 101, "profiles": 201, "test": 202}), ("article", {"copies": 84, "profiles": 201, "test": 202})]


@pytest.mark.parametrize(("name", "figures"), REAL)
def test_the_real_files_hold_the_copies_that_were_counted(name, figures, real_data):
    """FACTS, section 3. No two equal rows have different labels."""
    config = load_config(DEFAULT, data=str(real_data / f"{name}.csv"))
    table = load(config.data)
    given = DataFacts(table, split(table, config.split), config)
    evidence = found(given, "D205").evidence
    assert {key: evidence[key] for key in figures} == figures
    repeats = frame_of(table).assign(label=table.truth).duplicated()
    assert found(given, "D204").evidence["rows"] == repeats.sum()
    assert found(given, "D208") is None


def test_a_few_conflicting_rows_in_the_real_file_are_told(real_data):
    """The first five rows once more, with other labels; one alone is no wonder among 300 repeats."""
    config = load_config(DEFAULT, data=str(real_data / "complete.csv"))
    table = load(config.data)
    values, outside = (np.concatenate([rows, rows[:5]]) for rows in (table.values, table.implausible))
    truth = np.append(table.truth, (table.truth[:5] + 1) % 3)
    table = replace(table, values=values, truth=truth, others={}, implausible=outside)
    config = config.model_copy(update={"data": config.data.model_copy(update={"redundant": ()})})
    finding = found(DataFacts(table, split(table, config.split), config), "D208")
    assert finding.evidence["examples"][0] == 1
    assert finding.evidence["rows"] >= 10


def test_the_fix_of_the_twin_works_as_it_is_typed():
    (finding,) = [each for each in check(load_config(DEFAULT, data=str(TWIN)))[0] if each.code == "D205"]
    setting = "--set 'split.group_by=[BS pp, Plasma R, Plasma F, HbA1c]'"
    assert finding.fix == f"diabetes-pipeline train {setting}"
    codes = {each.code for each in check(load_config(DEFAULT, shlex.split(setting)[1:], str(TWIN)))[0]}
    assert "D204" in codes
    assert "D205" not in codes


def test_the_examples_are_row_numbers_of_the_file(tmp_path: Path):
    body = [f"{row / 7:.3f},{row * 3.1:.2f},{row * 2},{'xy'[row % 2]}" for row in range(50)]
    (tmp_path / "some.csv").write_text("\n".join(["a,b,c,t", *body, body[7], ""]))
    config = "data: {path: some.csv, target: t, codes: {x: 0, y: 1}, features: {a: , b: , c: }}"
    (tmp_path / "some.yaml").write_text(config)
    loaded = load_config(tmp_path / "some.yaml", data=str(tmp_path / "some.csv"))
    (finding,) = [each for each in check(loaded)[0] if each.code == "D204"]
    assert finding.evidence["examples"] == [51]
    assert "row 51" in finding.message
