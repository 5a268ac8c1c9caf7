"""The area under the ROC curve against scikit-learn, on the rows repeated as often as they count."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from pipeline.judge.ranking import auc, perfect_auc_low


@pytest.mark.parametrize("distinct", [2, 5, 1000])
@pytest.mark.parametrize("share", [0.03, 0.5])
@pytest.mark.parametrize("seed", range(3))
def test_the_weighted_area_is_scikit_learns_on_repeated_rows(distinct, share, seed):
    random = np.random.default_rng(seed)
    probability, hit = random.integers(distinct, size=120) / distinct, random.random(120) < share
    hit[:2] = True, False
    weights = random.multinomial(120, np.full(120, 1 / 120), size=8)
    weights[:, :2] += 1
    expected = [roc_auc_score(np.repeat(hit, each), np.repeat(probability, each)) for each in weights]
    np.testing.assert_allclose(auc(probability, hit, weights.astype(float)), expected, rtol=1e-12)


def test_the_area_is_one_half_for_one_probability_and_undefined_without_both_kinds():
    hit = np.array([True, False, True])
    weights = np.array([[1.0, 1, 1], [1, 0, 2], [0, 3, 0]])
    np.testing.assert_array_equal(auc(np.full(3, 0.2), hit, weights), [0.5, np.nan, np.nan])


@pytest.mark.parametrize(("hits", "misses"), [(1, 1), (3, 100), (32, 170), (170, 32), (5000, 5000)])
def test_the_lower_end_of_a_perfect_area_solves_newcombes_equation(hits, misses):
    low = perfect_auc_low(hits, misses, 0.95)
    more = (hits + misses) / 2 - 1
    variance = low * (1 - low) * (1 + more * (1 - low) / (2 - low) + more * low / (1 + low)) / (hits * misses)
    assert 1 - low == pytest.approx(1.959963985 * variance**0.5)
    assert 0 < perfect_auc_low(hits, misses, 0.99) < low < 1


def test_a_perfect_area_says_less_with_fewer_rows():
    assert perfect_auc_low(3, 30, 0.95) < perfect_auc_low(30, 30, 0.95) < perfect_auc_low(30, 300, 0.95)


def test_the_lower_end_of_a_perfect_area_is_rarely_above_the_truth():
    """Of the draws that rank perfectly, the truth is simulated: normal scores 3.5 apart, area Phi(3.5 / sqrt 2) = 0.9933."""
    random = np.random.default_rng(0)
    hits, misses = random.normal(3.5, 1, size=(4000, 20)), random.normal(size=(4000, 60))
    perfect = np.mean(hits.min(axis=1) > misses.max(axis=1))
    above = perfect * (perfect_auc_low(20, 60, 0.95) > 0.9933)
    assert above < 0.05
