"""The cells of a sheet in an Excel or OpenDocument file, which is read at once."""

import re
import zipfile
from typing import Any, BinaryIO

from pipeline.errors import DataError, did_you_mean, listing
from pipeline.read.packed import BROKEN, is_sheet

_MOST = 2**24  # cells of a sheet, with the empty ones between others
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml|content\.xml")
_PLACE = re.compile(rb'\br="([A-Z]*)([0-9]+)"')
_FAILED = re.compile(rb't="e"[^>]*>(?:(?!</c>).)*?<v>#(?!N/A)', re.DOTALL)
_ROW = re.compile(rb"<[\w.-]+:table-row\b([^>]*)>(?:(?<=/>)|(.*?)</[\w.-]+:table-row>)", re.DOTALL)
_CELL = re.compile(rb"<[\w.-]+:(?:covered-)?table-cell\b([^>]*)>")
_REPEATED = re.compile(rb'-repeated="([0-9]+)"')


def cells_of(path: str, file: BinaryIO, wanted: str | None) -> tuple[str, list[list[Any]], int]:
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
        raise DataError(
            f"{path}: the sheets {listing(sheet.name for sheet in full)} hold something; keep one, or set data.read.sheet"
        )
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
        columns = max([columns, *map(_number_of, {letters for letters, _ in places})])
        failed += len(_FAILED.findall(left, 0, end))
        left = left[max(end, 0) :]
    return rows, columns, failed


def _number_of(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


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
    return int(found[1]) if (found := _REPEATED.search(attributes)) else 1
