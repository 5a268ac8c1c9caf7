"""Write a run into models/: it appears whole or not at all, and no run is ever overwritten."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import RunError
from pipeline.machine.files import flush, hidden_beside, sweep, whole
from pipeline.runs.place import LATEST, MODELS, REPORT, fingerprint, run_label
from pipeline.runs.run_json import FileFacts, seal
from pipeline.runs.saved import Run
from pipeline.runs.weights import to_arrays


def prepare_models() -> None:
    """Make sure that runs can be saved, before anything is trained, and delete what killed processes left behind.

    Raises:
        RunError: the folder cannot be made or written.
    """
    try:
        MODELS.mkdir(exist_ok=True)
        probe = hidden_beside(MODELS / "probe")
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        raise _unsaved(error) from None
    sweep(MODELS)


def save_run(run: Run, name: str, pipeline: Any, keras_model: Any) -> Path:
    """Write a run, point ``models/latest`` to it, and return its folder; it appears whole or not at all.

    Folder, time and files of the record are filled in here. ``name`` is the config's, ``pipeline`` the fitted scikit-learn
    preprocessing, and ``keras_model`` has the run's weights.

    Raises:
        RunError: the folder cannot be written.
    """
    import joblib

    folder = hidden_beside(MODELS / run_label(name))
    try:
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(run.config.to_yaml(), encoding="utf-8")
        np.savez(folder / "weights.npz", **to_arrays(run.model, run.trained, run.split, run.yardsticks))
        keras_model.save(folder / "network.keras")
        joblib.dump(pipeline, folder / "preprocessor.joblib")
        target = _publish(folder, run, run_label(name))
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


def remove_runs(folders: Iterable[Path]) -> None:
    """Delete runs; each is renamed first, so that it vanishes whole.

    Raises:
        RunError: the first that cannot be deleted; those after it stay.
    """
    for folder in folders:
        hidden = hidden_beside(MODELS / folder.name)
        try:
            folder.rename(hidden)
            shutil.rmtree(hidden)
        except OSError as error:
            raise RunError(f"{folder}: cannot be removed: {error.strerror or error}") from None


def _publish(folder: Path, run: Run, name: str) -> Path:
    """Complete the record, write it, and rename the folder to its final name, one that no run has."""
    files = {}
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        files[path.name] = FileFacts(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    short = fingerprint(run.config.to_yaml(), run.record.data.sha256)
    while True:
        now = datetime.now(UTC)
        target = MODELS / f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}Z-{name}-{short}"
        record = run.record.model_copy(update={"run": str(target), "created": now.isoformat(), "files": files})
        (folder / "run.json").write_text(seal(record.to_json()), encoding="utf-8")
        for path in [*folder.iterdir(), folder]:
            flush(path)  # all is on disk before the rename makes it a run
        if not target.exists():
            try:
                folder.rename(target)  # fails if another process was quicker, for that folder is not empty
                return target
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise


def _point_latest(target: Path) -> None:
    """Let models/latest point to the run, unless a newer one was finished meanwhile."""
    link = hidden_beside(LATEST)
    try:
        if LATEST.is_symlink() and os.readlink(LATEST) > target.name and LATEST.exists():
            return
        link.symlink_to(target.name)
        link.replace(LATEST)
    except OSError as error:
        link.unlink(missing_ok=True)
        raise RunError(f"{target} is saved, but {LATEST} cannot point to it: {error.strerror}; remove {LATEST}") from None
