"""The only reader and writer of models/<run>/."""

import hashlib
import io
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config import Config
from pipeline.config_file import read_source, validate
from pipeline.data.preprocess import Preprocessor
from pipeline.data.split import Split
from pipeline.errors import ConfigError, RunError
from pipeline.model import Model
from pipeline.network.decode import Coding
from pipeline.network.layers import Network
from pipeline.network.train import Trained
from pipeline.yaml_source import read_yaml

MODELS = Path("models")
LATEST = MODELS / "latest"
_UNFINISHED = ".unfinished-"
_NO_DIGEST = "0" * 64


@dataclass(frozen=True)
class Run:
    """A run as it is kept.

    Attributes:
        config: resolved and complete.
        model: the chosen network with its preprocessing.
        trained: every start.
        split: which rows were for what.
        record: what run.json holds.

    """

    config: Config
    model: Model
    trained: Trained
    split: Split
    record: dict[str, Any]


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

    try:
        MODELS.mkdir(exist_ok=True)
        _sweep()
        folder = MODELS / f"{_UNFINISHED}{os.getpid()}-{time.time_ns()}"
        folder.mkdir()
        try:
            (folder / "config.yaml").write_text(run.config.to_yaml(), encoding="utf-8")
            np.savez(folder / "weights.npz", **_arrays(run))
            keras_model.save(folder / "network.keras")
            joblib.dump(pipeline, folder / "preprocessor.joblib")
            return _publish(folder, run, _label(name))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except OSError as error:
        raise RunError(
            f"{MODELS}: the run cannot be saved: {error.strerror or error}; free space or permissions are needed there"
        ) from None


def load(path: Path | str) -> Run:
    """Read a run, after its files are shown to be those that were written.

    Raises:
        RunError: no run there, or a file is missing or damaged.

    """
    folder = Path(path)
    record = read_record(folder)
    contents = {name: _read(folder, name, facts) for name, facts in record["files"].items()}
    try:
        config = validate(Config, read_yaml(contents["config.yaml"].decode(), str(folder / "config.yaml")))
        with np.load(io.BytesIO(contents["weights.npz"]), allow_pickle=False) as file:
            arrays = dict(file)
        return _run(config, arrays, record)
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
    """Delete a run; it is renamed first, so that it vanishes whole."""
    hidden = MODELS / f"{_UNFINISHED}{os.getpid()}-{folder.name}"
    folder.rename(hidden)
    shutil.rmtree(hidden)


_RUN_NAME = re.compile(r"^\d{8}T\d{6}\.\d{3}Z-.+-[0-9a-f]{8}$")


def _label(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-.") or "config"


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
            except FileExistsError:
                continue
            except OSError as error:
                if error.errno != 39:  # ENOTEMPTY, which Python has no exception of its own for
                    raise
                continue
            _point_latest(target)
            return target


def _point_latest(target: Path) -> None:
    link = MODELS / f"{_UNFINISHED}{os.getpid()}-latest"
    link.unlink(missing_ok=True)
    link.symlink_to(target.name)
    link.replace(LATEST)


def _sweep() -> None:
    """Delete what killed processes left behind more than an hour ago."""
    for each in MODELS.glob(f"{_UNFINISHED}*"):
        if time.time() - each.lstat().st_mtime > 3600:
            shutil.rmtree(each, ignore_errors=True) if each.is_dir() and not each.is_symlink() else each.unlink(missing_ok=True)


def _flush(folder: Path) -> None:
    """Have everything on disk before the rename makes it a run."""
    for each in [*folder.iterdir(), folder]:
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


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


def _arrays(run: Run) -> dict[str, Any]:
    """Return the run as named plain arrays, text as fixed-width unicode."""
    preprocessor, network, coding, trained = run.model.preprocessor, run.model.network, run.model.coding, run.trained
    arrays = {
        "sizes": network.sizes,
        "slopes": network.slopes,
        "softmax": network.softmax,
        "weights": trained.weights,
        "initial": trained.initial,
        "loss_curves": trained.loss_curves,
        "final_loss": trained.final_loss,
        "chosen": trained.chosen,
        "classes": coding.classes,
        "codes": coding.codes,
        "features": preprocessor.features,
        "lowest": preprocessor.lowest,
        "highest": preprocessor.highest,
        "fill": preprocessor.fill,
        "center": preprocessor.center,
        "scale": preprocessor.scale,
        "mean": preprocessor.mean,
        "components": preprocessor.components,
        "train_rows": run.split.train,
        "test_rows": run.split.test,
    }
    return {name: np.asarray(value) for name, value in arrays.items() if value is not None}


def _run(config: Config, arrays: dict[str, Any], record: dict[str, Any]) -> Run:
    def text(name: str) -> tuple[str, ...]:
        return tuple(arrays[name].tolist())

    chosen = int(arrays["chosen"])
    trained = Trained(arrays["weights"], arrays["initial"], arrays["loss_curves"], arrays["final_loss"], chosen)
    softmax = bool(arrays["softmax"])
    network = Network(tuple(arrays["sizes"].tolist()), tuple(arrays["slopes"].tolist()), softmax, trained.weights[chosen])
    steps: dict[str, Any] = {
        name: arrays.get(name) for name in ("lowest", "highest", "fill", "center", "scale", "mean", "components")
    }
    preprocessor = Preprocessor(text("features"), **steps)
    model = Model(preprocessor, network, Coding(text("classes"), tuple(arrays["codes"].tolist()), softmax))
    return Run(config, model, trained, Split(arrays["train_rows"], arrays["test_rows"]), record)
