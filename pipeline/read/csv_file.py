"""The rows of a CSV file, some at a time."""

import io
import re
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv

from pipeline.config.data_section import ReadSection
from pipeline.errors import DataError, counted
from pipeline.machine.arrays import Integers
from pipeline.read.dialect import layout_of
from pipeline.read.opened import Opened, Rows
from pipeline.read.records import BOM, Piece, Rejected, head_of, pieces, records

_SAMPLE = 2**20  # bytes that the decimal mark is decided by
_LOOKED_AT = 2**22  # bytes of a file that is not in memory, for its encoding
_ENCODINGS = {"any": "plain text", "utf-8": "UTF-8", "utf-16": "UTF-16", "windows-1252": "Windows-1252"}
_STARTS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# bytes that Windows-1252 does not have, or has for marks that stand in no word, and letters without a plain one beside them
_UNLIKELY = re.compile(rb"[\x81\x8d\x8f\x90\x9d]|[A-Za-z][\x80-\x89\x8b\x91\x93-\x99\x9b][A-Za-z\xc0-\xff]|[\x80-\xff]{4}")


def open_csv(path: str, file: BinaryIO, origin: BinaryIO, read: ReadSection, named: Collection[str]) -> Opened:
    """Look at a CSV file; the place of ``origin``, where its bytes come from, tells how far it is read.

    Without a config no columns are ``named``.

    Raises:
        DataError: it is no such file, or not as the config says.
    """
    encoding = _encoding(path, file, read.encoding, not named)
    layout = layout_of(path, head_of(path, file, encoding, _SAMPLE), read, named)
    cut = partial(pieces, path, file, layout.separator, encoding, layout.above, layout.below)
    schema = pa.schema([(f"{place}", pa.string()) for place in range(len(layout.names))])
    sample = next(cut(size=_SAMPLE), None)
    file.seek(0)
    mark = BOM if file.read(len(BOM)) == BOM else b""

    def rows(schema: pa.Schema, _: str) -> Iterator[Callable[[], Rows]]:
        before = 0
        for piece in cut():
            here = origin.tell()
            yield partial(_read_csv, piece, schema, layout.separator, here - before)
            before = here

    return Opened(
        f"{path}, line {layout.line}",
        layout.names,
        schema.types,
        _read_csv(sample, schema, layout.separator, 0).columns.columns if sample else [],
        rows,
        (mark + layout.header).decode() if layout.header else None,
        {"separator": layout.separator, "encoding": encoding},
        [*layout.told, *([_ENCODINGS[encoding]] if read.encoding == "auto" and encoding != "utf-8" else [])],
        layout.nameless,
    )


def _encoding(path: str, file: BinaryIO, wanted: str, whole: bool) -> str:
    """Return ``utf-8``, ``utf-16`` or ``windows-1252``, from the ``whole`` file or its begin, and what the config says.

    Raises:
        DataError: the file is written in another encoding than the config says, or in none of these.
    """
    file.seek(0)
    content = bytes(file.getbuffer()) if isinstance(file, io.BytesIO) else file.read(-1 if whole else _LOOKED_AT)
    if len(content) == _LOOKED_AT:
        content = content[: content.rfind(b"\n") + 1]  # a letter may be cut there
    found, start, help_ = _found(content), content[:1000], 'save it as "CSV UTF-8"'
    if found not in ("utf-16", "utf-32") and 5 * abs(start[::2].count(0) - start[1::2].count(0)) > 2 * len(start):
        raise DataError(f"{path}: is UTF-16 without a byte order mark, which is not read; {help_}")
    if found == "utf-32":
        raise DataError(f"{path}: is UTF-32, which is not read; {help_}")
    if wanted == "auto" and found == "windows-1252" and _UNLIKELY.search(content):
        raise DataError(f"{path}: is neither UTF-8 nor Windows-1252; {help_}, or set data.read.encoding to one of them")
    if wanted == "auto":
        return "utf-8" if found == "any" else found
    if found != wanted and ("utf-16" in (wanted, found) or (wanted, found) == ("windows-1252", "utf-8")):
        text = f"is {_ENCODINGS[found]}, but data.read.encoding is {wanted}; correct the setting, or set it to auto"
        raise DataError(f"{path}: {text}")
    return wanted  # a row that is none is rejected by itself


def _found(content: bytes) -> str:
    """Return the encoding, ``any`` where it makes no difference."""
    if named := next((name for start, name in _STARTS.items() if content.startswith(start)), None):
        return named
    if content.isascii() or content.startswith(BOM):
        return "any" if content.isascii() else "utf-8"
    letters = not content.decode(errors="ignore").isascii()  # some are UTF-8 by their bytes
    return "utf-8" if letters or re.search(rb"[\0-\x08\x0e-\x1f]", content) else "windows-1252"


def _read_csv(piece: Piece, schema: pa.Schema, separator: str, size: int) -> Rows:
    """Return the cells as text."""
    invalid: list[pyarrow.csv.InvalidRow] = []
    content = piece.content

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        invalid.append(row)
        return "skip"

    table = pyarrow.csv.read_csv(
        pa.BufferReader(content),
        pyarrow.csv.ReadOptions(use_threads=False, block_size=len(content) + 1, column_names=schema.names),
        pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=b'"' in content, invalid_row_handler=skip),
        pyarrow.csv.ConvertOptions(column_types=schema, strings_can_be_null=False, check_utf8=False),
    )
    batch = pa.record_batch([column.combine_chunks() for column in table.columns], schema)
    places = [row.number - 1 for row in invalid]

    def lines() -> Integers:
        return np.delete(np.array([line for line, _ in _records(piece, separator)], dtype=np.int64), places)

    every = _records(piece, separator) if invalid else []
    wrong = [Rejected(every[place][0], _miscounted(row), row.text) for place, row in zip(places, invalid, strict=True)]
    return Rows(batch, tuple(sorted([*piece.rejected, *wrong], key=lambda row: row.line)), lines, size)


def _records(piece: Piece, separator: str) -> list[tuple[int, bytes]]:
    """Return the line and the bytes of each record that pyarrow takes for one."""
    every = records(piece.content, piece.line, separator)
    return [(line, text) for line, text, _ in every if text.strip(b"\r\n")]


def _miscounted(row: pyarrow.csv.InvalidRow) -> str:
    quote = "; is a quote left open there?" if "\n" in row.text or "\r" in row.text else ""
    return f"has {counted(row.actual_columns, 'cell')}, the header has {counted(row.expected_columns, 'column')}{quote}"
