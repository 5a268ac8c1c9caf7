import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from tests.bench import cost, growth, results, rival_jax, rival_torch, rivals
from tests.bench.task import ENGINE, JAX, KERAS, RECIPE, Rival, Timing, fastest, made_up, of_size, take_turns, times_as_fast

SIZES = (3, 16, 64, 256)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_the_slope_of_a_power_law_is_its_exponent(power: float) -> None:
    assert growth.slope(SIZES, [7 * size**power for size in SIZES]) == pytest.approx(power, abs=1e-12)


def test_the_slope_is_that_of_numpy() -> None:
    values = np.random.default_rng(0).uniform(1, 9, len(SIZES))
    assert growth.slope(SIZES, values) == pytest.approx(np.polyfit(np.log(SIZES), np.log(values), 1)[0])


def test_the_slope_leaves_out_what_has_no_logarithm() -> None:
    assert growth.slope(SIZES, [0, 16, 64, 256]) == pytest.approx(1)
    assert growth.slope(SIZES, [0, 0, 0, 1]) is None


def test_the_upper_fit_leaves_out_the_constant_part() -> None:
    sizes = [10**power for power in range(7)]
    fitted = growth.fit(sizes, [1000 + size for size in sizes])
    assert fitted.upper_from == 10_000
    assert fitted.upper == pytest.approx(1, abs=0.05)
    assert fitted.overall is not None
    assert fitted.overall < 0.7


@pytest.mark.parametrize("values", [(5.0, 5.0, 5.0, 5.0), (0.0, 0.0, 3.0, 3.0)])
def test_the_upper_fit_holds_two_sizes_of_what_does_not_grow(values: tuple[float, ...]) -> None:
    fitted = growth.fit(SIZES, values)
    assert fitted.upper_from == 64
    assert fitted.upper == pytest.approx(0)


def test_everybody_is_warmed_and_then_takes_turns() -> None:
    calls: list[str] = []
    turns = [
        Rival(ENGINE, "a", 1, lambda: calls.append("a"), warm=lambda: calls.append("warm a")),
        Rival(KERAS, "b", 1, lambda: calls.append("b")),
    ]
    timings = take_turns(turns, 2)
    assert calls == ["warm a", "b", *2 * (15 * ["a"] + 15 * ["b"])]  # each is so short that it is repeated
    assert [len(each.seconds) for each in timings] == [2, 2]


def timing(family: str, networks: int, *seconds: float) -> Timing:
    return Timing(Rival(family, family, networks, lambda: None), seconds)


def test_a_ratio_is_the_median_over_the_rounds_of_networks_a_second() -> None:
    ours, theirs = timing(ENGINE, 100, 1.0, 2.0, 1.0), timing(KERAS, 1, 3.0, 10.0, 5.0)
    assert times_as_fast(ours, theirs) == 500
    assert times_as_fast(ours, None) is None


def test_the_fastest_is_the_one_with_the_most_networks_a_second() -> None:
    timings = [timing(JAX, 1, 1.0), timing(JAX, 256, 1.0), timing(JAX, 4096, 20.0)]
    assert fastest(timings, JAX, many=True) is timings[1]
    assert fastest(timings, JAX, many=False) is timings[0]
    assert fastest(timings, KERAS, many=False) is None
    assert of_size(timings, JAX, 4096) is timings[2]
    assert of_size(timings, KERAS, 1) is None


COST = cost.Cost(start=10.0, task=1.0, keeping=0.01, networks=252)


def test_the_cost_of_a_study_is_found_from_what_one_worker_did() -> None:
    """It comes up in 8 s, compiles for 1 s in the first task, and ends in 1 s."""
    done = tuple(8 + 1 + 1.01 * number for number in range(1, 49))
    assert asdict(cost.fit(cost.Arrivals(done, done[-1] + 1), 0.01, 252)) == pytest.approx(asdict(COST))


def test_more_workers_than_tasks_are_no_faster() -> None:
    assert COST.seconds(10 * 252, 10) == COST.seconds(10 * 252, 100) == pytest.approx(10 + 1 + 0.1)


def sample() -> dict[str, Any]:
    fitted = asdict(growth.fit(SIZES, (1.0, 2.0, 8.0, 32.0)))
    axis = {"time": fitted, "memory": fitted, "fixed": "1 starts", "sizes": SIZES, "seconds": SIZES, "memory_bytes": (2**20,) * 4}
    packages = {"tensorflow": "2.21.0", "torch": None}
    return {
        "ratios": dict.fromkeys(results.RATIOS, 12.345) | {"keras_fit_many": 26546.25, "torch_one": None},
        "ratios_disturbed": dict.fromkeys([*results.RATIOS][:2], 23.456),
        "growth": {"rows": {"time": 0.9, "memory": 0.5}},
        "grown": {"rows": axis},
        "chunk": {"rule": 256, "best": 512, "slower_by": 0.0625, "rates": {"256": 3000.0, "512": 3187.5}},
        "study": asdict(COST) | {"measured": {"1": 1.01, "2": 0.52}, "expected": {"30,240": {"1": 130.0, "2": 70.0}}},
        "rivals": [{"name": "this engine, 4,096 networks", "networks": 4096, "seconds": 1.0, "rate": 4096.0}],
        "million_rows": {"engine": 0.25, "keras": 80.0},
        "tried": [["Keras `fit`", "seconds", {"steps_per_execution=81": 3.5}]],
        "agreement": {"JAX": 4.8e-7, "PyTorch loop": None},
        "machine": {"processor": "a processor", "cores": 2, "memory_gib": 24, "load_before": 0.1, "system": "a system"}
        | {"python": "3.11.7", "packages": packages, "date": "2025-01-01"},
    }


def test_the_page_shows_ratios_first_and_says_what_is_missing() -> None:
    page = results.render(sample())
    assert page.index("## How many times as fast") < page.index("## The table") < page.index("## Growth")
    for line in (
        "| Keras `fit`, defaults, per network of many | 26,546 | 23.5 |",
        "| PyTorch loop, one network | not installed |  |",
        "| this engine, 4,096 networks | 4,096 | 1.00 | 4,096 |",
        "picks 256 networks a call; the fastest of\nthe sizes tried is 512; the rule takes 6.2% longer.",
        "- Not installed, so skipped: PyTorch loop.",
        "Largest difference of a weight from this engine's after one epoch of the same batches: JAX: 4.8e-07.",
        "| 16 | 16.0 | 1.0 |",
        "| 30,240 | 2 min | 70 s |",
        "1.01 s from task to task with one worker, and 0.52 s\nwith two on this machine, 1.94 times as fast",
        "- processor: a processor, 2 cores, 24 GiB of memory",
    ):
        assert line in page


def test_every_table_of_the_page_is_well_formed() -> None:
    for block in results.render(sample()).split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1


def test_figures_keep_three_digits() -> None:
    shown = [results.number(value) for value in (26546.25, 600.4, 60.42, 6.042, 0.01257, None)]
    assert shown == ["26,546", "600", "60.4", "6.04", "0.0126", "not installed"]


def test_scikit_learn_trains_all_epochs() -> None:
    assert rivals.scikit_learn(*made_up(30, 6)).run().n_iter_ == RECIPE.epochs


@pytest.mark.slow
@pytest.mark.skipif(not rival_jax.INSTALLED, reason="JAX is not installed")
def test_jax_trains_the_networks_that_this_engine_trains() -> None:
    ways = [way for way in rival_jax.WAYS if way.unroll == 1]
    assert max(rival_jax.differences(*made_up(95, 6), 16, ways)) < 1e-4


@pytest.mark.skipif(not rival_torch.installed(), reason="PyTorch is not installed")
def test_pytorch_trains_the_network_that_this_engine_trains() -> None:
    assert rival_torch.difference(*made_up(95, 6)) < 1e-4


@pytest.mark.slow
def test_a_point_is_measured_in_a_process_of_its_own() -> None:
    seconds, memory = growth.measure_apart(growth.Point(rows=100, starts=8, epochs=1))
    assert math.isfinite(seconds)
    assert seconds > 0
    assert memory >= 0
