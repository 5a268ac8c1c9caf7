"""The header of a CSV file, and what its cells may hold. NumPy and pandas are not needed."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from pipeline.errors import DataError, did_you_mean, listing

BOM = b"\xef\xbb\xbf"

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})
"""Cells that mean "no value", compared in lower case without blanks around them."""

NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
"""A regular expression for a number."""


def refuse_utf16(path: str, content: bytes) -> None:
    """Raise DataError for what other programs save as "Unicode text"."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f'{path}: must be UTF-8 text; it is UTF-16; save it as "CSV UTF-8"')


def header_of(path: str, content: bytes, names: Iterable[str]) -> dict[str, str]:
    """Return the file's own spelling of every name, in its order.

    Args:
        path: the file as it was named.
        content: its bytes, or so many of the first that they hold the header.
        names: columns that must be there.

    Raises:
        DataError: a name is missing or stands twice, or the delimiter is no comma.
    """
    line, raw = next(records(path, content))
    return spellings(f"{path}, line {line}", raw, names)


def spellings(place: str, raw: Sequence[str], names: Iterable[str]) -> dict[str, str]:
    """Return how each name, without blanks around it, is spelt in ``raw``, in its order; arguments and errors as above."""
    found: dict[str, str] = {}
    problems = []
    for spelling in raw:
        name = spelling.strip()
        if name in found:
            problems.append(f'{place}: the column "{clip(name)}" stands twice in the header; rename or remove one')
        found[name] = spelling
    missing = [name for name in names if name not in found]
    delimiter = next((mark for mark in (";", "\t", "|") if len(raw) == 1 and mark in raw[0]), None)
    if missing and delimiter:
        shown = "tabs" if delimiter == "\t" else f'"{delimiter}"'
        raise DataError(f"{place}: columns must be separated by commas, not by {shown}; save it as CSV with commas")
    hints = {name: did_you_mean(name, map(clip, found)) for name in missing}
    problems += [f'{place}: the column "{name}" is missing{hint}' for name, hint in hints.items() if hint]
    lost = [name for name, hint in hints.items() if not hint]
    if lost:
        verb = "columns {} are" if len(lost) > 1 else "column {} is"
        problems.append(f"{place}: the {verb.format(listing(lost))} missing; the file has {listing(map(clip, found))}")
    if problems:
        raise DataError(*problems)
    return found


def short(value: str) -> str:
    """Return a cell as a message quotes it."""
    return repr(clip(value))


def clip(value: str) -> str:
    """Return at most 40 characters of a name or a cell, on one line."""
    value = " ".join(value.split())
    return value if len(value) <= 40 else value[:37] + "..."


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
