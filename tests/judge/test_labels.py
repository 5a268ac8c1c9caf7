"""The test of wrong labels against likelihoods that SciPy adds up, scikit-learn's fit, and tables whose labels are exchanged."""

import numpy as np
import pytest
from scipy.optimize import brute, minimize
from scipy.special import softmax
from scipy.stats import bernoulli, chi2
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_predict

from pipeline.judge.labels import wrong_labels

_LEAST = 0.002


def drawn(seed: int, rows: int, classes: int = 2):
    """Probabilities of all kinds, and labels that follow them."""
    random = np.random.default_rng(seed)
    chances = random.dirichlet(np.full(classes, 0.4), rows)
    truth = (chances.cumsum(axis=1) < random.random((rows, 1))).sum(axis=1).clip(0, classes - 1)
    return random, chances.astype(np.float32), truth


def exchanged(random, truth, share: float, classes: int):
    rows = random.choice(len(truth), round(share * len(truth)), replace=False)
    truth = truth.copy()
    truth[rows] = (truth[rows] + random.integers(1, classes, len(rows))) % classes
    return truth, rows


@pytest.mark.parametrize("share", [0, 0.03, 0.1])
def test_share_and_p_are_those_of_a_search_over_all_powers_and_shares(share: float) -> None:
    random, chances, truth = drawn(1, 400)
    truth, _ = exchanged(random, truth, share, 2)
    odds = np.log((chances[:, 1] + _LEAST) / (chances[:, 0] + _LEAST))

    def loss(parameters):
        right = 1 / (1 + np.exp(-parameters[0] * odds))
        return -bernoulli(parameters[1] + (1 - 2 * parameters[1]) * right).logpmf(truth).sum()

    (_, best), least, *_ = brute(loss, [slice(0.2, 3, 0.1), slice(0, 0.5, 0.02)], full_output=True)
    plain = LogisticRegression(C=np.inf, fit_intercept=False).fit(odds[:, None], truth)
    none = log_loss(truth, plain.predict_proba(odds[:, None]), normalize=False)
    found = wrong_labels(truth, [chances])
    assert found is not None
    assert found.share == pytest.approx(max(0, best), abs=2e-3)
    assert found.p == pytest.approx(chi2(1).sf(2 * (none - least)) / 2 if best > 0 else 0.5, rel=0.01)
    assert found.alone == pytest.approx((found.p,), rel=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_share_and_p_are_those_of_the_likeliest_powers_and_shares_that_scipy_finds(seed: int) -> None:
    random, chances, truth = drawn(seed, 1000, 3)
    truth, _ = exchanged(random, truth, 0.06, 3)
    logs = np.log(np.array([chances, random.dirichlet(np.ones(3), 1000), chances * 0.9 + 0.03], dtype=np.float64) + _LEAST)

    def loss(parameters):
        *powers, share = parameters
        right = softmax(np.tensordot(powers, logs, 1), axis=1)[np.arange(1000), truth]
        return -np.log((1 - share) * right + share * (1 - right) / 2).sum()

    def least(starts, most):
        limits, tight = [(0, None)] * 3 + [(0, most)], {"ftol": 1e-13, "gtol": 1e-8, "maxiter": 2000, "maxfun": 10**5}
        found = [minimize(loss, start, method="L-BFGS-B", bounds=limits, options=tight) for start in starts]
        return min(found, key=lambda each: each.fun)

    none = least([[1, 0, 0, 0], [0, 0, 1, 0]], 0)
    some = least([[*power, share] for power in ([1, 0, 0], [0, 0, 2], [2, 0, 1]) for share in (0.02, 0.1)], 0.5)
    found = wrong_labels(truth, list(np.exp(logs) - _LEAST))
    assert found.share == pytest.approx(some.x[-1], abs=1e-3)
    assert found.p == pytest.approx(chi2(1).sf(2 * (none.fun - some.fun)) / 2, rel=2e-3)


@pytest.mark.parametrize("classes", [2, 3])
def test_where_labels_follow_the_probabilities_the_p_value_is_one_or_less(classes: int) -> None:
    tried = [drawn(seed, 300, classes) for seed in range(60)]
    p_values = np.array([wrong_labels(truth, [chances, chances**0.5]).p for _, chances, truth in tried])
    for level in (0.01, 0.05, 0.25):
        assert (p_values < level).sum() <= 60 * level + 3 * np.sqrt(60 * level)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_rows_named_are_the_exchanged_ones_and_a_model_that_is_no_use_takes_no_part(classes: int) -> None:
    random, chances, truth = drawn(3, 2000, classes)
    given, wrong = exchanged(random, truth, 0.1, classes)
    useless = random.dirichlet(np.ones(classes), 2000)
    found = wrong_labels(given, [chances, useless])
    assert found.p < 1e-6
    assert found.share == pytest.approx(0.1, abs=0.03)
    assert np.isin(found.rows, wrong).mean() > 0.7
    assert (chances[found.rows[:20], given[found.rows[:20]]] < 0.02).all()  # the most doubtful first
    assert found.alone[0] < 1e-6
    assert found.alone[1] > 0.025


def test_a_class_that_a_model_never_met_is_not_doubted() -> None:
    _, chances, truth = drawn(4, 300)
    met = np.column_stack([chances, np.full(300, np.nan)])
    expected = wrong_labels(truth, [np.nan_to_num(met)])
    unmet = np.append(truth, [2] * 50)
    found = wrong_labels(unmet, [np.vstack([met, met[:50]])])
    assert (found.share, found.p, found.rows.tolist()) == (expected.share, expected.p, expected.rows.tolist())
    assert wrong_labels(np.full(300, 2), [met]) is None


def table(seed: int, share: float):
    """1,000 rows, five correlated columns, two classes 3 standard deviations apart, unequal in number; and the labels given."""
    random = np.random.default_rng(seed)
    truth = (random.random(1000) < 0.35).astype(int)
    mixing = np.linalg.cholesky(0.4 * np.ones((5, 5)) + 0.6 * np.eye(5))
    values = (random.normal(size=(1000, 5)) + 3 * truth[:, None] * np.eye(5)[0]) @ mixing.T
    given, wrong = exchanged(random, truth, share, 2)
    models = LogisticRegression(), RandomForestClassifier(50, random_state=0)
    return given, wrong, [cross_val_predict(model, values, given, method="predict_proba") for model in models]


@pytest.mark.parametrize("share", [0, 0.05, 0.15])
def test_wrong_labels_of_a_table_are_seen_and_those_of_classes_that_overlap_are_not(share: float) -> None:
    doubted = 0
    for seed in range(3):
        given, wrong, chances = table(seed, share)
        found = wrong_labels(given, chances)
        seen = found.p < 1e-4 and max(found.alone) < 0.025
        doubted += seen
        assert not seen or np.isin(found.rows, wrong).mean() > 0.5
    assert doubted == 0 if share == 0 else doubted >= 2


@pytest.mark.parametrize("copies", [2, 5])
def test_rows_of_one_patient_count_once(copies: int) -> None:
    given, _, chances = table(1, 0.05)
    alone = wrong_labels(given, chances)
    many = np.repeat(given, copies), [np.repeat(each, copies, axis=0) for each in chances]
    order = np.random.default_rng(4).permutation(copies * len(given))
    patients = np.repeat(np.arange(len(given)), copies)[order]
    together = wrong_labels(many[0][order], [each[order] for each in many[1]], patients)
    assert together.p == pytest.approx(alone.p, rel=1e-6)
    assert together.share == pytest.approx(alone.share, rel=1e-6)
    assert set(patients[together.rows]) == set(alone.rows)
    assert len(together.rows) == copies * len(alone.rows)
    assert wrong_labels(*many).p < alone.p**1.5  # as if every copy were another patient
