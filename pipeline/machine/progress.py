"""What a long command is at, on standard error: a live bar on a terminal, else a line now and then."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import progress as bars
from rich.console import Console
from rich.text import Text

_QUIET, _BETWEEN = 1.5, 5.0  # seconds before the first line, and between two


class _Speed(bars.ProgressColumn):
    """How many of the things that are counted are done, and how many a second."""

    def render(self, task: bars.Task) -> Text:
        speed = f", {task.finished_speed or task.speed:,.0f} a second" if task.finished_speed or task.speed else ""
        return Text(f"{task.completed:,.0f} of {task.total or 0:,.0f} {task.fields['unit']}{speed}", style="progress.data.speed")


class Steps:
    """The steps of a command one after the other, each under its name and with a clock."""

    def __init__(self, visible: bool = True) -> None:
        self._visible = visible
        self._next = time.monotonic() + _QUIET

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[float], None]]:
        """Show a step while it lasts, and give what is told the share done since the last call."""
        started, done = time.monotonic(), 0.0
        if not (self._visible and Console(stderr=True).is_terminal):
            self._line(title)

            def advance(share: float) -> None:
                nonlocal done
                done += share
                passed = time.monotonic() - started
                self._line(f"{title}: {done:.0%}, some {passed / max(done, 1e-9) * (1 - done):,.0f} s left")

            yield advance
            return
        with progress_bar(title, True) as bar:
            yield lambda share: bar.advance(bar.task_ids[0], share)

    def _line(self, text: str) -> None:
        now = time.monotonic()
        if self._visible and now >= self._next:
            self._next = now + _BETWEEN
            print(text, file=sys.stderr, flush=True)


@contextmanager
def progress_bar(title: str, visible: bool, total: float = 1.0, unit: str = "") -> Iterator[bars.Progress]:
    """Show a bar that runs to ``total``; ``progress.advance(0, share)`` moves it. Drawn on a terminal only.

    ``unit`` is what is counted up to the total; "" shows a percentage.
    """
    counted = _Speed() if unit else bars.TaskProgressColumn()
    columns = ("{task.description}", bars.BarColumn(), counted, bars.TimeElapsedColumn(), bars.TimeRemainingColumn())
    console = Console(stderr=True)
    with bars.Progress(*columns, console=console, transient=True, disable=not (visible and console.is_terminal)) as progress:
        progress.add_task(title, total=total, unit=unit)
        yield progress
