"""Write scored rows: as CSV lines, or as columns of a Parquet file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.predict.added import Added
from pipeline.predict.batch import Batch
from pipeline.predict.csv_text import lines_of

Encode: TypeAlias = Callable[[Batch, Added], Any]
"""Makes what is written of some rows; may be called from several threads."""

Write: TypeAlias = Callable[[Any], Any]
"""Writes it, in the order of the rows."""


@contextmanager
def csv_writer(path: Path, header: str) -> Iterator[tuple[Encode, Write]]:
    """Write lines of CSV, each with the added cells behind its own."""

    def encode(batch: Batch, added: Added) -> pa.Buffer:
        lines = batch.passed if isinstance(batch.passed, pa.StringArray) else lines_of(batch.passed)
        return _content(pc.binary_join_element_wise(lines, *added.cells(), ","))

    with path.open("wb") as file:
        file.write(header.encode())
        yield encode, file.write
        file.write(b"\n")


@contextmanager
def parquet_writer(path: Path, own: pa.Schema, more: pa.Schema) -> Iterator[tuple[Encode, Write]]:
    """Write columns, the added ones behind the others."""
    schema = pa.schema([*own, *more])

    def encode(batch: Batch, added: Added) -> pa.RecordBatch:
        return pa.record_batch([*batch.passed.columns, *added.columns()], schema=schema)

    # hardly two probabilities are equal, so that looking for equal ones takes longer than all else
    shares = [field.name for field in more if pa.types.is_floating(field.type)]
    others = [name for name in schema.names if name not in shares]
    packed = {name: "NONE" if name in shares else "SNAPPY" for name in schema.names}
    options = {"use_dictionary": others, "write_statistics": own.names, "compression": packed, "write_page_checksum": True}
    with pq.ParquetWriter(path, schema, **options) as file:
        yield encode, file.write_batch


def _content(texts: pa.StringArray) -> pa.Buffer:
    """Return the bytes of all texts, one after the other, as they lie in memory."""
    _, bounds, content = texts.buffers()
    first, last = (
        pa.Array.from_buffers(pa.int32(), 1, [None, bounds], offset=texts.offset + at)[0].as_py() for at in (0, len(texts))
    )
    return content.slice(first, last - first)
