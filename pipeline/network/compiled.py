"""The compiled engine: all steps of all starts in one XLA program.

Weights are (P, G, 8): the starts lie along the last two axes, in G groups of 8, as many as a vector register holds.
Elementwise products and sums over the feature axis vectorise along the 8, where batched matrix products of 6 x 3 would not,
and the groups are a plain loop around them, so that a start is computed alike whatever trains beside it.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from pipeline.network.backend import tensorflow
from pipeline.network.layers import Floats, shapes
from pipeline.network.recipe import Progress, Recipe, batch_shape, batches, learning_rates, thresholds

LANES = 8
"""Starts a group."""

GROUPS = 32
"""Most groups a call: 256 starts, enough for full speed, few enough for the cache."""

_WORK = 3e8
"""Multiplications between two reports of progress, some 0.1 s; and no more epochs than _SPAN, however short they are."""

_SPAN = 128

_STEP = 5000
"""What a step costs besides, counted in multiplications."""

_ROWS = 128
"""Rows are filled up to a multiple of this, so that folds of nearly the same size share one compilation."""

_EPSILON = 1e-7  # of Adam and of clipped probabilities, as in Keras
_BETA_1, _BETA_2 = 0.9, 0.999

Program = Callable[..., Any]
_Fitted = tuple[Floats, Floats]


class Kind(NamedTuple):
    """What a program is compiled for."""

    sizes: tuple[int, ...]
    softmax: bool
    loss: str
    optimizer: str


def fit(inputs: Floats, targets: Floats, recipe: Recipe, initial: Floats, progress: Progress) -> tuple[Floats, Floats]:
    """Train every start.

    Args:
        inputs: (rows, inputs).
        targets: (rows, outputs).
        recipe: what to do.
        initial: (S, P) weights to start from.
        progress: told the share of the work done.

    Returns:
        (S, P) weights and (E, S) loss curves.
    """
    starts = len(initial)
    calls, groups = _layout(starts, batch_shape(len(inputs), recipe)[1])
    # equal shapes share one compilation; the last call is filled up with copies of its last start
    padded = np.concatenate([initial, np.repeat(initial[-1:], calls * groups * LANES - starts, axis=0)])
    parts = list(padded.reshape(calls, groups * LANES, -1))
    program = _program(Kind(recipe.sizes, recipe.softmax, recipe.loss, recipe.optimizer))
    fitted = _in_threads(lambda part, report: _fit_part(program, inputs, targets, recipe, part, report), parts, progress)
    weights = np.concatenate([each[0] for each in fitted])[:starts]
    curves = np.concatenate([each[1] for each in fitted], axis=1)[:, :starts]
    return weights, curves


def _layout(starts: int, batch: int) -> tuple[int, int]:
    """Return the number of calls and of groups in each.

    XLA may sum a long batch, or one of a single row, in an order that depends on the number of groups. Such batches always
    get the same number of groups, so that the same program computes a start whatever the number of starts. For the others
    the sums were equal to the bit with one group and with any multiple of 4 groups, in every shape that was tried.
    """
    groups = -(-starts // LANES)
    calls = -(-groups // GROUPS)
    if not 1 < batch < 16:
        return calls, GROUPS
    return calls, 1 if groups == 1 else -(-groups // (4 * calls)) * 4


def _in_threads(work: Callable[[Floats, Progress], _Fitted], parts: list[Floats], progress: Progress) -> list[_Fitted]:
    """Fit the parts at the same time, one a core; what stops one of them stops all."""
    stopped = threading.Event()

    def report(share: float) -> None:
        if stopped.is_set():
            raise InterruptedError("another part of the training was stopped")
        progress(share / len(parts))

    if len(parts) == 1:
        return [work(parts[0], report)]
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1)) as pool:
        try:
            return list(pool.map(lambda part: work(part, report), parts))
        except BaseException:  # Ctrl-C above all: the threads would train on to the end
            stopped.set()
            pool.shutdown(cancel_futures=True)
            raise


def _fit_part(program: Program, inputs: Floats, targets: Floats, recipe: Recipe, initial: Floats, progress: Progress) -> _Fitted:
    rows, groups = len(inputs), len(initial) // LANES
    # a column of ones makes the bias one more row of the kernel; the first row again, with weight 0, fills up the last batch
    fill = _ROWS - rows % _ROWS
    x = np.concatenate([inputs, np.ones((rows, 1), np.float32)], axis=1)
    x, y = (np.concatenate([each, np.repeat(each[:1], fill, axis=0)]) for each in (x, targets))
    row_weights = np.pad(np.ones(rows, np.float32), (0, fill))
    slopes = np.broadcast_to(np.array(recipe.slopes, np.float32)[:, None, None], (len(recipe.slopes), groups, LANES))
    cut, l2 = thresholds(recipe), np.float32(recipe.l2)
    cuts = (cut.middles, cut.places, cut.steepness)
    weights = initial.T.reshape(-1, groups, LANES)
    state: Any = (weights, np.zeros_like(weights), np.zeros_like(weights))
    order = batches(rows, recipe)
    steps, size = batch_shape(rows, recipe)
    room = -(-(rows + fill) // size)  # steps that are planned for; those past the last are never taken
    span = int(np.clip(_WORK // (room * (size * weights.size + _STEP)), 1, _SPAN))
    filler = np.full((span, room, size), rows, np.int32)
    curves = []
    for first in range(0, recipe.epochs, span):
        count = np.int32(min(span, recipe.epochs - first))
        plan = filler.copy()
        plan[:count, :steps] = [next(order) for _ in range(count)]
        rates = np.pad(_rates(recipe, steps, first, span), ((0, 0), (0, room - steps)))
        state, losses = program((count, np.int32(steps)), (x, y, row_weights), plan, rates, (slopes, l2, cuts), state)
        curves.append(losses.numpy()[:count].reshape(count, -1))
        progress(count / recipe.epochs)
    return np.ascontiguousarray(state[0].numpy().reshape(-1, len(initial)).T), np.concatenate(curves)


def _rates(recipe: Recipe, steps: int, first: int, epochs: int) -> Floats:
    """Return (epochs, steps) step sizes from an epoch on: the learning rate, for Adam with its bias correction.

    Source: Kingma and Ba (2015), the form at the end of section 2.
    """
    at = np.arange(first * steps, (first + epochs) * steps)
    rates = learning_rates(recipe, at, recipe.epochs * steps)
    if recipe.optimizer == "adam":
        rates = rates * np.sqrt(1 - _BETA_2 ** (at + 1)) / (1 - _BETA_1 ** (at + 1))
    return rates.reshape(epochs, steps).astype(np.float32)


@lru_cache
def _program(kind: Kind) -> Program:
    """Build the program of a kind of network. Whatever is an input compiles nothing anew: slopes, l2, seeds, data, rates."""
    tf = tensorflow()

    @tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
    def run(counts: Any, data: Any, order: Any, rates: Any, terms: Any, state: Any) -> Any:
        epochs, steps = counts

        def epoch(number: Any, curves: Any, *state: Any) -> Any:
            state, loss = _epoch(tf, kind, steps, data, order[number], rates[number], terms, state)
            return (number + 1, tf.tensor_scatter_nd_update(curves, [[number]], loss[None]), *state)

        curves = tf.zeros([order.shape[0], *state[0].shape[1:]])
        _, curves, *state = tf.while_loop(lambda number, *_: number < epochs, epoch, (0, curves, *state))
        return tuple(state), curves  # as they came in, or the next call would be traced anew

    return run  # type: ignore[no-any-return]


def _epoch(tf: Any, kind: Kind, steps: Any, data: Any, order: Any, rates: Any, terms: Any, state: Any) -> tuple[Any, Any]:
    """Take the steps of an epoch; return the state and the mean loss of the epoch."""
    # each batch as (columns, batch): the whole epoch is gathered at once, a step then takes a slice
    batches, truths = (tf.transpose(tf.gather(each, order), [0, 2, 1]) for each in data[:2])
    counted = tf.gather(data[2], order)
    slopes, l2, cuts = terms
    shares = counted / tf.reduce_sum(counted, axis=1, keepdims=True)

    def step(at: Any, summed: Any, *state: Any) -> Any:
        layers = _layers(tf, kind, state[0])
        with tf.GradientTape() as tape:
            tape.watch(layers)
            values = _forward(tf, kind, layers, batches[at][:, :, None, None], slopes)
            losses = _losses(tf, kind, values, truths[at][:, :, None, None], cuts)
            losses += l2 * tf.reduce_sum(layers[0][:-1] ** 2, axis=[0, 1])  # of the first kernel, not of its bias
            mean = tf.reduce_sum(losses * shares[at][:, None, None], axis=0)
        gradient = tf.concat([tf.reshape(each, [-1, *mean.shape]) for each in tape.gradient(mean, layers)], axis=0)
        summed += tf.reduce_sum(losses * counted[at][:, None, None], axis=0)
        return (at + 1, summed, *_update(tf, kind, state, gradient, rates[at]))

    start = (0, tf.zeros(state[0].shape[1:]), *state)
    _, summed, *state = tf.while_loop(lambda at, *_: at < steps, step, start)
    return state, summed / tf.reduce_sum(data[2])


def _update(tf: Any, kind: Kind, state: Any, gradient: Any, rate: Any) -> Any:
    """Return the weights and moments after one step of the optimizer."""
    weights, momentum, velocity = state
    if kind.optimizer == "sgd":
        return weights - rate * gradient, momentum, velocity
    momentum = momentum + (gradient - momentum) * (1 - _BETA_1)
    velocity = velocity + (gradient * gradient - velocity) * (1 - _BETA_2)
    return weights - rate * momentum / (tf.sqrt(velocity) + _EPSILON), momentum, velocity


def _layers(tf: Any, kind: Kind, weights: Any) -> list[Any]:
    """Return each layer as (inputs + 1, outputs, 1, G, 8): the kernel, and the bias as its last row."""
    ends = np.cumsum([0, *((inputs + 1) * outputs for inputs, outputs in shapes(kind.sizes))])
    return [
        tf.reshape(weights[start:end], [inputs + 1, outputs, 1, *weights.shape[1:]])
        for (start, end), (inputs, outputs) in zip(pairwise(ends), shapes(kind.sizes), strict=True)
    ]


def _forward(tf: Any, kind: Kind, layers: list[Any], batch: Any, slopes: Any) -> Any:
    """Return the (outputs, batch, G, 8) values of the last layer for (inputs + 1, batch, 1, 1).

    For softmax they are its logits. For the ordinal loss they are those before the last Leaky ReLU, where one can tell them
    from what it gives.
    """
    values = batch
    for number, layer in enumerate(layers):
        if number:
            values = tf.concat([values, tf.ones_like(values[:1])], axis=0)
        values = tf.reduce_sum(values[:, None] * layer, axis=0)
        if number < len(layers) - 1 or not kind.softmax:
            undone = number == len(layers) - 1 and kind.loss == "ordinal"
            slope = tf.sign(slopes[number]) if undone else slopes[number]
            values = tf.where(values > 0, values, slope * values)
    return values


def _losses(tf: Any, kind: Kind, values: Any, truth: Any, cuts: Any) -> Any:
    """Return the (batch, G, 8) loss of each row; see ``pipeline.network.train.loss``."""
    if kind.loss == "ordinal":
        return _ordinal(tf, values[0], truth[0], cuts)
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


def _ordinal(tf: Any, before: Any, truth: Any, cuts: Any) -> Any:
    """Return the (batch, G, 8) ordinal loss for outputs before their activation, with its gradient worked out beside it.

    XLA would compute the exponential of automatic differentiation anew for every weight that the gradient reaches. One
    exponential for both, behind a conditional that it cannot look into, is four times as fast.
    """
    middles, places, steepness = cuts

    def both() -> tuple[Any, Any]:
        loss, slope = tf.zeros_like(before), tf.zeros_like(before)
        for number in range(middles.shape[0]):
            above = tf.cast(truth > middles[number], before.dtype)
            logits = steepness[number] * (before - places[number])
            small = tf.exp(-tf.abs(logits))  # of which both softplus and its derivative are made
            loss += tf.maximum(logits, 0) + tf.math.log(1 + small) - above * logits
            slope += steepness[number] * (tf.where(logits > 0, 1.0, small) / (1 + small) - above)
        return loss, slope

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def with_gradient(_: Any) -> Any:
        loss, slope = tf.cond(tf.shape(steepness)[0] >= 0, both, lambda: (tf.zeros_like(before),) * 2)
        return loss, lambda upstream: upstream * slope

    return with_gradient(before)
