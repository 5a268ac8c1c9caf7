"""Write columns: as lines of CSV, or as a Parquet file."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.read.arrow import filled, integers, to_arrow, to_text

Writer: TypeAlias = tuple[Callable[[Sequence[pa.Array]], Any], Callable[[Any], Any]]
"""What makes the bytes of some rows, which several threads may call, and what writes them, in the order of the rows."""

_FEW = 1000


@dataclass(frozen=True)
class Marks:
    """The separator of a CSV file and its decimal mark."""

    separator: str = ","
    decimal: str = "."


COMMAS = Marks()


@contextmanager
def csv_writer(path: Path, header: str, marks: Marks = COMMAS) -> Iterator[Writer]:
    """Write lines of CSV below a header."""

    def encode(columns: Sequence[pa.Array]) -> pa.Buffer:
        _, bounds, content = lines_of(columns, marks).buffers()
        return content.slice(0, np.frombuffer(bounds, np.int32)[len(columns[0])]) if len(columns[0]) else b""

    with path.open("wb") as file:
        file.write(header.encode() + b"\n")
        yield encode, file.write


@contextmanager
def parquet_writer(path: Path, own: pa.Schema, more: pa.Schema) -> Iterator[Writer]:
    """Write the columns of a file and, behind them, those that scoring adds."""
    import pyarrow.parquet as pq  # with every kind of file system, which a CSV file can do without

    schema = pa.schema([*own, *more])
    # hardly two probabilities are equal, so that looking for equal ones takes longer than all else
    shares = [field.name for field in more if pa.types.is_floating(field.type)]
    others = [name for name in schema.names if name not in shares]
    packed = {name: "NONE" if name in shares else "SNAPPY" for name in schema.names}
    options = {"use_dictionary": others, "write_statistics": own.names, "compression": packed, "write_page_checksum": True}
    with pq.ParquetWriter(path, schema, **options) as file:
        yield lambda columns: pa.record_batch(columns, schema), file.write_batch


def lines_of(columns: Iterable[pa.Array], marks: Marks = COMMAS) -> pa.StringArray:
    """Return (R,) lines of CSV, each with its line feed.

    What has no text of its own, such as a list, is written as JSON.
    """
    *front, last = columns
    ends = _pair(front.pop(), last, marks) if front else [_ended(_cells(last, marks))]
    cells = [*(_cells(column, marks) for column in front), *ends]
    return pc.binary_join_element_wise(*cells, to_text([marks.separator])[0]) if len(cells) > 1 else cells[0]


def header_of(names: Iterable[str], marks: Marks = COMMAS) -> str:
    """Return names as a line of CSV."""
    return str(lines_of((to_text([name]) for name in names), marks)[0]).removesuffix("\n")


def _ended(cells: pa.StringArray) -> pa.StringArray:
    line, none = to_text(["\n", ""])
    return pc.binary_join_element_wise(cells, line, none)


def _pair(one: pa.Array, other: pa.Array, marks: Marks) -> list[pa.StringArray]:
    """Return the cells of the last two columns; of two that hold few texts the texts are joined, not the cells: it is faster."""
    both = one, other
    if not all(pa.types.is_dictionary(column.type) for column in both) or len(one.dictionary) * len(other.dictionary) > _FEW:
        return [_cells(one, marks), _ended(_cells(other, marks))]
    texts = [[*_cells(column.dictionary, marks).to_pylist(), ""] for column in both]  # the last one stands for a null
    nulls = [to_arrow(np.array([len(column.dictionary)], np.int32))[0] for column in both]
    first, second = (integers(pc.fill_null(own.indices.cast(pa.int32()), null)) for own, null in zip(both, nulls, strict=True))
    joined = to_text([marks.separator.join(pair) + "\n" for pair in product(*texts)])
    return [joined.take(to_arrow(first * len(texts[1]) + second))]


def _cells(column: pa.Array, marks: Marks) -> pa.StringArray:
    """Return cells of CSV, in quotes where they must be; a null is empty."""
    if pa.types.is_dictionary(column.type):
        return filled(_cells(column.dictionary, marks).take(column.indices))
    try:
        text = column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # a list, or bytes that are no text
        text = pa.array([None if cell is None else json.dumps(cell, default=str) for cell in column.to_pylist()], pa.string())
    if marks.decimal != "." and (pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)):
        text = pc.replace_substring(text, ".", marks.decimal)
    text, special = filled(text), f'{marks.separator}"\r\n'
    content = (text.buffers()[2] or pa.py_buffer(b"")).to_pybytes()
    if not any(mark in content for mark in special.encode()):  # a pattern takes longer than all else
        return text
    quote, none = to_text(['"', ""])
    inside = pc.binary_join_element_wise(quote, pc.replace_substring(text, '"', '""'), quote, none)
    return pc.if_else(pc.match_substring_regex(text, f"[{special}]"), inside, text)
