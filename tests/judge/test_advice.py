"""The advisor: shares of negative values against scikit-learn and Keras, and what it recommends."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from pipeline.data.preprocess import Preprocessor
from pipeline.judge.advice import advise
from pipeline.model import Model
from pipeline.network.backend import keras
from pipeline.network.coding import Coding
from pipeline.network.keras_model import build
from pipeline.network.layers import Network, initial_weights

pytestmark = pytest.mark.arithmetic

RAW = np.random.default_rng(0).gamma(3, size=(200, 4)) + 1
SCALER = StandardScaler().fit(RAW)
SEEN = np.zeros((2, 4))
STEPS = Preprocessor(
    tuple("abcd"), np.full(4, -np.inf), np.full(4, np.inf), np.full(4, np.nan), SCALER.mean_, SCALER.scale_, SEEN
)
CODING = Coding(("no", "yes", "other"), (0.0, 1.0, -1.0))


def model(slopes=(0.05, 0.05), softmax=False, coding=CODING, weights=None) -> Model:
    sizes = (4, 3, 3 if softmax else 1)
    network = Network(sizes, slopes, softmax, initial_weights(sizes, 0, 0) if weights is None else weights)
    return Model(STEPS, network, coding)


def test_the_shares_of_negative_inputs_are_those_of_scikit_learns_columns() -> None:
    advice = advise(model(), RAW)
    scaled = SCALER.transform(RAW)
    assert advice.inputs["raw"] == dict.fromkeys("abcd", 0.0)
    assert list(advice.inputs["scaled"].values()) == pytest.approx((scaled < 0).mean(axis=0))
    components = PCA(svd_solver="full").fit_transform(scaled)
    assert list(advice.inputs["pca"].values()) == pytest.approx((components < 0).mean(axis=0))


def test_the_shares_of_negative_pre_activations_are_those_of_kerass_dense_layers() -> None:
    some = model()
    whole = build(some.network)
    inside = keras().Model(whole.inputs[0], [layer.output for layer in whole.layers if layer.name.startswith("dense")])
    outputs = [np.asarray(each) for each in inside(SCALER.transform(RAW).astype(np.float32))]
    layers = advise(some, RAW).layers
    for layer, output in zip(layers, outputs, strict=True):
        assert layer.negative == pytest.approx((output < 0).mean(), abs=1e-3)
        assert layer.units == pytest.approx((output < 0).mean(axis=0), abs=0.01)


def test_gaps_that_nothing_fills_are_left_out() -> None:
    gaps = RAW.copy()
    gaps[0] = np.nan
    gaps[1, 2] = -5
    advice = advise(model(), gaps)
    assert advice.inputs["raw"] == {"a": 0.0, "b": 0.0, "c": 1 / 199, "d": 0.0}
    assert np.isnan(list(advise(model(), np.full((3, 4), np.nan)).inputs["raw"].values())).all()


def test_relu_kills_a_unit_and_leaky_relu_does_not() -> None:
    weights = initial_weights((4, 3, 1), 0, 0)
    weights[12] = -100.0  # the bias of the first hidden unit
    assert advise(model((0.0, 0.05), weights=weights), RAW).layers[0].dead == (1,)
    assert "unit 1 of layer 1 is dead" in advise(model((0.0, 0.05), weights=weights), RAW).recommendation
    assert advise(model((0.01, 0.05), weights=weights), RAW).layers[0].dead == ()


@pytest.mark.parametrize(
    ("some", "reachable", "told"),
    [
        (model((0.05, 0.0)), {"no": True, "yes": True, "other": False}, "Take a slope above 0: at slope 0"),
        (model(), {"no": True, "yes": True, "other": True}, "Keep the slope above 0: with ReLU the output"),
        (model((0.05,), softmax=True), {"no": True, "yes": True, "other": True}, "only a trial tells"),
        (model(coding=Coding(("a", "b"), (-1.0, -3.0)), slopes=(0.1, 0.0)), {"a": True, "b": False}, "at slope 0"),
    ],
)
def test_it_says_which_codes_can_be_reached_and_recommends(some: Model, reachable: dict[str, bool], told: str) -> None:
    advice = advise(some, RAW)
    assert advice.reachable == reachable
    assert told in advice.recommendation


def test_without_negative_pre_activations_relu_would_do() -> None:
    weights = np.abs(initial_weights((4, 3, 1), 0, 0))
    weights[12:15] = 50.0
    steps = Preprocessor(tuple("abcd"), *(np.full(4, value) for value in (-np.inf, np.inf, np.nan, 0.0, 1.0)), SEEN)
    some = Model(steps, Network((4, 3, 1), (0.05, 0.05), False, weights), Coding(("no", "yes"), (0.0, 1.0)))
    assert "ReLU would do as well" in advise(some, RAW).recommendation


def test_categories_count_by_the_inputs_that_they_make() -> None:
    """pandas makes the indicator columns, scikit-learn scales and rotates them; what never varies is no component."""
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"a": random.normal(size=200), "b": random.integers(0, 2, 200), "c": random.integers(0, 3, 200)})
    wide = pd.concat([frame[["a", "b"]], pd.get_dummies(frame["c"])], axis=1).to_numpy(float)
    learnt = StandardScaler().fit(wide)
    ends = np.array([[-np.inf, 0, 0], [np.inf, 1, 2]])
    names = ("a", "b=y", "c=u", "c=v", "c=w")
    steps = Preprocessor(
        ("a", "b", "c"), *ends, np.full(3, np.nan), learnt.mean_, learnt.scale_, ends, None, None, (1, 1, 3), names
    )
    network = Network((5, 3, 1), (0.05, 0.05), False, initial_weights((5, 3, 1), 0, 0))
    inputs = advise(Model(steps, network, CODING), frame.to_numpy(float)).inputs
    assert inputs["raw"] == dict(zip(names, (wide < 0).mean(axis=0), strict=True))
    assert [*inputs["scaled"].values()] == pytest.approx((learnt.transform(wide) < 0).mean(axis=0))
    components = PCA(4, svd_solver="full").fit_transform(learnt.transform(wide))
    assert sorted(inputs["pca"]) == ["PC1", "PC2", "PC3", "PC4"]
    shares = (components < 0).mean(axis=0)
    assert [min(each, 1 - each) for each in inputs["pca"].values()] == pytest.approx([min(each, 1 - each) for each in shares])
