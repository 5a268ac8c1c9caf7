"""JSON rows in, answers out: what the HTTP API says, without the HTTP. NumPy only."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import did_you_mean
from pipeline.machine.arrays import Floats
from pipeline.predict.score import RowScores, doubtful, score_rows
from pipeline.runs.saved import Scoring
from pipeline.serve.pushes import pushes

NOT_CLINICAL = "Not for clinical use: made to show and to teach, never validated on patients."
_TOLD = 100
_LONGEST = 80
_ABSENT = object()
_OF_ROW = "a row must be an object: the name of every feature with a number, or null for a missing value"
_NUMBER = "must be a finite number, or null for a missing value"


@dataclass(frozen=True)
class Limits:
    """What one request may ask for.

    Attributes:
        size: bytes of a body.
        rows: of a JSON body.
        explained: rows that the network must answer to explain those of a body; see ``pushes.cost``.
        seconds: until a body has arrived.
    """

    size: int = 10_000_000
    rows: int = 10_000
    explained: int = 16_000_000
    seconds: float = 30.0


class RequestError(Exception):
    """A request cannot be answered: the status, and what ``detail`` says; no value of the request is in it."""

    def __init__(self, status: int, detail: str | list[dict[str, Any]]) -> None:
        super().__init__(status)
        self.status = status
        self.detail = detail


def unprocessable(place: Sequence[str | int], text: str, kind: str) -> RequestError:
    """Return a refusal with one problem, in the shape of FastAPI's."""
    return RequestError(422, [problem(place, text, kind)])


def read_rows(body: bytes, features: Sequence[str], most: int) -> tuple[Floats, bool]:
    """Return the (R, F) values of a JSON body, NaN where it says null, and whether it is an array of rows.

    Args:
        body: a row, or an array of 1 to ``most`` rows.
        features: the keys of a row.
        most: rows.

    Raises:
        RequestError: with up to 100 problems, each naming row and field.
    """
    content = _parse(body)
    several = isinstance(content, list)
    rows = content if several else [content]
    if not 0 < len(rows) <= most:
        hint = "; POST /predict.csv takes more" if rows else ""
        raise unprocessable(
            ("body",), f"must hold 1 to {most:,} rows; got {len(rows):,}{hint}", "too_long" if rows else "too_short"
        )
    problems: list[dict[str, Any]] = []
    values = []
    for number, row in enumerate(rows):
        values.append(_values(row, features, ("body", number) if several else ("body",), problems))
        if len(problems) >= _TOLD:
            break
    if problems:
        raise RequestError(422, problems[:_TOLD])
    return np.array(values, dtype=np.float64), several


def answers(run: Scoring, values: Floats, explain: bool) -> list[dict[str, Any]]:
    """Return what the API answers to (R, F) values, row by row; a figure that is not finite is None."""
    classes = tuple(run.config.data.codes)
    with np.errstate(all="ignore"):  # values near 1e300 overflow, and the answer tells
        scores = score_rows(run, values)
        told = _pushes(run, values) if explain else []
    rows = zip(scores.answers.tolist(), _finite(scores.output), _finite(scores.probabilities), _notes(run, scores), strict=True)
    found = [
        {
            "class": classes[answer] if answer >= 0 else None,
            "output": output,
            "probabilities": dict(zip(classes, chances, strict=True)),
            "notes": notes,
        }
        for answer, output, chances, notes in rows
    ]
    return [each | {"pushes": pushed} for each, pushed in zip(found, told, strict=True)] if explain else found


def _notes(run: Scoring, scores: RowScores) -> list[list[str]]:
    """Return each row's doubts; equal rows share them."""
    doubts = scores.missing | scores.implausible | scores.unseen
    found: list[list[str]] = [[] for _ in doubts]
    if not doubts.any():
        return found
    flags = np.stack([scores.missing, scores.implausible, scores.unseen], axis=1)
    known: dict[bytes, list[str]] = {}
    for row in np.flatnonzero(doubts.any(axis=1)).tolist():
        key = flags[row].tobytes()
        if key not in known:
            known[key] = doubtful(run, *flags[row])
        found[row] = known[key]
    return found


def _pushes(run: Scoring, values: Floats) -> list[dict[str, Any]]:
    told, names = pushes(run, values), run.model.preprocessor.features
    reference = dict(zip(names, _finite(told.reference), strict=True))
    output = _finite(told.reference_output)
    return [
        {"reference": reference, "reference_output": output, "features": dict(zip(names, each, strict=True))}
        for each in _finite(told.pushes)
    ]


def about(run: Scoring) -> dict[str, Any]:
    """Return what the API tells about the model."""
    record, steps, network, section = run.record, run.model.preprocessor, run.model.network, run.config.data
    fills, seen = _finite(steps.fill), _finite(steps.seen.T)
    return {
        "run": record.run,
        "created": record.created,
        "intended": NOT_CLINICAL,
        "card": run.config.card.model_dump(),
        "features": {
            name: feature.model_dump() | {"seen": ends, "fill": fill}
            for (name, feature), ends, fill in zip(section.features.items(), seen, fills, strict=True)
        },
        "classes": section.codes,
        "network": {
            "layers": network.sizes,
            "slopes": network.slopes,
            "output": run.config.network.output,
            "parameters": len(network.weights),
        },
        "verdict": record.verdict,
        "accuracy": record.accuracy.to_json(),
        "findings": [finding.model_dump(include={"code", "level", "message"}) for finding in record.findings],
    }


def encode(value: Any) -> bytes:
    """Return a value as JSON; ASCII only, for a name may hold half a surrogate pair."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")


def _parse(body: bytes) -> Any:
    """Return the JSON value of a body; NaN and Infinity, which are no JSON, become texts, and are refused where they stand."""
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=str)
    except json.JSONDecodeError as error:
        text = f"must be JSON; at line {error.lineno}, column {error.colno} it is not"
    except UnicodeDecodeError:
        text = "must be JSON in UTF-8"
    except RecursionError:
        text = "must be a row or an array of rows; it is nested too deep"
    except ValueError:  # an integer of thousands of digits
        text = "must hold numbers of fewer digits"
    raise unprocessable(("body",), text, "json_invalid") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's pairs as a dictionary; a name that stands twice has no one value."""
    row = dict(pairs)
    if len(row) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise unprocessable(("body", twice), "stands twice in one row", "duplicate")
    return row


def _values(row: Any, features: Sequence[str], place: tuple[str | int, ...], problems: list[dict[str, Any]]) -> list[float]:
    """Return a row's values in the order of the features; note what is wrong with it."""
    if not isinstance(row, dict):
        problems.append(problem(place, _OF_ROW, "dict_type"))
        return []
    values = []
    for name in features:
        value = row.get(name, _ABSENT)
        if value is None:
            values.append(np.nan)
        elif type(value) in (int, float) and abs(value) <= sys.float_info.max:  # type(), for True is an int too
            values.append(float(value))
        elif value is _ABSENT:
            problems.append(problem((*place, name), "is missing; null stands for a missing value", "missing"))
        else:
            problems.append(problem((*place, name), _NUMBER, "finite_number"))
    if len(row) > len(features) or problems:
        for name in row:
            if name not in features:
                hint = did_you_mean(name[:_LONGEST], features)
                problems.append(problem((*place, name), f"is no feature of this model{hint}", "extra_forbidden"))
    return values


def problem(place: Sequence[str | int], text: str, kind: str) -> dict[str, Any]:
    """Return one item of ``detail``: where it is, what is required there, and a word for programs."""
    short = [each[:_LONGEST] if isinstance(each, str) else each for each in place]
    return {"loc": short, "msg": text, "type": kind}


def _finite(values: NDArray[Any]) -> Any:
    """Return an array as nested lists, with None for what is not finite."""
    known = np.isfinite(values)
    if not known.all():
        values = values.astype(object)
        values[~known] = None
    return values.tolist()
