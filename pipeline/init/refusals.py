"""What stands in a file and is no row: said in one line with its place, before anything is written."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pipeline.errors import DataError
from pipeline.init.kinds import Kind
from pipeline.init.overview import Overview
from pipeline.init.vocabulary import known, words_of
from pipeline.machine.arrays import Integers
from pipeline.read.columns import short

_LAST = 3  # rows that may be sums
_LOOKED = 50  # texts of a column that may be names
_WORDS = 4  # of a label of sums, at most


def refuse_what_is_no_row(seen: Overview, kinds: Mapping[str, Kind]) -> None:
    """Look for a repeated header, descriptions below it, rows of sums, and rows of texts, such as units, where numbers belong.

    Raises:
        DataError: there is one; the line says which.
    """
    for row, what in (*_repeated_header(seen), *_sums(seen), *_texts(seen, kinds)):
        raise DataError(f"{seen.path}, {seen.place(row)}: this is not a row of values but {what}; take it out of the file")


def _repeated_header(seen: Overview) -> Iterator[tuple[int, str]]:
    same = []
    for name, column in seen.columns.items():
        flags, names = np.isinf(column.parsed), {name.casefold(), seen.source.spelt[name].strip().casefold()}
        for place in np.flatnonzero(flags).tolist() if flags.sum() <= _LOOKED else ():  # of many, each would take long
            flags[place] = column.shown(place).casefold() in names
        same += [column.rows(flags)] if flags.sum() <= 1 else []
    yield from ((row, "the header again") for row in _common(same, len(seen.columns)))


def _sums(seen: Overview) -> Iterator[tuple[int, str]]:
    for row in range(max(0, seen.rows - _LAST), seen.rows):
        held = [(column, int(column.places[row])) for column in seen.columns.values()]
        gap = any(place < 0 or np.isnan(column.parsed[place]) for column, place in held)
        for column, place in held:
            words = words_of(text := column.shown(place)) if place >= 0 and column.counts[place] == 1 else []
            sums = known("sums").intersection(words) or (words[:1] == ["n"] and "".join(words[1:]).isdecimal())
            if "".join(words) in known("sums") or (sums and len(words) <= _WORDS and gap):
                yield row, f"one of sums or means ({short(text)})"


def _texts(seen: Overview, kinds: Mapping[str, Kind]) -> Iterator[tuple[int, str]]:
    """Yield a row of texts where numbers belong, and a first row of texts in every column that stand nowhere else."""
    repeated = [column for name, column in seen.columns.items() if kinds[name].name in ("number", "yes/no", "categories")]
    lonely = {column.name: column.rows(np.isinf(column.parsed) & (column.counts == 1)) for column in repeated}
    numbers = [rows for name, rows in lonely.items() if kinds[name].name == "number"]
    yield from ((row, "one of texts where numbers are expected") for row in _common(numbers, len(numbers)))
    if len(seen.columns) > 2 and 2 * len(lonely) > len(seen.columns) and all(0 in rows for rows in lonely.values()):
        yield 0, "one of descriptions, for its texts occur nowhere else"


def _common(rows: Sequence[Integers], columns: int) -> list[int]:
    """Return the first row that is among those of half of the columns, and of two at least."""
    held, times = np.unique(np.concatenate([np.array([], dtype=np.int64), *rows]), return_counts=True)
    return list(held[times >= max(2, columns / 2)][:1].tolist())
