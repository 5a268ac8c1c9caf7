"""What ``predict`` shows on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.errors import counted
from pipeline.runs.saved import UNSOUND

if TYPE_CHECKING:  # JSON is printed without it
    from rich.console import Console


def show_scored(console: Console, result: dict[str, Any]) -> None:
    """Print what became of the rows of a file."""
    from rich.text import Text

    place = "standard output" if result["output"] == "-" else result["output"]
    console.print(Text(f"{place}: {counted(result['rows'], 'row')} scored in {result['seconds']:.1f} s"))
    console.print(Text(f"by {result['run']}", no_wrap=True, overflow="ignore"), crop=False)
    if result["rejected"]:
        text = f"{counted(result['rejected'], 'row')} could not be read: see {result['rejected_rows']}"
        console.print(Text(text, style="bold yellow"))
    if result["accuracy"] is not None:
        known = counted(result["known"], "row")
        console.print(Text(f"{result['accuracy']:.1%} of the {known} of a known class are classified correctly"))
    if result["trained_on"] is not None:
        trained = f"{result['trained_on']:,} of these {counted(result['rows'], 'row')} are training rows"
        console.print(Text(f"{trained}, so this is no test", style="bold yellow"))
    elif result["accuracy"] is not None:
        console.print(Text("not checked: whether some of these rows are training rows"))
    if not result["sound"]:
        console.print(Text(f"warning: {UNSOUND}", style="bold red"))
