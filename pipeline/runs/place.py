"""Where runs are: models/<run>/, and models/latest, the newest of them."""

import hashlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import RunError

MODELS = Path("models")
LATEST = MODELS / "latest"
REPORT = "report.html"
_RUN_NAME = re.compile(r"^(\d{8}T\d{6})\.\d{3}Z-(.+)-([0-9a-f]{8})$")


class RunName(NamedTuple):
    """The parts of a run's name: when it was saved, the label of its config file, and the fingerprint of config and data."""

    time: datetime
    label: str
    fingerprint: str


def run_name(folder: Path) -> RunName | None:
    """Return the parts of a folder's name; None for a folder that no training named."""
    parts = _RUN_NAME.match(folder.name)
    return RunName(datetime.strptime(parts[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC), parts[2], parts[3]) if parts else None


def fingerprint(config: str, data: str) -> str:
    """Return eight characters that stand for a config, as its complete YAML, and for data, as their SHA-256."""
    return hashlib.sha256(config.encode() + data.encode()).hexdigest()[:8]


def resolve_run(path: Path | str) -> Path:
    """Return the folder that a name such as models/latest stands for, relative to the current folder where it is below it.

    Raises:
        RunError: ``latest`` is a link to somewhere else than a run beside it, so that no command of ours made it.
    """
    folder = named_run(path)
    target = folder.parent / os.readlink(folder) if folder.is_symlink() else folder
    if folder.name == LATEST.name and target != folder and not _RUN_NAME.match(os.readlink(folder)):
        raise RunError(f"{folder}: must be a link to a run beside it; it leads to {os.readlink(folder)}; remove it or name a run")
    return Path(os.path.relpath(target)) if Path.cwd() in Path(os.path.abspath(target)).parents else target


def named_run(path: Path | str) -> Path:
    """Return the folder that somebody means by a path, or by the name alone of a run in models/, or by its last eight characters.

    Runs that share these have one config and the same data; the newest is meant.
    """
    folder = Path(path)
    if len(folder.parts) != 1 or folder.exists():
        return folder
    alike = [run for run in run_folders() if run.name.endswith(f"-{folder}")]
    return MODELS / folder if (MODELS / folder).is_dir() else alike[-1] if alike else folder


def run_folders() -> Iterator[Path]:
    """Yield every complete run, oldest first."""
    if MODELS.is_dir():
        yield from (path for path in sorted(MODELS.iterdir()) if _RUN_NAME.match(path.name) and (path / "run.json").is_file())


def run_label(name: str) -> str:
    """Return a name as a part of a folder's name."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-.")[:80] or "config"
