"""Habits of other people's files: how they name a target, grade it, flag a result, group thousands and name their rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config.read import load_config
from pipeline.data.load import load
from pipeline.errors import PipelineError
from pipeline.init.command import init
from pipeline.init.draft import Draft
from tests.init.invented import ROWS, chosen, frame, numbers


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def drafted(table: pd.DataFrame | str, **given: str) -> Draft:
    text = table if isinstance(table, str) else table.to_csv(index=False)
    Path("mine.csv").write_text(text, encoding="utf-8")
    return init("mine.csv", force=True, **given)[1]  # type: ignore[arg-type]


def test_a_target_that_is_asked_of_the_ill_only_gives_way_to_the_one_that_all_rows_have() -> None:
    ill = np.arange(ROWS) % 3 == 0
    kind = np.where(ill, np.where(np.arange(ROWS) % 2 == 0, "type1", "type2"), "none")
    treated = np.where(ill, np.where(np.arange(ROWS) % 5 == 0, "yes", "no"), "")
    table = frame().drop(columns="t").assign(diabetes=ill.astype(int), diabetes_type=kind, status=treated)
    draft = drafted(table)
    assert draft.target == "diabetes_type"
    assert draft.classes == dict(zip(*np.unique(kind, return_counts=True), strict=True))
    assert 'is diabetes_type the target? "status" may be; --target names it' in draft.look
    assert "diabetes follows from diabetes_type, so it is not an input" in draft.look


@pytest.mark.parametrize(("name", "found"), [("dm_status", True), ("CKD flag", True), ("event_yn", True), ("case_num", False)])
def test_a_name_of_nothing_but_words_of_a_target_is_that_of_one(name: str, found: bool) -> None:
    table = frame().drop(columns="t")
    table = table.assign(**{name: np.arange(ROWS) % 2, "smoke": chosen("a", "b", "c"), "complete": np.arange(ROWS) % 3})
    assert (drafted(table).target == name) is found


def test_grades_are_classes_where_the_target_is_named_and_the_way_there_is_told_where_not() -> None:
    table = frame().drop(columns="t").assign(grade=np.arange(ROWS) % 12 + 1)[["grade"]].assign(x=np.linspace(0, 1, ROWS))
    with pytest.raises(PipelineError) as error:
        drafted(table)
    assert any("12 different ones; --target takes each for a class" in line for line in error.value.problems)
    assert drafted(table, target="grade").classes == {str(grade): int(n) for grade, n in table.grade.value_counts().items()}


@pytest.mark.parametrize("shared", [False, True])
def test_a_9_far_behind_the_grades_is_asked_about(shared: bool) -> None:
    grade = np.where(np.arange(ROWS) % 10 == 0, 9, np.arange(ROWS) % 4 + 1)
    draft = drafted(frame().drop(columns="t").assign(z=numbers(0, 20 if shared else 1, 0), grade=grade))
    count = int((grade == 9).sum())
    kept = f"grade: is 9 ({count} rows) a class? It is kept as one; read.missing: [9] if not"
    other = f'grade: does 9 ({count} rows) stand for a missing class? It stays a class, for it is a value of "z" too'
    assert any(line.startswith(other if shared else kept) for line in draft.look), draft.look
    assert draft.classes["9"] == count


@pytest.mark.parametrize(
    ("grades", "codes", "asked"),
    [
        ([1, 2, 3, 4], [7, 8, 9], True),
        ([0, 1, 2, 3], [7, 9], True),
        ([1, 2], [9], True),
        ([0, 1, 2, 3, 4, 5], [7, 9], False),
        ([1, 2, 4], [9], False),
        ([1, 2, 3, 4, 5, 6], [7, 8, 9], False),
    ],
)
def test_codes_behind_the_grades_of_an_input_are_asked_about(
    grades: tuple[int, ...], codes: tuple[int, ...], asked: bool
) -> None:
    cells = [(codes if row % 8 == 0 else grades)[row % 5 % len(codes if row % 8 == 0 else grades)] for row in range(ROWS)]
    cells[: len(grades)] = grades
    counts = pd.Series(cells).value_counts()
    lines = [line for line in drafted(frame(smoke=cells)).look if line.startswith("smoke")]
    assert lines == [
        f"smoke: is {code} ({counts[code]} rows) a value? It is kept as one; missing: [{code}] if not" for code in codes * asked
    ]


@pytest.mark.parametrize(("decimal", "thousands"), [(",", "."), (".", ","), (",", " "), (".", "'")])
def test_a_mark_between_thousands_beside_the_decimal_mark_is_read_as_pandas_reads_it(decimal: str, thousands: str) -> None:
    drawn = np.random.default_rng(1).lognormal(6, 1.3, ROWS).round(1)
    marks = str.maketrans({",": thousands, ".": decimal})
    cells = [f"{value:,.1f}".translate(marks) for value in drawn]
    Path("mine.csv").write_text(frame().assign(ferritin=cells)[["ferritin", "t"]].to_csv(sep=";", index=False), encoding="utf-8")
    path, draft = init("mine.csv", force=True)
    assert f'mine.csv: "{thousands}" stands between thousands, as the decimal mark shows' in draft.assumed
    theirs = pd.read_csv("mine.csv", sep=";", decimal=decimal, thousands=thousands).ferritin
    np.testing.assert_array_equal(load(load_config(path).data).values[:, 0], theirs)
    np.testing.assert_array_equal(theirs, drawn)


@pytest.mark.parametrize(("others", "asked"), [((), True), (("950",), False), (("1.234.567",), False), (("1.024,5",), False)])
def test_a_mark_that_may_stand_between_decimals_in_one_column_is_asked_about(others: tuple[str, ...], asked: bool) -> None:
    ferritin = [f"{1 + row % 9}.{200 + row},5" for row in range(ROWS)]
    density = [*others, *(f"1.{15 + row % 17:03d}" for row in range(ROWS - len(others)))]
    table = frame().assign(ferritin=ferritin, density=density)[["ferritin", "density", "t"]]
    told = f'density: {density[-1]} is read as {density[-1].replace(".", "")}, for "." stands between thousands in other columns'
    draft = drafted(table.iloc[::-1].to_csv(sep=";", index=False))
    lines = [line for line in draft.look if line.startswith("density")]
    assert lines == [f"{told}; if it means {density[-1].replace('.', ',')}, write it so in the file"] * asked


@pytest.mark.parametrize("names", [range(1, ROWS + 1), range(5, 3 * ROWS + 5, 3), [f"P-{row}a" for row in range(ROWS)]])
@pytest.mark.parametrize("separator", ["\t", ";"])
def test_names_of_rows_without_a_name_of_their_own_are_read_as_pandas_reads_them(names: list[object], separator: str) -> None:
    table = frame().set_axis([*names])
    header, *rows = table.to_csv(sep=separator).splitlines()
    draft = drafted("\n".join([header.removeprefix(separator), *rows, ""]))
    theirs = pd.read_csv("mine.csv", sep=separator)
    assert draft.values["data"]["features"].keys() <= {*theirs.columns}
    assert any("the first column has no name, as where R writes names of rows" in line for line in draft.assumed)
    ours = load(load_config("mine.yaml").data)
    np.testing.assert_array_equal(ours.values, theirs[[*ours.features]])


NOTES = "id;b;y\n" + "".join(f"{row};{row % 7}.5;{'wx'[row % 3 == 0]};{'late' * (row % 9 == 0)}\n" for row in range(1, 80))


@pytest.mark.parametrize("text", ["a;b;y\n" + "1;2;x;\n3;5;w;\n" * 40, "a;b;y\n" + "1;2;3;x\n1;5;4;w\n" * 40, NOTES])
def test_cells_that_name_no_row_are_no_names_of_rows(text: str) -> None:
    with pytest.raises(PipelineError, match="3 names there, 4 cells in each row below"):
        drafted(text)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("7.2 H", "remove H from it"),
        ("7.2*", "remove * from it"),
        ("120/80", "write the two numbers into two columns"),
        ("72 mg/dl", "remove mg/dl from it"),
    ],
)
def test_a_cell_with_a_flag_or_with_two_numbers_says_what_to_do(cell: str, told: str) -> None:
    table = frame().assign(glucose=[cell if row % 3 == 0 else f"{5 + row % 7}.{row % 9}" for row in range(ROWS)])
    assert any(line.startswith("glucose is") and told in line for line in drafted(table).look)


def test_a_result_beyond_a_limit_is_shown_as_the_file_has_it() -> None:
    table = frame().assign(crp=["<0.5" if row % 4 == 0 else f"{row % 30}.{row % 9}" for row in range(ROWS)])
    assert (
        f"crp: {len(range(0, ROWS, 4))} results beyond a limit, such as <0.5: the limit is taken for the value"
        in drafted(table).look
    )


@pytest.mark.parametrize(
    ("name", "patient"), [("ID", True), ("id", True), ("Hospital", False), ("Hospital No", True), ("zip", False)]
)
def test_an_id_that_repeats_names_the_patient_and_a_hospital_does_not(name: str, patient: bool) -> None:
    several = [500 + row // 4 * 3 for row in range(ROWS)]
    draft = drafted(frame(**{name: several}))
    assert (draft.values["data"].get("patient") == name) is patient
    assert not (patient and name in draft.values["data"]["features"])


@pytest.mark.parametrize("name", ["id", "Hospital No"])
def test_numbers_of_a_few_groups_name_no_patients(name: str) -> None:
    draft = drafted(pd.concat([frame(**{name: np.arange(ROWS) % 3})] * 5))
    assert draft.target == "t"
    assert "patient" not in draft.values["data"]


@pytest.mark.parametrize(
    ("name", "cells"), [("set", ["train", "Test"]), ("usage", ["TRAINING", "validation", "test"]), ("fold", [1, 2, 3])]
)
def test_what_a_row_was_used_for_is_no_input(name: str, cells: list[object]) -> None:
    draft = drafted(frame(**{name: [cells[row % len(cells)] for row in range(ROWS)]}))
    assert f"{name} is left out: it says for what a row was used, which no new patient has" in draft.look
    assert name not in draft.values["data"]["features"]


@pytest.mark.parametrize("tick", ["x", "1", "ja"])
def test_ticks_without_a_word_for_no_are_asked_about(tick: str) -> None:
    draft = drafted(frame(smoker=[tick if row % 3 else "" for row in range(ROWS)], site=["A"] * ROWS))
    shown = tick if tick.isdigit() else f'"{tick}"'
    said = f"every row that holds a value holds {shown}; if an empty cell means no, write that into it"
    assert [line for line in draft.look if "every row" in line] == [f"smoker is left out: {said}"]


def test_columns_of_one_name_are_told_before_all_else() -> None:
    text = frame(g1=numbers(), g2=numbers(2, 5)).rename(columns={"g1": "glucose", "g2": "glucose"}).to_csv(index=False)
    draft = drafted(text)
    (line,) = [line for line in draft.look if line.startswith("glucose is left out: ")]
    assert line.endswith('the name "glucose" comes several times in the header; rename them in the file')
    assert draft.look[0] == line


@pytest.mark.parametrize(
    ("names", "stem"),
    [
        ([f"phon_R01_S{row // 4:02d}_{row % 4 + 1}" for row in range(ROWS)], "phon_R01_S00"),
        ([f"{row // 2 + 100}-V{row % 2 + 1}" for row in range(ROWS)], "100"),
        ([f"P-{row + 10}" for row in range(ROWS)], None),
        ([f"H{row % 4}-{row:04d}" for row in range(ROWS)], None),
    ],
)
def test_a_name_of_a_patient_and_a_visit_is_asked_about(names: list[str], stem: str | None) -> None:
    asked = [line for line in drafted(frame(name=names)).look if "name a patient" in line]
    told = f'name: does "{stem}" in "{names[0]}" name a patient with several rows? If so, write it into a column of its own'
    assert [line.startswith(told) for line in asked] == [True] * (stem is not None)


def test_classes_that_are_written_out_and_shortened_are_asked_about() -> None:
    (line,) = [line for line in drafted(frame(t=chosen("Negative", "neg", "Positive", "pos"))).look if "its own" in line]
    asked = 't: does "neg" mean "Negative" and "pos" mean "Positive"? If so, write one for both in the file'
    assert line == f"{asked}; now each counts as a class of its own"
    for others in (("mild", "mild to moderate", "severe"), ("no", "normal"), ("type 1", "type 2")):
        assert not [line for line in drafted(frame(t=chosen(*others))).look if "its own" in line]
