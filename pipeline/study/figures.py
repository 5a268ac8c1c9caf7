"""Figures of a study: accuracy and failed starts by slope, and where the difference of each claim lies."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from operator import attrgetter
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from pipeline.config.schema import Features, Output
from pipeline.machine.arrays import Floats
from pipeline.report.canvas import GRID, INK, MUTED, SERIES, Picture, dash, place_label, sheet, to_svg
from pipeline.report.words import number, percent, points, ranged
from pipeline.study.claims import FAILS, HOLDS, OPEN, JudgedClaim
from pipeline.study.compare import CellFigures
from pipeline.study.grid import SPLITS, SplitKind

FEATURES: dict[Features, str] = {"raw": "as measured", "standard": "scaled", "pca": "PCA", "minmax": "scaled to 0 to 1"}
OUTPUTS: dict[Output, str] = {"code": "one code", "softmax": "softmax"}
_Share = Literal["mean", "failed"]
_MARKERS = "oDs^"
_VERDICTS = {HOLDS: (SERIES[2], "o"), FAILS: (SERIES[6], "X"), OPEN: (SERIES[4], "D")}
_FEW = 12  # slopes whose lines may stand beside each other
_CHARACTERS = 45  # of slopes that fit below a panel
_REACH = 1.5  # widths of the narrowest interval, on either side of a difference, that a scale shows
_NEAR = 0.15  # the largest class is drawn unless it lies farther than this below everything else


@dataclass(frozen=True)
class Grid:
    """The cells of one output and one kind of split: for each kind of features, one cell a slope.

    ``reference`` is the features and the slope of the reference cell, or None where it is elsewhere.
    """

    output: Output
    split: SplitKind
    slopes: Sequence[float]
    lines: Mapping[Features, Sequence[CellFigures]]
    reference: tuple[Features, float] | None

    @property
    def title(self) -> str:
        """What the cells have in common, in words."""
        return f"{OUTPUTS[self.output]}, {SPLITS[self.split]}"


def accuracies_by_slope(grids: Sequence[Grid], largest: float) -> list[Picture]:
    """Draw the mean accuracy by slope, one figure a grid, all of one kind of splits with the same scale.

    ``largest`` is the largest class's share.
    """
    lows: dict[SplitKind, list[float]] = {kind: [] for kind in SPLITS}
    for grid in grids:
        for cell in chain(*grid.lines.values()):
            lows[grid.split] += [cell.mean, *cell.interval]
    pictures = []
    for place, grid in enumerate(grids):
        low = min(lows[grid.split])
        line = largest if largest > low - _NEAR else None
        limits = (max(-0.02, min(low, 1.0 if line is None else line) - 0.03), 1.02)
        pictures.append(_by_slope(f"accuracy{place}", grid, "mean", limits, line))
    return pictures


def failures(grids: Sequence[Grid]) -> list[Picture]:
    """Draw the share of failed starts by slope, one figure a grid."""
    return [_by_slope(f"failed{place}", grid, "failed", (-0.03, 1.03), None) for place, grid in enumerate(grids)]


def _by_slope(name: str, grid: Grid, key: _Share, limits: tuple[float, float], largest: float | None) -> Picture:
    what, most = ("mean accuracy", "Highest mean accuracy") if key == "mean" else ("failed starts", "Most failed starts")
    highest = []
    with sheet(300, 280 if key == "mean" else 230) as figure:
        axes = figure.add_subplot()
        for place, (features, cells) in enumerate(grid.lines.items()):
            shift = (place - (len(grid.lines) - 1) / 2) * (0.18 if len(grid.slopes) <= _FEW else 0)
            _line(axes, grid, features, key, np.arange(len(grid.slopes), dtype=np.float64) + shift)
            top = max(cells, key=attrgetter(key))
            share = ranged(top.mean, top.interval) if key == "mean" else percent(top.failed)
            highest.append(f"{FEATURES[features]} {share} at slope {number(top.alpha)}")
        if largest is not None:
            axes.axhline(largest, color=MUTED, linewidth=1, linestyle=(0, (2, 2)), label="largest class")
        _frame(axes, grid.slopes, limits)
        axes.set_ylabel(what)
        axes.set_title(place_label(grid.title, 40), fontweight="bold", loc="left")
        figure.legend(loc="outside lower left", ncols=3 if largest is None else 2, handlelength=2.6, columnspacing=1.2)
        description = f"One line a kind of features: {what} at each slope. A ring marks the reference cell."
        svg = to_svg(figure, name, f"{what} by slope: {grid.title}".capitalize(), description)
    cells = [cell for line in grid.lines.values() for cell in line]
    rows = [[FEATURES[cell.features], cell.alpha, cell.mean, *cell.interval, cell.failed] for cell in cells]
    table: list[list[object]] = [["features", "slope", "mean accuracy", "low", "high", "failed"], *rows]
    return Picture(svg, f"{most}: {'; '.join(highest)}.", name, table)


def _line(axes: Axes, grid: Grid, features: Features, key: _Share, x: Floats) -> None:
    """Draw one kind of features, with the intervals of its means and a ring around the reference cell."""
    kind, few, cells = list(FEATURES).index(features), len(grid.slopes) <= _FEW, grid.lines[features]
    values = [getattr(cell, key) for cell in cells]
    for spot, cell in zip(x, cells, strict=True):
        if key == "mean":
            axes.plot([spot, spot], cell.interval, color=SERIES[kind], linewidth=1.2 if few else 0.7, solid_capstyle="butt")
    looks = {"linestyle": dash(kind), "color": SERIES[kind], "linewidth": 1.4, "markersize": 4.5 if few else 3}
    axes.plot(x, values, _MARKERS[kind], label=FEATURES[features], **looks)
    if grid.reference and grid.reference[0] == features:
        at = grid.slopes.index(grid.reference[1])
        axes.plot(x[at], values[at], "o", markersize=12, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1.1)


def _frame(axes: Axes, slopes: Sequence[float], limits: tuple[float, float]) -> None:
    """Set the axes: slopes at equal steps, for most of them lie near 0."""
    names = [number(slope) for slope in slopes]
    step = math.ceil(sum(len(name) + 1.2 for name in names) / _CHARACTERS)
    axes.set_xticks(range(0, len(names), step), names[::step], fontsize=8.5)
    axes.set(xlim=(-0.6, len(names) - 0.4), ylim=limits, xlabel="slope")
    axes.grid(axis="x", visible=False)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def claim_pictures(claims: Sequence[JudgedClaim], margin: float) -> list[Picture | None]:
    """Draw where the difference of each claim lies; None where the grid could not measure it."""
    return [_difference(f"claim{place}", claim, margin) if claim.splits else None for place, claim in enumerate(claims)]


def _limits(claim: JudgedClaim, margin: float) -> tuple[float, float]:
    """Return the ends of a scale that fits: an interval far wider than another runs beyond them."""
    reach = _REACH * min(max(answer.interval) - min(answer.interval) for answer in claim.splits)
    ends = [0.0, margin, *(answer.difference for answer in claim.splits)]
    ends += [max(low, answer.difference - reach) for answer in claim.splits for low in answer.interval[:1]]
    ends += [min(high, answer.difference + reach) for answer in claim.splits for high in answer.interval[1:]]
    room = 0.06 * (max(ends) - min(ends)) or 0.01
    return min(ends) - room, max(ends) + room


def _difference(name: str, claim: JudgedClaim, margin: float) -> Picture:
    """Draw the difference on each kind of splits; the claim holds on one side of the margin, which is shaded."""
    limits = _limits(claim, margin)
    with sheet(320, 52 + 26 * len(claim.splits)) as figure:
        axes = figure.add_subplot()
        axes.axvspan(margin, limits[claim.more], color=GRID, alpha=0.55, linewidth=0)
        axes.axvline(margin, color=MUTED, linewidth=1, linestyle=(0, (3, 2)))
        axes.axvline(0, color=INK, linewidth=0.9)
        for place, answer in enumerate(claim.splits):
            tint, marker = _VERDICTS[answer.verdict]
            axes.plot(answer.interval, [-place, -place], color=tint, linewidth=3, solid_capstyle="butt")
            axes.plot(answer.difference, -place, marker, color=tint, markersize=8)
            beyond = (answer.interval[0] < limits[0], answer.interval[1] > limits[1])
            for limit, arrow in compress(zip(limits, "<>", strict=True), beyond):
                axes.plot(limit, -place, arrow, color=tint, markersize=7, clip_on=False)
        axes.set_yticks([-place for place in range(len(claim.splits))], [SPLITS[answer.split] for answer in claim.splits])
        axes.set(xlim=limits, ylim=(-len(claim.splits) + 0.4, 0.6), xlabel="difference, in percentage points")
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(_tick))
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", length=0, pad=8)
        axes.spines["left"].set_visible(False)
        where = "; ".join(f"{SPLITS[answer.split]} {points(answer.difference, answer.interval)}" for answer in claim.splits)
        svg = to_svg(figure, name, "Where the difference lies", f"{where}. The claim holds in the shaded part.")
    rows = [[SPLITS[answer.split], answer.difference, *answer.interval, answer.verdict] for answer in claim.splits]
    return Picture(svg, f"{where}.", name, [["splits", "difference", "low", "high", "verdict"], *rows])


def _tick(value: float, place: int | None) -> str:
    return f"{value * 100:+.3g}".replace("-", "\N{MINUS SIGN}") if abs(value) > 1e-9 else "0"
