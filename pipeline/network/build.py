"""The network as a Keras model."""

from typing import Any

from pipeline.network.backend import keras
from pipeline.network.layers import Network, shapes, unflatten


def build(network: Network, l2: float = 0.0) -> Any:
    """Return a ``keras.Sequential`` with the network's weights, and an L2 penalty on the first kernel where it is to be trained.

    Each ``Dense`` keeps the identity activation, for Leaky ReLU is a layer of its own; 6-3-1 has 25 parameters.
    """
    layers = keras().layers
    stack = [layers.Input((network.sizes[0],), name="inputs")]
    for number, (_, outputs) in enumerate(shapes(network.sizes)):
        penalty = keras().regularizers.L2(l2) if l2 and not number else None
        stack.append(layers.Dense(outputs, kernel_regularizer=penalty, name=f"dense_{number + 1}"))
        if number < len(network.slopes):
            stack.append(layers.LeakyReLU(negative_slope=network.slopes[number], name=f"leaky_relu_{number + 1}"))
    if network.softmax:
        stack.append(layers.Softmax(name="softmax"))
    model = keras().Sequential(stack, name="leaky_relu_classifier")
    model.set_weights([array for layer in unflatten(network.weights, network.sizes) for array in layer])
    return model
