"""Figures about accuracy, training and the activation; each takes plain figures and returns a picture."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, PercentFormatter

from pipeline.errors import counted
from pipeline.machine.arrays import Flags, Floats
from pipeline.network.activation import leaky_relu_array
from pipeline.network.train import Trained
from pipeline.report.canvas import (
    GRID,
    INK,
    MUTED,
    SERIES,
    WIDE,
    Picture,
    colour,
    dash,
    place_label,
    say_instead,
    sheet,
    to_svg,
)
from pipeline.report.sections import OWN
from pipeline.report.words import joined, number, percent

_VECTORS = 48  # starts drawn as lines; more of them become one image, or the file grows without end
_EPOCHS = 250  # points a curve keeps
_NUMBERED = 12  # classes whose counts still fit into the cells


def accuracies(rows: Sequence[Mapping[str, Any]], unseen: str = "unseen rows", width: float = WIDE) -> Picture:
    """Draw the name and the standing (``StandingSummary``) of each model; "this network" stands out."""
    drawn = [row for row in rows if row.get("test") is not None or row.get("unseen") is not None or row["name"] == OWN]
    wide, count = width == WIDE, len(drawn)
    with sheet(width, 64 + (26 if wide else 34) * count) as figure:
        axes = figure.add_subplot()
        _standings(axes, drawn, "test", SERIES[0], {"marker": "o", "label": "test rows"}, 1.15 if wide else None)
        _standings(axes, drawn, "unseen", SERIES[1], {"marker": "D", "label": unseen}, 1.27 if wide else None)
        labels = [row["name"] if wide else fill(row["name"], 18) for row in drawn]
        for y, label in zip(range(count - 1, -1, -1), axes.set_yticks(range(count - 1, -1, -1), labels), strict=True):
            if drawn[count - 1 - y]["name"] == OWN:
                label.label1.set_fontweight("bold")
                axes.axhspan(y - 0.5, y + 0.5, color=GRID, alpha=0.45, linewidth=0)
        axes.set(xlim=(0, 1.28 if wide else 1.02), ylim=(-0.6, count - 0.4), xticks=np.linspace(0, 1, 6))
        axes.spines["bottom"].set_bounds(0, 1)
        axes.set_xlabel("accuracy: share of rows classified correctly", loc="left")
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.grid(axis="y", visible=False)
        figure.legend(loc="outside upper left", ncols=2)
        description = "One line a model: a point at its accuracy, and a bar over its confidence interval."
        svg = to_svg(figure, f"accuracies{width:g}", "Accuracy of the network and of simple baselines", description)
    listed = ", ".join(f"{row['name']} {percent(row['test'])}" for row in rows if row.get("test") is not None)
    head = ["model", *(f"{key}{end}" for key in ("test", "unseen") for end in ("", " low", " high"))]
    table = [[row["name"], *_ends(row, "test"), *_ends(row, "unseen")] for row in rows]
    return Picture(svg, f"Test rows: {listed or 'no accuracy could be measured'}.", "accuracies", [head, *table])


def _standings(
    axes: Axes, rows: Sequence[Mapping[str, Any]], key: str, tint: str, looks: Mapping[str, Any], written: float | None
) -> None:
    """Draw one accuracy of each model, and write it where on the axis is told."""
    shift = 0.16 if key == "test" else -0.16
    measured = [(row, y) for y, row in enumerate(reversed(rows)) if row.get(key) is not None]
    for row, y in measured:
        ends = row.get(f"{key}_interval") or [row[key]] * 2
        axes.plot(ends, [y + shift] * 2, color=tint, linewidth=1.6, solid_capstyle="butt")
        if written:
            axes.text(written, y, percent(row[key]), va="center", ha="right", color=tint, fontsize=9)
    if measured:
        shares, heights = zip(*((row[key], y + shift) for row, y in measured), strict=True)
        axes.plot(shares, heights, color=tint, linestyle="", markersize=6, **looks)


def _ends(row: Mapping[str, Any], key: str) -> Sequence[object]:
    return row.get(key), *(row.get(f"{key}_interval") or ("", ""))


def confusion(counts: Mapping[str, Mapping[str, int]], width: float = WIDE) -> Picture:
    """Draw how often each class was predicted for each true class, for {truth: {predicted: rows}}."""
    truths, answers = list(counts), list(next(iter(counts.values())))
    table = np.array([[counts[truth][answer] for answer in answers] for truth in truths])
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    numbered = len(truths) <= _NUMBERED
    side = 46 if len(truths) < 5 else 30 if numbered else 330 / len(answers)
    with sheet(max(width, 120 + side * len(answers)), 70 + side * len(truths)) as figure:
        axes = figure.add_subplot()
        for (y, x), share in np.ndenumerate(shares):
            right = truths[y] == answers[x]
            tint, edge, weight = (SERIES[0], INK, "bold") if right else (SERIES[1], MUTED, "normal")
            axes.add_patch(Rectangle((x, y), 1, 1, facecolor=tint, alpha=0.6 * share, linewidth=0))
            axes.add_patch(Rectangle((x, y), 1, 1, facecolor="none", edgecolor=edge, linewidth=1.4 * right + 0.3))
            if numbered:
                axes.text(x + 0.5, y + 0.5, str(table[y, x]), ha="center", va="center", fontweight=weight)
        size = 10 if numbered else max(4.0, min(9.0, side * 0.7))
        columns, lines = ([place_label(name, 12) for name in names] for names in (answers, truths))
        aslant: dict[str, Any] = {} if width == WIDE and len(answers) <= 6 else {"rotation": 40, "ha": "right"}
        axes.set_xticks(np.arange(len(answers)) + 0.5, columns, fontsize=size, **aslant)
        axes.set_yticks(np.arange(len(truths)) + 0.5, lines, fontsize=size)
        axes.set(xlim=(0, len(answers)), ylim=(len(truths), 0), xlabel="predicted class", ylabel="true class")
        axes.grid(visible=False)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        description = "A grid: one row a true class, one column a predicted class. Framed cells on the diagonal are correct."
        svg = to_svg(figure, f"confusion{width:g}", "Confusion matrix of the test rows", description)
    correct = sum(counts[name].get(name, 0) for name in truths)
    mistakes = [(counts[a][b], a, b) for a in truths for b in answers if a != b and counts[a][b]]
    rows, truth, answer = max(mistakes, key=lambda mistake: mistake[0], default=(0, "", ""))
    worst = (
        f"The most common mistake: {counted(rows, 'row')} of {truth} predicted as {answer}."
        if mistakes
        else "No mistake was made."
    )
    caption = f"{correct} of {table.sum()} test rows are classified correctly (framed cells). {worst}"
    rows_of = zip(truths, table.tolist(), strict=True)
    return Picture(svg, caption, "confusion", [["true class", *answers], *([truth, *row] for truth, row in rows_of)])


def loss_curves(trained: Trained, width: float = WIDE) -> Picture:
    """Draw the training loss of every start by epoch, the chosen one on top."""
    curves = np.where(np.isfinite(trained.loss_curves), trained.loss_curves, np.nan).astype(float)
    epochs, starts = curves.shape
    kept = np.unique(np.linspace(0, epochs - 1, min(epochs, _EPOCHS)).round().astype(int))
    drawn, finite = curves[kept], int(np.isfinite(trained.final_loss).sum())
    with sheet(width, 260) as figure:
        axes = figure.add_subplot()
        limits = (1, epochs) if epochs > 1 else (0, 2)
        axes.set(xlim=limits, xlabel="epoch (one pass over the training rows)", ylabel="training loss")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if np.isfinite(drawn).any():
            if 0 < 5 * np.nanmin(drawn) < np.nanmax(drawn):
                axes.set_yscale("log")
                axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axes.yaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:g}"))
                axes.yaxis.set_minor_formatter(NullFormatter())
            lines = [np.column_stack([kept + 1, losses]) for losses in drawn.T]
            looks = {"colors": "#808080", "alpha": max(0.08, min(0.5, 20 / starts)), "linewidths": 0.6}
            axes.add_collection(LineCollection(lines, rasterized=starts > _VECTORS, **looks))
            marker = "o" if epochs == 1 else ""
            axes.plot(kept + 1, drawn[:, trained.chosen], marker=marker, color=SERIES[0], linewidth=2, label="chosen start")
            axes.plot([], [], color="#808080", linewidth=0.8, label=f"each of the {starts} starts")
            axes.autoscale_view()
            figure.legend(loc="outside upper left", ncols=2)
        else:
            say_instead(axes, "No start ended with a finite loss: nothing was learnt.")
        change = "how the training loss of each start changes from epoch to epoch"
        description = f"Lines that show {change}; the chosen start is thick."
        svg = to_svg(figure, f"losses{width:g}", "Training loss of all starts", description)
    best = float(trained.final_loss[trained.chosen])
    count = f"{starts:,} start{'s' * (starts > 1)} of {epochs:,} epochs; {finite:,} ended with a finite loss."
    lowest = f"Start {trained.chosen + 1} was chosen: its final training loss, {number(best)}, is the lowest."
    summed = zip((kept + 1).tolist(), drawn[:, trained.chosen].tolist(), *_spread(drawn), strict=True)
    table = [["epoch", "chosen start", "lowest", "median", "highest"], *summed]
    return Picture(svg, f"{count} {lowest if np.isfinite(best) else 'None could be chosen by its loss.'}", "losses", table)


def _spread(losses: Floats) -> Iterator[list[float]]:
    """Yield the lowest, the median and the highest loss of all starts at each epoch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an epoch without any number
        yield from (reduce(losses, axis=1).tolist() for reduce in (np.nanmin, np.nanmedian, np.nanmax))


def calibration(place: int, name: str, figures: Mapping[str, Any], probabilities: Floats, hits: Flags) -> Picture:
    """Draw how often a class occurred beside how probable it was predicted, and below it the (rows,) probabilities.

    ``hits`` are the rows that are of the class.
    """
    points = [point for point in figures.get("curve") or [] if point["predicted"] is not None and point["observed"] is not None]
    with sheet(300, 340) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
        _curve(upper, points)
        known = np.isfinite(probabilities)
        parts, labels = [probabilities[known & hits], probabilities[known & ~hits]], ["of the class", "of others"]
        lower.hist(parts, 20, range=(0, 1), stacked=True, color=SERIES[:2], label=labels)
        lower.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        lower.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        lower.set(xlabel="predicted probability", ylabel="rows")
        upper.set_title(place_label(name, 28), fontweight="bold", loc="left")
        figure.legend(loc="outside lower left", ncols=2)
        description = "Points near the dashed diagonal: the probabilities are right. Bars: their intervals. Below: a histogram."
        svg = to_svg(figure, f"calibration{place}", f"Calibration of the class {name}", description)
    ends = [
        f"predicted {percent(point['predicted'])}, observed {percent(point['observed'])} of {counted(point['rows'], 'row')}"
        for point in points[:1] + points[1:][-1:]
    ]
    table = [[p["predicted"], p["observed"], *(p.get("interval") or ("", "")), p["rows"]] for p in points]
    caption = f"{name}: {'; '.join(ends) or 'no probability was measured'}."
    return Picture(svg, caption, f"calibration{place}", [["predicted", "observed", "low", "high", "rows"], *table])


def _curve(axes: Axes, points: Sequence[Mapping[str, Any]]) -> None:
    axes.plot([0, 1], [0, 1], color=MUTED, linestyle=(0, (4, 3)), linewidth=1)
    for point in points:
        if point.get("interval"):
            axes.plot([point["predicted"]] * 2, point["interval"], color=SERIES[0], linewidth=1.4)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), ylabel="observed share")
    if points:
        axes.plot([p["predicted"] for p in points], [p["observed"] for p in points], "o-", color=SERIES[0], markersize=5)
    else:
        say_instead(axes, "No probability to compare.")


def activations(slopes: Sequence[float], width: float = WIDE) -> Picture:
    """Draw ReLU and Leaky ReLU from -10 to 10 at the run's slopes and at 0.2 and 0.09."""
    own = sorted(set(slopes))
    every = sorted({0.0, 0.2, 0.09, *own})
    x, bottom = np.linspace(-10, 10, 201), -10.5 * max(every)
    with sheet(width, 270 if width == WIDE else 440) as figure:
        whole, left = figure.subplots(*((1, 2) if width == WIDE else (2, 1)))
        for axes in (whole, left):
            for place, slope in enumerate(every):
                looks = {"color": colour(place), "linestyle": dash(place), "linewidth": 2.6 if slope in own else 1.4}
                axes.plot(x, leaky_relu_array(x, slope), label=_slope_name(slope, slope in own), **looks)
            axes.axhline(0, color=MUTED, linewidth=0.8)
            axes.axvline(0, color=MUTED, linewidth=0.8)
            axes.set_xlabel("value that enters the unit")
        whole.set(xlim=(-10, 10), ylim=(bottom - 1, 10), title="the whole curve", xticks=range(-10, 11, 5))
        left.set(xlim=(-10, 1), ylim=(bottom, 1), title="the left side, enlarged")
        whole.set_ylabel("value that leaves it")
        figure.set_layout_engine("constrained", hspace=0.09, wspace=0.09)
        figure.legend(*whole.get_legend_handles_labels(), loc="outside upper left", ncols=4 if width == WIDE else 2)
        sides = "to the right all are the same, to the left each has its own slope"
        description = f"Lines from -10 to 10 that bend at the origin: {sides}."
        svg = to_svg(figure, f"activations{width:g}", "ReLU and Leaky ReLU", description)
    rule = "Right of 0 the value passes unchanged. Left of 0 it is multiplied by the slope; with slope 0 (ReLU) nothing passes."
    run = joined(f"{slope:g} (\N{MINUS SIGN}10 becomes {number(-10 * slope + 0.0)})" for slope in own)
    caption = f"{rule} This run: slope {run}." if own else f"{rule} This network has no Leaky ReLU layer."
    values = np.column_stack([x, *(leaky_relu_array(x, slope) for slope in every)])
    return Picture(svg, caption, "activations", [["enters", *(f"slope {slope:g}" for slope in every)], *values.round(9).tolist()])


def _slope_name(slope: float, own: bool) -> str:
    return ("ReLU, slope 0" if slope == 0 else f"slope {slope:g}") + " (this run)" * own
