"""The estimator in the hands of scikit-learn: scores, weights, searches, routing, pickles."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import sklearn
from joblib.externals.loky import get_reusable_executor
from scipy.special import expit, log_softmax, softmax
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.inspection import permutation_importance
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score, cross_validate, learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline import LeakyReLUClassifier
from pipeline.network import xla
from pipeline.network.layers import Network
from tests.conftest import ROOT

QUICK = {"starts": 8, "epochs": 20, "random_state": 0}
ROWS = np.random.default_rng(0).normal(size=(60, 2))
LABELS = np.array(["low", "middle", "high"])[np.digitize(ROWS[:, 0], [-0.4, 0.4])]
WEIGHTS = np.random.default_rng(1).integers(1, 4, size=60)
REVERSED = {"middle": 0.0, "low": -1.0, "high": 1.0}


@pytest.fixture(scope="module")
def fitted() -> LeakyReLUClassifier:
    return LeakyReLUClassifier(codes=REVERSED, **QUICK).fit(ROWS, LABELS)


@pytest.mark.parametrize("options", [{"codes": REVERSED}, {"output": "softmax"}], ids=str)
@pytest.mark.parametrize("labels", [LABELS, LABELS == "low"], ids=["three classes", "two classes"])
def test_scores_and_probabilities_agree_with_each_other_and_with_predict(options, labels):
    if labels.dtype == bool and "codes" in options:
        options = {"codes": {True: -1, False: 2}}
    model = LeakyReLUClassifier(**options, **QUICK).fit(ROWS, labels)
    scores, shares, answers = model.decision_function(ROWS), model.predict_proba(ROWS), model.predict(ROWS)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(model.classes_[shares.argmax(axis=1)], answers)
    if len(model.classes_) == 2:
        assert scores.shape == (60,)
        np.testing.assert_array_equal(model.classes_[(scores > 0).astype(int)], answers)
        np.testing.assert_allclose(expit(scores), shares[:, 1], rtol=1e-9, atol=1e-15)
    else:
        np.testing.assert_array_equal(model.classes_[scores.argmax(axis=1)], answers)
        np.testing.assert_allclose(softmax(scores, axis=1), shares, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(model.predict_log_proba(ROWS), log_softmax(scores, axis=1), rtol=1e-9, atol=1e-12)
    assert log_loss(labels, shares) < log_loss(labels, np.full_like(shares, 1 / shares.shape[1]))


@pytest.mark.parametrize("codes", [{"low": -1, "middle": 0, "high": 1}, {"high": 1, "middle": 0, "low": -1}], ids=["up", "down"])
def test_a_tie_goes_to_the_class_that_predict_names_and_no_output_is_beyond_the_outermost_codes(fitted, codes):
    model = clone(fitted).set_params(codes=codes, epochs=1).fit(ROWS, LABELS)
    model.network_ = Network((2, 1), (1.0,), False, np.array([1, 0, 0], np.float32))  # says its first input
    ties = np.array([[-0.5, 0], [0.5, 0], [0.25, 0], [1, 0], [9, 0]])
    answers, shares, scores = model.predict(ties), model.predict_proba(ties), model.decision_function(ties)
    first, _, last = codes
    assert answers.tolist()[:2] == ([first, "middle"] if first == "low" else ["middle", first])
    assert last in model.classes_
    np.testing.assert_array_equal(model.classes_[shares.argmax(axis=1)], answers)
    np.testing.assert_array_equal(model.classes_[scores.argmax(axis=1)], answers)
    np.testing.assert_allclose(np.sort(shares[:2], axis=1)[:, 1], np.sort(shares[:2], axis=1)[:, 2], rtol=1e-15)
    np.testing.assert_array_less(shares[3].max(), shares[4].max())


@pytest.mark.parametrize(("codes", "second"), [({0: -1, 1: 1}, False), ({1: 1, 0: -1}, True)], ids=["first", "second"])
def test_of_two_classes_the_second_is_answered_exactly_where_the_score_is_positive(codes, second):
    model = LeakyReLUClassifier(codes=codes, starts=8, epochs=1).fit(ROWS, (ROWS[:, 0] > 0).astype(int))
    model.network_ = Network((2, 1), (1.0,), False, np.array([1, 0, 0], np.float32))
    edge = np.array([[0.0, 0], [-1e-6, 0], [1e-6, 0]])
    np.testing.assert_array_equal(model.predict(edge), [second, 0, 1])
    np.testing.assert_array_equal(model.decision_function(edge) > 0, model.predict(edge).astype(bool))
    np.testing.assert_array_equal(model.predict_proba(edge).argmax(axis=1), model.predict(edge))


def test_logits_that_differ_by_less_than_their_probabilities_can_tell_agree_with_predict():
    model = LeakyReLUClassifier(output="softmax", starts=8, epochs=1).fit(ROWS, (ROWS[:, 0] > 0).astype(int))
    model.network_ = Network((2, 2), (), True, np.array([1, 0, 0, 1, 0, 0], np.float32))  # its logits are its inputs
    close = np.array([[0, 1e-9], [1e-9, 0], [0, 1e-3]])
    assert model.predict(close).tolist() == [0, 0, 1]
    np.testing.assert_array_equal(model.decision_function(close) > 0, [False, False, True])


@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba", "decision_function"])
def test_without_an_answer_there_is_no_score(fitted, method):
    model = pickle.loads(pickle.dumps(fitted)).set_params(allow_nan=True)  # noqa: S301
    with pytest.raises(ValueError, match="NaN, which is no class, for 1 of 2 rows"):
        getattr(model, method)([[0, 0], [np.nan, 0]])


def full_batch(**options) -> LeakyReLUClassifier:
    return LeakyReLUClassifier(batch_size=500, **QUICK | {"epochs": 60} | options)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, pytest.param({"optimizer": "sgd"}, marks=pytest.mark.slow)], ids=str)
def test_with_one_batch_weights_of_mean_1_equal_repeated_rows(options):
    """The loss of a batch is by its rows, not by the sum of their weights, so that only weights of mean 1 count as rows do."""
    times = np.where(np.arange(60) % 7, WEIGHTS, 0)
    model = full_batch(l2=0.001, **options)
    repeated = clone(model).fit(ROWS.repeat(times, axis=0), LABELS.repeat(times))
    weighed = clone(model).fit(ROWS, LABELS, sample_weight=times * 60 / times.sum())
    output, expected, plain = (
        fitted.network_.output(ROWS.astype(np.float32)) for fitted in (weighed, repeated, clone(model).fit(ROWS, LABELS))
    )
    np.testing.assert_allclose(output, expected, atol=1e-3)
    np.testing.assert_allclose(weighed.loss_curve_, repeated.loss_curve_, rtol=1e-4)
    assert np.abs(plain - expected).max() > 5e-3


def test_class_weights_are_sample_weights_and_move_the_answers():
    scarce = {"high": 5.0, "low": 1.0, "middle": 0.2}
    one = LeakyReLUClassifier(class_weight=scarce, **QUICK).fit(ROWS, LABELS)
    other = LeakyReLUClassifier(**QUICK).fit(ROWS, LABELS, sample_weight=[scarce[label] for label in LABELS])
    np.testing.assert_array_equal(one.predict_proba(ROWS), other.predict_proba(ROWS))
    noise = np.random.default_rng(3).normal(size=(60, 2))
    plain, moved = (LeakyReLUClassifier(class_weight=each, **QUICK).fit(noise, LABELS) for each in (None, {"low": 30}))
    assert np.mean(moved.predict(noise) == "low") > 0.8 > 0.5 > np.mean(plain.predict(noise) == "low")


def test_a_pipeline_of_frames_keeps_the_names_and_scores_as_its_steps_do():
    frame = pd.DataFrame(ROWS, columns=["one", "two"])
    model = make_pipeline(StandardScaler(), LeakyReLUClassifier(**QUICK)).set_output(transform="pandas").fit(frame, LABELS)
    assert model[-1].feature_names_in_.tolist() == ["one", "two"]
    plain = LeakyReLUClassifier(**QUICK).fit(StandardScaler().fit_transform(ROWS), LABELS)
    np.testing.assert_array_equal(model.predict_proba(frame), plain.predict_proba(StandardScaler().fit_transform(ROWS)))
    folds = StratifiedKFold(3)
    expected = [
        clone(model).fit(frame.iloc[train], LABELS[train]).score(frame.iloc[test], LABELS[test])
        for train, test in folds.split(frame, LABELS)
    ]
    assert cross_val_score(model, frame, LABELS, cv=folds).tolist() == expected


def test_importance_calibration_and_learning_curve(fitted):
    importance = permutation_importance(fitted, ROWS, LABELS, n_repeats=5, random_state=0).importances_mean
    assert importance[0] > 0.2 > importance[1]  # only the first feature tells
    calibrated = CalibratedClassifierCV(clone(fitted), cv=2).fit(ROWS, LABELS, sample_weight=WEIGHTS)
    np.testing.assert_allclose(calibrated.predict_proba(ROWS).sum(axis=1), 1)
    assert calibrated.score(ROWS, LABELS) > 0.65 > 1.5 * np.unique(LABELS, return_counts=True)[1].max() / 60
    sizes, _, test = learning_curve(fitted, ROWS, LABELS, train_sizes=[0.5, 1.0], cv=2, shuffle=True, random_state=0)
    assert (sizes.tolist(), np.isfinite(test).all()) == ([15, 30], True)
    *_, whole = learning_curve(fitted, ROWS, LABELS, train_sizes=[1.0], cv=2)
    np.testing.assert_array_equal(whole[0], cross_val_score(fitted, ROWS, LABELS, cv=2))


def test_weights_are_routed_through_pipelines_to_folds_and_searches():
    folds, score = StratifiedKFold(3), {}
    with sklearn.config_context(enable_metadata_routing=True):
        inner = LeakyReLUClassifier(**QUICK).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        model = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), inner)
        found = cross_validate(model, ROWS, LABELS, cv=folds, params={"sample_weight": WEIGHTS}, return_estimator=True)
        search = GridSearchCV(model, {"leakyreluclassifier__alpha": [0.1]}, cv=folds).fit(ROWS, LABELS, sample_weight=WEIGHTS)
    for number, (train, test) in enumerate(folds.split(ROWS, LABELS)):
        scaled = StandardScaler().fit(ROWS[train])
        alone = LeakyReLUClassifier(**QUICK).fit(scaled.transform(ROWS[train]), LABELS[train], sample_weight=WEIGHTS[train])
        np.testing.assert_array_equal(found["estimator"][number][-1].network_.weights, alone.network_.weights)
        score[number] = alone.score(scaled.transform(ROWS[test]), LABELS[test], WEIGHTS[test])
    np.testing.assert_array_equal(found["test_score"], list(score.values()))
    best = LeakyReLUClassifier(alpha=0.1, **QUICK).fit(StandardScaler().fit_transform(ROWS), LABELS, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(search.best_estimator_[-1].network_.weights, best.network_.weights)


@pytest.mark.slow
def test_a_search_over_slopes_compiles_once_for_few_rows():
    slopes = [0, 0.01, 0.05, 0.09, 0.1, 0.2, 0.3, 0.5, 1]
    inputs, labels = load_iris(return_X_y=True)
    search = GridSearchCV(LeakyReLUClassifier(hidden=(5,), **QUICK | {"epochs": 2}), {"alpha": slopes}, cv=5).fit(inputs, labels)
    program = xla.program(xla.ProgramKind((4, 5, 1), False, "ordinal", "adam", True))
    assert program.function.experimental_get_tracing_count() == 2  # of the many starts, and of the few in folds
    assert len(search.cv_results_["params"]) == 9


@pytest.mark.slow
def test_two_processes_find_what_one_finds():
    get_reusable_executor().shutdown()  # workers that fitted baselines in another test were seen to wait for each other
    results = [
        GridSearchCV(LeakyReLUClassifier(**QUICK), {"alpha": [0.0, 0.1]}, cv=2, n_jobs=jobs).fit(ROWS, LABELS)
        for jobs in (None, 2)
    ]
    np.testing.assert_array_equal(*(each.cv_results_["mean_test_score"] for each in results))
    np.testing.assert_array_equal(*(each.best_estimator_.network_.weights for each in results))


def test_a_pickle_is_small_predicts_the_same_and_needs_no_tensorflow(fitted, tmp_path):
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(fitted))
    np.save(tmp_path / "rows.npy", ROWS)
    script = (
        "import pickle, sys, numpy as np\n"
        "model = pickle.load(open('model.pickle', 'rb'))\n"
        "np.save('shares.npy', model.predict_proba(np.load('rows.npy')))\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('tensorflow', 'keras')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
    np.testing.assert_array_equal(np.load(tmp_path / "shares.npy"), fitted.predict_proba(ROWS))
    assert (tmp_path / "model.pickle").stat().st_size < 4000
    assert len(fitted.trained_.weights) == QUICK["starts"]  # pickling took nothing from the model itself


def test_a_notebook_shows_it_alone_and_in_the_diagram_of_a_pipeline(fitted):
    shown = [fitted._repr_html_(), make_pipeline(StandardScaler(), fitted)._repr_html_()]
    assert all("LeakyReLUClassifier" in each and "learning_rate" in each for each in shown)
    assert "StandardScaler" in shown[1]
    assert repr(LeakyReLUClassifier(alpha=np.array([0.1, 0.2]))) == "LeakyReLUClassifier(alpha=array([0.1, 0.2]))"
