"""The rows of a sheet in an Excel or OpenDocument file, which is read at once."""

import json
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from pipeline.config.data_section import ReadSection, plain
from pipeline.config.remedy import option
from pipeline.config.yaml_text import dump_line
from pipeline.errors import DataError, counted, did_you_mean, listing
from pipeline.read.arrow import to_arrow, to_text
from pipeline.read.header import holds_names, looks_like_data
from pipeline.read.opened import Opened, Rows
from pipeline.read.packed import BROKEN, is_sheet

_MOST = 2**24  # cells of a sheet, with the empty ones between others
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml|content\.xml")
_PLACE = re.compile(rb'\br="([A-Z]*)([0-9]+)"')
_FAILED = re.compile(rb't="e"[^>]*>(?:(?!</c>).)*?<v>#(?!N/A)', re.DOTALL)
_ROW = re.compile(rb"<[\w.-]+:table-row\b([^>]*)>(?:(?<=/>)|(.*?)</[\w.-]+:table-row>)", re.DOTALL)
_CELL = re.compile(rb"<[\w.-]+:(?:covered-)?table-cell\b([^>]*)>")
_REPEATED = re.compile(rb'-repeated="([0-9]+)"')
_DOUBTFUL = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")


def open_sheet(path: str, file: BinaryIO, read: ReadSection, trained: bool) -> Opened:
    """Look at the sheet that the config names, or else the only one that holds something; ``trained``: not only scored.

    Raises:
        DataError: there is no such sheet, or no header in it.
    """
    name, cells, failed = _cells_of(path, file, read.sheet, trained)
    rows = [(line, row) for line, row in enumerate(cells, 1) if any(cell != "" for cell in row)]
    while len(rows) > 1 and str(rows[0][1][0]).startswith("#") and not any(cell != "" for cell in rows[0][1][1:]):
        del rows[0]  # a comment
    first, *texts = [[_written(cell, ".") for cell in row] for _, row in rows[:200]]
    place = f'{path}, sheet "{name}", row {rows[0][0]}'
    named = holds_names(place, first, texts, read.header)
    names = first if named else [*(read.header or ())]
    below = rows[named:]
    every = {at: [row[at] for _, row in below] for at in range(len(first))}
    columns = {at: column for at, column in every.items() if (read.header or first)[at] or any(cell != "" for cell in column)}
    size, told = file.seek(0, 2), [f'sheet "{name}"'] if read.sheet is None else []
    told += [f"{counted(failed, 'cell')} with a failed formula, read as empty"] if failed else []
    told += ["the first row names the columns, as data.read.header does"] if read.header and named else []

    def pieces(schema: pa.Schema, decimal: str) -> Iterator[Callable[[], Rows]]:
        batch = pa.record_batch([_column(column, decimal) for column in columns.values()], schema)
        yield lambda: Rows(batch, (), lambda: np.array([line for line, _ in below], dtype=np.int64), size)

    sample = [_column(column, None) for column in columns.values()]
    types = [column.type for column in sample]
    nameless = named and looks_like_data(first, texts)
    return Opened(place, [names[at] for at in columns], types, sample, pieces, None, {"sheet": name}, told, nameless)


def _column(cells: Sequence[Any], decimal: str | None) -> pa.Array:
    """Return cells as numbers, or as text where one is none; without a decimal mark numbers that would need it are left out."""
    kinds = {type(cell) for cell in cells if cell != ""}
    if kinds and kinds <= {float, int}:
        missing = np.array([cell == "" for cell in cells], dtype=bool)
        return to_arrow(np.array([0.0 if cell == "" else cell for cell in cells], dtype=np.float64), missing)
    return to_text([_written(cell, decimal) for cell in cells])


def _written(cell: Any, decimal: str | None) -> str:
    """Return a cell as text; a number is written so that its decimal mark stands for itself."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool) or not isinstance(cell, float | int):
        return plain(str(cell)).removesuffix(" 00:00:00")
    text = plain(repr(float(cell)))
    if decimal is None:
        return "" if "." in text else text
    return (text + "0" if _DOUBTFUL.fullmatch(text) else text).replace(".", decimal)


def _cells_of(path: str, file: BinaryIO, wanted: str | None, trained: bool) -> tuple[str, list[list[Any]], int]:
    """Return the sheet's name, its rows from the first one on, an empty text where nothing is, and how many formulas failed.

    Raises:
        DataError: the file is damaged or locked, or unfolds too far; the wanted sheet is not there, or several are full.
    """
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum  # takes time that other files do without

    failed = _failed_formulas(path, file)
    file.seek(0)
    try:
        book = CalamineWorkbook.from_filelike(file)
        names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        if wanted is not None and wanted not in names:
            raise DataError(f'{path}: there is no sheet "{wanted}"{did_you_mean(wanted, names)}; it has {listing(names)}')
        sheets = [book.get_sheet_by_name(name) for name in ([wanted] if wanted else names)]
        full = [sheet for sheet in sheets if sheet.start is not None]
        if len(full) == 1:
            return full[0].name, full[0].to_python(skip_empty_area=False), failed
    except PasswordError:
        raise DataError(f"{path}: is locked by a password; save it without one") from None
    except BaseException as error:  # a damaged file may end in a panic, which is no Exception
        if isinstance(error, DataError | KeyboardInterrupt | SystemExit | MemoryError):
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path}: cannot be read as a spreadsheet: {reason}; save it again, or as CSV") from None
    if full:
        name = max(full, key=lambda sheet: sheet.total_height).name
        text = name if dump_line(name) == name else json.dumps(name)  # 2024 is no text in YAML
        hint = f", or name one to init, check or train: {option(f'data.read.sheet={text}')}" if trained else ""
        text = f"the sheets {listing(sheet.name for sheet in full)} hold something; keep one"
        raise DataError(f"{path}: {text}{hint}")
    what = f'the sheet "{wanted}"' if wanted else "every sheet"
    raise DataError(f"{path}: {what} is empty; a header and rows are needed")


def _failed_formulas(path: str, file: BinaryIO) -> int:
    """Return how many cells of an .xlsx file hold an error other than #N/A: nothing is left of them when the file is read.

    Raises:
        DataError: a sheet is larger than memory should hold, or the file is damaged.
    """
    file.seek(0)
    if file.read(2) != b"PK" or not is_sheet(path, file):
        return 0
    count = 0
    try:
        with zipfile.ZipFile(file) as archive:
            for member in filter(_SHEET.fullmatch, archive.namelist()):
                with archive.open(member) as content:
                    rows, columns, failed = _reach(content) if member != "content.xml" else (*_reach_repeated(content.read()), 0)
                count += failed
                if rows * columns > _MOST:
                    text = f"reaches to row {rows:,} and column {columns:,}; delete what is far outside the table"
                    raise DataError(f"{path}: a sheet {text}, or save it as CSV")
    except BROKEN as error:
        raise DataError(f"{path}: cannot be unpacked: {error}; save it again") from None
    return count


def _reach(content: Any) -> tuple[int, int, int]:
    """Return the last row and the last column of a sheet in an .xlsx file, and how many formulas failed."""
    left, rows, columns, failed, chunk = b"", 0, 0, 0, b" "
    while chunk:
        chunk = content.read(2**20)
        left += chunk
        end = left.rfind(b"<c ") if chunk else len(left)
        places = set(_PLACE.findall(left, 0, end))
        rows = max([rows, *(int(row) for _, row in places)])
        columns = max([columns, *(reduce(lambda number, letter: 26 * number + letter - 64, letters, 0) for letters, _ in places)])
        failed += len(_FAILED.findall(left, 0, end))
        left = left[max(end, 0) :]
    return rows, columns, failed


def _reach_repeated(content: bytes) -> tuple[int, int]:
    """Return the last row and the last column of the sheets in an OpenDocument file, where a cell may stand for many."""
    rows = columns = seen = 0
    for row, cells in _ROW.findall(content):
        seen += _times(row)
        width = last = 0
        for cell in _CELL.findall(cells):
            width += _times(cell)
            last = width if b"value" in cell or not cell.endswith(b"/") else last
        rows, columns = (seen, max(columns, last)) if last else (rows, columns)
    return rows, columns


def _times(attributes: bytes) -> int:
    found = _REPEATED.search(attributes)
    return int(found[1]) if found else 1
