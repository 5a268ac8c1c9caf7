"""The columns of a file: how they are named, and what their cells say. pandas is not needed."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import pyarrow as pa

from pipeline.config.yaml_text import canonical
from pipeline.errors import DataError, did_you_mean, listing


def alike(name: str) -> str:
    """Return a name without blanks, underscores and capitals: names that differ only by them are taken for one another."""
    return re.sub(r"[\s_]+", "", canonical(name)).casefold()


def spellings(place: str, raw: Sequence[str], names: Iterable[str], named: Collection[str] = ()) -> dict[str, str]:
    """Return the file's own spelling of each column, in its order; the keys are ``canonical``, and each its own.

    Where a name is not there, the only column that is ``alike`` has it. ``names`` must be there; a name that is not one of them,
    nor ``named`` by a setting, may stand there several times.

    Raises:
        DataError: a name is missing or stands twice.
    """
    spelt: dict[str, str] = {}
    problems = []
    wanted = dict.fromkeys([*names, *named])
    taken = _taken([canonical(spelling) for spelling in raw], [*wanted])
    for spelling in raw:
        name = taken.get(canonical(spelling), canonical(spelling))
        if name in spelt and name in wanted:
            problems.append(f'{place}: the column "{clip(name)}" is twice in the header; rename or remove one')
        spelt[f"{name}\0{len(spelt)}" if name in spelt else name] = spelling
    missing = [name for name in names if name not in spelt]
    if len(raw) == 1 and (missing or not wanted):
        raise DataError(f"{place}: the file has a single column, {short(raw[0])}; columns are separated by , ; | or tabs")
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


def _taken(present: Sequence[str], wanted: Sequence[str]) -> dict[str, str]:
    """Return the wanted name of each column of the file that is no wanted one itself, and alone is alike to one."""
    free = [(alike(name), name) for name in present if name not in wanted]
    lacking = [(alike(name), name) for name in wanted if name not in present]
    keys = Counter(key for key, _ in free), Counter(key for key, _ in lacking)
    names = dict(lacking)
    return {name: names[key] for key, name in free if key in names and keys[0][key] == keys[1][key] == 1}


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
    return str(stored(kind)) in ("string", "large_string", "string_view", "null")


def is_number(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds numbers."""
    kind, types = stored(kind), pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def stored(kind: pa.DataType) -> pa.DataType:
    """Return the type of a column's cells, which a dictionary may hold."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind
