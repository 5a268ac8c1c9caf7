"""The activation against Keras's LeakyReLU layer and against the two limits of the formula."""

import numpy as np
import pytest

from pipeline.network.activation import leaky_relu_array
from pipeline.network.backend import keras

pytestmark = pytest.mark.arithmetic

SLOPES = [0.0, 0.01, 0.05, 0.3, 1.0]
VALUES = [-np.inf, -1e30, -3.5, -1.0, -1e-30, -0.0, 0.0, 1e-30, 0.5, 3.5, 1e30, np.inf, np.nan]


def by_keras(values: np.ndarray, slope: float) -> np.ndarray:
    """Ask the layer of Keras, which keeps its slope in float32 whatever the dtype."""
    layer = keras().layers.LeakyReLU(negative_slope=slope, dtype=values.dtype.name)
    return np.asarray(layer(values))


@pytest.mark.parametrize("slope", SLOPES[1:])
def test_an_array_gives_what_keras_gives(slope):
    values = np.array(VALUES, dtype=np.float32)
    np.testing.assert_array_equal(leaky_relu_array(values, slope), by_keras(values, slope))


@pytest.mark.parametrize("slope", SLOPES[1:])
@pytest.mark.parametrize("value", VALUES)
def test_a_scalar_gives_what_keras_gives(value, slope):
    expected = by_keras(np.array([value], dtype=np.float64), slope)[0]
    np.testing.assert_allclose(leaky_relu_array(value, slope), expected, rtol=1e-7)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_dtype_is_kept_and_the_values_are_those_of_keras(dtype):
    values = np.linspace(-4, 4, 33).astype(dtype)
    answer = leaky_relu_array(values, 0.05)
    assert answer.dtype == np.dtype(dtype)
    np.testing.assert_allclose(answer, by_keras(values, 0.05), rtol=max(2 * np.finfo(dtype).eps, 1e-7))


@pytest.mark.parametrize("values", [[-2, 0, 3], [True, False], np.array([-5], dtype=np.int8)])
def test_whole_numbers_become_float64(values):
    answer = leaky_relu_array(values, 0.5)
    assert answer.dtype == np.float64
    np.testing.assert_array_equal(answer, by_keras(np.asarray(values, dtype=np.float64), 0.5))


@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (4, 3), (2, 0, 3), (2, 3, 4, 5)])
def test_any_shape_is_kept(shape):
    values = np.random.default_rng(0).normal(size=shape)
    answer = leaky_relu_array(values, 0.1)
    assert answer.shape == shape
    np.testing.assert_allclose(answer, np.maximum(values, 0) + 0.1 * np.minimum(values, 0), rtol=1e-15)


def test_slopes_may_be_an_array_of_one_slope_a_column():
    values = np.random.default_rng(1).normal(size=(20, 4)).astype(np.float32)
    slopes = [0.0, 0.05, 0.5, 1.0]
    columns = [by_keras(values[:, at], slope) for at, slope in enumerate(slopes)]
    np.testing.assert_array_equal(leaky_relu_array(values, slopes), np.stack(columns, axis=1))


def test_one_value_broadcasts_against_many_slopes():
    np.testing.assert_array_equal(leaky_relu_array(-2.0, [[0.0], [0.25], [1.0]]), [[0.0], [-0.5], [-2.0]])


@pytest.mark.parametrize("value", VALUES)
def test_slope_zero_is_relu_and_slope_one_the_identity(value):
    relu = np.float64(keras().activations.relu(np.float64(value)))
    np.testing.assert_array_equal(leaky_relu_array(value, 0.0), relu)
    np.testing.assert_array_equal(leaky_relu_array(value, 1.0), value)


@pytest.mark.parametrize("slope", SLOPES)
def test_nan_passes(slope):
    assert np.isnan(leaky_relu_array(np.nan, slope))
    assert np.isnan(leaky_relu_array([np.nan], slope)).all()


def test_the_input_is_left_as_it_was():
    values = np.array([-1.0, 2.0])
    leaky_relu_array(values, 0.5)
    np.testing.assert_array_equal(values, [-1.0, 2.0])
