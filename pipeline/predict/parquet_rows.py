"""Read a Parquet file some rows at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.config.schema import DataSection
from pipeline.data.columns import MISSING, NUMBER, short, spellings
from pipeline.errors import DataError
from pipeline.machine.arrays import Flags, Floats
from pipeline.predict.batch import Batch, Rejected, joined
from pipeline.predict.csv_rows import truth_of
from pipeline.predict.csv_text import lines_of

_ROWS = 2**17
"""Rows read at a time."""


@dataclass(frozen=True)
class Rows:
    """Rows of a file as they stand there.

    Attributes:
        first: number of the first one, counted from 1.
        columns: all of the file's.
        size: their share of the file's bytes.
    """

    first: int
    columns: pa.RecordBatch
    size: int


@dataclass(frozen=True)
class ParquetRows:
    """A Parquet file and what is wanted of it.

    Attributes:
        path: the file.
        section: which columns are features, target and classes.
        schema: of the columns, which all pass through.
        spelt: how each name is spelt there, with any blanks around it.
    """

    path: Path
    section: DataSection
    schema: pa.Schema
    spelt: dict[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, without blanks around them."""
        return tuple(self.spelt)

    def pieces(self) -> Iterator[Rows]:
        """Yield the rows in their order.

        Raises:
            DataError: the file is damaged.
        """
        first = 1
        try:
            with pq.ParquetFile(self.path, buffer_size=2**20, page_checksum_verification=True) as file:
                share = self.path.stat().st_size / max(file.metadata.num_rows, 1)
                for columns in file.iter_batches(_ROWS):
                    yield Rows(first, columns, int(share * len(columns)))
                    first += len(columns)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self.path}: damaged from row {first} on: {str(error).splitlines()[0]}; write it again") from None

    def read(self, rows: Rows) -> Batch:
        """Return the rows of a piece; may be called from several threads."""
        try:
            return self._read(rows)
        except (pa.ArrowInvalid, UnicodeDecodeError):
            count, middle = len(rows.columns), len(rows.columns) // 2
            if count > 1:
                later = Rows(rows.first + middle, rows.columns.slice(middle), 0)
                return joined(self.read(Rows(rows.first, rows.columns.slice(0, middle), 0)), self.read(later))
            none = np.empty((len(self.section.features), 0)).T, np.empty(0, dtype=np.int64)
            return Batch(rows.columns.slice(0, 0), *none, (Rejected(rows.first, "must hold UTF-8 text", ""),))

    def _read(self, rows: Rows) -> Batch:
        columns, count = rows.columns, len(rows.columns)
        values, wrong = np.empty((len(self.section.features), count)), np.zeros(count, dtype=bool)
        reasons: dict[int, str] = {}
        for place, name in enumerate(self.section.features):
            column = columns[self.spelt[name]]
            values[place], bad = _numbers(column)
            for row in np.flatnonzero(bad & ~wrong).tolist():
                reasons[row] = f'column "{name}" must hold a finite number or nothing; it holds {short(str(column[row]))}'
            wrong |= bad
        target = self.spelt.get(self.section.target)
        truth = truth_of(columns[target].cast(pa.string()), self.section) if target else np.full(count, -1)
        if not wrong.any():
            return Batch(columns, values.T, truth)
        texts = lines_of(columns.take(np.flatnonzero(wrong))).to_pylist()
        told = zip(sorted(reasons), texts, strict=True)
        rejected = tuple(Rejected(rows.first + row, reasons[row], text.removeprefix("\n")) for row, text in told)
        return Batch(columns.filter(pa.array(~wrong)), values[:, ~wrong].T, truth[~wrong], rejected)


def open_parquet(path: Path, section: DataSection) -> ParquetRows:
    """Look at the columns of a file.

    Raises:
        DataError: it is no Parquet file with every feature among its columns, as numbers or text.
        OSError: it cannot be read.
    """
    try:
        schema = pq.read_schema(path)
    except pa.ArrowException as error:
        raise DataError(f"{path}: cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    spelt = spellings(str(path), schema.names, section.features)
    problems = []
    for name in section.features:
        kind = schema.field(spelt[name]).type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or _is_text(kind)):
            problems.append(f'{path}: column "{name}" must hold numbers; its type is {kind}')
    if section.target in spelt:
        kind = schema.field(spelt[section.target]).type
        if not (pa.types.is_integer(kind) or pa.types.is_boolean(kind) or _is_text(kind)):
            problems.append(f'{path}: column "{section.target}" must hold the names of classes; its type is {kind}')
    if problems:
        raise DataError(*problems)
    return ParquetRows(path, section, schema, spelt)


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind)
    )


def _numbers(column: pa.Array) -> tuple[Floats, Flags]:
    """Return float64 with NaN for a missing value, and which rows hold something else than a finite number or nothing."""
    unknown = np.zeros(len(column), dtype=bool)
    if _is_text(column.type):
        text = pc.utf8_trim_whitespace(column.cast(pa.string()))
        known = pc.fill_null(pc.match_substring_regex(text, f"^(?:{NUMBER})$"), False)
        missing = pc.or_(pc.is_null(text), pc.is_in(pc.utf8_lower(text), value_set=pa.array(sorted(MISSING))))
        unknown = pc.invert(pc.or_(known, missing)).to_numpy(zero_copy_only=False)
        column = pc.if_else(known, pc.utf8_ltrim(text, "+"), None)
    values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values, unknown | np.isinf(values)
