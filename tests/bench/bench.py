"""How fast the compiled engine is beside Keras, scikit-learn, JAX and PyTorch, and how its time and memory grow.

One run measures everything, writes results.json and RESULTS.md beside this file, and prints the latter. See task.py for what
makes the comparison fair, rivals.py and its neighbours for who is compared, growth.py and chunks.py for the rest.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.machine.arrays import Floats32
from tests.bench import chunks, cost, growth, machine, rival_jax, rival_torch, rivals
from tests.bench.results import Result, render
from tests.bench.task import (
    ENGINE,
    JAX,
    JAX_THREADS,
    JAX_TUNED,
    KERAS,
    SKLEARN,
    TORCH,
    Rival,
    Timing,
    arrays,
    busy,
    fastest,
    go_on,
    of_size,
    take_turns,
    times_as_fast,
)

ROUNDS = 3
AGREE = 1e-4
"""How close the weights of a competitor must be after one epoch; one that computes something else is no comparison."""


def say(text: str) -> None:
    """Tell on standard error what is being measured."""
    print(text, file=sys.stderr, flush=True)


def agreement(x: Floats32, y: Floats32) -> dict[str, float | None]:
    """Return competitor -> the largest difference of a weight from this engine's after one epoch; None where missing."""
    found = {
        JAX: max(rival_jax.differences(x, y, 256)) if rival_jax.INSTALLED else None,
        TORCH: rival_torch.difference(x, y) if rival_torch.installed() else None,
    }
    for name, value in found.items():
        if value is None:
            say(f"{name} is not installed: skipped")
        elif not value <= AGREE:
            raise SystemExit(f"{name} does not compute what this engine does: weights differ by {value} after one epoch")
    return found


def everybody(x: Floats32, y: Floats32, agreed: dict[str, float | None]) -> tuple[list[Rival], list[Any]]:
    """Return who takes part, and what was tried to find the fastest of each: title, unit, way -> figure."""
    tuned, seconds = rivals.keras_fastest(x, y)
    found = [*rivals.engines(x, y), rivals.keras_default(x, y), tuned, rivals.scikit_learn(x, y)]
    tried: list[Any] = [("Keras `fit`", "seconds", seconds)]
    if agreed[JAX] is not None:
        several, ways = rival_jax.rivals(x, y)
        found += several
        tried += [(f"JAX, {trial}", "networks a second", rates) for trial, rates in ways.items()]
        flagged = rival_jax.with_flags()
        tried += [(f"JAX with this engine's flags, {trial}", "networks a second", rates) for trial, rates in flagged.items()]
    if agreed[TORCH] is not None:
        found.append(rival_torch.rival(x, y))
    return found, tried


def ratios(timings: list[Timing]) -> dict[str, float | None]:
    """Return how many times as fast this engine is; None where the competitor is not installed."""
    one, many = (fastest(timings, ENGINE, many) for many in (False, True))
    same = of_size(timings, ENGINE, 1024)
    assert one is not None
    assert same is not None
    assert many is not None
    default, tuned = (fastest(timings, family, False) for family in (KERAS, rivals.TUNED))
    return {
        "keras_fit_one": times_as_fast(one, default),
        "keras_fit_many": times_as_fast(many, default),
        "keras_tuned_one": times_as_fast(one, tuned),
        "keras_tuned_many": times_as_fast(many, tuned),
        "jax_vmap_one": times_as_fast(one, fastest(timings, JAX, False)),
        "jax_vmap_many": times_as_fast(same, of_size(timings, JAX, 1024)),
        "jax_vmap_most": times_as_fast(many, fastest(timings, JAX, True)),
        "jax_tuned_one": times_as_fast(one, fastest(timings, JAX_TUNED, False)),
        "jax_tuned_many": times_as_fast(many, fastest(timings, JAX_TUNED, True)),
        "jax_threads_many": times_as_fast(many, fastest(timings, JAX_THREADS, True)),
        "torch_one": times_as_fast(one, fastest(timings, TORCH, False)),
        "sklearn_mlp_one": times_as_fast(one, fastest(timings, SKLEARN, False)),
    }


def grown(axis: str) -> Result:
    """Return the growth along an axis as it stands in results.json."""
    say(f"growth with {axis}")
    each = growth.grow(axis)
    return {
        "time": asdict(each.time_fit),
        "memory": asdict(each.memory_fit),
        "fixed": each.fixed,
        "sizes": each.sizes,
        "seconds": each.seconds,
        "memory_bytes": each.memory,
    }


def measure() -> Result:
    """Measure everything; some nine minutes."""
    rival_jax.begin()
    told = machine.describe()
    axes = {axis: grown(axis) for axis in growth.AXES}  # first, while this process holds nothing
    x, y = arrays()
    agreed = agreement(x, y)
    say("which ways of the competitors are the fastest")
    found, tried = everybody(x, y, agreed)
    say(f"{len(found)} competitors in {ROUNDS} rounds")
    timings = take_turns(found, ROUNDS)
    say("the same while another process uses a core")
    with busy():
        disturbed = ratios(go_on(found, 1))
    say("a million rows, and networks a call")
    ours, theirs, million = rivals.million_rows(ROUNDS)
    say("a study on one and two workers")
    study, measured = cost.measure()
    return {
        "ratios": ratios(timings) | {"keras_fit_million_rows": million},
        "ratios_disturbed": disturbed,
        "growth": {axis: {what: each[what]["upper"] for what in ("time", "memory")} for axis, each in axes.items()},
        "grown": axes,
        "chunk": asdict(chunks.compare(x, y, ROUNDS)),
        "study": asdict(study) | {"measured": measured, "expected": cost.expected(study)},
        "rivals": [
            {"name": each.rival.name, "networks": each.rival.networks, "seconds": each.middle, "rate": each.rate}
            for each in timings
        ],
        "million_rows": {"engine": ours, "keras": theirs},
        "tried": tried,
        "agreement": agreed,
        "machine": told,
    }


def main() -> None:
    """Measure, write, print."""
    # through JSON, so that the page is written from nothing but the file
    text = json.dumps(measure(), indent=2) + "\n"
    page = render(json.loads(text))
    here = Path(__file__).parent
    (here / "results.json").write_text(text, encoding="utf-8")
    (here / "RESULTS.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
