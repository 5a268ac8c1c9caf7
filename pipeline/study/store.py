"""The only reader and writer of studies/<name>/."""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.config.schema import Config
from pipeline.errors import RunError
from pipeline.machine.files import UNFINISHED, whole
from pipeline.runs.place import run_label
from pipeline.study.work import SCHEMA, versions

STUDIES = Path("studies")
NETWORKS = "networks.parquet"
_TIMES = "times.json"
_PAGE = "report.html"
_PARTS = "parts"


@dataclass(frozen=True)
class Store:
    """The folder of one study, held by this process; ``session`` tells its parts from those of earlier processes."""

    folder: Path
    session: str

    @property
    def finished(self) -> bool:
        """Whether every network is there."""
        return (self.folder / NETWORKS).exists()

    def done(self) -> set[int]:
        """Return the numbers of the tasks that are kept; a damaged part is deleted, one that cannot be read raises RunError."""
        numbers = set()
        for path in self._parts():
            try:
                schema = pq.read_table(path, page_checksum_verification=True).schema
                if not schema.equals(SCHEMA):
                    raise ValueError("other columns")
                _session(schema)
                numbers.add(int(path.stem))
            except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
                if getattr(error, "errno", None):
                    raise RunError(f"{path}: this part of the study cannot be read: {error}") from None
                path.unlink()
        return numbers

    def add(self, number: int, rows: pa.Table, elapsed: float) -> None:
        """Keep the rows of ``SCHEMA`` of a task; ``elapsed`` seconds ago this session began to train."""
        stamped = rows.replace_schema_metadata({"session": self.session, "elapsed": str(elapsed)})
        with _writing(self._part(number)) as hidden:
            pq.write_table(stamped, hidden, write_page_checksum=True)

    def join(self, count: int) -> None:
        """Write how long all tasks took, then networks.parquet from their parts, in their order and one at a time."""
        longest = dict(sorted(_session(pq.read_schema(path)) for path in self._parts()))  # the last of a session counts
        with _writing(self.folder / _TIMES) as hidden:
            hidden.write_text(json.dumps({"seconds": sum(longest.values())}), encoding="utf-8")
        with _writing(self.folder / NETWORKS) as hidden, pq.ParquetWriter(hidden, SCHEMA, write_page_checksum=True) as writer:
            for number in range(count):
                writer.write_table(pq.read_table(self._part(number)).replace_schema_metadata())

    def seconds(self) -> float | None:
        """Return how long the networks took to train, over all sessions; None where that was lost."""
        try:
            return float(json.loads((self.folder / _TIMES).read_text(encoding="utf-8"))["seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def networks(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Yield columns of networks.parquet task by task, so that memory does not grow; a damaged file raises RunError."""
        path, wanted = self.folder / NETWORKS, pa.schema([SCHEMA.field(name) for name in columns])
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                for number in range(file.num_row_groups):
                    yield file.read_row_group(number, columns=list(columns)).cast(wanted).to_pandas()
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            reason = str(error).splitlines()[0]
            raise RunError(f"{path}: this file is damaged: {reason}; delete it, and the study trains again") from None

    def save(self, record: dict[str, Any], config: Config, page: str | None) -> None:
        """Write study.json, config.yaml and the page, then drop the parts, which networks.parquet holds."""
        record_text = json.dumps(record, indent=2, allow_nan=False) + "\n"
        for name, text in {"config.yaml": config.to_yaml(), _PAGE: page, "study.json": record_text}.items():
            if text is not None:
                with _writing(self.folder / name) as hidden:
                    hidden.write_text(text, encoding="utf-8", newline="\n")
        if page is None:
            (self.folder / _PAGE).unlink(missing_ok=True)  # it would be of an earlier analysis
        for path in self._parts():
            path.unlink()

    def _parts(self) -> Iterator[Path]:
        return (self.folder / _PARTS).glob("[0-9]*.parquet")

    def _part(self, number: int) -> Path:
        return self.folder / _PARTS / f"{number:06d}.parquet"


@contextmanager
def opened(name: str, key: str) -> Iterator[Store]:
    """Make or find the folder of a study and hold it; RunError: it cannot be written, or another process holds it."""
    folder = STUDIES / f"{run_label(name)}-{key[:12]}"
    try:
        (folder / _PARTS).mkdir(parents=True, exist_ok=True)
        lock = os.fdopen(os.open(folder / ".lock", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666), "w")
    except OSError as error:
        raise _unsaved(folder, error) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunError(f"{folder}: another process is at this study; wait for it, or stop it first") from None
        for left in list(folder.rglob(f"{UNFINISHED}*")):
            with suppress(OSError):
                left.unlink()
        yield Store(folder, str(time.time_ns()))


def key_of(config: Config, sha256: str, together: int) -> str:
    """Return a hash of everything that decides the networks of a study and their tasks; reference and margin do not."""
    deciding = {
        "data": config.data.model_dump(mode="json", exclude={"path"}),
        "split": config.split.model_dump(mode="json"),
        "preprocess": config.preprocess.model_dump(mode="json", exclude={"scale"}),
        "hidden": config.network.hidden,
        "training": config.training.model_dump(mode="json"),
        "study": config.study.model_dump(mode="json", exclude={"reference", "margin"}),
        "profiles": config.evaluation.profile,
        "sha256": sha256,
        "together": together,
        "versions": versions(),
    }
    return hashlib.sha256(json.dumps(deciding).encode()).hexdigest()


def _session(schema: pa.Schema) -> tuple[bytes, float]:
    """Return the session of a part and the seconds into it."""
    return schema.metadata[b"session"], float(schema.metadata[b"elapsed"])


@contextmanager
def _writing(path: Path) -> Iterator[Path]:
    try:
        with whole(path) as hidden:
            yield hidden
    except OSError as error:
        raise _unsaved(path, error) from None


def _unsaved(path: Path, error: OSError) -> RunError:
    what = f"{path}: the study cannot be written: {error.strerror or error}"
    return RunError(f"{what}; make room or choose a folder that can be written, then run the same command again to go on")
