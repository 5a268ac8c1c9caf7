"""The rows of a sheet as every kind of file gives them."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from pipeline.config.data_section import ReadSection, plain
from pipeline.errors import counted
from pipeline.read.arrow import to_arrow, to_text
from pipeline.read.header import holds_names, looks_like_data
from pipeline.read.opened import Opened, Rows
from pipeline.read.workbook import cells_of

_DOUBTFUL = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")


def open_sheet(path: str, file: BinaryIO, read: ReadSection) -> Opened:
    """Look at the sheet that the config names, or else the only one that holds something.

    Raises:
        DataError: there is no such sheet, or no header in it.
    """
    name, cells, failed = cells_of(path, file, read.sheet)
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
