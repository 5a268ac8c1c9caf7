"""The rows of a CSV file, some at a time."""

import io
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from pipeline.config.data_section import ReadSection
from pipeline.errors import DataError, counted
from pipeline.machine.arrays import Integers
from pipeline.read.arrow import integers, to_arrow
from pipeline.read.dialect import layout_of
from pipeline.read.header import enclosed
from pipeline.read.opened import Opened, Rows
from pipeline.read.records import BOM, Piece, Rejected, breaks, freed, head_of, pieces, records

_SAMPLE = 2**20  # bytes that the decimal mark is decided by
_ROWS = 50  # by which others are known
_LOOKED_AT = 2**22  # bytes of a file that is not in memory, for its encoding
_ENCODINGS = {"any": "plain text", "utf-8": "UTF-8", "utf-16": "UTF-16", "windows-1252": "Windows-1252"}
_STARTS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_PLAIN = re.compile(r"[\x00-\xbf\u0192\u02c6]+")  # neither a letter nor one that a language adds
# bytes that Windows-1252 does not have, or has for marks that stand in no word, and letters without a plain one beside them
_UNLIKELY = re.compile(rb"[\x81\x8d\x8f\x90\x9d]|[A-Za-z][\x80-\x89\x8b\x91\x93-\x99\x9b][A-Za-z\xc0-\xff]|[\x80-\xff]{4}")


def open_csv(path: str, file: BinaryIO, origin: BinaryIO, read: ReadSection, named: Collection[str]) -> Opened:
    """Look at a CSV file; the place of ``origin``, where its bytes come from, tells how far it is read.

    Without a config no columns are ``named``.

    Raises:
        DataError: it is no such file, or not as the config says.
    """
    content = _looked_at(file, not named)
    encoding = _encoding(path, content, read.encoding)
    layout = layout_of(path, head_of(path, file, encoding, _SAMPLE), read, named)
    cut = partial(pieces, path, file, layout.separator, encoding, layout.above, layout.below)
    schema = pa.schema([(f"{place}", pa.string()) for place in range(len(layout.names))])
    sample = next(cut(size=_SAMPLE), None)
    columns = _read_csv(sample, schema, layout.separator, 0).columns.columns if sample else []
    mark = BOM if content.startswith(BOM) else b""
    letters = _letters(content) if encoding == "windows-1252" else ""

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
        columns,
        rows,
        (mark + layout.header).decode() if layout.header else None,
        {"separator": layout.separator, "encoding": encoding},
        [*layout.told, *([_ENCODINGS[encoding] + letters] if read.encoding == "auto" and encoding != "utf-8" else [])],
        layout.nameless,
    )


def _looked_at(file: BinaryIO, whole: bool) -> bytes:
    """Return the ``whole`` file or its begin, by which its encoding is decided."""
    file.seek(0)
    content = bytes(file.getbuffer()) if isinstance(file, io.BytesIO) else file.read(-1 if whole else _LOOKED_AT)
    return content[: content.rfind(b"\n") + 1] if len(content) == _LOOKED_AT else content  # a letter may be cut there


def _letters(content: bytes) -> str:
    """Return the letters by which a person sees whether the encoding is right; no word, which might be a name."""
    text = _PLAIN.sub("", content.decode("windows-1252", "replace"))
    letters = [letter for letter, _ in Counter(filter(str.isalpha, text)).most_common(8)]
    return f', with the letters {" ".join(letters)} (if they look wrong, save the file as "CSV UTF-8")' if letters else ""


def _encoding(path: str, content: bytes, wanted: str) -> str:
    """Return ``utf-8``, ``utf-16`` or ``windows-1252``, as the file's ``content`` and the config say.

    Raises:
        DataError: the file is written in another encoding than the config says, or in none of these.
    """
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
    content, quoted = piece.content, b'"' in piece.content

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        invalid.append(row)
        return "skip"

    table = pyarrow.csv.read_csv(
        pa.BufferReader(content),
        pyarrow.csv.ReadOptions(use_threads=False, block_size=len(content) + 1, column_names=schema.names),
        pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=quoted, invalid_row_handler=skip),
        pyarrow.csv.ConvertOptions(column_types=schema, strings_can_be_null=False, check_utf8=False),
    )
    batch = pa.record_batch([column.combine_chunks() for column in table.columns], schema)
    places = [row.number - 1 for row in invalid]

    def lines() -> Integers:
        return np.delete(np.array([line for line, _ in _records(piece, separator)], dtype=np.int64), places)

    if quoted and (stray := _stray(batch, separator)):
        at = lines()
        return _read_csv(freed(piece, separator, {int(at[row]): found for row, found in stray.items()}), schema, separator, size)
    every = _records(piece, separator) if invalid else []
    wrong = [Rejected(every[place][0], _miscounted(row), row.text) for place, row in zip(places, invalid, strict=True)]
    return Rows(batch, tuple(sorted([*piece.rejected, *wrong], key=lambda row: row.line)), lines, size)


def _stray(batch: pa.RecordBatch, separator: str) -> dict[int, tuple[int, str]]:
    """Return the rows with a quote that encloses others: how many lines below the first it begins, and the reason."""
    columns, found, rows = batch.columns, dict[int, tuple[int, str]](), list[tuple[str, ...]]()
    for place, column in enumerate(columns):
        content = memoryview(column.buffers()[2] or b"").tobytes()
        if b"\n" in content or b"\r" in content:
            some = to_arrow(np.arange(0, len(batch), -(-len(batch) // _ROWS)))
            rows = rows or [*zip(*(column.take(some).to_pylist() for column in columns), strict=True)]
            for row in np.flatnonzero(integers(pc.count_substring(column, separator)) >= len(columns) - 1).tolist():
                if row not in found and (reason := enclosed(column[row].as_py(), place, separator, rows)):
                    above = separator.join(column[row].as_py() for column in columns[:place])
                    found[row] = breaks(above.encode()), reason
    return found


def _records(piece: Piece, separator: str) -> list[tuple[int, bytes]]:
    """Return the line and the bytes of each record that pyarrow takes for one."""
    every = records(piece.content, piece.line, separator)
    return [(line, text) for line, text, _ in every if text.strip(b"\r\n")]


def _miscounted(row: pyarrow.csv.InvalidRow) -> str:
    quote = "; is a quote left open there?" if "\n" in row.text or "\r" in row.text else ""
    return f"has {counted(row.actual_columns, 'cell')}, the header has {counted(row.expected_columns, 'column')}{quote}"
