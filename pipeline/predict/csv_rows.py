"""Read a CSV file in pieces: whole columns at once where every row is sound, row by row where one is not."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import isfinite, nan
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from pipeline.config.schema import DataSection
from pipeline.data.columns import BOM, MISSING, NUMBER, header_of, refuse_utf16, short
from pipeline.errors import DataError
from pipeline.predict.batch import Batch, Rejected, joined
from pipeline.predict.pieces import Piece, pieces

_FEW = 32
"""Rows that are read one by one where they cannot be read at once."""

_NULLS = [*dict.fromkeys("".join(each) for word in sorted(MISSING) for each in product(*((c, c.upper()) for c in word)))]
_NUMBER = re.compile(NUMBER)


class _UnsoundError(Exception):
    """Some row of a piece must be looked at by itself."""


@dataclass(frozen=True)
class CsvRows:
    """A CSV file and what is wanted of it.

    Attributes:
        path: the file.
        section: which columns are features, target and classes.
        header: its first record as it stands there, without its line break.
        names: of its columns, without blanks around them.
        before: records up to the header, itself included; the others are blank.
        as_columns: pass rows through as columns instead of lines: features as numbers, all else as text.
    """

    path: Path
    section: DataSection
    header: str
    names: tuple[str, ...]
    before: int
    as_columns: bool

    @property
    def schema(self) -> pa.Schema:
        """Return the columns that pass through, where they do as such."""
        return pa.schema([(name, pa.float64() if name in self.section.features else pa.string()) for name in self.names])

    def pieces(self) -> Iterator[Piece]:
        """Yield the records in their order."""
        with self.path.open("rb") as file:
            every = pieces(file, str(self.path))
            first = next(every)
            yield replace(first.part(self.before, len(first)), size=first.size)
            yield from every

    def read(self, piece: Piece) -> Batch:
        """Return the rows of a piece; may be called from several threads."""
        try:
            return self._at_once(piece)
        except (pa.ArrowInvalid, _UnsoundError):
            if len(piece) <= _FEW:
                return self._one_by_one(piece)
            middle = len(piece) // 2
            return joined(self.read(piece.part(0, middle)), self.read(piece.part(middle, len(piece))))

    def _at_once(self, piece: Piece) -> Batch:
        """Return the rows; an error means that one of them is not sound."""
        filled = np.diff(piece.bounds) > 1
        if not filled.any():
            return self._one_by_one(piece.part(0, 0))
        table = self._parsed(piece.content[piece.bounds[0] : piece.bounds[-1]])
        if table.num_rows != filled.sum():
            raise _UnsoundError
        values = np.empty((len(self.section.features), table.num_rows))
        for place, name in enumerate(self.section.features):
            column = table[name]
            values[place] = column.to_numpy()
            if np.isfinite(values[place]).sum() != len(column) - column.null_count:
                raise _UnsoundError
        target = self.section.target
        truth = truth_of(table[target], self.section) if target in self.names else np.full(table.num_rows, -1)
        if self.as_columns:
            return Batch(table.combine_chunks().to_batches()[0], values.T, truth)
        bounds = pa.py_buffer(piece.bounds)
        lines = pa.StringArray.from_buffers(len(piece), bounds, pa.py_buffer(piece.content))
        return Batch(lines if filled.all() else lines.filter(pa.array(filled)), values.T, truth)

    def _parsed(self, content: bytes) -> pa.Table:
        """Return the columns that are wanted; pyarrow wants every row to be sound."""
        if not _is_sound(content) or content.count(b'"') % 2:
            raise _UnsoundError
        wanted = [*self.section.features, *([self.section.target] if self.section.target in self.names else [])]
        types = {name: pa.float64() if name in self.section.features else pa.string() for name in self.names}
        return pyarrow.csv.read_csv(
            pa.BufferReader(content),
            pyarrow.csv.ReadOptions(use_threads=False, block_size=len(content) + 1, column_names=self.names),
            pyarrow.csv.ParseOptions(newlines_in_values=b'"' in content),
            pyarrow.csv.ConvertOptions(
                column_types=types, null_values=_NULLS, include_columns=self.names if self.as_columns else wanted
            ),
        )

    def _one_by_one(self, piece: Piece) -> Batch:
        """Return the rows as Python's csv module reads them, and the rejected ones with reasons."""
        kept: list[tuple[str, list[str], list[float]]] = []
        rejected: list[Rejected] = []
        for number in range(len(piece)):
            line = piece.part(number, number).line
            for text, cells in _records(piece.record(number)):
                numbers, reason = self._values(text, cells)
                if reason:
                    rejected.append(Rejected(line, reason, text))
                else:
                    kept.append((text, cells, numbers))
                line += 1 + text.count("\n")
        places = {name: place for place, name in enumerate(self.names)}
        values = np.array([each for _, _, each in kept]).reshape(len(kept), len(self.section.features))
        columns = {name: pa.array([cells[place] for _, cells, _ in kept], pa.string()) for name, place in places.items()}
        target = columns.get(self.section.target, pa.nulls(len(kept), pa.string()))
        passed = pa.array(["\n" + text for text, _, _ in kept], pa.string())
        if self.as_columns:
            floats = {name: pa.array(values[:, place], from_pandas=True) for place, name in enumerate(self.section.features)}
            passed = pa.record_batch(columns | floats, schema=self.schema)
        return Batch(passed, values, truth_of(target, self.section), tuple(rejected))

    def _values(self, text: str, cells: list[str]) -> tuple[list[float], str]:
        """Return the features of a row, and why it cannot be read, or an empty text."""
        if not _is_sound(text.encode(errors="surrogateescape")):
            return [], "must be UTF-8 text without NUL bytes"
        if text.count('"') % 2:  # whoever reads the row again would take what is added for a part of it
            return [], "has an odd number of quotes; is one left open?"
        if len(cells) != len(self.names):
            return [], f"has {len(cells)} cells, the header has {len(self.names)}"
        values = []
        for name in self.section.features:
            cell = cells[self.names.index(name)].strip()
            value = nan if cell.lower() in MISSING else float(cell) if _NUMBER.fullmatch(cell) else None
            if value is None or (not isfinite(value) and cell.lower() not in MISSING):
                hint = "; write decimals with a point" if "," in cell else ""
                return [], f'column "{name}" must hold a finite number or nothing; it holds {short(cell)}{hint}'
            values.append(value)
        return values, ""


def open_csv(path: Path, section: DataSection, as_columns: bool) -> CsvRows:
    """Look at the header of a file.

    Raises:
        DataError: it is no UTF-8 CSV with every feature among its columns.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        refuse_utf16(str(path), file.read(2))
        file.seek(0)
        first = next(pieces(file, str(path)), None)
    before = next((number for number in range(len(first)) if first.record(number).removeprefix(BOM)), None) if first else None
    if first is None or before is None:
        raise DataError(f"{path}: the file is empty; a header and rows are needed")
    header = first.record(before)
    if not _is_sound(header):
        raise DataError(f"{path}, line {before + 1}: the header must be UTF-8 text of comma-separated names; is this a CSV file?")
    names = header_of(str(path), b"\n" * before + header, section.features)
    return CsvRows(path, section, header.decode(), tuple(names), before + 1, as_columns)


def truth_of(column: pa.Array | pa.ChunkedArray, section: DataSection) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return the index of each class, -1 for what is none."""
    places = pc.index_in(pc.utf8_trim_whitespace(column), value_set=pa.array(section.codes, pa.string()))
    return np.asarray(pc.fill_null(places, -1).to_numpy(), dtype=np.int64)


def _records(content: bytes) -> Iterator[tuple[str, list[str]]]:
    """Yield text and cells: of one record, or of several where a quote stands in the middle of a cell; of none that is blank."""
    text = content.decode(errors="surrogateescape")
    every = list(csv.reader(io.StringIO(text, newline="")))
    if len(every) == 1:
        yield text, every[0]
        return
    for cells in filter(None, every):
        written = io.StringIO()
        csv.writer(written, lineterminator="").writerow(cells)
        yield written.getvalue(), cells


def _is_sound(content: bytes) -> bool:
    """Return whether this is UTF-8 text without NUL."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in content
