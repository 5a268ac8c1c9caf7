"""What stands in a file and is no value or no row: said in one line with its place, before anything is written."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pipeline.errors import DataError, counted
from pipeline.init.kinds import Kind
from pipeline.init.oddities import oddities
from pipeline.init.overview import Column, Overview
from pipeline.init.quantities import is_unit
from pipeline.init.vocabulary import joined_words, known
from pipeline.machine.arrays import Integers
from pipeline.read.cells import cell_hint, doubt, evidence
from pipeline.read.columns import short

_LAST = 3  # rows that may be sums
_LOOKED, _MOST = 50, 0.8  # texts looked at, and the share of them that are numbers written otherwise


def refuse_what_is_no_row(seen: Overview, kinds: Mapping[str, Kind]) -> None:
    """Look for a repeated header, a row of units and rows of sums.

    Raises:
        DataError: there is one; the line says which.
    """
    for row, what in (*_repeated_header(seen), *_units(seen), *_sums(seen), *_texts(seen, kinds)):
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
        raise DataError(problem if problem.startswith(seen.path) else f"{seen.path}: {problem}")
    if wrong := oddities(column).wrong:
        _refuse(seen, column, wrong, "")


def _refuse(seen: Overview, column: Column, wrong: Sequence[int], hint: str) -> None:
    rows = column.rows(np.isin(np.arange(len(column.different)), wrong))
    text = column.shown(int(column.places[rows[0]]))
    more = f" (and {counted(len(rows) - 1, 'cell')} more)" if len(rows) > 1 else ""
    hint = hint or cell_hint(text, column.name, seen.source.cells)
    raise DataError(f'{seen.place(int(rows[0]))}: column "{column.name}" must hold numbers; got {short(text)}{more}{hint}')


def _repeated_header(seen: Overview) -> Iterator[tuple[int, str]]:
    rows: list[Integers] = []
    for column in seen.columns.values():
        names = {column.name.casefold(), seen.source.spelt[column.name].strip().casefold()}
        same = [place for place in _texts_near(column) if column.shown(place).casefold() in names]
        rows.append(column.rows(np.isin(np.arange(len(column.different)), same)) if same else np.array([], dtype=np.int64))
    held, times = np.unique(np.concatenate(rows), return_counts=True)
    for row in held[times >= max(2, len(seen.columns) / 2)][:1].tolist():
        yield row, "the header again"


def _texts_near(column: Column) -> Iterator[int]:
    """Yield the different cells that are no number, unless they are too many to be a stray header."""
    odd = np.flatnonzero(np.isinf(column.parsed))
    yield from odd.tolist() if len(odd) <= 100 else []


def _units(seen: Overview) -> Iterator[tuple[int, str]]:
    first = [(column, int(column.places[0])) for column in seen.columns.values()]
    units = sum(place >= 0 and column.counts[place] == 1 and is_unit(column.shown(place)) for column, place in first)
    if units >= 2:
        yield 0, "one of units"


def _sums(seen: Overview) -> Iterator[tuple[int, str]]:
    for row in range(max(0, seen.rows - _LAST), seen.rows):
        for column in seen.columns.values():
            place = int(column.places[row])
            if place >= 0 and column.counts[place] == 1 and joined_words(text := column.shown(place)) in known("sums"):
                yield row, f"one of sums or means ({short(text)})"


def _texts(seen: Overview, kinds: Mapping[str, Kind]) -> Iterator[tuple[int, str]]:
    """Yield a row in which half of the columns of numbers, and two at least, hold texts that stand nowhere else."""
    numbers = [column for name, column in seen.columns.items() if kinds[name].name == "number"]
    lonely = [column.rows(np.isinf(column.parsed) & (column.counts == 1)) for column in numbers]
    held, times = np.unique(np.concatenate([np.array([], dtype=np.int64), *lonely]), return_counts=True)
    for row in held[times >= max(2, len(numbers) / 2)][:1].tolist():
        yield row, "one of texts where numbers are expected"
