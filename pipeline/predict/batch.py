"""What is made of some rows of a file before they are scored."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.config.data_section import DataSection
from pipeline.data.target import UNLABELLED, classes_of_numbers, classes_of_texts, respelt, target_texts, told_respelt
from pipeline.machine.arrays import Floats, Integers
from pipeline.predict.writers import COMMAS, Marks, lines_of
from pipeline.read.arrow import to_arrow
from pipeline.read.cells import Cells, cell_hint, labels, numbers
from pipeline.read.columns import cell_text, short
from pipeline.read.records import Rejected
from pipeline.read.rows import Rows


@dataclass(frozen=True)
class Batch:
    """Rows that can be scored, and those beside them that cannot.

    Attributes:
        columns: R rows of all the columns of the file.
        values: (R, F) float64 features; NaN is a missing value, ``UNKNOWN`` an unknown category.
        truth: (R,) index in ``data.codes`` of the true class, negative where it is none of them.
        rejected: the other rows, in their order.
        told: which classes are spelt otherwise.
    """

    columns: pa.RecordBatch
    values: Floats
    truth: Integers
    rejected: tuple[Rejected, ...]
    told: tuple[str, ...]


def batch_of(rows: Rows, cells: Cells, section: DataSection, marks: Marks = COMMAS) -> Batch:
    """Return values and classes of rows; one with a cell that should be a number and is none is rejected, in CSV's ``marks``."""
    columns = rows.columns
    values = np.array([numbers(columns[name], cells, feature) for name, feature in section.features.items()])
    bad = np.asarray(np.isposinf(values).any(axis=0))
    truth, others = np.full(len(columns), UNLABELLED), dict[str, str]()
    if section.target in columns.schema.names and section.cut:
        truth = classes_of_numbers(numbers(columns[section.target], cells), section.cut, section)
    elif section.target in columns.schema.names:
        texts, places = labels(columns[section.target], cells, tuple(target_texts(section)))
        others = respelt(texts, section)
        truth = classes_of_texts(texts, section, others)[places]
        bad |= np.array([text is None for text in texts], dtype=bool)[places]
    told = tuple(told_respelt(others, section))
    if not bad.any():
        return Batch(columns, values.T, truth, rows.rejected, told)
    lines, rejected, kept = rows.lines(), list(rows.rejected), ~bad
    for row, text in zip(np.flatnonzero(bad).tolist(), lines_of(columns.filter(to_arrow(bad)).columns, marks), strict=True):
        line = text.cast(pa.binary()).as_py().decode(errors="replace").removesuffix("\n")
        rejected.append(Rejected(int(lines[row]), _reason(columns, cells, values, row, section), line))
    ordered = tuple(sorted(rejected, key=lambda row: row.line))
    return Batch(columns.filter(to_arrow(kept)), values[:, kept].T, truth[kept], ordered, told)


def _reason(columns: pa.RecordBatch, cells: Cells, values: Floats, row: int, section: DataSection) -> str:
    for name, value in zip(section.features, values[:, row], strict=True):
        if np.isposinf(value):
            cell = cell_text(columns[name][row])
            return f'column "{name}" must hold a finite number or nothing; it holds {short(cell)}{cell_hint(cell, name, cells)}'
    return "must hold UTF-8 text"
