"""Cut a CSV file into whole records, without reading it at once."""

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import BinaryIO

from pipeline.errors import DataError

BOM = b"\xef\xbb\xbf"

SIZE = 2**20  # bytes read at a time: some ten thousand short rows, which the caches hold
_LONGEST = 2**26  # most bytes of a record
_LINE = re.compile(rb"[^\r\n]*+(?:\n|\r\n?+)")
_BEYOND_BREAKS = re.compile(rb"[^\r\n]+")  # another break in the place of a line's own may join with the one before


@cache
def _patterns(separator: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return patterns of a record and of several.

    Cells are as pyarrow and Python's csv module read them, with one difference: where text follows a closing quote that stands
    on a later line, a quote was left open, and the next one was taken for its end.
    """
    mark = re.escape(separator.encode())
    strict = rb'"[^"]*+(?:""[^"]*+)*+"(?=[%b\r\n])' % mark
    loose = rb'"[^"\r\n]*+(?:""[^"\r\n]*+)*+"[^%b\r\n]*+' % mark
    cell = rb'(?:%b|(?!")[^%b\r\n]*+|%b)' % (strict, mark, loose)
    record = rb"%b(?:%b%b)*+(?:\n|\r\n?+)" % (cell, mark, cell)
    return re.compile(record), re.compile(b"(?:%b)*+" % record)


@dataclass(frozen=True)
class Rejected:
    """A row that cannot be read: its first line in a CSV file, or its number, from 1, elsewhere; why; and itself as CSV."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class Piece:
    """Whole records of a CSV file from a line on, each with its line break; empty lines in the place of those rejected."""

    line: int
    content: bytes
    rejected: tuple[Rejected, ...]


def pieces(
    path: str, file: BinaryIO, separator: str = ",", encoding: str = "utf-8", above: int = 0, line: int = 1, size: int = 0
) -> Iterator[Piece]:
    """Yield the rows of a file in UTF-8, ``size`` bytes at a time, or ``SIZE``; for four times as many a quote may stay open.

    The first row stands in this ``line`` (from 1), below ``above`` bytes, counted in UTF-8 and without a byte order mark.

    Raises:
        DataError: a record is too long to be one, or the file is cut short.
    """
    left, last = b"", False
    for chunk in _chunks(path, file, encoding, size or SIZE):
        last = not chunk
        skipped = min(above, len(chunk))
        above -= skipped
        piece, left = _cut(left + (chunk[skipped:] if chunk else b"\n"), line, last, separator, 4 * (size or SIZE))
        if len(left) > _LONGEST:
            line += breaks(piece.content)
            raise DataError(f"{path}: a row near line {line} must end within {_LONGEST:,} bytes; is this a CSV file?")
        if piece.content:
            yield piece
        line += breaks(piece.content)


def head_of(path: str, file: BinaryIO, encoding: str, size: int) -> bytes:
    """Return about the first ``size`` bytes in UTF-8, in whole lines, without a byte order mark."""
    chunks = _chunks(path, file, encoding, size)
    first = next(chunks)
    whole = max(first.rfind(b"\n"), first.rfind(b"\r")) + 1
    return (first[:whole] if whole else first) if next(chunks, b"") else first + b"\n"


def _chunks(path: str, file: BinaryIO, encoding: str, size: int) -> Iterator[bytes]:
    """Yield the content in UTF-8, never cut between the two parts of a line break; the last one alone is empty."""
    file.seek(0)
    file.seek(len(BOM) if file.read(len(BOM)) == BOM else 0)
    errors = "surrogatepass" if encoding == "utf-16" else "surrogateescape"  # what is no text there is none in UTF-8 either
    decoder = getincrementaldecoder(encoding)(errors)
    chunk = b" "
    while chunk:
        chunk, more = b"", b" "
        while more and (not chunk or chunk.endswith(b"\r")):  # a line feed may follow
            more = file.read(1 if chunk else size)
            try:
                chunk += more if encoding == "utf-8" else decoder.decode(more, final=not more).encode("utf-8", errors)
            except UnicodeDecodeError:
                text = f"is damaged or incomplete: it is not {encoding.upper()} to its end; export or download it again"
                raise DataError(f"{path}: {text}") from None
        yield chunk


def records(content: bytes, line: int, separator: str = ",") -> Iterator[tuple[int, bytes, bool]]:
    """Yield the line and the bytes of each record with its line break, and whether it is one: not a line with an open quote."""
    place, pattern = 0, _patterns(separator)[0]
    while match := (record := pattern.match(content, place)) or _LINE.match(content, place):
        yield line, match[0], record is not None
        line += breaks(match[0])
        place = match.end()


def breaks(content: bytes) -> int:
    """Return the number of line breaks."""
    return content.count(b"\n") + (content.count(b"\r") - content.count(b"\r\n") if b"\r" in content else 0)


def _cut(content: bytes, line: int, last: bool, separator: str, size: int) -> tuple[Piece, bytes]:
    """Return whole records, and what may be the beginning of a further one.

    Where a quote stays open to the end of the file, or for ``size`` bytes, its line is rejected; the next line is a record.
    """
    simple = b'"' not in content
    whole = None if simple else _patterns(separator)[1].match(content)
    end = whole.end() if whole else max(content.rfind(b"\n"), content.rfind(b"\r")) + 1
    # without a quote a long rest is a long line, not one to be looked at again with each further piece
    if ((simple and not last) or len(content) - end < (1 if last else size)) and is_utf8(content[:end]):
        return Piece(line, content[:end], ()), content[end:]
    kept, rejected, end = [], [], 0
    for number, text, closed in records(content, line, separator):
        if not (closed or last or len(content) - end >= size):
            break
        end += len(text)
        if closed and is_utf8(text):
            kept.append(text)
        else:
            reason = "must be UTF-8 text without NUL bytes" if closed else "has a quote that is left open"
            rejected.append(Rejected(number, reason, text.rstrip(b"\r\n").decode(errors="surrogateescape")))
            kept.append(_BEYOND_BREAKS.sub(b"", text))
    return Piece(line, b"".join(kept), tuple(rejected)), content[end:]


def freed(piece: Piece, separator: str, stray: Mapping[int, tuple[int, str]]) -> Piece:
    """Return a piece in which lines that a quote encloses are rows again; the line on which it begins is rejected.

    ``stray`` holds by the line of a record how many lines below it the quote begins, and the reason.
    """
    kept, rejected = [], [*piece.rejected]
    for line, text, _ in records(piece.content, piece.line, separator):
        if line in stray:
            (before, reason), lines = stray[line], text.splitlines(keepends=True)
            begun = b"".join(lines[: before + 1])
            rejected.append(Rejected(line + before, reason, begun.rstrip(b"\r\n").decode()))
            text = b"".join([_BEYOND_BREAKS.sub(b"", begun), *lines[before + 1 :]])
        kept.append(text)
    again, _ = _cut(b"".join(kept), piece.line, True, separator, SIZE)  # what follows a quote has changed its sides
    return replace(again, rejected=(*rejected, *again.rejected))


def is_utf8(content: bytes) -> bool:
    """Return whether this is UTF-8 text without NUL."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in content
