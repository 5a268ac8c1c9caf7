"""The decimal mark of a file, decided by the cells of its columns; and what they leave in doubt."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.config.data_section import NUMBER, ReadSection
from pipeline.errors import DataError
from pipeline.read.arrow import to_text
from pipeline.read.columns import clip, is_text, short

_FAILED = ("#n/a", "#na", "#n/v", "#div/0!", "#ref!", "#value!", "#name?", "#num!", "#null!")  # formulas
_NULLS = ("null", "(null)", "[null]", "<null>", "<na>", "nan", "nat", "\\n", "(blank)", "undefined", "missing", "not available")
ABSENT = ("", "?", ".", "..", "...", "na", "n/a", "n.a", "n.a.", "k.a.", *_NULLS, *_FAILED)
"""Texts that mean "no value" everywhere, compared in lower case without blanks around them."""

DASHES = ("none", "-", "--", "\u2013", "\u2014")
"""Texts that mean "no value" among numbers, and may be a category or a class elsewhere."""

_WORDS = {".": "point", ",": "comma"}
_ROWS = 1000  # looked at first
_ENOUGH = 0.8  # of a column's cells must look like numbers for its marks to count where no config names it


@dataclass(frozen=True)
class Cells:
    """How the cells of a file are read.

    Attributes:
        decimal: a point or a comma.
        thousands: the mark between groups of three digits, if there is one: a point, a comma, a blank or an apostrophe.
        missing: what means "no value": texts, compared in lower case, and numbers, compared by value.
        doubtful: those of them that mean it only where numbers stand, not among categories and classes.
        sure: the decimal mark is known from elsewhere than this file, so that no cell leaves it in doubt.
    """

    decimal: str = "."
    thousands: str | None = None
    missing: frozenset[str | float] = frozenset((*ABSENT, *DASHES))
    doubtful: frozenset[str | float] = frozenset(DASHES)
    sure: bool = False


_SPACE = r"[\s\x{a0}\x{2009}\x{202f}]*"


def _pattern(body: str) -> str:
    return rf"^{_SPACE}[+\-\x{{2212}}]?(?:{body}){_SPACE}$"


def _clear(mark: str, other: str) -> str:
    """Return a pattern of numbers in which ``mark`` can only be the decimal mark, or ``other`` only that of thousands."""
    exponent, group = r"[eE][+-]?\d+", rf"(?:[{other}'\x{{2019}} \x{{a0}}\x{{2009}}\x{{202f}}]\d{{3}})+"
    bodies = [rf"(?:0\d*|\d{{4,}})[{mark}]\d{{3}}", rf"\d+[{mark}](?:\d{{0,2}}|\d{{4,}})", rf"[{mark}]\d+"]
    bodies += [rf"\d+[{mark}]\d*{exponent}", rf"\d{{1,3}}{group}[{mark}]\d*", rf"\d{{1,3}}(?:[{other}]\d{{3}}){{2,}}"]
    return _pattern("|".join(bodies))


_LIKE_NUMBERS = _pattern(r"[\d.,'\x{2019} \x{a0}\x{202f}]*\d[\d.,]*(?:[eE][+-]?\d+)?")
_KINDS = {
    "point": _clear(".", ","),
    "comma": _clear(",", "."),
    "doubtful_point": _pattern(r"[1-9]\d{0,2}\.\d{3}"),
    "doubtful_comma": _pattern(r"[1-9]\d{0,2},\d{3}"),
    "whole": _pattern(r"\d+"),
    "fraction": _pattern(r"\d{1,3}[.,](?:[1-9]\d\d|\d[1-9]\d|\d\d[1-9])"),
}


@dataclass(frozen=True)
class Evidence:
    """What the marks in the cells of a column say: of each kind how many there are, and one of them.

    Attributes:
        point: numbers in which the decimal mark can only be a point.
        comma: or only a comma.
        doubtful_point: such as 1.234, where the point may also stand between thousands.
        doubtful_comma: such as 1,234.
        whole: whole numbers without a mark.
        fraction: doubtful ones that do not end in 000.
    """

    point: tuple[int, str] = (0, "")
    comma: tuple[int, str] = (0, "")
    doubtful_point: tuple[int, str] = (0, "")
    doubtful_comma: tuple[int, str] = (0, "")
    whole: tuple[int, str] = (0, "")
    fraction: tuple[int, str] = (0, "")

    def __add__(self, other: "Evidence") -> "Evidence":
        pairs = [(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)]
        return Evidence(*((mine[0] + more[0], mine[1] or more[1]) for mine, more in pairs))


def evidence(column: pa.Array) -> Evidence:
    """Return what the marks of a column's cells say; a typed number has none."""
    if not is_text(column.type):
        return Evidence()
    column = column.cast(pa.string())
    content = memoryview(column.buffers()[2] or b"").tobytes()
    kinds = [*_KINDS] if b"." in content or b"," in content else ["whole"]
    for mark, other, kind in ((b".", b",", "point"), (b",", b".", "comma")):
        if mark in content and other not in content and (found := _count(column[:_ROWS], _KINDS[kind]))[0]:
            return Evidence(**{kind: found})  # nothing else can tell more
    return Evidence(**{kind: _count(column, _KINDS[kind]) for kind in kinds})


def doubt(name: str, found: Evidence, cells: Cells) -> str | None:
    """Return a problem where the marks of a column leave open what its numbers are, else None."""
    mark = cells.decimal
    clear, unclear = (found.point, found.doubtful_point) if mark == "." else (found.comma, found.doubtful_comma)
    if cells.sure or clear[0] or not (unclear[0] and found.whole[0]):
        return None
    return _open(name, unclear[1], mark)


def decided(
    path: str, read: ReadSection, columns: Mapping[str, pa.Array], chosen: Iterable[str] | None, like: ReadSection | None
) -> tuple[Cells, list[str]]:
    """Return how the cells of a file are read, and what is to be said about it.

    Args:
        path: the file as it was named.
        read: what the config says.
        columns: some rows, or all of them.
        chosen: the columns that must hold numbers; None for those that seem to.
        like: how the file was read that the network was trained on.

    Raises:
        DataError: the cells contradict the config, or one another, or can be read in two ways.
    """
    names = [name for name, column in columns.items() if _like_numbers(column)] if chosen is None else chosen
    found = {name: evidence(columns[name]) for name in names if name in columns}
    votes = {mark: [name for name, cells in found.items() if _vote(cells) == mark] for mark in ".,"}
    fixed = read.decimal if read.decimal != "auto" else {".": ",", ",": "."}.get(read.thousands or "")
    if fixed:
        other = "," if fixed == "." else "."
        if votes[other] and not votes[fixed]:
            key = f'data.read.decimal is "{fixed}"' if read.decimal != "auto" else f'data.read.thousands is "{read.thousands}"'
            raise DataError(f"{path}: {_example(votes[other][0], found)}, but {key}; correct the setting, or set it to auto")
        return Cells(fixed, read.thousands, *_missing(read), sure=True), []
    if votes["."] and votes[","]:
        pair = f"{_example(votes['.'][0], found)}, {_example(votes[','][0], found)}"
        raise DataError(f"{path}: {pair}; one file has one decimal mark: correct the cells, or set data.read.decimal")
    clear = "." if votes["."] else "," if votes[","] else None
    cells = Cells(
        clear or (like.decimal if like else "."),
        read.thousands,
        *_missing(read),
        sure=like is not None and clear in (None, like.decimal),
    )
    points = {name: own.doubtful_point[1] for name, own in found.items() if own.doubtful_point[0]}
    commas = {name: own.doubtful_comma[1] for name, own in found.items() if own.doubtful_comma[0]}
    if clear or not (points or commas):
        return _undoubted(path, found, cells), []
    contrary, mark = (points, ".") if cells.decimal == "," else (commas, ",")
    if like and not contrary:
        return cells, [f"{path}: decimal {_WORDS[cells.decimal]}, as in training; the file alone does not tell"]
    whole = {name: cell for name, cell in points.items() if not found[name].fraction[0]}
    for name, cell in contrary.items() or whole.items():
        how = f"write decimal {_WORDS[cells.decimal]}s, as in training" if like else ""
        raise DataError(f"{path}: {_open(name, cell, mark if contrary else '.', how)}")
    name, cell = next(iter(points.items()))
    return _undoubted(path, found, cells), [f'{path}: {short(cell)} in column "{clip(name)}" is read with a decimal point']


def _undoubted(path: str, found: Mapping[str, Evidence], cells: Cells) -> Cells:
    """Return the cells.

    Raises:
        DataError: a column stays in doubt.
    """
    problems = [problem for name, own in found.items() if (problem := doubt(name, own, cells))]
    if problems:
        raise DataError(*(f"{path}: {problem}" for problem in problems))
    return cells


def _missing(read: ReadSection) -> tuple[frozenset[str | float], frozenset[str | float]]:
    """Return what means "no value", and what of it only among numbers."""
    if read.missing == "auto":
        return frozenset((*ABSENT, *DASHES)), frozenset(DASHES)
    named = folded([value for value in read.missing if value != "auto"])
    auto = "auto" in read.missing
    return frozenset({"", *named, *((*ABSENT, *DASHES) if auto else ())}), frozenset(DASHES) - named if auto else frozenset()


def folded(missing: Iterable[str | float]) -> frozenset[str | float]:
    """Return what means "no value" as it is compared: a text that is a number is that number."""
    return frozenset(
        (float(value) if re.fullmatch(NUMBER, value) else value.lower()) if isinstance(value, str) else value for value in missing
    )


def _vote(cells: Evidence) -> str:
    """Return the decimal mark that most clear cells have; nothing where there are none."""
    return "" if not cells.point[0] + cells.comma[0] else "." if cells.point[0] >= cells.comma[0] else ","


def _example(name: str, found: Mapping[str, Evidence]) -> str:
    mark = _vote(found[name])
    cell = found[name].point[1] if mark == "." else found[name].comma[1]
    return f'column "{clip(name)}" has decimal {_WORDS[mark]}s ({short(cell)})'


def _open(name: str, cell: str, mark: str, how: str = "") -> str:
    text = f'column "{clip(name)}" holds {short(cell)}, where the {_WORDS[mark]} may be a decimal mark or stand between thousands'
    how = how or f'set data.read.decimal: "{mark}" or data.read.thousands: "{mark}"'
    return f"{text}; {how}"


def _like_numbers(column: pa.Array) -> bool:
    if not is_text(column.type):
        return False
    column = column.cast(pa.string())
    absent = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(column)), to_text([*ABSENT, *DASHES]))
    filled: int = len(column) - (pc.sum(absent).as_py() or 0) - column.null_count
    return filled > 0 and _count(column, _LIKE_NUMBERS)[0] >= _ENOUGH * filled


def _count(column: pa.StringArray, pattern: str) -> tuple[int, str]:
    found = column.filter(pc.match_substring_regex(column, pattern))
    return len(found), str(found[0]).strip() if len(found) else ""
