"""The oracles are pandas, csv, hashlib, Python's float, line numbers counted while the file is written, and FACTS.md."""

import csv
import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config.data_section import DataSection, Feature
from pipeline.data.load import load
from pipeline.data.table import Table
from pipeline.errors import DataError
from tests.tables import frame_of, labels_of, others_of

HEADER = "Age,BS pp,Type,Class\n"
BODY = "30,5.5,Normal,0\n40,7.5,Type1,1\n50,9.5,Type2,1\n"
GOOD = HEADER + BODY
CODES = {"Normal": 0.0, "Type1": 1.0, "Type2": -1.0}
Read = Callable[..., Table]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def call(content: str | bytes, *group_by: str, **changes: object) -> Table:
        path = tmp_path / "mine.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        features = {"Age": Feature(range=(0, 120)), "BS pp": Feature(range=(2, 40))}
        section = DataSection(path=str(path), target="Type", redundant=("Class",), codes=CODES, features=features)
        return load(section.model_copy(update=changes), group_by)

    return call


@pytest.fixture
def problems(read: Read) -> Callable[..., tuple[str, ...]]:
    def call(content: str | bytes, *group_by: str, **changes: object) -> tuple[str, ...]:
        with pytest.raises(DataError) as caught:
            read(content, *group_by, **changes)
        assert all("\n" not in problem and "mine.csv" in problem for problem in caught.value.problems)
        return caught.value.problems

    return call


def replaced(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def quoted(text: str, note: str = "") -> str:
    """Write every cell in quotes, and a further column."""
    out = io.StringIO()
    rows = list(csv.reader(io.StringIO(text)))
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
        [*row, note if number else "Note"] for number, row in enumerate(rows)
    )
    return out.getvalue()


WAYS = {
    "plain": GOOD,
    "no last line end": GOOD.rstrip(),
    "CRLF": GOOD.replace("\n", "\r\n"),
    "CR": GOOD.replace("\n", "\r"),
    "BOM": "\ufeff" + GOOD,
    "BOM, CRLF and blanks": "\ufeff" + GOOD.replace(",", "  , ").replace("\n", " \r\n"),
    "tabs and hard blanks": GOOD.replace(",", "\t,\u00a0"),
    "blank lines": "\n\n" + GOOD.replace("\n", "\n\n"),
    "quotes": quoted(GOOD),
    "quotes and blanks": quoted(GOOD.replace(",", " , ")),
    "quoted commas, quotes and line breaks": quoted(GOOD, 'a, "b"\n\nc'),
    "columns in another order": "\n".join(",".join(["x", *row.split(",")[::-1], "y"]) for row in GOOD.split("\n")[:-1]),
}


@pytest.mark.parametrize("content", WAYS.values(), ids=WAYS)
def test_each_way_of_writing_the_same_table_gives_the_same_table(read: Read, content: str) -> None:
    table = read(content)
    assert len(table) == 3
    assert frame_of(table).to_dict("list") == {"Age": [30, 40, 50], "BS pp": [5.5, 7.5, 9.5]}
    assert table.values.dtype == np.float64
    assert list(labels_of(table)) == ["Normal", "Type1", "Type2"]
    assert list(table.truth) == [0, 1, 2]
    assert others_of(table).to_dict("list") == {"Class": ["0", "1", "1"]}


@pytest.mark.parametrize("cell", ["", " ", "NA", "n/a", "NaN", "null", "NONE", '""', '" "'])
def test_a_cell_without_a_value_is_missing_and_not_implausible(read: Read, cell: str) -> None:
    table = read(replaced("7.5", cell))
    assert np.isnan(table.column("BS pp")).tolist() == [False, True, False]
    assert not table.implausible.any()


@pytest.mark.parametrize("cell", ["7", "+7", "-7", "7.", ".7", "7e0", "7E-1", " 7 ", "0.1", "1e-300", "99999999999999999999"])
def test_a_number_is_what_python_reads(read: Read, cell: str) -> None:
    assert read(replaced("7.5", cell)).column("BS pp")[1] == float(cell)


@pytest.mark.parametrize(
    ("cell", "outside"), [("2", False), ("40", False), ("1.9999999", True), ("40.000001", True), ("-3", True)]
)
def test_both_ends_of_a_range_are_plausible(read: Read, cell: str, outside: bool) -> None:
    assert read(replaced("7.5", cell)).implausible.tolist() == [[False, False], [False, outside], [False, False]]


NOT_FINITE_NUMBERS = ["high", "+", "inf", "-Infinity", "1e999", "True", "1_0", "0x10", "5%", "1 000", "\u0661", "#N/B"]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        *((replaced("7.5", cell), ["row 2 (line 3)", '"BS pp"', f"'{cell}'"]) for cell in NOT_FINITE_NUMBERS),
        (replaced("7.5", '"7,5"'), ["row 2 (line 3)", '"BS pp"', "7,5", "point"]),
        (replaced("7.5", "x" * 500), ["row 2 (line 3)", '"BS pp"', "xxx..."]),
        (replaced("7.5", "x").replace("9.5", "y"), ["row 2 (line 3)", '"BS pp"', "'x'", "1 more"]),
        (replaced("Type1", "type1"), ["row 2 (line 3)", '"Type"', "'type1'", 'did you mean "Type1"']),
        (replaced("Type1", "Healthy"), ["row 2 (line 3)", '"Type"', "'Healthy'", '"Normal"', '"Type2"']),
        (replaced("Type1", ""), ["row 2 (line 3)", '"Type"', "is empty", "unlabelled: drop"]),
        (replaced("Type1", "NA"), ["row 2 (line 3)", '"Type"', "is empty"]),
        (replaced("Type1", "x" * 3_000_000), ["row 2 (line 3)"]),
        (replaced("1\n", "1\n60,8\n"), ["row 3 (line 4)", "4 columns", "2"]),
        (replaced("1\n", "1\n60,8,9,10,11\n"), ["row 3 (line 4)", "4 columns", "5"]),
        (replaced("7.5", "7,5"), ["row 2 (line 3)", "4 columns", "5"]),
        (replaced("7.5", '"7.5'), ["row 2 (line 3)", "quote", "left open"]),
        (GOOD + BODY.replace("0\n", '"0\n').replace("1,1\n", '1,1"\n'), ["row 4 (line 5)", "encloses rows in the next 1 line;"]),
        (replaced("BS pp", "BS ppp"), ["line 1", '"BS pp"', 'did you mean "BS ppp"']),
        (replaced("Type", "Kind"), ["line 1", '"Type"', "missing", '"Kind"']),
        (replaced("Class", "Age"), ["line 1", '"Age"', "twice"]),
        (replaced("Class", " Age "), ["line 1", '"Age"', "twice"]),
        (replaced("BS pp", '"BS pp'), ["line 1", "header", "quote"]),
        ("\n\n" + replaced("BS pp", "sugar"), ["line 3", '"BS pp"', "missing"]),
        (GOOD.encode("utf-16")[:-1], ["UTF-16", "incomplete"]),
        (replaced("Type2", "Typé2é").encode().replace("é2".encode(), b"\xff2"), ["line 4", "UTF-8"]),
        (replaced("7.5", "7\0.5"), ["line 3", "NUL"]),
        ("", ["empty", "header"]),
        (" \r\n\n", ["empty", "header"]),
        (HEADER, ["no row"]),
        (HEADER.strip(), ["no row"]),
        ("30,5.5,Normal,0\n" * 3, ["line 1", '"Age"', "missing"]),
        (HEADER + "30,5.5,Normal,0\n" * 3, ['"Type"', 'only "Normal"', "two"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_read_is_one_line_that_says_where_and_what(
    problems: Callable[..., tuple[str, ...]], content: str | bytes, parts: list[str]
) -> None:
    first, *_ = problems(content)
    missing = [part for part in parts if part not in first]
    assert not missing, first


def test_problems_of_several_columns_are_reported_together(problems: Callable[..., tuple[str, ...]]) -> None:
    found = problems(replaced("30", "old").replace("9.5", "high").replace("Type1", "Typ1"))
    assert len(found) == 3
    for problem, parts in zip(found, [("row 1 ", '"Age"'), ("row 3 ", '"BS pp"'), ("row 2 ", '"Type"')], strict=True):
        assert all(part in problem for part in parts)


@pytest.mark.parametrize("name", ["absent.csv", "article.csv", ""])
def test_a_file_that_is_not_there_is_named_with_what_to_do(tmp_path: Path, read: Read, name: str) -> None:
    with pytest.raises(DataError) as caught:
        read(GOOD, path=str(tmp_path / name))
    assert str(tmp_path / name) in str(caught.value)
    assert ("fetch" if name == "article.csv" else "--data") in str(caught.value)


def test_a_grouping_column_is_kept_as_text_or_reported(read: Read, problems: Callable[..., tuple[str, ...]]) -> None:
    assert "Age" not in read(GOOD, "Age").others  # a feature is grouped by its numbers
    assert '"Site"' in problems(GOOD, "Site")[0]


def test_a_class_may_bear_the_name_of_a_missing_value(read: Read) -> None:
    table = read(GOOD.replace("Normal", "None").replace("Type1", "NA"), codes={"NA": 0.0, "None": 1.0, "Type2": 2.0})
    assert list(table.truth) == [1, 0, 2]


@given(
    st.lists(
        st.tuples(
            st.none() | st.floats(-1e6, 1e6), st.none() | st.floats(allow_nan=False, allow_infinity=False), st.text("Aé\n,\"'")
        ),
        min_size=2,
        max_size=30,
    ),
    st.sampled_from(["\n", "\r\n"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_numbers_gaps_and_ranges_are_those_that_pandas_reads(read: Read, rows: list[tuple], end: str) -> None:
    text = io.StringIO()
    names = ["Normal", *["Type1"] * (len(rows) - 1)]
    csv.writer(text, lineterminator=end).writerows(
        [["Age", "BS pp", "Note", "Type"], *([a, b, note, name] for (a, b, note), name in zip(rows, names, strict=True))]
    )
    table = read(text.getvalue(), redundant=())
    expected = pd.read_csv(io.StringIO(text.getvalue(), newline=""), usecols=["Age", "BS pp"])
    pd.testing.assert_frame_equal(frame_of(table), expected.astype(float), check_exact=True)
    outside = ~(expected["BS pp"].between(2, 40) | expected["BS pp"].isna())
    np.testing.assert_array_equal(table.implausible[:, table.features.index("BS pp")], outside)


@given(st.lists(st.sampled_from(["", '"one line"', '"two\nlines"', '"a ""quoted""\r\n\nword"'])), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_row_and_line_are_right_after_blank_lines_and_quoted_line_breaks(
    problems: Callable[..., tuple[str, ...]], notes: list[str], data: st.DataObject
) -> None:
    text = "Age,BS pp,Note,Type\n"
    for note in notes:
        text += "\n" * data.draw(st.integers(0, 2)) + f"30,5,{note},Normal\n"
    line = text.count("\n") + 1
    (problem,) = problems(text + "30,x,,Type1\n30,5,,Type1\n", redundant=())
    assert f"row {len(notes) + 1} (line {line})" in problem


def test_a_file_of_100_mb_works_and_its_last_bad_cell_is_found(read: Read, problems: Callable[..., tuple[str, ...]]) -> None:
    note = "a note that nobody reads; " * 8
    body = BODY.replace("\n", f",{note}\n") * 150_000
    content = (HEADER.replace("\n", ",Note\n") + body).encode()
    assert 99e6 < len(content) < 110e6
    assert len(read(content)) == 450_000
    (problem,) = problems(content + b"60,much,Normal,0,\n")
    assert "row 450001 (line 450002)" in problem


@pytest.mark.parametrize("content", [GOOD, "\ufeff" + GOOD.replace("\n", "\r\n")])
def test_the_fingerprint_is_that_of_the_bytes_on_disk(read: Read, content: str) -> None:
    assert read(content).sha256 == hashlib.sha256(content.encode()).hexdigest()


@pytest.mark.parametrize(("gaps", "file"), [((58, 80), "article"), ((0, 0), "complete")])
def test_the_real_files_hold_the_rows_gaps_and_damage_that_were_measured(
    file: str, gaps: tuple[int, int], request: pytest.FixtureRequest
) -> None:
    ranges = {"Age": (0, 120), "BS Fast": (2, 30), "BS pp": (2, 40), "Plasma R": (2, 40), "Plasma F": (2, 30), "HbA1c": (15, 200)}
    features = {name: Feature(range=ends) for name, ends in ranges.items()}
    path = request.getfixturevalue(file)
    table = load(DataSection(path=str(path), target="Type", redundant=("Class",), codes=CODES, features=features))
    assert labels_of(table).value_counts().to_dict() == {"Normal": 631, "Type1": 173, "Type2": 205}
    assert frame_of(table).isna().sum().to_dict() == dict.fromkeys(ranges, 0) | {"BS pp": gaps[0], "Plasma F": gaps[1]}
    assert table.count(table.implausible) == dict.fromkeys(ranges, 0) | {"BS Fast": 134 + 133}
    assert ((table.column("Plasma R") >= 11.1) == (labels_of(table) != "Normal")).all()
    assert ((others_of(table)["Class"] == "0") == (labels_of(table) == "Normal")).all()


def test_a_parquet_file_gives_the_same_table_as_its_csv(tmp_path: Path, read: Read) -> None:
    import pyarrow.csv
    import pyarrow.parquet as pq

    table = read(GOOD.replace("7.5", ""))
    rows = pyarrow.csv.read_csv(io.BytesIO(GOOD.replace("7.5", "").encode()))
    pq.write_table(rows, tmp_path / "mine.parquet")
    other = read(GOOD, path=str(tmp_path / "mine.parquet"))
    pd.testing.assert_frame_equal(frame_of(other), frame_of(table))
    pd.testing.assert_series_equal(labels_of(other), labels_of(table))
    pd.testing.assert_frame_equal(others_of(other), others_of(table))
    for column, said in (
        (pa.array(["x", "Normal", "Type1"]), "row 1 (line 1)"),
        (pa.array([["a"], [], None]), "names of classes"),
    ):
        pq.write_table(rows.set_column(2, "Type", column), tmp_path / "mine.parquet")
        with pytest.raises(DataError, match=re.escape(said)):
            read(GOOD, path=str(tmp_path / "mine.parquet"))


@pytest.mark.parametrize("cell", ['a "b" c', '5" tall', '"x"y', 'a""b'])
def test_a_quote_inside_a_cell_is_what_the_csv_module_reads(read: Read, cell: str) -> None:
    expected = next(csv.reader([f"{cell},x"]))[0]
    text = "".join(line + ("," + (cell if number else "Note")) + "\n" for number, line in enumerate(GOOD.splitlines()))
    assert others_of(read(text, "Note"))["Note"].tolist() == [expected] * 3


@pytest.mark.parametrize(
    ("rows", "column", "said"),
    [
        (0, None, "no row below it"),
        (3, pa.array([["a"], [], None]), 'column "Class" must hold text'),
        (3, pa.array([b"a", b"\xff", b"b"], pa.binary()).view(pa.string()), 'column "Class" must hold UTF-8 text'),
    ],
    ids=["no rows", "lists", "bytes"],
)
def test_a_parquet_file_that_is_no_table_is_one_line(tmp_path: Path, read: Read, rows: int, column: object, said: str) -> None:
    import pyarrow.csv
    import pyarrow.parquet as pq

    table = pyarrow.csv.read_csv(io.BytesIO(GOOD.encode())).slice(0, rows)
    pq.write_table(table if column is None else table.set_column(3, "Class", column), tmp_path / "mine.parquet")
    with pytest.raises(DataError, match=said):
        read(GOOD, path=str(tmp_path / "mine.parquet"))
