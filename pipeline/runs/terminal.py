"""What ``runs`` and ``compare`` show on the terminal."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from pipeline.config.yaml_text import dump_line
from pipeline.errors import counted
from pipeline.runs.change import Change, FigureChange, level_counts
from pipeline.runs.history import Entry
from pipeline.runs.parts import in_percent
from pipeline.runs.place import run_name

_SHARES = {"train": "training", "test": "test", "unseen_profiles": "unseen", "balanced_accuracy": "balanced"}
_ODDS = {"macro_auc": "AUC", "brier": "Brier score", "log_loss": "log loss"}
_LESS_IS_BETTER = ("brier", "log_loss")
_MANY = 4  # settings of one mapping


def show_runs(console: Console, entries: Iterable[Entry]) -> None:
    """Print runs side by side, oldest first; below each its config file, and what differs from the run of it before."""
    entries = list(entries)
    heads = f"{'run':<10}{'saved (UTC)':<14}{'training':>8}{'test':>8}{'unseen':>8}  findings"
    console.print(heads if entries else "No run yet; train one.", highlight=False)
    for entry in entries:
        if entry.accuracy is None or entry.findings is None:
            console.print(Text(entry.run.name), _below(10, entry.problem or "", "red"), sep="\n")
            continue
        name, *label = _named(entry.run)
        shares = (entry.accuracy.train, entry.accuracy.test, entry.accuracy.unseen_profiles)
        counts = level_counts(entry.findings)
        line = Text(f"{name:<24}" + "".join(f"{in_percent(share):>8}" for share in shares) + "  ")
        console.print(line.append(_counts(counts), style="bold red" if counts["error"] else ""))
        console.print(_below(10, ", ".join([*label, *_grouped(entry.changed)])))


def show_change(console: Console, change: Change) -> None:
    """Print what changed from one run to another."""
    for when, run in zip(("before", "now"), change.runs, strict=True):
        console.print(Text(f"{when:<8}{'  '.join(_named(Path(run)))}"))
    changed = [f"{key} {dump_line(old)} -> {dump_line(new)}" for key, (old, new) in change.settings.items()]
    for text in [*_grouped(changed)] or ["no setting changed"]:
        console.print(_below(8, text, "bold"))
    console.print()
    console.print(_figures(change))
    console.print()
    console.print("Balanced accuracy and the figures below it are of the test rows.", highlight=False)
    if any(figure.interval for figure in change.figures.values()):
        about = f"Intervals are of the change, at {100 * change.level:g}%, from the rows that both runs answer."
        console.print(about, highlight=False)
    for note in change.notes:
        console.print(Text(note))
    counts = f"{_counts(change.findings.before)} before, {_counts(change.findings.now)} now"
    moved = {"gone": change.findings.went, "new": change.findings.came}
    codes = {word: sorted({each.code for each in some if each.level != "info"}) for word, some in moved.items()}
    console.print(
        Text("; ".join([f"Findings: {counts}", *(f"{word}: {', '.join(some)}" for word, some in codes.items() if some)]))
    )


def _grouped(changed: Sequence[str]) -> Iterator[str]:
    """Yield changed settings; of other features, codes or ways of reading only how many settings they are."""
    names = [match[0] if (match := re.match(r"\w+\.\w+", text)) else text for text in changed]
    mappings = Counter(names)
    yield from (text for name, text in zip(names, changed, strict=True) if mappings[name] < _MANY)
    yield from (f"{name}: {count} settings differ" for name, count in mappings.items() if count >= _MANY)


def _figures(change: Change) -> Table:
    heads = (Column(head, justify="right", no_wrap=True) for head in ("before", "now", "change", "interval"))
    table = Table("accuracy", *heads, "", box=None, pad_edge=False)
    for name, title in (_SHARES | _ODDS).items():
        figure, share = change.figures[name], name in _SHARES
        ends = (in_percent(value) if share else "-" if value is None else f"{value:.3f}" for value in (figure.before, figure.now))
        scale, form = (100, "+.1f") if share else (1, "+.3f")
        change_text = "-" if figure.difference is None else f"{scale * figure.difference:{form}}" + " points" * share
        low, high = figure.interval or (None, None)
        ends_text = "" if low is None or high is None else f"{scale * low:{form}} to {scale * high:{form}}"
        table.add_row(title, *ends, change_text, ends_text, _word(figure, name in _LESS_IS_BETTER))
    return table


def _word(figure: FigureChange, less_is_better: bool) -> str:
    if figure.within_chance is None or figure.difference is None:
        return ""
    return "within chance" if figure.within_chance else "better" if (figure.difference > 0) != less_is_better else "worse"


def _named(run: Path) -> list[str]:
    """Return what to call a run by and when it was saved, and its config file; the whole path of one that was renamed."""
    name = run_name(run)
    return [f"{name.fingerprint}  {name.time:%d %b %H:%M}", name.label] if name else [str(run)]


def _counts(levels: Mapping[str, int]) -> str:
    texts = ["unsound"] * bool(levels["error"]) + [counted(levels["warning"], "warning")] * bool(levels["warning"])
    return ", ".join(texts) or "none"


def _below(indent: int, text: str, style: str = "") -> Padding:
    return Padding(Text(text, style=style), (0, 0, 0, indent), expand=False)
