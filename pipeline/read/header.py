"""Whether the first row of a file holds names or data."""

import itertools
import re
from collections.abc import Sequence
from functools import lru_cache

from pipeline.config.data_section import ABSENT, DASHES, NUMBER
from pipeline.errors import DataError, counted
from pipeline.read.columns import alike, clip

_Text = tuple[str, tuple[str, ...]]
_PLACEHOLDERS = frozenset((*ABSENT, *DASHES))


def looks_like_data(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether a first row is no header: what stands in it stands in rows below too, or is a number like those there."""
    names, numbers = _split(first, [row for row in rows if list(row) != list(first)])  # a header may be repeated
    found = [value for value, _ in numbers]
    again = sum(cell in column or _of_one_shape(cell, column) for cell, column in names)
    above = sum(bool(_numbers(column)) for _, column in names)  # as names stand, and texts do not
    if above and (not numbers or again + len(numbers) < above):
        return False
    if again:
        return True
    among = sum(_among(value, column) for value, column in numbers)
    if len(found) >= 3 and all(after == before + 1 for before, after in itertools.pairwise(found)):
        return not (found[0] in (0, 1) or among < len(found))  # 0, 1, 2 or 2019, 2020, 2021
    return bool(numbers) and 2 * among >= len(numbers)


def enclosed(cell: str, place: int, separator: str, rows: Sequence[Sequence[str]]) -> str:
    """Return what is wrong with a cell if two stray quotes made it of lines which are rows like others, else nothing."""
    first, *others = (line.split(separator) for line in re.split(r"[\r\n]+", cell))
    if not (others and rows):
        return ""
    lines = others[:-1]
    if len(others[-1]) == place + 1:  # what stands before this cell, and behind it, in the outermost lines
        lines.append([*others[-1][:place], "", *first[1:]])
    if not any(len(line) == len(rows[0]) > 1 and _is_row(line, rows) for line in lines):
        return ""
    lost = counted(len(others), "line")
    return f"has a quote that encloses rows in the next {lost}; remove it, or the line breaks if it holds one cell"


def _is_row(line: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether a line is no text: half of its cells, and two at least, are like those of rows, none a word for a number."""
    if any(cell[:1].isspace() for cell in line):  # as behind the commas of a sentence
        return False
    names, numbers = _split(line, rows)
    found = sum(cell in column or _of_one_shape(cell, column) for cell, column in names)
    found += sum(_among(value, column) for value, column in numbers)
    return 2 * found >= max(4, len(line) - 1) and not any(_numbers(column) for _, column in names)


def _split(first: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[_Text], list[tuple[float, tuple[str, ...]]]]:
    """Return the texts and the numbers of the first row, each with the column below it."""
    columns = [tuple(map(str.strip, column)) for column in zip(*(row for row in rows if len(row) == len(first)), strict=True)]
    cells = [(cell.strip(), column) for cell, column in zip(first, columns, strict=False)]
    cells = [(cell, column) for cell, column in cells if cell.lower() not in _PLACEHOLDERS]
    names = [(cell, column) for cell, column in cells if _value(cell) is None]
    return names, [(value, column) for cell, column in cells if (value := _value(cell)) is not None]


def holds_names(place: str, first: Sequence[str], rows: Sequence[Sequence[str]], given: Sequence[str] | None) -> bool:
    """Return whether a first row names the columns, where the config may have ``given`` names to them.

    Raises:
        DataError: it does not hold those, and is no row of values either.
    """
    known = {alike(name) for name in given or ()}
    if not given or 2 * sum(alike(cell) in known for cell in first) > min(len(first), len(given)):
        return True
    names, numbers = _split(first, rows)
    if not numbers and any(_numbers(column) for _, column in names):
        shown = ", ".join(clip(cell) for cell in first[:3])
        raise DataError(
            f"{place}: holds other names than data.read.header ({shown}, ...); remove that row, or correct the setting"
        )
    if len(first) != len(given):
        text = f"the row has {counted(len(first), 'cell')}, but data.read.header names {counted(len(given), 'column')}"
        raise DataError(f"{place}: {text}; name every column, in the order of the file")
    return False


def _value(cell: str) -> float | None:
    text = cell.replace("\u2212", "-").replace(",", ".").lstrip("<>=\u2264\u2265 ")
    return float(text) if re.fullmatch(NUMBER, text) else None


def _among(value: float, column: tuple[str, ...]) -> bool:
    """Return whether a number is one of those below it: between them, or near them."""
    if not (below := _numbers(column)):
        return False
    margin = (max(below) - min(below)) / 2
    return bool(value % 1) or min(below) - margin <= value <= max(below) + margin


@lru_cache
def _numbers(column: tuple[str, ...]) -> list[float]:
    """Return the numbers in a column that mostly holds such, else none."""
    below = [number for cell in column if (number := _value(cell)) is not None]
    return below if 2 * len(below) > sum(cell.lower() not in _PLACEHOLDERS for cell in column) else []


def _of_one_shape(cell: str, column: Sequence[str]) -> bool:
    """Return whether a text with digits, such as P001 or a date, is written like most below it."""
    if not re.search("[0-9]", cell):
        return False
    shape = re.sub("[0-9]", "0", cell)
    return 2 * sum(re.sub("[0-9]", "0", other) == shape for other in column) > len(column)
