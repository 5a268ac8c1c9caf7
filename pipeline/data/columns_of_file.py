"""The columns that a config names, read from a file piece by piece."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.config.data_section import DataSection
from pipeline.data.table import Texts
from pipeline.data.target import target_texts
from pipeline.errors import DataError
from pipeline.machine.arrays import Floats, Integers
from pipeline.read.cells import labels, numbers
from pipeline.read.marks import Evidence, evidence
from pipeline.read.rows import Rows, Source


@dataclass(frozen=True)
class Columns:
    """What the rows of a file hold.

    Attributes:
        values: (rows, F) of the features: NaN where a cell is empty, infinite where it cannot be used.
        texts: the columns of text; the target is among them unless it is cut.
        cut: (rows,) numbers of a target that is cut.
        marks: of the features that are numbers, what the marks of their cells say.
    """

    values: Floats
    texts: dict[str, Texts]
    cut: Floats | None
    marks: Mapping[str, Evidence]


def read_columns(source: Source, section: DataSection, names: Sequence[str], unnamed: Sequence[str]) -> Columns:
    """Read features, target and the columns of text, among them those of the ``unnamed`` that are text.

    Raises:
        DataError: a row cannot be read, or there is none.
    """
    parts: list[Columns] = []
    row, lost = 1, set[str]()
    for read in source.pieces():
        rows = read()
        if rows.rejected:
            first = rows.rejected[0]
            hint = 'save it as "CSV UTF-8"' if "UTF-8" in first.reason else "correct the row"
            row += int((rows.lines() < first.line).sum())
            raise DataError(f"{section.path}, row {row} (line {first.line}): {first.reason}; {hint}")
        row += len(rows.columns)
        parts.append(_piece(rows, source, section, names, [name for name in unnamed if name not in lost]))
        lost |= set(unnamed) - parts[-1].texts.keys()
    if row == 1:
        raise DataError(f"{section.path}: there is a header but no row below it; name a file that holds rows")
    return _joined(parts, lost)


def _piece(rows: Rows, source: Source, section: DataSection, names: Sequence[str], unnamed: Sequence[str]) -> Columns:
    columns, cells, texts = rows.columns, source.cells, dict[str, Texts]()
    kept = {section.target: tuple(target_texts(section))}
    for name in (*([] if section.cut else [section.target]), *names, *unnamed):
        try:
            texts[name] = _texts_of(section.path, name, *labels(columns[name], cells, kept.get(name, ())))
        except (DataError, pa.ArrowException) as error:
            if name not in unnamed:
                kind = (
                    f'{section.path}: column "{name}" must hold text or numbers; its type is {columns[name].type}, so convert it'
                )
                raise error if isinstance(error, DataError) else DataError(kind) from None
    values = [numbers(columns[name], cells, feature) for name, feature in section.features.items()]
    cut = numbers(columns[section.target], cells) if section.cut else None
    marks = {name: evidence(columns[name]) for name, feature in section.features.items() if feature.categories is None}
    return Columns(np.array(values), texts, cut, marks)


def _texts_of(path: str, name: str, different: Sequence[str | None], places: Integers) -> Texts:
    if None in different:
        raise DataError(f'{path}: column "{name}" must hold UTF-8 text; export the file again')
    return Texts(tuple(map(str, different)), places)


def _joined(parts: Sequence[Columns], lost: set[str]) -> Columns:
    """Put pieces one below the other."""
    values = np.concatenate([part.values for part in parts], axis=1).T
    texts = {name: _together([part.texts[name] for part in parts]) for name in parts[0].texts if name not in lost}
    cut = np.concatenate([part.cut for part in parts if part.cut is not None]) if parts[0].cut is not None else None
    marks = dict(parts[0].marks)
    for part in parts[1:]:
        marks = {name: marks[name] + part.marks[name] for name in marks}
    return Columns(values, texts, cut, marks)


def _together(parts: Sequence[Texts]) -> Texts:
    different = tuple(sorted({text for part in parts for text in part.different}))
    rank = {text: place for place, text in enumerate(different)}
    places = [np.array([rank[text] for text in part.different], dtype=np.int64)[part.places] for part in parts]
    return Texts(different, np.concatenate(places))
