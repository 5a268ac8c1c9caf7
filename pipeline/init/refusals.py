"""What stands in a file and is no value or no row: said in one line with its place, before anything is written."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pipeline.errors import DataError, counted
from pipeline.init.kinds import Kind
from pipeline.init.oddities import oddities
from pipeline.init.overview import Column, Overview
from pipeline.init.vocabulary import joined_words, known
from pipeline.machine.arrays import Integers
from pipeline.read.cells import cell_hint, doubt, evidence
from pipeline.read.columns import short

_LAST = 3  # rows that may be sums
_LOOKED, _MOST = 50, 0.8  # texts looked at, and the share of them that are numbers written otherwise


def refuse_what_is_no_row(seen: Overview, kinds: Mapping[str, Kind]) -> None:
    """Look for a repeated header, rows of sums, and rows of texts, such as units, where numbers are expected.

    Raises:
        DataError: there is one; the line says which.
    """
    for row, what in (*_repeated_header(seen), *_sums(seen), *_texts(seen, kinds)):
        raise DataError(f"{seen.place(row)}: this is no row of values but {what}; take it out of the file")


def refuse_other_marks(seen: Overview, column: Column) -> None:
    """Look for a column of numbers that are written otherwise than the file's: with other marks, or a percent sign.

    Raises:
        DataError: it is one.
    """
    cells, parsed = seen.source.cells, column.parsed
    texts = np.flatnonzero(~np.isnan(parsed) & (column.counts > 0))[:_LOOKED].tolist()
    odd = [place for place in texts if np.isinf(parsed[place]) and not column.beyond[place]]
    hints = {place: cell_hint(column.shown(place), column.name, cells) for place in odd}
    told = [place for place, hint in hints.items() if not hint.startswith("; correct it, leave it empty")]
    if len(told) > 2 and len(told) > _MOST * len(texts):
        _refuse(seen, column, told[:1], hints[told[0]])


def refuse_odd_cells(seen: Overview, column: Column) -> None:
    """Look for cells of a column of numbers that are no number, and for marks that leave open what the numbers are.

    Raises:
        DataError: there are some.
    """
    cells = seen.source.cells
    if problem := doubt(column.name, evidence(column.different), cells):
        raise DataError(f"{seen.path}: {problem}")
    if wrong := oddities(column).wrong:
        _refuse(seen, column, wrong, "")


def _refuse(seen: Overview, column: Column, wrong: Sequence[int], hint: str) -> None:
    rows = column.rows(np.isin(np.arange(len(column.different)), wrong))
    text = column.shown(int(column.places[rows[0]]))
    more = f" (and {counted(len(rows) - 1, 'cell')} more)" if len(rows) > 1 else ""
    hint = hint or cell_hint(text, column.name, seen.source.cells)
    raise DataError(f'{seen.place(int(rows[0]))}: column "{column.name}" must hold numbers; got {short(text)}{more}{hint}')


def _repeated_header(seen: Overview) -> Iterator[tuple[int, str]]:
    same = []
    for name, column in seen.columns.items():
        flags, names = np.isinf(column.parsed), {name.casefold(), seen.source.spelt[name].strip().casefold()}
        for place in np.flatnonzero(flags).tolist() if flags.sum() <= _LOOKED else ():  # of many, each would take long
            flags[place] = column.shown(place).casefold() in names
        same.append(column.rows(flags) if flags.sum() <= 1 else np.array([], dtype=np.int64))
    yield from ((row, "the header again") for row in _common(same, len(seen.columns)))


def _sums(seen: Overview) -> Iterator[tuple[int, str]]:
    for row in range(max(0, seen.rows - _LAST), seen.rows):
        for column in seen.columns.values():
            place = int(column.places[row])
            if place >= 0 and column.counts[place] == 1 and joined_words(text := column.shown(place)) in known("sums"):
                yield row, f"one of sums or means ({short(text)})"


def _texts(seen: Overview, kinds: Mapping[str, Kind]) -> Iterator[tuple[int, str]]:
    numbers = [column for name, column in seen.columns.items() if kinds[name].name == "number"]
    lonely = [column.rows(np.isinf(column.parsed) & (column.counts == 1)) for column in numbers]
    yield from ((row, "one of texts where numbers are expected") for row in _common(lonely, len(numbers)))


def _common(rows: Sequence[Integers], columns: int) -> list[int]:
    """Return the first row that is among those of half of the columns, and of two at least."""
    held, times = np.unique(np.concatenate([np.array([], dtype=np.int64), *rows]), return_counts=True)
    return list(held[times >= max(2, columns / 2)][:1].tolist())
