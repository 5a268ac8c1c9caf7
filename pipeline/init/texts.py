"""Texts of a column: their order, which are the same but for their spelling, and which count as missing."""

import re
from collections.abc import Iterable, Iterator

from pipeline.config.data_section import NUMBER
from pipeline.errors import counted
from pipeline.init.overview import Column
from pipeline.init.words import known, together


def healthy(text: str) -> bool:
    """Return whether a class or category is called as that of the healthy is: normal, control, no, 0, - or the like."""
    return text == "-" or together(text) in known("healthy")


def in_order(texts: Iterable[str], first: bool) -> list[str]:
    """Return numbers by their value, other texts by their letters; that of the healthy stands ``first``, if asked."""
    texts = list(texts)
    if all(re.fullmatch(NUMBER, text) for text in texts):
        return sorted(texts, key=float)
    return sorted(texts, key=lambda text: (first and not healthy(text), text))


def alike(texts: Iterable[str]) -> list[list[str]]:
    """Return texts in groups of those that differ in case and blanks only."""
    groups: dict[str, list[str]] = {}
    for text in texts:
        groups.setdefault(re.sub(r"[\s_]+", "", text).casefold() or text, []).append(text)
    return list(groups.values())


def absent(column: Column) -> Iterator[str]:
    """Yield what is to be said of each text of a column of categories or classes that counts as missing."""
    rows: dict[str, int] = {}
    for place, text in enumerate(column.texts):
        if not text and column.different[place].is_valid and (shown := column.shown(place)):
            rows[shown] = rows.get(shown, 0) + int(column.counts[place])
    yield from (f'"{text}" ({counted(count, "row")}) counts as missing' for text, count in rows.items())


def figure(value: float) -> str:
    """Return a number as a person writes it, without an exponent where it is whole."""
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.6g}"


def written(value: float) -> float | int:
    """Return a number as YAML is to show it: a whole one without a point or an exponent."""
    return int(value) if value == int(value) and abs(value) < 1e15 else value
