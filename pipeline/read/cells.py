"""What the cells of a column say: numbers, labels, or nothing; and what their decimal marks say of the file."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from math import inf, isfinite, nan

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.config.data_section import NUMBER, Feature, plain
from pipeline.config.yaml_text import canonical
from pipeline.machine.arrays import Floats, Integers
from pipeline.read.arrow import filled, floats, integers, to_text
from pipeline.read.columns import is_text

UNKNOWN = -inf
"""A category that the config does not name."""

ABSENT = ("", "?", ".", "na", "n/a", "n.a.", "#n/a", "#na", "<na>", "nan", "null")
"""Texts that mean "no value" everywhere, compared in lower case without blanks around them."""

DASHES = ("none", "-", "--", "\u2013", "\u2014", "missing")
"""Texts that mean "no value" among numbers, and may be a category or a class elsewhere."""

_PLAIN = Feature()
_GROUPS = {" ": " \u00a0\u2009\u202f", "'": "'\u2019"}
_BOUND = re.compile(r"(?:[<>]=?|=[<>]|[\u2264\u2265])\s*(.+)")


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


def numbers(column: pa.Array, cells: Cells, feature: Feature = _PLAIN) -> Floats:
    """Return (R,) float64: NaN where nothing is, +inf where something else than a finite number stands.

    With categories: their places in the list, or the numbers of the mapping, and ``UNKNOWN`` for any other text.
    """
    own = folded(feature.missing)
    if feature.categories is not None:
        return _coded(column, cells, feature)
    if is_text(column.type):
        values = _parsed(column.cast(pa.string()), cells, cells.missing | own, feature.censored)
    else:
        values = _typed(column)
    absent = [number for number in cells.missing | own if not isinstance(number, str)]
    return np.where(np.isin(values, absent), nan, values) if absent else values


def labels(column: pa.Array, cells: Cells, kept: Collection[str] = ()) -> tuple[list[str | None], Integers]:
    """Return the different texts of R cells without blanks around them, and (R,) which of them each cell holds.

    Where nothing stands the text is empty; one in ``kept`` is never missing. None stands for bytes that are no UTF-8.
    """
    coded = filled(_texts(column).cast(pa.binary())).dictionary_encode()
    missing = cells.missing - cells.doubtful
    absent = {plain(str(value)) for value in missing if not isinstance(value, str)}
    different: dict[str | None, int] = {}
    places = []
    for cell in coded.dictionary.to_pylist():
        text = _decoded(cell)
        if text and text not in kept and (text.lower() in missing or (absent and plain(text) in absent)):
            text = ""
        places.append(different.setdefault(text, len(different)))
    return [*different], np.array(places, dtype=np.int64)[integers(coded.indices)]


def folded(missing: Iterable[str | float]) -> frozenset[str | float]:
    """Return what means "no value" as it is compared: a text that is a number is that number."""
    return frozenset(
        (float(value) if re.fullmatch(NUMBER, value) else value.lower()) if isinstance(value, str) else value for value in missing
    )


def _coded(column: pa.Array, cells: Cells, feature: Feature) -> Floats:
    named = feature.categories or ()
    pairs = named.items() if isinstance(named, Mapping) else ((text, place) for place, text in enumerate(named))
    numbers = {plain(text): float(number) for text, number in pairs}
    own = folded(feature.missing)
    cells = Cells(cells.decimal, cells.thousands, cells.missing | own, cells.doubtful - own)
    texts, places = labels(column, cells, numbers)
    found = [inf if text is None else nan if not text else numbers.get(plain(text), UNKNOWN) for text in texts]
    return np.array(found, dtype=np.float64)[places]


def _typed(column: pa.Array) -> Floats:
    column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        return _finite(floats(column.cast(pa.float64(), safe=False)))
    return np.where(np.array(column.is_null().to_pylist(), dtype=bool), nan, inf)


def _finite(values: Floats) -> Floats:
    return np.where(np.isinf(values), inf, values)


def _parsed(column: pa.StringArray, cells: Cells, missing: frozenset[str | float], censored: str | None) -> Floats:
    """Return the numbers of texts: all at once where pyarrow reads them, else one by one of those that differ."""
    pointed = _pointed(column) if cells.decimal == "," else column
    for gaps in (None, _spelt(missing)) if pointed is not None else ():
        absent = pc.equal(pointed, to_text([""])[0]) if gaps is None else pc.is_in(pointed, gaps)
        try:
            values = pc.if_else(absent, pa.NULL, pointed).cast(pa.float64())
        except pa.ArrowInvalid:
            continue
        array = floats(values)
        if np.isnan(array).sum() == values.null_count:  # or a text such as "nan" is among them, or "-nan", which is no number
            return _finite(array)
    coded = filled(column.cast(pa.binary())).dictionary_encode()
    different = [_number(_decoded(cell), cells, missing, censored) for cell in coded.dictionary.to_pylist()]
    return np.array(different, dtype=np.float64)[integers(coded.indices)]


def _pointed(column: pa.StringArray) -> pa.StringArray | None:
    """Return texts with a point for each comma; None where a point is in one already."""
    data = column.buffers()[2]
    content = data.to_pybytes() if data else b""
    if b"." in content:
        return None
    swapped = pa.py_buffer(content.replace(b",", b"."))
    return pa.Array.from_buffers(column.type, len(column), [*column.buffers()[:2], swapped], column.null_count, column.offset)


@cache
def _spelt(missing: frozenset[str | float]) -> pa.StringArray:
    texts = [text for text in missing if isinstance(text, str)]
    return to_text([*dict.fromkeys(way(text) for text in texts for way in (str, str.upper, str.title, str.capitalize))])


def _texts(column: pa.Array) -> pa.Array:
    """Return the cells as text: whole numbers without a decimal mark, days as ISO writes them."""
    types, kind = pa.types, column.type
    if types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if is_text(kind) or types.is_integer(kind) or types.is_boolean(kind) or types.is_date(kind):
        return column.cast(pa.string())
    return pa.array([None if cell is None else _written(cell) for cell in column.to_pylist()], pa.string())


def _written(cell: object) -> str:
    text = cell.isoformat() if hasattr(cell, "isoformat") else str(cell)
    return plain(text).removesuffix("T00:00:00").replace("T", " ", 1) if hasattr(cell, "isoformat") else plain(text)


def _decoded(cell: bytes) -> str | None:
    try:
        return canonical(cell.decode())
    except UnicodeDecodeError:
        return None


def _number(text: str | None, cells: Cells, missing: frozenset[str | float], censored: str | None) -> float:
    """Return the number that a text is: the one that decides what is a number."""
    if text is None:
        return inf
    if text.lower() in missing:
        return nan
    bound = _BOUND.fullmatch(text)
    if bound and censored:
        value = _number(bound[1], cells, frozenset(), None)
        return nan if censored == "missing" and isfinite(value) else value
    text = text.replace("\u2212", "-")
    if cells.thousands and (groups := _grouped(cells).fullmatch(text)):
        text = re.sub(f"[{_GROUPS.get(cells.thousands, cells.thousands)}]", "", groups[0])
    if cells.decimal == ",":
        text = "no number" if "." in text else text.replace(",", ".")
    value = float(text) if re.fullmatch(NUMBER, text) else inf
    return value if isfinite(value) else inf


@cache
def _grouped(cells: Cells) -> re.Pattern[str]:
    marks = re.escape(_GROUPS.get(cells.thousands or "", cells.thousands or ""))
    return re.compile(rf"[+-]?[0-9]{{1,3}}(?:[{marks}][0-9]{{3}})+(?:{re.escape(cells.decimal)}[0-9]*)?(?:[eE][+-]?[0-9]+)?")


_SPACE = r"[\s\x{a0}\x{2009}\x{202f}]*"
_MARKS = re.compile(rb"[.,]")


def _pattern(body: str) -> str:
    return rf"^{_SPACE}[+\-\x{{2212}}]?(?:{body}){_SPACE}$"


def _clear(mark: str, other: str) -> str:
    """Return a pattern of numbers in which ``mark`` can only be the decimal mark, or ``other`` only that of thousands."""
    exponent, group = r"[eE][+-]?\d+", rf"(?:[{other}'\x{{2019}} \x{{a0}}\x{{2009}}\x{{202f}}]\d{{3}})+"
    bodies = [rf"(?:0\d*|\d{{4,}})[{mark}]\d{{3}}", rf"\d+[{mark}](?:\d{{0,2}}|\d{{4,}})", rf"[{mark}]\d+"]
    bodies += [rf"\d+[{mark}]\d*{exponent}", rf"\d{{1,3}}{group}[{mark}]\d*", rf"\d{{1,3}}(?:[{other}]\d{{3}}){{2,}}"]
    return _pattern("|".join(bodies))


_KINDS = {
    "point": _clear(".", ","),
    "comma": _clear(",", "."),
    "doubtful_point": _pattern(r"[1-9]\d{0,2}\.\d{3}"),
    "doubtful_comma": _pattern(r"[1-9]\d{0,2},\d{3}"),
    "whole": _pattern(r"\d{1,3}"),
}


@dataclass(frozen=True)
class Evidence:
    """What the marks in the cells of a column say: of each kind how many there are, and one of them.

    Attributes:
        point: numbers in which the decimal mark can only be a point.
        comma: or only a comma.
        doubtful_point: such as 1.234, where the point may also stand between thousands.
        doubtful_comma: such as 1,234.
        whole: whole numbers below 1000; they are looked for only beside doubtful cells.
    """

    point: tuple[int, str] = (0, "")
    comma: tuple[int, str] = (0, "")
    doubtful_point: tuple[int, str] = (0, "")
    doubtful_comma: tuple[int, str] = (0, "")
    whole: tuple[int, str] = (0, "")

    def __add__(self, other: "Evidence") -> "Evidence":
        pairs = [(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)]
        return Evidence(*((mine[0] + more[0], mine[1] or more[1]) for mine, more in pairs))


def evidence(column: pa.Array) -> Evidence:
    """Return what the marks of a column's cells say; a typed number has none."""
    if not is_text(column.type):
        return Evidence()
    column = column.cast(pa.string())
    return Evidence(**{kind: _count(column, pattern) for kind, pattern in _KINDS.items()})


def _count(column: pa.StringArray, pattern: str) -> tuple[int, str]:
    found = column.filter(pc.match_substring_regex(column, pattern))
    return len(found), str(found[0]).strip() if len(found) else ""


def doubt(name: str, found: Evidence, cells: Cells) -> str | None:
    """Return a problem where the marks of a column leave open what its numbers are, else None."""
    return None


def cell_hint(text: str, name: str, cells: Cells) -> str:
    """Return what to do about a cell that is no number."""
    return "; write decimals with a point" if "," in text else "; correct it, or leave the cell empty"
