"""The network drawn: units in columns, weights as lines between them."""

from collections.abc import Sequence
from typing import Any, SupportsFloat

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from pipeline.machine.arrays import Floats32
from pipeline.network.layers import Network, unflatten
from pipeline.report.canvas import INK, MUTED, PAPER, SERIES, WIDE, Picture, place_label, sheet, to_svg

_LABELLED = 4  # lines that leave one unit and still have room for their numbers
_ACROSS, _DOWN = 36, 48
_NAME = 18  # characters of an input or an output


def draws(network: Network) -> bool:
    """Return whether the network is small enough to be drawn; a larger one is shown as a table only."""
    return len(network.weights) <= 60


def network_drawing(network: Network, inputs: Sequence[str], outputs: Sequence[str], width: float = WIDE) -> Picture:
    """Draw a network for which ``draws`` is true, with its weights, biases, and the names of its inputs and outputs."""
    layers = list(unflatten(network.weights, network.sizes))
    lines = [min(kernel.shape) for kernel, _ in layers]  # beside each other between two columns, each with its number
    gaps = [44 + _ACROSS * count if count <= _LABELLED else 150 for count in lines]
    left, right = (max(34.0, 20 + 6.5 * max(len(place_label(name, _NAME)) for name in names)) for names in (inputs, outputs))
    columns = np.concatenate([[0], np.cumsum(gaps)]) * max(1.0, (width - left - right) / sum(gaps))
    height = _DOWN * max(network.sizes)
    places = [[height * (unit + 0.5) / size for unit in range(size)] for size in network.sizes]
    largest = max((float(np.abs(kernel).max()) for kernel, _ in layers if np.isfinite(kernel).all()), default=1.0) or 1.0
    with sheet(left + columns[-1] + right, height + 54) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(-left, columns[-1] + right), ylim=(height + 8, -46))
        axes.axis("off")
        for layer, (kernel, bias) in enumerate(layers):
            _lines(axes, kernel, columns[layer : layer + 2], places[layer : layer + 2], largest)
            _units(axes, columns[layer + 1], places[layer + 1], bias)
            below = f"slope {network.slopes[layer]:g}" if layer < len(network.slopes) else "softmax"
            _heading(axes, columns[layer + 1], "output" if layer == len(layers) - 1 else "hidden", below)
        axes.plot([0] * len(inputs), places[0], "s", color=INK, markersize=9, clip_on=False)
        _heading(axes, 0, "inputs", "")
        for names, x, side, align in ((inputs, 0, -12, "right"), (outputs, columns[-1], 18, "left")):
            for name, y in zip(names, places[0 if names is inputs else -1], strict=True):
                axes.text(x + side, y, place_label(name, _NAME), ha=align, va="center")
        description = "Columns of units from the inputs to the output; a line for each weight between them."
        svg = to_svg(figure, f"network{width:g}", "The network with its weights", description)
    count = f"All {len(network.weights)} weights: one on each line; below a unit its bias, the number that is added there."
    caption = f"{count} Solid lines (blue) are positive, dashed lines (orange) negative; the thicker, the larger."
    weights = [
        (layer + 1, source + 1, target + 1, weight)
        for layer, (kernel, bias) in enumerate(layers)
        for (source, target), weight in np.ndenumerate(np.vstack([kernel, bias]))
    ]
    return Picture(svg, caption, "network", [("layer", "from unit, the bias last", "to unit", "weight"), *weights])


def _lines(axes: Axes, kernel: Floats32, x: NDArray[Any], y: Sequence[Sequence[float]], largest: float) -> None:
    """Draw one layer's weights; their numbers stand in columns at the side that has more units."""
    few = min(kernel.shape)
    for (source, target), weight in np.ndenumerate(kernel):
        start, end = y[0][source], y[1][target]
        size = min(abs(float(weight)) / largest, 1.0) if np.isfinite(weight) else 0.0
        colour, dash = (SERIES[0], "-") if weight >= 0 else (SERIES[1], (0, (4, 2))) if weight < 0 else (MUTED, ":")
        axes.plot(x, [start, end], color=colour, linestyle=dash, linewidth=0.6 + 3.4 * size, alpha=0.75, zorder=1)
        if few <= _LABELLED:
            fan_out = kernel.shape[0] >= kernel.shape[1]
            share = (20 + _ACROSS * ((target if fan_out else source) + 0.35)) / (x[1] - x[0])
            share = share if fan_out else 1 - share
            box = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
            place = x[0] + share * (x[1] - x[0]), start + share * (end - start)
            axes.text(*place, _short(weight), fontsize=8, ha="center", va="center", bbox=box, zorder=2)


def _units(axes: Axes, x: float, ys: Sequence[float], biases: Floats32) -> None:
    axes.plot([x] * len(ys), ys, "o", markersize=17, markerfacecolor=PAPER, markeredgecolor=INK, markeredgewidth=1.3, zorder=3)
    for number_, (y, bias) in enumerate(zip(ys, biases, strict=True)):
        axes.text(x, y, str(number_ + 1), ha="center", va="center", fontsize=8.5, zorder=4)
        axes.text(x, y + 17, _short(bias), ha="center", va="center", fontsize=8, color=MUTED, zorder=4)


def _heading(axes: Axes, x: float, kind: str, below: str) -> None:
    axes.text(x, -34, kind, ha="center", va="center", fontweight="bold", fontsize=9)
    axes.text(x, -21, below, ha="center", va="center", fontsize=8, color=MUTED)


def _short(weight: SupportsFloat) -> str:
    """Return a weight as it fits on a line; the table has all its digits."""
    value = float(weight)
    shown = f"{value:.1e}" if abs(value) >= 100 else f"{value:.1g}" if 0 < abs(value) < 0.005 else f"{value:.2f}"
    return shown.replace("-", "\N{MINUS SIGN}").replace("nan", "NaN")
