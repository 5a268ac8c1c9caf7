"""RESULTS.md from the figures of results.json; nothing in it is written by hand."""

from collections.abc import Iterable, Sequence
from typing import Any

Result = dict[str, Any]

RATIOS = {
    "keras_fit_one": "Keras `fit`, defaults, one network",
    "keras_fit_many": "Keras `fit`, defaults, per network of many",
    "keras_fit_million_rows": "Keras `fit`, defaults, one network, an epoch of 1,000,000 rows",
    "keras_tuned_one": "Keras `fit`, fastest built-in settings, one network",
    "keras_tuned_many": "Keras `fit`, fastest built-in settings, per network of many",
    "jax_vmap_one": "JAX `jit(vmap(scan))`, one network",
    "jax_vmap_many": "JAX `jit(vmap(scan))`, per network of 1,024",
    "jax_vmap_most": "JAX `jit(vmap(scan))`, per network of many, each side at its best size",
    "jax_tuned_one": "JAX in the fastest of the ways tried, one network",
    "jax_tuned_many": "JAX in the fastest of the ways tried, per network of many",
    "jax_threads_many": "the same with a thread a core around it, per network of many",
    "torch_one": "PyTorch loop, one network",
    "sklearn_mlp_one": "scikit-learn `MLPRegressor`, one network",
}
"""Ratio -> what this engine is compared with."""

INTRODUCTION = """# Bench

Written by `make bench`, never by hand. The task: 100 epochs of the 807 training rows of `configs/default.yaml` at batch 10, the
6-3-1 Leaky ReLU network, squared error, Adam, in one process. Competitors take turns in rounds; a ratio is the median of the
ratios of each round. Compiling is not counted for anybody, nor is importing. JAX is compiled as its users have it; what it
reaches with the flags that this engine gives to XLA is told below."""

CHUNK = """## Networks a call

This engine trains many networks in several calls, spread over the cores. Its rule picks {rule:,} networks a call; the fastest of
the sizes tried is {best:,}; the rule takes {slower_by:.1%} longer."""

STUDY = """## A study on many workers

`study --dask`, with the model `seconds = start + task x ceil(tasks / workers) + keeping x tasks`: {start:.1f} s until workers
run and until they have ended, {task:.2f} s a task of {networks} networks on one core, {keeping:.4f} s a task in the one process
that submits and writes. Measured in a fifth of the default study: {one:.2f} s from task to task with one worker, and {two:.2f} s
with two on this machine, {gain:.2f} times as fast. All below follows from the model, with workers that do not share cores."""

GROWTH = """## Growth

Fitted exponents: 1 means twice the size costs twice as much, 0 that it costs nothing. `overall` is the slope of the logarithms
by least squares over all sizes; `upper` leaves out the sizes where the constant part dominates: it begins at the first size that
costs at least twice what the smallest one does, and holds two sizes at least. Every point is measured in a fresh process. Memory
is by how much the peak of the process rises over what it held with the data made and a small training done; steps below some
tens of MiB are those of the allocator and the compiler."""

REPEAT = """## How to repeat

    make bench

It takes some nine minutes on two idle cores and writes this file and `results.json`. PyTorch is measured where it can be
imported; `make bench` does not install it."""


def render(result: Result) -> str:
    """Return the whole page."""
    both = result["ratios"], result["ratios_disturbed"]
    parts = [
        INTRODUCTION,
        "## How many times as fast this engine is",
        table(
            ("compared with", "times as fast", "while another process uses a core"),
            ((text, *(number(each[key]) if key in each else "" for each in both)) for key, text in RATIOS.items()),
        ),
        "## The table",
        table(
            ("who", "networks", "seconds", "networks a second"),
            ((each["name"], f"{each['networks']:,}", number(each["seconds"]), number(each["rate"])) for each in result["rivals"]),
        ),
        *notes(result),
        CHUNK.format(**result["chunk"]),
        table(
            ("networks a call", "networks a second"),
            ((f"{int(size):,}", number(rate)) for size, rate in result["chunk"]["rates"].items()),
        ),
        *study(result["study"]),
        GROWTH,
        *growth(result["grown"]),
        "## The machine",
        machine(result["machine"]),
        REPEAT,
    ]
    return "\n\n".join(parts) + "\n"


def number(value: float | None) -> str:
    """Return a figure with three digits at least, or that there is none."""
    if value is None:
        return "not installed"
    digits = next((digits for digits, least in enumerate((100, 10, 1)) if abs(value) >= least), 4)
    return f"{value:,.{digits}f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; all columns but the first to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def notes(result: Result) -> list[str]:
    """Return what one must know to judge the table, and what every way that was tried took."""
    million, agreement = result["million_rows"], result["agreement"]
    skipped = [name for name, difference in agreement.items() if difference is None]
    same = "; ".join(f"{name}: {value:.1e}" for name, value in agreement.items() if value is not None)
    items = [
        "This engine also draws batches and weights, keeps every loss curve and computes every final loss inside its clock.",
        f"A million rows: {number(million['engine'])} s here, {number(million['keras'])} s with Keras, scaled from 20,000 rows.",
        "The PyTorch loop is measured on 5 epochs and scaled; scikit-learn has plain ReLU and its own initial weights.",
        f"Largest difference of a weight from this engine's after one epoch of the same batches: {same or 'not measured'}.",
        *([f"Not installed, so skipped: {', '.join(skipped)}."] if skipped else []),
    ]
    parts = ["\n".join(f"- {item}" for item in items)]
    for title, unit, tried in result["tried"]:
        rows = ((name, number(value)) for name, value in tried.items())
        parts += [f"Tried, on fewer epochs, to choose the fastest: {title}.", table(("way", unit), rows)]
    return parts


def study(told: Result) -> list[str]:
    """Return what a study takes on several numbers of workers."""
    one, two = told["measured"].values()
    workers = list(next(iter(told["expected"].values())))
    head = ("networks", *(f"{each} worker{'s' * (each != '1')}" for each in workers))
    rows = ((networks, *(duration(seconds) for seconds in each.values())) for networks, each in told["expected"].items())
    figures = {key: told[key] for key in ("start", "task", "keeping", "networks")}
    return [STUDY.format(**figures, one=one, two=two, gain=one / two), table(head, rows)]


def duration(seconds: float) -> str:
    """Return seconds as a person would say them."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def growth(axes: Result) -> list[str]:
    """Return the exponents of all axes, and a table of sizes for each."""
    head = ("grows", "time, upper", "time, overall", "memory, upper", "memory, overall")
    rows = [(axis, *(exponent(each, what) for what in ("time", "memory"))) for axis, each in axes.items()]
    parts = [table(head, ((axis, *time, *memory) for axis, time, memory in rows))]
    for axis, each in axes.items():
        sizes = zip(each["sizes"], each["seconds"], each["memory_bytes"], strict=True)
        cells = ((f"{size:,}", number(seconds), f"{memory / 2**20:,.1f}") for size, seconds, memory in sizes)
        parts += [f"### {axis.capitalize()}\n\nWith {each['fixed']}.", table((axis, "seconds", "MiB"), cells)]
    return parts


def exponent(axis: Result, what: str) -> tuple[str, str]:
    """Return the upper exponent, with where it begins, and the overall one."""
    fit = axis[what]

    def shown(value: float | None) -> str:
        return "none" if value is None else f"{value:.2f}"

    return f"{shown(fit['upper'])} (from {fit['upper_from']:,})", shown(fit["overall"])


def machine(told: Result) -> str:
    """Return the machine as a list."""
    versions = ", ".join(f"{name} {value or 'not installed'}" for name, value in told["packages"].items())
    lines = [
        f"processor: {told['processor']}, {told['cores']} cores, {told['memory_gib']} GiB of memory",
        f"system: {told['system']}; load before the start {told['load_before']}",
        f"Python {told['python']}; {versions}",
        f"date: {told['date']}",
    ]
    return "\n".join(f"- {line}" for line in lines)
