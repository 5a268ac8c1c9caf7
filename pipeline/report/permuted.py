"""How much accuracy each column carries, drawn and in words."""

from typing import Any

import numpy as np
from matplotlib.ticker import PercentFormatter

from pipeline.data.table import Table
from pipeline.judge.bootstrap import Estimate
from pipeline.judge.importance import answer_of_folds, importances
from pipeline.machine.arrays import Floats, Integers
from pipeline.report.canvas import MUTED, SERIES, WIDE, Picture, in_two_widths, place_label, sheet, to_svg
from pipeline.report.words import joined
from pipeline.runs.saved import Run

_DRAWN = 30  # columns; all are in the table


def importance_section(run: Run, table: Table, words: str) -> dict[str, Any]:
    """Return what report/importance.html shows; ``words`` are what unseen rows are called."""
    model, names, test, level = run.model, tuple(run.config.data.codes), run.split.test, run.config.evaluation.interval
    patients = np.arange(len(table)) if table.patients is None else table.patients

    def answer(values: Floats) -> Integers:
        return model.answers(model.output(values), names)

    figures = {"test rows": importances(answer, table.rows(test), table.truth[test], patients[test], level)}
    unseen = run.yardsticks.unseen
    of_folds = answer_of_folds(unseen, table, run.config) if unseen else None
    if unseen and of_folds:
        figures[words] = importances(of_folds, table.values, table.truth, unseen.groups, level)
    falls = dict(zip(table.features, zip(*figures.values(), strict=True), strict=True))
    ranked = dict(sorted(falls.items(), key=lambda item: -item[1][-1].value))
    shown = {
        name: [(_points(fall.value), f"{_points(fall.low)} to {_points(fall.high)}") for fall in own]
        for name, own in ranked.items()
    }
    picture = in_two_widths(lambda width: _drawn(ranked, list(figures), width))
    return {"falls": shown, "kinds": list(figures), "kept": unseen is None or of_folds, "picture": picture}


def _points(share: float) -> str:
    return f"{round(share * 100, 1) + 0.0:.1f}".replace("-", "\N{MINUS SIGN}")


def _drawn(falls: dict[str, tuple[Estimate, ...]], kinds: list[str], width: float) -> Picture:
    rows = list(falls)[:_DRAWN][::-1]
    with sheet(width, 80 + 30 * len(rows)) as figure:
        axes = figure.add_subplot()
        for place, kind in enumerate(kinds):
            ys = np.arange(len(rows)) + (0.14, -0.14)[place]
            drawn = [falls[name][place] for name in rows]
            axes.hlines(ys, [fall.low for fall in drawn], [fall.high for fall in drawn], SERIES[place], linewidth=1.6)
            axes.plot([fall.value for fall in drawn], ys, "oD"[place], color=SERIES[place], markersize=6, label=kind)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_yticks(range(len(rows)), [place_label(name, 34 if width == WIDE else 24) for name in rows])
        axes.set_xlabel("accuracy lost, in percentage points")
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=""))
        axes.grid(axis="y", visible=False)
        figure.legend(loc="outside upper left", ncols=2)
        description = "One line a column: a point at the accuracy that is lost where it is shuffled, and a bar over the interval."
        svg = to_svg(figure, f"importance{width:g}", "Accuracy lost where a column is shuffled", description)
    first = [f"{_points(falls[rows[-1]][place].value)} points on {kind}" for place, kind in enumerate(kinds)]
    head = ["column", *(f"{kind}{end}" for kind in kinds for end in ("", " low", " high"))]
    table = [[name, *(end for fall in own for end in (fall.value, fall.low, fall.high))] for name, own in falls.items()]
    most = f"Most is lost with {rows[-1]}: {joined(first)}."
    caption = most if any(fall.value for own in falls.values() for fall in own) else "Nothing is lost with any column."
    return Picture(svg, caption, "importance", [head, *table])
