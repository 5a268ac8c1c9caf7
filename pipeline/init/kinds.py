"""What kind of column it is, and why it is taken for that."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from pipeline.errors import counted
from pipeline.init.overview import Column
from pipeline.init.vocabulary import known, no_value, quantity_of, words_of
from pipeline.read.columns import cell_text, clip

MANY = 20
"""Texts beyond which a column holds no categories."""
_FEW = 3  # different odd texts among numbers that may be common, and numbers among them, at least
_LEAST = 4  # rows of numbers among which one odd text may be
_ODD = 0.05  # share of the rows of numbers that may hold odd texts
_EXACT = 2.0**53  # whole numbers beyond name something, and differ in digits that a double lacks
_ALL = 100  # rows that all hold another whole number: these name the rows
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([T ].*)?|\d{1,2}[-/. ](\d{1,2}|[A-Za-z]{3,9})[-/. ]+(\d{4}|\d\d)([T ,].*)?|"
    r"[A-Za-z]{3,9} \d{1,2},? \d{4}.*|\d{1,2}:\d\d(:\d\d)?( ?[AaPp][Mm])?"
)
_DATES = 500  # numbers looked at, whether they are dates
_COMPACT_DATE = r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"

KindName = Literal["number", "yes/no", "categories", "date", "text", "identifier", "constant", "empty"]


@dataclass(frozen=True)
class Kind:
    """A kind of column, and how one knows; ``measurable``: an identifier that may be a measurement."""

    name: KindName
    why: str
    measurable: bool = False


def kind_of(column: Column) -> Kind:
    """Return the kind of a column of R rows."""
    if not column.present:
        return Kind("empty", "no row holds a value")
    typed = column.different.type
    if pa.types.is_temporal(typed):
        return Kind("date", f"stored as {typed}")
    exact = not (np.abs(column.parsed[np.isfinite(column.parsed)]) >= _EXACT).any()
    return _of_numbers(column) if exact and not pa.types.is_boolean(typed) and _holds_numbers(column) else _of_texts(column)


def named_so(name: str) -> bool:
    """Return whether a name says that a column names something: its last word is id, number or the like."""
    words = words_of(name)
    return bool(words) and (words[-1] in known("identifiers") | known("counters") or words == ["x"])


def _holds_numbers(column: Column) -> bool:
    """Say whether a column holds numbers: nearly only, or but for a few texts that are no category beside numbers."""
    numbers, odd = np.isfinite(column.parsed), np.isinf(column.parsed) & ~column.beyond
    rows, others = int(column.counts[numbers].sum()), int(column.counts[odd].sum())
    if others <= max(_ODD * (rows + others), rows >= _LEAST):
        return rows > 0
    if odd.sum() > _FEW or rows < others or numbers.sum() < _FEW:
        return False
    texts = [column.shown(place) for place in np.flatnonzero(odd).tolist()]
    fractions = (column.parsed[numbers] % 1).any() and not any(map(str.isdigit, "".join(texts)))
    nothing = all(no_value(text) or text.casefold() in known("no result") for text in texts)
    return bool(numbers.sum() > 10 or fractions or nothing)


def _of_numbers(column: Column) -> Kind:
    finite = np.isfinite(column.parsed)
    levels, rows = np.unique(column.parsed[finite]), int(column.counts[finite].sum())
    if len(levels) == 1:
        return Kind("constant", f"every row that holds a value holds {levels[0]:g}")
    if (levels != np.floor(levels)).any():
        return Kind("number", "numbers")
    if levels[0] >= 1e7 and all(re.fullmatch(_COMPACT_DATE, f"{level:.0f}") for level in levels[:_DATES]):
        return Kind("date", "its numbers are dates")
    if len(levels) == rows > 1 and quantity_of(column.name, levels) is None:
        consecutive = bool(levels[-1] - levels[0] + 1 == rows > MANY)
        if named_so(column.name) or rows >= _ALL or consecutive:
            measurable = not consecutive and not named_so(column.name)
            return Kind("identifier", f"a whole number that is different in every row{', counted up' * consecutive}", measurable)
    if known("identifiers").intersection(words_of(column.name)[-1:]):
        why = f"{len(levels):,} numbers that name something, as the column's name says"
        return Kind("categories" if len(levels) <= MANY else "identifier", why)
    return Kind("number", "whole numbers")


def _of_texts(column: Column) -> Kind:
    shown = [text for cell in column.sample if (text := cell_text(cell))]
    if sum(bool(_DATE.fullmatch(text)) for text in shown) >= 0.95 * len(shown):
        return Kind("date", f"dates or times such as {shown[0]}")
    size, rows = len(column.different), column.present
    if size <= 2 * len(column.sample):  # or so many that it does not matter which of them are the same but for blanks
        size = len(levels := column.levels[0])
        if size == 1:
            return Kind("constant", f'every row that holds a value holds "{clip(levels[0])}"')
        if size == 2 or (size <= MANY and 2 * size <= rows):
            return Kind("yes/no", "two texts") if size == 2 else Kind("categories", f"{size} texts")
    one_word = sum(" " in text for text in shown) <= 0.1 * len(shown)
    if size == rows and (one_word or named_so(column.name)):
        return Kind("identifier", "a text that is different in every row")
    return Kind("text", f'{counted(size, "different text")} in {counted(rows, "row")}, such as "{clip(shown[0])}"')
