"""What a column carries: every permutation one by one, scikit-learn's permutation importance, and the folds' own answers."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import bootstrap
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import permutation_importance

from pipeline.judge.importance import Answer, answer_of_folds, importances
from pipeline.judge.unseen import Unseen
from pipeline.runs.reopen import Reopened


class Wrapped(ClassifierMixin, BaseEstimator):
    """An answer as a fitted classifier; the last column is the number of the row's place."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def fit(self, X: np.ndarray, y: np.ndarray) -> "Wrapped":
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.answer(X)


def with_gaps(answer_rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    values = np.stack([random.normal(size=answer_rows), random.integers(0, 3, answer_rows), np.zeros(answer_rows)], axis=1)
    values[::4, 0] = np.nan
    return values, random.integers(0, 3, answer_rows)


def simple(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values[:, 0]), 2, values[:, 0] + values[:, 1] > 1).astype(int)


def test_it_is_the_mean_over_every_permutation_gaps_included() -> None:
    values, truth = with_gaps(6)
    found = importances(simple, values, truth, np.arange(6), 0.95)
    whole = (simple(values) == truth).mean()
    for place, importance in enumerate(found):
        falls = []
        for order in permutations(range(6)):
            dealt = values.copy()
            dealt[:, place] = values[list(order), place]
            falls.append(whole - (simple(dealt) == truth).mean())
        assert importance.value == pytest.approx(np.mean(falls), abs=1e-12)
        assert importance.low <= importance.value <= importance.high
    assert found[2].value == 0


@pytest.fixture
def tested(reopened: Reopened) -> tuple[Answer, np.ndarray, np.ndarray]:
    model, names, test = reopened.run.model, tuple(reopened.run.config.data.codes), reopened.run.split.test
    return lambda values: model.answers(model.output(values), names), reopened.table.rows(test), reopened.table.truth[test]


def near(found: list[float], repeats: np.ndarray) -> None:
    error = repeats.std(axis=1, ddof=1) / np.sqrt(repeats.shape[1])
    assert (np.abs(np.array(found) - repeats.mean(axis=1)) <= 4.5 * error + 1e-12).all()


def test_on_the_test_rows_it_is_scikit_learns(tested: tuple[Answer, np.ndarray, np.ndarray]) -> None:
    answer, values, truth = tested
    model = Wrapped(answer).fit(values, truth)
    expected = permutation_importance(model, values, truth, n_repeats=200, random_state=0)
    near([each.value for each in importances(answer, values, truth, np.arange(len(truth)), 0.95)], expected.importances)


@pytest.mark.slow
def test_the_models_of_the_folds_answer_as_the_training_kept(reopened: Reopened, shape: Callable[[str], Reopened]) -> None:
    for run in (reopened, shape("categories"), shape("flat")):
        unseen = run.run.yardsticks.unseen
        assert unseen is not None
        answer = answer_of_folds(unseen, run.table, run.run.config)
        assert answer is not None
        np.testing.assert_array_equal(answer(run.table.values), unseen.answers["network"])


def test_a_fold_that_lacked_a_class_never_answers_it(reopened: Reopened) -> None:
    config, table = reopened.run.config, reopened.table
    config = config.model_copy(update={"network": config.network.model_copy(update={"output": "softmax"})})
    folds = ((table.truth == 1) | (np.arange(len(table)) % 2 == 0)).astype(int)  # the second holds every row of a class out
    weights = np.random.default_rng(0).normal(size=21 + 12 + 21 + 8).astype(np.float32)
    unseen = Unseen(folds, folds, {}, weights=weights)
    answer = answer_of_folds(unseen, table, config)
    assert answer is not None
    assert set(answer(table.values)[folds == 1]) == {0, 2}
    assert answer_of_folds(replace(unseen, weights=weights[:-1]), table, config) is None


def test_on_rows_that_folds_held_out_it_is_scikit_learns_of_the_folds_models(reopened: Reopened) -> None:
    unseen, table = reopened.run.yardsticks.unseen, reopened.table
    assert unseen is not None
    answer = answer_of_folds(unseen, table, reopened.run.config)
    assert answer is not None
    model = Wrapped(answer).fit(table.values, table.truth)
    expected = permutation_importance(model, table.values, table.truth, n_repeats=100, random_state=0)
    found = importances(answer, table.values, table.truth, unseen.groups, 0.95)
    near([each.value for each in found], expected.importances)


def test_the_interval_is_scipys_bootstrap_of_the_rows(tested: tuple[Answer, np.ndarray, np.ndarray]) -> None:
    """But for the four outcomes of a pair that are added, which move it by less than two rows do."""
    answer, values, truth = tested
    right = (answer(values) == truth).astype(float)
    for place, found in enumerate(importances(answer, values, truth, np.arange(len(truth)), 0.95)):
        dealt, share = values.copy(), np.zeros(len(truth))
        for row in range(len(truth)):
            dealt[:, place] = values[row, place]
            share += (answer(dealt) == truth) / len(truth)
        if not (right - share).any():
            continue
        expected = bootstrap((right - share,), np.mean, n_resamples=4000, method="percentile", rng=0).confidence_interval
        np.testing.assert_allclose((found.low, found.high), expected, atol=2 / len(truth))


def test_of_many_rows_and_values_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    values, truth = with_gaps(400)
    every = importances(simple, values, truth, np.arange(400), 0.95)
    monkeypatch.setattr("pipeline.judge.importance._SCORED", 20_000)
    some = importances(simple, values, truth, np.arange(400), 0.95)
    assert some[0] != every[0]
    assert some[0].value == pytest.approx(every[0].value, abs=0.06)
    assert some[1:] == every[1:]  # of three values, and of one


def test_a_run_that_kept_no_weights_of_its_folds_has_none(reopened: Reopened) -> None:
    unseen = reopened.run.yardsticks.unseen
    assert unseen is not None
    assert unseen.weights is not None
    for weights in (None, unseen.weights[:-1]):
        assert answer_of_folds(replace(unseen, weights=weights), reopened.table, reopened.run.config) is None
