"""The interval for grouped rows: its parts against textbook formulas, its limits, and how it behaves at the ends."""

import numpy as np
import pytest
from scipy.special import logit
from scipy.stats import t

from pipeline.judge.grouped import _degrees, grouped_interval
from pipeline.judge.metrics import wilson

SIZES = np.array([94, 104, 2, 102, 108, 99, 119, 3, 39, 20, 25, 35, 13, 1, 40, 37, 38, 29, 31, 33, 37])


def drawn(sizes: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    return random.random(len(groups)) < random.beta(3, 1, len(sizes))[groups], groups


def test_with_groups_of_one_size_it_is_the_t_interval_of_their_means_on_the_log_odds():
    right, groups = drawn(np.full(12, 25))
    means = right.reshape(12, 25).mean(axis=1)
    error = means.std(ddof=1) / 12**0.5 / (means.mean() * (1 - means.mean()))
    expected = t.interval(0.9, 11, logit(means.mean()), error)
    np.testing.assert_allclose(logit(grouped_interval(right, groups, 0.9)), expected)


@pytest.mark.parametrize("sizes", [SIZES, np.array([1, 1000]), np.array([5, 6, 7])])
def test_the_degrees_of_freedom_are_those_of_the_whole_matrices(sizes):
    share = sizes / sizes.sum()
    residual = np.eye(len(sizes)) - np.outer(share, np.ones(len(sizes)))
    product = np.diag(1 / (1 - share)) @ residual @ np.diag(share**2) @ residual.T
    assert _degrees(share) == pytest.approx(np.trace(product) ** 2 / np.trace(product @ product), rel=1e-4)


def test_degrees_of_equal_groups_are_one_less_than_there_are():
    assert _degrees(np.full(7, 1 / 7)) == pytest.approx(6)
    assert 5 < _degrees(SIZES / SIZES.sum()) < 20


def test_the_labels_and_the_order_of_the_rows_do_not_matter():
    right, groups = drawn(SIZES)
    order = np.random.default_rng(1).permutation(len(groups))
    names = np.array([f"profile {each * 5 % 21}" for each in groups])
    np.testing.assert_allclose(grouped_interval(right[order], names[order], 0.95), grouped_interval(right, groups, 0.95))


def test_it_is_wider_than_wilson_where_groups_differ_and_holds_the_accuracy():
    right, groups = drawn(SIZES)
    low, high = grouped_interval(right, groups, 0.95)
    rows_low, rows_high = wilson(int(right.sum()), len(right))
    assert 0 < low < rows_low < right.mean() < rows_high < high < 1


@pytest.mark.parametrize("all_right", [True, False])
def test_without_any_difference_the_groups_count_as_rows(all_right):
    groups = np.repeat(np.arange(21), SIZES)
    assert grouped_interval(np.full(len(groups), all_right), groups, 0.95) == wilson(21 * all_right, 21)


def test_one_group_says_as_much_as_one_row():
    low, high = grouped_interval([True, False, True, True], [5, 5, 5, 5], 0.95)
    assert (low, high) == wilson(0.75, 1)
    assert 0 < low < 0.2 < 0.95 < high < 1


def test_two_groups_of_which_one_is_all_right_stay_within_bounds():
    low, high = grouped_interval([True] * 50 + [False], [0] * 50 + [1], 0.95)
    assert 0 <= low < 50 / 51 < high <= 1
