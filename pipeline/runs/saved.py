"""Read a saved run; every file is shown to be the one that was written before anything is taken from it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config.contradictions import contradictions
from pipeline.config.read import validate
from pipeline.config.schema import Config
from pipeline.config.yaml_text import read_yaml
from pipeline.errors import ConfigError, RunError
from pipeline.machine.files import regular
from pipeline.machine.started import started_by
from pipeline.model import Model
from pipeline.runs.npz import Arrays, read_arrays
from pipeline.runs.place import LATEST, named_run, resolve_run
from pipeline.runs.run_json import READ, RUN_FILES, FileFacts, Record, unseal
from pipeline.runs.weights import check_arrays, judged_of, model_of

if TYPE_CHECKING:  # scoring does without them
    from pipeline.data.split import Split
    from pipeline.judge.baselines import Yardsticks
    from pipeline.network.train import Trained

_MOST = dict.fromkeys(RUN_FILES, 2**32) | {"run.json": 2**24, "config.yaml": 2**22}
"""Bytes that a file has at most; NumPy's and Keras's may be large."""


UNSOUND = "this run is unsound: it ended with an error that was not accepted, so its answers mean nothing"


@dataclass(frozen=True)
class Scoring:
    """What scoring needs of a run: the complete config, the chosen network with its preprocessing, and run.json."""

    config: Config
    model: Model
    record: Record


@dataclass(frozen=True)
class Run(Scoring):
    """A run as it is kept: besides, every start, the split, and what only a training can tell."""

    trained: Trained
    split: Split
    yardsticks: Yardsticks


def load_run(path: Path | str) -> Run:
    """Read a run, after its files are shown to be those that were written.

    Raises:
        RunError: no run there, or a file is missing or damaged.
    """
    with _opened(path) as (config, arrays, record):
        return Run(config, model_of(arrays), record, *judged_of(arrays))


def load_scoring(path: Path | str) -> Scoring:
    """Read what scoring needs of a run: config.yaml, run.json, weights.npz; other files may be gone. Errors as in ``load_run``.

    It imports nothing but NumPy and what reads the config.
    """
    with _opened(path, scoring=True) as (config, arrays, record):
        return Scoring(config, model_of(arrays), record)


@contextmanager
def _opened(path: Path | str, scoring: bool = False) -> Iterator[tuple[Config, Arrays, Record]]:
    """Give config, arrays and record of a run, all of them checked, whoever wrote them; scoring does without the other files."""
    folder = named_run(path)
    record = read_record(folder)
    there = [name for name in RUN_FILES if name in READ or not scoring or os.path.lexists(folder / name)]
    contents = {name: _read(folder, name, record.files[name]) for name in there}
    try:
        place = folder / "config.yaml"
        source = read_yaml(contents["config.yaml"].decode(), str(place))
        config = validate(Config, source, lambda config: () if scoring else contradictions(config.written()))
        place = folder / "weights.npz"
        arrays = read_arrays(contents["weights.npz"])
        check_arrays(arrays, config, record.data.rows)
        yield config, arrays, record
    except ConfigError as error:
        raise RunError(f"{error.problems[0]}; this run was not written by this version; train again") from None
    except (KeyError, ValueError) as error:
        reason = f"the array {error} is missing" if isinstance(error, KeyError) else error
        raise RunError(f"{place}: this run was not written by this version: {reason}; train again") from None


def read_record(folder: Path) -> Record:
    """Return what run.json holds, after its digest is checked; the other files are not read.

    Raises:
        RunError: no run there, or run.json is damaged.
    """
    resolve_run(folder)
    path = folder / "run.json"
    try:
        with regular(path, _MOST["run.json"]) as file:
            return unseal(file.read())
    except (FileNotFoundError, NotADirectoryError):
        hint = "train first" if folder == LATEST else f'"{started_by()} runs" lists the runs'
        raise RunError(f"{folder}: there is no run here; {hint}") from None
    except OSError as error:
        raise RunError(f"{path}: this file of the run cannot be read: {error.strerror}; train again") from None
    except ValueError as error:
        raise RunError(f"{path}: {error}; train again") from None


def read_config(folder: Path) -> Config:
    """Return the config of a run; its hash is checked by ``load_run`` only.

    Raises:
        ConfigError: it cannot be read.
    """
    path = folder / "config.yaml"
    try:
        with regular(path, _MOST["config.yaml"]) as file:
            return validate(Config, read_yaml(file.read().decode(), str(path)))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: this file of the run cannot be read: {getattr(error, 'strerror', error)}") from None


def _read(folder: Path, name: str, facts: FileFacts) -> bytes:
    """Return the content of a file after its size and hash are compared; it is empty for what no command reads."""
    path = folder / name
    try:
        with regular(path, _MOST[name]) as file:
            same = os.fstat(file.fileno()).st_size == facts.bytes
            content = file.read(facts.bytes + 1) if same and name in READ else b""
            digest = hashlib.sha256(content) if content else hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise RunError(f"{path}: this file of the run cannot be read: {error.strerror}; train again") from None
    if not same or digest.hexdigest() != facts.sha256:
        raise RunError(f"{path}: this file is damaged or was edited: its SHA-256 is not the one in run.json; train again")
    return content
