"""What the HTTP API takes and gives: pydantic models, which check what is asked and which /openapi.json is made of."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from pipeline.errors import did_you_mean
from pipeline.machine.arrays import Floats
from pipeline.predict.score import RowScores, doubtful, possible_names, score_rows
from pipeline.runs.saved import Scoring
from pipeline.serve.pushes import pushes

NOT_CLINICAL = "Not for clinical use: made to show and to teach, never validated on patients."
_MOST_PROBLEMS = 100
_LONGEST_NAME = 80
_FINITE = "must be a finite number, or null for a missing value"
# what a row must be, by pydantic's word for what is wrong with it
_REQUIRED = {
    "missing": "is missing; null stands for a missing value",
    "float_type": _FINITE,
    "finite_number": _FINITE,
    "extra_forbidden": "is no feature of this model",
    "model_type": "a row must be an object: the name of every feature with a number, or null for a missing value",
}
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

    reference: dict[str, Number]
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
    columns = zip(section.features.items(), steps.seen.T.tolist(), steps.fill.tolist(), strict=True)
    return {
        "run": record.run,
        "created": record.created,
        "intended": NOT_CLINICAL,
        "card": run.config.card,
        "features": {name: feature.model_dump() | {"seen": seen, "fill": fill} for (name, feature), seen, fill in columns},
        "classes": section.codes,
        "network": shape | {"parameters": len(network.weights)},
        "verdict": record.verdict,
        "accuracy": record.accuracy.to_json(),
        "findings": [finding.model_dump(include={"code", "level", "message"}) for finding in record.findings],
    }


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
    reference, output = dict(zip(names, moved.reference.tolist(), strict=True)), moved.reference_output.tolist()
    features = [dict(zip(names, row, strict=True)) for row in moved.pushes.tolist()]
    return [{"pushes": {"reference": reference, "reference_output": output, "features": row}} for row in features]


class JsonRows:
    """The rows of a request, as ``schema`` says: one, every feature a key and nothing else, or an array of 1 to ``most``."""

    def __init__(self, run: Scoring, most: int) -> None:
        seen, largest, fields = run.model.preprocessor.seen.T, sys.float_info.max, {}
        for place, (name, feature) in enumerate(run.config.data.features.items()):
            unit = f"in {feature.unit}; " if feature.unit else ""
            plausible = "plausible from {:g} to {:g}; ".format(*feature.range) if feature.range else ""
            text = f"{unit}{plausible}from {seen[place, 0]:g} to {seen[place, 1]:g} in training; null where it is missing"
            number = Field(alias=name, allow_inf_nan=False, ge=-largest, le=largest, description=text)
            fields[f"value_{place}"] = (Number, number)
        row: Any = create_model("Row", __config__=ConfigDict(extra="forbid", strict=True), **fields)  # type: ignore[call-overload]
        self._features, self._most = tuple(run.config.data.features), most
        self._adapter = TypeAdapter(Annotated[list[row], Field(min_length=1, max_length=most)])
        schema = row.model_json_schema()
        self.schema = {"oneOf": [schema, {"type": "array", "items": schema, "minItems": 1, "maxItems": most}]}

    def read(self, body: bytes) -> tuple[Floats, bool]:
        """Return the (R, F) values of a JSON body, NaN where it says null, and whether it is an array, or refuse with 422."""
        try:
            content = json.loads(body.decode(), object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            raise unprocessable(("body",), f"must be JSON in UTF-8: {error}", "json_invalid") from None
        several = isinstance(content, list)
        try:
            rows = self._adapter.validate_python(content if several else [content])
        except ValidationError as error:
            problems = error.errors(include_url=False, include_context=False, include_input=False)[:_MOST_PROBLEMS]
            raise HTTPException(422, [self._problem(p["loc"][not several :], p["type"], p["msg"]) for p in problems]) from None
        return np.array([list(vars(row).values()) for row in rows], dtype=np.float64), several

    def _problem(self, place: tuple[str | int, ...], kind: str, text: str) -> dict[str, Any]:
        text = _REQUIRED.get(kind, text)
        if kind in ("too_short", "too_long"):
            text = f"must hold 1 to {self._most:,} rows; POST /predict.csv takes more"
        if kind == "extra_forbidden":
            text += did_you_mean(str(place[-1])[:_LONGEST_NAME], self._features)
        return _problem(("body", *place), text, kind)


def unprocessable(place: Sequence[str | int], text: str, kind: str) -> HTTPException:
    """Return the refusal of a request for one problem; see ``Problem``."""
    return HTTPException(422, [_problem(place, text, kind)])


def content_type(request: Request, *kinds: str) -> str:
    """Return the type of a request's body, which must be one of ``kinds``, or refuse it with 415."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in kinds:
        raise HTTPException(415, f"the Content-Type must be {' or '.join(kinds)}")
    return kind


def _problem(place: Sequence[str | int], text: str, kind: str) -> dict[str, Any]:
    return {"loc": [part[:_LONGEST_NAME] if isinstance(part, str) else part for part in place], "msg": text, "type": kind}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's pairs as a dictionary; of two values of one name, pydantic would take the last."""
    row = dict(pairs)
    if len(row) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise unprocessable(("body", name), "stands twice in one row", "duplicate")
    return row
