"""The only reader and writer of models/<run>/."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.arrays import check, judged_of, model_of, to_arrays
from pipeline.config import Config
from pipeline.config_file import validate
from pipeline.errors import ConfigError, RunError
from pipeline.files import UNFINISHED, flush, regular, whole
from pipeline.model import Model
from pipeline.run_json import NAMES, READ, seal, unseal
from pipeline.strict_npz import read_arrays
from pipeline.yaml_source import Problem, read_yaml

if TYPE_CHECKING:  # scoring does without them
    from pipeline.data.split import Split
    from pipeline.judge.evaluate import Yardsticks
    from pipeline.network.train import Trained

MODELS = Path("models")
LATEST = MODELS / "latest"
REPORT = "report.html"
_MOST = {"run.json": 2**24, "config.yaml": 2**22}
"""Bytes that these files have at most; NumPy's and Keras's may be large."""
_LARGE = 2**32


@dataclass(frozen=True)
class Scoring:
    """What scoring needs of a run.

    Attributes:
        config: resolved and complete.
        model: the chosen network with its preprocessing.
        record: what run.json holds.
    """

    config: Config
    model: Model
    record: dict[str, Any]


@dataclass(frozen=True)
class Run(Scoring):
    """A run as it is kept.

    Attributes:
        trained: every start.
        split: which rows were for what.
        yardsticks: what only the training rows could tell.
    """

    trained: Trained
    split: Split
    yardsticks: Yardsticks


def prepare() -> None:
    """Make sure that runs can be saved, before anything is trained, and delete what killed processes left behind.

    Raises:
        RunError: the folder cannot be made or written.
    """
    try:
        MODELS.mkdir(exist_ok=True)
        os.rmdir(tempfile.mkdtemp(prefix=UNFINISHED, dir=MODELS))
    except OSError as error:
        raise _unsaved(error) from None
    for each in MODELS.glob(f"{UNFINISHED}*"):
        with suppress(OSError):  # another process may be deleting it too
            if time.time() - each.lstat().st_mtime > 3600:
                shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()


def save(run: Run, name: str, pipeline: Any, keras_model: Any) -> Path:
    """Write a run and point ``models/latest`` to it; it appears whole or not at all.

    Args:
        run: the run; run.json holds its record, the folder, the time, and the size and hash of every file.
        name: of the config.
        pipeline: the fitted scikit-learn preprocessing.
        keras_model: the Keras model with the same weights.

    Returns:
        The run's folder.

    Raises:
        RunError: the folder cannot be written.
    """
    import joblib

    folder = MODELS / f"{UNFINISHED}{os.getpid()}-{time.time_ns()}"
    try:
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(run.config.to_yaml(), encoding="utf-8")
        np.savez(folder / "weights.npz", **to_arrays(run.model, run.trained, run.split, run.yardsticks))
        keras_model.save(folder / "network.keras")
        joblib.dump(pipeline, folder / "preprocessor.joblib")
        target = _publish(folder, run, label(name))
    except OSError as error:
        raise _unsaved(error) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # gone already if it was published
    _point_latest(target)
    return target


def add_report(folder: Path, text: str) -> Path:
    """Write report.html into a run's folder, whole or not at all, and return its path; a run's own files stay as they are.

    Raises:
        RunError: the folder cannot be written.
    """
    target = folder / REPORT
    try:
        with whole(target) as hidden:
            hidden.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise RunError(f"{target}: the report cannot be written: {error.strerror or error}") from None
    return target


def _unsaved(error: OSError) -> RunError:
    return RunError(f"{MODELS}: a run cannot be saved there: {error.strerror or error}; make it a folder that can be written")


def load(path: Path | str) -> Run:
    """Read a run, after its files are shown to be those that were written.

    Raises:
        RunError: no run there, or a file is missing or damaged.
    """
    from pipeline.contradictions import contradictions  # it knows every finding, which scoring a saved run does without

    with _opened(path, lambda config: contradictions(config.written())) as (config, arrays, record):
        return Run(config, model_of(arrays), record, *judged_of(arrays))


def load_scoring(path: Path | str) -> Scoring:
    """Read what scoring needs of a run: config.yaml, run.json, weights.npz; other files may be gone. Errors as in ``load``.

    It imports nothing but NumPy and what reads the config.
    """
    with _opened(path, needed=("config.yaml", "weights.npz")) as (config, arrays, record):
        return Scoring(config, model_of(arrays), record)


@contextmanager
def _opened(
    path: Path | str, sensible: Callable[[Config], Iterable[Problem]] = lambda config: (), needed: Iterable[str] = NAMES
) -> Iterator[tuple[Config, dict[str, Any], dict[str, Any]]]:
    """Give config, arrays and record of a run, all of them checked, whoever wrote them; what is not needed may be gone."""
    folder = Path(path)
    record = read_record(folder)
    there = [name for name in NAMES if name in needed or os.path.lexists(folder / name)]
    contents = {name: _read(folder, name, record["files"][name]) for name in there}
    try:
        place = folder / "config.yaml"
        config = validate(Config, read_yaml(contents["config.yaml"].decode(), str(place)), sensible)
        place = folder / "weights.npz"
        arrays = read_arrays(contents["weights.npz"])
        check(arrays, config, record["data"]["rows"])
        yield config, arrays, record
    except ConfigError as error:
        raise RunError(f"{error.problems[0]}; this run was not written by this version; train again") from None
    except (KeyError, ValueError) as error:
        reason = f"the array {error} is missing" if isinstance(error, KeyError) else error
        raise RunError(f"{place}: this run was not written by this version: {reason}; train again") from None


def read_record(folder: Path) -> dict[str, Any]:
    """Return what run.json holds, after its digest is checked; the other files are not read.

    Raises:
        RunError: no run there, or run.json is damaged.
    """
    resolve(folder)
    path = folder / "run.json"
    try:
        with regular(path, _MOST["run.json"]) as file:
            return unseal(file.read())
    except (FileNotFoundError, NotADirectoryError):
        hint = "train first" if folder == LATEST else '"diabetes-pipeline runs" lists the runs'
        raise RunError(f"{folder}: there is no run here; {hint}") from None
    except OSError as error:
        raise RunError(f"{path}: this file of the run cannot be read: {error.strerror}; train again") from None
    except ValueError as error:
        raise RunError(f"{path}: {error}; train again") from None


def read_config(folder: Path) -> Config:
    """Return the config of a run; its hash is checked by ``load`` only.

    Raises:
        ConfigError: it cannot be read.
    """
    path = folder / "config.yaml"
    try:
        with regular(path, _MOST["config.yaml"]) as file:
            return validate(Config, read_yaml(file.read().decode(), str(path)))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: this file of the run cannot be read: {getattr(error, 'strerror', error)}") from None


def resolve(path: Path | str) -> Path:
    """Return the folder that a name such as models/latest stands for, relative to the current folder where it is below it.

    Raises:
        RunError: ``latest`` is a link to somewhere else than a run beside it, so that no command of ours made it.
    """
    folder = Path(path)
    target = folder.parent / os.readlink(folder) if folder.is_symlink() else folder
    if folder.name == LATEST.name and target != folder and not _RUN_NAME.match(os.readlink(folder)):
        raise RunError(f"{folder}: must be a link to a run beside it; it leads to {os.readlink(folder)}; remove it or name a run")
    return Path(os.path.relpath(target)) if Path.cwd() in Path(os.path.abspath(target)).parents else target


def folders() -> Iterator[Path]:
    """Yield every complete run, oldest first."""
    if MODELS.is_dir():
        yield from (each for each in sorted(MODELS.iterdir()) if _RUN_NAME.match(each.name) and (each / "run.json").is_file())


def remove(folder: Path) -> None:
    """Delete a run; it is renamed first, so that it vanishes whole.

    Raises:
        RunError: it cannot be deleted.
    """
    hidden = MODELS / f"{UNFINISHED}{os.getpid()}-{folder.name}"
    try:
        folder.rename(hidden)
        shutil.rmtree(hidden)
    except OSError as error:
        raise RunError(f"{folder}: cannot be removed: {error.strerror or error}") from None


_RUN_NAME = re.compile(r"^\d{8}T\d{6}\.\d{3}Z-.+-[0-9a-f]{8}$")


def label(name: str) -> str:
    """Return a name as a part of a folder's name."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-.")[:80] or "config"


def _publish(folder: Path, run: Run, name: str) -> Path:
    """Complete the record, write it, and rename the folder to its final name, one that no run has."""
    sums = {each.name: _facts(each.read_bytes()) for each in sorted(folder.iterdir())}
    fingerprint = hashlib.sha256(run.config.to_yaml().encode() + run.record["data"]["sha256"].encode()).hexdigest()[:8]
    while True:
        now = datetime.now(UTC)
        target = MODELS / f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}Z-{name}-{fingerprint}"
        record = run.record | {"run": str(target), "created": now.isoformat(), "files": sums}
        (folder / "run.json").write_text(seal(record), encoding="utf-8")
        _flush(folder)
        if not target.exists():
            try:
                folder.rename(target)  # fails if another process was quicker, for that folder is not empty
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                continue
            return target


def _point_latest(target: Path) -> None:
    """Let models/latest point to the run, unless a newer one was finished meanwhile."""
    link = MODELS / f"{UNFINISHED}{os.getpid()}-latest"
    try:
        if LATEST.is_symlink() and os.readlink(LATEST) > target.name and LATEST.exists():
            return
        link.unlink(missing_ok=True)
        link.symlink_to(target.name)
        link.replace(LATEST)
    except OSError as error:
        link.unlink(missing_ok=True)
        raise RunError(f"{target} is saved, but {LATEST} cannot point to it: {error.strerror}; remove {LATEST}") from None


def _flush(folder: Path) -> None:
    """Have everything on disk before the rename makes it a run."""
    for each in [*folder.iterdir(), folder]:
        flush(each)


def _facts(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _read(folder: Path, name: str, facts: dict[str, Any]) -> bytes:
    """Return the content of a file after its size and hash are compared; it is empty for what no command reads."""
    path = folder / name
    try:
        with regular(path, _MOST.get(name, _LARGE)) as file:
            same = os.fstat(file.fileno()).st_size == facts["bytes"]
            content = file.read(facts["bytes"] + 1) if same and name in READ else b""
            found = hashlib.file_digest(file, "sha256") if not content else hashlib.sha256(content)
    except OSError as error:
        raise RunError(f"{path}: this file of the run cannot be read: {error.strerror}; train again") from None
    if not same or found.hexdigest() != facts["sha256"]:
        raise RunError(f"{path}: this file is damaged or was edited: its SHA-256 is not the one in run.json; train again")
    return content
