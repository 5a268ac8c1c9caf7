"""How time and memory grow with rows, starts, hidden units, features and outputs; each point in a fresh process of its own.

Usage: growth.py POINT, a JSON object with what a Point has; prints its seconds and bytes.

Time is that of one whole ``train``, compiled before. Memory is by how much the peak of the process rose over what it held
with the data made and a small training done: what the task itself needs, not Python, TensorFlow and the compiler.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median

import numpy as np

from tests.bench.task import RECIPE, clock, made_up
from tests.training import train_network

WARMER, ENOUGH, MOST = 8, 0.5, 5
"""Starts of the small training; seconds after which no further repetition is timed; most repetitions."""


@dataclass(frozen=True)
class Point:
    """A task. One output is a class code, several are softmax, one a class."""

    rows: int = 800
    features: int = 6
    hidden: int = 3
    outputs: int = 1
    starts: int = 256
    epochs: int = 2


@dataclass(frozen=True)
class Fit:
    """Exponents of a power law: slopes of log value over log size by least squares; None where fewer than two points count.

    Attributes:
        overall: over all sizes.
        upper: over the sizes from ``upper_from`` on.
    """

    overall: float | None
    upper: float | None
    upper_from: int | None


@dataclass(frozen=True)
class Growth:
    """One axis: its sizes, the seconds and the bytes at each, and what was fitted to them."""

    axis: str
    fixed: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    memory: tuple[float, ...]
    time_fit: Fit
    memory_fit: Fit


AXES: dict[str, tuple[Point, tuple[int, ...]]] = {
    "rows": (Point(starts=1, epochs=1), (1_000, 10_000, 100_000, 1_000_000)),
    "starts": (Point(), (1, 10, 100, 1_000, 10_000, 100_000)),
    "hidden": (Point(), (3, 16, 64, 256)),
    "features": (Point(), (6, 25, 100)),
    "outputs": (Point(), (3, 10, 30, 100)),
}


def slope(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """Return the exponent of the power law that fits best; values of 0 or less are left out."""
    points = [(size, value) for size, value in zip(sizes, values, strict=True) if value > 0]
    if len(points) < 2:
        return None
    x, y = np.log(np.array(points)).T
    x = x - x.mean()
    return float(x @ y / (x @ x))


def fit(sizes: Sequence[int], values: Sequence[float]) -> Fit:
    """Fit over all sizes, and over those where the constant part is no longer most of the value.

    The constant part is at most the value at the smallest size; so from the first size on whose value is twice that, it is at
    most half. At least the two largest sizes count.
    """
    constant = max(values[0], 0)
    first = next((at for at, value in enumerate(values) if value > 0 and value >= 2 * constant), len(values))
    first = min(first, len(values) - 2)
    return Fit(slope(sizes, values), slope(sizes[first:], values[first:]), sizes[first])


def measure(point: Point) -> tuple[float, float]:
    """Return the seconds and the bytes of a point, measured in this process."""
    recipe = replace(RECIPE, sizes=(point.features, point.hidden, point.outputs), epochs=point.epochs, starts=point.starts)
    x, y = made_up(point.rows, point.features)
    if point.outputs > 1:
        recipe = replace(recipe, slopes=recipe.slopes[:1], softmax=True, loss="categorical_crossentropy")
        y = np.eye(point.outputs, dtype=np.float32)[np.digitize(x[:, 0], np.linspace(-2, 2, point.outputs - 1))]
    train_network(x[:20], y[:20], replace(recipe, starts=min(WARMER, point.starts), epochs=1))
    before = peak()
    seconds = [clock(lambda: train_network(x, y, recipe))]  # compiles
    after = peak()
    seconds.clear()
    while not seconds or (sum(seconds) < ENOUGH and len(seconds) < MOST):
        seconds.append(clock(lambda: train_network(x, y, recipe)))
    return median(seconds), after - before


def peak() -> float:
    """Return the most bytes that this process has held so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


def measure_apart(point: Point) -> tuple[float, float]:
    """Return the same, measured in a fresh process."""
    command = [sys.executable, "-m", "tests.bench.growth", json.dumps(asdict(point))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, memory = json.loads(done.stdout.splitlines()[-1])
    return seconds, memory


def grow(axis: str) -> Growth:
    """Measure every size of an axis."""
    point, sizes = AXES[axis]
    found = [measure_apart(replace(point, **{axis: size})) for size in sizes]
    seconds, memory = zip(*found, strict=True)
    fixed = ", ".join(f"{value:,} {name}" for name, value in asdict(point).items() if name != axis)
    return Growth(axis, fixed, sizes, seconds, memory, fit(sizes, seconds), fit(sizes, memory))


if __name__ == "__main__":
    print(json.dumps(measure(Point(**json.loads(sys.argv[1])))))
