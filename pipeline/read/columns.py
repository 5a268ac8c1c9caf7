"""The columns of a file: how they are named, and what their cells say. pandas is not needed."""

import re
from collections.abc import Collection, Iterable, Sequence
from math import inf, isfinite, nan

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.config.data_section import NUMBER
from pipeline.config.yaml_text import canonical
from pipeline.errors import DataError, did_you_mean, listing
from pipeline.machine.arrays import Floats, Integers
from pipeline.read.arrow import filled, floats, integers, to_text

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})
"""Cells that mean "no value", compared in lower case without blanks around them."""

_NUMBER = re.compile(NUMBER)


def spellings(place: str, raw: Sequence[str], names: Iterable[str], named: Collection[str] = ()) -> dict[str, str]:
    """Return the file's own spelling of each column, in its order; the keys are ``canonical``, and each its own.

    Args:
        place: the file and the line of its header.
        raw: the header as it stands there.
        names: columns that must be there.
        named: columns that some setting names. A name that none does may stand there several times.

    Raises:
        DataError: a name is missing or stands twice, or the delimiter is no comma.
    """
    spelt: dict[str, str] = {}
    problems = []
    for spelling in raw:
        name = canonical(spelling)
        if name in spelt and (name in named or name in names):
            problems.append(f'{place}: the column "{clip(name)}" stands twice in the header; rename or remove one')
        spelt[f"{name}\0{len(spelt)}" if name in spelt else name] = spelling
    missing = [name for name in names if name not in spelt]
    delimiter = next((mark for mark in (";", "\t", "|") if len(raw) == 1 and mark in raw[0]), None)
    if missing and delimiter:
        shown = "tabs" if delimiter == "\t" else f'"{delimiter}"'
        raise DataError(f"{place}: columns must be separated by commas, not by {shown}; save it as CSV with commas")
    present = {clip(name): name for name in spelt if name and "\0" not in name}
    hints = {name: did_you_mean(name, present) for name in missing}
    problems += [f'{place}: the column "{name}" is missing{hint}' for name, hint in hints.items() if hint]
    lost = [name for name, hint in hints.items() if not hint]
    if lost:
        verb = "columns {} are" if len(lost) > 1 else "column {} is"
        problems.append(f"{place}: the {verb.format(listing(lost))} missing; the file has {listing(present)}")
    if problems:
        raise DataError(*problems)
    return spelt


def short(value: str) -> str:
    """Return a cell as a message quotes it."""
    return repr(clip(value))


def clip(value: str) -> str:
    """Return at most 40 characters of a name or a cell, on one line."""
    value = " ".join(value.split())
    return value if len(value) <= 40 else value[:37] + "..."


def cell_text(cell: pa.Scalar) -> str:
    """Return what a cell holds, without blanks around it, for a message."""
    try:
        return str(cell).strip()
    except UnicodeDecodeError:
        return "bytes that are no UTF-8 text"


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds text, or nothing at all."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    types = pa.types
    return any(is_kind(kind) for is_kind in (types.is_string, types.is_large_string, types.is_string_view, types.is_null))


def numbers(column: pa.Array) -> Floats:
    """Return (R,) float64: NaN where nothing is, infinite where something else than a finite number is."""
    if not is_text(column.type):
        return floats(column.cast(pa.float64(), safe=False))
    column = column.cast(pa.string())
    try:
        values = pc.if_else(pc.equal(column, to_text([""])[0]), pa.NULL, column).cast(pa.float64())
        array = floats(values)
        if np.isnan(array).sum() == values.null_count:  # or a text such as "nan" is among them, or "-nan", which is no number
            return array
    except pa.ArrowInvalid:
        pass
    texts, places = different_texts(column)
    return np.array([_number(text) for text in texts], dtype=np.float64)[places]


def different_texts(column: pa.Array) -> tuple[list[str | None], Integers]:
    """Return the different texts of R cells without blanks around them, and (R,) which of them each cell holds.

    A null is an empty text. None stands for bytes that are no UTF-8.
    """
    coded = filled(column.cast(pa.string()).cast(pa.binary())).dictionary_encode()
    return [_decoded(cell) for cell in coded.dictionary.to_pylist()], integers(coded.indices)


def _decoded(cell: bytes) -> str | None:
    try:
        return canonical(cell.decode())
    except UnicodeDecodeError:
        return None


def _number(text: str | None) -> float:
    """Return the number that a text is: the one that decides what is a number."""
    if text is None:
        return inf
    value = nan if text.lower() in MISSING else float(text) if _NUMBER.fullmatch(text) else inf
    return value if isfinite(value) or value != value else inf
