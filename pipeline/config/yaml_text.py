"""YAML 1.2 scalars, line numbers and ``--set`` overrides, before any meaning is given to them."""

import re
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

Location = tuple[str | int, ...]
Problem = tuple[Location, str]
"""Where something is wrong, and what."""

# The core schema of YAML 1.2, but for hexadecimal and octal numbers. PyYAML speaks 1.1, which reads 1e-3 as text and the
# class name No as false.
_FLOAT = r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
_SCALARS = {
    "null": (re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    "bool": (re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    "int": (re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789")),
    "float": (re.compile(_FLOAT), list("-+.0123456789")),
}
"""kind -> what it looks like, and the characters that it may begin with."""
_TAG = "tag:yaml.org,2002:"
_DEEPEST = 50
_PART = r'"((?:[^"\\]|\\.)+)"|([^."=]+)'
_SETTING = re.compile(rf"\s*(~?)((?:{_PART})(?:\.(?:{_PART}))*)(?:=(?P<text>.*))?", re.DOTALL)


class _Loader(yaml.SafeLoader):
    """Composes nodes only; no object is ever constructed from a tag."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012
    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):  # an alias can repeat itself a billion times
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not supported; write the value out", mark)
        if self._depth == _DEEPEST:  # PyYAML takes time that grows with the square of the depth
            raise yaml.composer.ComposerError(None, None, "nested too deeply", self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class _Dumper(yaml.SafeDumper):
    """Quotes exactly the strings that ``_Loader`` would read as something else, and repeats instead of using aliases."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def analyze_scalar(self, scalar: str) -> Any:
        analysis = super().analyze_scalar(scalar)
        if set("\x85\u2028\u2029") & set(scalar):  # line breaks to a YAML 1.1 reader, unless escaped in double quotes
            analysis.allow_single_quoted = analysis.allow_block = False
            analysis.allow_flow_plain = analysis.allow_block_plain = False
        return analysis


for _name, (_pattern, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(_TAG + _name, _pattern, _first)
    _Dumper.add_implicit_resolver(_TAG + _name, _pattern, _first)


@dataclass
class YamlSource:
    """A YAML mapping as plain Python values, with the place that each came from.

    Attributes:
        name: file name shown in front of a problem.
        values: nested dicts, lists and scalars; keys are always text, and ``canonical``.
        places: where each location was written: ``file:line`` or ``--set key``.
        problems: lines about syntax and duplicate keys.
        broken: whether the values are no use, since the text is not YAML.
    """

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[Location, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    broken: bool = False

    def place(self, location: Location) -> str:
        """Return the place of a location or of its nearest parent that was written down."""
        while location and location not in self.places:
            location = location[:-1]
        return self.places.get(location, self.name)


def read_yaml(text: str, name: str) -> YamlSource:
    """Parse one YAML mapping. Problems are collected, not raised."""
    source = YamlSource(name)
    try:
        node = yaml.compose(text, Loader=_Loader)
        values = {} if node is None else _value(node, (), source)
        if isinstance(values, dict):
            source.values = values
            return source
        problem = f'{name}:1: the file must hold sections such as "data:"; it holds a {_kind(values)}'
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = f"{name}{f':{mark.line + 1}' if mark else ''}: not valid YAML: {error.problem or error.context}"
    except (yaml.YAMLError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
        problem = f"{name}: not valid YAML: {reason}"
    return YamlSource(name, problems=[problem], broken=True)


def canonical(name: str) -> str:
    """Return a name as it is compared: composed letters (Unicode's NFC), every kind of space alike, none around it."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)).strip()


def dump_yaml(values: dict[str, Any]) -> str:
    """Return the values as YAML that ``read_yaml`` reads back equal."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def dump_line(value: Any) -> str:
    """Return a value as YAML on one line, as ``override`` reads it after the equals sign."""
    return (
        str(yaml.dump(value, Dumper=_Dumper, default_flow_style=True, allow_unicode=True, width=sys.maxsize))
        .removesuffix("...\n")
        .strip()
    )


def override(source: YamlSource, settings: Sequence[str]) -> None:
    """Apply ``network.alpha=0.1`` and the like to the source, in order; ``~evaluation.subgroups.Age`` takes a key out.

    A part of the key that itself holds a dot is quoted: ``data.features."Na.K".unit=mmol/L``.
    """
    for setting in settings:
        match = _SETTING.fullmatch(setting)
        if not match or bool(match[1]) == (match["text"] is not None):
            rule = "must be KEY=VALUE, for example network.alpha=0.1, or ~KEY, which takes the key out"
            source.problems.append(f'--set {setting}: {rule}; got "{setting}"')
            continue
        key = match[2].strip()
        parts = tuple(canonical(re.sub(r"\\(.)", r"\1", quoted) or bare) for quoted, bare in re.findall(_PART, key))
        if match[1]:
            _take_out(source, parts, f"--set ~{key}")
            continue
        value = read_yaml(f"value: {match['text']}", f"--set {setting}")
        source.problems += [problem.replace(":1: ", ": ") for problem in value.problems]
        if not value.problems:
            _put(source, parts, value.values["value"], f"--set {key}")


def _take_out(source: YamlSource, parts: tuple[str, ...], place: str) -> None:
    at: Any = source.values
    for part in parts[:-1]:
        at = at.get(part) if isinstance(at, dict) else None
    if isinstance(at, dict) and parts[-1] in at:
        del at[parts[-1]]
    else:
        source.problems.append(f"{place}: there is no such key to take out")


def _put(source: YamlSource, parts: tuple[str, ...], value: Any, place: str) -> None:
    at: Any = source.values
    for depth, part in enumerate(parts[:-1], start=1):
        if at.get(part) is None:
            at[part] = {}
            source.places[parts[:depth]] = place
        at = at[part]
        if not isinstance(at, dict):
            above = ".".join(parts[:depth])
            source.problems.append(f"{place}: {above} is a {_kind(at)}, so it has no keys; set {above} itself")
            return
    at[parts[-1]] = value
    source.places = {location: written for location, written in source.places.items() if location[: len(parts)] != parts}
    source.places[parts] = place


def _value(node: Any, location: Location, source: YamlSource) -> Any:
    place, kind = f"{source.name}:{node.start_mark.line + 1}", node.tag.removeprefix(_TAG)
    source.places.setdefault(location, place)
    scalar = isinstance(node, yaml.ScalarNode)
    fits = kind in _SCALARS and _SCALARS[kind][0].match(node.value) if scalar else kind in ("map", "seq")
    if not fits and not (scalar and kind == "str"):  # only an explicit tag gets here
        source.problems.append(f'{place}: the tag "{node.tag}" is not supported here; write the plain value without it')
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, location, source)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*location, index), source) for index, item in enumerate(node.value)]
    return _scalar(kind, node.value) if fits else node.value


def _mapping(node: Any, location: Location, source: YamlSource) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        place = f"{source.name}:{key_node.start_mark.line + 1}"
        if not isinstance(key_node, yaml.ScalarNode):
            source.problems.append(f"{place}: a key must be text, not a list or a mapping")
            continue
        key = canonical(key_node.value)  # text whatever it looks like: a class may be named 0, No or 1e3
        if key in values:
            first = source.places[(*location, key)]
            source.problems.append(f'{place}: duplicate key "{key}", first written at {first}; remove one of them')
            continue
        source.places[(*location, key)] = place
        values[key] = _value(value_node, (*location, key), source)
    return values


def _scalar(kind: str, text: str) -> Any:
    if kind == "int":
        # Python refuses to read more than 4,300 digits, and no setting needs more than a double holds
        return int(text) if len(text) < 20 else float(text)
    if kind == "float":
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text.lower() == "true" if kind == "bool" else None


def _kind(value: Any) -> str:
    names = {dict: "mapping", list: "list", str: "text", bool: "true/false value", int: "number", float: "number"}
    return names.get(type(value), "null")
