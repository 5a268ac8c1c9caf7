"""Every figure against scikit-learn, and what is undefined stays undefined without a warning."""

import time
import tracemalloc
import warnings

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import bootstrap
from sklearn import metrics

from pipeline.judge.bootstrap import Estimate
from pipeline.judge.calibration import log_odds, recalibrate
from pipeline.judge.probability import (
    ProbabilityFigures,
    ProbabilityScores,
    auc,
    perfect_auc_low,
    probability_figures,
    score_probabilities,
)

NAMES = ("a", "b", "c")


def rows(seed: int, count: int = 150, sharp: float = 1.0, digits: int = 17) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = random.choice(3, count, p=[0.62, 0.17, 0.21])
    probabilities = softmax(sharp * (random.normal(size=(count, 3)) + 1.5 * np.eye(3)[truth]), axis=1)
    return truth, np.round(probabilities, digits)


def figures(scores: ProbabilityScores) -> list[Estimate]:
    return [scores.macro_auc, scores.brier, scores.log_loss] + [
        figure for each in scores.per_class for figure in (each.auc, each.slope, each.intercept, each.in_the_large)
    ]


def quickly(truth, probabilities, names=NAMES) -> ProbabilityScores:
    return score_probabilities(truth, probabilities, names, 0.95, resamples=100)


@pytest.mark.parametrize("digits", [17, 1])  # one digit: many ties, probabilities of 0 and 1
@pytest.mark.parametrize("seed", range(3))
def test_every_figure_is_that_of_scikit_learn(seed, digits):
    truth, probabilities = rows(seed, digits=digits)
    if digits == 1:
        probabilities[:, 0] = 1 - probabilities[:, 1] - probabilities[:, 2]
        probabilities = np.clip(probabilities, 0, 1)
    scores = quickly(truth, probabilities)
    hits = truth[:, None] == np.arange(3)
    expected = metrics.roc_auc_score(hits, probabilities, average=None)
    np.testing.assert_allclose([each.auc.value for each in scores.per_class], expected)
    macro = metrics.roc_auc_score(truth, probabilities, multi_class="ovr", average="macro")
    assert scores.macro_auc.value == pytest.approx(macro)
    assert scores.brier.value == pytest.approx(metrics.brier_score_loss(truth, probabilities, scale_by_half=False))
    assert scores.log_loss.value == pytest.approx(metrics.log_loss(truth, probabilities))
    for each, hit, probability in zip(scores.per_class, hits.T, probabilities.T, strict=True):
        intercept, slope = recalibrate(log_odds(probability), hit, np.ones((1, len(hit))), (0.0, 1.0))
        assert (each.slope.value, each.intercept.value) == pytest.approx((slope[0], intercept[0]))
    assert (scores.classes, scores.rows) == (NAMES, 150)


def test_log_loss_clips_as_scikit_learn_does():
    truth, probabilities = np.array([0, 1, 2, 1]), np.array([[1, 0, 0], [1, 0, 0], [0.5, 0.5, 0], [0, 1, 0.0]])
    assert quickly(truth, probabilities).log_loss.value == pytest.approx(metrics.log_loss(truth, probabilities))


def test_intervals_hold_their_figures_and_are_wider_at_a_higher_level():
    truth, probabilities = rows(3)
    wide, narrow = (figures(score_probabilities(truth, probabilities, NAMES, level)) for level in (0.99, 0.8))
    for outer, inner in zip(wide, narrow, strict=True):
        assert outer.low < inner.low < inner.value < inner.high < outer.high


def test_the_interval_of_the_area_is_scipys_bca():
    truth, probabilities = rows(4, count=100)

    def area(hit, probability, axis):
        hit, probability = np.broadcast_arrays(hit, probability)
        above = (probability[..., :, None] > probability[..., None, :]) * hit[..., :, None] * (1 - hit[..., None, :])
        equal = (probability[..., :, None] == probability[..., None, :]) * hit[..., :, None] * (1 - hit[..., None, :])
        return (above + equal / 2).sum(axis=(-2, -1)) / (hit.sum(axis=-1) * (1 - hit).sum(axis=-1))

    data, options = ((truth == 0).astype(float), probabilities[:, 0]), {"paired": True, "vectorized": True, "batch": 100}
    oracle = bootstrap(data, area, n_resamples=3000, rng=0, **options).confidence_interval
    found = score_probabilities(truth, probabilities, NAMES, 0.95, resamples=3000).per_class[0].auc
    np.testing.assert_allclose((found.low, found.high), oracle, atol=0.06 * (oracle.high - oracle.low))


@pytest.mark.parametrize("lacking", [None, 1])
def test_the_figures_without_intervals_are_the_same_and_those_of_scikit_learn(lacking):
    truth, probabilities = rows(12)
    if lacking is not None:  # to the training
        probabilities[:, lacking] = 0
        probabilities /= probabilities.sum(axis=1, keepdims=True)
    whole, alone = quickly(truth, probabilities), probability_figures(truth, probabilities)
    assert vars(alone) == {name: getattr(whole, name).value for name in vars(alone)}
    assert alone.log_loss == pytest.approx(metrics.log_loss(truth, probabilities))
    assert alone.brier == pytest.approx(metrics.brier_score_loss(truth, probabilities, scale_by_half=False))
    assert alone.macro_auc == pytest.approx(metrics.roc_auc_score(truth, probabilities, multi_class="ovr", average="macro"))


def test_what_is_undefined_is_none_without_intervals():
    truth, probabilities = rows(13)
    one_class = probability_figures(np.zeros(9, int), probabilities[:9])
    assert one_class.macro_auc is None
    assert one_class.log_loss == pytest.approx(-np.log(probabilities[:9, 0]).mean())
    probabilities[4] = np.nan
    assert probability_figures(truth, probabilities) == ProbabilityFigures()
    assert probability_figures(truth[:0], probabilities[:0]) == ProbabilityFigures()


def test_the_seed_decides():
    truth, probabilities = rows(5)
    first, same, other = (score_probabilities(truth, probabilities, NAMES, 0.95, seed) for seed in (0, 0, 1))
    assert figures(first) == figures(same)
    assert first.macro_auc.value == other.macro_auc.value
    assert first.macro_auc.low != other.macro_auc.low


def test_a_class_without_rows_is_undefined_and_left_out_of_the_macro_area():
    truth, probabilities = rows(6)
    kept = truth != 1
    truth, probabilities = truth[kept], probabilities[kept]
    scores = quickly(truth, probabilities)
    missing = scores.per_class[1]
    assert np.isnan([missing.auc.value, missing.auc.low, missing.slope.value, missing.intercept.value]).all()
    others = [metrics.roc_auc_score(truth == index, probabilities[:, index]) for index in (0, 2)]
    assert scores.macro_auc.value == pytest.approx(np.mean(others))
    assert scores.macro_auc.low < scores.macro_auc.value < scores.macro_auc.high
    assert not missing.curve.observed.any()


def test_a_class_that_the_network_never_saw_has_an_area_of_one_half_and_no_slope():
    truth, probabilities = rows(7)
    probabilities[:, 1] = 0
    unseen = quickly(truth, probabilities / probabilities.sum(axis=1, keepdims=True)).per_class[1]
    assert unseen.auc.value == 0.5
    assert np.isnan(unseen.slope.value)
    assert len(unseen.curve.rows) == 1


@pytest.mark.parametrize("spoilt", ["one NaN row", "no rows"])
def test_a_row_without_probabilities_leaves_everything_undefined(spoilt):
    truth, probabilities = rows(8)
    if spoilt == "no rows":
        truth, probabilities = truth[:0], probabilities[:0]
    else:
        probabilities[17] = np.nan
    scores = quickly(truth, probabilities)
    assert scores.rows == len(truth)
    assert all(np.isnan([each.value, each.low, each.high]).all() for each in figures(scores))
    assert [len(each.curve.rows) for each in scores.per_class] == [0, 0, 0]


def test_perfect_answers_have_an_infinite_slope_and_a_cautious_area():
    truth = np.repeat([0, 1, 2], [60, 20, 20])
    scores = quickly(truth, softmax(8 * np.eye(3)[truth] + np.random.default_rng(9).random((100, 3)), axis=1))
    for each in scores.per_class:
        assert (each.auc.value, each.auc.high, each.slope.value) == (1, 1, np.inf)
        assert 0.85 < each.auc.low < 0.99
        assert np.isnan([each.slope.low, each.slope.high, each.intercept.value, each.intercept.low]).all()
        assert np.isfinite(each.in_the_large.value)
    assert scores.macro_auc.value == scores.macro_auc.high == 1
    assert scores.macro_auc.low == pytest.approx(np.mean([each.auc.low for each in scores.per_class]))


def test_where_many_resamples_are_separated_the_slope_has_a_lower_end_only():
    probability = np.r_[np.linspace(0.05, 0.55, 40), np.linspace(0.5, 0.95, 40)]  # four rows of each kind overlap
    slope = quickly(np.repeat([1, 0], 40), np.c_[probability, 1 - probability], ("a", "b")).per_class[0].slope
    one = np.r_[np.linspace(0.05, 0.45, 39), 0.56, np.linspace(0.55, 0.95, 40)]  # only one pair does
    open_slope = quickly(np.repeat([1, 0], 40), np.c_[one, 1 - one], ("a", "b")).per_class[0].slope
    assert 0 < slope.low < slope.value < slope.high
    assert 0 < open_slope.low < open_slope.value < np.inf
    assert np.isnan(open_slope.high)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(5))
def test_a_handful_of_rows_gives_no_warning(count, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = quickly(*rows(seed, count))
    for each in figures(scores):
        assert not each.low > each.high


def test_it_is_quick():
    truth, probabilities = rows(10, 202)
    started = time.process_time()
    score_probabilities(truth, probabilities, NAMES, 0.95)
    assert time.process_time() - started < 0.5  # measured: 0.1


@pytest.mark.slow
def test_memory_grows_neither_with_the_resamples_nor_as_their_product_with_the_rows():
    truth, probabilities = rows(10, 30_000)  # 100 lines of weights alone would be 24 MB
    tracemalloc.start()
    score_probabilities(truth, probabilities, NAMES, 0.95, resamples=16)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80e6


@pytest.mark.slow
def test_beyond_ten_thousand_rows_the_intervals_are_nearly_those_of_resampling():
    """25 blocks know a standard error to 14 %, 300 resamples an end to 4 % of the width: means over orders and figures."""
    truth, probabilities = rows(11, 12_000)
    resampled = figures(score_probabilities(truth, probabilities, NAMES, 0.95, resamples=300))
    left = [figures(score_probabilities(truth, probabilities, NAMES, 0.95, seed)) for seed in range(4)]
    expected = np.array([(each.low, each.high) for each in resampled])
    ends = np.mean([[(each.low, each.high) for each in order] for order in left], axis=0)
    away = (ends - expected) / np.diff(expected)
    assert np.abs(away).max() < 0.2
    assert np.abs(away.mean(axis=0)).max() < 0.08  # t instead of normal: 0.03
    assert all([each.value for each in order] == [each.value for each in resampled] for order in left)


def test_beyond_ten_thousand_rows_a_class_that_is_missing_or_perfect_is_told_as_before():
    truth = np.random.default_rng(12).integers(2, size=11_000)
    scores = score_probabilities(truth, 0.9 * np.eye(3)[truth] + 0.1 / 3, NAMES, 0.95)
    assert [each.auc.value for each in scores.per_class[:2]] == [1, 1]
    assert all(0.99 < each.auc.low < each.auc.high == 1 for each in scores.per_class[:2])
    assert np.isnan([scores.per_class[2].auc.value, scores.per_class[2].auc.low, scores.per_class[0].slope.low]).all()


@pytest.mark.parametrize("distinct", [2, 5, 1000])
@pytest.mark.parametrize("share", [0.03, 0.5])
@pytest.mark.parametrize("seed", range(3))
def test_the_weighted_area_is_scikit_learns_on_repeated_rows(distinct, share, seed):
    random = np.random.default_rng(seed)
    probability, hit = random.integers(distinct, size=120) / distinct, random.random(120) < share
    hit[:2] = True, False
    weights = random.multinomial(120, np.full(120, 1 / 120), size=8)
    weights[:, :2] += 1
    expected = [metrics.roc_auc_score(np.repeat(hit, each), np.repeat(probability, each)) for each in weights]
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
