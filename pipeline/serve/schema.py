"""The API as OpenAPI describes it, made from a run's config."""

import csv
import io
import re
import sys
from typing import Any

from pipeline.runs.saved import Scoring

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
_DETAIL: Schema = {"type": "object", "properties": {"detail": _TEXT}, "required": ["detail"]}
_PROBLEM: Schema = {
    "type": "object",
    "properties": {"loc": {"type": "array", "items": {"type": ["string", "integer"]}}, "msg": _TEXT, "type": _TEXT},
    "required": ["loc", "msg", "type"],
}
_PROBLEMS: Schema = {
    "type": "object",
    "properties": {"detail": {"type": "array", "items": _PROBLEM}},
    "required": ["detail"],
}
_ERRORS = {
    400: "The request is no HTTP, or its Host header names another server.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    415: "The body is of another type.",
    422: "The body or a parameter cannot be used; each problem names its place.",
    500: "The server failed.",
}
_DISK = {507: "The server cannot write its temporary files."}


def row(run: Scoring) -> Schema:
    """Return the schema of a row: every feature, and nothing else."""
    seen, features = run.model.preprocessor.seen, run.config.data.features
    properties = {}
    for place, (name, feature) in enumerate(features.items()):
        parts = [f"in {feature.unit}"] if feature.unit else []
        if feature.range:
            parts.append(f"plausible from {feature.range[0]:g} to {feature.range[1]:g}")
        parts += [f"from {seen[0, place]:g} to {seen[1, place]:g} in training", "null where it is missing"]
        ends = {"minimum": -sys.float_info.max, "maximum": sys.float_info.max}
        properties[name] = {**_NUMBER_OR_NULL, **ends, "description": "; ".join(parts)}
    return _object(properties)


def answer(run: Scoring) -> Schema:
    """Return the schema of what is answered to a row."""
    classes, features = list(run.config.data.codes), list(run.config.data.features)
    outputs: Schema = {"type": "array", "items": _NUMBER_OR_NULL}
    pushes = {
        "reference": _object(dict.fromkeys(features, _NUMBER_OR_NULL)),
        "reference_output": outputs,
        "features": _object(dict.fromkeys(features, outputs)),
    }
    properties = {
        "class": {"enum": [*classes, None], "description": "null where the output is no number"},
        "output": {**outputs, "description": "of the network: one code, or one probability a class"},
        "probabilities": _object(dict.fromkeys(classes, _NUMBER_OR_NULL)),
        "notes": {"type": "array", "items": _TEXT, "description": "what is doubtful about the row"},
    }
    told = "with explain=true: how far each value moves the outputs away from those at the reference (Shapley values)"
    return _object(properties) | {"properties": properties | {"pushes": _object(pushes) | {"description": told}}}


def predict(run: Scoring, most: int, explained: int) -> Schema:
    """Return the operation ``POST /predict``."""
    rows: Schema = {"type": "array", "items": row(run), "minItems": 1, "maxItems": most}
    content: Schema = {"application/json": {"schema": {"oneOf": [row(run), rows]}}}
    answers = {"oneOf": [answer(run), {"type": "array", "items": answer(run)}]}
    explain = f"Add to each answer what pushes it; at most {explained:,} rows."
    return {
        "summary": "Predict",
        "description": "Score one row or several.",
        "operationId": "predict",
        "parameters": [_switch("explain", explain)],
        "requestBody": {"required": True, "content": content},
        "responses": _responses("An answer, or as many as rows were sent.", {"application/json": {"schema": answers}}, _ERRORS),
    }


def predict_csv(run: Scoring) -> Schema:
    """Return the operation ``POST /predict.csv``."""
    file = _file(list(run.config.data.features))
    content: Schema = {"text/csv": {"schema": file}, "multipart/form-data": {"schema": _object({"file": file})}}
    responses = _responses("The scored rows, or the rejected ones.", {"text/csv": {"schema": _TEXT}}, _ERRORS | _DISK)
    shares = {"X-Accuracy": {"description": "Share of right ones, where the file holds the class.", "schema": {"type": "number"}}}
    counts = {"X-Rows": "Rows that were scored.", "X-Rejected": "Rows that cannot be read."}
    responses["200"]["headers"] = {
        name: {"description": text, "required": True, "schema": {"type": "integer"}} for name, text in counts.items()
    } | shares
    return {
        "parameters": [_switch("rejected", "Answer with the rejected rows and why, instead of the scored ones.")],
        "requestBody": {"required": True, "content": content},
        "responses": responses,
    }


def read(description: str, kind: str, schema: Schema, **errors: str) -> Schema:
    """Return an operation that is a plain GET; ``errors`` are further statuses, such as s404="None there."."""
    further = {int(name[1:]): text for name, text in errors.items()}
    known = {status: _ERRORS[status] for status in (400, 500)}
    return {"responses": _responses(description, {kind: {"schema": schema}}, known | further)}


def _file(features: list[str]) -> Schema:
    """Return the schema of a CSV file with these columns and numbers below them."""
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(features)
    header = re.sub(r"([\\^$.|?*+()\[\]{}/])", r"\\\1", written.getvalue())
    told = "UTF-8, with these columns; in any order, among others if you like; a row that cannot be read is rejected by itself"
    pattern = f"^{header}\\n[\\s\\S]*$"
    return {**_TEXT, "contentMediaType": "text/csv", "pattern": pattern, "description": told}


def _responses(description: str, content: Schema, errors: dict[int, str]) -> dict[str, Schema]:
    told: dict[str, Schema] = {"200": {"description": description, "content": content}}
    for status, text in sorted(errors.items()):
        kinds = {"application/json": {"schema": _PROBLEMS if status == 422 else _DETAIL}}
        if status == 400:  # what is no HTTP is refused before it comes here
            kinds |= {"text/plain": {"schema": _TEXT}}
        told[str(status)] = {"description": text, "content": kinds}
    return told


def _switch(name: str, description: str) -> Schema:
    return {"name": name, "in": "query", "description": description, "schema": {"type": "boolean", "default": False}}


def _object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
