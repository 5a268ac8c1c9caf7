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
import pyarrow.parquet as pq

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
        file.write(header.encode())
        yield encode, file.write
        file.write(b"\n")


@contextmanager
def parquet_writer(path: Path, own: pa.Schema, more: pa.Schema) -> Iterator[Writer]:
    """Write the columns of a file and, behind them, those that scoring adds."""
    schema = pa.schema([*own, *more])
    # hardly two probabilities are equal, so that looking for equal ones takes longer than all else
    shares = [field.name for field in more if pa.types.is_floating(field.type)]
    others = [name for name in schema.names if name not in shares]
    packed = {name: "NONE" if name in shares else "SNAPPY" for name in schema.names}
    options = {"use_dictionary": others, "write_statistics": own.names, "compression": packed, "write_page_checksum": True}
    with pq.ParquetWriter(path, schema, **options) as file:
        yield lambda columns: pa.record_batch(columns, schema), file.write_batch


def lines_of(columns: Iterable[pa.Array], marks: Marks = COMMAS) -> pa.StringArray:
    """Return (R,) lines of CSV, each after the line feed that separates it from the one before.

    What has no text of its own, such as a list, is written as JSON.
    """
    *front, last = columns
    cells = (
        [*(_cells(column, marks) for column in front[:-1]), *_pair(front[-1], last, marks)] if front else [_cells(last, marks)]
    )
    (first, *others), (line, none, between) = cells, to_text(["\n", "", marks.separator])
    return pc.binary_join_element_wise(pc.binary_join_element_wise(line, first, none), *others, between)


def header_of(names: Iterable[str], marks: Marks = COMMAS) -> str:
    """Return names as a line of CSV."""
    return str(lines_of((to_text([name]) for name in names), marks)[0]).removeprefix("\n")


def _pair(one: pa.Array, other: pa.Array, marks: Marks) -> list[pa.StringArray]:
    """Return the cells of two columns; of two that hold few texts the texts are joined, not the cells, for that is faster."""
    both = one, other
    if not all(pa.types.is_dictionary(column.type) for column in both) or len(one.dictionary) * len(other.dictionary) > _FEW:
        return [_cells(column, marks) for column in both]
    texts = [[*_cells(column.dictionary, marks).to_pylist(), ""] for column in both]  # the last one stands for a null
    nulls = [to_arrow(np.array([len(column.dictionary)], np.int32))[0] for column in both]
    first, second = (integers(pc.fill_null(own.indices.cast(pa.int32()), null)) for own, null in zip(both, nulls, strict=True))
    return [to_text([marks.separator.join(pair) for pair in product(*texts)]).take(to_arrow(first * len(texts[1]) + second))]


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
