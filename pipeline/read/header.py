"""Whether the first row of a file holds names or data."""

import itertools
import re
from collections.abc import Sequence

from pipeline.config.data_section import NUMBER

_PLACEHOLDERS = frozenset({"", "?", "na", "n/a", "nan", "null", "none", "-", "."})


def looks_like_data(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether a first row is no header: what stands in it stands below it too, or is a number like those below.

    Args:
        first: the cells of the first row.
        rows: some of the rows below it.
    """
    rows = [row for row in rows if len(row) == len(first) and list(row) != list(first)]  # a header may be repeated
    columns = [[cell.strip() for cell in column] for column in zip(*rows, strict=True)]
    cells = [(cell.strip(), column) for cell, column in zip(first, columns, strict=False)]
    cells = [(cell, column) for cell, column in cells if cell.lower() not in _PLACEHOLDERS]
    values = [_value(cell) for cell, _ in cells]
    names = [(cell, column) for (cell, column), value in zip(cells, values, strict=True) if value is None]
    over, every = (sum(map(_mostly_numbers, some)) for some in ([column for _, column in names], columns))
    if over and 2 * over >= every:
        return False  # texts over numbers are their names, even if one of them is also a text below: treatment, male
    if any(cell in column or _of_one_shape(cell, column) for cell, column in names):
        return True
    numbers = [(value, column) for (_, column), value in zip(cells, values, strict=True) if value is not None]
    found = [value for value, _ in numbers]
    if len(found) >= 3 and all(after == before + 1 for before, after in itertools.pairwise(found)):
        return False  # 0, 1, 2 or 2019, 2020, 2021
    return bool(numbers) and 2 * sum(_among(value, column) for value, column in numbers) >= len(numbers)


def _value(cell: str) -> float | None:
    text = cell.replace("\u2212", "-").replace(",", ".")
    return float(text) if re.fullmatch(NUMBER, text) else None


def _among(value: float, column: Sequence[str]) -> bool:
    """Return whether a number is one of those below it: between them, or near them."""
    if not _mostly_numbers(column):
        return False
    below = [number for cell in column if (number := _value(cell)) is not None]
    margin = (max(below) - min(below)) / 2
    return bool(value % 1) or min(below) - margin <= value <= max(below) + margin


def _mostly_numbers(column: Sequence[str]) -> bool:
    numbers = sum(_value(cell) is not None for cell in column)
    return 2 * numbers > sum(cell.lower() not in _PLACEHOLDERS for cell in column)


def _of_one_shape(cell: str, column: Sequence[str]) -> bool:
    """Return whether a text with digits, such as P001 or a date, is written like most below it."""
    if not re.search("[0-9]", cell):
        return False
    shape = re.sub("[0-9]", "0", cell)
    return 2 * sum(re.sub("[0-9]", "0", other) == shape for other in column) > len(column)
