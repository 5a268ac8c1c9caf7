"""What the model says of classes in the order of whoever asks, and that arrays keep it whole."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import norm

from pipeline.data.preprocess import Preprocessor
from pipeline.data.split import Split
from pipeline.judge.baselines import Yardsticks
from pipeline.judge.unseen import Unseen
from pipeline.model import Model
from pipeline.network.coding import Coding
from pipeline.network.layers import Network
from pipeline.network.train import Trained
from pipeline.runs.weights import judged_of, model_of, to_arrays

CODING = Coding(("Type2", "Normal"), (-1.0, 0.0))
OUTPUT = np.array([[0.1], [1.2], [-0.6], [0.5], [np.nan]], dtype=np.float32)


def model(measured: bool = True) -> Model:
    ends = np.array([-np.inf]), np.array([np.inf])
    plain = Preprocessor(("glucose",), *ends, np.array([np.nan]), np.zeros(1), np.ones(1), np.array([[0.0], [1.0]]))
    network = Network((1, 1), (1.0,), False, np.array([1, 0], dtype=np.float32))
    coding = Coding(("Type2", "Normal"), (-1.0, 0.0), steepness=(2.5,), least=(0.3, 0.2)) if measured else CODING
    return Model(plain, network, coding)


def test_probabilities_stand_in_the_order_of_the_classes_and_an_unseen_class_has_none():
    found = model().probabilities(OUTPUT, ("Normal", "Type1", "Type2"))
    own = model().coding.probabilities(OUTPUT)
    np.testing.assert_array_equal(found[:, [2, 0]], own)
    np.testing.assert_array_equal(found[:4, 1], 0)
    assert np.isnan(found[4]).all()


@pytest.mark.parametrize("classes", [("Normal", "Type1", "Type2"), ("Type2", "Normal"), ("Type1", "Type2", "Other", "Normal")])
def test_the_most_probable_class_is_the_answer(classes):
    known = OUTPUT[:4]
    np.testing.assert_array_equal(model().probabilities(known, classes).argmax(axis=1), model().answers(known, classes))


def test_a_class_is_possible_unless_its_own_limit_excludes_it_and_an_unseen_class_always_is():
    classes = ("Normal", "Type1", "Type2")
    found = model().probabilities(OUTPUT, classes)
    possible = model().possible(found, classes)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(possible[:, [0, 2]], np.isnan(found[:, [0, 2]]) | (found[:, [0, 2]] >= [0.2, 0.3]))
    assert possible[:, 1].all()
    assert not possible[:4].all()
    assert model(measured=False).possible(found, classes).all()
    assert model().limits(classes) == (0.2, 0.0, 0.3)
    own = model().coding.probabilities(OUTPUT)
    np.testing.assert_array_equal(model().possible(own, ("Type2", "Normal")), model().coding.possible(own))


@pytest.mark.parametrize("measured", [True, False])
def test_arrays_keep_the_model_and_do_without_what_an_older_run_did_not_measure(measured):
    network = model().network
    trained = Trained(network.weights[None], network.weights[None], np.zeros((1, 1)), np.zeros(1), 0)
    split = Split(np.arange(3), np.arange(3, 5))
    chances = {"mlp": np.linspace(0, 1, 10, dtype=np.float32).reshape(5, 2)}
    folds = {"chances": chances, "weights": np.arange(4, dtype=np.float32)}
    unseen = Unseen(np.arange(5), np.arange(5) % 2, {"network": np.arange(5) - 1}, "rows", **folds) if measured else None
    yardsticks = Yardsticks({"a": 2, "b": 1}, {"tree": np.array([1, 0])} if measured else {}, unseen)
    arrays = to_arrays(model(measured), trained, split, yardsticks)
    assert ("steepness" in arrays) == ("least" in arrays) == measured
    assert not [name for name, array in arrays.items() if array.dtype == object]
    again, (_, _, kept) = model_of(arrays), judged_of(arrays)
    assert again.coding == model(measured).coding
    assert kept.counts == yardsticks.counts
    for before, after in ((yardsticks.test, kept.test), *([(unseen.answers, kept.unseen.answers)] if unseen else [])):
        assert list(before) == list(after)
        assert all(np.array_equal(before[name], after[name]) for name in before)
    assert (kept.unseen is None) == (unseen is None)
    if unseen:
        assert np.array_equal(kept.unseen.groups, unseen.groups)
        assert np.array_equal(kept.unseen.folds, unseen.folds)
        assert list(kept.unseen.chances) == ["mlp"]
        assert np.array_equal(kept.unseen.chances["mlp"], chances["mlp"])
        assert np.array_equal(kept.unseen.weights, unseen.weights)
        older = {name: array for name, array in arrays.items() if not name.startswith(("chances", "unseen_weights"))}
        assert judged_of(older)[2].unseen.chances == {}
        assert judged_of(older)[2].unseen.weights is None


@pytest.mark.parametrize("spread", [0.05, 0.4, 3.0])
def test_a_run_of_an_earlier_version_has_the_probabilities_of_a_normal_distribution_around_each_code(spread):
    network = model().network
    trained = Trained(network.weights[None], network.weights[None], np.zeros((1, 1)), np.zeros(1), 0)
    codes = (0.0, 3.0, -1.0)
    three = replace(model(), coding=Coding(("a", "b", "c"), codes))
    arrays = to_arrays(three, trained, Split(np.arange(3), np.arange(3, 5)), Yardsticks({"a": 2, "b": 1, "c": 1}, {}))
    older = {name: array for name, array in arrays.items() if name != "slope"} | {"spread": np.float64(spread)}
    again, output = model_of(older), np.linspace(-1, 3, 200)[:, None].astype(np.float32)  # within the range of the codes
    expected = softmax(norm.logpdf(output.astype(np.float64), codes, spread), axis=1)
    np.testing.assert_allclose(again.probabilities(output, ("a", "b", "c")), expected, rtol=1e-7, atol=1e-299)
    assert again.possible(expected, ("a", "b", "c")).all()


def test_a_softmax_run_of_an_earlier_version_has_its_outputs_as_probabilities():
    network = Network((2, 3), (), True, np.arange(9, dtype=np.float32) / 9)
    trained = Trained(network.weights[None], network.weights[None], np.zeros((1, 1)), np.zeros(1), 0)
    three = replace(model(), network=network, coding=Coding(("a", "b", "c"), (0.0, 1.0, 2.0), softmax=True))
    arrays = to_arrays(three, trained, Split(np.arange(3), np.arange(3, 5)), Yardsticks({"a": 2, "b": 1, "c": 1}, {}))
    again = model_of({name: array for name, array in arrays.items() if name != "slope"})
    output = softmax(np.random.default_rng(0).normal(size=(50, 3)), axis=1).astype(np.float32)
    np.testing.assert_allclose(again.probabilities(output, ("a", "b", "c")), output, rtol=1e-6)
