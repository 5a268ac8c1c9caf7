"""Cells of a column of numbers that are no measurement: words, results beyond a limit, numbers that stand for "missing"."""

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from pipeline.init.overview import Column
from pipeline.machine.arrays import Floats

_NINES = [float(digit * size) for digit in "6789" for size in (2, 3, 4, 5, 6)]
_STAND_INS = frozenset(
    sign * value
    for value in (7.0, 8.0, 9.0, 96.0, 97.0, 98.0, 99.9, 996.0, 997.0, 998.0, 999.9, 9996.0, 9997.0, 9998.0, *_NINES)
    for sign in (1, -1)
    if sign < 0 or value > 9
) | {-1.0, -2.0, -3.0, -4.0, -5.0, -6.0}
"""Numbers that files write for "missing"."""
_LIMIT = re.compile(r"\s*[<>≤≥]\s*=?\s*[0-9]")


@dataclass(frozen=True)
class Oddities:
    """What a column of numbers holds beside measurements.

    Attributes:
        words: text -> rows: words without a figure in them, which count as missing.
        stand_ins: number -> rows: numbers that stand for "missing".
        beyond: rows that hold a result beyond a limit, such as ``<0.1``.
        wrong: which of the column's different cells are none of these and no number.
    """

    words: dict[str, int]
    stand_ins: dict[float, int]
    beyond: int
    wrong: tuple[int, ...]


def oddities(column: Column) -> Oddities:
    """Return what a column of numbers holds beside measurements."""
    words, wrong, beyond = dict[str, int](), [], 0
    for place in np.flatnonzero(np.isinf(column.parsed)).tolist():
        text, rows = column.shown(place), int(column.counts[place])
        if _LIMIT.match(text):
            beyond += rows
        elif re.search(r"[0-9]", text) or not re.search(r"[^\W\d_]", text):
            wrong.append(place)
        else:
            words[text] = words.get(text, 0) + rows
    numbers = np.isfinite(column.parsed)
    levels = column.parsed[numbers]
    found = {value: int(column.counts[numbers][levels == value].sum()) for value in stand_ins(levels)}
    return Oddities(words, found, beyond, tuple(wrong))


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


def stand_in_texts(texts: Collection[str]) -> tuple[float, ...]:
    """Return the numbers that stand for "missing" among categories that are else no numbers."""
    codes = [float(text) for text in texts if re.fullmatch(r"-?[0-9.]+", text) and _as_number(text) in _STAND_INS]
    numbers = sum(bool(re.fullmatch(r"-?[0-9.]+", text)) for text in texts)
    return tuple(codes) if codes and len(codes) == numbers < len(texts) else ()


def _as_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
