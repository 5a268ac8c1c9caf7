"""What the terminal shows of a drafted config: at most 20 lines of 80 columns."""

import textwrap
from collections.abc import Sequence

from rich.console import Console

from pipeline.config.remedy import Call
from pipeline.errors import counted
from pipeline.init.commented import one_line
from pipeline.init.draft import Draft
from pipeline.read.columns import clip

_WIDE, _LINES = 80, 20


def show_draft(console: Console, draft: Draft, config: str, following: str) -> None:
    """Print what was assumed, what to look at first, and the next command."""
    for line in draft_lines(draft, config, following):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def draft_lines(draft: Draft, config: str, following: str) -> list[str]:
    """Return the lines: the parts share what room there is."""
    classes = ", ".join(f"{clip(name)} {count:,}" for name, count in draft.classes.items())
    texts = [f"target: {clip(draft.target)} ({classes})", f"inputs: {_few(list(draft.values['data']['features']))}"]
    texts += [f"left out: {_few(list(draft.left))}"] if draft.left else []
    head = [*_wrapped(f"{config}: written for {draft.values['data']['path']}")]
    head += [line for text in texts for line in _wrapped(text)[:2]]
    room = _LINES - len(head) - 1
    looks = _part("look at first:", draft.look, room - min(len(draft.assumed) + 1, 5), config)
    return [*head, *looks, *_part("assumed:", draft.assumed, room - len(looks), config), f"next: {following}"]


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
        wrapped, more = _wrapped(f"- {sentence}"), len(sentences) - place
        if len(lines) + len(wrapped) + (more > 1) > room:
            return [*lines, f"- {counted(more, 'more sentence')} in the comments of {config}"]
        lines += wrapped
    return lines


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(one_line(text), _WIDE, subsequent_indent="  ", break_on_hyphens=False)
