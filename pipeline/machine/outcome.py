"""Where a command's result goes, and its exit code; what a user did wrong is one line a problem."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import typer

from pipeline.errors import PipelineError
from pipeline.machine.steps import Steps

if TYPE_CHECKING:  # JSON is printed without it
    from rich.console import Console

_NO_MEMORY = "this needs more memory than there is; ask for fewer or smaller networks, or use less data"
_SOON = 0.15  # seconds: what is done by then shows no clock
_NO_ANSWER = "a yes or no was needed and none came, so nothing was removed; give --yes to remove without asking"


class Outcome:
    """What a command prints: its result on standard output, all else on standard error.

    Where standard output is ``taken`` by the rows of a file, the result goes to standard error too. ``steps`` are seen ``after``
    so many seconds, until something is printed.
    """

    def __init__(self, as_json: bool, taken: bool = False, after: float = _SOON) -> None:
        self.as_json = as_json
        self.steps = Steps(after=after)
        self.taken = taken
        self.code = 0

    def write(self, text: str) -> None:
        """Print a result, or a part of it."""
        self.steps.stop()
        print(text, end="", file=sys.stderr if self.taken else sys.stdout, flush=True)

    def show(self, result: dict[str, Any], draw: Callable[[Console], None]) -> None:
        """Print the JSON object, or draw the result on the terminal."""
        text = json.dumps(result, allow_nan=False) + "\n"
        if not self.as_json:
            from rich.console import Console

            console = Console(width=get_terminal_size((80, 24)).columns)  # COLUMNS, the terminal's own, or 80 in a file
            with console.capture() as captured:
                draw(console)
            text = re.sub(r"[ \t]+((?:\x1b\[[\d;]*m)*)$", r"\1", captured.get(), flags=re.MULTILINE)
            if isinstance(sys.stdout, io.TextIOWrapper):
                sys.stdout.reconfigure(errors="replace")  # a character that the terminal lacks is no reason to fail
        self.write(text)

    def show_line(self, result: dict[str, Any], line: str) -> None:
        """Print the JSON object, or a line, or several, which no terminal breaks."""
        self.show(result, lambda console: console.print(line, markup=False, highlight=False, soft_wrap=True))

    def say(self, *lines: str) -> None:
        """Print lines that are not part of the result."""
        self.steps.stop()
        for line in lines:
            print(line, file=sys.stderr, flush=True)

    def fail_unless(self, sound: bool) -> None:
        """Exit with 1 if an error was not accepted."""
        self.code = 0 if sound else 1

    def refuse(self, *problems: str) -> None:
        """Exit with 2 and say why."""
        for problem in problems:
            self.say(f"error: {problem}")
        self.code = 2


@contextmanager
def outcome(as_json: bool, taken: bool = False, after: float = _SOON) -> Iterator[Outcome]:
    """Give the outcome of a command, and end the process with its exit code unless that is 0."""
    result = Outcome(as_json, taken, after)
    result.steps.start()
    try:
        yield result
    except (PipelineError, MemoryError) as error:
        problems = error.problems if isinstance(error, PipelineError) else (_NO_MEMORY,)
        result.refuse(*problems)
        if as_json:
            result.write(json.dumps({"error": list(problems)}) + "\n")
    except typer.Abort:
        result.refuse(_NO_ANSWER)
    except KeyboardInterrupt as stop:
        result.say(str(stop) or "interrupted")
        result.code = 130
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # whoever read the output has seen enough
            what = f"{error.filename}: cannot be used" if error.filename else "the output cannot be written"
            result.refuse(problem := f"{what}: {error.strerror or error}")
            if as_json and error.filename:
                result.write(json.dumps({"error": [problem]}) + "\n")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes at exit
    finally:
        result.steps.stop()
    if result.code:
        raise typer.Exit(result.code)
