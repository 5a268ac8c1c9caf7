"""Score a file with a saved run: read, score, write, in pieces and in their order, with NumPy and pyarrow only."""

import csv
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from pipeline.errors import DataError, PipelineError
from pipeline.machine.files import whole
from pipeline.machine.progress import progress_bar
from pipeline.predict.added import add, refuse_taken, schema
from pipeline.predict.batch import Batch, Rejected
from pipeline.predict.csv_rows import CsvRows, open_csv
from pipeline.predict.csv_text import lines_of
from pipeline.predict.parquet_rows import ParquetRows, open_parquet
from pipeline.predict.writers import Encode, Write, csv_writer, parquet_writer
from pipeline.runs.saved import Scoring

Source: TypeAlias = CsvRows | ParquetRows
_MAGIC = b"PAR1"


@dataclass(frozen=True)
class Counts:
    """What became of the rows of a file: scored, rejected, and of the scored ones with a known class: right.

    A row without an answer counts as wrong.
    """

    rows: int = 0
    rejected: int = 0
    known: int = 0
    right: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        mine = (self.rows, self.rejected, self.known, self.right)
        return Counts(*np.add(mine, (other.rows, other.rejected, other.known, other.right)).tolist())


def predict(run: Scoring, source: Path, target: Path, visible: bool = False) -> Counts:
    """Score a CSV or Parquet file into another one; both appear whole or not at all.

    Every row that can be read stands in ``target``, in its order, with the added columns behind its own; every other one in
    the file that ``rejected_path`` names, which is there only if there are any.

    Args:
        run: which model.
        source: the file to read; what it is its first bytes tell.
        target: the file to write, which ends in .csv or .parquet.
        visible: show a progress bar.

    Raises:
        DataError: the file is no such table, or is damaged.
        PipelineError: the files cannot be read or written.
    """
    counts, opened = Counts(), _open(source, run, target)
    try:
        with (
            threadpool_limits(1),  # the pieces are worked on side by side already
            _progress(source, visible) as advance,
            whole(target) as hidden,
            _rejections(rejected_path(target)) as reject,
            _writer(hidden, opened, run) as (encode, write),
        ):
            for size, batch, content, right in _in_order(opened.pieces(), _work(run, opened, encode)):
                write(content)
                reject(batch.rejected)
                counts += Counts(len(batch.values), len(batch.rejected), int((batch.truth >= 0).sum()), right)
                advance(size)
    except pa.ArrowException as error:
        raise DataError(f"{source}: cannot be scored into {target}: {str(error).splitlines()[0]}; nothing was written") from None
    except OSError as error:
        raise PipelineError(f"{target}: cannot be written: {error.strerror or error}; nothing was") from None
    return counts


def rejected_path(target: Path) -> Path:
    """Return where the rows go that cannot be read."""
    return target.with_name(f"{target.name}.rejected.csv")


def _open(source: Path, run: Scoring, target: Path) -> Source:
    if target.suffix.lower() not in (".csv", ".parquet"):
        raise PipelineError(f"{target}: OUTPUT must end in .csv or .parquet")
    if target.is_dir():
        raise PipelineError(f"{target}: OUTPUT is a folder; name a file, or remove it")
    section = run.config.data
    try:
        for path, what in ((target, "OUTPUT"), (rejected_path(target), "the file of rejected rows")):
            if path.exists() and path.samefile(source):
                raise PipelineError(f"{path}: {what} is INPUT, which would be lost; name another OUTPUT")
        with source.open("rb") as file:
            parquet = file.read(4) == _MAGIC
        opened: Source = open_parquet(source, section) if parquet else open_csv(source, section, _is_parquet(target))
    except OSError as error:
        raise DataError(f"{source}: cannot be read: {error.strerror or error}") from None
    refuse_taken(str(source), opened.names, run.config)
    return opened


@contextmanager
def _writer(path: Path, source: Source, run: Scoring) -> Iterator[tuple[Encode, Write]]:
    """Give what writes: CSV if CSV passes through or can be made of the columns."""
    more = schema(run.config)
    if _is_parquet(path):
        with parquet_writer(path, source.schema, more) as writing:
            yield writing
        return
    own = source.header if isinstance(source, CsvRows) else _line(source.schema.names)
    with csv_writer(path, ",".join([own, _line(more.names)])) as writing:
        yield writing


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _line(texts: Iterable[str]) -> str:
    """Return texts as a line of CSV."""
    columns = [pa.array([text], pa.string()) for text in texts]
    return str(lines_of(pa.record_batch(columns, list(map(str, range(len(columns))))))[0].as_py().removeprefix("\n"))


def _work(run: Scoring, source: Source, encode: Encode) -> Callable[[Any], tuple[int, Batch, Any, int]]:
    """Return what is done with a piece: its bytes, its rows, what is written of them, and how many answers are right."""

    def work(piece: Any) -> tuple[int, Batch, Any, int]:
        batch = source.read(piece)
        added = add(run, batch.values)
        right = int(((batch.truth >= 0) & (batch.truth == added.answers)).sum())
        return piece.size, batch, encode(batch, added), right

    return work


def _in_order(pieces: Iterable[Any], work: Callable[[Any], Any]) -> Iterator[Any]:
    """Yield what becomes of each piece, in their order; as many as there are cores are worked on at the same time."""
    cores, waiting = os.cpu_count() or 1, deque[Any]()
    with ThreadPoolExecutor(cores) as pool:
        for piece in pieces:
            waiting.append(pool.submit(work, piece))
            if len(waiting) > cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _rejections(path: Path) -> Iterator[Callable[[tuple[Rejected, ...]], None]]:
    """Give what writes rejected rows; the file is made for the first one, and one that was there before is gone at the end."""
    with whole(path) as hidden, hidden.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["line", "reason", "row"])
        empty = file.tell()
        yield lambda rejected: writer.writerows((each.line, each.reason, each.text) for each in rejected)
        none = file.tell() == empty
    if none:
        path.unlink()


@contextmanager
def _progress(source: Path, visible: bool) -> Iterator[Callable[[int], None]]:
    with progress_bar(f"scoring {source.name}", visible, source.stat().st_size, "bytes") as bar:
        yield lambda size: bar.advance(bar.task_ids[0], size)
