"""Means and differences over splits and seeds, held against SciPy, brute force and a published example."""

import numpy as np
import pytest
from scipy import stats

from pipeline.study.compare import difference, holm, interval_of_mean


def test_without_overlap_and_seed_effects_the_difference_is_a_paired_t_test():
    means = np.random.default_rng(0).normal(0.02, 0.05, size=9)
    pairs = np.repeat(means[:, None], 4, axis=1)  # every seed says the same
    found = difference(pairs, overlap=0.0, step=0.0)
    expected = stats.ttest_1samp(means, 0.0)
    assert found.p == pytest.approx(expected.pvalue)
    assert found.freedom == pytest.approx(8)
    assert found.interval(0.95) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_seeds_count_as_splits_do():
    pairs = np.random.default_rng(1).normal(0.0, 0.1, size=(6, 6))
    one, other = difference(pairs, 0.0, 0.0), difference(pairs.T, 0.0, 0.0)
    assert one == other


def test_overlap_widens_as_nadeau_and_bengio_have_it():
    """Corrected resampled t: t = mean / sqrt((1/J + n_test/n_train) s^2), J - 1 degrees of freedom."""
    means = np.random.default_rng(2).normal(0.01, 0.03, size=10)
    found = difference(np.repeat(means[:, None], 3, axis=1), overlap=0.25, step=0.0)
    t = means.mean() / np.sqrt((1 / 10 + 0.25) * means.var(ddof=1))
    assert found.p == pytest.approx(2 * stats.t.sf(abs(t), 9))


def test_pairs_that_happen_to_be_equal_are_no_certainty():
    """They are as sure as if one test row of one split had differed."""
    none = difference(np.zeros((10, 28)), overlap=0.25, step=0.005)
    assert (none.mean, none.p, none.better) == (0.0, 1.0, 0.5)
    assert np.isnan(none.effect)
    error = np.sqrt(0.005**2 / 10 * (1 / 10 + 0.25))
    assert none.interval(0.95) == pytest.approx((-stats.t.ppf(0.975, 9) * error, stats.t.ppf(0.975, 9) * error))
    constant = difference(np.full((10, 28), 0.1), overlap=0.25, step=0.005)
    assert 0 < constant.p < 1e-3
    assert constant.interval(0.95)[0] < 0.1 < constant.interval(0.95)[1]


def test_means_that_happen_to_be_equal_are_no_certainty_either():
    pairs = [[0.3, -0.1], [-0.1, 0.3]]
    low, high = difference(pairs, overlap=0.25, step=0.005).interval(0.95)
    assert low < 0 < high
    assert difference(pairs, 0.25, 0.005).error == pytest.approx(np.std(pairs, ddof=1) / 2)


def test_effect_and_better_are_those_of_the_single_pairs():
    pairs = np.random.default_rng(3).choice([-0.1, 0.0, 0.2], size=(5, 7))
    found = difference(pairs, 0.25, 0.0)
    assert found.effect == pytest.approx(pairs.mean() / pairs.std(ddof=1))
    higher = stats.mannwhitneyu(pairs.ravel(), [0.0]).statistic / pairs.size  # share above 0, ties half
    assert found.better == pytest.approx(higher)


def test_type_one_error_of_crossed_splits_and_seeds_stays_below_its_level():
    """Splits and seeds with effects of their own, no difference: a test that took the pairs for independent would fail."""
    random = np.random.default_rng(4)
    shape = (400, 8, 8)
    draws = random.normal(size=(400, 8, 1)) + random.normal(size=(400, 1, 8)) + random.normal(size=shape)
    wrong = np.mean([difference(each / 10, 0.0, 0.0).p < 0.05 for each in np.clip(draws, -9, 9)])
    naive = np.mean([stats.ttest_1samp(each.ravel(), 0.0).pvalue < 0.05 for each in draws])
    assert wrong <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    assert naive > 0.2


def test_the_interval_of_a_mean_has_the_variance_of_both_factors():
    random = np.random.default_rng(5)
    values = random.normal(size=(40, 1)) * 0.03 + random.normal(size=(1, 60)) * 0.03 + 0.8
    low, high = interval_of_mean(values, 0.95)
    error = np.sqrt(values.mean(axis=1).var() / 40 + values.mean(axis=0).var() / 60)
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.08)
    assert low < values.mean() < high


def test_the_interval_of_a_mean_against_plain_resampling():
    values = np.random.default_rng(6).uniform(size=(4, 5))
    random = np.random.default_rng(7)
    means = [values[np.ix_(random.integers(4, size=4), random.integers(5, size=5))].mean() for _ in range(4000)]
    assert interval_of_mean(values, 0.9) == pytest.approx(tuple(np.quantile(means, [0.05, 0.95])), abs=0.015)


def test_the_interval_does_not_change_from_call_to_call():
    values = np.random.default_rng(8).uniform(size=(4, 5))
    assert interval_of_mean(values, 0.95) == interval_of_mean(values, 0.95)


def test_holm_against_r():
    """R: p.adjust(c(0.01, 0.02, 0.03, 0.005, 0.5), "holm")."""
    assert holm([0.01, 0.02, 0.03, 0.005, 0.5]) == pytest.approx([0.04, 0.06, 0.06, 0.025, 0.5])
    assert holm([]) == []


@pytest.mark.parametrize("seed", range(20))
def test_holm_is_the_closed_test_of_bonferroni(seed: int):
    """Rejecting what every set of hypotheses that holds it rejects by Bonferroni gives the same corrected p."""
    p = np.random.default_rng(seed).uniform(0, 0.2, size=5)
    sets = [[place for place in range(5) if number >> place & 1] for number in range(1, 32)]
    closed = [max(min(1.0, len(each) * min(p[each])) for each in sets if place in each) for place in range(5)]
    assert holm(list(p)) == pytest.approx(closed)
