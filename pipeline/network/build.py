"""The network as a Keras model."""

from typing import Any

from pipeline.network.backend import keras
from pipeline.network.layers import Network, shapes, unflatten


def build(network: Network) -> Any:
    """Return a ``keras.Sequential`` with the network's weights.

    Each ``Dense`` keeps the identity activation, for Leaky ReLU is a layer of its own; 6-3-1 has 25 parameters.
    """
    layers = keras().layers
    stack = [layers.Input((network.sizes[0],), name="inputs")]
    for number, (_, outputs) in enumerate(shapes(network.sizes)):
        stack.append(layers.Dense(outputs, name=f"dense_{number + 1}"))
        if number < len(network.slopes):
            stack.append(layers.LeakyReLU(negative_slope=network.slopes[number], name=f"leaky_relu_{number + 1}"))
    if network.softmax:
        stack.append(layers.Softmax(name="softmax"))
    model = keras().Sequential(stack, name="leaky_relu_classifier")
    model.set_weights([array for layer in unflatten(network.weights, network.sizes) for array in layer])
    return model
