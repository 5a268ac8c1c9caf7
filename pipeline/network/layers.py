"""The network as plain arrays: its shape, its initial weights, and its output."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from pipeline.config.schema import NetworkSection
from pipeline.machine.arrays import Floats, Floats32
from pipeline.network.activation import leaky_relu_array


@dataclass(frozen=True)
class Network:
    """Dense layers, each followed by Leaky ReLU; the last one by softmax if so declared.

    Attributes:
        sizes: widths from the inputs to the outputs, such as (6, 3, 1).
        slopes: one negative slope a Leaky ReLU layer.
        softmax: whether the outputs are probabilities instead of one code.
        weights: (P,) float32, layer by layer: kernel (inputs x outputs, row by row), then bias; or (S, P) of S networks, where
            outputs and pre-activations then have S as their first axis, to the bit those of each network alone.
    """

    sizes: tuple[int, ...]
    slopes: tuple[float, ...]
    softmax: bool
    weights: Floats32

    def output(self, inputs: ArrayLike) -> Floats32:
        """Return (rows, outputs) float32 for (rows, inputs); a row with NaN gives NaN."""
        values = self.pre_activations(inputs)[-1]
        if not self.softmax:
            return leaky_relu_array(values, self.slopes[-1])
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.exp(values - values.max(axis=-1, keepdims=True))
            return np.asarray(values / values.sum(axis=-1, keepdims=True))

    def pre_activations(self, inputs: ArrayLike) -> list[Floats32]:
        """Return (rows, units) of each Dense layer, before the activation that follows it."""
        with np.errstate(over="ignore", invalid="ignore"):  # a diverged network overflows; T301 tells
            values, layers = np.asarray(inputs, dtype=self.weights.dtype), []
            for layer, (kernel, bias) in enumerate(unflatten(self.weights, self.sizes)):
                values = (leaky_relu_array(values, self.slopes[layer - 1]) if layer else values) @ kernel + bias[..., None, :]
                layers.append(values)
        return layers

    def in_float64(self) -> Self:
        """Return the same network that computes in float64, for what magnifies the rounding of float32."""
        return replace(self, weights=self.weights.astype(np.float64))

    def dead_units(self, inputs: ArrayLike) -> list[tuple[int, ...]]:
        """Return, for each hidden layer, the units, counted from 1, that say the same of every row; NaN is no answer."""
        hidden = self.pre_activations(inputs)[:-1]
        active = [leaky_relu_array(values, slope) for values, slope in zip(hidden, self.slopes, strict=False)]
        return [tuple((np.flatnonzero((values == values[:1]).all(axis=0)) + 1).tolist()) for values in active]


def layer_sizes(inputs: int, network: NetworkSection, classes: int) -> tuple[int, ...]:
    """Return the widths from the inputs to the outputs, such as (6, 3, 1): softmax has one output a class."""
    return inputs, *network.hidden, classes if network.output == "softmax" else 1


def parameters(sizes: Sequence[int]) -> int:
    """Return the number of weights: 25 for 6-3-1."""
    return sum(inputs * outputs + outputs for inputs, outputs in pairwise(sizes))


def unflatten(weights: Floats32, sizes: Sequence[int]) -> Iterator[tuple[Floats32, Floats32]]:
    """Yield the kernel (inputs, outputs) and bias (outputs,) of each layer, with all axes of the weights but the last before."""
    end = 0
    for inputs, outputs in pairwise(sizes):
        start, middle, end = end, end + inputs * outputs, end + inputs * outputs + outputs
        yield weights[..., start:middle].reshape(*weights.shape[:-1], inputs, outputs), weights[..., middle:end]


def initial_weights(sizes: Sequence[int], seed: int, start: int) -> Floats32:
    """Draw the weights of one start: Glorot uniform kernels and zero biases, Keras's default.

    They depend on the seed and the number of the start only, not on how many others there are. Source: Glorot and Bengio
    (2010): the limit is sqrt(6 / (inputs + outputs)).
    """
    limits = _glorot_limits(tuple(sizes))
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, start)))
    weights = np.zeros(len(limits), dtype=np.float32)
    drawn = limits > 0
    weights[drawn] = -limits[drawn] + 2 * limits[drawn] * random.random(np.count_nonzero(drawn))
    return weights


@lru_cache
def _glorot_limits(sizes: tuple[int, ...]) -> Floats:
    """Return the (P,) limits of the kernels' weights, and 0 for the biases."""
    layers = [([np.sqrt(6 / (inputs + outputs))] * (inputs * outputs), [0.0] * outputs) for inputs, outputs in pairwise(sizes)]
    return np.concatenate([limits for layer in layers for limits in layer])
