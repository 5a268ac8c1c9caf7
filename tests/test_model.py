"""What the model says of classes in the order of whoever asks, and that arrays keep it whole."""

import numpy as np
import pytest

from pipeline.data.preprocess import Preprocessor
from pipeline.data.split import Split
from pipeline.judge.baselines import Yardsticks
from pipeline.judge.unseen import Unseen
from pipeline.model import Model
from pipeline.network.coding import Coding
from pipeline.network.layers import Network
from pipeline.network.train import Trained
from pipeline.runs.weights import judged_of, model_of, to_arrays

OUTPUT = np.array([[0.1], [1.2], [-0.6], [0.5], [np.nan]], dtype=np.float32)


def model(spread: float | None = 0.4) -> Model:
    ends = np.array([-np.inf]), np.array([np.inf])
    plain = Preprocessor(("glucose",), *ends, np.array([np.nan]), np.zeros(1), np.ones(1), np.array([[0.0], [1.0]]))
    network = Network((1, 1), (1.0,), False, np.array([1, 0], dtype=np.float32))
    return Model(plain, network, Coding(("Type2", "Normal"), (-1.0, 0.0), spread=spread))


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


@pytest.mark.parametrize("spread", [0.4, None])
def test_arrays_keep_the_model_and_do_without_the_spread_of_an_older_run(spread):
    network = model().network
    trained = Trained(network.weights[None], network.weights[None], np.zeros((1, 1)), np.zeros(1), 0)
    split = Split(np.arange(3), np.arange(3, 5))
    chances = {"mlp": np.linspace(0, 1, 10, dtype=np.float32).reshape(5, 2)}
    unseen = Unseen(np.arange(5), np.arange(5) % 2, {"network": np.arange(5) - 1}, "rows", chances) if spread else None
    yardsticks = Yardsticks({"a": 2, "b": 1}, {"tree": np.array([1, 0])} if spread else {}, unseen)
    arrays = to_arrays(model(spread), trained, split, yardsticks)
    assert ("spread" in arrays) == (spread is not None)
    assert not [name for name, array in arrays.items() if array.dtype == object]
    again, (_, _, kept) = model_of(arrays), judged_of(arrays)
    assert again.coding == model(spread).coding
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
        older = {name: array for name, array in arrays.items() if not name.startswith("chances")}
        assert judged_of(older)[2].unseen.chances == {}
