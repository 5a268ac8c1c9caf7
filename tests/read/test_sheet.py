"""Sheets give what pandas reads in them; what is odd in them is told or refused."""

import datetime
import io
import zipfile

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

from pipeline.config.data_section import ReadSection
from pipeline.errors import DataError
from pipeline.read.cells import labels, numbers
from pipeline.read.rows import open_rows
from tests.read.reading import assert_reads_as, columns_of, opened

FRAME = pd.DataFrame(
    {
        "age": [45, 38, None, 52],
        "bmi": [22.5, 31.0, 27.25, None],
        "ill": ["yes", None, "no", "no"],
        "day": ["2020-01-02", "2021-11-30", None, "2022-03-04"],
        "y": ["a", "b", "a", "b"],
    }
)


def workbook(**sheets: list[list[object]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, datetime.date):
                        sheet.write_datetime(row, column, cell, day)
                    elif isinstance(cell, str) and cell.startswith("="):
                        sheet.write_formula(row, column, cell, None, "#DIV/0!" if "/0" in cell else "#N/A")
                    elif cell is not None:
                        sheet.write(row, column, cell)
    return out.getvalue()


def rows_of(frame: pd.DataFrame) -> list[list[object]]:
    cells = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    days = [[datetime.date.fromisoformat(cell) if str(cell).startswith("20") else cell for cell in row] for row in cells]
    return [list(frame.columns), *days]


def test_the_only_full_sheet_is_read_as_pandas_reads_it():
    content = workbook(empty=[], data=[["# exported"], [], *rows_of(FRAME)])
    pandas = pd.read_excel(io.BytesIO(content), sheet_name="data", skiprows=2, engine="calamine")
    np.testing.assert_array_equal(pandas["bmi"], FRAME["bmi"])
    source = opened(content, ["age", "bmi"])
    assert_reads_as(source, FRAME)
    assert (source.read.sheet, source.told) == ("data", ('mine.csv: sheet "data"',))
    assert next(source.pieces())().lines().tolist() == [4, 5, 6, 7]


def test_a_column_of_numbers_and_texts_has_the_mark_of_its_texts():
    content = workbook(one=[["a", "b", "y"], [1.5, 2, "a"], ["6,5", "?", "b"], [1.234, 2.5, "a"], [950, "<3", "b"]])
    source = opened(content, ["a"])
    columns = columns_of(source)
    np.testing.assert_array_equal(numbers(columns["a"], source.cells), [1.5, 6.5, 1.234, 950])
    assert source.read.decimal == ","
    assert labels(columns["b"], source.cells)[0] == ["2", "", "2.5", "<3"]


@pytest.mark.parametrize(
    ("content", "read", "said"),
    [
        (
            workbook(one=[["a", "y"]], two=[["a", "y"], [1, "b"]]),
            {},
            'the sheets "one" and "two" hold something; keep one, or name one to init, check or train: --set data.read.sheet=two',
        ),
        (workbook(**{"2023": [["a", "y"]], "2024": [["a", "y"], [1, "b"]]}), {}, """--set 'data.read.sheet="2024"'"""),
        (workbook(one=[["a", "y"]]), {"sheet": "On"}, 'there is no sheet "On"; did you mean "one"?'),
        (workbook(one=[]), {}, "every sheet is empty"),
        (workbook(one=[["Report"], ["a", "y"], [1, "a"]]), {}, "row 1: 1 name there, above 2 columns"),
        (
            workbook(
                one=[
                    ["Report", None, datetime.date(2020, 1, 1), None],
                    [],
                    ["a", "b", "c", "y"],
                    [1, 2, 3, "a"],
                    [4, 5, 6, "b"],
                ]
            ),
            {},
            "row 1: 2 names there, above 4 columns",
        ),
        (workbook(one=[["b", "y"], [7, "b"]]), {"header": ("c1", "c2")}, "row 1: holds other names than data.read.header"),
        (workbook(one=[["6", "a"], ["7", "b"]]), {"header": ("a", "b", "y")}, "the row has 2 cells"),
        (workbook(one=[[6, "a"], [7, "b"], [5, "a"]]), {}, "seems to hold data, not names (6, a, ...)"),
        (workbook(one=[["a", "y"], *[[None] * 700] * 30000, [*[None] * 699, 1]]), {}, "reaches to row 30,002 and column 700"),
        (workbook(one=[["a", "y"]])[:-40], {}, "cannot be unpacked"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), {}, "cannot be read as a spreadsheet"),
    ],
)
def test_what_cannot_be_told_is_refused_in_one_line(content, read, said):
    with pytest.raises(DataError) as told:
        opened(content, ["a"], **read)
    assert said in str(told.value)
    assert len(told.value.problems) == 1


def test_failed_formulas_are_told():
    source = opened(workbook(one=[["a", "y"], ["=1/0", "a"], ["=NA()", "b"], [3, "a"]]), ["a"])
    assert source.told == ('mine.csv: sheet "one", 1 cell with a failed formula, read as empty',)
    np.testing.assert_array_equal(numbers(columns_of(source)["a"], source.cells), [np.nan, np.nan, 3])


NAMES = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text"))


def document(rows: str) -> bytes:
    """Return an OpenDocument sheet with these rows."""
    body = (
        f'<office:body><office:spreadsheet><table:table table:name="one">{rows}</table:table></office:spreadsheet></office:body>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", '<?xml version="1.0"?><manifest/>')
        archive.writestr("content.xml", f'<?xml version="1.0"?><office:document-content {NAMES}>{body}</office:document-content>')
    return out.getvalue()


def repeated(kind: str, count: int, content: str = "", more: str = "") -> str:
    name = "row" if kind == "rows" else "cell"
    return f'<table:table-{name} table:number-{kind}-repeated="{count}"{more}>{content}</table:table-{name}>'


def number(value: float, count: int = 1) -> str:
    return repeated("columns", count, f"<text:p>{value}</text:p>", f' office:value-type="float" office:value="{value}"')


def text(value: str) -> str:
    return repeated("columns", 1, f"<text:p>{value}</text:p>", ' office:value-type="string"')


def test_an_open_document_sheet_is_read_and_one_that_unfolds_to_too_much_is_refused():
    empty = '<table:table-cell table:number-columns-repeated="16000"/>'
    rows = repeated("rows", 1, text("a") + text("y") + empty) + repeated("rows", 2, number(2.5) + text("b") + empty)
    assert_reads_as(
        opened(document(rows + repeated("rows", 10**6, empty)), ["a"]), pd.DataFrame({"a": [2.5, 2.5], "y": ["b", "b"]})
    )
    with pytest.raises(DataError, match=r"reaches to row 3,003 and column 16,384"):
        opened(document(rows + repeated("rows", 3000, number(1, 16384))))


def test_of_a_file_that_is_only_scored_no_command_is_told_that_cannot_name_a_sheet():
    content = workbook(one=[["a", "y"]], two=[["a", "y"], [1, "b"]])
    with pytest.raises(DataError) as told:
        open_rows("mine.xlsx", io.BytesIO(content), None, ["a"], like=ReadSection())
    assert str(told.value) == 'mine.xlsx: the sheets "one" and "two" hold something; keep one'
