"""What held-out answers give: against scikit-learn's logistic regression, SciPy's minimum, MAPIE's sets, and new rows."""

from dataclasses import replace

import numpy as np
import pytest
from mapie.classification import SplitConformalClassifier
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from pipeline.network.coding import Coding
from pipeline.network.steepness import calibrated, surprise, with_sets

pytestmark = pytest.mark.arithmetic

ARTICLE = Coding(("Normal", "Type1", "Type2"), (0.0, 1.0, -1.0), slope=0.05)
PAIR = Coding(("no", "yes"), (0.0, 1.0))
SOFTMAX = Coding(("a", "b", "c"), (0.0, 1.0, -1.0), softmax=True)


def answered(coding, rows, seed, noise=0.7):
    """Draw classes, and (rows, outputs) outputs that say something about them."""
    random, count = np.random.default_rng(seed), len(coding.classes)
    positions = random.choice(count, rows, p=np.array([5, 2, 3][:count]) / sum([5, 2, 3][:count]))
    if coding.softmax:
        logits = 4 * (np.eye(count)[positions] + random.normal(scale=noise, size=(rows, count)))
        return np.exp(log_softmax(logits, axis=1)), positions
    before = np.array(coding.codes)[positions] + random.normal(scale=noise, size=rows)
    return np.where(before > 0, before, coding.slope * before)[:, None], positions


def softened(positions, count):
    """Return the share of each class that each row counts for."""
    lost = 1 / (len(positions) / count + 2)
    return np.where(positions[:, None] == np.arange(count), 1 - lost, lost / (count - 1))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("softmax", [False, True])
def test_for_two_classes_it_is_scikit_learns_logistic_regression(softmax, weighted):
    coding = replace(PAIR, softmax=softmax)
    output, positions = answered(coding, 400, 0)
    lead = np.log(output[:, 1]) - np.log(output[:, 0]) if softmax else output[:, 0] - 0.5
    weights = np.random.default_rng(1).uniform(0.1, 3, 400) if weighted else np.ones(400)
    shares = (softened(positions, 2) * weights[:, None]).T.ravel()  # each row as both classes
    oracle = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=1000)
    oracle.fit(np.tile(lead, 2)[:, None], np.repeat([0, 1], 400), sample_weight=shares)
    found = calibrated(coding, output, positions, weights if weighted else None)
    assert found.steepness == pytest.approx((float(oracle.coef_[0, 0]),), rel=1e-3)
    np.testing.assert_allclose(found.probabilities(output), oracle.predict_proba(lead[:, None]), atol=1e-4)


@pytest.mark.parametrize("coding", [ARTICLE, SOFTMAX])
def test_for_three_classes_it_is_scipys_minimum(coding):
    output, positions = answered(coding, 500, 2)
    wanted = softened(positions, 3)

    def loss(factors):
        if coding.softmax:
            return -(wanted * log_softmax(factors[0] * np.log(output), axis=1)).sum()
        before = np.where(output[:, 0] > 0, output[:, 0], output[:, 0] / 0.05)
        low, high = factors[0] * (before + 10), factors[1] * (before - 0.5)  # from Type2 to Normal, and on to Type1
        return -(wanted * log_softmax(np.stack([low, low + high, 0 * low], axis=1), axis=1)).sum()

    begin = np.ones(1) if coding.softmax else np.array([0.1, 1.0])
    least = minimize(loss, begin, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 5000})
    found = calibrated(coding, output, positions)
    np.testing.assert_allclose(found.steepness, least.x, rtol=2e-3)
    assert loss(np.array(found.steepness)) <= least.fun + 1e-4


@pytest.mark.parametrize("coding", [PAIR, ARTICLE, SOFTMAX])
def test_surprise_is_scikit_learns_log_loss(coding):
    output, positions = answered(coding, 300, 3)
    weights, coding = np.random.default_rng(0).random(300), replace(coding, steepness=coding.asked())
    expected = log_loss(positions, coding.probabilities(output), sample_weight=weights, labels=range(len(coding.classes)))
    assert surprise(coding, output, positions, weights, np.arange(300)) == pytest.approx(expected)


@pytest.mark.parametrize("coding", [ARTICLE, SOFTMAX])
def test_rows_without_an_answer_or_a_weight_are_left_out(coding):
    output, positions = answered(coding, 300, 4)
    spoilt, weights = output.copy(), np.ones(300)
    spoilt[::7, -1], weights[::5] = np.nan, 0
    kept = ~np.isnan(spoilt).any(axis=1) & (weights > 0)
    expected = calibrated(coding, output[kept], positions[kept])
    np.testing.assert_allclose(calibrated(coding, spoilt, positions, weights).steepness, expected.steepness, rtol=1e-6)
    assert calibrated(coding, spoilt * np.nan, positions) == coding
    assert calibrated(coding, output, positions, np.zeros(300)) == coding


@pytest.mark.parametrize("coding", [ARTICLE, SOFTMAX])
def test_answers_without_a_mistake_leave_every_class_a_chance(coding):
    positions = np.arange(60) % 3
    output = coding.targets(positions).astype(np.float64)
    output = 0.9 * output + 0.1 / 3 if coding.softmax else output
    shares = calibrated(coding, output, positions).probabilities(output)
    np.testing.assert_array_equal(shares.argmax(axis=1), positions)
    assert 1e-4 < shares.min() < 0.05


class Given(ClassifierMixin, BaseEstimator):
    """What MAPIE takes for a fitted model: probabilities of a coding."""

    def __init__(self, coding=None):
        self.coding = coding
        self.classes_ = np.arange(3)

    def __sklearn_is_fitted__(self):
        return True

    def predict_proba(self, X):
        return self.coding.probabilities(X)

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)


@pytest.mark.filterwarnings("ignore:WARNING. your conformalization dataset has less labels:UserWarning")
@pytest.mark.parametrize("confidence", [0.8, 0.9, 0.97])
@pytest.mark.parametrize("coding", [ARTICLE, SOFTMAX])
def test_within_each_class_the_sets_are_those_of_mapie(coding, confidence):
    output, positions = answered(coding, 300, 5)
    fresh, _ = answered(coding, 1000, 6)
    learnt = calibrated(coding, output, positions)
    sets = with_sets(learnt, output, positions, np.arange(300), confidence)
    shares = sets.probabilities(fresh)
    found, strict = sets.possible(shares), 0
    for place in range(3):
        own = positions == place
        mapie = SplitConformalClassifier(Given(learnt), confidence_level=confidence, conformity_score="lac", prefit=True)
        oracle = mapie.conformalize(output[own], positions[own]).predict_set(fresh)[1][:, place, 0]
        strict += sets.least[place] < 1 / 3
        np.testing.assert_array_equal(found[:, place], oracle | (shares[:, place] >= 1 / 3))
    assert strict == 3 or confidence < 0.9


@pytest.mark.parametrize("rows", [0, 5, 8])
def test_too_few_rows_of_a_class_exclude_nothing(rows):
    """With nine rows, the least probable one is a tenth of what there may be."""
    output, positions = answered(ARTICLE, 100, 7)
    kept = np.r_[np.flatnonzero(positions == 1)[:rows], np.flatnonzero(positions != 1)]
    sets = with_sets(replace(ARTICLE, steepness=ARTICLE.asked()), output[kept], positions[kept], kept, 0.9)
    assert sets.least[1] == 0
    assert sets.possible(sets.probabilities(output))[:, 1].all()
    assert min(sets.least[0], sets.least[2]) > 0


def test_rows_of_a_group_count_as_one_and_rows_without_an_answer_not_at_all():
    output, positions = answered(ARTICLE, 120, 8)
    coding = replace(ARTICLE, steepness=ARTICLE.asked())
    alone = with_sets(coding, output, positions, np.arange(120), 0.9)
    thrice = with_sets(coding, output.repeat(3, axis=0), positions.repeat(3), np.arange(120).repeat(3), 0.9)
    np.testing.assert_allclose(thrice.least, alone.least)
    spoilt = np.r_[output, np.full((9, 1), np.nan)]
    assert with_sets(coding, spoilt, np.r_[positions, np.zeros(9, int)], np.arange(129), 0.9).least == alone.least


@pytest.mark.slow
@pytest.mark.parametrize("coding", [ARTICLE, SOFTMAX])
def test_of_new_rows_like_these_the_set_holds_the_class_as_often_as_it_says(coding):
    """A draw's coverage deviates by about 0.025: the mean of 200 leaves these bounds once in a million times at most."""
    held = []
    for seed in range(200):
        output, positions = answered(coding, 600, 1000 + seed, noise=0.8)
        old, new = slice(300), slice(300, None)
        sets = with_sets(calibrated(coding, output[old], positions[old]), output[old], positions[old], np.arange(300), 0.9)
        possible = sets.possible(sets.probabilities(output[new]))
        assert possible.any(axis=1).all()
        held.append(possible[np.arange(300), positions[new]].mean())
    print(np.mean(held))
    assert 0.88 < np.mean(held) < 0.93


@pytest.mark.slow
def test_of_new_groups_the_set_holds_the_class_as_often_as_it_says():
    """A fifth of the rows are in groups of up to 30 that have much in common; each group counts the same."""
    held = []
    for seed in range(200):
        random = np.random.default_rng(5000 + seed)
        sizes = np.where(random.random(240) < 0.2, random.integers(5, 31, 240), 1)
        groups = np.arange(240).repeat(sizes)
        positions = random.integers(3, size=240)[groups]
        before = np.array(ARTICLE.codes)[positions] + random.normal(scale=0.7, size=240)[groups]
        before += random.normal(scale=0.1, size=len(groups))
        output = np.where(before > 0, before, 0.05 * before)[:, None]
        old = groups < 120
        learnt = calibrated(ARTICLE, output[old], positions[old])
        sets = with_sets(learnt, output[old], positions[old], groups[old], 0.9)
        possible = sets.possible(sets.probabilities(output[~old]))
        hit = possible[np.arange((~old).sum()), positions[~old]]
        held.append(np.average(hit, weights=1 / sizes[groups[~old]]))
    print(np.mean(held))
    assert 0.88 < np.mean(held) < 0.94
