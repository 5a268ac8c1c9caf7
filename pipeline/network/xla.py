"""The XLA program of the compiled engine: all steps of many networks of one kind.

Weights are (P, G, L): the S networks lie along the last two axes, (1, S), or (S / 8, 8) where the eights differ in the order of
their batches, or (S / 64, 64) where those below one another share it. Elementwise products and sums over the feature axis
vectorise along them, where batched matrix products of 6 x 3 would not, and nothing is ever summed along them, so that a network
is computed alike whatever trains beside it. A single network is (1, 1), and its batch vectorises instead.
"""

from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from pipeline.network.backend import tensorflow

BETA_1, BETA_2 = 0.9, 0.999  # of Adam, as in Keras
_EPSILON = 1e-7  # of Adam and of clipped probabilities, as in Keras
_FACTORS = 16  # in [1, 2], whose product has one logarithm in the ordinal loss
_BITS = 112  # of such products, multiplied for one logarithm: 2 ** 127 overflows


class Program:
    """A function that is compiled once for every shape of what it takes; see ``program``."""

    def __init__(self, function: Any) -> None:
        self.function, self._compiled = function, dict[tuple[Any, ...], Any]()

    def __call__(self, count: Any, plan: Any, data: Any, terms: Any, state: Any) -> Any:
        """Return what ``program`` says. Finding the compiled one by all types, as TensorFlow does, takes a tenth as long."""
        shapes = plan[2].shape, *(array.shape for array in data), terms[0].shape, terms[2][0].shape
        if shapes not in self._compiled:
            self._compiled[shapes] = self.function.get_concrete_function(count, plan, data, terms, state)
        return self._compiled[shapes](count, plan, data, terms, state)


class ProgramKind(NamedTuple):
    """What a program is compiled for."""

    sizes: tuple[int, ...]
    softmax: bool
    loss: str
    optimizer: str
    penalised: int  # how many kernels are, from the first on: a penalty of 0 would cost every step a tenth


@lru_cache
def program(kind: ProgramKind) -> Program:
    """Build the program of a kind of network. Whatever is an input compiles nothing anew: slopes, l2 > 0, seeds, data, rates.

    It takes:
        plan: (N,) steps of each block, (N,) whether it begins an epoch, (N, T, B, ...) row numbers of the batches, (N, T)
            step sizes, for up to N blocks of up to T steps; and how many blocks are to be done. The last axes of the row
            numbers are (1, 1) for one order for all, (G, 1) or (1, L) for one each row or column of networks, or (1, S) for one
            a network.
        data: (rows, inputs + 1) with a last column of ones, (rows, outputs), (rows,) 1, or 0 for no row; and (rows,) weights
            of the rows, if they have any: without them the program is another one, which they cost nothing.
        terms: (layers, G, L) slopes, (kernels, G, L) penalties, and (J, G, L) thresholds: middles, places, steepness.
        state: (P, G, L) weights and their two moments, (B, G, L) loss of the epoch so far, and (G, L) of it the
            logarithms.

    It returns the state and, after each block, the (N, G, L) loss of the epoch so far.
    """
    tf = tensorflow()

    @tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
    def run(count: Any, plan: Any, data: Any, terms: Any, state: Any) -> Any:
        steps, begins, order, rates = plan

        def block(number: Any, curves: Any, *state: Any) -> Any:
            *others, summed, logs = state
            state = (*others, tf.where(begins[number], 0.0, summed), tf.where(begins[number], 0.0, logs))
            state = _block(tf, kind, steps[number], data, order[number], rates[number], terms, state)
            loss = tf.reduce_sum(state[-2], axis=0) + state[-1]
            return (number + 1, tf.tensor_scatter_nd_update(curves, [[number]], loss[None]), *state)

        curves = tf.zeros([order.shape[0], *state[0].shape[1:]])
        _, curves, *state = tf.while_loop(lambda number, *_: number < count, block, (0, curves, *state))
        return tuple(state), curves  # as they came in, or the next call would be traced anew

    return Program(run)


def _block(tf: Any, kind: ProgramKind, steps: Any, data: Any, order: Any, rates: Any, terms: Any, state: Any) -> Any:
    """Take the steps of a block; return the state."""
    # each batch as (columns, batch, ...): the whole block is gathered at once, a step then takes a slice
    batches, truths = (tf.transpose(tf.gather(array, order), [0, 4, 1, 2, 3]) for array in data[:2])
    counted = tf.gather(data[2], order[..., :1, :1])  # which rows are none is the same for all networks
    slopes, penalties, cuts = terms
    shares = counted / tf.reduce_sum(counted, axis=1, keepdims=True)
    weights = [tf.gather(array, order) for array in data[3:]]

    def step(at: Any, *state: Any) -> Any:
        *moved, summed, logs = state
        layers = _layers(tf, kind, moved[0])
        with tf.GradientTape() as tape:
            tape.watch(layers)
            values = _forward(tf, kind, layers, batches[at], slopes, data[2][0])
            if kind.loss == "ordinal":
                losses, factors = _ordinal(tf, values[0], truths[at][0], cuts)
            else:
                losses, factors = _losses(tf, kind, values, truths[at]), []
            for weight in weights:
                losses *= weight[at]
            for number, layer in enumerate(layers[: kind.penalised]):
                losses += penalties[number] * tf.reduce_sum(layer[:-1] ** 2, axis=[0, 1])  # of the kernel, not of its bias
            mean = tf.reduce_sum(losses * shares[at], axis=0)
        gradient = tf.concat([tf.reshape(layer, [-1, *mean.shape]) for layer in tape.gradient(mean, layers)], axis=0)
        summed += losses * counted[at]
        logs += _logarithms(tf, factors, counted[at], cuts[0].shape[0], [weight[at] for weight in weights])
        return (at + 1, *_update(tf, kind, moved, gradient, rates[at]), summed, logs)

    _, *state = tf.while_loop(lambda at, *_: at < steps, step, (0, *state))
    return state


def _update(tf: Any, kind: ProgramKind, state: Any, gradient: Any, rate: Any) -> Any:
    """Return the weights and moments after one step of the optimizer."""
    weights, momentum, velocity = state
    if kind.optimizer == "sgd":
        return weights - rate * gradient, momentum, velocity
    momentum = momentum + (gradient - momentum) * (1 - BETA_1)
    velocity = velocity + (gradient * gradient - velocity) * (1 - BETA_2)
    return weights - rate * momentum / (tf.sqrt(velocity) + _EPSILON), momentum, velocity


def _layers(tf: Any, kind: ProgramKind, weights: Any) -> list[Any]:
    """Return each layer as (inputs + 1, outputs, 1, G, L): the kernel, and the bias as its last row."""
    layers, end = [], 0
    for inputs, outputs in pairwise(kind.sizes):
        start, end = end, end + (inputs + 1) * outputs
        layers.append(tf.reshape(weights[start:end], [inputs + 1, outputs, 1, *weights.shape[1:]]))
    return layers


def _forward(tf: Any, kind: ProgramKind, layers: list[Any], batch: Any, slopes: Any, one: Any) -> Any:
    """Return the (outputs, batch, G, L) values of the last layer for (inputs + 1, batch, ...).

    For softmax they are its logits. For the ordinal loss they are those before the last Leaky ReLU, where one can tell them
    from what it gives.
    """
    values = tf.reduce_sum(batch[:, None] * layers[0], axis=0)
    for number in range(len(layers)):
        if number:
            values = tf.reduce_sum(values[:, None] * layers[number][:-1], axis=0) + layers[number][-1]
        last = number == len(layers) - 1
        values = _stored(tf, values, one, last)
        if not (last and kind.softmax):
            undone = last and kind.loss == "ordinal"
            slope = tf.sign(slopes[number]) if undone else slopes[number]
            values = tf.where(values > 0, values, slope * values)
    return values


def _stored(tf: Any, values: Any, one: Any, last: bool) -> Any:
    """Return the values, with a gradient that is worked out once, not anew for every weight that it reaches.

    The values of the last layer are worked out once too: if the loss were to read weights for them, XLA would copy the
    weights in each step. XLA never repeats a division to save the storing of its result. It does not know that it is by 1.
    """
    return tf.custom_gradient(lambda values: (values / one if last else values, lambda upstream: upstream / one))(values)


def _losses(tf: Any, kind: ProgramKind, values: Any, truth: Any) -> Any:
    """Return the (batch, G, L) loss of each row; see ``pipeline.network.train.losses``."""
    if kind.softmax:
        shifted = values - tf.reduce_max(values, axis=0)
        if kind.loss == "categorical_crossentropy":  # from the logits, as Keras does behind a softmax layer
            return tf.reduce_sum(truth * (tf.math.log(tf.reduce_sum(tf.exp(shifted), axis=0)) - shifted), axis=0)
        values = tf.exp(shifted) / tf.reduce_sum(tf.exp(shifted), axis=0)
    if kind.loss == "squared_error":
        return tf.reduce_mean((values - truth) ** 2, axis=0)
    if kind.loss == "categorical_crossentropy":
        share = tf.clip_by_value(values / tf.reduce_sum(values, axis=0), _EPSILON, 1 - _EPSILON)
        return -tf.reduce_sum(truth * tf.math.log(share), axis=0)
    share = tf.clip_by_value(values, _EPSILON, 1 - _EPSILON)
    return -tf.reduce_mean(truth * tf.math.log(share) + (1 - truth) * tf.math.log(1 - share), axis=0)


def _ordinal(tf: Any, before: Any, truth: Any, cuts: Any) -> tuple[Any, list[Any]]:
    """Return the (batch, G, L) ordinal loss before the activation, but for the logarithms of factors, which come with it.

    Its gradient, worked out beside it, holds all.

    XLA would compute the exponential of automatic differentiation anew for every weight that the gradient reaches. Here one
    serves both, and so does the product of the factors, for one division, which XLA never repeats.
    """

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def with_gradient(before: Any) -> Any:
        loss, slope, products = 0.0, 0.0, []
        for first in range(0, cuts[0].shape[0], _FACTORS):
            product, share = 1.0, 0.0  # of the factors; the sum of the slopes, times the product
            for middle, place, steepness in zip(*(tf.unstack(cut[first : first + _FACTORS]) for cut in cuts), strict=True):
                logit, above = steepness * (before - place), tf.cast(truth > middle, before.dtype)
                small = tf.exp(-tf.abs(logit))  # of which both softplus and its derivative are made
                loss += tf.maximum(logit, 0) - above * logit
                share = share * (1 + small) + product * steepness * (tf.where(logit > 0, 1.0, small) - above * (1 + small))
                product *= 1 + small
            slope += share / product
            products.append(product)
        return (loss, *products), lambda upstream, *_: upstream * slope

    loss, *products = with_gradient(before)
    return loss, products


def _logarithms(tf: Any, factors: list[Any], counted: Any, thresholds: int, weights: list[Any]) -> Any:
    """Return the (G, L) sum over a batch of the logarithms of (batch, G, L) factors: of their product where no row weighs more.

    A factor is at most 2 to the power of its ``thresholds``, and so many are multiplied that nothing overflows.
    """
    total, together = 0.0, min(counted.shape[0], _BITS // max(1, min(thresholds, _FACTORS)))
    for factor in factors:
        if weights:
            total += tf.reduce_sum(tf.math.log(factor) * weights[0] * counted, axis=0)
            continue
        rows = tf.where(counted > 0, factor, 1.0)
        full = tf.concat([rows, tf.ones([-rows.shape[0] % together, *rows.shape[1:]])], axis=0)
        total += tf.reduce_sum(tf.math.log(tf.reduce_prod(tf.reshape(full, [-1, together, *rows.shape[1:]]), axis=1)), axis=0)
    return total
