"""Cells, columns and rows that could be read wrongly: each is said, first where it costs a column, and the config still loads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.config.read import load_config
from pipeline.data.load import load
from pipeline.errors import PipelineError
from pipeline.init.command import init
from pipeline.init.commented import draft_lines
from pipeline.init.draft import Draft
from tests.init.invented import ROWS, chosen, frame, numbers, some

HALF = [row // 2 for row in range(ROWS)]
PAIRS = {"sex": [("m", "f")[row % 2] for row in HALF], "u": [row % 7 * 3 for row in HALF]}


def with_missing(text: str, *others: str) -> list[str]:
    return [text if row % 7 == 0 else cell for row, cell in enumerate(chosen(*others))]


def every(step: int, cells: Any, odd: str) -> list[Any]:
    return [odd if row % step == 1 else cell for row, cell in enumerate(cells)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def drafted(table: Any, **given: Any) -> tuple[Draft, dict[str, Any], Any]:
    """Return what init says of a file, the section data as written, and the table that load makes of it."""
    Path("mine.csv").write_text(table if isinstance(table, str) else table.to_csv(index=False), encoding="utf-8")
    path, draft = init("mine.csv", **given)
    lines = draft_lines(draft, path, "train")
    assert len(lines) <= 20
    assert max(len(line) for line in lines if "--set" not in line) <= 80
    data = load_config(path).data
    return draft, data.model_dump(mode="json", exclude_unset=True), load(data)


NOTHING = [
    "missing",
    "not available",
    "N.A",
    "n/a.",
    "--",
    "..",
    "...",
    "***",
    "(blank)",
    "[null]",
    r"\N",
    "NaT",
    "undefined",
    "k.A.",
]


@pytest.mark.parametrize("text", [*NOTHING, "#REF!", "#VALUE!", "#DIV/0!"])
def test_a_text_that_can_only_mean_no_value_is_one_everywhere(text: str) -> None:
    table = frame(z=with_missing(text, "a", "b", "c"), n=some(numbers(), r1=text, r2=text), t=with_missing(text, "ill", "well"))
    draft, _, read = drafted(table)
    same = table.replace(text, np.nan)[table["t"] != text]
    assert read.counts() == same["t"].value_counts().to_dict()
    assert np.isnan(read.values).sum(axis=0).tolist() == same[list(read.features)].isna().sum().tolist()
    for name in "zt":
        assert any(sentence.startswith(f'{name}: "{text}" (') and "missing" in sentence for sentence in draft.look), draft.look


SAID: Mapping[str, tuple[Any, str]] = {
    "-1000": (frame(z=every(13, numbers(15, 40, 0), "-1000")), "z: is -1000 (7 rows) a value?"),
    "-1": (frame(z=every(13, numbers(15, 40, 0), "-1")), "z: is -1 (7 rows) a value?"),
    "-9.99": (frame(z=every(13, numbers(15, 40, 1), "-9.99")), "z: is -9.99 (7 rows) a value?"),
    "the least of 32 bits": (frame(z=every(13, numbers(), "-2147483648")), "z: is -2147483648 (7 rows) a value?"),
    "999.99": (frame(z=every(13, numbers(15, 40, 1), "999.99")), "z: is 999.99 (7 rows) a value?"),
    "a million": (frame(z=every(13, numbers(15, 40, 0), "1000000")), "z: is 1000000 (7 rows) a value?"),
    "-1 beside 0 and 1": (frame(t=every(9, chosen("0", "1"), "-1")), "t: is -1 (9 rows) a class?"),
    "9 beside 0 and 1": (frame(t=every(9, chosen("0", "1"), "9")), "t: is 9 (9 rows) a class?"),
    "9 beside words": (frame(z=every(9, chosen("yes", "no"), "9")), "z: is 9 (9 rows) a value?"),
    "a class that is an age": (
        frame(age=some(numbers(20, 90, 0), r1=88), t=every(9, chosen("ill", "well"), "88")),
        "t: does 88 (9 rows) stand for a missing class? It stays a class",
    ),
    "not done": (frame(z=every(9, chosen("a", "b"), "not done")), 'z: is "not done" (9 rows) a value?'),
    "a spike at 99": (frame(z=every(9, numbers(20, 95, 0), "99")), "z: is 99 (9 rows) a value?"),
    "a code of most rows": (
        frame(z=[5555 if row % 5 < 3 else cell for row, cell in enumerate(numbers(30, 70, 1))]),
        "z: is 5555 (48 rows) a value?",
    ),
    "units mixed": (
        frame(glucose=[5.5 + row % 3 if row % 2 else 99 + row for row in range(80)]),
        "glucose: the values are not those",
    ),
    "fractions": (frame(hba1c=[0.05 + row % 9 / 1000 for row in range(80)]), "hba1c: the values are not those of HbA1c in %"),
    "one class": (
        frame(sex=chosen("m", "f"), outcome=["ill"] * 80).drop(columns="t"),
        "outcome has a name typical of a target, but",
    ),
    "25 classes": (
        frame(sex=chosen("m", "f"), outcome=[f"k{row % 25}" for row in range(80)]).drop(columns="t"),
        "outcome has a name typical of a target",
    ),
    "two names alike": (
        frame(sex=chosen("m", "f"), outcome=numbers())[["x", "sex", "outcome", "t"]].rename(columns={"t": "outcome"}),
        "is the last column the target? column 4: the name",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_what_may_be_meant_otherwise_is_said(name: str) -> None:
    table, words = SAID[name]
    look = drafted(table)[0].look
    assert any(sentence.startswith(words) for sentence in look), look


def test_whole_numbers_that_all_differ_may_be_a_measurement_and_can_be_kept() -> None:
    platelets = np.random.default_rng(1).choice(np.arange(150_000, 400_000), 160, replace=False)
    table = pd.concat([frame(), frame()], ignore_index=True).assign(plt=platelets, patient_no=platelets[::-1])
    draft, data, _ = drafted(table, target="t")
    (said,) = draft.look
    assert said.startswith("plt is left out: a whole number that is different in every row")
    assert "plt" not in data["features"]
    setting = said.partition("--set ")[2].strip("'")
    kept = drafted(table, target="t", settings=[setting], force=True)
    assert not kept[0].look
    assert kept[2].values[:, list(kept[2].features).index("plt")].tolist() == platelets.tolist()


def test_bands_and_a_code_of_most_rows_are_no_odd_cells() -> None:
    bands = [f"[{10 * (row % 8)}-{10 * (row % 8) + 10})" for row in range(ROWS)]
    thal = np.random.default_rng(2).choice([3, 6, 7], ROWS, p=[0.6, 0.1, 0.3])
    draft, data, read = drafted(frame(age=bands, thal=thal))
    assert draft.look == []
    assert data["features"]["age"]["categories"] == sorted(set(bands))
    assert read.values[:, list(read.features).index("thal")].tolist() == thal.tolist()


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("bp", [f"{120 + row % 7}-{70 + row % 6}" for row in range(ROWS)]),
        ("bp", chosen("120-70", "130-80", "140-90")),
        ("z", [f"{value} - {value - 2.6:.1f}" if row % 2 else f"{value}" for row, value in enumerate(numbers(40, 60, 1))]),
        ("z", chosen("5-10", "10-15", "<5", "7", "8", "12")),
    ],
)
def test_what_is_no_band_is_an_odd_cell(name: str, texts: list[str]) -> None:
    look = drafted(frame(**{name: texts}))[0].look
    assert any(sentence.startswith(f"{name} is ") and "must hold numbers; got" in sentence for sentence in look), look


@pytest.mark.parametrize("text", ["%", " mmol/L"])
def test_all_odd_cells_of_a_column_are_counted(text: str) -> None:
    cells = [f"{value}{text}" for value in np.linspace(1, 9, 160).round(3)]
    (said,) = drafted(pd.concat([frame(), frame()], ignore_index=True).assign(z=cells), target="t")[0].look
    assert "(and 159 cells more)" in said


LEFT: Mapping[str, tuple[Any, str]] = {
    "a comma among points": (frame(z=some(numbers(), r40="6,5")), "row 41 (line 42)"),
    "a percent sign": (frame(z=some(numbers(), r40="5 %")), "row 41 (line 42)"),
    "percent signs everywhere": (frame(z=[f"{row} %" for row in range(80)]), "row 1 (line 2)"),
    "thousands marks": (frame(z=[f"{row + 1},500" for row in range(80)]), "data.read.thousands"),
    "thousands marks in some": (frame(z=every(9, range(500, 580), "1,104")), "data.read.thousands"),
    "codes": (frame(z=every(20, numbers(100, 900, 1), "V57")), "train mine.yaml --set 'data.features.z={missing: [\"V57\"]}'"),
    "marks mixed, few": (frame(z=[f"{5 + row % 8}{'.,'[row % 2]}{row % 4}" for row in range(80)]), "row 2 (line 3)"),
    "marks mixed, many": (frame(z=[f"{row / 7:.2f}".replace(".", ".,"[row % 2]) for row in range(80)]), "(line "),
    "a comma beyond a limit": (frame(z=every(9, numbers(), "<5,0")), "row 2 (line 3)"),
    "a cell with marks": (frame(z=some(numbers(), r4="6,,5")), """--set 'data.features.z={missing: ["6,,5"]}'"""),
    "units behind": (frame(z=[f"{value} mmol/L" for value in numbers()]), "row 1 (line 2)"),
    "a flag behind": (frame(z=[f"{value}{' H' * (value > 6)}" for value in numbers()]), "must hold numbers; got"),
    "Excel's texts": (frame(z=[f'="{value}"' for value in numbers()]), "row 1 (line 2)"),
    "an apostrophe": (frame(z=[f"'{value}" for value in numbers()]), "row 1 (line 2)"),
    "money": (frame(z=[f"${value}" for value in numbers()]), "row 1 (line 2)"),
    "a deviation": (frame(z=[f"{value}±0.1" for value in numbers()]), "row 1 (line 2)"),
    "two pressures": (frame(z=[f"{value:.0f}/80" for value in numbers(100, 180)]), "row 1 (line 2)"),
    "wide digits": (
        frame(z=[str(value).translate({48 + n: 0xFF10 + n for n in range(10)}) for value in numbers()]),
        "row 1 (line 2)",
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_numbers_that_cannot_be_read_are_left_out_and_said_first(name: str) -> None:
    table, words = LEFT[name]
    draft, data, _ = drafted(table)
    assert "z" not in data["features"]
    assert draft.look[0].startswith("z is "), draft.look
    assert words in draft.look[0]
    assert "must hold numbers; got" in draft.look[0]


def test_a_few_numbers_and_a_few_words_are_numbers_or_said() -> None:
    five = [f"5.{row % 5}" for row in range(80)]
    draft, data, read = drafted(frame(z=every(3, five, "n.d."), w=every(8, [row % 6 for row in range(80)], "unknown")))
    assert (data["features"]["z"], data["features"]["w"]) == ({"missing": ["n.d."]}, {"missing": ["unknown"]})
    assert np.isnan(read.values).sum(axis=0).tolist() == [0, 0, 27, 10]
    for texts in (["0", "1", "2", "3+"], ["5", "5.7", "6.4 H"], ["5.0 mmol/L", "5.5 mmol/L", "6.0 mmol/L"]):
        draft, data, _ = drafted(frame(z=chosen(*texts)), force=True)
        assert data["features"]["z"]["categories"] == texts
        assert draft.look[0].startswith("z is taken for categories: row ")


def test_an_age_of_88_among_87_is_nothing_to_look_at() -> None:
    assert drafted(frame(age=some([50 + row % 38 for row in range(80)], r1=88, r2=88)))[0].look == []


def test_small_floats_of_a_parquet_file_are_read() -> None:
    frame(z=np.arange(80, dtype=np.float16) / 8).to_parquet("mine.parquet")
    assert "z" in init("mine.parquet")[1].values["data"]["features"]


def test_odd_cells_are_taken_as_the_line_says() -> None:
    table = frame(z=every(20, numbers(100, 900, 1), "V57"))
    draft, data, read = drafted(table, settings=["data.features.z.missing=[V57]"])
    assert data["features"]["z"] == {"missing": ["V57"]}
    assert np.isnan(read.values).sum(axis=0).tolist() == [0, 0, 4]
    assert not any(sentence.startswith("z is left out") for sentence in draft.look)
    assert "left out" not in Path("mine.yaml").read_text()
    texts = [f"V{row}" for row in range(25)]
    draft, data, _ = drafted(
        frame(z=[texts[row % 25] for row in range(80)]), settings=[f"data.features.z.categories={texts}"], force=True
    )
    assert (draft.look, data["features"]["z"]) == ([], {"categories": texts})


@pytest.mark.parametrize(
    "name", ["Pat.-Nr.", "Nr", "pt", "Pat", "PTID", "SUBJID", "USUBJID", "RID", "eid", "code", "Fallnr", "z"]
)
def test_whole_numbers_that_name_patients_are_no_input(name: str) -> None:
    _, data, _ = drafted(frame(z=[1000 + row for row in HALF], **PAIRS).rename(columns={"z": name}))
    assert data["patient"] == [name]


def test_an_age_that_decides_its_groups_names_nobody() -> None:
    ages = np.random.default_rng(1).integers(20, 80, 400)
    table = pd.DataFrame({"years": ages, "group": ages // 20, "old": ages > 50, "x": range(400), "t": ["a", "b"] * 200})
    assert "patient" not in drafted(table)[1]


def test_few_patients_are_no_categories() -> None:
    _, data, _ = drafted(frame(patient_id=[row % 4 for row in range(80)]).rename(columns={"patient id": "patient_id"}))
    assert data["patient"] == ["patient_id"]


CUT = {"target": "hba1c", "settings": ["data.cut={at: [6.5], classes: [no, yes]}"]}


def test_a_cut_takes_no_stand_in_for_a_value() -> None:
    values = every(9, numbers(5, 8, 1), "-999")
    values[0] = "not done"
    _, data, read = drafted(frame(hba1c=values), **CUT)
    numeric = pd.to_numeric(pd.Series(values), errors="coerce").replace(-999, np.nan).dropna()
    assert read.counts() == {"no": (numeric < 6.5).sum(), "yes": (numeric >= 6.5).sum()}
    assert data["unlabelled"] == "drop"


ROWS_BELOW = {
    label: (frame(id=[f"P{row}" for row in range(80)]), {"id": label, "x": 480})
    for label in ("Grand total", "N=80", "Mean ± SD", "Insgesamt", "Anzahl")
}


@pytest.mark.parametrize("label", ROWS_BELOW)
def test_a_row_of_sums_is_refused(label: str) -> None:
    table, row = ROWS_BELOW[label]
    with pytest.raises(PipelineError, match=r"row 81 \(line 82\): this is not a row of values but one of sums"):
        drafted(pd.concat([table, pd.DataFrame([row])]))


REFUSED: Mapping[str, tuple[Any, str, dict[str, Any]]] = {
    "a result beyond a limit, cut": (frame(hba1c=some(numbers(5, 8, 1), r1="<4")), "which data.cut cannot cut", CUT),
    "descriptions": (
        "age,sex,outcome\nAge in years,Sex of patient,Outcome of study\n"
        + "".join(f"{20 + row},{'mf'[row % 2]},{'ab'[row % 3 % 2]}\n" for row in range(80)),
        "row 1 (line 2): this is not a row of values but one of descriptions",
        {},
    ),
    "no name at all": (",,,,\n" + "1,2,3,4,a\n2,3,4,5,b\n" * 40, "0 names there", {}),
    "an empty target": (frame(), "--target is empty", {"target": ""}),
    "most columns": (
        frame(z=some(numbers(), r4="6,5"), w=some(numbers(), r3="5 %"), v=some(numbers(), r1="V1")),
        "must hold numbers",
        {},
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_in_a_line(name: str) -> None:
    table, words, given = REFUSED[name]
    with pytest.raises(PipelineError) as error:
        drafted(table, **given)
    assert any(words in problem for problem in error.value.problems), error.value.problems


@pytest.mark.parametrize("odd", ["\x01x", "a\x7fb", "x\x9by"])
def test_control_characters_in_names_read_back(odd: str) -> None:
    drafted(frame(t=chosen("well", odd)).rename(columns={"y": f"y{odd}", "t": f"t{odd}"}))
