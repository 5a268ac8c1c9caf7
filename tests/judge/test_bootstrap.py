"""Resamples against their definition, intervals against scipy.stats.bootstrap, the notes against the simulation."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import bootstrap, t

from pipeline.judge import bootstrap as module
from pipeline.judge.bootstrap import (
    GROUPS_21,
    LEVEL,
    ROWS_200,
    ROWS_1000,
    estimate,
    groups_note,
    jackknife,
    left_out,
    rows_note,
    weights,
)


def every(parts) -> np.ndarray:
    return np.concatenate(list(parts))


def test_each_resample_holds_as_many_rows_as_there_are_and_each_row_as_often_as_chance_has_it():
    drawn = every(weights(50, 4000, seed=0))
    assert drawn.shape == (4000, 50)
    assert (drawn.sum(axis=1) == 50).all()
    np.testing.assert_allclose(drawn.mean(axis=0), 1, atol=0.1)  # 6 standard errors
    np.testing.assert_allclose(drawn.var(), 1 - 1 / 50, atol=0.03)


def test_the_seed_decides_and_the_parts_do_not(monkeypatch):
    whole = every(weights(70, 30, seed=3))
    assert not np.array_equal(whole, every(weights(70, 30, seed=4)))
    for cells in (1, 140, 500):
        monkeypatch.setattr(module, "_CELLS", cells)
        assert max(len(part) for part in weights(70, 30, seed=3)) == max(1, cells // 70)
        np.testing.assert_array_equal(every(weights(70, 30, seed=3)), whole)
        np.testing.assert_array_equal(every(left_out(70)), 1 - np.eye(70))


def test_beyond_a_hundred_rows_they_are_left_out_in_a_hundred_groups_each_once():
    kept = every(left_out(1009))
    assert kept.shape == (100, 1009)
    np.testing.assert_array_equal((1 - kept).sum(axis=0), 1)


def test_blocks_of_a_seed_hold_each_row_once_and_do_not_follow_the_order_of_the_rows():
    kept = every(left_out(1009, 25, seed=0))
    assert kept.shape == (25, 1009)
    np.testing.assert_array_equal((1 - kept).sum(axis=0), 1)
    assert set((1 - kept).sum(axis=1)) == {40, 41}
    assert not np.array_equal(kept, every(left_out(1009, 25, seed=1)))
    assert len(set(np.diff(np.flatnonzero(kept[0] == 0)))) > 5


def test_the_jackknife_of_single_rows_is_the_t_interval_of_the_mean_and_stays_within_its_bounds():
    values = np.random.default_rng(0).random(60)
    found = jackknife(values.mean(), every(left_out(60)) @ values / 59, 0.9, 0.0, 1.0)
    expected = t.interval(0.9, 59, values.mean(), values.std(ddof=1) / 60**0.5)
    np.testing.assert_allclose((found.low, found.high), expected)
    bounded = jackknife(0.99, np.array([0.0, 1.0, 1.0]), 0.9, 0.0, 1.0)
    assert (bounded.low, bounded.high) == (0.0, 1.0)


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.5])
def test_a_jackknife_that_varies_endlessly_or_not_at_all_tells_nothing(value):
    for without in (np.full(25, 0.5), np.append(np.arange(24.0), np.inf), np.append(np.arange(24.0), np.nan)):
        found = jackknife(value, without, 0.95, 0.0, 1.0)
        np.testing.assert_equal([found.value, found.low, found.high], [value, np.nan, np.nan])


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("seed", range(4))
def test_the_interval_is_scipys_bca_up_to_the_noise_of_the_resamples(seed, level):
    values = np.random.default_rng(seed).exponential(size=60)
    samples = every(weights(60, 20_000, seed=1)) @ values / 60
    without = every(left_out(60)) @ values / 59
    found = estimate(float(values.mean()), samples, without, level)
    oracle = bootstrap((values,), np.mean, confidence_level=level, n_resamples=20_000, method="BCa", rng=0)
    width = oracle.confidence_interval.high - oracle.confidence_interval.low
    np.testing.assert_allclose((found.low, found.high), oracle.confidence_interval, atol=0.03 * width)


def test_rows_left_out_once_with_a_count_are_those_rows_left_out_each():
    values = np.repeat([0.0, 1.0, 5.0], [20, 7, 3])
    samples = every(weights(30, 500, seed=1)) @ values / 30
    each = every(left_out(30)) @ values / 29
    once = each[[0, 20, 27]]
    assert estimate(values.mean(), samples, each, 0.9) == estimate(values.mean(), samples, once, 0.9, [20, 7, 3])


def test_an_end_among_undefined_resamples_is_not_known():
    samples, without = np.linspace(0, 1, 1000), np.array([0.5, 0.5])
    few, many = samples.copy(), samples.copy()
    few[500:510], many[500:530] = np.nan, np.nan  # the ends lie at 25 of 1000
    found = estimate(0.5, few, without, 0.95)
    assert estimate(0.5, samples, without, 0.95).low > found.low > 0
    assert estimate(0.5, samples, without, 0.95).high < found.high < 1
    assert np.isnan(estimate(0.5, many, without, 0.95).low)
    assert np.isnan(estimate(0.5, many, without, 0.95).high)


def test_infinite_resamples_open_their_own_end_only():
    samples, without = np.linspace(0, 1, 1000), np.array([0.5, 0.5])
    samples[-50:] = np.inf
    found = estimate(0.5, samples, without, 0.95)
    assert 0 < found.low < 0.1
    assert np.isnan(found.high)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1.0])
def test_resamples_that_all_agree_or_are_undefined_tell_nothing(value):
    for samples in (np.full(100, value), np.full(100, np.nan)):
        found = estimate(value, samples, np.full(10, value), 0.95)
        np.testing.assert_equal([found.value, found.low, found.high], [value, np.nan, np.nan])


@pytest.mark.parametrize("level", [0.5, 0.999999, 1 - 1e-15])
@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0, 2.0])
def test_an_interval_is_made_of_values_that_occurred_however_extreme_the_case(value, level):
    samples = np.random.default_rng(0).random(50)
    found = estimate(value, samples, np.array([0.0, 0.0, 0.0, 1.0]), level)
    assert samples.min() <= found.low <= found.high <= samples.max()


SIMULATED = json.loads((Path(__file__).parents[1] / "simulation/coverage.json").read_text(encoding="utf-8"))


def test_the_sentences_hold_the_lowest_and_the_highest_coverage_of_the_simulation() -> None:
    for sample, said in (("1000 rows", ROWS_1000), ("200 rows", ROWS_200), ("21 groups", GROUPS_21)):
        coverage = [figure["coverage"] for figure in SIMULATED["figures"][sample].values()]
        assert said == (min(coverage), max(coverage))
    assert all(f"{share:.1%}" in rows_note(LEVEL) for share in (*ROWS_1000, *ROWS_200))
    assert all(f"{share:.1%}" in groups_note(LEVEL) for share in GROUPS_21)


def test_nothing_is_said_of_a_level_that_was_not_simulated() -> None:
    assert SIMULATED["level"] == LEVEL
    assert rows_note(0.9) == groups_note(0.9) == rows_note(0.99) == groups_note(0.99) == ""


def test_tiny_figures_have_the_interval_of_larger_ones() -> None:
    random = np.random.default_rng(0)
    samples, without = random.normal(3, 1, 1000), random.normal(3, 0.1, 25)
    whole, tiny = (estimate(3.0 * scale, samples * scale, without * scale, 0.95) for scale in (1.0, 2.0**-400))
    assert (tiny.low / 2.0**-400, tiny.high / 2.0**-400) == (whole.low, whole.high)
