"""Cut a CSV file into whole records, without reading it at once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pipeline.errors import DataError

BOM = b"\xef\xbb\xbf"

SIZE = 2**22
"""Bytes read at a time: some hundred thousand short rows."""

_LONGEST = 2**26
"""Most bytes of a record."""

# Cells as pyarrow and Python's csv module read them, with one difference: where text follows a closing quote that stands on a
# later line, a quote was left open, and the next one was taken for its end.
_STRICT = rb'"[^"]*+(?:""[^"]*+)*+"(?=[,\r\n])'
_LOOSE = rb'"[^"\r\n]*+(?:""[^"\r\n]*+)*+"[^,\r\n]*+'
_CELL = rb'(?:%b|(?!")[^,\r\n]*+|%b)' % (_STRICT, _LOOSE)
_BREAK = rb"(?:\n|\r\n?+)"
_TEXT = rb"%b(?:,%b)*+%b" % (_CELL, _CELL, _BREAK)
_RECORD, _RECORDS, _LINE = (re.compile(pattern) for pattern in (_TEXT, b"(?:%b)*+" % _TEXT, rb"[^\r\n]*+" + _BREAK))


@dataclass(frozen=True)
class Rejected:
    """A row that cannot be read.

    Attributes:
        line: its first line in a CSV file, or its number, from 1, in a Parquet file.
        reason: what is wrong with it.
        text: the row itself as CSV.
    """

    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class Piece:
    """Whole records of a CSV file, each with its line break.

    Attributes:
        line: of the first one, counted from 1.
        content: their bytes; empty lines in the place of every record that is rejected.
        rejected: those records.
        size: bytes of the file.
    """

    line: int
    content: bytes
    rejected: tuple[Rejected, ...]
    size: int


def pieces(path: str, file: BinaryIO) -> Iterator[Piece]:
    """Yield the records of a file, the header among them, without a byte order mark; ``path`` is its name.

    Raises:
        DataError: a record is too long to be one.
    """
    file.seek(0)
    file.seek(len(BOM) if file.read(len(BOM)) == BOM else 0)
    left, line, last = b"", 1, False
    while not last:
        chunk = more = file.read(SIZE)
        while more and chunk.endswith(b"\r"):  # a line feed may follow
            chunk += (more := file.read(1))
        last = not chunk
        piece, left = _cut(left + (chunk or b"\n"), line, last)
        if len(left) > _LONGEST:
            raise DataError(f"{path}: a row near line {line} must end within {_LONGEST:,} bytes; is this a CSV file?")
        if piece.content:
            yield piece
        line += breaks(piece.content)


def records(content: bytes, line: int) -> Iterator[tuple[int, bytes, bool]]:
    """Yield the line and the bytes of each record with its line break, and whether it is one: not a line with an open quote."""
    place = 0
    while match := (record := _RECORD.match(content, place)) or _LINE.match(content, place):
        yield line, match[0], record is not None
        line += breaks(match[0])
        place = match.end()


def breaks(content: bytes) -> int:
    """Return the number of line breaks."""
    return content.count(b"\n") + (content.count(b"\r") - content.count(b"\r\n") if b"\r" in content else 0)


def _cut(content: bytes, line: int, last: bool) -> tuple[Piece, bytes]:
    """Return whole records, and what may be the beginning of a further one.

    Where a quote stays open to the end of the file, or for ``SIZE`` bytes, its line is rejected; the next line is a record.
    """
    simple = b'"' not in content
    end = max(content.rfind(b"\n"), content.rfind(b"\r")) + 1 if simple else _RECORDS.match(content).end()  # type: ignore[union-attr]
    if len(content) - end < (1 if last else SIZE) and _is_utf8(content[:end]):
        return Piece(line, content[:end], (), end), content[end:]
    kept, rejected, end = [], [], 0
    for number, text, closed in records(content, line):
        if not (closed or last or len(content) - end >= SIZE):
            break
        end += len(text)
        if closed and _is_utf8(text):
            kept.append(text)
        else:
            reason = "must be UTF-8 text without NUL bytes" if closed else "has a quote that is left open"
            rejected.append(Rejected(number, reason, text.rstrip(b"\r\n").decode(errors="surrogateescape")))
            kept.append(b"\n" * breaks(text))
    return Piece(line, b"".join(kept), tuple(rejected), end), content[end:]


def _is_utf8(content: bytes) -> bool:
    """Return whether this is UTF-8 text without NUL."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in content
