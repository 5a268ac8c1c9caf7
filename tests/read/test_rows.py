"""Every dialect gives the table that pandas reads where it is told the dialect."""

import gzip
import io
import itertools
import subprocess
import sys
import zipfile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.config.data_section import ReadSection
from pipeline.errors import DataError
from pipeline.read.cells import Cells, labels, numbers
from tests.read.reading import assert_reads_as, columns_of, opened

FRAME = pd.DataFrame(
    {
        "BS pp": [5.25, 11.0, None, 7.5],
        "age": [45, 38, 61, 52],
        "größe, m": [1.75, 1.6, 1.82, 1.7],
        "remark": ["x; y", 'a "b"', None, "line\nbreak, and more"],
        "y": ["a", "b", "a", "b"],
    }
)


@pytest.mark.parametrize(
    ("separator", "decimal", "encoding", "quoting"),
    [*itertools.product([",", ";", "\t", "|"], [".", ","], ["utf-8", "utf-8-sig", "utf-16", "cp1252"], [0, 1])],
)
def test_separator_decimal_mark_encoding_and_quotes_are_found(separator, decimal, encoding, quoting):
    text = FRAME.to_csv(index=False, sep=separator, decimal=decimal, quoting=quoting)
    expected = pd.read_csv(io.StringIO(text), sep=separator, decimal=decimal)
    expected["remark"] = expected["remark"].str.replace("\n", " ")  # every kind of space is alike
    for features in ([], ["BS pp", "age", "größe, m"]):
        source = opened(text.encode(encoding), features)
        assert_reads_as(source, expected)
        assert (source.read.separator, source.read.decimal) == (separator, decimal)
        assert "auto" not in source.read.model_dump().values()
        plain = (separator, decimal) == (",", ".") and encoding.startswith("utf-8")
        assert plain == (not source.told)


@pytest.mark.parametrize("encoding", ["cp1252", "cp1250"])
@pytest.mark.parametrize(
    "columns",
    [{"größe": ["ö"], "x": ["1"], "y": ["a"]}, {"name": ["Müller"] * 2 + ["Weiß"], "x": ["1.5", "2", "3"], "y": list("aba")}],
)
def test_a_guessed_encoding_is_shown_by_its_letters_and_by_no_word(columns, encoding):
    content = pd.DataFrame(columns).to_csv(index=False).encode(encoding)
    letters = "ö ß" if "größe" in columns else "ü ß"  # the most frequent first
    (told,) = opened(content, ["x"]).told
    assert told == f'mine.csv: Windows-1252, with the letters {letters} (if they look wrong, save the file as "CSV UTF-8")'
    (told,) = opened("x,y,°C\n1,a,3\n".encode("cp1252"), ["x"]).told
    assert told == "mine.csv: Windows-1252"


def test_letters_of_another_code_page_look_wrong():
    (told,) = opened("x,y\n1,Kraków źle łza\n".encode("cp1250"), ["x"]).told
    assert all(letter in told for letter in "źle łza".encode("cp1250").decode("cp1252") if letter.isalpha() and letter > "z")


ABOVE = {
    "sep=;\na;y\n1;a\n": (";", 1),
    '# made by hand, "so\n\n# a, b\na,y\n1,a\n': (",", 3),
    "\n\na\ty\n1\ta\n": ("\t", 2),
    "\ufeff# x\na|y\n1|a\n": ("|", 1),
    "#,a,y\n1,1,a\n2,1,a\n": (",", 0),
    "# x,y,z\n# 7,a,y\n#1,1,a\n2,2,a\n": (",", 1),
    '# made, by hand\n"a","y","p;q"\n1,a,"r;s"\n': (",", 1),
}


@pytest.mark.parametrize("text", ABOVE)
def test_what_stands_above_the_header_is_left_out_and_lines_are_counted(text):
    separator, above = ABOVE[text]
    source = opened(text.encode(), ["a"])
    assert source.read.separator == separator
    assert columns_of(source)["a"][0].as_py() == "1"
    assert next(source.pieces())().lines()[0] == above + 2


REFUSED = {
    ("", ()): "the file is empty",
    ("a,b\n1,2\n", ("a",)): 'line 1: the column "y" is missing; the file has "a" and "b"',
    ("a y\n1 a\n", ("a",)): "the file has a single column, 'a y'; columns are separated by , ; | or tabs",
    ('"a,y"\n"1,a"\n', ("a",)): "the file has a single column",
    ("Report\na,b,y\n1,2,a\n3,4,b\n", ()): "there is one name, but 3 cells in each row below",
    ("a,y\n1,2,a\n3,4,b\n", ()): "2 names there, 3 cells in each row below",
    ("6,148,a\n1,85,b\n8,183,a\n", ("p",)): "line 1 seems to hold data, not names (6, 148, a, ...); give data.read.header",
    ("# a,b\nx,y\nz,w\n", ()): "line 1: begins with # and has as many cells as the rows",
    ("#1,a\n#2,b\n", ("a",)): "holds nothing but comments",
    ("p;q\té;è\nx;y\tz\n", ()): 'the columns may be separated by ";" or tabs; set data.read.separator',
    ("a,a,y\n1,2,a\n", ("a",)): 'the column "a" is twice',
    ('a,"y\n1,a\n', ("a",)): "the header has a quote that is left open",
    ("a,y\n\0,a\n".replace("a,y", "a\0,y"), ("a",)): "the header must be UTF-8 text without NUL bytes",
    ("bs_pp,bspp,y\n1,2,a\n", ("BS pp",)): 'the column "BS pp" is missing; did you mean "bspp"?',
    ('a,b,y\n1,"1,234",a\n2,"2,345",b\n', ()): "column \"b\" holds '1,234', where the comma may be a decimal mark",
    ("a,b,y\n1,1.234,a\n2,950,b\n", ("a", "b")): 'set data.read.decimal: "." or data.read.thousands: "."',
    ("a;b;y\n1,5;1,234;a\n2,5;950;b\n", ("a", "b")): 'set data.read.decimal: "," or data.read.thousands: ","',
    ("a,b,y\n150000,1,a\n155.000,2,b\n", ()): "column \"a\" holds '155.000', where the point may be",
    ("a;y\n382.000;a\n120.000;b\n", ()): "column \"a\" holds '382.000', where the point may be",
    ("Report,,\na,b,y\n1,2,a\n3,4,b\n", ()): "line 1: 1 name there, above 3 columns; remove what is above",
    ("a,b,\n1,2,a\n3,4,b\n", ()): "line 1: 2 names there, above 3 columns",
    (",,\n1,2,a\n3,4,b\n", ()): "line 1: 0 names there, above 3 columns",
    ("Report,,,2020\na,b,c,y\n1,2,3,a\n3,4,5,b\n", ()): "line 1: 2 names there, above 4 columns",
    ("Report,,\n,,\na,b,y\n1,2,a\n3,4,b\n", ("a",)): "line 1: 1 name there, above 3 columns",
    ('"a", "b", "y"\n"1", "2", "a"\n', ()): "line 1: there is a blank before a quote ('\"b\"')",
    ("'a','y'\n'1','a'\n", ()): """cells are in single quotes ('a')""",
    ("a b y\n1 2 a\n", ()): "the file has a single column, 'a b y'",
    ('{"a": 1, "y": "b"}\n{"a": 2, "y": "c"}\n', ()): "is JSON, which is not read",
    ('[\n {"a": 1, "y": 2}]\n', ()): "is JSON, which is not read",
    ("<html>\n<table><tr><td>a</td></tr></table>\n", ()): "is HTML or XML, which is not read",
    ("HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!\n", ()): "is a file of SAS",
    ("<stata_dta><header>\n", ()): "is a file of Stata",
    ("a;b;y\n1,5;1.5;a\n", ("a", "b")): "column \"b\" has decimal points ('1.5'), column \"a\" has decimal commas ('1,5')",
}


@pytest.mark.parametrize(("text", "features"), REFUSED)
def test_what_cannot_be_told_is_refused_in_one_line(text, features):
    with pytest.raises(DataError) as told:
        opened(text.encode(), features)
    assert REFUSED[text, features] in str(told.value)
    assert len(told.value.problems) == 1


@pytest.mark.parametrize(
    ("content", "read", "said"),
    [
        (b"a;y\n1.5;a\n", {"decimal": ","}, "has decimal points ('1.5'), but data.read.decimal is \",\""),
        (b"a;y\n1,5;a\n", {"thousands": ","}, "has decimal commas ('1,5'), but data.read.thousands is \",\""),
        (b"a;y\n1,5;a\n", {"separator": ","}, 'is separated by ";", but data.read.separator says commas'),
        (b"sep=;\na;y\n1,5;a\n", {"separator": ","}, "the file says sep=;"),
        ("ä,a,y\n1,1,a\n".encode(), {"encoding": "windows-1252"}, "is UTF-8, but data.read.encoding is windows-1252"),
        ("a,y\n1,a\n".encode("utf-16"), {"encoding": "utf-8"}, "is UTF-16, but data.read.encoding is utf-8"),
        (b"a,y\n1,a\n", {"encoding": "utf-16"}, "is plain text, but data.read.encoding is utf-16"),
        (b"1,2,a\n", {"header": ("a", "y")}, "the row has 3 cells, but data.read.header names 2 columns"),
        (b"a,y\n1,a\n", {"sheet": "one"}, "is no spreadsheet"),
        ("größe,a,y\n1,1,a\n".encode("cp437"), {}, "is neither UTF-8 nor Windows-1252"),
        ("a,y\n1,a\n".encode("utf-32"), {}, "is UTF-32"),
        ("a,y\n1,a\n".encode("utf-16")[:-1], {}, "is damaged or incomplete: it is not UTF-16 to its end"),
        ("a,y\n1,\u00e4\n".encode("utf-16-le"), {}, "is UTF-16 without a byte order mark"),
        (
            b"b,c,y\n1,2,a\n3,4,b\n",
            {"header": ("c1", "c2", "c3")},
            "holds other names than data.read.header (b, c, y, ...)",
        ),
    ],
)
def test_a_file_that_contradicts_the_config_or_itself_is_refused(content, read, said):
    with pytest.raises(DataError) as told:
        opened(content, ["a"], **read)
    assert said in str(told.value)


def test_settings_win_and_the_training_breaks_a_tie():
    doubtful = b"a;y\n1,234;a\n950;b\n"
    for like, read, expected in (
        (ReadSection(decimal=","), {}, [1.234, 950]),
        (None, {"decimal": ","}, [1.234, 950]),
        (None, {"thousands": ","}, [1234, 950]),
        (ReadSection(decimal="."), {"thousands": ","}, [1234, 950]),
    ):
        source = opened(doubtful, ["a"], like, **read)
        assert numbers(columns_of(source)["a"], source.cells).tolist() == expected
    for content, read in (
        (b"a;y\n1,5;a\n", {"decimal": ".", "separator": ",", "sheet": "Data"}),
        (b"a,y\n1.5,a\n", {"decimal": ",", "thousands": "."}),
        ("a;y\n1,5;\u00e4\n".encode(), {"encoding": "windows-1252"}),
    ):  # what the training needed is no law for another file
        source = opened(content, ["a"], ReadSection(decimal=read.get("decimal", ".")), **read)
        assert numbers(columns_of(source)["a"], source.cells).tolist() == [1.5]
    for mark, other, word in ((".", ",", "points"), (",", ".", "commas")):
        for read in ({}, {"decimal": mark}):
            with pytest.raises(DataError, match=f"write decimal {word}, as in training"):
                opened(f"a;y\n6{other}100;a\n7{other}010;b\n".encode(), ["a"], ReadSection(decimal=mark), **read)
    clear = opened(b"a;y\n1.5;a\n", ["a"], ReadSection(decimal=","))
    assert numbers(columns_of(clear)["a"], clear.cells).tolist() == [1.5]


def test_columns_without_a_header_are_named_and_a_repeated_header_is_told():
    for text, rows, told in (("1,a\n2,b\n", 2, 0), ("A,y\n1,a\n", 1, 2), ("y,a\nb,1\n", 1, 1), ("b,y,a,c\n5,b,1,5\n", 1, 1)):
        source = opened(text.encode(), ["a"], header=("a", "y"))
        columns = columns_of(source)
        assert len(columns["a"]) == rows
        assert columns["a"][0].as_py() == "1"
        assert (len(source.told), source.header is None) == (told, told == 0)


def test_a_gap_in_a_first_row_of_data_is_no_missing_name():
    assert [*opened(b"1,,a\n2,5,b\n3,6,a\n").spelt] == ["1", "", "a"]


def test_names_match_but_for_case_blanks_and_underscores():
    source = opened(b" bs_PP ,Y,age\n1,a,2\n", ["BS pp", "age"])
    assert source.spelt == {"BS pp": " bs_PP ", "y": "Y", "age": "age"}
    assert source.told == ('mine.csv: column "bs_PP" is taken for "BS pp"', 'mine.csv: column "Y" is taken for "y"')


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


TEXT = FRAME.to_csv(index=False).encode()


def test_compressed_files_are_read_as_what_is_in_them():
    parquet = io.BytesIO()
    FRAME.to_parquet(parquet, index=False)
    plain = opened(TEXT).schema.names
    for content in (gzip.compress(TEXT), zipped(mine=TEXT), gzip.compress(parquet.getvalue()), zipped(mine=parquet.getvalue())):
        source = opened(content)
        assert source.schema.names == plain
        assert_reads_as(source, pd.read_csv(io.BytesIO(TEXT)).replace("\n", " ", regex=True))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped(), "NUL"),
        (zipped(one=TEXT, two=TEXT), "must hold one file; it holds 2 files (one, two)"),
        (zipped(one=zipped(two=TEXT)), "holds a compressed file"),
        (gzip.compress(gzip.compress(TEXT)), "holds a compressed file"),
        (gzip.compress(TEXT)[:-9], "is damaged or incomplete"),
        (zipped(one=TEXT)[:-30], "cannot be unpacked"),
        (gzip.compress(TEXT + b"0" * 2**27), "unfolds to more than 100 times its size"),
        (zipped(one=TEXT + b"0" * 2**27), "unfolds to more than 100 times its size"),
        (b"PAR1" + bytes(100), "cannot be read as Parquet"),
    ],
)
def test_a_compressed_file_that_cannot_be_read_is_one_line(content, said):
    with pytest.raises(DataError, match=r"^mine\.csv") as told:
        columns_of(opened(content))
    assert said in str(told.value)


def test_types_of_a_parquet_file_that_no_number_or_class_can_have_are_one_line():
    table = pa.table({"a": [[1.0]], "b": [True], "y": ["a"]})
    out = io.BytesIO()
    pq.write_table(table, out)
    for features, said in ((["a"], "its type is list"), (["b"], "its type is bool")):
        with pytest.raises(DataError, match=f'column "{features[0]}" must hold numbers; {said}'):
            opened(out.getvalue(), features)
    assert opened(out.getvalue()).schema.names == ["a", "b", "y"]
    half = pa.table({"a": pa.array([1, 2.5], pa.float16()), "y": ["a", "b"]})
    out = io.BytesIO()
    pq.write_table(half, out)
    assert labels(columns_of(opened(out.getvalue(), ["a"]))["a"], Cells())[0] == ["1", "2.5"]


def test_reading_needs_neither_pandas_nor_the_reader_of_sheets():
    code = "import sys, pipeline.read.rows; print({'pandas', 'sklearn', 'tensorflow', 'python_calamine'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
