"""The intervals for grouped rows: against SciPy's bootstrap, their limits, and how they behave at the ends."""

import time

import numpy as np
import pytest
from scipy.stats import bootstrap

from pipeline.judge import bootstrap as bootstrap_module
from pipeline.judge import grouped as module
from pipeline.judge.grouped import grouped_difference, grouped_interval
from pipeline.judge.metrics import wilson

SIZES = np.array([94, 104, 2, 102, 108, 99, 119, 3, 39, 20, 25, 35, 13, 1, 40, 37, 38, 29, 31, 33, 37])
GROUPS = np.repeat(np.arange(21), SIZES)


def drawn(sizes: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    return random.random(len(groups)) < random.beta(3, 1, len(sizes))[groups], groups


def with_wrong(groups: list[int]) -> np.ndarray:
    return ~np.isin(GROUPS, groups)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_it_is_scipys_percentile_bootstrap_of_the_groups_and_of_those_added(level):
    right, groups = drawn(SIZES)
    other, _ = drawn(SIZES, seed=1)
    size = np.sqrt(np.mean(SIZES**2))

    def oracle(values, added, sizes):
        data = (np.append(np.bincount(groups, values), added), np.append(SIZES, sizes))
        ratio = {"statistic": lambda total, rows, axis: total.sum(axis=axis) / rows.sum(axis=axis), "paired": True}
        return bootstrap(data, n_resamples=20_000, method="percentile", confidence_level=level, rng=0, **ratio)

    expected = oracle(right, [size, 0], [size, size]).confidence_interval
    np.testing.assert_allclose(grouped_interval(right, groups, level), expected, atol=0.01)
    values = right.astype(float) - other
    expected = oracle(values, [size / 2, -size / 2, 0, 0], [size / 2] * 4).confidence_interval
    np.testing.assert_allclose(grouped_difference(right, other, groups, level), expected, atol=0.01)


def test_the_labels_and_the_order_of_the_rows_do_not_matter_and_the_seed_hardly():
    right, groups = drawn(SIZES)
    order = np.random.default_rng(1).permutation(len(groups))
    names = np.array([f"profile {each * 5 % 21}" for each in groups])
    first = grouped_interval(right, groups, 0.95)
    np.testing.assert_allclose(grouped_interval(right[order], names[order], 0.95), first)
    other = grouped_interval(right, groups, 0.95, seed=1)
    assert other != first
    np.testing.assert_allclose(other, first, atol=0.02)


def test_it_is_wider_than_wilson_where_groups_differ_and_holds_the_accuracy():
    right, groups = drawn(SIZES)
    low, high = grouped_interval(right, groups, 0.95)
    rows_low, rows_high = wilson(int(right.sum()), len(right))
    assert 0 < low < rows_low < right.mean() < rows_high < high < 1


@pytest.mark.parametrize("sizes", [SIZES, np.full(20, 50)])
def test_one_more_mistake_never_raises_an_end(sizes):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    right, before = np.ones(len(groups), dtype=bool), (1.0, 1.0)
    for row in np.random.default_rng(2).permutation(len(groups))[:300]:
        ends = grouped_interval(right, groups, 0.95)
        assert ends[0] <= before[0] + 1e-12
        assert ends[1] <= before[1] + 1e-12
        before, right[row] = ends, False


def test_it_does_not_collapse_where_nearly_all_rows_are_right():
    perfect = grouped_interval(with_wrong([]), GROUPS, 0.95)
    one = grouped_interval(np.arange(len(GROUPS)) != 0, GROUPS, 0.95)
    assert 0.75 < perfect[0] < 0.85
    assert perfect[1] == 1
    assert perfect[0] - 0.001 < one[0] <= perfect[0]
    wrong = grouped_interval(~with_wrong([]), GROUPS, 0.95)
    np.testing.assert_allclose(wrong, (1 - perfect[1], 1 - perfect[0]), atol=0.01)


def test_one_group_tells_nothing_and_two_next_to_nothing():
    assert grouped_interval([True] * 4, [5] * 4, 0.95) == (0, 1)
    assert grouped_difference([True] * 4, [False] * 4, [5] * 4, 0.95)[0] <= 0
    low, high = grouped_interval([True] * 50 + [False], [0] * 50 + [1], 0.95)
    assert 0 <= low < 0.3
    assert 50 / 51 < high <= 1


@pytest.mark.parametrize("level", [0.01, 0.5, 0.9999])
def test_an_interval_holds_its_figure_at_any_level(level):
    for right in (with_wrong([]), ~with_wrong([]), with_wrong([3, 7])):
        low, high = grouped_interval(right, GROUPS, level)
        assert 0 <= low <= right.mean() <= high <= 1


def test_many_groups_of_one_row_are_rows_and_quick():
    right = np.random.default_rng(3).random(200_000) < 0.9
    started = time.process_time()
    found = grouped_interval(right, np.arange(len(right)), 0.95)
    assert time.process_time() - started < 2  # measured: 0.1
    np.testing.assert_allclose(found, wilson(int(right.sum()), len(right)), atol=2e-4)


def test_drawing_like_groups_together_changes_no_more_than_another_seed(monkeypatch):
    right, groups = drawn(np.full(300, 5))
    apart = grouped_interval(right, groups, 0.95)
    monkeypatch.setattr(module, "_MANY_GROUPS", 0)
    monkeypatch.setattr(bootstrap_module, "_CELLS", 700)
    together = grouped_interval(right, groups, 0.95)
    assert together != apart
    np.testing.assert_allclose(together, apart, atol=0.1 * (apart[1] - apart[0]))


def test_exchanging_the_classifiers_turns_the_difference_round():
    right, other = with_wrong([1, 4]), with_wrong([0, 3, 5, 6, 9, 11, 16])
    low, high = grouped_difference(right, other, GROUPS, 0.95)
    back = grouped_difference(other, right, GROUPS, 0.95)
    assert -1 <= low < right.mean() - other.mean() < high <= 1
    np.testing.assert_allclose((-back[1], -back[0]), (low, high), atol=0.02)


@pytest.mark.parametrize("wrong", [[2], [2, 7], [6], [6, 4], [2, 7, 12, 13]])
def test_one_or_two_groups_or_a_few_small_ones_make_no_difference(wrong):
    low, high = grouped_difference(with_wrong([]), with_wrong(wrong), GROUPS, 0.95)
    assert low < 0 < high


def test_a_difference_in_most_groups_is_one():
    worse = with_wrong([]) & (np.random.default_rng(4).random(len(GROUPS)) < 0.7)
    assert grouped_difference(with_wrong([]), worse, GROUPS, 0.95)[0] > 0
    assert grouped_difference(worse, with_wrong([]), GROUPS, 0.95)[1] < 0
