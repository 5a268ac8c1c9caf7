"""Read a file into a table of named, typed, validated columns."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.config.data_section import UNKNOWN, DataSection, ReadSection
from pipeline.data.columns_of_file import Columns, read_columns
from pipeline.data.profiles import combined, numbered
from pipeline.data.table import Table, Texts
from pipeline.data.target import UNLABELLED, classes_of_numbers, classes_of_texts, respelt, told_respelt
from pipeline.data.wrong_cells import refuse_wrong_cells
from pipeline.errors import DataError, counted
from pipeline.machine.arrays import Flags, Integers
from pipeline.machine.started import started_by
from pipeline.read.marks import refuse_doubts
from pipeline.read.rows import Source, open_rows


def load(section: DataSection, group_by: Sequence[str] = (), only_score: bool = False, like: ReadSection | None = None) -> Table:
    """Read the file that the config names.

    Args:
        section: path, columns, ranges and classes.
        group_by: columns of a grouped split; those that are no features are kept as text.
        only_score: the file is not trained on: it may lack the other columns, hold a single class and unknown categories.
        like: how the file of the training was read, where this one leaves a choice.

    Raises:
        DataError: with every problem that stops the file from being used, naming column and row. Rows are counted from 1
            below the header; the line is that of the file.
    """
    path, features, patient = section.path, list(section.features), section.patient or ()
    content = _content(path)
    others = list(dict.fromkeys([*section.redundant, *patient, *(name for name in group_by if name not in features)]))
    needed = [*features, section.target, *([] if only_score else others)]
    source = open_rows(path, io.BytesIO(content), section, needed, like)
    others = [name for name in others if name in source.spelt]
    named = {section.target, *others, *features}
    unnamed = [] if only_score or patient else [name for name in source.spelt if name and "\0" not in name and name not in named]
    columns = read_columns(source, section, others, unnamed)
    others_spelt = respelt(columns.texts[section.target].different, section) if only_score and not section.cut else {}
    truth = _truth(section, columns, others_spelt)
    refuse_wrong_cells(source, section, columns.values, truth, columns.texts.get(section.target), only_score)
    refuse_doubts(path, columns.marks, source.cells)
    source = replace(source, told=(*source.told, *told_respelt(others_spelt, section)))
    table = _table(section, columns, truth, others, source, hashlib.sha256(content).hexdigest())
    if not len(table):
        raise DataError(f'{path}: column "{section.target}" is empty in every row; fill it, or name another column')
    if not only_score and len(np.unique(table.truth)) < 2:
        only = table.classes[table.truth[0]]
        needs = "two classes or more are needed; add rows of another"
        raise DataError(f'{path}: column "{section.target}" holds only "{only}"; {needs}')
    return table


def _content(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        hint = f'set data.path or --data, relative to the current folder; "{started_by()} fetch" brings data/article.csv'
        raise DataError(f"{path}: cannot read the data: {getattr(error, 'strerror', error)}; {hint}") from None


def _truth(section: DataSection, columns: Columns, others: Mapping[str, str]) -> Integers:
    if section.cut and columns.cut is not None:
        return classes_of_numbers(columns.cut, section.cut, section)
    target = columns.texts[section.target]
    return classes_of_texts(target.different, section, others)[target.places]


def _table(section: DataSection, columns: Columns, truth: Integers, others: Sequence[str], source: Source, sha256: str) -> Table:
    """Return the rows that have a label; what was found on the way is told."""
    kept, unknown = truth != UNLABELLED, columns.values == UNKNOWN
    values = np.where(unknown, np.nan, columns.values)[kept]
    texts = {name: Texts(own.different, own.places[kept]) for name, own in columns.texts.items() if name != section.target}
    lowest, highest = section.bounds()
    patient = section.patient if section.patient and set(section.patient) <= set(others) else ()
    return Table(
        tuple(section.features),
        values,
        (values < lowest) | (values > highest),
        tuple(section.codes),
        truth[kept],
        {name: texts[name] for name in others},
        section.path,
        sha256,
        _patients([texts[name] for name in patient]) if patient else None,
        unnamed={name: own for name, own in texts.items() if name not in others},
        levels=section.levels(),
        numbers=None if kept.all() else np.flatnonzero(kept) + 1,
        unlabelled=int((~kept).sum()),
        read=source.read,
        told=(*source.told, *_told(section, unknown, kept)),
    )


def _told(section: DataSection, unknown: Flags, kept: Flags) -> list[str]:
    lost = int((~kept).sum())
    told = [f"{counted(lost, 'row')} without a label left out"] if lost else []
    for name, count in zip(section.features, unknown.sum(axis=0).tolist(), strict=True):
        told += (
            [f'column "{name}": {counted(count, "cell")} of a category that the config does not name, missing'] if count else []
        )
    return told


def _patients(columns: Sequence[Texts]) -> Integers:
    """Return (rows,) numbers: rows of one patient share one; an empty cell makes a row a patient of its own."""
    named = combined([column.places for column in columns])
    empty = [np.array([not text for text in column.different])[column.places] for column in columns]
    return numbered(np.where(np.any(empty, axis=0), len(named) + np.arange(len(named)), named))
