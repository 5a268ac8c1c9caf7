"""Cells of a column that are no value: words, results beyond a limit, numbers that stand for "missing", other spellings."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from pipeline.config.data_section import NUMBER, plain
from pipeline.config.remedy import dotted
from pipeline.errors import DataError, counted
from pipeline.init.kinds import Kind, named_so
from pipeline.init.overview import Column, Overview
from pipeline.init.vocabulary import data_of, figure, known, measured, no_value, written
from pipeline.machine.arrays import Floats
from pipeline.read.cells import cell_hint, doubt, evidence, grouped
from pipeline.read.columns import clip, short

_LOOKED, _MOST = 50, 0.8  # texts looked at, and the share of them that are numbers written otherwise
_SHAPES = 5  # ways to write something around a number, at most
_NUMBERS = 3  # different numbers from which a column seems to hold numbers
_NAMED = 5  # odd cells that a setting may list
_CODES = 10  # different numbers of a column in which one that most rows hold is a value, however far away
_BAND = r"[(\[<>=\u2265\u2264 ]*(\d+(?:[.,]\d+)?)(?: ?(?:[-\u2013]|to) ?(\d+(?:[.,]\d+)?))?[)\]+ ]*"  # 40-50, [40-50), 80+
_SINGLE, _GAP = (7, 8, 9), 4  # codes for "unknown" behind grades, and how far behind the last one
_NO_HINT = "; correct it, leave it empty"


@dataclass(frozen=True)
class Oddities:
    """What a column holds beside values: texts and numbers (-> rows) that stand for "missing", and others that may, but are kept.

    Besides: rows with a result ``beyond`` a limit, such as ``<0.1``, and which different cells are none of these and no number.
    """

    missing: dict[str | float, int]
    kept: dict[str | float, int]
    beyond: int = 0
    wrong: tuple[int, ...] = ()

    @property
    def absent(self) -> frozenset[str]:
        """What stands for "missing", as classes and categories are compared."""
        return frozenset(plain(str(code)) for code in self.missing)

    def without(self, values: Floats) -> Floats:
        """Return (R,) numbers, NaN for those that stand for "missing"."""
        return np.where(np.isin(values, [code for code in self.missing if not isinstance(code, str)]), np.nan, values)

    def told(self, name: str, key: str = "missing", what: str = "value") -> Iterator[str]:
        """Yield what a person must look at; ``key``: the setting that takes a ``what`` for missing."""
        if codes := ", ".join(f"{shown_cell(code)} ({counted(count, 'row')})" for code, count in self.missing.items()):
            yield f"{clip(name)}: {codes} taken for missing"
        for code, count in self.kept.items():
            shown = shown_cell(code)
            yield f"{clip(name)}: is {shown} ({counted(count, 'row')}) a {what}? It is kept as one; {key}: [{shown}] if not"


def shown_cell(code: str | float) -> str:
    """Return how a sentence names a cell: a number as it is, a text in quotes."""
    return f'"{clip(code)}"' if isinstance(code, str) else figure(code)


def oddities(column: Column) -> Oddities:
    """Return what a column of numbers holds beside measurements."""
    words, wrong = dict[str | float, int](), []
    for place in np.flatnonzero(np.isinf(column.parsed) & ~column.beyond).tolist():
        text, rows = column.shown(place), int(column.counts[place])
        if not column.settled and (no_value(text) or (re.search(r"[^\W\d_]", text) and not re.search(r"\d", text))):
            words[text] = words.get(text, 0) + rows
        else:
            wrong.append(place)
    finite = np.isfinite(column.parsed)
    levels, at = np.unique(column.parsed[finite], return_inverse=True)
    codes, kept = _away(dict(zip(levels.tolist(), np.bincount(at, column.counts[finite]).astype(int).tolist(), strict=True)))
    codes, kept = ({}, codes | kept) if column.settled else (codes | words, kept)
    return Oddities(codes, kept, int(column.counts[column.beyond].sum()), tuple(wrong))


def odd_levels(rows: Mapping[str, int]) -> Oddities:
    """Return what stands among classes or categories (text -> rows) and is none: texts for "no value", numbers for it."""
    signs = {text for text in rows if text[0] in "+*-"}
    none = [text for text in rows if no_value(text) and (text[0].isalnum() or not signs - {text})]
    nothing: dict[str | float, int] = {text: rows[text] for text in none}
    numbers = {float(text): rows[text] for text in rows if text not in nothing and re.fullmatch(NUMBER, text)}
    words = len(rows) - len(nothing) - len(numbers)
    codes, kept = _away(numbers) if not words else (_as_written(numbers, numbers), {})
    if words and not numbers.keys() <= _stand_ins():
        codes, kept = {}, codes if len(numbers) < words else {}
    kept |= {text: rows[text] for text in rows if text.casefold() in known("no result") or (text == "-" and "+" not in rows)}
    found = codes | nothing
    return Oddities({}, found | kept) if len(rows) - len(found) < 2 else Oddities(found, kept)


def is_value(column: Column, number: str | float) -> bool:
    """Return whether a number stands among the values of a column, and not for "missing"."""
    if number not in column.parsed:
        return False
    texts = np.isfinite(column.parsed).sum() <= np.isinf(column.parsed).sum()
    return number not in (odd_levels(column.level_rows) if texts else oddities(column)).missing


@cache
def _stand_ins() -> frozenset[float]:
    numbers = data_of("vocabulary.yaml")["stand-ins"]
    return frozenset(map(float, [*numbers, *(-number for number in numbers), *data_of("vocabulary.yaml")["stand-ins below 0"]]))


def _away(rows: Mapping[float, int]) -> tuple[dict[str | float, int], dict[str | float, int]]:
    """Return which numbers stand for "missing", and which may: number -> rows.

    The former are numbers that files use for it, and lie further outside the other values than these reach, or below 0 where no
    other value does; -1 alone may be a value. The latter are such numbers outside the others, or any other that is far away.
    """
    listed, others = sorted(_stand_ins() & rows.keys()), sorted(rows.keys() - _stand_ins())
    found, kept = list[float](), list[float]()
    if len(others) > 1:
        low, high, reach = others[0], others[-1], others[-1] - others[0]
        negative = [code for code in listed if code < 0 <= low]
        found = [code for code in listed if not low - reach <= code <= high + reach or (code in negative and negative != [-1.0])]
        beside = {code: max(low - code, code - high) for code in listed if code not in found and rows[code] > 1}
        most = max(rows[code] for code in others)
        kept = [code for code, gap in beside.items() if gap > 0.1 * reach or (gap > 0 and rows[code] > most)]
    kept += _behind_grades(sorted(rows.keys() - {*found, *kept}))
    rest = sorted(rows.keys() - {*found, *kept})
    for code, more in ((rest[0], rest[1:]), (rest[-1], rest[:-1])) if len(rest) > 2 else ():
        reach = 2 * (more[-1] - more[0])
        outside, others_rows = not more[0] - reach <= code <= more[-1] + reach, sum(rows[other] for other in more)
        code_of_most = len(rows) <= _CODES and rows[code] > others_rows  # what most rows hold is a value
        if code < 0 <= more[0] or (outside and (code < 0 or (rows[code] > 1 and not code_of_most))):
            kept.append(code)
    return _as_written(found, rows), _as_written(kept, rows)


def _behind_grades(levels: Sequence[float]) -> list[float]:
    """Return which numbers may say "unknown", or the like, behind grades that follow one another."""
    codes, grades = [level for level in levels if level in _SINGLE], [level for level in levels if level not in _SINGLE]
    without_gap = len(grades) > 1 and grades[-1] - grades[0] == len(grades) - 1
    apart = without_gap and bool(codes) and codes[0] - grades[-1] >= _GAP - 1 and codes[-1] - grades[-1] >= _GAP
    return codes if apart else []


def _as_written(codes: Iterable[float], rows: Mapping[float, int]) -> dict[str | float, int]:
    return {written(code): rows[code] for code in codes}


def _absent_texts(column: Column, number: bool) -> dict[str, int]:
    """Return the texts of a column that count as missing, and how many rows hold each; ``number``: where it holds numbers."""
    rows: dict[str, int] = {}
    for place in np.flatnonzero(np.isnan(column.parsed) if number else [not text for text in column.texts]).tolist():
        if (shown := column.shown(place)) not in ("", "nan"):
            rows[shown] = rows.get(shown, 0) + int(column.counts[place])
    return rows


def gaps_told(column: Column, gaps: int, number: bool) -> list[str]:
    """Return how many cells are missing, and the texts that say so; nothing where none is."""
    texts = ", ".join(f'"{clip(text)}" {count:,}' for text, count in _absent_texts(column, number).items())
    return [f"{gaps:,} missing" + f" ({texts})" * bool(texts)] if gaps else []


def told_absent(column: Column) -> list[str]:
    """Return what is to be said of texts that count as missing among categories or classes, where they could be some."""
    rows = _absent_texts(column, number=False)
    return [f'{clip(column.name)}: "{text}" ({counted(rows[text], "row")}) counts as missing' for text in rows if text != "?"]


def unreadable(seen: Overview, column: Column, kind: Kind) -> str | None:
    """Return why a column of numbers cannot be read as such: the first cell that is none, and what to do; None if it can.

    Raises:
        DataError: its marks leave open what the numbers are.
    """
    parsed, cells = column.parsed, seen.source.cells
    if kind.name == "number":
        if problem := doubt(column.name, evidence(column.different), cells):
            raise DataError(f"{seen.path}: {problem}")
        wrong = list(oddities(column).wrong)
    else:
        texts = np.flatnonzero(~np.isnan(parsed))[:_LOOKED].tolist()
        odd = [place for place in texts if np.isinf(parsed[place]) and not column.beyond[place]]
        wrong = [place for place in odd if not cell_hint(column.shown(place), column.name, cells).startswith(_NO_HINT)]
        if len(wrong) < 3 or len(wrong) + len(texts) - len(odd) <= _MOST * len(texts):
            return None
        odd = np.flatnonzero(np.isinf(parsed) & ~column.beyond).tolist()  # what was looked at stands for all
        wrong += [place for place in odd if place > texts[-1]]
    return _odd_cell(seen, column, wrong) if wrong else None


def thousands_in(seen: Overview) -> str | None:
    """Return the mark between thousands that a cell with both marks, such as ``1.234,5``, can only have; None without one."""
    decimal = seen.source.cells.decimal
    for column in seen.columns.values():
        odd = np.flatnonzero(np.isinf(column.parsed))[:_LOOKED].tolist()
        for text in map(column.shown, odd):
            for mark in ({".": ",", ",": "."}[decimal], " ", "'") if decimal in text else ():
                if grouped(mark, decimal).fullmatch(text):
                    return mark
    return None


def seems_numbers(seen: Overview, column: Column, kind: Kind) -> str | None:
    """Return the first cell that is no number, of a column that seems to hold numbers and is taken for something else."""
    parsed = column.parsed
    odd = np.isinf(parsed) & ~column.beyond
    if kind.name == "number" or not odd.any():
        return None
    shown = [column.shown(place) for place in np.flatnonzero(odd)[:_LOOKED].tolist()]
    if kind.name in ("yes/no", "categories") and not np.isfinite(parsed).any() and _bands(shown):
        return None
    digits = sum(bool(re.search(r"\d", text)) for text in shown) >= _MOST * len(shown)
    shapes = {re.sub(r"\d+([.,]\d+)?", "0", text) for text in shown}
    alike = len(shapes) <= _SHAPES and not any(re.match(r"\W*[^\W\d_]", text) for text in shapes) and not named_so(column.name)
    fractions = kind.name == "text" or any(re.search(r"\d[.,]\d", text) for text in shown)
    decorated = digits and (any(measured(column.name)) or (alike and fractions))
    if decorated or np.isfinite(parsed).sum() >= max(_NUMBERS, odd.sum()):
        return _odd_cell(seen, column, np.flatnonzero(odd).tolist())
    return None


def _bands(texts: list[str]) -> bool:
    """Return whether texts are bands of numbers, each of them from the lower to the higher one."""
    found = [match.groups() for text in texts if (match := re.fullmatch(_BAND, text))]
    ends = [[float(end.replace(",", ".")) for end in both] for both in found if both[1]]
    return len(found) == len(texts) and len(ends) > 1 and all(low <= high for low, high in ends)


def _advice(cell: str) -> str:
    """Return what to do about a cell that holds a number and more."""
    if re.fullmatch(r"\d+([.,]\d+)? ?/ ?\d+([.,]\d+)?", cell):
        return "; write the two numbers into two columns"
    beside = re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?\s*([^\d\s.,-][^\d]*)", cell)
    return f"; remove {beside[1]} from it, and such texts from the column's other cells" if beside else "; correct it"


def _odd_cell(seen: Overview, column: Column, wrong: list[int]) -> str:
    rows = column.rows(np.isin(np.arange(len(column.different)), wrong))
    cell = column.shown(int(column.places[rows[0]]))
    more = f" (and {counted(len(rows) - 1, 'cell')} more)" if len(rows) > 1 else ""
    hint = cell_hint(cell, column.name, seen.source.cells)
    if hint.startswith(_NO_HINT):
        values = json.dumps([*dict.fromkeys([*oddities(column).missing, *map(column.shown, wrong)])], ensure_ascii=False)
        limits = ", censored: bound" * bool(column.beyond.any())
        command = seen.training(f"{dotted('data', 'features', column.name)}={{missing: {values}{limits}}}")
        hint = _advice(cell) + f", or take it for missing: {command}" * (len(wrong) <= _NAMED)
    return f'{seen.place(int(rows[0]))}: column "{column.name}" must hold numbers; got {short(cell)}{more}{hint}'
