"""The config for a file, as values with their comments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config.schema import TrainingSection
from pipeline.config.yaml_text import Location
from pipeline.errors import DataError, counted, listing
from pipeline.init.answer import Answer
from pipeline.init.commented import pair
from pipeline.init.inputs import Input, input_of
from pipeline.init.kinds import Kind
from pipeline.init.overview import Overview
from pipeline.init.telltale import determines, patients
from pipeline.init.texts import figure, written
from pipeline.network.recipe import sized
from pipeline.read.columns import clip

_PROOF = 20  # rows from which a column may be said to follow from the target
_SMALL = 10  # rows of a class, below which its figures mean little


@dataclass(frozen=True)
class Draft:
    """A config in the making.

    Attributes:
        values, comments, after: as ``commented`` takes them.
        target: the column of the answer, and ``classes`` how many rows each class has.
        left: column -> why it is no input.
        look: what a person must look at, the weightiest first.
        assumed: what was taken for granted.
    """

    values: dict[str, Any]
    comments: dict[Location, str]
    after: dict[Location, list[str]]
    target: str
    classes: dict[str, int]
    left: dict[str, str]
    look: list[str]
    assumed: list[str]

    @property
    def features(self) -> list[str]:
        """The names of the inputs, in their order."""
        return list(self.values["data"]["features"])

    def to_json(self, config: str) -> dict[str, Any]:
        """Return what ``--json`` prints of the config that was written."""
        return {"config": config, "target": self.target, "features": self.features, "assumed": [*self.look, *self.assumed]}


def draft_of(
    seen: Overview,
    kinds: Mapping[str, Kind],
    target: tuple[str, str],
    answer: Answer,
    given: Mapping[str, Any],
    header: list[str] | None,
) -> Draft:
    """Return a config for a file.

    Args:
        seen: the file.
        kinds: of its columns.
        target: the column of the answer, and why it is that.
        answer: its classes.
        given: what ``--set`` says of the section ``data``.
        header: names made up for the columns of a file that has none.

    Raises:
        DataError: no column is left as an input, or a cell is no value.
    """
    name, why = target
    others = {other: column for other, column in seen.columns.items() if other != name}
    patient = (given["patient"], "as --set says") if given.get("patient") else patients(others, kinds, seen.rows)
    told = [*answer.told]
    assumed = [f"the target is {name}, {why}; --target names another one", *_layout(seen, header)]
    left = {other.partition("\0")[0]: reason for other, reason in seen.nameless.items()}
    named = [patient[0]] if patient and isinstance(patient[0], str) else list(patient[0] if patient else ())
    redundant = [other for other in others if other not in named and _follows(seen, kinds, other, answer)]
    inputs = {other: _input(seen, kinds, name, other, answer) for other in others if other not in (*named, *redundant)}
    left |= {other: made.comment for other, made in inputs.items() if made.settings is None}
    features = {other: made for other, made in inputs.items() if made.settings is not None}
    if not features:
        raise DataError(
            f"{seen.path}: no column is left as an input; {'; '.join(f'{clip(other)}: {left[other]}' for other in left)}"
        )
    if patient:
        assumed.append(f"{', '.join(named)} names the patient ({patient[1]}): never an input, and a patient's rows stay together")
    if redundant:
        told.append(f"{listing(redundant)} follow{'s' * (len(redundant) == 1)} from {name}, so it is no input")
    told += [text for made in inputs.values() for text in made.look]
    told += [
        f"the class {clip(text)} has {counted(count, 'row')} only" for text, count in answer.counts.items() if count < _SMALL
    ]
    assumed += [text for made in features.values() for text in made.assumed]
    data = (
        _data(seen, name, answer, features, header)
        | ({"patient": patient[0]} if patient else {})
        | ({"redundant": redundant} if redundant else {})
    )
    order = ("path", "read", "patient", "target", "merge", "cut", "unlabelled", "redundant", "reference", "codes", "features")
    values = {
        "data": {key: data[key] for key in order if key in data},
        "network": {"output": "code" if answer.article else "softmax"},
        "training": {"epochs": "auto", "starts": "auto"},
        "evaluation": {"unseen": "auto"},
    }
    comments = _comments(seen, target, answer, features, patient)
    after: dict[Location, list[str]] = {("data", "features"): [f"{_key(other)}: {reason}" for other, reason in left.items()]}
    if left:
        after["data", "features"].insert(0, "left out:")
    return Draft(values, comments, after, name, answer.counts, left, told, assumed)


def _key(name: str) -> str:
    return pair(clip(name), None).removesuffix(": null") if name else '""'


def _input(seen: Overview, kinds: Mapping[str, Kind], target: str, name: str, answer: Answer) -> Input:
    added = ("notes", f"predicted {target}", f"possible {target}", *(f"probability {text}" for text in answer.counts))
    if name in added:
        return Input(None, "predict adds a column of this name; rename it in the file to use it")
    return input_of(seen, seen.columns[name], kinds[name], answer)


def _follows(seen: Overview, kinds: Mapping[str, Kind], name: str, answer: Answer) -> bool:
    """Say whether each class has one value of a column only."""
    held, places = (
        answer.truth >= 0,
        seen.columns[name].levels[1] if len(seen.columns[name].different) <= len(answer.counts) + 1 else None,
    )
    several = places is not None and len(np.unique(places[held])) > 1
    return bool(several and places is not None and held.sum() >= _PROOF and determines(answer.truth[held], places[held]))


def _layout(seen: Overview, header: list[str] | None) -> list[str]:
    told = list(seen.source.told)
    if header:
        told.append(f"{seen.path} has no line of names: its columns are called column 1 to column {len(header)}")
    return told


def _data(seen: Overview, target: str, answer: Answer, features: Mapping[str, Input], header: list[str] | None) -> dict[str, Any]:
    read: dict[str, Any] = {}
    if seen.source.header is not None:
        read = {"separator": "auto", "decimal": "auto", "encoding": "auto"}
    read["missing"] = ["auto", *map(written, answer.stand_ins)] if answer.stand_ins else "auto"
    for code in answer.stand_ins:
        for name, made in features.items():
            own = (made.settings or {}).get("missing", ())
            if "categories" not in (made.settings or {}) and code not in own and (seen.columns[name].parsed == code).any():
                problem = f'{figure(code)} stands for a missing class in "{target}", and is a value of "{name}"'
                raise DataError(f"{seen.path}: {problem}; leave the cells of {target} empty in the file")
    settings = answer.settings | {"path": seen.path, "target": target, "read": read | ({"header": header} if header else {})}
    criterion = any("criterion" in (made.settings or {}) for made in features.values())
    return (
        settings
        | ({"reference": answer.healthy} if criterion else {})
        | {"features": {name: made.settings for name, made in features.items()}}
    )


def _comments(
    seen: Overview, target: tuple[str, str], answer: Answer, features: Mapping[str, Input], patient: tuple[Any, str] | None
) -> dict[Location, str]:
    read, rows = seen.source.read, int((answer.truth >= 0).sum())
    training = sized(TrainingSection(), max(1, rows * 4 // 5))
    shown = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar", ".": "a point", "auto": "nothing that tells"}
    comments: dict[Location, str] = {
        (
            "data",
            "path",
        ): f"{counted(seen.rows, 'row')}, {counted(len(seen.source.spelt), 'column')}; relative to the current folder",
        ("data", "read", "separator"): f"auto: each file tells; here {shown[read.separator]}",
        ("data", "read", "decimal"): f"here {shown[read.decimal]}",
        ("data", "read", "encoding"): f"here {read.encoding}",
        ("data", "read", "missing"): "auto: texts such as NA and ?; a number only where it is named",
        ("data", "read", "header"): "the file has no line of names: write them here, in the order of the columns, and below",
        ("data", "patient"): f"{patient[1] if patient else ''}: never an input; a patient's rows stay together",
        ("data", "target"): f"{target[1]}: {', '.join(f'{clip(text)} {count}' for text, count in [*answer.counts.items()][:6])}",
        ("data", "merge"): "class: its spellings or values",
        ("data", "unlabelled"): f"{counted(seen.rows - rows, 'row')} without a class",
        ("data", "redundant"): "follows from the target: every class has one value",
        ("data", "reference"): "the class of the healthy, for the diagnostic criteria",
        ("data", "codes"): "a number a class",
        ("data", "features"): "the inputs; a range holds both ends, and what lies outside counts as missing",
        ("network", "output"): "one output near the code of the class" if answer.article else "softmax: one output a class",
        ("training", "epochs"): f"auto: {training.epochs} passes over {rows * 4 // 5:,} training rows",
        ("training", "starts"): f"auto: {training.starts} networks, of which the best fit is kept",
        ("evaluation", "unseen"): "auto: folds that never share a patient"
        if patient
        else "auto: folds that never share equal rows",
    }
    return comments | {("data", "features", name): made.comment for name, made in features.items()}
