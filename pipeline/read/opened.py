"""What every kind of file gives: columns by their place, and rows piece by piece."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from pipeline.machine.arrays import Integers
from pipeline.read.records import Rejected


@dataclass(frozen=True)
class Rows:
    """R rows of a file, in their order.

    Attributes:
        columns: all of the file's, named without blanks; text from a CSV file, as they are stored from another one.
        rejected: what stood among them and is no row.
        lines: gives (R,) lines as in ``Rejected``; they are counted only when they are asked for.
        size: bytes of the file that they take.
    """

    columns: pa.RecordBatch
    rejected: tuple[Rejected, ...]
    lines: Callable[[], Integers]
    size: int


@dataclass(frozen=True)
class Opened:
    """A file before its columns are matched with the config.

    ``place`` is the file and where in it the names stand; ``sample`` holds some rows, column by column, or none; ``pieces`` makes
    of a schema and the decimal mark what it is in ``Source``; ``found`` holds settings of ``data.read`` that the file decided,
    ``told`` what is not the plain case; a file is ``nameless`` if its first row seems to hold data.
    """

    place: str
    names: list[str]
    types: list[pa.DataType]
    sample: Sequence[pa.Array]
    pieces: Callable[[pa.Schema, str], Iterator[Callable[[], Rows]]]
    header: str | None = None
    found: Mapping[str, str] = field(default_factory=dict)
    told: Sequence[str] = ()
    nameless: bool = False
