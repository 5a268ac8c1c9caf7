"""The estimator as scikit-learn's own checks see it, and what the project promises beyond them."""

import inspect
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from pipeline import LeakyReLUClassifier
from pipeline.config.schema import NetworkSection, TrainingSection
from pipeline.network.keras_model import build
from tests.rounding import decided

pytestmark = pytest.mark.arithmetic

QUICK = {"starts": 8, "epochs": 40, "random_state": 0}
ROWS = np.random.default_rng(0).normal(size=(60, 2))
LABELS = np.array(["low", "middle", "high"])[np.digitize(ROWS[:, 0], [-0.4, 0.4])]


STOCHASTIC = {"check_sample_weight_equivalence_on_dense_data": "as for SGDClassifier: repeated rows are other batches"}


@pytest.mark.slow
@parametrize_with_checks([LeakyReLUClassifier()], expected_failed_checks=lambda estimator: STOCHASTIC)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


def test_the_defaults_are_those_of_the_configuration():
    defaults = {name: each.default for name, each in inspect.signature(LeakyReLUClassifier).parameters.items()}
    sections = {**NetworkSection().model_dump(), **TrainingSection().model_dump()}
    del sections["seed"]
    assert {name: defaults[name] for name in sections} == sections


def test_it_learns_iris_far_better_than_the_majority():
    features, labels = load_iris(return_X_y=True)
    model = make_pipeline(StandardScaler(), LeakyReLUClassifier(output="softmax", loss="categorical_crossentropy", **QUICK))
    assert (
        cross_val_score(model, features, labels, cv=3).min() > 0.85 > cross_val_score(DummyClassifier(), features, labels).max()
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [{"output": "code"}, {"output": "softmax", "loss": "categorical_crossentropy"}, {"loss": "binary_crossentropy"}],
    ids=str,
)
def test_it_learns_exclusive_or_which_no_linear_model_can(options):
    """With a penalty that is given: of four different rows none tells of another, so "auto" finds that nothing can be learnt."""
    corners = np.tile([[-1.0, -1], [-1, 1], [1, -1], [1, 1]], (10, 1))
    labels = (corners[:, 0] * corners[:, 1] < 0).astype(int)
    model = LeakyReLUClassifier(hidden=(4,), alpha=0.1, l2=0.001, starts=16, epochs=100, random_state=0, **options).fit(
        corners, labels
    )
    np.testing.assert_array_equal(model.predict(corners), labels)


@pytest.mark.parametrize("engine", ["compiled", "keras"])
def test_predictions_are_the_nearest_code_to_the_output_of_keras(engine):
    model = LeakyReLUClassifier(engine=engine, **QUICK | {"starts": 2, "epochs": 5}).fit(ROWS, LABELS)
    output = build(model.network_).predict_on_batch(ROWS.astype(np.float32))
    nearest = np.abs(output - np.array([[0, 1, -1]])).argmin(axis=1)  # codes in the order of classes_
    clear = decided(model.network_, ROWS, model.coding_)
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(model.predict(ROWS)[clear], np.array(["high", "low", "middle"])[nearest[clear]])
    np.testing.assert_array_equal(model.classes_, ["high", "low", "middle"])


def test_without_hidden_layers_the_model_is_linear_behind_one_leaky_relu():
    model = LeakyReLUClassifier(hidden=(), **QUICK).fit(ROWS, LABELS)
    assert model.network_.sizes == (2, 1)
    assert build(model.network_).count_params() == 3
    assert model.score(ROWS, LABELS) > 0.5


def test_the_codes_may_be_given_in_any_order_and_hold_classes_that_are_absent():
    natural = {"low": -1.0, "middle": 0.0, "high": 1.0}
    other = {"high": 1.0, "absent": 7.0, "low": -1.0, "middle": 0.0}
    answers = [LeakyReLUClassifier(codes=codes, **QUICK).fit(ROWS, LABELS).predict(ROWS) for codes in (natural, other)]
    np.testing.assert_array_equal(*answers)
    assert np.mean(answers[0] == LABELS) > 0.9


@pytest.mark.parametrize("kind", ["U3", object, int, np.int8, float, bool])
def test_classes_come_back_as_they_were_given(kind):
    labels = np.array(["no", "yes"] if kind in ("U3", object) else [0, 1], dtype=kind)[(LABELS == "low").astype(int)]
    model = LeakyReLUClassifier(**QUICK).fit(ROWS, labels)
    answers = model.predict(ROWS)
    assert answers.dtype == labels.dtype
    np.testing.assert_array_equal(model.classes_, np.unique(labels))
    assert np.mean(answers == labels) > 0.8


def test_integer_classes_take_codes_under_their_own_numbers():
    labels = np.array([10, 20])[(ROWS[:, 0] > 0).astype(int)]
    model = LeakyReLUClassifier(codes={20: -2, 10: 2}, **QUICK).fit(ROWS, labels)
    output = model.network_.output(ROWS).ravel()
    np.testing.assert_array_equal(model.predict(ROWS), np.where(output >= 0, np.where(output == 0, 20, 10), 20))
    assert model.score(ROWS, labels) > 0.9


def test_feature_names_are_kept_and_held_to():
    frame = pd.DataFrame(ROWS, columns=["one", "two"])
    model = LeakyReLUClassifier(**QUICK).fit(frame, LABELS)
    assert (model.feature_names_in_.tolist(), model.n_features_in_) == (["one", "two"], 2)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["two", "one"]])
    assert not hasattr(LeakyReLUClassifier(**QUICK).fit(ROWS, LABELS), "feature_names_in_")


def test_the_loss_curve_has_one_loss_an_epoch_and_falls():
    curve = LeakyReLUClassifier(**QUICK).fit(ROWS, LABELS).loss_curve_
    assert len(curve) == QUICK["epochs"]
    assert all(type(each) is float for each in curve)
    assert curve[-1] < 0.6 * curve[0]


def weights(state) -> bytes:
    model = LeakyReLUClassifier(**QUICK | {"random_state": state, "epochs": 2})
    return model.fit(ROWS, LABELS).trained_.weights.tobytes()


def test_random_state_means_what_it_means_in_scikit_learn():
    assert weights(3) == weights(3) == weights(np.int64(3))
    assert weights(3) != weights(4)
    assert weights(None) != weights(None)
    assert weights(np.random.RandomState(1)) == weights(np.random.RandomState(1))
    shared = np.random.RandomState(1)
    assert weights(shared) != weights(shared)


@pytest.mark.slow
def test_numpy_scalars_and_arrays_are_as_good_as_pythons():
    plain = LeakyReLUClassifier(hidden=(3, 2), alpha=(0.1, 0.2, 0.5), learning_rate=0.5, **QUICK).fit(ROWS, LABELS)
    options = {name: np.int32(value) for name, value in QUICK.items()}
    alphas, rate = np.array([0.1, 0.2, 0.5]), np.float32(0.5)
    other = LeakyReLUClassifier(hidden=np.array([3, 2]), alpha=alphas, learning_rate=rate, **options).fit(ROWS, LABELS)
    np.testing.assert_array_equal(plain.network_.weights, other.network_.weights)


WRONG = [
    *[("alpha", each) for each in (-0.1, 1.5, np.nan, "0.1", None, (0.1, 0.1, 0.1), ())],
    *[("hidden", each) for each in (3, (0,), (2.5,), "3", None)],
    *[("learning_rate", each) for each in (0, -1.0, np.inf, "0.1", None)],
    *[(name, each) for name in ("epochs", "batch_size", "starts") for each in (0, 1.5, True, "1", None)],
    *[(name, "other") for name in ("output", "engine", "loss", "optimizer", "schedule")],
    *[("random_state", each) for each in (-1, 1.5, "0", 2**32)],
    ("codes", {"low": 0.0, "high": 1.0}),
    ("codes", {"low": 0.0, "middle": 0.0, "high": 1.0}),
    ("codes", {"low": 0.0, "middle": np.nan, "high": 1.0}),
    ("codes", {"low": 0.0, "middle": "one", "high": 1.0}),
    ("codes", 5),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda each: str(each))
def test_a_wrong_parameter_is_a_value_error_that_names_it(name, value):
    with pytest.raises(ValueError, match=name):
        LeakyReLUClassifier(**{**QUICK, name: value}).fit(ROWS, LABELS)


def test_binary_cross_entropy_is_refused_for_softmax():
    """Keras would apply a sigmoid to the logits behind the softmax, another loss than it names."""
    with pytest.raises(ValueError, match="'loss' parameter"):
        LeakyReLUClassifier(**{**QUICK, "output": "softmax", "loss": "binary_crossentropy"}).fit(ROWS, LABELS)


def test_missing_values_are_refused_unless_allowed_and_then_answer_nothing():
    spoilt = ROWS.copy()
    spoilt[7, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        LeakyReLUClassifier(**QUICK).fit(spoilt, LABELS)
    model = LeakyReLUClassifier(allow_nan=True, **QUICK).fit(ROWS, LABELS)
    np.testing.assert_array_equal(model.predict(ROWS), LeakyReLUClassifier(**QUICK).fit(ROWS, LABELS).predict(ROWS))
    with pytest.raises(ValueError, match="NaN, which is no class, for 1 of 60 rows"):
        model.predict(spoilt)
    with pytest.raises(ValueError, match="for 60 of 60 rows"):
        LeakyReLUClassifier(allow_nan=True, **QUICK).fit(spoilt, LABELS).predict(ROWS)


def test_it_can_be_cloned_and_searched_over():
    search = GridSearchCV(LeakyReLUClassifier(**QUICK), {"learning_rate": [1e-6, 0.05]}, cv=2).fit(ROWS, LABELS)
    assert search.best_params_ == {"learning_rate": 0.05}
    assert clone(search.best_estimator_).get_params() == search.best_estimator_.get_params()


def test_nothing_is_written_where_there_is_no_terminal(capfd):
    LeakyReLUClassifier(verbose=True, **QUICK).fit(ROWS, LABELS)
    assert capfd.readouterr() == ("", "")


def test_sets_stand_in_the_order_of_the_classes_and_hold_the_answer_whatever_the_order_of_the_codes():
    model = LeakyReLUClassifier(codes={"middle": 0.0, "high": 1.0, "low": -1.0}, **QUICK).fit(ROWS, LABELS)
    nearest = np.array(model.coding_.classes)[model.coding_.probabilities(model.network_.output(ROWS)).argmax(axis=1)]
    np.testing.assert_array_equal(nearest, model.predict(ROWS))
    limits, possible = pd.Series((0.3, 0.25, 0.1), model.coding_.classes)[model.classes_], model.predict_set(ROWS)
    assert possible[np.arange(len(ROWS)), np.searchsorted(model.classes_, nearest)].all()
    model.coding_ = replace(model.coding_, least=(0.3, 0.25, 0.1))
    shares = model.predict_proba(ROWS)
    clear = np.abs(shares - limits.to_numpy()) > 1e-12
    np.testing.assert_array_equal(model.predict_set(ROWS)[clear], (shares >= limits.to_numpy())[clear])
    assert not model.predict_set(ROWS).all()


@pytest.mark.parametrize(
    "codes", [(-1, 1), *(pytest.param(codes, marks=pytest.mark.slow) for codes in ((-1, 0, 1), (0, 1, 2, 3), (-2, -1, 0, 1, 2)))]
)
def test_the_ordinal_loss_serves_any_number_of_codes_as_well_as_the_squared_error_does(codes):
    random = np.random.default_rng(0)
    truth = random.integers(len(codes), size=600)
    inputs = np.stack([truth * 2.0 + random.normal(size=600), random.normal(size=600)], axis=1)
    inputs, labels = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0), np.array(list("abcde"))[truth]
    named = dict(zip("abcde", codes, strict=False))

    def right(loss: str) -> float:
        model = LeakyReLUClassifier(codes=named, loss=loss, epochs=100, starts=8, random_state=0)
        return model.fit(inputs[:400], labels[:400]).score(inputs[400:], labels[400:])

    assert right("ordinal") >= right("squared_error") - 0.03


def test_progress_tells_shares_that_sum_to_1():
    shares: list[float] = []
    LeakyReLUClassifier(**QUICK).fit(ROWS, LABELS, progress=shares.append)
    assert len(shares) > 1
    assert sum(shares) == pytest.approx(1)
