"""How the program was started, so that what it asks for can be typed in the same form."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

BY_MAKE = "DIABETES_PIPELINE_MAKE"
"""The variable of the environment that the Makefile sets."""
_PART = r'"(?:[^"\\]|\\.)+"|[^\s."\'=~:,\[\]{}]+'
_START = re.compile(rf"~(?:{_PART})(?:\.(?:{_PART}))+(?=\s|$)|(?:{_PART})(?:\.(?:{_PART}))+\s*=")


def started_by() -> str:
    """Return what the command is typed after: make, the installed program, or Python with this package."""
    if os.environ.get(BY_MAKE):
        return "make"
    return "python -m pipeline" if Path("".join(sys.argv[:1])).parts[-2:] == ("pipeline", "__main__.py") else "diabetes-pipeline"


def asked(settings: Sequence[str] | None) -> list[str]:
    """Return the settings of ``--set``; make hands all of ``SET`` over as one."""
    by_make = started_by() == "make"
    return [setting for text in settings or () for setting in (split_settings(text) if by_make else [text])]


def split_settings(text: str) -> list[str]:
    """Split a line into its settings: at spaces before ``section.key=`` or ``~section.key``, outside quotes and brackets."""
    starts, depth, quote, before = [0], 0, "", " "
    for place, char in enumerate(text):
        if quote:
            quote = "" if char == quote and before != "\\" else quote
        elif char in "\"'" and (before in " =[{,:." or before == char):  # elsewhere it is an apostrophe; doubled, one inside
            quote = char
        elif not depth and before.isspace() and _START.match(text, place):
            starts.append(place)
        else:
            depth = max(0, depth + (char in "[{") - (char in "]}"))
        before = char
    pieces = (text[start:end].strip() for start, end in zip(starts, [*starts[1:], len(text)], strict=True))
    return [piece for piece in pieces if piece]
