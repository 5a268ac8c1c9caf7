"""YAML with a comment a line, which reads back as the same values."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.config.yaml_text import Location, dump_line

_WIDE = 100  # characters of a comment
_LINE = 130  # of a line with its comment
_AT = 76  # column up to which the comments of a block stand below one another
_After = Mapping[Location, Sequence[str]]
_BLOCKS = {(), ("data",), ("data", "read"), ("data", "codes"), ("data", "merge"), ("data", "features")}


def commented(values: Mapping[str, Any], comments: Mapping[Location, str], after: _After) -> str:
    """Return a config as YAML, with comments behind a location, or above it where one does not fit, and ``after`` a mapping."""
    return "\n".join(_lines(values, (), comments, after)).strip("\n") + "\n"


def remark(text: str, indent: str = "") -> list[str]:
    """Return a text as lines of comment."""
    return [f"{indent}# {line}" for line in textwrap.wrap(one_line(text), _WIDE, break_on_hyphens=False)] or [f"{indent}#"]


def one_line(text: str) -> str:
    """Return a text on one line, without what a terminal or YAML does not show."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in " ".join(text.split()))


def pair(key: str, value: Any) -> str:
    """Return a key and its value on one line, or on two where the key is long."""
    flow = dump_line({key: None})
    return f"? {dump_line(key)}\n: {_flow(value)}" if flow.startswith("{? ") else flow[1:-1].removesuffix("null") + _flow(value)


def _flow(value: Any) -> str:
    """Return a value on one line, mappings in their order."""
    if not isinstance(value, dict) or any(pair(key, None).startswith("? ") for key in value):
        return dump_line([value])[1:-1]  # within brackets, for blanks around a text belong to it
    return f"{{{', '.join(pair(key, inner) for key, inner in value.items())}}}"


def _lines(values: Mapping[str, Any], at: Location, comments: Mapping[Location, str], after: _After) -> Iterator[str]:
    indent = "  " * len(at)
    blocks = {key for key, value in values.items() if isinstance(value, dict) and value and (not at or (*at, key) in _BLOCKS)}
    texts = {key: pair(key, None).removesuffix(" null") if key in blocks else pair(key, value) for key, value in values.items()}
    wide = min(_AT, max((len(indent + text) for key, text in texts.items() if comments.get((*at, key))), default=0))
    for key, value in values.items():
        yield from [""] if not at else []
        yield from _line(texts[key], indent, comments.get((*at, key), ""), wide)
        yield from _lines(value, (*at, key), comments, after) if key in blocks else []
    for text in after.get(at, ()):
        yield from remark(text, indent)


def _line(text: str, indent: str, comment: str, wide: int) -> list[str]:
    lines = [indent + line for line in text.split("\n")]
    whole = f"{lines[0]:<{wide}}  # {one_line(comment)}"
    if comment and len(lines) == 1 and len(whole) <= _LINE and len(comment) <= _WIDE:
        return [whole]
    return [*remark(comment, indent), *lines] if comment else lines
