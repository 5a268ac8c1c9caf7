"""What the HTTP API takes and gives: pydantic models, which check what is asked and which /openapi.json is made of."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import HTTPException, Request
from pydantic import BaseModel, Field

from pipeline.machine.arrays import Floats
from pipeline.predict.score import RowScores, doubtful, met_categories, possible_names, score_rows
from pipeline.runs.saved import Scoring
from pipeline.serve.pushes import pushes

NOT_CLINICAL = "Not for clinical use: made to show and to teach, never validated on patients."
LONGEST_NAME = 80
"""Characters of a name in an answer."""
Number = float | None  # null for a missing value, and for a figure that is not finite


class Problem(BaseModel):
    """One thing that is wrong: its place, what is required there, and a word for programs; never a value."""

    loc: list[str | int]
    msg: str
    type: str


class Refusal(BaseModel):
    """Why a request is refused; with status 422 every problem, up to 100."""

    detail: str | list[Problem]


class Explanation(BaseModel):
    """How far each value moves the outputs away from those at the reference (Shapley values)."""

    reference: dict[str, float | str | None]
    reference_output: list[Number]
    features: dict[str, list[Number]]


class Answer(BaseModel):
    """What the network says of a row."""

    predicted: Annotated[str | None, Field(alias="class", description="null where the output is no number")]
    output: Annotated[list[Number], Field(description="of the network: one code, or one number a class")]
    probabilities: dict[str, Number]
    possible: Annotated[
        list[str], Field(description="classes that cannot be excluded for rows like the training rows; all where class is null")
    ]
    notes: Annotated[list[str], Field(description="what is doubtful about the row")]
    pushes: Annotated[Explanation | None, Field(description="only with explain=true")] = None


def about(run: Scoring) -> dict[str, Any]:
    """Return what the API tells about the model."""
    record, steps, network, section = run.record, run.model.preprocessor, run.model.network, run.config.data
    shape = {"layers": network.sizes, "slopes": network.slopes, "output": run.config.network.output}
    columns = zip(section.features.items(), steps.seen.T.tolist(), steps.fill, strict=True)
    return {
        "run": record.run,
        "created": record.created,
        "intended": NOT_CLINICAL,
        "card": run.config.card,
        "features": {name: feature.model_dump() | _learnt(run, name, seen, fill) for (name, feature), seen, fill in columns},
        "classes": section.codes,
        "network": shape | {"parameters": len(network.weights)},
        "verdict": record.verdict,
        "accuracy": record.accuracy.to_json(),
        "findings": [{"code": own.code, "level": own.level, "message": own.message} for own in record.findings],
    }


def _learnt(run: Scoring, name: str, seen: list[float], fill: float) -> dict[str, Any]:
    """Return what the training rows say of a feature, that of a category as text."""
    feature = run.config.data.features[name]
    if feature.categories is None:
        return {"seen": seen, "fill": float(fill)}
    return {"seen": met_categories(run, name), "fill": feature.worded(fill)}


def answers(run: Scoring, values: Floats, explain: bool) -> list[dict[str, Any]]:
    """Return an ``Answer`` to each row of (R, F) values; ``pushes`` are there only to explain them."""
    classes = tuple(run.config.data.codes)
    with np.errstate(all="ignore"):  # values near 1e300 overflow, and the answer tells
        scores = score_rows(run, values)
        further = _explained(run, values) if explain else [{}] * len(values)
    said = (scores.answers, scores.output.tolist(), scores.probabilities.tolist(), scores.possible, _notes(run, scores), further)
    return [
        {
            "class": classes[answer] if answer >= 0 else None,
            "output": output,
            "probabilities": dict(zip(classes, shares, strict=True)),
            "possible": possible_names(classes, possible),
            "notes": notes,
            **pushed,
        }
        for answer, output, shares, possible, notes, pushed in zip(*said, strict=True)
    ]


def _notes(run: Scoring, scores: RowScores) -> list[list[str]]:
    """Return each row's doubts; equal rows share them."""
    flags = np.array([scores.missing, scores.implausible, scores.unseen]).swapaxes(0, 1)
    keys = [row.tobytes() for row in flags]
    notes = {key: doubtful(run, *row) if any(key) else [] for key, row in dict(zip(keys, flags, strict=True)).items()}
    return [notes[key] for key in keys]


def _explained(run: Scoring, values: Floats) -> list[dict[str, Any]]:
    """Return the ``Explanation`` of each row as ``pushes``."""
    moved, names = pushes(run, values), run.model.preprocessor.features
    texts = run.config.data.categories()
    named = zip(run.config.data.features.items(), moved.reference.tolist(), strict=True)
    reference = {name: feature.worded(value) if name in texts else value for (name, feature), value in named}
    output = moved.reference_output.tolist()
    features = [dict(zip(names, row, strict=True)) for row in moved.pushes.tolist()]
    return [{"pushes": {"reference": reference, "reference_output": output, "features": row}} for row in features]


def unprocessable(place: Sequence[str | int], text: str, kind: str) -> HTTPException:
    """Return the refusal of a request for one problem; see ``Problem``."""
    return HTTPException(422, [problem(place, text, kind)])


def content_type(request: Request, *kinds: str) -> str:
    """Return the type of a request's body, which must be one of ``kinds``, or refuse it with 415."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in kinds:
        raise HTTPException(415, f"the Content-Type must be {' or '.join(kinds)}")
    return kind


def problem(place: Sequence[str | int], text: str, kind: str) -> dict[str, Any]:
    """Return a ``Problem``."""
    return {"loc": [part[:LONGEST_NAME] if isinstance(part, str) else part for part in place], "msg": text, "type": kind}
