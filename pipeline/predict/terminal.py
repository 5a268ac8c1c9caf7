"""What ``predict`` shows on the terminal."""

from typing import Any

from rich.console import Console
from rich.text import Text


def show_scored(console: Console, result: dict[str, Any]) -> None:
    """Print what became of the rows of a file."""
    console.print(Text(f"{result['output']}: {result['rows']:,} rows, scored by {result['run']} in {result['seconds']:.1f} s"))
    if result["rejected"]:
        text = f"{result['rejected']:,} rows could not be read; they stand, with reasons, in {result['rejected_rows']}"
        console.print(Text(text, style="bold yellow"))
    if result["accuracy"] is not None:
        console.print(Text(f"right on {result['accuracy']:.1%} of the {result['known']:,} rows whose class is known"))
    if not result["sound"]:
        text = "This run is unsound: it ended with an error that was not accepted, so its answers mean nothing."
        console.print(Text(text, style="bold red"))
