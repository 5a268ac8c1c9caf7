"""The Keras model as Keras itself reads it: layers, weights and the saved file."""

import numpy as np
import pytest

from pipeline.network.backend import keras
from pipeline.network.keras_model import build
from pipeline.network.layers import Network, parameters, unflatten
from tests.rounding import within

pytestmark = pytest.mark.arithmetic


def network(sizes=(6, 3, 1), slopes=(0.05, 0.2), softmax=False, seed=0) -> Network:
    weights = np.random.default_rng(seed).normal(size=parameters(sizes)).astype(np.float32)
    return Network(sizes, slopes, softmax, weights)


def test_leaky_relu_is_a_layer_of_its_own_after_each_dense_that_keeps_the_identity():
    layers = build(network()).layers
    assert [type(layer).__name__ for layer in layers] == ["Dense", "LeakyReLU", "Dense", "LeakyReLU"]
    assert [layer.activation for layer in layers[::2]] == [keras().activations.linear] * 2
    assert [layer.negative_slope for layer in layers[1::2]] == [0.05, 0.2]


def test_softmax_follows_the_last_dense_instead():
    layers = build(network((6, 4, 3), (0.1,), True)).layers
    assert [type(layer).__name__ for layer in layers] == ["Dense", "LeakyReLU", "Dense", "Softmax"]
    assert all(layer.activation is keras().activations.linear for layer in layers[::2])


def test_the_articles_network_has_25_parameters_in_keras():
    model = build(network())
    assert model.count_params() == 25
    assert (model.input_shape, model.output_shape) == ((None, 6), (None, 1))


def test_the_weights_are_the_networks_layer_by_layer():
    for each in (network(seed=0), network(seed=1)):
        model = build(each)
        flat = np.concatenate([array.ravel() for array in model.get_weights()])
        np.testing.assert_array_equal(flat, each.weights)
        for layer, (kernel, bias) in zip(model.layers[::2], unflatten(each.weights, each.sizes), strict=True):
            np.testing.assert_array_equal(layer.kernel, kernel)
            np.testing.assert_array_equal(layer.bias, bias)


@pytest.mark.parametrize(
    ("sizes", "slopes", "softmax"),
    [((6, 3, 1), (0.05, 0.2), False), ((2, 1), (0.0,), False), ((3, 5, 4, 2), (0.1, 0.3), True), ((3, 2), (), True)],
)
def test_a_saved_model_answers_as_before(tmp_path, sizes, slopes, softmax):
    made = network(sizes, slopes, softmax)
    build(made).save(tmp_path / "network.keras")
    loaded = keras().models.load_model(tmp_path / "network.keras")
    inputs = np.random.default_rng(2).normal(size=(50, sizes[0])).astype(np.float32)
    np.testing.assert_array_equal(np.concatenate([array.ravel() for array in loaded.get_weights()]), made.weights)
    assert within(made, inputs, loaded.predict_on_batch(inputs)).all()
