"""Cut a CSV file into pieces of whole records, without reading it at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.machine.arrays import Flags

SIZE = 2**22
"""Bytes read at a time: some hundred thousand short rows, and a few dozen bytes of memory for each of them."""

_LONGEST = 2**26
"""Most bytes of a record."""

_LF, _CR, _QUOTE = 10, 13, 34


@dataclass(frozen=True)
class Piece:
    """Records of a file, one after the other.

    Attributes:
        line: where the first record stands, counted from 1.
        content: every record after a line feed; carriage returns that end records are gone.
        bounds: (N + 1,) where each record starts in ``content``, with its line feed, and where the last one ends.
        size: bytes of the file that it was made of.
    """

    line: int
    content: bytes
    bounds: NDArray[np.int32]
    size: int = 0

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def part(self, first: int, last: int) -> "Piece":
        """Return the records from ``first`` up to, but without, ``last``."""
        line = self.line + self.content.count(b"\n", self.bounds[0], self.bounds[first])
        return Piece(line, self.content, self.bounds[first : last + 1])

    def record(self, number: int) -> bytes:
        """Return a record without its line feed."""
        return self.content[self.bounds[number] + 1 : self.bounds[number + 1]]


def pieces(file: BinaryIO, name: str) -> Iterator[Piece]:
    """Yield a file in pieces of whole records; ``name`` is that of the file.

    A line break inside quotes ends no record, unless the quotes stay open to the end of the file, or for more than ``SIZE``
    bytes: then a quote was left open, and every line from there on is a record.

    Raises:
        DataError: a record is too long to be one.
    """
    left, line = b"", 1
    while True:
        chunk = file.read(SIZE)
        content, left = _cut(left + chunk) if chunk else (left, b"")
        if len(left) > _LONGEST:
            raise DataError(f"{name}: a row near line {line} must end within {_LONGEST:,} bytes; is this a CSV file?")
        if content:
            piece = _piece(line, content)
            yield piece
            line += piece.content.count(b"\n")
        if not chunk:
            return


def _cut(content: bytes) -> tuple[bytes, bytes]:
    """Return whole records, and what may be the beginning of a further one."""
    whole = content[:-1] if content.endswith(b"\r") else content  # a line feed may follow
    if b'"' not in content:
        end = max(whole.rfind(b"\n"), whole.rfind(b"\r")) + 1
    else:
        marks = np.frombuffer(whole, np.uint8)
        ends = np.flatnonzero(_outside(marks) & ((marks == _LF) | (marks == _CR)))
        end = int(ends[-1]) + 1 if len(ends) else 0
        if len(content) - end > SIZE:
            end = max(whole.rfind(b"\n"), whole.rfind(b"\r")) + 1
    return content[:end], content[end:]


def _outside(marks: NDArray[np.uint8]) -> Flags:
    """Return which bytes lie outside of quotes."""
    return np.asarray(np.cumsum(marks == _QUOTE, dtype=np.uint8) % 2 == 0)  # the sum may run over: 256 is even


def _piece(line: int, content: bytes) -> Piece:
    marks = np.frombuffer(b"\n" + content, np.uint8)
    outside = _outside(marks) if b'"' in content else np.ones(len(marks), dtype=bool)
    if b"\r" in content:
        marks, outside = _without_returns(marks, outside)
    breaks = marks == _LF
    starts = np.flatnonzero(breaks & outside)
    if not outside[-1]:  # a quote was left open
        starts = np.append(starts, starts[-1] + 1 + np.flatnonzero(breaks[starts[-1] + 1 :]))
    if starts[-1] == len(marks) - 1:  # the line break that ends the piece
        marks, starts = marks[:-1], starts[:-1]
    return Piece(line, marks.tobytes(), np.append(starts, len(marks)).astype(np.int32), len(content))


def _without_returns(marks: NDArray[np.uint8], outside: Flags) -> tuple[NDArray[np.uint8], Flags]:
    """Return the bytes, and which lie outside of quotes, with every line break outside of them a single line feed."""
    returns = (marks == _CR) & outside
    before = np.append(marks[1:] == _LF, False)
    kept, marks = ~(returns & before), np.where(returns, _LF, marks).astype(np.uint8)
    return marks[kept], outside[kept]
