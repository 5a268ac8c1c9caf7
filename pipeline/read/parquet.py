"""The rows of a Parquet file, some at a time."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import DataError
from pipeline.read.columns import is_text
from pipeline.read.opened import Opened, Rows

_ROWS = 2**17  # read at a time


def open_parquet(path: str, file: BinaryIO) -> Opened:
    """Look at a Parquet file.

    Raises:
        DataError: it is damaged.
    """
    try:
        schema = pq.read_schema(file)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as Parquet: {str(error).splitlines()[0]}; export or download it again") from None
    rows = partial(_parquet_pieces, path, file)
    types = [pa.float32() if pa.types.is_float16(kind) else kind for kind in schema.types]  # Arrow cannot count halves
    plain_names = pa.schema([(str(place), kind) for place, kind in enumerate(types)])
    first = next(rows(plain_names, "."), None) if any(map(is_text, types)) else None
    return Opened(path, schema.names, types, first().columns.columns if first else [], rows)


def _parquet_pieces(path: str, file: BinaryIO, schema: pa.Schema, _: str) -> Iterator[Callable[[], Rows]]:
    first, size = 1, file.seek(0, 2)
    try:
        opened = pq.ParquetFile(file, buffer_size=2**20, page_checksum_verification=True)
        for batch in opened.iter_batches(_ROWS):
            columns, lines = batch.rename_columns(schema.names).cast(schema), partial(np.arange, first, first + len(batch))
            yield partial(Rows, columns, (), lines, size * len(batch) // opened.metadata.num_rows)
            first += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path}: damaged from row {first} on: {str(error).splitlines()[0]}; export or download it again"
        ) from None
