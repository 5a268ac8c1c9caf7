"""The fitted baselines against scikit-learn's own, the rules against rows judged by hand, and the folds that both answer in."""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris, load_wine
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from pipeline.config.read import load_config
from pipeline.config.schema import Config, UnseenSection
from pipeline.data.load import load
from pipeline.data.preprocess import Preprocessor, Task
from pipeline.data.split import Split
from pipeline.data.table import Table
from pipeline.judge.baselines import FITTED, RIVAL_NAMES, SIMPLE, Answers, rule_answers, yardsticks_of
from pipeline.judge.unseen import HeldOut, folds_of
from pipeline.model import Model
from pipeline.network.coding import Coding
from pipeline.network.layers import Network
from tests.tables import answer_all, table_of

DEFAULT = Path(__file__).parents[2] / "configs/default.yaml"
CODES = {"Normal": 0, "Type1": 1, "Type2": -1}


def own(name: str, hidden=(3,), seed=0):
    """Return what a user of scikit-learn would write for the name."""
    return {
        "logistic_regression": LogisticRegression(max_iter=2000),
        "decision_tree": DecisionTreeClassifier(max_depth=3, random_state=seed),
        "random_forest": RandomForestClassifier(random_state=seed),
        "gradient_boosting": HistGradientBoostingClassifier(random_state=seed),
        "mlp": MLPClassifier(hidden_layer_sizes=hidden, solver="lbfgs", max_iter=300, random_state=seed),
    }[name]


def test_the_fitted_baselines_answer_as_scikit_learns_own_alone_and_in_processes():
    train, test, truth, _ = train_test_split(*load_iris(return_X_y=True), random_state=0)
    tasks = [Task(train, truth, test), Task(train[:60], truth[:60], test)]
    alone, together = list(answer_all(tasks[:1], (3,), 0)), list(answer_all(tasks, (3,), 0))
    assert set(FITTED) == set(alone[0]) == set(together[1])
    for name in FITTED:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fits = [own(name).fit(task.train, task.truth) for task in tasks]
        for given, fit in zip((alone[0], *together), (fits[0], *fits), strict=True):
            np.testing.assert_array_equal(given[name].classes, fit.predict(test))
            np.testing.assert_array_equal(given[name].chances, fit.predict_proba(test))


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
    np.testing.assert_array_equal(given["logistic_regression"].classes, expected)


def test_every_baseline_has_a_name():
    assert set(RIVAL_NAMES) == {"network", "majority", "ada_rule", *FITTED}
    assert set(SIMPLE) < set(RIVAL_NAMES)


def config(features=None, **preprocess) -> Config:
    data = {"path": "x.csv", "target": "Type", "reference": "Normal", "codes": CODES, "features": features or {"Age": None}}
    return Config.model_validate({"data": data, "preprocess": preprocess})


def table(implausible=(), **columns) -> Table:
    features = pd.DataFrame(columns, dtype=np.float64)
    outside = pd.DataFrame(False, index=features.index, columns=features.columns)
    for row, name in implausible:
        outside.loc[row, name] = True
    return table_of(features, ["Normal"] * len(features), list(CODES), implausible=outside)


def rule(name, rows, numbers, counts, settings):
    return rule_answers(rows, numbers, counts, settings.data, settings.preprocess).get(name)


@pytest.mark.parametrize("labels", [[0, 0, 1], [2, 1, 2, 0], [1, 1, 1, 2], [0, 1, 2], [1, 2, 2, 1]])
def test_the_majority_is_that_of_scikit_learn(labels):
    expected = DummyClassifier(strategy="most_frequent").fit(np.zeros((len(labels), 1)), labels).predict(np.zeros((5, 1)))
    counts = {name: labels.count(index) for index, name in enumerate(CODES)}
    np.testing.assert_array_equal(rule("majority", table(Age=[30.0] * 5), np.arange(5), counts, config()), expected)


CRITERIA = [  # as printed in the ADA's Standards of Care: the value itself is diabetic, anything below is not
    ("fasting", "mmol/L", 7.0),
    ("fasting", "mg/dL", 126),
    ("two_hour", "mmol/L", 11.1),
    ("two_hour", "mg/dL", 200),
    ("random", "mmol/L", 11.1),
    ("random", "mg/dL", 200),
    ("hba1c", "mmol/mol", 48),
    ("hba1c", "%", 6.5),
]


@pytest.mark.parametrize(("criterion", "unit", "threshold"), CRITERIA)
def test_a_criterion_is_met_from_its_threshold_on(criterion, unit, threshold):
    rows = table(value=[threshold, threshold - 0.01, threshold + 50, 0, np.nan])
    settings = config({"value": {"unit": unit, "criterion": criterion}})
    answers = rule("ada_rule", rows, np.arange(5), {"Normal": 9, "Type1": 1, "Type2": 5}, settings)
    np.testing.assert_array_equal(answers, [2, 0, 2, 0, 0])


@pytest.mark.parametrize(("first", "second", "diabetic"), [(5, 4, 1), (4, 5, 2), (3, 0, 1), (0, 3, 2)])
def test_the_diabetic_are_named_as_the_commoner_diabetic_class(first, second, diabetic):
    settings = config({"value": {"unit": "%", "criterion": "hba1c"}})
    counts = {"Normal": 2, "Type1": first, "Type2": second}
    np.testing.assert_array_equal(rule("ada_rule", table(value=[9.0, 5.0]), np.arange(2), counts, settings), [diabetic, 0])


TWO = {
    "fasting": {"unit": "mmol/L", "criterion": "fasting", "range": [2, 30]},
    "hba1c": {"unit": "%", "criterion": "hba1c"},
    "Age": None,
}


def test_any_one_criterion_is_enough_and_a_missing_value_meets_none():
    rows = table(
        fasting=[7.5, 5.0, 7.5, 5.0, np.nan, np.nan, 8.0],
        hba1c=[5.0, 7.0, 7.0, 5.0, 7.0, np.nan, np.nan],
        Age=[500.0] * 7,
    )
    answers = rule("ada_rule", rows, np.arange(7), {"Normal": 3, "Type1": 2, "Type2": 1}, config(TWO))
    np.testing.assert_array_equal(answers, [1, 1, 1, 0, 1, 0, 1])
    np.testing.assert_array_equal(rule("ada_rule", rows, np.array([3, 6]), {"Type1": 1}, config(TWO)), [0, 1])


@pytest.mark.parametrize(("treatment", "expected"), [("missing", [0, 1, 1]), ("keep", [1, 1, 1])])
def test_an_implausible_value_meets_nothing_where_it_counts_as_missing(treatment, expected):
    rows = table([(0, "fasting"), (1, "fasting")], fasting=[54.0, 54.0, 9.0], hba1c=[5.0, 7.0, 5.0], Age=[30.0] * 3)
    answers = rule("ada_rule", rows, np.arange(3), {"Type1": 2, "Type2": 1}, config(TWO, implausible=treatment))
    np.testing.assert_array_equal(answers, expected)


def test_without_criteria_there_is_no_rule():
    assert rule("ada_rule", table(Age=[30.0]), np.arange(1), {"Type1": 1}, config()) is None


def test_the_rule_separates_the_real_rows_without_an_error(complete):
    """FACTS, section 3: random plasma glucose of 11.1 mmol/L and more is exactly the diabetic rows."""
    criteria_off = [f"data.features.{name}.criterion=null" for name in ("Plasma F", "HbA1c")]
    settings = load_config(DEFAULT, criteria_off, str(complete))
    rows = load(settings.data)
    answers = rule("ada_rule", rows, np.arange(len(rows)), {"Type1": 173, "Type2": 205}, settings)
    np.testing.assert_array_equal(answers == 0, rows.truth == 0)
    assert np.mean(answers == rows.truth) == (631 + 205) / 1009


def test_every_row_is_judged_by_what_the_folds_that_held_it_out_answered() -> None:
    random = np.random.default_rng(0)
    ages = random.integers(9, size=120) * 10.0
    types = random.choice(list(CODES), 120)
    features = pd.DataFrame({"Age": ages})
    rows = table_of(features, types, list(CODES))
    settings = config()
    section = UnseenSection(group_by=("Age",), folds=3)
    folds = folds_of(rows, section)
    held = HeldOut("profiles", rows.profiles(("Age",)), folds)
    parts = Split(np.arange(100), np.arange(100, 120))
    ends = np.array([-np.inf]), np.array([np.inf])
    steps = Preprocessor(("Age",), *ends, np.array([np.nan]), np.zeros(1), np.ones(1), np.array([[0.0], [90.0]]))
    # the network of a fold answers one class, whatever the row
    models = [
        Model(steps, Network((1, 1), (1.0,), False, np.array([0, code], np.float32)), Coding(tuple(CODES), tuple(CODES.values())))
        for code in CODES.values()
    ]
    chances = np.stack([np.arange(120), np.arange(120) / 2, np.arange(120) / 4], axis=1).astype(np.float32)
    fitted = [{"random_forest": Answers(np.arange(20), chances[:20])}]
    for fold, others in zip(folds, (["decision_tree"], ["decision_tree"], []), strict=True):
        fitted.append({name: Answers(fold.test % 3, chances[fold.test]) for name in ["random_forest", *others]})
    result = yardsticks_of(rows, parts, held, models, fitted, settings.data, settings.preprocess)
    assert result.counts == {name: int((types[:100] == name).sum()) for name in CODES}
    assert list(result.test) == list(result.probabilities) == ["random_forest"]
    np.testing.assert_array_equal(result.test["random_forest"], np.arange(20))
    np.testing.assert_array_equal(result.unseen.chances["random_forest"], chances)
    assert list(result.unseen.chances) == ["network", "random_forest"]  # the tree judges no labels
    assert list(result.unseen.answers) == ["network", "majority", "random_forest"]  # no criterion, no tree in the last fold
    np.testing.assert_array_equal(result.unseen.answers["random_forest"], np.arange(120) % 3)
    for number, fold in enumerate(folds):
        oracle = DummyClassifier(strategy="most_frequent").fit(ages[fold.train, None], rows.truth[fold.train])
        np.testing.assert_array_equal(result.unseen.answers["majority"][fold.test], oracle.predict(ages[fold.test, None]))
        assert (result.unseen.answers["network"][fold.test] == number).all()
        assert (result.unseen.folds[fold.test] == number).all()
    assert yardsticks_of(rows, parts, replace(held, folds=()), (), fitted[:1], settings.data, settings.preprocess).unseen is None


def test_the_probability_of_a_class_that_the_rows_lacked_is_not_known_in_a_fold_and_0_in_the_test() -> None:
    settings = config()
    rows = table_of(pd.DataFrame({"Age": np.arange(9.0)}), ["Normal", "Type1", "Type1"] * 2 + ["Type2"] * 3, list(CODES))
    folds = (Split(np.arange(6), np.arange(6, 9)), Split(np.arange(3, 9), np.arange(3)), Split(np.arange(9), np.arange(3, 6)))
    fitted = [
        {"random_forest": Answers(np.zeros(len(fold.test), int), np.full((len(fold.test), width), 1 / width))}
        for fold, width in zip((folds[0], *folds), (2, 2, 3, 3), strict=True)
    ]
    ends = np.array([-np.inf]), np.array([np.inf])
    steps = Preprocessor(("Age",), *ends, np.array([np.nan]), np.zeros(1), np.ones(1), np.array([[0.0], [90.0]]))
    network = Network((1, 1), (1.0,), False, np.zeros(2, np.float32))
    models = [Model(steps, network, Coding(tuple(CODES), tuple(CODES.values())))] * 3
    held = HeldOut("rows", np.arange(9), folds)
    result = yardsticks_of(rows, folds[0], held, models, fitted, settings.data, settings.preprocess)
    expected = np.full((9, 3), 1 / 3)
    expected[6:] = 0.5, 0.5, np.nan
    np.testing.assert_allclose(result.unseen.chances["random_forest"], expected, rtol=1e-6)
    assert result.unseen.chances["random_forest"].dtype == np.float32
    worth, given = result.probabilities["random_forest"], np.tile([0.5, 0.5, 0.0], (3, 1))  # all three are Type2
    assert worth.log_loss == pytest.approx(log_loss([2] * 3, given, labels=range(3)))
    assert worth.brier == pytest.approx(brier_score_loss([2] * 3, given, labels=range(3), scale_by_half=False))
    assert worth.macro_auc is None  # of one class only


def test_of_many_training_rows_some_are_learnt_from_and_every_row_is_answered(monkeypatch):
    inputs, truth = load_wine(return_X_y=True)
    monkeypatch.setattr("pipeline.judge.baselines.MOST_ROWS", 60)
    (given,) = answer_all([Task(inputs, truth, inputs)], (3,), 4)
    rows = np.sort(np.random.default_rng(4).choice(len(inputs), 60, replace=False))
    tree = DecisionTreeClassifier(max_depth=3, random_state=4).fit(inputs[rows], truth[rows])
    np.testing.assert_array_equal(given["decision_tree"].chances, tree.predict_proba(inputs))
