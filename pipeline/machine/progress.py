"""How much of many things is done, on standard error: a live bar on a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich import progress as bars
from rich.console import Console
from rich.text import Text


class _Speed(bars.ProgressColumn):
    """How many of the things that are counted are done, and how many a second."""

    def render(self, task: bars.Task) -> Text:
        speed = f", {task.finished_speed or task.speed:,.0f} a second" if task.finished_speed or task.speed else ""
        return Text(f"{task.completed:,.0f} of {task.total or 0:,.0f} {task.fields['unit']}{speed}", style="progress.data.speed")


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
