"""Recalibration against scikit-learn's unpenalised logistic regression, curves against its calibration_curve."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from pipeline.judge.calibration import curve, in_the_large, log_odds, recalibrate
from pipeline.judge.metrics import wilson


def rows(seed: int, count: int = 150, grid: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return probabilities that are somewhat wrong, on a grid if given, what happened, and four resamples."""
    random = np.random.default_rng(seed)
    odds = random.normal(-0.5, 2, count)
    probability = expit(odds) if grid is None else np.round(expit(odds) * grid) / grid
    return probability, random.random(count) < expit(0.7 * odds + 0.3), random.multinomial(count, np.full(count, 1 / count), 4)


@pytest.mark.parametrize("grid", [None, 4, 10])  # on a grid some probabilities are exactly 0 and 1
@pytest.mark.parametrize("seed", range(3))
def test_intercept_and_slope_are_scikit_learns_on_repeated_rows(seed, grid):
    probability, hit, weights = rows(seed, grid=grid)
    x = log_odds(probability)
    intercepts, slopes = recalibrate(x, hit, weights.astype(float), (0.0, 1.0))
    for each, intercept, slope in zip(weights, intercepts, slopes, strict=True):
        oracle = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000, solver="newton-cholesky")
        oracle.fit(np.repeat(x, each)[:, None], np.repeat(hit, each))
        np.testing.assert_allclose([intercept, slope], [oracle.intercept_[0], oracle.coef_[0, 0]], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("start", [(0.0, 0.0), (0.0, 1.0), (-30.0, 5.0), (3.0, -2.0)])
def test_the_start_does_not_matter(start):
    probability, hit, weights = rows(5)
    expected = recalibrate(log_odds(probability), hit, weights.astype(float), (0.3, 0.7))
    found = recalibrate(log_odds(probability), hit, weights.astype(float), start)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("start", [0.0, -40.0, 15.0])
@pytest.mark.parametrize("grid", [None, 4])
def test_in_the_large_makes_the_mean_probability_the_observed_share(grid, start):
    probability, hit, weights = rows(6, grid=grid)
    x = log_odds(probability)
    for each, found in zip(weights, in_the_large(x, hit, weights.astype(float), start), strict=True):
        assert found == pytest.approx(brentq(lambda a, each=each: each @ (hit - expit(x + a)), -80, 80), abs=1e-8)


def test_a_well_calibrated_model_has_intercept_0_and_slope_1():
    random = np.random.default_rng(7)
    x = random.normal(size=200_000)
    hit, once = random.random(200_000) < expit(x), np.ones((1, 200_000))
    np.testing.assert_allclose(np.ravel(recalibrate(x, hit, once, (0.0, 0.5))), [0, 1], atol=0.03)
    np.testing.assert_allclose(in_the_large(x, hit, once, 0.5), 0, atol=0.03)


@pytest.mark.parametrize(
    ("hit", "weights", "slope"),
    [
        pytest.param([0, 0, 1, 1], [1, 1, 1, 1], np.inf, id="separated"),
        pytest.param([1, 0, 0, 0], [1, 1, 1, 1], -np.inf, id="separated the wrong way"),
        pytest.param([0, 1, 0, 1], [1, 0, 1, 1], np.inf, id="separated without the row that does not count"),
        pytest.param([0, 0, 0, 0], [1, 1, 1, 1], np.nan, id="no hit"),
        pytest.param([1, 1, 0, 1], [1, 1, 0, 1], np.nan, id="no miss that counts"),
        pytest.param([0, 1, 0, 1], [0, 0, 0, 0], np.nan, id="no row that counts"),
    ],
)
def test_where_there_is_no_finite_slope_it_is_infinite_or_undefined(hit, weights, slope):
    x, happened, counts = np.array([-2.0, -1, 1, 2]), np.array(hit, dtype=bool), np.array([weights], dtype=float)
    np.testing.assert_array_equal(recalibrate(x, happened, counts, (0.0, 1.0)), [[np.nan], [slope]])
    assert np.isnan(in_the_large(x, happened, counts, 0.0)).all() == np.isnan(slope)


def test_hits_and_misses_that_meet_in_one_tie_are_separated_and_one_logit_has_no_slope():
    once = np.ones((1, 4))
    assert recalibrate(np.array([0.0, 1, 1, 2]), np.array([False, False, True, True]), once, (0.0, 1.0))[1] == np.inf
    one = recalibrate(np.full(4, -3.0), np.array([False, False, True, True]), once, (0.0, 1.0))
    assert np.isnan(one).all()
    assert in_the_large(np.full(4, -3.0), np.array([False, False, True, True]), once, 0.0) == pytest.approx(3)


def test_nearly_separated_rows_settle():
    """The overlap is two rows 0.007 apart, beside logits of 36."""
    x = np.array([-36.0] * 4 + [-1.0] * 5 + [-0.345] + [-0.338] * 4 + [-0.262] * 2 + [36.0])
    hit = np.isin(x, [-0.345, -0.262, 36.0])
    (intercept,), (slope,) = recalibrate(x, hit, np.ones((1, len(x))), (0.0, 0.0))
    error = hit - expit(intercept + slope * x)
    np.testing.assert_allclose([error.sum(), error @ x], 0, atol=1e-6)


def test_log_odds_are_scipys_within_the_precision_of_float64():
    inside = np.linspace(0.001, 0.999, 50)
    np.testing.assert_allclose(log_odds(inside), logit(inside))
    np.testing.assert_allclose(log_odds(np.array([0.0, 1.0])), [-36.0437, 36.0437], atol=1e-4)


@pytest.mark.parametrize("grid", [None, 2, 6, 40])
@pytest.mark.parametrize("seed", range(3))
def test_the_curve_is_scikit_learns_with_quantile_bins(seed, grid):
    probability, hit, _ = rows(seed, grid=grid)
    observed, predicted = calibration_curve(hit, probability, n_bins=10, strategy="quantile")
    found = curve(probability, hit, 0.9)
    np.testing.assert_allclose(found.predicted, predicted)
    np.testing.assert_allclose(found.observed, observed)
    assert found.rows.sum() == len(hit)
    hits = np.rint(found.observed * found.rows).astype(int)
    np.testing.assert_array_equal(found.interval, [wilson(*each, 0.9) for each in zip(hits, found.rows, strict=True)])


@pytest.mark.parametrize(
    ("probability", "bins"), [([], 0), ([0.3], 1), ([0.2] * 9, 1), ([0.0] * 50 + [1.0], 2), ([0, 0.5, 1], 3)]
)
def test_equal_quantiles_are_one_edge(probability, bins):
    found = curve(np.array(probability, dtype=float), np.zeros(len(probability), dtype=bool), 0.95)
    assert len(found.predicted) == len(found.observed) == len(found.rows) == len(found.interval) == bins
