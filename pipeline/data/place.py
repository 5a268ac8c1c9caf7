"""Where in a CSV file something is wrong. Slow and exact: it is asked for the header, and when pyarrow could not use a value."""

import csv
import io
from collections.abc import Iterator

from pipeline.errors import DataError


def bad_row(path: str, content: bytes, error: Exception) -> str:
    """Say where the first row with a wrong number of cells is, or what else pyarrow could not parse."""
    rows = records(path, content)
    width = len(next(rows)[1])
    number = 0
    for number, (line, cells) in enumerate(rows, start=1):
        if len(cells) != width:
            quote = "; is a quote left open there?" if any("\n" in cell for cell in cells) else "; correct the row"
            return f"{path}, row {number} (line {line}): the header has {width} columns, this row {len(cells)}{quote}"
    if number == 0:
        return f"{path}: there is a header but no row below it"
    return f"{path}: cannot be read as CSV: {str(error).splitlines()[0]}"


def records(path: str, content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the first line number and the cells of each record that is not blank, the header included."""
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline=""))
    before = 0
    try:
        for cells in reader:
            if cells:
                yield before + 1, cells
            before = reader.line_num
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: cannot be read as CSV: {error}") from None


def where(path: str, content: bytes, index: int) -> str:
    """Return the row (from 1 below the header) and the line of a row index."""
    for number, (line, _) in enumerate(records(path, content)):
        if number == index + 1:
            return f"{path}, row {index + 1} (line {line})"
    return f"{path}, row {index + 1}"
