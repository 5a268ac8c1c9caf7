"""Figures of a study: accuracy and failed starts by slope, and where the difference of each claim lies."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from pipeline.report.canvas import GRID, INK, MUTED, SERIES, Picture, dash, place_label, say_instead, sheet, style, to_svg
from pipeline.report.words import number, percent, points, ranged
from pipeline.study.claims import FAILS, HOLDS
from pipeline.study.grid import SPLITS

FEATURES = {"raw": "as measured", "standard": "scaled", "pca": "PCA", "minmax": "scaled to 0 to 1"}
OUTPUTS = {"code": "one code", "softmax": "softmax"}
_MARKERS = "oDs^"
_VERDICTS = {HOLDS: (SERIES[2], "o"), FAILS: (SERIES[6], "X")}
_FEW = 12  # slopes whose lines may stand beside each other
_CHARACTERS = 45  # of slopes that fit below a panel
_NEAR = 0.15  # the largest class is drawn unless it lies farther than this below everything else


@dataclass(frozen=True)
class Grid:
    """The cells of one output and one kind of split.

    Attributes:
        output: "code" or "softmax".
        split: "random" or "unseen".
        slopes: in their order.
        lines: for each kind of features, one cell a slope; empty where there is none.
        reference: the features and the slope of the reference cell, or None.
    """

    output: str
    split: str
    slopes: Sequence[float]
    lines: Mapping[str, Sequence[Mapping[str, Any]]]
    reference: tuple[str, float] | None

    @property
    def title(self) -> str:
        """What the cells have in common."""
        return f"{OUTPUTS.get(self.output, self.output)}, {SPLITS.get(self.split, self.split)}"

    def values(self, key: str) -> list[float]:
        """Return every known figure under a key, ends of intervals among them."""
        found = [cell.get(key) for line in self.lines.values() for cell in line]
        return [value for each in found for value in (each if isinstance(each, list) else [each]) if value is not None]


def accuracies_by_slope(grids: Sequence[Grid], largest: float | None) -> list[Picture]:
    """Draw the mean accuracy by slope, one figure a grid, all with the same scale.

    Args:
        grids: of the study.
        largest: share of the largest class.
    """
    known = [value for grid in grids for key in ("mean", "interval") for value in grid.values(key)]
    low = min(known, default=0.0)
    line = largest if largest is not None and largest > low - _NEAR else None
    limits = (max(-0.02, min(low, 1.0 if line is None else line) - 0.03), 1.02)
    return [_by_slope(f"accuracy{place}", grid, "mean", limits, line) for place, grid in enumerate(grids)]


def failures(grids: Sequence[Grid]) -> list[Picture]:
    """Draw the share of failed starts by slope, one figure a grid."""
    return [_by_slope(f"failed{place}", grid, "failed", (-0.03, 1.03), None) for place, grid in enumerate(grids)]


def _by_slope(name: str, grid: Grid, key: str, limits: tuple[float, float], largest: float | None) -> Picture:
    what, most = ("mean accuracy", "Highest mean accuracy") if key == "mean" else ("failed starts", "Most failed starts")
    told = []
    with style():
        figure = sheet(300, 280 if key == "mean" else 230)
        axes = figure.add_subplot()
        for place, (features, cells) in enumerate(grid.lines.items()):
            shift = (place - (len(grid.lines) - 1) / 2) * (0.18 if len(grid.slopes) <= _FEW else 0)
            _line(axes, grid, features, key, np.arange(len(grid.slopes)) + shift)
            known = [(cell[key], -at) for at, cell in enumerate(cells) if cell.get(key) is not None]
            if known:
                value, at = max(known)
                shown = ranged(value, cells[-at].get("interval")) if key == "mean" else percent(value)
                told.append(f"{FEATURES.get(features, features)} {shown} at slope {number(grid.slopes[-at])}")
        if largest is not None:
            axes.axhline(largest, color=MUTED, linewidth=1, linestyle=(0, (2, 2)), label="largest class")
        _frame(axes, grid.slopes, limits)
        axes.set_ylabel(what)
        axes.set_title(place_label(grid.title, 40), fontweight="bold", loc="left")
        if told:
            figure.legend(loc="outside lower left", ncols=3 if largest is None else 2, handlelength=2.6, columnspacing=1.2)
        else:
            say_instead(axes, "Nothing was measured.")
        description = f"One line a kind of features: {what} at each slope. A ring marks the reference cell."
        svg = to_svg(figure, name, f"{what} by slope: {grid.title}".capitalize(), description)
    return Picture(svg, f"{most}: {'; '.join(told)}." if told else "Nothing was measured.")


def _line(axes: Axes, grid: Grid, features: str, key: str, x: np.ndarray[Any, Any]) -> None:
    """Draw one kind of features, with the intervals of its means and a ring around the reference cell."""
    kind = list(FEATURES).index(features) if features in FEATURES else 0
    few = len(grid.slopes) <= _FEW
    cells = grid.lines[features]
    values = np.array([np.nan if cell.get(key) is None else cell[key] for cell in cells], dtype=float)
    for spot, cell in zip(x, cells, strict=True):
        ends = cell.get("interval") or [None]
        if key == "mean" and None not in ends:
            axes.plot([spot, spot], ends, color=SERIES[kind], linewidth=1.2 if few else 0.7, solid_capstyle="butt")
    axes.plot(
        x,
        values,
        _MARKERS[kind],
        linestyle=dash(kind),
        color=SERIES[kind],
        linewidth=1.4,
        markersize=4.5 if few else 3,
        label=FEATURES.get(features, features),
    )
    if grid.reference and grid.reference[0] == features:
        at = grid.slopes.index(grid.reference[1])
        axes.plot(x[at], values[at], "o", markersize=12, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1.1)


def _frame(axes: Axes, slopes: Sequence[float], limits: tuple[float, float]) -> None:
    """Set the axes: slopes at equal steps, for most of them lie near 0."""
    names = [number(slope) for slope in slopes]
    step = math.ceil(sum(len(name) + 1.2 for name in names) / _CHARACTERS) or 1
    shown = range(0, len(names), step)
    axes.set_xticks(list(shown), [names[place] for place in shown], fontsize=8.5)
    axes.set(xlim=(-0.6, max(len(names), 1) - 0.4), ylim=limits, xlabel="slope")
    axes.grid(axis="x", visible=False)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def differences(claims: Sequence[Mapping[str, Any]], margin: float | None) -> list[Picture | None]:
    """Draw where the difference of each claim lies, all with the same scale; None where no difference is known."""
    rows = [[each for each in claim.get("splits") or [] if each.get("difference") is not None] for claim in claims]
    figures = [value for each in rows for row in each for value in (row["difference"], *(row.get("interval") or []))]
    ends = [0.0, margin or 0.0, *(value for value in figures if value is not None)]
    room = 0.06 * (max(ends) - min(ends)) or 0.01
    limits = (min(ends) - room, max(ends) + room)
    sides = [limits[1] if claim.get("more", True) else limits[0] for claim in claims]
    drawn = enumerate(zip(rows, sides, strict=True))
    return [_difference(f"claim{place}", each, limits, margin, side) if each else None for place, (each, side) in drawn]


def _difference(
    name: str, rows: Sequence[Mapping[str, Any]], limits: tuple[float, float], margin: float | None, side: float
) -> Picture:
    """Draw the difference on each kind of splits; the claim holds between the margin and ``side``."""
    with style():
        figure = sheet(320, 52 + 26 * len(rows))
        axes = figure.add_subplot()
        if margin is not None:
            axes.axvspan(margin, side, color=GRID, alpha=0.55, linewidth=0)
            axes.axvline(margin, color=MUTED, linewidth=1, linestyle=(0, (3, 2)))
        axes.axvline(0, color=INK, linewidth=0.9)
        for place, row in enumerate(rows):
            tint, marker = _VERDICTS.get(row.get("verdict") or "", (SERIES[4], "D"))
            ends = row.get("interval") or [None]
            if None not in ends:
                axes.plot(ends, [-place, -place], color=tint, linewidth=3, solid_capstyle="butt")
            axes.plot(row["difference"], -place, marker, color=tint, markersize=8)
        axes.set_yticks([-place for place in range(len(rows))], [_split(row) for row in rows])
        axes.set(xlim=limits, ylim=(-len(rows) + 0.4, 0.6), xlabel="difference, in percentage points")
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(_tick))
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        told = "; ".join(f"{_split(row)} {points(row['difference'], row.get('interval'))}" for row in rows)
        svg = to_svg(figure, name, "Where the difference lies", f"{told}. The claim holds in the shaded part.")
    return Picture(svg, f"{told}.")


def _tick(value: float, place: int | None) -> str:
    return f"{value * 100:+.3g}".replace("-", "\N{MINUS SIGN}") if abs(value) > 1e-9 else "0"


def _split(row: Mapping[str, Any]) -> str:
    return place_label(SPLITS.get(row.get("split") or "", row.get("split") or "all splits"))
