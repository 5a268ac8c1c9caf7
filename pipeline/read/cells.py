"""What the cells of a column say: numbers, labels, or nothing."""

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import product
from math import inf, isfinite, nan
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.config.data_section import NUMBER, UNKNOWN, Feature, folded, is_absent, plain
from pipeline.config.yaml_text import canonical
from pipeline.errors import DataError
from pipeline.machine.arrays import Floats, Integers
from pipeline.read.arrow import filled, floats, integers, to_text
from pipeline.read.columns import clip, is_number, is_text
from pipeline.read.marks import Cells, Evidence, doubt, evidence

__all__ = ["UNKNOWN", "Cells", "Evidence", "cell_hint", "doubt", "evidence", "grouped", "labels", "numbers"]

_PLAIN = Feature()
_GROUPS = {" ": " \u00a0\u2009\u202f", "'": "'\u2019"}
_DIGIT = re.compile("[0-9]")
_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
_BOUND = re.compile(r"(?:[<>]=?|=[<>]|[\u2264\u2265])\s*(.+)")


def numbers(column: pa.Array, cells: Cells, feature: Feature = _PLAIN) -> Floats:
    """Return (R,) float64: NaN where nothing is, +inf where something else than a finite number stands.

    With categories: their places in the list, or the numbers of the mapping, and ``UNKNOWN`` for any other text.
    """
    own = folded(feature.missing)
    cells = replace(cells, missing=cells.missing | own, doubtful=cells.doubtful - own) if own else cells
    if feature.categories is not None:
        codes = {plain(text): number for text, number in feature.numbers().items()}
        texts, places = labels(column, cells, feature.numbers())
        found = [inf if text is None else nan if not text else codes.get(plain(text), UNKNOWN) for text in texts]
        return np.array(found, dtype=np.float64)[places]
    values = _parsed(column.cast(pa.string()), cells, feature.censored) if is_text(column.type) else _typed(column)
    absent = [number for number in cells.missing if not isinstance(number, str)]
    return np.where(np.isin(values, absent), nan, values) if absent else values


def labels(column: pa.Array, cells: Cells, kept: Collection[str] = ()) -> tuple[list[str | None], Integers]:
    """Return the different texts of R cells without blanks around them, and (R,) which of them each cell holds.

    Where nothing stands the text is empty; one in ``kept`` is never missing. A number has a decimal point. None stands for
    bytes that are no UTF-8.

    Raises:
        DataError: the cells are lists or the like.
    """
    missing = cells.missing - cells.doubtful
    absent = {value for value in missing if not isinstance(value, str)}
    texts: dict[str | None, int] = {}
    different, places = _different(column)
    own = []
    for text in different:
        if text and text not in kept:
            text = text.replace(",", ".") if cells.decimal == "," and _COMMA.fullmatch(text) else text
            text = "" if text.lower() in missing or (absent and is_absent(text, missing)) else text
        own.append(texts.setdefault(text, len(texts)))
    return [*texts], np.array(own, dtype=np.int64)[places]


def cell_hint(text: str, name: str, cells: Cells) -> str:
    """Return what to do about a cell of a column that should be a number and is none: ``; ...``."""
    word, other, mark = ("point", "comma", ",") if cells.decimal == "." else ("comma", "point", ".")
    swapped = replace(cells, decimal=mark, thousands=None)
    if (bound := _BOUND.fullmatch(text)) and isfinite(_number(bound[1], cells, "bound")):
        return f'; a result beyond a limit: under "{clip(name)}" set censored: bound, which takes the limit, or censored: missing'
    if text.endswith("%"):
        return "; remove the percent sign, here and in the column's other cells"
    if re.fullmatch(rf"[+-]?[1-9][0-9]{{0,2}}[{mark}][0-9]{{3}}", text):
        return f'; a decimal {other} needs data.read.decimal: "{mark}", a {other} between thousands data.read.thousands: "{mark}"'
    if isfinite(_number(text, swapped, None)):
        return f'; the decimal mark of this file is a {word}: correct the cell, or set data.read.decimal: "{mark}"'
    for way, thousands in ((cells, mark), (swapped, cells.decimal), *product((cells, swapped), " '")):
        if isfinite(_number(text, replace(way, thousands=thousands), None)):
            return f'; a mark between thousands needs data.read.thousands: "{thousands}"'
    return f'; correct it, leave it empty, or, if it means "no value", list it under "{clip(name)}": missing'


def _typed(column: pa.Array) -> Floats:
    """Return typed numbers as they are; days, flags and the like are none."""
    column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    if is_number(column.type):
        return _finite(floats(column.cast(pa.float64(), safe=False)))
    return np.where(np.array(column.is_null().to_pylist(), dtype=bool), nan, inf)


def _finite(values: Floats) -> Floats:
    infinite = np.isinf(values)
    return np.where(infinite, inf, values) if infinite.any() else values


def _parsed(column: pa.StringArray, cells: Cells, censored: str | None) -> Floats:
    """Return the numbers of texts: all at once where pyarrow reads them, else one by one of those that differ."""
    pointed = _pointed(column) if cells.decimal == "," else column
    words = [text for text in cells.missing if isinstance(text, str)]
    spelt = [way(text) for text in words for way in (str, str.upper, str.title, str.capitalize)]
    for gaps in ([], spelt) if pointed is not None else ():
        try:
            absent = pc.is_in(pointed, to_text(gaps)) if gaps else pc.equal(pointed, to_text([""])[0])
            values = pc.if_else(absent, pa.NULL, pointed).cast(pa.float64())
        except pa.ArrowInvalid:
            continue
        array = floats(values)
        if np.isnan(array).sum() == values.null_count:  # or a text such as "nan" is among them, or "-nan", which is no number
            return _finite(array)
    different, places = _different(column)
    return np.array([_number(text, cells, censored) for text in different], dtype=np.float64)[places]


def _pointed(column: pa.StringArray) -> pa.StringArray | None:
    """Return texts with a point for each comma; None where a point is in one already."""
    valid, bounds, data = column.buffers()
    content = data.to_pybytes() if data else b""
    if b"." in content:
        return None
    swapped = pa.py_buffer(content.replace(b",", b"."))
    return pa.Array.from_buffers(column.type, len(column), [valid, bounds, swapped], column.null_count, column.offset)


def _different(column: pa.Array) -> tuple[list[str | None], Integers]:
    """Return the different texts of R cells, some of them perhaps twice, and (R,) which of them each cell holds."""
    column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    if is_text(column.type):
        column = filled(column.cast(pa.string()).cast(pa.binary()))
    try:
        coded = column.dictionary_encode("encode")
        return [_written(cell) for cell in coded.dictionary.to_pylist()], integers(coded.indices)
    except pa.ArrowNotImplementedError:
        raise DataError(f"a cell must hold one value; the type of a column is {column.type}; leave it out") from None


def _written(cell: Any) -> str | None:
    """Return a cell as text: a whole number without a decimal mark, a day as ISO writes it; None for bytes that are no UTF-8."""
    if isinstance(cell, bytes):
        try:
            text = cell.decode()
            return text if text.isascii() and text.isprintable() and "  " not in f" {text} " else canonical(text)
        except UnicodeDecodeError:
            return None
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return plain(f"{cell.normalize():f}")
    return cell.isoformat(" ").removesuffix(" 00:00:00") if isinstance(cell, datetime) else plain(str(cell))


def _number(text: str | None, cells: Cells, censored: str | None) -> float:
    """Return the number that a text is: the one that decides what is a number."""
    if text is None:
        return inf
    if text.lower() in cells.missing:
        return nan
    if not _DIGIT.search(text):
        return inf
    if censored and (bound := _BOUND.fullmatch(text)):
        value = _number(bound[1], replace(cells, missing=frozenset()), None)
        return nan if censored == "missing" and isfinite(value) else value
    text = text.replace("\u2212", "-")
    if cells.thousands and grouped(cells.thousands, cells.decimal).fullmatch(text):
        text = re.sub(f"[{_GROUPS.get(cells.thousands, cells.thousands)}]", "", text)
    if cells.decimal == ",":
        text = "no number" if "." in text else text.replace(",", ".")
    value = float(text) if re.fullmatch(NUMBER, text) else inf
    return value if isfinite(value) else inf


@cache
def grouped(thousands: str, decimal: str) -> re.Pattern[str]:
    """Return a pattern of numbers with marks between their thousands."""
    marks, point = re.escape(_GROUPS.get(thousands, thousands)), re.escape(decimal)
    return re.compile(rf"[+-]?[1-9][0-9]{{0,2}}(?:[{marks}][0-9]{{3}})+(?:{point}[0-9]*)?(?:[eE][+-]?[0-9]+)?")
