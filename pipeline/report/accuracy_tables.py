"""The tables of ``train`` and ``evaluate`` on the terminal."""

from collections.abc import Iterable, Iterator, Mapping

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Column, Table
from rich.text import Text

from pipeline.judge.baselines import RIVAL_NAMES
from pipeline.judge.probability import ProbabilityFigures
from pipeline.runs.parts import Interval, ScoresSummary, in_percent
from pipeline.runs.summary import Summary

_NAME = 20  # characters of a line of the name of a class, at least where it is longer


def accuracy_table(console: Console, summary: Summary, names: Iterable[str]) -> Table:
    """Return the accuracy of the network and of rivals, each with its interval; without space to spare columns stand closer."""
    table = _right(
        f"accuracy ({'95% ' * bool(summary.interval_note)}interval)",
        *["training"] * (summary.accuracy.train is not None),
        "test rows",
    )
    table.padding = (0, 0, 0, 2 if console.width > 85 else 1)
    if summary.unseen:
        table.add_column(summary.unseen_words, justify="right", no_wrap=True)
    for name in names:
        standing, own = summary.comparison[name], name == "network"
        words = Text(RIVAL_NAMES.get(name, name), style="bold" * own)
        if own and not summary.sound:
            words.append(" (unsound)", style="bold red")
        cells = [in_percent(summary.accuracy.train) if own else ""] * (summary.accuracy.train is not None)
        cells.append(_with_interval(standing.test, standing.test_interval))
        table.add_row(words, *cells, *[_with_interval(standing.unseen, standing.unseen_interval)] * bool(summary.unseen))
    return table


def first_rivals(summary: Summary) -> list[str]:
    """Return the network, the rival of the highest test accuracy, and always the largest class."""
    rivals = {name: standing for name, standing in summary.comparison.items() if name not in ("network", "majority")}
    best = max(rivals, key=lambda name: (rivals[name].test or 0, rivals[name].unseen or 0), default="")
    return ["network", *[best] * bool(best and rivals[best].test is not None), "majority"]


def all_tables(console: Console, summary: Summary, scores: ScoresSummary) -> Iterator[RenderableType]:
    """Yield every table, with what its figures mean."""
    yield accuracy_table(console, summary, _measured(summary))
    keras = summary.keras_accuracy
    if keras.test is not None:
        training = f"{in_percent(keras.train)} of the training rows and " * (keras.train is not None)
        yield Text(f"Keras's own metric counts {training}{in_percent(keras.test)} of the test rows as correct (C103).")
    yield Text(" ".join(filter(None, [summary.interval_note, summary.unseen.interval_note if summary.unseen else ""])))
    yield from ("", _odds(summary))
    yield Text(
        "p: exact McNemar test of the accuracy on the test rows against the network's. Log loss, Brier score (0 is best) and AUC "
        "(1 is best; mean of the classes) are of the probabilities of the test rows."
    )
    table = next(_confusions(console, scores))
    yield ""
    yield table
    read = "A line is a true class, -> the predicted class (no class: the output is NaN). " * (len(table.columns) > 3)
    yield Text(f"{read}Balanced accuracy {in_percent(scores.balanced_accuracy)}, macro F1 {in_percent(scores.macro_f1)}.")
    yield ""
    yield from map(Text, _learnt(summary))


def _odds(summary: Summary) -> Table:
    """Return what the models' probabilities of the test rows are worth, and how sure the network differs from each."""
    table = _right("probabilities", "p (accuracy)", "log loss", "Brier score", "AUC")
    for name in _measured(summary):
        standing = summary.comparison[name]
        worth = standing.probabilities or ProbabilityFigures()
        figures = ("-" if figure is None else f"{figure:.3f}" for figure in (worth.log_loss, worth.brier, worth.macro_auc))
        table.add_row(RIVAL_NAMES.get(name, name), "" if standing.p is None else f"{standing.p:.2g}", *figures)
    return table


def _measured(summary: Summary) -> list[str]:
    """Return the names of the models; without criteria there is no ADA rule."""
    return [name for name, standing in summary.comparison.items() if name != "ada_rule" or standing.test is not None]


def _confusions(console: Console, scores: ScoresSummary) -> Iterator[Table]:
    """Yield truth by predicted class that fits, best first: by name, by number, and only the rates of each class."""
    answers = [*next(iter(scores.confusion.values()))] if len(scores.confusion) <= 10 else []
    numbers = {name: str(place) for place, name in enumerate(scores.confusion, 1)}
    for heads in ({}, numbers):
        table = _confusion(scores, {name: f"-> {escape(heads.get(name, name))}" for name in answers}, heads)
        names = min(_NAME, max(cell_len(str(name)) for name in table.columns[0].cells))
        cells = ((column.header, *column.cells) for column in table.columns[1:])
        if names + sum(2 + max(Text.from_markup(str(cell)).cell_len for cell in own) for own in cells) <= console.width:
            yield table
    yield _confusion(scores, {}, {})


def _confusion(scores: ScoresSummary, heads: Mapping[str, str], numbers: Mapping[str, str]) -> Table:
    table = _right("test rows", *heads.values(), "sensitivity", "precision")
    for name, row in scores.confusion.items():
        rates = scores.recall[name], scores.precision[name]
        label = escape(f"{numbers.get(name, '')} {name}".strip())
        table.add_row(label, *(str(row[answer]) for answer in heads), *map(in_percent, rates))
    return table


def _right(name: str, *headers: str) -> Table:
    columns = (Column(header, justify="right", no_wrap=True) for header in headers)
    return Table(Column(name, overflow="fold"), *columns, box=None, pad_edge=False, padding=(0, 0, 0, 2), collapse_padding=True)


def _with_interval(share: float | None, interval: Interval) -> str:
    if interval is None or None in interval:
        return in_percent(share)
    return f"{in_percent(share)} ({100 * (interval[0] or 0):.1f} to {100 * (interval[1] or 0):.1f})"


def _learnt(summary: Summary) -> Iterator[str]:
    """Yield what held-out training rows decided: the sets of possible classes, and the penalty."""
    sets, classes = summary.sets, len(summary.data.classes)
    if sets and sets.mean_size == classes:
        few = "too few different rows of each could be held out, or their probabilities don't tell them apart"
        yield f"No class can be left out of any set of possible classes: {few}."
    elif sets:
        held = f"{in_percent(sets.coverage)} of the test rows"
        if sets.unseen:
            held += f", and in {in_percent(sets.unseen.coverage)} of the rows held out as {summary.unseen_words}"
        certain = f"confidence {100 * sets.confidence:g}%"
        yield f"Each row gets a set of possible classes ({certain}). It holds the right class in {held}."
        yield f"A set has {sets.mean_size:.1f} classes on average, more than one in {in_percent(sets.unsure)} of the test rows."
    if (choice := summary.choice) and len(choice.penalties) > 1:
        best, rows = choice.best(summary.data.train), summary.data.train
        some = f", of which {choice.rows:,} were drawn; for all {rows:,} it counts {choice.l2:.2g}" if choice.rows < rows else ""
        yield f"Of {len(choice.penalties)} penalties tried (l2), {best:g} did best on held-out training rows{some}."
