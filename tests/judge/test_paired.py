"""Differences of two models on the same rows, with scikit-learn, SciPy and exact probabilities as the oracles."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import bootstrap, multinomial
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, log_loss, roc_auc_score

from pipeline.judge.paired import Answers, paired_figures, paired_interval

ROWS = 25


def drawn(rows: int, seed: int = 0) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return truth, and the probabilities of two models that know something of it, the second one less."""
    random = np.random.default_rng(seed)
    truth = random.integers(3, size=rows)
    scores = [2 * (truth[:, None] == np.arange(3)) + random.normal(size=(rows, 3)) * noise for noise in (1.2, 1.8)]
    return truth, [np.exp(score) / np.exp(score).sum(axis=1, keepdims=True) for score in scores]


def answers(truth: np.ndarray, chances: np.ndarray) -> Answers:
    return Answers(chances.argmax(axis=1) == truth, chances)


BY_SCIKIT_LEARN: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "balanced_accuracy": lambda truth, chances: balanced_accuracy_score(truth, chances.argmax(axis=1)),
    "macro_auc": lambda truth, chances: roc_auc_score(truth, chances, multi_class="ovr", average="macro"),
    "brier": lambda truth, chances: brier_score_loss(truth, chances, scale_by_half=False),
    "log_loss": log_loss,
}


@pytest.mark.parametrize(("better", "worse"), [(0.1, 0.1), (0.3, 0.1), (0.05, 0.2), (0.4, 0.4), (0.5, 0.1)])
def test_the_interval_holds_the_true_difference_as_often_as_it_says(better: float, worse: float) -> None:
    """The probability of every outcome of 25 pairs is known exactly."""
    covered = 0.0
    for first in range(ROWS + 1):
        for second in range(ROWS + 1 - first):
            own = np.arange(ROWS) < first
            other = (np.arange(ROWS) >= first) & (np.arange(ROWS) < first + second)
            low, high = paired_interval(own, other, None, 0.95)
            chance = multinomial.pmf([first, second, ROWS - first - second], ROWS, [better, worse, 1 - better - worse])
            covered += chance * (low <= better - worse <= high)
    assert 0.93 <= covered <= 0.99


@pytest.mark.parametrize("rows", [1, 5, 200])
def test_the_interval_holds_the_difference_itself_and_stays_in_its_range(rows: int) -> None:
    for first, second in ((1, 0), (0, 1), (1, 1)):
        low, high = paired_interval(np.full(rows, bool(first)), np.full(rows, bool(second)), None, 0.95)
        assert -1 <= low <= first - second <= high <= 1
        assert low < high


def test_patients_with_several_rows_count_once() -> None:
    random = np.random.default_rng(0)
    first, second = random.random((2, 40)) < [[0.9], [0.7]]
    once = paired_interval(first, second, np.arange(40), 0.95)
    assert once == paired_interval(first, second, None, 0.95)
    low, high = paired_interval(*(np.repeat(right, 10) for right in (first, second)), np.repeat(np.arange(40), 10), 0.95)
    assert high - low == pytest.approx(once[1] - once[0], rel=0.15)


def test_the_figures_differ_as_those_of_scikit_learn() -> None:
    truth, (own, other) = drawn(300)
    told = paired_figures(truth, answers(truth, own), answers(truth, other), None, 0.95)
    assert {name: estimate.value for name, estimate in told.items()} == pytest.approx(
        {name: figure(truth, own) - figure(truth, other) for name, figure in BY_SCIKIT_LEARN.items()}, rel=1e-9
    )


@pytest.mark.parametrize("name", BY_SCIKIT_LEARN)
def test_the_intervals_are_those_of_scipys_paired_bootstrap(name: str) -> None:
    truth, (own, other) = drawn(120)

    def difference(rows: np.ndarray) -> float:
        first, second = (BY_SCIKIT_LEARN[name](truth[rows], chances[rows]) for chances in (own, other))
        return first - second

    told = paired_figures(truth, answers(truth, own), answers(truth, other), None, 0.9)[name]
    oracle = bootstrap(
        (np.arange(120),), difference, n_resamples=600, confidence_level=0.9, vectorized=False, rng=np.random.default_rng(1)
    ).confidence_interval
    width = oracle.high - oracle.low
    assert told.interval == pytest.approx((oracle.low, oracle.high), abs=0.2 * width)


def test_rows_of_a_group_are_drawn_together() -> None:
    truth, (own, other) = drawn(100)
    once = paired_figures(truth, answers(truth, own), answers(truth, other), None, 0.95)
    truth, own, other = (np.repeat(values, 4, axis=0) for values in (truth, own, other))
    groups = np.repeat(np.arange(100), 4)
    again = paired_figures(truth, answers(truth, own), answers(truth, other), groups, 0.95)
    for name, estimate in once.items():
        assert again[name].interval == pytest.approx(estimate.interval, rel=1e-6)


def test_beyond_ten_thousand_rows_the_interval_is_as_wide_as_by_the_variance() -> None:
    truth, (own, other) = drawn(12_000)
    told = paired_figures(truth, answers(truth, own), answers(truth, other), None, 0.95)["log_loss"]
    rows = np.arange(len(truth))
    surprise = np.log(other[rows, truth]) - np.log(own[rows, truth])
    assert told.low < surprise.mean() < told.high
    assert told.high - told.low == pytest.approx(2 * 1.96 * surprise.std() / len(truth) ** 0.5, rel=0.4)


def test_a_model_without_probabilities_has_no_figures_of_them() -> None:
    truth, (own, other) = drawn(50)
    other[3] = np.nan
    told = paired_figures(truth, answers(truth, own), Answers(np.zeros(50, dtype=bool), other), None, 0.95)
    assert told["balanced_accuracy"].value > 0
    for name in ("macro_auc", "brier", "log_loss"):
        assert np.isnan([told[name].value, *told[name].interval]).all()
