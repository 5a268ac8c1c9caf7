"""The config for a file, as values with their comments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config.data_section import DataSection
from pipeline.config.schema import TrainingSection
from pipeline.config.yaml_text import Location, dump_line
from pipeline.errors import DataError, counted, listing
from pipeline.init.answer import NAMED, Answer, doubted, passed_over
from pipeline.init.inputs import Input, input_of
from pipeline.init.kinds import Kind
from pipeline.init.overview import Column, Overview
from pipeline.init.telltale import determines, patients
from pipeline.init.vocabulary import data_of
from pipeline.network.recipe import sized
from pipeline.read.columns import clip

_PROOF = 20  # rows from which a column may be said to follow from the target
_SMALL = 10  # rows of a class, below which its figures mean little
_MARKS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_ADDED = "predict adds a column of this name; rename it in the file to use it"
_TOGETHER = "never an input, and a patient's rows stay together"


@dataclass(frozen=True)
class Draft:
    """A config in the making: values, comments and what stands ``after``, as ``commented`` takes them; classes -> rows.

    Besides: columns that are no input -> the reason, what a person must look at, the weightiest first, and what was assumed.
    """

    values: dict[str, Any]
    comments: dict[Location, str]
    after: dict[Location, list[str]]
    target: str
    classes: dict[str, int]
    left: dict[str, str]
    look: list[str]
    assumed: list[str]

    def to_json(self, config: str) -> dict[str, Any]:
        """Return what ``--json`` prints of the config that was written."""
        features = [*self.values["data"]["features"]]
        return {"config": config, "target": self.target, "features": features, "assumed": [*self.look, *self.assumed]}


def draft_of(seen: Overview, kinds: Mapping[str, Kind], target: str, why: str, answer: Answer, given: DataSection) -> Draft:
    """Return a config for a file with columns of these kinds; ``why`` it is that target, and what ``given`` says of the rest.

    Raises:
        DataError: no column is left as an input, or most columns hold cells that are no value.
    """
    others = {name: column for name, column in seen.columns.items() if name != target}
    people, known_by = (given.patient, "as --set says") if given.patient else patients(others, kinds)
    redundant = [name for name, column in others.items() if name not in people and _follows(column, answer)]
    rest = [name for name in others if name not in (*people, *redundant)]
    added = ("notes", f"predicted {target}", f"possible {target}", *(f"probability {text}" for text in answer.counts))
    made = {name: Input(None, _ADDED) if name in added else input_of(seen, others[name], kinds[name], answer) for name in rest}
    made |= {name: Input({}, "as --set says") for name in made if name in given.features and made[name].settings is None}
    features = {name: each for name, each in made.items() if each.settings is not None}
    nameless = {name.partition("\0")[0]: reason for name, reason in seen.nameless.items()}
    left = nameless | {name: each.comment for name, each in made.items() if name not in features}
    if 2 * len(unread := [each.unread for each in made.values() if each.unread]) > len(made):
        raise DataError(*(f"{seen.path}, {problem.partition(', or take it')[0]}" for problem in unread[:5]))
    if not features:
        reasons = (f"{seen.path}: {listing([name])} is left out: {reason}" for name, reason in left.items())
        raise DataError(f"{seen.path}: no column is left as an input", *reasons)
    settings = {name: each.settings or {} for name, each in features.items()}
    data: dict[str, Any] = {"path": seen.path, "read": _read(seen, answer)}
    data |= {"patient": list(people) if len(people) > 1 else "".join(people), "target": target}
    data |= {key: answer.settings.get(key) for key in ("merge", "cut", "unlabelled")} | {"redundant": redundant}
    data["reference"] = answer.healthy if any("criterion" in each for each in settings.values()) else None
    data |= {"codes": answer.settings["codes"], "features": settings}
    sections = {
        "data": {key: value for key, value in data.items() if value},
        "network": {"output": "code" if answer.article else "softmax"},
        "training": {"epochs": "auto", "starts": "auto"},
        "evaluation": {"unseen": "auto"},
    }
    comments = _comments(seen, answer) | {("data", "target"): why, ("data", "patient"): f"{known_by}: {_TOGETHER}"}
    comments |= {("data", "features", name): each.comment for name, each in features.items()}
    out = [f"{dump_line(clip(name)) if name else 'no name'}: {reason}" for name, reason in left.items()]
    assumed = [f"the target is {clip(target)}, {why}; choose another with --target", *seen.told]
    assumed += [f"{listing(people)} names the patient ({known_by}): {_TOGETHER}"] if people else []
    assumed += [text for each in features.values() for text in each.assumed]
    told = doubted(seen, kinds, target) if why == NAMED else []
    told += [f"{clip(name)} is left out: {reason}" for name, reason in nameless.items() if name]
    told += [*(text for each in made.values() for text in each.first), *passed_over(seen, kinds, target), *answer.told]
    told += [f"{clip(name)} follows from {clip(target)}, so it is not an input" for name in redundant]
    told += [text for each in made.values() for text in each.look]
    if few := [f"{clip(text)} {count}" for text, count in answer.counts.items() if count < _SMALL]:
        told.append(f"too few rows for a figure that means much: {', '.join(few)}")
    after: dict[Location, list[str]] = {("data", "features"): ["left out:", *out]} if out else {}
    return Draft(sections, comments, after, target, answer.counts, left, told, assumed)


def _follows(column: Column, answer: Answer) -> bool:
    """Say whether each class has one value of a column, and not all the same."""
    held = answer.truth >= 0
    if len(column.different) > 2 * len(answer.counts) or held.sum() < _PROOF:
        return False
    places = column.levels[1][held]
    return len(np.unique(places)) > 1 and determines(answer.truth[held], places)


def _read(seen: Overview, answer: Answer) -> dict[str, Any]:
    """Return the section ``data.read``: what another file may not decide by itself, and what the file said of the rest."""
    text = seen.source.header is not None or seen.header is not None
    read: dict[str, Any] = {"separator": "auto", "decimal": "auto", "encoding": "auto"} if text else {}
    read |= {"thousands": mark} if (mark := seen.source.read.thousands) else {}
    missing = ["auto", *answer.missing] if answer.missing else "auto"
    return read | {"missing": missing} | ({"header": list(seen.header)} if seen.header else {})


def _comments(seen: Overview, answer: Answer) -> dict[Location, str]:
    read, rows = seen.source.read, sum(answer.counts.values())
    training = sized(TrainingSection(), max(1, rows * 4 // 5))
    told = {
        "size": f"{counted(seen.rows, 'row')}, {counted(len(seen.source.spelt), 'column')}",
        "separator": _MARKS.get(read.separator, read.separator),
        "decimal": "comma" if read.decimal == "," else "point",
        "encoding": read.encoding,
        "unlabelled": counted(seen.rows - rows, "row"),
        "output": "; the class of the nearest code is predicted" if answer.article else " for each class",
        "epochs": training.epochs,
        "starts": training.starts,
        "rows": counted(rows * 4 // 5, "training row"),
    }
    comments = {tuple(key.split(".")): text.format(**told) for key, text in data_of("vocabulary.yaml")["comments"].items()}
    return comments | {("data", "codes", text): counted(count, "row") for text, count in answer.counts.items()}
