"""The command ``predict``: a file, or the files of a folder, here or on a cluster."""

import csv
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline import __version__
from pipeline.errors import DataError, PipelineError, listing
from pipeline.machine.cluster import Work
from pipeline.machine.cluster import carry_out as on_cluster
from pipeline.machine.files import sha256_of, whole
from pipeline.machine.steps import clocked
from pipeline.predict.file import Counts, predict, rejected_path
from pipeline.predict.streams import STREAM, printed, received
from pipeline.runs.place import resolve_run
from pipeline.runs.saved import Scoring, load_scoring

_KEPT = "nothing was written"


def scored(run: Path, source: Path, target: Path, dask: str | None = None, verbose: bool = False) -> dict[str, Any]:
    """Score a file, or every Parquet file below a folder, and return what ``--json`` prints.

    "trained_on" are the rows that the network was trained on, where the file is the one of its training; else None, for then
    nobody looked.

    Args:
        run: the folder of a run.
        source: a file of any kind that ``open_rows`` reads, "-" for standard input, or a folder of Parquet files.
        target: the file to write, "-" for standard output, or the folder, which must not be there yet.
        dask: the cluster that scores the files of a folder, as in ``study``; its workers must see both folders.
        verbose: show how much is done, on a terminal.

    Raises:
        PipelineError: the run, the input or the output cannot be used.
    """
    started, opened = time.perf_counter(), load_scoring(run)
    if source == Path():
        raise PipelineError("INPUT must be a file or a folder by its name; got nothing, or the current folder")
    with ExitStack() as stack:
        read, called = (stack.enter_context(received()), "standard input") if source == STREAM else (source, None)
        if read.is_dir():
            counts, rejected = _folder(opened, read, target, dask, verbose), rejected_path(target)
        elif dask:
            raise PipelineError(f"--dask: scores the Parquet files of a folder; {source} is none")
        else:
            write, rejected = stack.enter_context(printed()) if target == STREAM else (target, rejected_path(target))
            counts = predict(opened, read, write, verbose, called)
        # another file is not read a second time for its hash
        data = opened.record.data
        same_size = read.is_file() and counts.rows + counts.rejected == data.rows + data.unlabelled
        return {
            "run": str(resolve_run(run)),
            "sound": opened.record.sound,
            "output": str(target),
            "rows": counts.rows,
            "rejected": counts.rejected,
            "rejected_rows": str(rejected) if counts.rejected else None,
            "known": counts.known,
            "trained_on": data.train if same_size and sha256_of(read) == data.sha256 else None,
            "accuracy": counts.right / counts.known if counts.known else None,
            "notes": counts.said(opened.config.data),
            "seconds": time.perf_counter() - started,
        }


def _folder(run: Scoring, source: Path, target: Path, dask: str | None, verbose: bool) -> Counts:
    """Score each file into one of the same name below the new folder, which appears whole or not at all."""
    paths = [path.relative_to(source) for path in sorted(source.rglob("*")) if path.is_file()]
    # other programs take no file for a part if a name on its way starts with a dot or an underscore
    files = [path for path in paths if not any(name.startswith((".", "_")) for name in path.parts)]
    parts = [path for path in files if path.suffix.lower() == ".parquet"]
    if not parts:
        raise DataError(f"{source}: a folder of Parquet files is needed; there is no file below it whose name ends in .parquet")
    if others := [str(path) for path in files if path not in parts]:
        hint = "move it away, or give it a name that starts with a dot or an underscore"
        raise DataError(
            f"{source}: every file must end in .parquet, or it would be left out; {listing(others[:3])} does not; {hint}"
        )
    if target == STREAM:
        raise PipelineError(f"{source}: a folder is scored into a folder, not to standard output; name a new one")
    if target.exists() or target.is_symlink():
        raise PipelineError(f"{target}: must be a new folder; this one is there already; remove it or name another")
    counts = Counts()
    try:
        with whole(target, folder=True) as hidden, clocked(f"scoring {source.name}", verbose) as advance:
            # whole paths, for a worker has a current folder of its own
            tasks = {number: ((source / part).resolve(), hidden.resolve() / part) for number, part in enumerate(parts)}
            for _, one in _carried_out(run, tasks, dask):
                counts += one
                advance(1 / len(parts))
            if lost := [str(part) for part in parts if not (hidden / part).is_file()]:
                hint = "do all workers see the same folder under the same path?"
                raise PipelineError(f"{target}: {len(lost)} of {len(parts)} files were not written here; {hint}")
            _gather_rejected(hidden, parts, target)
    except OSError as error:
        raise PipelineError(f"{target}: cannot be written: {error.strerror or error}; {_KEPT}") from None
    return counts


def _carried_out(run: Scoring, tasks: Mapping[int, Any], dask: str | None) -> Iterable[tuple[int, Counts]]:
    if dask is None:
        return ((number, _one(run, task)) for number, task in tasks.items())
    return on_cluster(dask, Work(_one, run, _versions, _KEPT), tasks)


def _one(run: Scoring, task: tuple[Path, Path]) -> Counts:
    """Score one file of a folder."""
    source, target = task
    target.parent.mkdir(parents=True, exist_ok=True)
    return predict(run, source, target)


def _versions() -> dict[str, str]:
    return {"pipeline": __version__, "numpy": version("numpy"), "pyarrow": version("pyarrow")}


def _gather_rejected(hidden: Path, parts: Iterable[Path], target: Path) -> None:
    """Make one file of the rejected rows of all parts, which tells the part of each; none if there are none."""
    every = [(part, path) for part in parts if (path := rejected_path(hidden / part)).exists()]
    if not every:
        rejected_path(target).unlink(missing_ok=True)
        return
    text: dict[str, Any] = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}
    csv.field_size_limit(2**31 - 1)
    with whole(rejected_path(target)) as kept, kept.open("w", **text) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "line", "reason", "row"])
        for part, path in every:
            with path.open(**text) as rows:
                reader = csv.reader(rows)
                next(reader)
                writer.writerows([str(part), *row] for row in reader)
            path.unlink()
