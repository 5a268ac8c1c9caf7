"""The record of a run, run.json: its summary, where it came from, its files, and the digest of its own text."""

import hashlib
import json
import platform
import re
from importlib.metadata import version
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from pipeline import __version__
from pipeline.config.schema import Config
from pipeline.runs.parts import Part
from pipeline.runs.summary import Origin, Summary

_NO_DIGEST = "0" * 64
Name = Literal["config.yaml", "network.keras", "preprocessor.joblib", "weights.npz"]
RUN_FILES: tuple[Name, ...] = ("config.yaml", "network.keras", "preprocessor.joblib", "weights.npz")
"""The files of a run besides its record."""
READ = frozenset(("config.yaml", "weights.npz"))
"""Those that commands read; the others are for other programs."""
_PACKAGES = ("numpy", "pandas", "pyarrow", "scikit-learn", "tensorflow", "keras", "joblib", "pydantic")


class FileFacts(Part):
    """Size and hash of a file of the run."""

    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Record(Summary):
    """What run.json holds: the summary, and where it came from."""

    run: str
    config: Origin
    seeds: Annotated[dict[Literal["split", "training"], int], Field(min_length=2)]
    versions: dict[str, str]
    created: str
    files: Annotated[dict[Name, FileFacts], Field(min_length=len(RUN_FILES))]
    digest: str


def unsaved_record(summary: Summary, config: Config, origin: Origin) -> Record:
    """Return the record of a run that is not saved; folder, time and digests are empty."""
    versions = {"pipeline": __version__, "python": platform.python_version()} | {name: version(name) for name in _PACKAGES}
    provenance = {"config": origin, "seeds": {"split": config.split.seed, "training": config.training.seed}, "versions": versions}
    files = dict.fromkeys(RUN_FILES, FileFacts(bytes=0, sha256=_NO_DIGEST))
    return Record.model_validate(dict(summary) | provenance | {"run": "", "created": "", "files": files, "digest": _NO_DIGEST})


def seal(record: dict[str, Any]) -> str:
    """Return a record as text with a digest of the text in it."""
    text = json.dumps(record | {"digest": _NO_DIGEST}, indent=2, allow_nan=False)
    return text.replace(f'"digest": "{_NO_DIGEST}"', f'"digest": "{hashlib.sha256(text.encode()).hexdigest()}"')


def unseal(content: bytes) -> Record:
    """Return the record of a text that ``seal`` made.

    Raises:
        ValueError: it was changed, or is not the record of this version.
    """
    digest = re.search(rb'"digest": "([0-9a-f]{64})"', content)
    blank = content.replace(digest.group(1), _NO_DIGEST.encode(), 1) if digest else b""
    if not digest or hashlib.sha256(blank).hexdigest().encode() != digest.group(1):
        raise ValueError("this file is damaged or was edited")
    try:
        record = Record.model_validate_json(content, strict=True)
        json.dumps(record.to_json(), ensure_ascii=False, allow_nan=False).encode()  # as it must be printed again
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = f', for "{".".join(map(str, first["loc"]))}" is wrong' if first["loc"] else ""
        raise ValueError(f"not written by this version{place}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not written by this version: {error}") from None
    return record
