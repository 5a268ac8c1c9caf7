"""The config for a file, as values with their comments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config.schema import TrainingSection
from pipeline.config.yaml_text import Location, dump_line
from pipeline.errors import DataError, counted, listing
from pipeline.init.answer import Answer
from pipeline.init.inputs import Input, input_of
from pipeline.init.kinds import Kind
from pipeline.init.overview import Overview
from pipeline.init.telltale import determines, patients
from pipeline.init.texts import figure, written
from pipeline.network.recipe import sized
from pipeline.read.columns import clip

_PROOF = 20  # rows from which a column may be said to follow from the target
_SMALL = 10  # rows of a class, below which its figures mean little
_MARKS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_TOGETHER = "never an input, and a patient's rows stay together"


@dataclass(frozen=True)
class Draft:
    """A config in the making.

    Attributes:
        values, comments, after: as ``commented`` takes them.
        target: the column of the answer.
        classes: class -> rows.
        left: the columns that are no input, with the reason.
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


def draft_of(seen: Overview, kinds: Mapping[str, Kind], target: str, why: str, answer: Answer, patient: tuple[str, ...]) -> Draft:
    """Return a config for a file.

    Args:
        seen: the file.
        kinds: of its columns.
        target: the column of the answer.
        why: it is that.
        answer: its classes.
        patient: the column, or columns, that name the patient, if they were given.

    Raises:
        DataError: no column is left as an input, or a cell is no value.
    """
    others = {name: column for name, column in seen.columns.items() if name != target}
    people, known_by = (patient, "as --set says") if patient else patients(others, kinds)
    redundant = [name for name in others if name not in people and _follows(seen, name, answer)]
    made = {name: _input(seen, kinds[name], target, name, answer) for name in others if name not in (*people, *redundant)}
    features = {name: each for name, each in made.items() if each.settings is not None}
    left = seen.nameless | {name: each.comment for name, each in made.items() if each.settings is None}
    if not features:
        reasons = (f"{seen.path}: {listing([name])} is left out: {reason}" for name, reason in _named(left))
        raise DataError(f"{seen.path}: no column is left as an input", *reasons)
    read = _read(seen, target, answer, features)
    roles = {"patient": people[0] if len(people) == 1 else list(people), "redundant": redundant}
    data: dict[str, Any] = {"path": seen.path, "read": read, "target": target} | {
        role: names for role, names in roles.items() if names
    }
    data |= answer.settings | {"features": {name: each.settings for name, each in features.items()}}
    if any("criterion" in (each.settings or {}) for each in features.values()):
        data["reference"] = answer.healthy
    order = ("path", "read", "patient", "target", "merge", "cut", "unlabelled", "redundant", "reference", "codes", "features")
    sections = {
        "data": {key: data[key] for key in order if key in data},
        "network": {"output": "code" if answer.article else "softmax"},
        "training": {"epochs": "auto", "starts": "auto"},
        "evaluation": {"unseen": "auto"},
    }
    comments = _comments(seen, answer) | {("data", "target"): why, ("data", "patient"): f"{known_by}: {_TOGETHER}"}
    comments |= {("data", "features", name): each.comment for name, each in features.items()}
    out = [f"{_key(name)}: {reason}" for name, reason in _named(left)]
    assumed = [f"the target is {clip(target)}, {why}; --target names another one", *seen.told]
    assumed += [f"{listing(people)} names the patient ({known_by}): {_TOGETHER}"] if people else []
    assumed += [text for each in features.values() for text in each.assumed]
    told = [*answer.told, *(f"{clip(name)} follows from {clip(target)}, so it is no input" for name in redundant)]
    told += [text for each in made.values() for text in each.look]
    if few := [f"{clip(text)} {count}" for text, count in answer.counts.items() if count < _SMALL]:
        told.append(f"too few rows for a figure that means much: {', '.join(few)}")
    after: dict[Location, list[str]] = {("data", "features"): ["left out:", *out]} if out else {}
    return Draft(sections, comments, after, target, answer.counts, dict(_named(left)), told, assumed)


def _key(name: str) -> str:
    return dump_line(clip(name)) if name else "no name"


def _named(left: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from ((name.partition("\0")[0], reason) for name, reason in left.items())


def _input(seen: Overview, kind: Kind, target: str, name: str, answer: Answer) -> Input:
    added = ("notes", f"predicted {target}", f"possible {target}", *(f"probability {text}" for text in answer.counts))
    if name in added:
        return Input(None, "predict adds a column of this name; rename it in the file to use it")
    return input_of(seen, seen.columns[name], kind, answer)


def _follows(seen: Overview, name: str, answer: Answer) -> bool:
    """Say whether each class has one value of a column, and not all the same."""
    column, held = seen.columns[name], answer.truth >= 0
    if len(column.different) > 2 * len(answer.counts) or held.sum() < _PROOF:
        return False
    places = column.levels[1][held]
    return len(np.unique(places)) > 1 and determines(answer.truth[held], places)


def _read(seen: Overview, target: str, answer: Answer, features: Mapping[str, Input]) -> dict[str, Any]:
    """Return the section ``data.read``: what another file may not decide by itself, and what the file said of the rest."""
    text = seen.source.header is not None or seen.header is not None
    read: dict[str, Any] = {"separator": "auto", "decimal": "auto", "encoding": "auto"} if text else {}
    read["missing"] = ["auto", *map(written, answer.stand_ins)] if answer.stand_ins else "auto"
    for name, each in features.items():
        settings, levels = each.settings or {}, seen.columns[name].parsed
        for code in answer.stand_ins if "categories" not in settings else ():
            if code not in settings.get("missing", ()) and (levels == code).any():
                problem = f'{figure(code)} stands for a missing class in "{target}", and is a value of "{name}"'
                raise DataError(f'{seen.path}: {problem}; leave those cells of "{target}" empty in the file')
    return read | ({"header": list(seen.header)} if seen.header else {})


def _comments(seen: Overview, answer: Answer) -> dict[Location, str]:
    read, rows = seen.source.read, sum(answer.counts.values())
    training = sized(TrainingSection(), max(1, rows * 4 // 5))
    size = f"{counted(seen.rows, 'row')}, {counted(len(seen.source.spelt), 'column')}"
    of_read: dict[str, str] = {
        "separator": f"each file tells; here {_MARKS.get(read.separator, read.separator)}",
        "decimal": f"each file tells; here a {'comma' if read.decimal == ',' else 'point'}",
        "encoding": f"each file tells; here {read.encoding}",
        "missing": "auto: texts such as NA and ?; a number only where it is named",
        "header": "the file has no line of names: write them here, and in the features",
    }
    comments: dict[Location, str] = {("data", "read", key): text for key, text in of_read.items()}
    comments |= {("data", "codes", text): counted(count, "row") for text, count in answer.counts.items()}
    return comments | {
        ("data", "path"): f"{size}; relative to the current folder",
        ("data", "merge"): "class: its spellings in the file, or its values",
        ("data", "unlabelled"): f"{counted(seen.rows - rows, 'row')} without a class",
        ("data", "redundant"): "follows from the target: each class has one value",
        ("data", "reference"): "the class of the healthy, for the diagnostic criteria",
        ("data", "codes"): "a number a class",
        ("data", "features"): "the inputs; a range holds both ends, and what lies outside counts as missing",
        ("network", "output"): "one output near the code of the class" if answer.article else "one output a class",
        ("training", "epochs"): f"{training.epochs} passes over {counted(rows * 4 // 5, 'training row')}",
        ("training", "starts"): f"{training.starts} networks, of which the one that fits best is kept",
        ("evaluation", "unseen"): "folds that never share a patient, or else rows equal in every input",
    }
