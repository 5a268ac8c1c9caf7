"""What the terminal shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table
from rich.text import Text

from pipeline.errors import counted
from pipeline.findings import Finding, Rule
from pipeline.judge.baselines import RIVAL_NAMES
from pipeline.judge.probability import ProbabilityFigures

if TYPE_CHECKING:
    from pipeline.runs.parts import FindingSummary, Interval, ScoresSummary
    from pipeline.runs.summary import Summary

_WIDE = 120  # characters, that the figures of the models take with their intervals
_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def show_summary(console: Console, summary: Summary, since: str | None = None) -> None:
    """Print the figures of a run, and what changed ``since`` the run before."""
    data, network = summary.data, summary.network
    slope = list(network.alpha) if isinstance(network.alpha, tuple) else network.alpha
    weights = f"{network.parameters} weights, {summary.engine} engine"
    console.print(f"\n[bold]{'-'.join(map(str, network.layers))} Leaky ReLU network[/], slope {slope}, {weights}")
    classes = ", ".join(f"{name} {count}" for name, count in data.classes.items())
    rows = f"{counted(data.rows, 'row')} ({classes})"
    console.print(escape(f"{data.path}: {rows}; {data.train} to train, {data.test} to test"))
    console.print()
    for sentence in summary.verdict:
        console.print(Text(sentence, style="bold"))
    console.print()
    for note in summary.notes:
        console.print(Text(f"note: {note}", style="bold yellow"))
    if summary.metrics.test is None:
        console.print("[bold red]Training was refused; the errors below say why.[/]")
    else:
        console.print(_accuracy(summary, console.width >= _WIDE))
        console.print(_confusion(summary.metrics.test))
        for line in _learnt(summary):
            console.print(Text(line))
    show_findings(console, summary.findings)
    if since:
        console.print(Text(since))
    if summary.run and not summary.sound:
        console.print("[bold red]This run is unsound: an error above was not accepted, so its accuracy means nothing.[/]")
    if summary.run:
        console.print(escape(f"run {summary.run}, fitted in {summary.seconds['fit']:.1f} s"))


def show_findings(console: Console, findings: Iterable[Finding | FindingSummary]) -> None:
    """Print findings, each with its fix."""
    findings = list(findings)
    if not findings:
        console.print("No finding.")
    for finding in findings:
        accepted = " (accepted)" if finding.accepted else ""
        style = "dim" if finding.accepted else _STYLES[finding.level]
        console.print(Text.assemble((f"{finding.code} {finding.level}{accepted}", style), f"  {finding.message}"))
        if not finding.accepted and finding.level != "info":
            # the terminal may wrap a fix that is to be typed, but no line may be broken within it
            console.print(Text(f"     fix: {finding.fix}", style="dim"), soft_wrap=True)
    if any(finding.level != "info" for finding in findings):
        console.print(Text("explain CODE tells what a finding means and why it matters.", style="dim"))


def show_rules(console: Console, rules: Iterable[Rule]) -> None:
    """Print the list of codes."""
    for rule in rules:
        console.print(Text.assemble((f"{rule.code}  {rule.level:<8}", _STYLES[rule.level]), rule.title))


def _learnt(summary: Summary) -> Iterator[str]:
    """Yield what the answers to held-out training rows decided: the sets of possible classes, and the penalty."""
    sets, classes = summary.sets, len(summary.data.classes)
    if sets and sets.mean_size == classes:
        yield "No class can be excluded for any row: too few different rows of each class could be held out to tell."
    elif sets:
        held = f"{_percent(sets.coverage)} of the test rows"
        if sets.unseen:
            held += f" and {_percent(sets.unseen.coverage)} of {summary.unseen_words}"
        yield f"The classes that are possible, at {100 * sets.confidence:g}%, hold the right one in {held}."
        yield f"A set holds {sets.mean_size:.2f} classes on average, more than one in {_percent(sets.unsure)} of the test rows."
    if (choice := summary.choice) and len(choice.penalties) > 1:
        some = f", of which {choice.rows:,} were drawn" if choice.rows < summary.data.train else ""
        yield f"Of {len(choice.penalties)} penalties, l2 = {choice.l2:g} suits held-out training rows best{some}."


def _accuracy(summary: Summary, wide: bool) -> Table:
    """Return the network and its baselines, test rows beside unseen ones; the intervals only where it may be ``wide``."""
    interval = ["interval"] * wide
    unseen_words = summary.unseen_words.replace(" ", "\n")
    odds = ("log\nloss", "Brier\nscore", "AUC")
    table = _figures("accuracy", "training", "test", *interval, unseen_words, *interval, "p", *odds)
    for column in table.columns[1:]:
        column.no_wrap = True  # a number is never broken: names are
    for name, standing in summary.comparison.items():
        own = name == "network"
        test, unseen = (f"[bold]{share}[/]" if own else share for share in map(_percent, (standing.test, standing.unseen)))
        worth = standing.probabilities or ProbabilityFigures()
        table.add_row(
            RIVAL_NAMES.get(name, name),
            _percent(summary.accuracy.train) if own else "",
            *[test, _range(standing.test_interval)][: 1 + wide],
            *[unseen, _range(standing.unseen_interval)][: 1 + wide],
            "" if standing.p is None else f"{standing.p:.2g}",
            *("-" if figure is None else f"{figure:.3f}" for figure in (worth.log_loss, worth.brier, worth.macro_auc)),
        )
        if own:
            table.add_row("  as Keras counts it", *map(_percent, (summary.keras_accuracy.train, summary.keras_accuracy.test)))
    test_rows = f"p: exact McNemar test against the network on the {counted(summary.data.test, 'test row')}."
    about = (
        "Log loss, Brier score (0 is best) and AUC (1 is best; mean of the classes) are of the probabilities of the test rows."
    )
    notes = [summary.interval_note, summary.unseen.interval_note if summary.unseen else ""] if wide else [*_ranges(summary)]
    table.caption = "\n".join(line for line in [test_rows, about, *notes] if line)
    return table


def _ranges(summary: Summary) -> Iterator[str]:
    """Yield the sentence that stands for the intervals where these find no room."""
    own = summary.comparison["network"]
    places = (_range(own.test_interval), "the test"), (_range(own.unseen_interval), summary.unseen_words)
    if ranges := [f"{interval} in {place}" for interval, place in places if interval]:
        yield f"Interval of the network's accuracy: {' and '.join(ranges)}."


def _confusion(metrics: ScoresSummary) -> Table:
    """Return truth by answer where that fits on a screen, and the rates of each class."""
    answers = list(next(iter(metrics.confusion.values())))
    shown = answers if len(answers) <= 10 else []
    table = _figures("test rows by class", *(f"-> {escape(name)}" for name in shown), "recall", "precision")
    for name, row in metrics.confusion.items():
        rates = metrics.recall[name], metrics.precision[name]
        table.add_row(escape(name), *(str(row[answer]) for answer in shown), *map(_percent, rates))
    table.caption = f"balanced accuracy {_percent(metrics.balanced_accuracy)}, macro F1 {_percent(metrics.macro_f1)}"
    return table


def _figures(name: str, *headers: str) -> Table:
    columns = (Column(header, justify="right") for header in headers)
    return Table(name, *columns, box=None, pad_edge=False, caption_justify="left")


def _range(interval: Interval) -> str:
    return "" if interval is None or None in interval else f"{interval[0]:.1%} to {interval[1]:.1%}"


def _percent(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.2%}"
