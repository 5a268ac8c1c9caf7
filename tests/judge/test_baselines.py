"""The fitted baselines against scikit-learn's own."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from pipeline.data.preprocess import Task
from pipeline.judge.baselines import FITTED, RIVAL_NAMES, SIMPLE, answer_all


def own(name: str, hidden=(3,), seed=0):
    """Return what a user of scikit-learn would write for the name."""
    return {
        "logistic_regression": LogisticRegression(max_iter=2000),
        "decision_tree": DecisionTreeClassifier(max_depth=3, random_state=seed),
        "random_forest": RandomForestClassifier(random_state=seed),
        "gradient_boosting": HistGradientBoostingClassifier(random_state=seed),
        "mlp": MLPClassifier(hidden_layer_sizes=hidden, max_iter=500, random_state=seed),
    }[name]


def test_the_fitted_baselines_answer_as_scikit_learns_own_alone_and_in_processes():
    train, test, truth, _ = train_test_split(*load_iris(return_X_y=True), random_state=0)
    tasks = [Task(train, truth, test), Task(train[:60], truth[:60], test)]
    alone, together = list(answer_all(tasks[:1], (3,), 0)), list(answer_all(tasks, (3,), 0))
    assert set(FITTED) == set(alone[0]) == set(together[1])
    for name in FITTED:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = [own(name).fit(each.train, each.truth).predict(test) for each in tasks]
        for given, answers in zip((alone[0], *together), (expected[0], *expected), strict=True):
            np.testing.assert_array_equal(given[name], answers)


@pytest.mark.parametrize("spoilt", ["train", "test"])
def test_fitted_baselines_are_left_out_where_a_value_is_missing(spoilt):
    parts = {"train": np.arange(12.0).reshape(6, 2), "test": np.ones((2, 2))}
    parts[spoilt][1, 1] = np.nan
    assert list(answer_all([Task(parts["train"], np.array([0, 1] * 3), parts["test"])], (3,), 0)) == [{}]


def test_a_fit_that_stops_short_on_unscaled_columns_warns_nobody():
    inputs, truth = load_wine(return_X_y=True)
    with pytest.warns(ConvergenceWarning):
        expected = LogisticRegression(max_iter=2000).fit(inputs, truth).predict(inputs)
    (given,) = answer_all([Task(inputs, truth, inputs)], (3,), 0)
    np.testing.assert_array_equal(given["logistic_regression"], expected)


def test_every_baseline_has_a_name():
    assert set(RIVAL_NAMES) == {"network", "majority", "ada_rule", *FITTED}
    assert set(SIMPLE) < set(RIVAL_NAMES)
