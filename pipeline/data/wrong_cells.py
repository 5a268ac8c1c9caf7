"""The cells that stop a file from being used: where they stand, what they hold, and what to do about it."""

from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.config.data_section import UNKNOWN, DataSection
from pipeline.data.table import Texts
from pipeline.data.target import UNKNOWN_CLASS, UNLABELLED, class_hint
from pipeline.errors import DataError, did_you_mean, listing
from pipeline.machine.arrays import Floats, Integers
from pipeline.read.cells import cell_hint
from pipeline.read.columns import cell_text, clip, short
from pipeline.read.rows import Source


def refuse_wrong_cells(
    source: Source, section: DataSection, values: Floats, truth: Integers, target: Texts | None, only_score: bool
) -> None:
    """Raise DataError for the first cell of each feature that cannot be used, and of each unknown class.

    Args:
        source: the file, which is read again for its cells.
        section: which columns are features and target.
        values: (rows, F) as read: infinite where a cell is no number, ``UNKNOWN`` where it is no category.
        truth: (rows,) indices of classes, or what stands there for none.
        target: its texts, of which each unknown one is named; None for numbers, of which the first is.
        only_score: an unknown category counts as missing, and a row needs no label.
    """
    first = [*_first_of_features(section, values, only_score), *_first_of_target(section, truth, target, only_score)]
    cells = _cells(source, first) if first else {}
    problems = []
    for name, index in first:
        line, cell = cells[name, index]
        place = f'{section.path}, row {index + 1} (line {line}): column "{name}"'
        if name == section.target:
            problems.append(f"{place} {_about_class(section, truth, index, cell, target)}")
        elif values[index, list(section.features).index(name)] == UNKNOWN:
            problems.append(f"{place} holds the unknown category {short(cell)}{_category_hint(section, name, cell)}")
        else:
            count = int(np.isposinf(values[:, list(section.features).index(name)]).sum())
            more = f" (and {count - 1:,} more)" if count > 1 else ""
            problems.append(f"{place} must hold numbers; got {short(cell)}{more}{cell_hint(cell, name, source.cells)}")
    if problems:
        raise DataError(*problems)


def _first_of_features(section: DataSection, values: Floats, only_score: bool) -> Iterator[tuple[str, int]]:
    for name, column in zip(section.features, values.T, strict=True):
        wrong = np.isposinf(column) if only_score else np.isinf(column)
        if wrong.any():
            yield name, int(np.argmax(wrong))


def _first_of_target(section: DataSection, truth: Integers, target: Texts | None, only_score: bool) -> Iterator[tuple[str, int]]:
    unknown = truth == UNKNOWN_CLASS
    if target is not None:
        starts = np.unique(target.places[unknown], return_index=True)[1]
        yield from ((section.target, int(index)) for index in np.sort(np.flatnonzero(unknown)[starts])[:5])
    elif unknown.any():
        yield section.target, int(np.argmax(unknown))
    if section.unlabelled == "error" and not only_score and (truth == UNLABELLED).any():
        yield section.target, int(np.argmax(truth == UNLABELLED))


def _about_class(section: DataSection, truth: Integers, index: int, cell: str, target: Texts | None) -> str:
    if truth[index] == UNLABELLED:
        count = int((truth == UNLABELLED).sum())
        more = f", and so are {count - 1:,} more" if count > 1 else ""
        return f"is empty{more}; fill it in, or set data.unlabelled: drop, which leaves such rows out"
    if target is None:
        return f"must hold numbers, for data.cut; got {short(cell)}"
    return f"holds the unknown class {short(cell)}{class_hint(clip(cell), [clip(text) for text in target.different], section)}"


def _category_hint(section: DataSection, name: str, cell: str) -> str:
    numbers, key = section.features[name].numbers(), f"data.features.{name}"
    return did_you_mean(clip(cell), numbers) or f"; {key}.categories has {listing(numbers)}: add it there, or to {key}.missing"


def _cells(source: Source, wanted: Sequence[tuple[str, int]]) -> dict[tuple[str, int], tuple[int, str]]:
    """Read the file again and return the line and the text of some cells: columns and row numbers from 0."""
    cells: dict[tuple[str, int], tuple[int, str]] = {}
    start = 0
    for read in source.pieces():
        rows = read()
        here = [(name, index) for name, index in wanted if start <= index < start + len(rows.columns)]
        for name, index in here:
            cells[name, index] = int(rows.lines()[index - start]), cell_text(rows.columns[name][index - start])
        start += len(rows.columns)
    return cells
