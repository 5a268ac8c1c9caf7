"""Texts of a column: their order, which are the same but for their spelling, and which count as missing."""

import re
from collections.abc import Iterable

import numpy as np

from pipeline.config.data_section import NUMBER
from pipeline.errors import counted
from pipeline.init.overview import Column
from pipeline.init.vocabulary import joined_words, known


def healthy(text: str) -> bool:
    """Return whether a class or category is called as that of the healthy is: normal, control, no, 0, - or the like."""
    return text == "-" or joined_words(text) in known("healthy")


def in_order(texts: Iterable[str], first: bool) -> list[str]:
    """Return numbers by their value, other texts by their letters; that of the healthy stands ``first``, if asked."""
    texts = list(texts)
    if all(re.fullmatch(NUMBER, text) for text in texts):
        return sorted(texts, key=float)
    return sorted(texts, key=lambda text: (first and not healthy(text), text))


def spelling_groups(texts: Iterable[str]) -> list[list[str]]:
    """Return texts in groups of those that differ in case and blanks only."""
    groups: dict[str, list[str]] = {}
    for text in texts:
        groups.setdefault(re.sub(r"[\s_]+", "", text).casefold() or text, []).append(text)
    return list(groups.values())


def absent_texts(column: Column, number: bool) -> dict[str, int]:
    """Return the texts of a column that count as missing, and how many rows hold each; ``number``: where it holds numbers."""
    rows: dict[str, int] = {}
    missing = np.isnan(column.parsed) if number else np.array([not text for text in column.texts], dtype=bool)
    for place in np.flatnonzero(missing).tolist():
        if column.different[place].is_valid and (shown := column.shown(place)) not in ("", "nan"):
            rows[shown] = rows.get(shown, 0) + int(column.counts[place])
    return rows


def told_absent(column: Column) -> list[str]:
    """Return what is to be said of texts that count as missing among categories or classes, where they could be some."""
    rows = absent_texts(column, number=False)
    return [f'"{text}" ({counted(count, "row")}) counts as missing' for text, count in rows.items() if text != "?"]


def figure(value: float) -> str:
    """Return a number as a person writes it, without an exponent where it is whole."""
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.6g}"


def written(value: float) -> float | int:
    """Return a number as YAML is to show it: a whole one without a point or an exponent."""
    return int(value) if value == int(value) and abs(value) < 1e15 else value
