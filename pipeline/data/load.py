"""Read a file into a table of named, typed, validated columns."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.config.schema import DataSection
from pipeline.data.columns import cell_text, clip, different_texts, numbers, short
from pipeline.data.rows import Source, open_rows
from pipeline.data.table import Labels, Table
from pipeline.errors import DataError, did_you_mean, listing
from pipeline.machine.arrays import Floats


def load(section: DataSection, group_by: Sequence[str] = (), only_score: bool = False) -> Table:
    """Read the file that the config names.

    Args:
        section: path, columns, ranges and classes.
        group_by: columns of a grouped split; those that are no features are kept as text.
        only_score: the file is not trained on: it may lack redundant columns and hold a single class.

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
    others = list(dict.fromkeys([*section.redundant, *(name for name in group_by if name not in features)]))
    source = open_rows(path, io.BytesIO(content), section, [*features, section.target, *([] if only_score else others)])
    others = [name for name in others if name in source.spelt]
    table = _parsed(source, path, features, [section.target, *others])
    _refuse_wrong_cells(source, section, table)
    target = cast(Labels, table[section.target].astype(pd.CategoricalDtype(list(section.codes))))
    if target.nunique() < 2 and not only_score:
        raise DataError(f'{path}: column "{section.target}" holds only "{target.iloc[0]}"; two classes or more are needed')
    lowest, highest = section.bounds()
    implausible = (table[features] < lowest) | (table[features] > highest)
    return Table(table[features], target, table[others], implausible, path, hashlib.sha256(content).hexdigest())


def _parsed(source: Source, path: str, features: Sequence[str], texts: Sequence[str]) -> pd.DataFrame:
    """Return columns of numbers, infinite where something else stands, and columns of text without blanks around it."""
    parts: list[pd.DataFrame] = []
    row = 1
    for read in source.pieces():
        rows = read()
        if rows.rejected:
            first = rows.rejected[0]
            hint = 'save it as "CSV UTF-8"' if "UTF-8" in first.reason else "correct the row"
            row += int((rows.lines() < first.line).sum())
            raise DataError(f"{path}, row {row} (line {first.line}): {first.reason}; {hint}")
        columns: dict[str, Floats | pd.Series] = {name: numbers(rows.columns[name]) for name in features}
        for name in texts:
            try:
                different, places = different_texts(rows.columns[name])
            except pa.ArrowException:
                raise DataError(f'{path}: column "{name}" must hold text; its type is {rows.columns[name].type}') from None
            if None in different:
                raise DataError(f'{path}: column "{name}" must hold UTF-8 text')
            columns[name] = pd.Series(pa.array(different, pa.string()).take(pa.array(places)), dtype="str")
        parts.append(pd.DataFrame(columns))
        row += len(rows.columns)
    if row == 1:
        raise DataError(f"{path}: there is a header but no row below it")
    return pd.concat(parts, ignore_index=True)


def _refuse_wrong_cells(source: Source, section: DataSection, table: pd.DataFrame) -> None:
    """Raise DataError for the first cell of each column that is no number, and of each unknown class."""
    codes = list(section.codes)
    wrong = np.isinf(table[list(section.features)].to_numpy())
    target = table[section.target]
    unknown = target[~target.isin(codes)].drop_duplicates().index[:5]
    first = [(name, int(np.argmax(column))) for name, column in zip(section.features, wrong.T, strict=True) if column.any()]
    first += [(section.target, int(index)) for index in unknown]
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
