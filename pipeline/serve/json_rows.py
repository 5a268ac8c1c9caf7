"""Rows in JSON: what they must be, and their values."""

import json
import sys
from collections import Counter
from math import isfinite
from typing import Annotated, Any

import numpy as np
from fastapi import HTTPException
from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from pipeline.config.data_section import plain
from pipeline.data.frame import category_number
from pipeline.errors import did_you_mean, listing
from pipeline.machine.arrays import Floats
from pipeline.runs.saved import Scoring
from pipeline.serve.models import LONGEST_NAME, Number, problem, unprocessable

_MOST_PROBLEMS = 100
_FINITE = "must be a finite number, or null for a missing value"
# what a row must be, by pydantic's word for what is wrong with it
_REQUIRED = {
    "missing": "is missing; null stands for a missing value",
    "float_type": _FINITE,
    "finite_number": _FINITE,
    "extra_forbidden": "is no feature of this model",
    "model_type": "a row must be an object: the name of every feature with its value, or null for a missing one",
    "string_type": "must be a category as text, or null for a missing value",
}


def _text(value: Any) -> Any:
    """Return a number, or true or false, as the text of a category that is called so."""
    return str(value) if isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value)) else value


Category = Annotated[str | None, BeforeValidator(_text)]


class JsonRows:
    """The rows of a request, as ``schema`` says: one, every feature a key and nothing else, or an array of 1 to ``most``."""

    def __init__(self, run: Scoring, most: int) -> None:
        seen, largest, fields = run.model.preprocessor.seen.T, sys.float_info.max, {}
        for place, (name, feature) in enumerate(run.config.data.features.items()):
            if feature.categories is not None:
                text = f"one of {listing([*feature.numbers()])}; null, or any other text, counts as missing"
                fields[f"value_{place}"] = (Category, Field(alias=name, description=text, examples=[*feature.numbers(), None]))
                continue
            unit = f"in {feature.unit}; " if feature.unit else ""
            plausible = "plausible from {:g} to {:g}; ".format(*feature.range) if feature.range else ""
            text = f"{unit}{plausible}from {seen[place, 0]:g} to {seen[place, 1]:g} in training; null where it is missing"
            number = Field(alias=name, allow_inf_nan=False, ge=-largest, le=largest, description=text)
            fields[f"value_{place}"] = (Number, number)
        named = [(own.numbers(), run.config.data.absent(name)) for name, own in run.config.data.features.items()]
        known = [({plain(text): number for text, number in numbers.items()}, absent) for numbers, absent in named]
        self._known = {place: own for place, own in enumerate(known) if own[0]}
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
        values: list[list[Any]] = [list(vars(row).values()) for row in rows]
        for place, known in self._known.items():
            for row in values:
                row[place] = None if row[place] is None else category_number(row[place], *known)
        return np.array(values, dtype=np.float64), several

    def _problem(self, place: tuple[str | int, ...], kind: str, text: str) -> dict[str, Any]:
        text = _REQUIRED.get(kind, text)
        if kind in ("too_short", "too_long"):
            text = f"must hold 1 to {self._most:,} rows; POST /predict.csv takes more"
        if kind == "extra_forbidden":
            text += did_you_mean(str(place[-1])[:LONGEST_NAME], self._features)
        return problem(("body", *place), text, kind)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's pairs as a dictionary; of two values of one name, pydantic would take the last."""
    row = dict(pairs)
    if len(row) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise unprocessable(("body", name), "stands twice in one row", "duplicate")
    return row
