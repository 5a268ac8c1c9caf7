"""Cells of a column of numbers that are no measurement: words, results beyond a limit, numbers that stand for "missing"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.config.data_section import NUMBER
from pipeline.init.overview import Column
from pipeline.machine.arrays import Floats

_REPEATED = [float(digit * size) for digit in "6789" for size in range(2, 7)]
_STAND_INS = frozenset(
    [sign * code for code in (*_REPEATED, 96.0, 97.0, 98.0, 99.9, 996.0, 997.0, 998.0, 999.9, 9998.0) for sign in (1, -1)]
    + [-1.0, -7.0, -8.0, -9.0]
)
"""Numbers that files write for "missing"."""


@dataclass(frozen=True)
class Oddities:
    """What a column of numbers holds beside measurements.

    Attributes:
        words: text -> rows: words without a figure in them, which count as missing.
        stand_ins: number -> rows: numbers that stand for "missing".
        kept: number -> rows: numbers that may stand for it, beyond all others of the column, and are kept as values.
        beyond: rows that hold a result beyond a limit, such as ``<0.1``.
        wrong: which of the column's different cells are none of these and no number.
    """

    words: dict[str, int]
    stand_ins: dict[float, int]
    kept: dict[float, int]
    beyond: int
    wrong: tuple[int, ...]


def oddities(column: Column) -> Oddities:
    """Return what a column of numbers holds beside measurements."""
    words, wrong = dict[str, int](), []
    for place in np.flatnonzero(np.isinf(column.parsed) & ~column.beyond).tolist():
        text, rows = column.shown(place), int(column.counts[place])
        if re.search(r"[0-9]", text) or not re.search(r"[^\W\d_]", text):
            wrong.append(place)
        else:
            words[text] = words.get(text, 0) + rows
    numbers = np.isfinite(column.parsed)
    levels = column.parsed[numbers]
    rows_of = {value: int(column.counts[numbers][levels == value].sum()) for value in _STAND_INS.intersection(levels.tolist())}
    found = {value: rows_of[value] for value in stand_ins(levels)}
    others = levels[~np.isin(levels, [*rows_of])]
    ends = (others.min(), others.max()) if len(others) else (-np.inf, np.inf)
    kept = {value: rows for value, rows in rows_of.items() if rows > 1 and value not in found and not ends[0] <= value <= ends[1]}
    return Oddities(words, found, kept, int(column.counts[column.beyond].sum()), tuple(wrong))


def stand_ins(levels: Floats) -> tuple[float, ...]:
    """Return the values that stand for "missing" among the (K,) different values of a column.

    Such a number is one that files use for it, and lies further outside the other values than these reach, or below 0 where no
    other value does; -1 alone may be a value.
    """
    codes = sorted({value for value in levels.tolist() if value in _STAND_INS})
    others = levels[~np.isin(levels, codes)]
    if not codes or len(others) < 2:
        return ()
    low, high = float(others.min()), float(others.max())
    reach = high - low
    outside = [code for code in codes if code > high + reach or code < low - reach]
    negative = [code for code in codes if code < 0 <= low]
    return tuple(sorted({*outside, *(negative if negative != [-1.0] else ())}))


def stand_ins_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the categories or classes that are numbers which stand for "missing": among numbers, or beside other texts."""
    numbers = {text: float(text) for text in texts if re.fullmatch(NUMBER, text)}
    found = stand_ins(np.array([*numbers.values()])) if len(numbers) == len(texts) else tuple(numbers.values())
    return tuple(text for text, value in numbers.items() if value in found) if _STAND_INS.issuperset(found) else ()
