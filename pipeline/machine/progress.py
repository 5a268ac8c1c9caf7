"""A live progress bar on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import TimeRemainingColumn as TimeLeft
from rich.text import Text


class _Speed(ProgressColumn):
    """How many of the things that are counted are done, and how many a second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = f", {task.finished_speed or task.speed:,.0f} a second" if task.finished_speed or task.speed else ""
        return Text(f"{task.completed:,.0f} of {task.total or 0:,.0f} {self._unit}{speed}", style="progress.data.speed")


@contextmanager
def progress_bar(title: str, visible: bool, total: float = 1.0, unit: str = "") -> Iterator[Progress]:
    """Show a bar that runs to ``total``; ``progress.advance(0, share)`` moves it. Drawn on a terminal only.

    Args:
        title: what is done.
        visible: False draws nothing.
        total: where it ends.
        unit: what is counted up to the total; "" shows a percentage.
    """
    counted = _Speed(unit) if unit else TaskProgressColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), counted, TimeElapsedColumn(), TimeLeft())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not (visible and console.is_terminal)) as progress:
        progress.add_task(title, total=total)
        yield progress
