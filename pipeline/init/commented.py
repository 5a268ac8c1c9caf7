"""How a drafted config is shown: as YAML with a comment a line, which reads back as the same values, and in a terminal."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.config.remedy import Call
from pipeline.config.yaml_text import Location, dump_line
from pipeline.errors import counted
from pipeline.init.draft import Draft
from pipeline.read.columns import clip

_WIDE = 100  # characters of a comment
_LINE = 130  # of a line with its comment
_SCREEN, _SCREEN_LINES = 80, 20  # of a terminal
_AT = 76  # column up to which the comments of a block stand below one another
_After = Mapping[Location, Sequence[str]]
_BLOCKS = {(), ("data",), ("data", "read"), ("data", "codes"), ("data", "merge"), ("data", "features")}


def commented(values: Mapping[str, Any], comments: Mapping[Location, str], after: _After) -> str:
    """Return a config as YAML, with comments behind a location, or above it where one does not fit, and ``after`` a mapping."""
    return "\n".join(_lines(values, (), comments, after)).strip("\n") + "\n"


def remark(text: str, indent: str = "") -> list[str]:
    """Return a text as lines of comment."""
    return [f"{indent}# {line}" for line in _wrapped(text, _WIDE, "")] or [f"{indent}#"]


def _one_line(text: str) -> str:
    """Return a text on one line, without what a terminal or YAML does not show."""
    return _printable(" ".join(text.split()))


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _pair(key: str, value: Any) -> str:
    """Return a key and its value on one line, or on two where the key is long."""
    flow = dump_line({key: None})
    return f"? {dump_line(key)}\n: {_flow(value)}" if flow.startswith("{? ") else flow[1:-1].removesuffix("null") + _flow(value)


def _flow(value: Any) -> str:
    """Return a value on one line, mappings in their order."""
    if not isinstance(value, dict) or any(_pair(key, None).startswith("? ") for key in value):
        return dump_line([value])[1:-1]  # within brackets, for blanks around a text belong to it
    return f"{{{', '.join(_pair(key, inner) for key, inner in value.items())}}}"


def _lines(values: Mapping[str, Any], at: Location, comments: Mapping[Location, str], after: _After) -> Iterator[str]:
    indent = "  " * len(at)
    blocks = {key for key, value in values.items() if isinstance(value, dict) and value and (not at or (*at, key) in _BLOCKS)}
    texts = {key: _pair(key, None).removesuffix(" null") if key in blocks else _pair(key, value) for key, value in values.items()}
    wide = min(_AT, max((len(indent + text) for key, text in texts.items() if comments.get((*at, key))), default=0))
    for key, value in values.items():
        yield from [""] if not at else []
        yield from _line(texts[key], indent, comments.get((*at, key), ""), wide)
        yield from _lines(value, (*at, key), comments, after) if key in blocks else []
    for text in after.get(at, ()):
        yield from remark(text, indent)


def _line(text: str, indent: str, comment: str, wide: int) -> list[str]:
    lines = [indent + line for line in text.split("\n")]
    whole = f"{lines[0]:<{wide}}  # {_one_line(comment)}"
    if comment and len(lines) == 1 and len(whole) <= _LINE and len(comment) <= _WIDE:
        return [whole]
    return [*remark(comment, indent), *lines] if comment else lines


def draft_lines(draft: Draft, config: str, following: str) -> list[str]:
    """Return what a person is told: what was assumed, what to look at first, and the next command; the parts share the room."""
    classes = ", ".join(f"{clip(name)} {count:,}" for name, count in draft.classes.items())
    texts = [f"target: {clip(draft.target)} ({classes})", f"inputs: {_few(list(draft.values['data']['features']))}"]
    texts += [f"left out: {_few(list(draft.left))}"] if draft.left else []
    head = [*_wrapped(f"{config}: written for {draft.values['data']['path']}")]
    head += [line for text in texts for line in _wrapped(text, most=2)]
    room = _SCREEN_LINES - len(head) - 1
    looks = _part("check first:", draft.look, room - min(len(draft.assumed) + 1, 5), config)
    return [*head, *looks, *_part("assumed:", draft.assumed, room - len(looks), config), f"next: {following}"]


def following(config: str | None) -> str:
    """Return the command that trains a config; the default one where none is named."""
    return Call(path=config or Call.path).with_settings({})


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(clip(name) or '""' for name in names[:6])
    return f"{len(names)}: {shown}" + ", ..." * (len(names) > 6)


def _part(title: str, sentences: Sequence[str], room: int, config: str) -> list[str]:
    """Return as many sentences as fit into the lines."""
    lines = [title] if sentences else []
    for place, sentence in enumerate(sentences):
        wrapped, more = _wrapped(f"- {sentence}"), len(sentences) - place
        if len(lines) + len(wrapped) + (more > 1) > room:
            return [*lines, f"- {counted(more, 'more sentence')} in the comments of {config}"]
        lines += wrapped
    return lines


def _wrapped(text: str, width: int = _SCREEN, indent: str = "  ", most: int | None = None) -> list[str]:
    """Return a text as lines; a command at its end stays whole, on a line of its own."""
    said, program, words = text.partition(f"{Call().program} train ")
    lines = textwrap.wrap(
        _one_line(said), width, subsequent_indent=indent, break_on_hyphens=False, max_lines=most, placeholder=" ..."
    )
    return lines + [f"{indent}{program}{_printable(words)}"] * bool(program)
