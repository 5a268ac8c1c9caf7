"""The evaluation of a network that can be followed by hand: the identity of one column."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from pipeline.config.schema import Config
from pipeline.data.preprocess import Preprocessor
from pipeline.data.split import Split
from pipeline.data.table import Table
from pipeline.judge.baselines import Yardsticks
from pipeline.judge.evaluate import Evaluation, evaluate
from pipeline.model import Model
from pipeline.network.coding import Coding
from pipeline.network.layers import Network
from tests.tables import table_of

CODES = {"Normal": 0.0, "Type1": 1.0, "Type2": -1.0}
GLUCOSE = [0.1, 0.9, -1.2, 0.6, 0.4, 1.3, -0.2, np.nan]
TYPES = ["Normal", "Type1", "Type2", "Normal", "Type1", "Type1", "Normal", "Normal"]
ANSWERS = np.array([0, 1, 2, 1, 0, 1, 0, -1])  # the nearest code of each value
TRUTH = np.array([0, 1, 2, 0, 1, 1, 0, 0])
PARTS = Split(train=np.array([0, 1, 2, 3]), test=np.array([7, 4, 5, 6]))
YARDSTICKS = Yardsticks({"Normal": 2, "Type1": 1, "Type2": 1}, {"logistic_regression": np.array([0, 1, 1, 2])})

STRANGER = replace(YARDSTICKS, test={})  # on a file that the model was not trained on


def config(**evaluation) -> Config:
    features = {"glucose": {"unit": "mmol/L", "criterion": "fasting"}}
    data = {"path": "x.csv", "target": "Type", "reference": "Normal", "codes": CODES, "features": features}
    return Config.model_validate({"data": data, "preprocess": {"impute": None}, "evaluation": evaluation})


def judged(model: Model, rows: Table, parts: Split, yardsticks: Yardsticks, settings: Config) -> Evaluation:
    return evaluate(model, rows, parts, yardsticks, settings.data, settings.preprocess, settings.evaluation)


def table() -> Table:
    features = pd.DataFrame({"glucose": GLUCOSE})
    return table_of(features, TYPES, list(CODES))


def identity(classes=("Normal", "Type1", "Type2")) -> Model:
    ends = np.array([-np.inf]), np.array([np.inf])
    plain = Preprocessor(("glucose",), *ends, np.array([np.nan]), np.zeros(1), np.ones(1), np.array([[0.0], [1.0]]))
    network = Network((1, 1), (1.0,), False, np.array([1, 0], dtype=np.float32))
    return Model(plain, network, Coding(classes, tuple(CODES[name] for name in classes)))


def test_training_and_test_rows_are_scored_apart_and_as_scikit_learn_scores_them():
    result = judged(identity(), table(), PARTS, YARDSTICKS, config())
    np.testing.assert_array_equal(result.answers, ANSWERS)
    for scores, rows in ((result.train, PARTS.train), (result.test, PARTS.test)):
        assert scores.accuracy == metrics.accuracy_score(TRUTH[rows], ANSWERS[rows])
        np.testing.assert_array_equal(
            scores.confusion, metrics.confusion_matrix(TRUTH[rows], ANSWERS[rows], labels=[0, 1, 2, -1])[:3]
        )
    assert (result.train.accuracy, result.test.accuracy) == (0.75, 0.5)


def test_keras_accuracy_asks_only_whether_the_output_is_above_one_half():
    result = judged(identity(), table(), PARTS, YARDSTICKS, config())
    expected = np.where(np.array(GLUCOSE) > 0.5, 1, 0) == np.array(list(CODES.values()))[TRUTH]
    assert result.keras_train == np.mean(expected[PARTS.train]) == 0.5
    assert result.keras_test == np.mean(expected[PARTS.test]) == 0.75


def test_the_baselines_are_those_of_the_same_test_rows():
    standings = judged(identity(), table(), PARTS, YARDSTICKS, config()).standings
    normal = np.mean(TRUTH[PARTS.test] == 0)  # no glucose reaches 7, so the rule names every row Normal too
    assert {name: each.test for name, each in standings.items()} == {
        "network": 0.5,
        "majority": normal,
        "ada_rule": normal,
        "logistic_regression": 0.75,
        **dict.fromkeys(("decision_tree", "random_forest", "gradient_boosting", "mlp")),
    }


def test_subgroups_divide_the_test_rows_at_the_limits_of_the_config():
    split = Split(np.arange(0), np.arange(8))
    result = judged(identity(), table(), split, STRANGER, config(subgroups={"glucose": [0.4, 0.9, 5]}))
    right = ANSWERS == TRUTH
    groups = [(None, 0.4), (0.4, 0.9), (0.9, 5.0), (5.0, None)]
    for group, (low, high) in zip(result.subgroups["glucose"], groups, strict=True):
        inside = pd.Series(GLUCOSE).between(low if low is not None else -9, high if high is not None else 9, inclusive="left")
        assert (group.low, group.high, group.rows) == (low, high, inside.sum())
        assert group.accuracy == (right[inside].mean() if inside.any() else None)
    assert result.subgroups["glucose"][-1].interval is None


@pytest.mark.parametrize("copies", [1, 6])
def test_the_intervals_of_classes_and_subgroups_are_as_wide_as_those_of_one_row_a_patient(copies):
    """SciPy's Wilson interval of the patients is what it is with one row each, and hardly narrower with six equal ones."""
    random, patients = np.random.default_rng(0), 60
    glucose = np.repeat(random.choice([-1.0, 0.0, 1.0], patients), copies)
    wrong = np.repeat(random.random(patients) < 0.25, copies)
    truth = np.where(wrong, 0, np.round(glucose).astype(int) % 3)
    rows = replace(
        table_of(pd.DataFrame({"glucose": glucose}), [list(CODES)[place] for place in truth], list(CODES)),
        patients=np.repeat(np.arange(patients), copies),
    )
    split = Split(np.arange(0), np.arange(len(rows)))
    result = judged(identity(), rows, split, STRANGER, config(subgroups={"glucose": [0.5]}))
    answers = result.answers
    found = {
        "recall": [(answers == place)[truth == place] for place in range(3)],
        "specificity": [(answers != place)[truth != place] for place in range(3)],
        "precision": [(truth == place)[answers == place] for place in range(3)],
        "negative_predictive_value": [(truth != place)[answers != place] for place in range(3)],
    }
    ends = [(getattr(result.test, f"{name}_interval")[at], hits) for name, own in found.items() for at, hits in enumerate(own)]
    ends += [
        (group.interval, (answers == truth)[inside])
        for group, inside in zip(result.subgroups["glucose"], (glucose < 0.5, glucose >= 0.5), strict=True)
    ]
    for (low, high), hits in ends:
        single = binomtest(int(hits[::copies].sum()), len(hits) // copies).proportion_ci(method="wilson")
        if copies == 1:
            assert (low, high) == pytest.approx((single.low, single.high))
        assert high - low > 0.75 * (single.high - single.low)


def test_on_another_file_every_row_is_a_test_row_and_nothing_is_said_of_training():
    result = judged(identity(), table(), Split(np.arange(0), np.arange(8)), STRANGER, config())
    assert result.train is None
    assert result.keras_train is None
    assert result.test.accuracy == metrics.accuracy_score(TRUTH, ANSWERS)


@pytest.mark.parametrize("level", [0.5, 0.99])
def test_the_interval_has_the_coverage_of_the_config(level):
    narrow = judged(identity(), table(), PARTS, YARDSTICKS, config(interval=level)).test.interval
    normal = judged(identity(), table(), PARTS, YARDSTICKS, config()).test.interval
    assert (narrow[1] - narrow[0] < normal[1] - normal[0]) == (level < 0.95)


def test_a_class_that_the_network_never_saw_is_never_answered_and_the_order_does_not_matter():
    result = judged(identity(("Type2", "Normal")), table(), PARTS, YARDSTICKS, config())
    np.testing.assert_array_equal(result.answers, [0, 0, 2, 0, 0, 0, 0, -1])
    assert result.test.confusion[:, 1].sum() == 0


def test_a_softmax_network_has_no_keras_accuracy_of_one_code():
    weights = np.array([0, 5, -5, 1, 0, 0], dtype=np.float32)  # scores 1, 5x and -5x
    model = replace(identity(), network=Network((1, 3), (), True, weights), coding=replace(identity().coding, softmax=True))
    result = judged(model, table(), PARTS, YARDSTICKS, config())
    assert (result.keras_train, result.keras_test) == (None, None)
    np.testing.assert_array_equal(result.answers, [0, 1, 2, 1, 1, 1, 0, -1])
