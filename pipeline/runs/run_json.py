"""The record of a run, run.json: what it must hold, and the digest of its own text."""

import hashlib
import json
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_NO_DIGEST = "0" * 64
Name = Literal["config.yaml", "network.keras", "preprocessor.joblib", "weights.npz"]
RUN_FILES: tuple[Name, ...] = ("config.yaml", "network.keras", "preprocessor.joblib", "weights.npz")
"""The files of a run besides its record."""
READ = frozenset(("config.yaml", "weights.npz"))
"""Those that commands read; the others are for other programs."""
_Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
_Share = Annotated[float, Field(ge=0, le=1)] | None
_Interval = Annotated[list[_Share], Field(min_length=2, max_length=2)] | None


class _Part(BaseModel):
    model_config = ConfigDict(strict=True)


class _Facts(_Part):
    model_config = ConfigDict(extra="forbid")

    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Origin(_Part):
    path: _Text
    settings: list[_Text]
    data: _Text | None


class _Data(_Part):
    path: _Text
    sha256: str
    rows: Annotated[int, Field(ge=1, lt=2**63)]


class _Accuracy(_Part):
    train: _Share
    test: _Share
    test_interval: _Interval
    unseen_profiles: _Share
    unseen_interval: _Interval


class _Finding(_Part):
    code: str
    level: str
    message: str
    accepted: bool


class _Network(_Part):
    layers: list[int]


class _Seeds(_Part):
    split: int
    training: int


class _Record(_Part):
    """What commands use of run.json; it holds more."""

    run: str
    created: str
    config: _Origin
    data: _Data
    network: _Network
    verdict: list[str]
    accuracy: _Accuracy
    findings: list[_Finding]
    seconds: dict[str, float]
    sound: bool
    seeds: _Seeds
    versions: dict[str, str]
    files: Annotated[dict[Name, _Facts], Field(min_length=len(RUN_FILES))]
    baselines: Any
    comparison: Any
    unseen: Any


def seal(record: dict[str, Any]) -> str:
    """Return the record as text with a digest of the text in it."""
    text = json.dumps(record | {"digest": _NO_DIGEST}, indent=2, allow_nan=False)
    return text.replace(f'"digest": "{_NO_DIGEST}"', f'"digest": "{hashlib.sha256(text.encode()).hexdigest()}"')


def unseal(content: bytes) -> dict[str, Any]:
    """Return the record of a text that ``seal`` made.

    Raises:
        ValueError: it was changed, or is not the record of this version.
    """
    found = re.search(rb'"digest": "([0-9a-f]{64})"', content)
    blank = content.replace(found.group(1), _NO_DIGEST.encode(), 1) if found else b""
    if not found or hashlib.sha256(blank).hexdigest().encode() != found.group(1):
        raise ValueError("this file is damaged or was edited")
    try:
        record: dict[str, Any] = json.loads(content)
        json.dumps(record, ensure_ascii=False, allow_nan=False).encode()  # as it must be printed again
        _Record.model_validate(record)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f'not written by this version, for "{place}" is wrong: {first["msg"]}') from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not written by this version: {error}") from None
    return record
