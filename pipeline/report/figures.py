"""Figures about accuracy, training and the activation; each takes plain figures and returns a picture."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, PercentFormatter

from pipeline.errors import counted
from pipeline.network.activation import leaky_relu_array
from pipeline.network.train import Trained
from pipeline.report.canvas import INK, MUTED, SERIES, Picture, colour, dash, place_label, say_instead, sheet, to_svg
from pipeline.report.words import joined, number, percent, ranged

_VECTORS = 48  # starts drawn as lines; more of them become one image, or the file grows without end
_EPOCHS = 250  # points a curve keeps
_NUMBERED = 12  # classes whose counts still fit into the cells


def accuracies(rows: Sequence[Mapping[str, Any]]) -> Picture:
    """Draw the name and the standing (``StandingSummary``) of the network, which comes first, and of each baseline."""
    kinds = [("test", "test rows", SERIES[0], "o", 0.14), ("unseen", "unseen rows", SERIES[1], "D", -0.14)]
    with sheet(370, 70 + 34 * len(rows)) as figure:
        axes = figure.add_subplot()
        for key, name, tint, marker, shift in kinds:
            measured = [(row, place + shift) for place, row in enumerate(reversed(rows)) if row.get(key) is not None]
            for row, y in measured:
                axes.plot(row.get(f"{key}_interval") or [row[key]] * 2, [y, y], color=tint, linewidth=1.6, solid_capstyle="butt")
            if measured:
                shares = [row[key] for row, _ in measured]
                axes.plot(shares, [y for _, y in measured], marker, color=tint, markersize=6, label=name)
        axes.set_yticks(range(len(rows)), [place_label(row["name"], 24) for row in reversed(rows)])
        lowest = min((row[key] for key, *_ in kinds for row in rows if row.get(key) is not None), default=0.0)
        axes.set(xlim=(max(0.0, math.floor(lowest * 10 - 1) / 10) - 0.02, 1.02), ylim=(-0.6, len(rows) - 0.4))
        axes.set_xlabel("accuracy: share of rows answered rightly")
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.grid(axis="y", visible=False)
        figure.legend(loc="outside upper left", ncols=2)
        description = "One line a model: a point at its accuracy, and a bar over its confidence interval."
        svg = to_svg(figure, "accuracies", "Accuracy of the network and of simple baselines", description)
    own = f"The network is right in {ranged(rows[0]['test'], rows[0].get('test_interval'))} of the test rows"
    others = [f"{row['name']} {percent(row['test'])}" for row in rows[1:] if row.get("test") is not None]
    return Picture(svg, f"{own}. For comparison: {', '.join(others) or 'no baseline could be measured'}.")


def confusion(counts: Mapping[str, Mapping[str, int]]) -> Picture:
    """Draw how often each true class got each answer, for {truth: {answer: rows}}."""
    truths, answers = list(counts), list(next(iter(counts.values())))
    table = np.array([[counts[truth][answer] for answer in answers] for truth in truths])
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    numbered = len(truths) <= _NUMBERED
    side = 46 if len(truths) <= 5 else 30 if numbered else 330 / len(answers)
    with sheet(max(300, 120 + side * len(answers)), 70 + side * len(truths)) as figure:
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
        axes.set_xticks(np.arange(len(answers)) + 0.5, columns, rotation=40, ha="right", fontsize=size)
        axes.set_yticks(np.arange(len(truths)) + 0.5, lines, fontsize=size)
        axes.set(xlim=(0, len(answers)), ylim=(len(truths), 0), xlabel="answer of the network", ylabel="true class")
        axes.grid(visible=False)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        description = "A grid: one row a true class, one column an answer. Framed cells on the diagonal are right answers."
        svg = to_svg(figure, "confusion", "Confusion matrix of the test rows", description)
    correct = sum(counts[name].get(name, 0) for name in truths)
    mistakes = [(counts[a][b], a, b) for a in truths for b in answers if a != b and counts[a][b]]
    rows, truth, answer = max(mistakes, key=lambda mistake: mistake[0], default=(0, "", ""))
    worst = (
        f"The most common mistake: {counted(rows, 'row')} of {truth} got the answer {answer}."
        if mistakes
        else "No mistake was made."
    )
    return Picture(svg, f"{correct} of {table.sum()} test rows are answered rightly (framed cells). {worst}")


def loss_curves(trained: Trained) -> Picture:
    """Draw the training loss of every start by epoch, the chosen one on top."""
    curves = np.where(np.isfinite(trained.loss_curves), trained.loss_curves, np.nan).astype(float)
    epochs, starts = curves.shape
    kept = np.unique(np.linspace(0, epochs - 1, min(epochs, _EPOCHS)).round().astype(int))
    drawn, finite = curves[kept], int(np.isfinite(trained.final_loss).sum())
    with sheet(370, 260) as figure:
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
            say_instead(axes, "No loss is a number: nothing was learnt.")
        change = "how the training loss of each start changes from epoch to epoch"
        description = f"Lines that show {change}; the chosen start is thick."
        svg = to_svg(figure, "losses", "Training loss of all starts", description)
    best = float(trained.final_loss[trained.chosen])
    count = f"{starts:,} start{'s' * (starts > 1)} of {epochs:,} epochs; {finite:,} ended with a finite loss."
    lowest = f"Start {trained.chosen + 1} was chosen: its final training loss, {number(best)}, is the lowest."
    return Picture(svg, f"{count} {lowest if np.isfinite(best) else 'None could be chosen by its loss.'}")


def calibration(place: int, name: str, figures: Mapping[str, Any]) -> Picture:
    """Draw how often a class occurred beside how probable the network said it was."""
    curve = [point for point in figures.get("curve") or [] if point["predicted"] is not None and point["observed"] is not None]
    with sheet(300, 270) as figure:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=MUTED, linestyle=(0, (4, 3)), linewidth=1)
        for point in curve:
            if point.get("interval"):
                axes.plot([point["predicted"]] * 2, point["interval"], color=SERIES[0], linewidth=1.4)
        if curve:
            axes.plot([p["predicted"] for p in curve], [p["observed"] for p in curve], "o", color=SERIES[0], markersize=6)
        else:
            say_instead(axes, "No probability to compare.")
        axes.set_title(place_label(name, 28), fontweight="bold", loc="left")
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
        axes.set(xlabel="probability that the network gave", ylabel="share that it really was")
        description = "Points near the dashed diagonal: the probabilities are right. Bars: confidence intervals."
        svg = to_svg(figure, f"calibration{place}", f"Calibration of the class {name}", description)
    ends = [
        f"where it said {percent(point['predicted'])}, it was so in {percent(point['observed'])} of {point['rows']} rows"
        for point in curve[:1] + curve[1:][-1:]
    ]
    return Picture(svg, f"{name}: {joined(ends) if ends else 'no probability was measured'}.")


def activations(slopes: Sequence[float]) -> Picture:
    """Draw ReLU and Leaky ReLU from -10 to 10 at the run's slopes and at 0.2 and 0.09."""
    own = sorted(set(slopes))
    every = sorted({0.0, 0.2, 0.09, *own})
    x, bottom = np.linspace(-10, 10, 201), -10.5 * max(every)
    with sheet(370, 440) as figure:
        whole, left = figure.subplots(2, 1, height_ratios=(1, 1))
        for axes in (whole, left):
            for place, slope in enumerate(every):
                name = ("ReLU, slope 0" if slope == 0 else f"slope {slope:g}") + (" (this run)" if slope in own else "")
                looks = {"color": colour(place), "linestyle": dash(place), "linewidth": 2.6 if slope in own else 1.4}
                axes.plot(x, leaky_relu_array(x, slope), label=name, **looks)
            axes.axhline(0, color=MUTED, linewidth=0.8)
            axes.axvline(0, color=MUTED, linewidth=0.8)
            axes.set_ylabel("value that leaves it")
        whole.set(xlim=(-10, 10), ylim=(bottom - 1, 10), title="the whole curve", xticks=range(-10, 11, 5))
        left.set(xlim=(-10, 1), ylim=(bottom, 1), title="the left side, enlarged", xlabel="value that enters the unit")
        figure.set_layout_engine("constrained", hspace=0.09)
        figure.legend(*whole.get_legend_handles_labels(), loc="outside upper left", ncols=2)
        sides = "to the right all are the same, to the left each has its own slope"
        description = f"Lines from -10 to 10 that bend at the origin: {sides}."
        svg = to_svg(figure, "activations", "ReLU and Leaky ReLU", description)
    rule = "Right of 0 the value passes unchanged. Left of 0 it is multiplied by the slope; with slope 0 (ReLU) nothing passes."
    run = joined(f"{slope:g} (\N{MINUS SIGN}10 becomes {number(-10 * slope + 0.0)})" for slope in own)
    return Picture(svg, f"{rule} This run: slope {run}." if own else f"{rule} This network has no Leaky ReLU layer.")
