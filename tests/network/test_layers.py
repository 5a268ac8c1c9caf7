"""The forward pass against Keras, and the initial weights against the definition of Glorot and Bengio."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import kstest, uniform

from pipeline.network.backend import keras
from pipeline.network.layers import Network, initial_weights, parameters, unflatten
from tests.rounding import within

pytestmark = pytest.mark.arithmetic

SHAPES = [
    pytest.param((6, 3, 1), (0.05, 0.05), False, id="the article's 6-3-1"),
    pytest.param((6, 1), (0.2,), False, id="no hidden layer"),
    pytest.param((4, 5, 3, 2, 1), (0.0, 0.1, 0.5, 1.0), False, id="three hidden layers, a slope each"),
    pytest.param((6, 3, 3), (0.05,), True, id="softmax"),
    pytest.param((2, 4), (), True, id="softmax without a hidden layer"),
    pytest.param((3, 8, 4, 2), (0.01, 0.3), True, id="softmax, two hidden layers"),
]


def random_network(sizes, slopes, softmax) -> Network:
    weights = np.random.default_rng(3).normal(size=parameters(sizes)).astype(np.float32)
    return Network(sizes, slopes, softmax, weights)


def keras_model(network: Network):
    """Write the network down in Keras, from its weights in the order that the docstring of ``Network`` gives."""
    layers, last = keras().layers, len(network.sizes) - 2
    stack = [layers.Input((network.sizes[0],))]
    for number, units in enumerate(network.sizes[1:]):
        stack.append(layers.Dense(units))
        if not (network.softmax and number == last):
            stack.append(layers.LeakyReLU(negative_slope=network.slopes[number]))
    if network.softmax:
        stack.append(layers.Activation("softmax"))
    model, at, arrays = keras().Sequential(stack), 0, []
    for weight in model.get_weights():
        arrays.append(network.weights[at : at + weight.size].reshape(weight.shape))
        at += weight.size
    assert at == network.weights.size == model.count_params()
    model.set_weights(arrays)
    return model


@pytest.mark.parametrize(("sizes", "slopes", "softmax"), SHAPES)
def test_the_output_is_that_of_keras(sizes, slopes, softmax):
    network = random_network(sizes, slopes, softmax)
    inputs = np.random.default_rng(4).normal(size=(100, sizes[0])).astype(np.float32)
    expected = keras_model(network).predict_on_batch(inputs)
    answer = network.output(inputs)
    assert answer.dtype == np.float32
    assert within(network, inputs, answer).all()
    assert within(network, inputs, expected).all()


def test_a_row_with_nan_gives_nan_and_no_other_row_does():
    for softmax in (False, True):
        network = random_network((6, 3, 3 if softmax else 1), (0.05,) * (1 if softmax else 2), softmax)
        inputs = np.zeros((4, 6))
        inputs[2, 5] = np.nan
        np.testing.assert_array_equal(np.isnan(network.output(inputs)).all(axis=1), [False, False, True, False])
        np.testing.assert_array_equal(np.isnan(network.output(inputs)).any(axis=1), [False, False, True, False])


@pytest.mark.parametrize(("sizes", "slopes", "softmax"), SHAPES)
def test_the_number_of_parameters_is_that_of_keras(sizes, slopes, softmax):
    assert parameters(sizes) == keras_model(random_network(sizes, slopes, softmax)).count_params()


def test_the_articles_network_has_25_parameters():
    assert parameters((6, 3, 1)) == 25


@pytest.mark.parametrize("sizes", [(6, 3, 1), (4, 20, 3, 2)])
def test_initial_kernels_are_uniform_in_the_glorot_interval_and_biases_are_zero(sizes):
    drawn = [list(unflatten(initial_weights(sizes, 0, start), sizes)) for start in range(200)]
    for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
        limit = np.sqrt(6 / (inputs + outputs))
        kernels = np.concatenate([each[layer][0].ravel() for each in drawn])
        assert np.abs(kernels).max() <= np.float32(limit)
        assert kstest(kernels, uniform(-limit, 2 * limit).cdf).pvalue > 0.001
        assert all((each[layer][1] == 0).all() for each in drawn)


def test_starts_and_seeds_differ_from_each_other():
    drawn = {initial_weights((6, 3, 1), seed, start).tobytes() for seed in range(5) for start in range(50)}
    assert len(drawn) == 250


@pytest.mark.parametrize(("sizes", "softmax"), [((6, 3, 1), False), ((6, 5, 4, 3), True), ((6, 3), True)])
def test_stacked_networks_say_to_the_bit_what_each_says_alone(sizes, softmax):
    inputs = np.random.default_rng(0).normal(size=(807, 6)).astype(np.float32)
    weights = np.stack([initial_weights(sizes, 0, start) for start in range(5)])
    stack = Network(sizes, (0.05,) * 3, softmax, weights)
    for place, own in enumerate(weights):
        alone = Network(sizes, (0.05,) * 3, softmax, own)
        np.testing.assert_array_equal(stack.output(inputs)[place], alone.output(inputs))
