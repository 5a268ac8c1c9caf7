"""The only reader and writer of models/<run>/."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.arrays import judged_of, model_of, to_arrays
from pipeline.config import Config
from pipeline.config_file import read_source, validate
from pipeline.errors import ConfigError, RunError, listing
from pipeline.files import UNFINISHED, flush, whole
from pipeline.model import Model
from pipeline.yaml_source import read_yaml

if TYPE_CHECKING:  # scoring does without them
    from pipeline.data.split import Split
    from pipeline.judge.evaluate import Yardsticks
    from pipeline.network.train import Trained

MODELS = Path("models")
LATEST = MODELS / "latest"
REPORT = "report.html"
_NO_DIGEST = "0" * 64
_KEYS = frozenset(
    (
        "data",
        "accuracy",
        "baselines",
        "comparison",
        "unseen",
        "findings",
        "seconds",
        "config",
        "created",
        "files",
        "sound",
    )
)


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
        probe = MODELS / f"{UNFINISHED}{os.getpid()}-probe"
        probe.mkdir()
        probe.rmdir()
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
    with _opened(path) as (config, arrays, record):
        return Run(config, model_of(arrays), record, *judged_of(arrays))


def load_scoring(path: Path | str) -> Scoring:
    """Read what scoring needs of a run: config.yaml, run.json, weights.npz; other files may be gone. Errors as in ``load``.

    It imports nothing but NumPy and what reads the config.
    """
    with _opened(path, ("config.yaml", "weights.npz")) as (config, arrays, record):
        return Scoring(config, model_of(arrays), record)


@contextmanager
def _opened(path: Path | str, only: tuple[str, ...] | None = None) -> Iterator[tuple[Config, dict[str, Any], dict[str, Any]]]:
    """Give config, arrays and record of a run; what cannot be made of them is no run of this version."""
    folder = Path(path)
    record = read_record(folder)
    contents = {name: _read(folder, name, facts) for name, facts in record["files"].items() if not only or name in only}
    try:
        config = validate(Config, read_yaml(contents["config.yaml"].decode(), str(folder / "config.yaml")))
        with np.load(io.BytesIO(contents["weights.npz"]), allow_pickle=False) as file:
            yield config, dict(file), record
    except (KeyError, ValueError, ConfigError) as error:
        raise RunError(f"{folder}: this run was not written by this version: {error}; train again") from None


def read_record(folder: Path) -> dict[str, Any]:
    """Return what run.json holds, after its digest is checked; the other files are not read.

    Raises:
        RunError: no run there, or run.json is damaged.
    """
    try:
        text = (folder / "run.json").read_bytes()
    except OSError:
        hint = "train first" if folder == LATEST else '"diabetes-pipeline runs" lists the runs'
        raise RunError(f"{folder}: there is no run here; {hint}") from None
    found = re.search(rb'"digest": "([0-9a-f]{64})"', text)
    blank = text.replace(found.group(1), _NO_DIGEST.encode(), 1) if found else b""
    if not found or hashlib.sha256(blank).hexdigest().encode() != found.group(1):
        raise RunError(f"{folder / 'run.json'}: this file is damaged or was edited; train again")
    record: dict[str, Any] = json.loads(text)
    missing = _KEYS - record.keys()
    if missing:
        raise RunError(
            f"{folder / 'run.json'}: not written by this version, for it lacks {listing(sorted(missing))}; train again"
        )
    return record


def read_config(folder: Path) -> Config:
    """Return the config of a run; its hash is checked by ``load`` only.

    Raises:
        ConfigError: it cannot be read.
    """
    return validate(Config, read_source(folder / "config.yaml"))


def resolve(path: Path | str) -> Path:
    """Return the folder that a name such as models/latest stands for, relative to the current folder where it is below it."""
    folder = Path(path)
    target = folder.parent / os.readlink(folder) if folder.is_symlink() else folder
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
        record = run.record | {"run": str(target), "created": now.isoformat(), "files": sums, "digest": _NO_DIGEST}
        text = json.dumps(record, indent=2, allow_nan=False)
        text = text.replace(f'"digest": "{_NO_DIGEST}"', f'"digest": "{hashlib.sha256(text.encode()).hexdigest()}"')
        (folder / "run.json").write_text(text, encoding="utf-8")
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
    path = folder / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunError(f"{path}: this file of the run cannot be read: {error.strerror}; train again") from None
    if _facts(content) != facts:
        raise RunError(f"{path}: this file is damaged or was edited: its SHA-256 is not the one in run.json; train again")
    return content
