"""Read a YAML file into a validated model; every problem is reported at once, each with its line."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from pipeline.config.contradictions import contradictions
from pipeline.config.schema import Code, Config
from pipeline.config.yaml_text import Location, Problem, YamlSource, override, read_yaml
from pipeline.errors import ConfigError, did_you_mean

Schema = TypeVar("Schema", bound=BaseModel)
_PLAIN = {
    "Input should be": "must be",
    "Tuple should have": "must have",
    "Dictionary should have": "must have",
    "should have": "must have",
    "a valid boolean": "true or false",
    "a valid tuple": "a list in brackets",
    "a valid dictionary": "a mapping of keys to values",
    " after validation": "",
}


def load_config(path: Path | str, settings: Sequence[str] = (), data: str | None = None) -> Config:
    """Read and validate a pipeline's YAML file, with overrides such as ``network.alpha=0.1``; ``data`` replaces ``data.path``.

    Raises:
        ConfigError: with every problem, each with its line.
    """
    source = read_source(path)
    override(source, settings)
    if data is not None:
        if source.places.get(("data", "path"), "").startswith("--set"):
            source.problems.append("--set data.path: has no effect beside --data; give one of them")
        if isinstance(source.values.get("data"), dict):
            source.values["data"]["path"] = data
            source.places["data", "path"] = "--data"
    return validate(Config, source, contradictions)


def read_source(path: Path | str) -> YamlSource:
    """Read a YAML file without giving it a meaning.

    Raises:
        ConfigError: it cannot be read as text.
    """
    try:
        return read_yaml(Path(path).read_text(encoding="utf-8-sig"), str(path))
    except (OSError, ValueError) as error:
        reason = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or error
        hint = "name a YAML file such as configs/default.yaml"
        raise ConfigError(f"{path}: cannot read the configuration: {reason}; {hint}") from None


def validate(model: type[Schema], source: YamlSource, check: Callable[[Schema], Iterable[Problem]] = lambda valid: ()) -> Schema:
    """Return the values of a YAML source as a model; ``check`` yields what is valid key by key and makes no sense together.

    Raises:
        ConfigError: with every problem, each with its line.
    """
    if source.broken:
        raise ConfigError(*source.problems)
    valid, problems = _validate(model, source)
    if valid is not None:
        problems += [f"{_where(source, location)}: {text}" for location, text in check(valid)]
    if valid is None or source.problems or problems:
        raise ConfigError(*sorted(source.problems + problems, key=_line))
    return valid


def _line(problem: str) -> int:
    """Return the line that a problem names; overrides, which have none, come last."""
    line = re.search(r":(\d+): ", problem)
    return int(line[1]) if line and not problem.startswith("--") else sys.maxsize


def _validate(model: type[Schema], source: YamlSource) -> tuple[Schema | None, list[str]]:
    """Return the problems, and a model in which faulty keys and lists have their defaults, so that the rest is checked too."""
    try:
        return model.model_validate(source.values), []
    except ValidationError as error:
        problems, faulty, lacking = [], set(), dict[Location, list[str]]()
        for detail in error.errors():
            location = _written(detail["loc"], source)
            if detail["type"] == "missing" and not isinstance(detail["input"], list | tuple):
                lacking.setdefault(location[:-1], []).append(str(location[-1]))
            else:
                problems.append(_problem(model, detail, location, source))
            faulty.add(tuple(takewhile(lambda part: isinstance(part, str), location)))
    for above, keys in lacking.items():
        where, few = ", ".join([_where(source, (*above, keys[0])), *keys[1:]]), len(keys) == 1
        problems.append(f"{where}: " + ("this required key is missing; add it" if few else "these keys are missing; add them"))
    try:
        return model.model_validate(_without(source.values, faulty, ())), problems
    except ValidationError:
        return None, problems


def _written(location: Location, source: YamlSource) -> Location:
    """Drop what pydantic adds to a location (tags of a union), keep the missing key of the last step."""
    at: Any = source.values
    kept: list[str | int] = []
    for index, part in enumerate(location):
        if part in at if isinstance(at, dict) else isinstance(at, list) and isinstance(part, int) and part < len(at):
            at = at[part]
            kept.append(part)
        elif isinstance(at, dict) and index == len(location) - 1:
            kept.append(part)
    return tuple(kept)


def _problem(model: type[BaseModel], error: Any, location: Location, source: YamlSource) -> str:
    where, kind, value = _where(source, location), error["type"], error["input"]
    if kind == "extra_forbidden":
        keys = _keys_beside(model, location)
        return f"{where}: unknown key{did_you_mean(str(location[-1]), keys) or '; the keys here are ' + ', '.join(keys)}"
    if kind == "missing":
        return f"{where}: must have more items; got {_shown(value)}"
    if kind == "model_type":
        return f"{where}: must be a section with keys; got {_shown(value)}"
    if kind == "literal_error" and location[:2] == ("findings", "accept"):
        hint = did_you_mean(str(value), get_args(Code)) or '; run "explain" for the list'
        return f'{where}: "{value}" is not a finding{hint}'
    text, hint = error["msg"], ""
    for jargon, plain in _PLAIN.items():
        text = text.replace(jargon, plain)
    if kind == "string_type" and isinstance(value, int | float):
        hint = f'; quote it if it is a name: "{value}"'
    if kind == "literal_error" and isinstance(value, str):
        hint = did_you_mean(str(value), error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", "))
    return f"{where}: {text[0].lower() + text[1:]}; got {_shown(value)}{hint.replace('; did', ', did')}"


def _keys_beside(model: type[BaseModel], location: Location) -> list[str]:
    """Return the keys that the schema knows where the location's last key stands."""
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        model = next(_models(field.annotation), model) if field else model
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _without(value: Any, faulty: set[Location], at: Location) -> Any:
    """Return a copy of what is written at a location, without the faulty ones below it."""
    if not isinstance(value, dict):
        return value
    return {key: _without(item, faulty, (*at, key)) for key, item in value.items() if (*at, key) not in faulty}


def _where(source: YamlSource, location: Location) -> str:
    """Return the place and the dotted key; an override names its key itself."""
    place, key = source.place(location), ".".join(map(str, location))
    return place if place == f"--set {key}" else f"{place}: {key}"


def _shown(value: Any) -> str:
    text = "null" if value is None else re.sub(r"//[^/@]*@", "//***@", repr(value))  # a password is not shown
    return text if len(text) <= 60 else text[:57] + "..."
