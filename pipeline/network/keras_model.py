"""The network as a Keras model."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from pipeline.network.backend import keras
from pipeline.network.layers import Network, unflatten


def build(network: Network, penalties: Sequence[float] = ()) -> Any:
    """Return a ``keras.Sequential`` with the network's weights, and ``penalties`` on the squares of its first kernels.

    Each ``Dense`` keeps the identity activation, for Leaky ReLU is a layer of its own; 6-3-1 has 25 parameters.
    """
    layers = keras().layers
    stack = [layers.Input((network.sizes[0],), name="inputs")]
    for number, (_, outputs) in enumerate(pairwise(network.sizes)):
        penalty = keras().regularizers.L2(penalties[number]) if any(penalties[number : number + 1]) else None
        stack.append(layers.Dense(outputs, kernel_regularizer=penalty, name=f"dense_{number + 1}"))
        if number < len(network.slopes):
            slope, name = network.slopes[number], f"leaky_relu_{number + 1}"
            # slope 0 is ReLU, and Keras's LeakyReLU makes NaN of 0 * -infinity
            stack.append(layers.LeakyReLU(negative_slope=slope, name=name) if slope else layers.ReLU(name=name))
    if network.softmax:
        stack.append(layers.Softmax(name="softmax"))
    model = keras().Sequential(stack, name="leaky_relu_classifier")
    model.set_weights([array for layer in unflatten(network.weights, network.sizes) for array in layer])
    return model
