"""The rows of a CSV or Parquet file, some at a time: the one reader of every command."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from pipeline.config.data_section import DataSection, ReadSection
from pipeline.errors import DataError, counted
from pipeline.machine.arrays import Integers
from pipeline.read.cells import Cells
from pipeline.read.columns import is_text, spellings
from pipeline.read.records import BOM, Piece, Rejected, breaks, pieces, records

_CELLS, _READ = Cells(), ReadSection()
_PARQUET_ROWS = 2**17
"""Rows of a Parquet file read at a time."""


@dataclass(frozen=True)
class Rows:
    """R rows of a file, in their order.

    Attributes:
        columns: all of the file's, named without blanks; text from a CSV file, as they are stored from a Parquet file.
        rejected: what stood among them and is no row.
        lines: gives (R,) lines as in ``Rejected``; they are counted only when they are asked for.
        size: bytes of the file that they take.
    """

    columns: pa.RecordBatch
    rejected: tuple[Rejected, ...]
    lines: Callable[[], Integers]
    size: int


@dataclass(frozen=True)
class Source:
    """A file of rows, opened.

    Attributes:
        spelt: the name of each column, without blanks around it, and as it stands in the file.
        schema: names and types of the columns, as they pass through.
        header: the record of a CSV file that names them, as it stands there; None for a Parquet file.
        pieces: gives functions that read the rows, in their order, piece by piece; several threads may call them. It raises
            DataError where the file is damaged, or a record is too long to be one.
    """

    spelt: dict[str, str]
    schema: pa.Schema
    header: str | None
    pieces: Callable[[], Iterator[Callable[[], Rows]]]
    cells: Cells = _CELLS
    read: ReadSection = _READ
    told: tuple[str, ...] = ()


def open_rows(
    path: str, file: BinaryIO, section: DataSection | None, names: Iterable[str], like: ReadSection | None = None
) -> Source:
    """Look at the columns of a file.

    Args:
        path: the file as it was named.
        file: its bytes; they are needed as long as rows are read.
        section: which columns are features and target.
        names: of the columns that must be there.

    Raises:
        DataError: it is no UTF-8 CSV with commas, and no Parquet file, that has these columns; or the type of one of them
            cannot be used.
    """
    start = file.read(4)
    file.seek(0)
    if start == b"PAR1":
        return _open_parquet(path, file, section, names)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f'{path}: must be UTF-8 text; it is UTF-16; save it as "CSV UTF-8"')
    above, first = b"", next(pieces(path, file), Piece(1, b"", (), 0))
    for line, text, _ in records(first.content, 1) if first.content.strip() or first.rejected else ():
        if first.rejected and first.rejected[0].line <= line:
            raise DataError(f"{path}, line {line}: the header {first.rejected[0].reason}; is this a CSV file?")
        above += text
        if text.strip(b"\r\n"):
            spelt = spellings(f"{path}, line {line}", _parse(text).column_names, names, section.named() if section else ())
            header = ((BOM if start.startswith(BOM) else b"") + text).decode().rstrip("\r\n")
            schema = pa.schema([(name, pa.string()) for name in spelt])
            return Source(spelt, schema, header, partial(_csv_pieces, path, file, above, schema))
    raise DataError(f"{path}: the file is empty; a header and rows are needed")


def _csv_pieces(path: str, file: BinaryIO, above: bytes, schema: pa.Schema) -> Iterator[Callable[[], Rows]]:
    for piece in pieces(path, file):
        # empty lines in the place of the header, for the lines are counted
        content = b"\n" * breaks(above) + piece.content.removeprefix(above) if piece.line == 1 else piece.content
        yield partial(_read_csv, Piece(piece.line, content, piece.rejected, piece.size), schema)


def _read_csv(piece: Piece, schema: pa.Schema) -> Rows:
    invalid: list[pyarrow.csv.InvalidRow] = []

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        invalid.append(row)
        return "skip"

    def lines() -> Integers:
        every = records(piece.content, piece.line)
        return np.array([line for line, text, _ in every if text.strip(b"\r\n")], dtype=np.int64)

    columns = [column.combine_chunks() for column in _parse(piece.content, schema, skip).columns]
    batch = pa.record_batch(columns, schema)
    if not invalid:
        return Rows(batch, piece.rejected, lines, piece.size)
    every, places = lines(), [row.number - 1 for row in invalid]
    wrong = [Rejected(int(every[place]), _miscounted(row), row.text) for place, row in zip(places, invalid, strict=True)]
    rejected = sorted([*piece.rejected, *wrong], key=lambda row: row.line)
    return Rows(batch, tuple(rejected), lambda: np.delete(every, places), piece.size)


def _parse(content: bytes, schema: pa.Schema | None = None, skip: Callable[[Any], str] | None = None) -> pa.Table:
    """Return the cells as text; without a schema the first record names the columns."""
    return pyarrow.csv.read_csv(
        pa.BufferReader(content),
        pyarrow.csv.ReadOptions(use_threads=False, block_size=len(content) + 1, column_names=schema and schema.names),
        pyarrow.csv.ParseOptions(newlines_in_values=b'"' in content, invalid_row_handler=skip),
        pyarrow.csv.ConvertOptions(column_types=schema, strings_can_be_null=False, check_utf8=False),
    )


def _miscounted(row: pyarrow.csv.InvalidRow) -> str:
    quote = "; is a quote left open there?" if "\n" in row.text or "\r" in row.text else ""
    return f"has {counted(row.actual_columns, 'cell')}, the header has {counted(row.expected_columns, 'column')}{quote}"


def _open_parquet(path: str, file: BinaryIO, section: DataSection | None, names: Iterable[str]) -> Source:
    try:
        schema = pq.read_schema(file)
    except pa.ArrowException as error:
        raise DataError(f"{path}: cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    spelt, types, problems = spellings(path, schema.names, names, section.named() if section else ()), pa.types, []
    kinds = dict(zip(spelt, schema.types, strict=True))
    for name in section.features if section else ():
        kind = kinds[name]
        if not (types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or is_text(kind)):
            problems.append(f'{path}: column "{name}" must hold numbers; its type is {kind}')
    kind = kinds.get(section.target if section else "", pa.null())
    if section and not (types.is_integer(kind) or types.is_boolean(kind) or is_text(kind)):
        problems.append(f'{path}: column "{section.target}" must hold the names of classes; its type is {kind}')
    if problems:
        raise DataError(*problems)
    return Source(spelt, schema, None, partial(_parquet_pieces, path, file, list(spelt)))


def _parquet_pieces(path: str, file: BinaryIO, names: Sequence[str]) -> Iterator[Callable[[], Rows]]:
    first, size = 1, file.seek(0, 2)
    try:
        opened = pq.ParquetFile(file, buffer_size=2**20, page_checksum_verification=True)
        for batch in opened.iter_batches(_PARQUET_ROWS):
            columns, lines = batch.rename_columns(names), partial(np.arange, first, first + len(batch))
            yield partial(Rows, columns, (), lines, size * len(batch) // opened.metadata.num_rows)
            first += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: damaged from row {first} on: {str(error).splitlines()[0]}; write it again") from None
