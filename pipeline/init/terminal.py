"""What the terminal shows of a drafted config: at most 20 lines of 80 columns."""

import textwrap
from collections.abc import Iterator, Sequence

from rich.console import Console

from pipeline.config.remedy import Call
from pipeline.errors import counted
from pipeline.init.draft import Draft
from pipeline.read.columns import clip

_WIDE, _LINES = 80, 20


def show_draft(console: Console, draft: Draft, config: str, following: str) -> None:
    """Print what was assumed, what to look at first, and the next command."""
    for line in draft_lines(draft, config, following):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def draft_lines(draft: Draft, config: str, following: str) -> list[str]:
    """Return the lines: the parts share what room there is."""
    path = draft.values["data"]["path"]
    head = [*_wrapped(f"{config}: written for {path}")]
    classes = ", ".join(f"{clip(name)} {count:,}" for name, count in draft.classes.items())
    head += [*_wrapped(f"target: {clip(draft.target)} ({classes})")][:2]
    head += [*_wrapped(f"inputs: {_few(draft.features)}")][:2]
    if draft.left:
        head += [*_wrapped(f"left out: {_few(list(draft.left))}")][:2]
    tail = [f"next: {following}"]
    room = _LINES - len(head) - len(tail)
    looks = _part("look at first:", draft.look, room - min(len(draft.assumed) + 1, 5), config)
    return [*head, *looks, *_part("assumed:", draft.assumed, room - len(looks), config), *tail]


def following(program: str, config: str | None) -> str:
    """Return the command that trains a config; the default one where none is named."""
    return Call(program, "train", config or Call.path).with_settings({})


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(clip(name) or '""' for name in names[:6])
    return f"{len(names)}: {shown}" + ", ..." * (len(names) > 6)


def _part(title: str, sentences: Sequence[str], room: int, config: str) -> list[str]:
    """Return as many sentences as fit into the lines."""
    lines = [title] if sentences else []
    for place, sentence in enumerate(sentences):
        wrapped = [*_wrapped(f"- {sentence}", "  ")]
        last = place == len(sentences) - 1
        if len(lines) + len(wrapped) + (not last) > room:
            return [*lines, f"- {counted(len(sentences) - place, 'more sentence')} in the comments of {config}"]
        lines += wrapped
    return lines


def _wrapped(text: str, indent: str = "  ") -> Iterator[str]:
    yield from textwrap.wrap(" ".join(text.split()), _WIDE, subsequent_indent=indent, break_on_hyphens=False)
