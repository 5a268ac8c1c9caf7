"""Score a file with a saved run: read, score, write, in pieces and in their order, with NumPy and pyarrow only."""

import csv
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from pipeline.config.data_section import DataSection
from pipeline.errors import DataError, PipelineError, counted
from pipeline.machine.arrays import Integers
from pipeline.machine.files import whole
from pipeline.machine.steps import clocked
from pipeline.predict.added import add, refuse_taken, schema
from pipeline.predict.batch import batch_of
from pipeline.predict.writers import Marks, csv_writer, header_of, parquet_writer
from pipeline.read.arrow import to_arrow
from pipeline.read.columns import is_text
from pipeline.read.records import Rejected
from pipeline.read.rows import Rows, Source, open_rows
from pipeline.runs.saved import Scoring

R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True)
class Counts:
    """What became of the rows of a file: scored, rejected, and of the scored ones with a known class: right.

    A row without an answer counts as wrong. ``told`` is what was found while the file was read and is not plain; ``implausible``
    (F,) are the cells of each feature outside its range, or of an unknown category.
    """

    rows: int = 0
    rejected: int = 0
    known: int = 0
    right: int = 0
    told: tuple[str, ...] = ()
    implausible: Integers | int = field(default=0, compare=False)

    def __add__(self, other: "Counts") -> "Counts":
        figures = (self.rows + other.rows, self.rejected + other.rejected, self.known + other.known, self.right + other.right)
        return Counts(*figures, tuple(dict.fromkeys((*self.told, *other.told))), self.implausible + other.implausible)

    def said(self, section: DataSection) -> list[str]:
        """Return what is to be said: what was found, and which columns hardly hold what they held in training."""
        held = dict(zip(section.features, np.broadcast_to(self.implausible, len(section.features)).tolist(), strict=True))
        many = {name: count for name, count in held.items() if 2 * count > self.rows}
        what = {name: "is of an unknown category" if section.features[name].categories else "is implausible" for name in many}
        unit = {name: "" if section.features[name].categories else "; is it in another unit?" for name in many}
        rows = f"of {counted(self.rows, 'row')}"
        return [*self.told, *(f'column "{name}" {what[name]} in {many[name]:,} {rows}{unit[name]}' for name in many)]


def predict(run: Scoring, source: Path, target: Path, visible: bool = False, called: str | None = None) -> Counts:
    """Score a file into a CSV or Parquet file; both appear whole or not at all.

    Every row that can be read stands in ``target``, in its order, with the added columns behind its own; every other one in
    the file that ``rejected_path`` names, which is there only if there are any.

    Args:
        run: which model.
        source: the file to read; what it is its first bytes tell.
        target: the file to write, which ends in .csv or .parquet. A CSV file has the separator and the decimal mark of
            ``source``.
        visible: show how much is done, on a terminal.
        called: what messages call ``source``.

    Raises:
        DataError: the file is no such table, or is damaged.
        PipelineError: the files cannot be read or written.
    """
    called = called or str(source)
    try:
        file = source.open("rb")
    except OSError as error:
        raise DataError(f"{called}: cannot be read: {error.strerror or error}; name a file of rows") from None
    with file:
        _refuse_target(source, target)
        opened = open_rows(called, file, run.config.data, run.config.data.features, run.record.data.read)
        refuse_taken(called, opened.spelt, run.config)
        try:
            return _score(run, opened, source, target, visible)
        except pa.ArrowException as error:
            reason = str(error).splitlines()[0]
            raise DataError(f"{called}: cannot be scored into {target}: {reason}; nothing was written") from None
        except OSError as error:
            raise PipelineError(f"{target}: cannot be written: {error.strerror or error}; nothing was") from None


def rejected_path(target: Path) -> Path:
    """Return where the rows go that cannot be read."""
    return target.with_name(f"{target.name}.rejected.csv")


def _refuse_target(source: Path, target: Path) -> None:
    if target.suffix.lower() not in (".csv", ".parquet"):
        raise PipelineError(f"{target}: OUTPUT must end in .csv or .parquet")
    if target.is_dir():
        raise PipelineError(f"{target}: OUTPUT is a folder; name a file, or remove it")
    for path, what in ((target, "OUTPUT"), (rejected_path(target), "the file of rejected rows")):
        if path.exists() and path.samefile(source):
            raise PipelineError(f"{path}: {what} is INPUT, which would be lost; name another OUTPUT")


def _score(run: Scoring, opened: Source, source: Path, target: Path, visible: bool) -> Counts:
    parquet, counts = target.suffix.lower() == ".parquet", Counts(told=opened.told)
    features, more = run.config.data.features, schema(run.config, opened.spelt)
    texts = [name for name, own in features.items() if own.categories is None and is_text(opened.schema.field(name).type)]
    marks = Marks(opened.read.separator, opened.cells.decimal if texts else ".")
    # of a CSV file or a sheet the texts of numbers become numbers
    numbers = texts if parquet and (opened.header or opened.read.header or opened.read.sheet) else []
    places = [list(features).index(name) for name in numbers]
    own = pa.schema([pa.field(field.name, pa.float64()) if field.name in numbers else field for field in opened.schema])

    def work(read: Callable[[], Rows]) -> tuple[Any, tuple[Rejected, ...], Counts, int]:
        rows = read()
        batch = batch_of(rows, opened.cells, run.config.data, marks)
        added = add(run, batch.values)
        classed = batch.truth >= 0
        right = classed & (batch.truth == added.answers)
        columns = dict(zip(opened.spelt, batch.columns.columns, strict=True))
        columns |= {name: to_arrow(value, np.isnan(value)) for name, value in zip(numbers, batch.values.T[places], strict=True)}
        scored = Counts(len(right), len(batch.rejected), int(classed.sum()), int(right.sum()), batch.told, added.implausible)
        return encode([*columns.values(), *added.columns]), batch.rejected, scored, rows.size

    with (
        threadpool_limits(1),  # the pieces are worked on side by side already
        clocked(f"scoring {source.name}", visible) as advance,
        whole(target) as hidden,
        _rejections(rejected_path(target)) as reject,
        parquet_writer(hidden, own, more) if parquet else csv_writer(hidden, _header(opened, own, more, marks), marks) as (
            encode,
            write,
        ),
    ):
        for content, rejected, scored, size in _in_order(opened.pieces(), work):
            write(content)
            reject(rejected)
            counts += scored
            advance(size / source.stat().st_size)
    return counts


def _header(opened: Source, own: pa.Schema, more: pa.Schema, marks: Marks) -> str:
    return marks.separator.join([opened.header or header_of(own.names, marks), header_of(more.names, marks)])


def _in_order(pieces: Iterable[T], work: Callable[[T], R]) -> Iterator[R]:
    """Yield what becomes of each piece, in their order; as many as there are cores are worked on at the same time."""
    cores, waiting = os.cpu_count() or 1, deque[Future[R]]()
    with ThreadPoolExecutor(cores) as pool:
        for piece in pieces:
            waiting.append(pool.submit(work, piece))
            if len(waiting) > cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _rejections(path: Path) -> Iterator[Callable[[Iterable[Rejected]], None]]:
    """Give what writes rejected rows; the file is made for the first one, and one that was there before is gone at the end."""
    with whole(path) as hidden, hidden.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["line", "reason", "row"])
        empty = file.tell()
        yield lambda rejected: writer.writerows((row.line, row.reason, row.text) for row in rejected)
        none = file.tell() == empty
    if none:
        path.unlink()
