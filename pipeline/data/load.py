"""Read a file into a table of named, typed, validated columns."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.config.data_section import DataSection
from pipeline.data.profiles import combined, numbered
from pipeline.data.table import Table, Texts
from pipeline.errors import DataError, did_you_mean, listing
from pipeline.machine.arrays import Floats, Integers
from pipeline.read.columns import MISSING, cell_text, clip, different_texts, numbers, short
from pipeline.read.rows import Rows, Source, open_rows


def load(section: DataSection, group_by: Sequence[str] = (), only_score: bool = False) -> Table:
    """Read the file that the config names.

    Args:
        section: path, columns, ranges and classes.
        group_by: columns of a grouped split; those that are no features are kept as text.
        only_score: the file is not trained on: it may lack the other columns and hold a single class.

    Raises:
        DataError: with every problem that stops the file from being used, naming column and row. Rows are counted from 1
            below the header; the line is that of the file.
    """
    path, features = section.path, list(section.features)
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        hint = 'set data.path or --data, relative to the current folder; "make fetch" brings data/article.csv'
        raise DataError(f"{path}: cannot read the data: {getattr(error, 'strerror', error)}; {hint}") from None
    patient = section.patient or ()
    others = list(dict.fromkeys([*section.redundant, *patient, *(name for name in group_by if name not in features)]))
    source = open_rows(path, io.BytesIO(content), section, [*features, section.target, *([] if only_score else others)])
    others = [name for name in others if name in source.spelt]
    named = {section.target, *others, *features}
    unnamed = [] if only_score or patient else [name for name in source.spelt if name and "\0" not in name and name not in named]
    values, texts = _parsed(source, path, features, [section.target, *others], unnamed)
    idle = {name: texts.pop(name) for name in unnamed if name in texts}
    target, classes = texts.pop(section.target), tuple(section.codes)
    _refuse_wrong_cells(source, section, values, target)
    if len(target.different) < 2 and not only_score:
        raise DataError(f'{path}: column "{section.target}" holds only "{target.different[0]}"; two classes or more are needed')
    truth = np.array([classes.index(name) for name in target.different], dtype=np.int64)[target.places]
    lowest, highest = section.bounds()
    implausible = (values < lowest) | (values > highest)
    patients = _patients([texts[name] for name in patient]) if patient and set(patient) <= set(others) else None
    digest = hashlib.sha256(content).hexdigest()
    return Table(tuple(features), values, implausible, classes, truth, texts, path, digest, patients, idle)


def _patients(columns: Sequence[Texts]) -> Integers:
    """Return (rows,) numbers: rows of one patient share one; an empty cell makes a row a patient of its own."""
    named = combined([column.places for column in columns])
    empty = [np.array([text.lower() in MISSING for text in column.different])[column.places] for column in columns]
    return numbered(np.where(np.any(empty, axis=0), len(named) + np.arange(len(named)), named))


def _parsed(
    source: Source, path: str, features: Sequence[str], names: Sequence[str], unnamed: Sequence[str]
) -> tuple[Floats, dict[str, Texts]]:
    """Return (rows, F) numbers, infinite where something else stands, and the columns of text; of the unnamed those that are."""
    values: list[Floats] = []
    levels: dict[str, dict[str, int]] = {name: {} for name in (*names, *unnamed)}
    places: dict[str, list[Integers]] = {name: [] for name in levels}
    row = 1
    for read in source.pieces():
        rows = read()
        if rows.rejected:
            first = rows.rejected[0]
            hint = 'save it as "CSV UTF-8"' if "UTF-8" in first.reason else "correct the row"
            row += int((rows.lines() < first.line).sum())
            raise DataError(f"{path}, row {row} (line {first.line}): {first.reason}; {hint}")
        values.append(np.array([numbers(rows.columns[name]) for name in features]))
        for name, level in [*levels.items()]:
            try:
                different, place = _texts_of(path, name, rows)
            except DataError:
                if name not in unnamed:
                    raise
                del levels[name]
                continue
            own = [level.setdefault(str(text), len(level)) for text in different]
            places[name].append(np.array(own, dtype=np.int64)[place])
        row += len(rows.columns)
    if row == 1:
        raise DataError(f"{path}: there is a header but no row below it")
    return np.concatenate(values, axis=1).T, {name: _texts(level, places[name]) for name, level in levels.items()}


def _texts_of(path: str, name: str, rows: Rows) -> tuple[list[str | None], Integers]:
    try:
        different, place = different_texts(rows.columns[name])
    except pa.ArrowException:
        raise DataError(f'{path}: column "{name}" must hold text; its type is {rows.columns[name].type}') from None
    if None in different:
        raise DataError(f'{path}: column "{name}" must hold UTF-8 text')
    return different, place


def _texts(level: dict[str, int], places: Sequence[Integers]) -> Texts:
    different = tuple(sorted(level))
    rank = {text: place for place, text in enumerate(different)}
    return Texts(different, np.array([rank[text] for text in level], dtype=np.int64)[np.concatenate(places)])


def _refuse_wrong_cells(source: Source, section: DataSection, values: Floats, target: Texts) -> None:
    """Raise DataError for the first cell of each column that is no number, and of each unknown class."""
    codes, wrong = list(section.codes), np.isinf(values)
    first = [(name, int(np.argmax(column))) for name, column in zip(section.features, wrong.T, strict=True) if column.any()]
    starts = np.unique(target.places, return_index=True)[1].tolist()
    unknown = sorted(start for name, start in zip(target.different, starts, strict=True) if name not in codes)
    first += [(section.target, start) for start in unknown[:5]]
    if not first:
        return
    cells, problems = _cells(source, first), []
    counts = dict(zip(section.features, wrong.sum(axis=0), strict=True))
    for name, index in first:
        line, cell = cells[name, index]
        place = f'{section.path}, row {index + 1} (line {line}): column "{name}"'
        if name == section.target:
            hint = did_you_mean(clip(cell), codes) or f"; data.codes has {listing(codes)}"
            problems.append(f"{place} holds the unknown class {short(cell)}{hint}")
        else:
            more = f" (and {counts[name] - 1} more)" if counts[name] > 1 else ""
            hint = "; write decimals with a point" if "," in cell else "; correct it, or leave the cell empty"
            problems.append(f"{place} must hold numbers; got {short(cell)}{more}{hint}")
    raise DataError(*problems)


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
