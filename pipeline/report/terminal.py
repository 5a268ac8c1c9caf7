"""What the terminal shows."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.text import Text

from pipeline.config.remedy import TRAIN, Call
from pipeline.errors import counted
from pipeline.findings.verdict import DO_FIRST
from pipeline.report.accuracy_tables import accuracy_table, all_tables, first_rivals
from pipeline.report.finding_lines import all_findings, fix_lines, headlines, unbroken
from pipeline.runs.summary import Summary

_LINES = 20  # of the first screen, so that the command and the prompt fit into a window of 24 with it
_LAYOUTS = ((3, 9, 3), (3, 9, 2), (3, 9, 1), (3, 2, 1), (3, 1, 0), (2, 1, 0), (1, 1, 0), (1, 0, 0), (0, 0, 0))
_LONG = 60  # characters of a path, from which on the name of the file must do
"""At most so many findings, notes, and empty lines: the first layout that is short enough is shown."""


def show_summary(
    console: Console, summary: Summary, call: Call = TRAIN, full: bool = False, since: str | None = None, run: Sequence[str] = ()
) -> None:
    """Print the figures of a run: on one screen, or in ``full``.

    ``call`` is a training of the same config; ``since`` says what changed since the run before; ``run`` are the words that name
    this run on the command line, where it is not the newest.
    """
    if full:
        parts = [
            *_network(console, summary, True),
            *_everything(console, summary),
            *_changed(since),
            "",
            *_ending(summary, call, run),
        ]
        console.print(Group(*parts), crop=False)
        return
    for layout in _LAYOUTS:
        parts = [*_first_screen(console, summary, call, since, run, *layout)]
        if height(console, parts) <= _LINES:
            break
    console.print(Group(*parts), crop=False)


def height(console: Console, parts: Iterable[RenderableType]) -> int:
    """Return how many lines of the screen the parts take."""
    text = "".join(segment.text for segment in console.render(Group(*parts)))
    return sum(max(1, -(-cell_len(line.rstrip()) // console.width)) for line in text.splitlines())


def _first_screen(
    console: Console, summary: Summary, call: Call, since: str | None, run: Sequence[str], findings: int, notes: int, empty: int
) -> Iterator[RenderableType]:
    """Yield what matters most, with at most so many findings, notes and empty lines."""
    yield from _network(console, summary, False)
    yield from [""] * (empty > 2)
    again = _again(summary, call, run)
    yield from headlines(summary.findings, findings, again)
    yield from (Text(f"Note: {note}") for note in summary.notes[:notes])
    yield from _changed(since)
    if summary.metrics.test:
        yield from [""] * (empty > 1)
        yield accuracy_table(console, summary, first_rivals(summary))
    yield from [""] * (empty > 0)
    yield from _ending(summary, call, run)


def _again(summary: Summary, call: Call, run: Sequence[str]) -> str:
    """Return the command that shows everything about a run, or about a training that was refused."""
    if not summary.run:
        return replace(call, command="check").with_settings({}, full=True)
    if call.program == "make" and not run:
        return replace(call, command="evaluate").with_settings({}, full=True)
    return _of_run(call, "evaluate", run, full=True)


def _network(console: Console, summary: Summary, full: bool) -> Iterator[RenderableType]:
    data, network = summary.data, summary.network
    slope = list(network.alpha) if isinstance(network.alpha, tuple) else network.alpha
    path = data.path if full or len(data.path) < _LONG else Path(data.path).name
    trained = f"trained on {data.train:,} rows of {path}, tested on {data.test:,}"
    if not summary.run:
        trained = f"not trained on {path}"
    elif not data.train:
        trained = f"tested on {counted(data.test, 'row')} of {path}"
    head = f"{'-'.join(map(str, network.layers))} Leaky ReLU network, slope {slope}:"
    halves = max(cell_len(head), cell_len(trained)) <= console.width <= cell_len(head) + cell_len(trained)
    yield Text(head + "\n" * halves + " " * (not halves) + trained, style="bold")
    if full:
        classes = ", ".join(f"{name} {count:,}" for name, count in data.classes.items())
        yield Text(f"{network.parameters:,} weights, {summary.engine} engine; {counted(data.rows, 'row')}: {classes}")


def _changed(since: str | None) -> list[RenderableType]:
    return [Text(since)] if since else []


def _everything(console: Console, summary: Summary) -> Iterator[RenderableType]:
    """Yield all findings with their fixes, all tables, and all notes."""
    yield ""
    yield from all_findings(summary.findings)
    if summary.metrics.test:
        yield ""
        yield from all_tables(console, summary, summary.metrics.test)
    if summary.notes:
        yield ""
        yield from (Text(f"Note: {note}") for note in summary.notes)
    if summary.run:
        yield from ("", unbroken(f"run {summary.run}, fitted in {summary.seconds['fit']:.1f} s"))


def _ending(summary: Summary, call: Call, run: Sequence[str]) -> Iterator[RenderableType]:
    """Yield the verdict, and what to type next."""
    first = [sentence for sentence in summary.verdict if sentence.startswith(DO_FIRST)]
    said = " ".join(sentence for sentence in summary.verdict if sentence not in first)
    yield Text(said, style="bold" if summary.sound else "bold red")
    if not (first or summary.sound):
        yield Text("This run is unsound because of the error above: its accuracy means nothing.", style="bold red")
    for sentence in first:
        yield from fix_lines(DO_FIRST, sentence.removeprefix(DO_FIRST))
    if not summary.run:
        return
    if not first:
        other = 0.05 if summary.network.alpha == 0.2 else 0.2
        yield unbroken(f"Another slope:  {replace(call, command='train').with_settings({'network.alpha': other})}")
    yield unbroken(f"Write a report: {_of_run(call, 'report', run[:1])}")


def _of_run(call: Call, command: str, run: Sequence[str], full: bool = False) -> str:
    """Return a command about the run that the words name; ``--data`` stands between it and a file."""
    if call.program == "make":
        texts = zip(("RUN", "DATA"), (word for word in run if word != "--data"), strict=False)
        return " ".join(["make", command, *(f"{name}={shlex.quote(text)}" for name, text in texts), *["FULL=1"] * full])
    return " ".join([call.program, command, *map(shlex.quote, run), *["--full"] * full])
