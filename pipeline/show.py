"""What the terminal shows. Everything is printed from the JSON object, so that both say the same."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from pipeline.findings import Rule
from pipeline.history import Entry

_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}
NAMES = {
    "majority": "always the largest class",
    "ada_rule": "ADA criteria",
    "logistic_regression": "logistic regression",
    "decision_tree": "decision tree",
    "random_forest": "random forest",
    "gradient_boosting": "gradient boosting",
    "mlp": "scikit-learn MLP",
}
"""How the baselines are called wherever a reader sees them."""


def show_summary(console: Console, summary: dict[str, Any]) -> None:
    """Print the figures of a run."""
    data, network = summary["data"], summary["network"]
    layers = "-".join(map(str, network["layers"]))
    console.print(
        f"\n[bold]{layers} Leaky ReLU network[/], slope {network['alpha']}, "
        f"{network['parameters']} weights, {summary['engine']} engine"
    )
    classes = ", ".join(f"{name} {count}" for name, count in data["classes"].items())
    console.print(escape(f"{data['path']}: {data['rows']} rows ({classes}); {data['train']} to train, {data['test']} to test"))
    for note in summary["notes"]:
        console.print(Text(f"note: {note}", style="bold yellow"))
    if summary["accuracy"]["test"] is None:
        console.print("[bold red]Training was refused; the errors below say why.[/]")
    else:
        console.print(_accuracy(summary))
        console.print(_confusion(summary["metrics"]["test"]))
    show_findings(console, summary["findings"])
    if summary["run"] and not summary["sound"]:
        console.print("[bold red]This run is unsound: an error above was not accepted, so its accuracy means nothing.[/]")
    if summary["run"]:
        console.print(escape(f"run {summary['run']}, fitted in {summary['seconds']['fit']:.1f} s"))


def show_findings(console: Console, findings: Iterable[dict[str, Any]]) -> None:
    """Print findings, each with its fix."""
    findings = list(findings)
    if not findings:
        console.print("No finding.")
    for finding in findings:
        accepted = " (accepted)" if finding["accepted"] else ""
        style = "dim" if finding["accepted"] else _STYLES[finding["level"]]
        console.print(Text.assemble((f"{finding['code']} {finding['level']}{accepted}", style), f"  {finding['message']}"))
        if not finding["accepted"] and finding["level"] != "info":
            console.print(Padding(Text(f"fix: {finding['fix']}", style="dim"), (0, 0, 0, 5)))
    if any(finding["level"] != "info" for finding in findings):
        console.print(Text("explain CODE tells what a finding means and why it matters.", style="dim"))


def show_runs(console: Console, entries: Iterable[Entry]) -> None:
    """Print runs side by side, oldest first."""
    table = Table(
        Column("run", no_wrap=True, overflow="fold"), "changed settings", "train", "test", "findings", box=None, pad_edge=False
    )
    for entry in entries:
        if entry.record is None:
            table.add_row(escape(entry.run.name), Text(entry.problem, style="red"), "", "", "")
            continue
        accuracy = entry.record["accuracy"]
        codes = [
            finding["code"] + ("*" if finding["accepted"] else "")
            for finding in entry.record["findings"]
            if finding["level"] != "info"
        ]
        codes += [] if entry.record["sound"] else ["[bold red]unsound[/]"]
        changed = "\n".join(entry.changed) or "-"
        table.add_row(
            escape(entry.run.name), escape(changed), _percent(accuracy["train"]), _percent(accuracy["test"]), " ".join(codes)
        )
    console.print(table if table.rows else "No run yet; train one.")


def show_rules(console: Console, rules: Iterable[Rule]) -> None:
    """Print the list of codes."""
    for rule in rules:
        console.print(Text.assemble((f"{rule.code}  {rule.level:<8}", _STYLES[rule.level]), rule.title))


def _accuracy(summary: dict[str, Any]) -> Table:
    accuracy, keras, data = summary["accuracy"], summary["keras_accuracy"], summary["data"]
    table = Table("", "accuracy", "interval", "as Keras counts it", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row(f"training, {data['train']} rows", _percent(accuracy["train"]), "", _percent(keras["train"]))
    low, high = accuracy["test_interval"]
    table.add_row(
        f"test, {data['test']} rows",
        f"[bold]{_percent(accuracy['test'])}[/]",
        f"{low:.1%} to {high:.1%}",
        _percent(keras["test"]),
    )
    table.add_row("unseen profiles", _percent(accuracy["unseen_profiles"]))
    for name, figure in summary["baselines"].items():
        table.add_row(f"test, {NAMES.get(name, name)}", _percent(figure))
    return table


def _confusion(metrics: dict[str, Any]) -> Table:
    """Return truth by answer where that fits on a screen, and the rates of each class."""
    answers = list(next(iter(metrics["confusion"].values())))
    shown = answers if len(answers) <= 10 else []
    table = Table(
        "test rows by class", *(f"-> {escape(name)}" for name in shown), "recall", "precision", box=None, pad_edge=False
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for name, row in metrics["confusion"].items():
        counts = [str(row[answer]) for answer in shown]
        table.add_row(escape(name), *counts, _percent(metrics["recall"][name]), _percent(metrics["precision"][name]))
    table.caption = f"balanced accuracy {_percent(metrics['balanced_accuracy'])}, macro F1 {_percent(metrics['macro_f1'])}"
    table.caption_justify = "left"
    return table


def _percent(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.2%}"
