"""What stands in a file and is no value or no row: said in one line with its place, before anything is written."""

from collections.abc import Iterator, Mapping

import numpy as np

from pipeline.errors import DataError, counted
from pipeline.init.kinds import Kind
from pipeline.init.oddities import oddities
from pipeline.init.overview import Column, Overview
from pipeline.init.quantities import is_unit
from pipeline.init.words import known, together
from pipeline.machine.arrays import Integers
from pipeline.read.cells import cell_hint, doubt, evidence
from pipeline.read.columns import short

_LAST = 3  # rows that may be sums


def refuse_what_is_no_row(seen: Overview, kinds: Mapping[str, Kind]) -> None:
    """Look for a repeated header, a row of units and rows of sums.

    Raises:
        DataError: there is one; the line says which.
    """
    for row, what in (*_repeated_header(seen), *_units(seen), *_sums(seen), *_texts(seen, kinds)):
        raise DataError(f"{seen.place(row)}: this is no row of values but {what}; take it out of the file")


def refuse_wrong_cells(seen: Overview, column: Column) -> None:
    """Look for cells of a column of numbers that are no number, and for marks that leave open what the numbers are.

    Raises:
        DataError: there are some.
    """
    cells = seen.source.cells
    if problem := doubt(column.name, evidence(column.different), cells):
        raise DataError(problem if problem.startswith(seen.path) else f"{seen.path}: {problem}")
    wrong = oddities(column).wrong
    if not wrong:
        return
    flags = np.isin(np.arange(len(column.different)), wrong)
    rows = column.rows(flags)
    text = column.shown(int(column.places[rows[0]]))
    more = f" (and {counted(len(rows) - 1, 'cell')} more)" if len(rows) > 1 else ""
    hint = cell_hint(text, column.name, cells)
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
            if place >= 0 and column.counts[place] == 1 and together(text := column.shown(place)) in known("sums"):
                yield row, f"one of sums or means ({short(text)})"


def _texts(seen: Overview, kinds: Mapping[str, Kind]) -> Iterator[tuple[int, str]]:
    """Yield a row in which half of the columns of numbers, and two at least, hold texts that stand nowhere else."""
    numbers = [column for name, column in seen.columns.items() if kinds[name].name == "number"]
    lonely = [column.rows(np.isinf(column.parsed) & (column.counts == 1)) for column in numbers]
    held, times = np.unique(np.concatenate([np.array([], dtype=np.int64), *lonely]), return_counts=True)
    for row in held[times >= max(2, len(numbers) / 2)][:1].tolist():
        yield row, "one of texts where numbers are expected"
