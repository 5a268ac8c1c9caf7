"""The compiled engine: all steps of all starts in one XLA program.

Weights are (P, R) with the R starts of a call along the last axis: products and sums over the feature axis vectorise along
it, where batched matrix products of 6 x 3 would not. Each start is computed element by element, so that its numbers do not
depend on its neighbours.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from pipeline.network.backend import tensorflow
from pipeline.network.layers import Floats, parameters, shapes
from pipeline.network.train import Progress, Recipe, batches, learning_rates

WIDTH = 256
"""Most starts in one call: wide enough for full speed, narrow enough for the cache, and for numbers equal at any width."""

_WORK = 3e8
"""Multiplications between two reports of progress, some 0.1 s."""

_STEP = 5000
"""What a step costs besides, counted in multiplications."""

Program = Callable[..., Any]


class Kind(NamedTuple):
    """What a program is compiled for."""

    sizes: tuple[int, ...]
    softmax: bool
    loss: str
    optimizer: str


_EPSILON = 1e-7  # of Adam and of clipped probabilities, as in Keras
_BETA_1, _BETA_2 = 0.9, 0.999


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
    calls = -(-starts // WIDTH)
    width = -(-starts // calls)
    # equal widths share one compilation; the last call is filled up with copies of its last start
    padded = np.concatenate([initial, np.repeat(initial[-1:], calls * width - starts, axis=0)])
    parts = [padded[at : at + width] for at in range(0, len(padded), width)]
    program = _program(Kind(recipe.sizes, recipe.softmax, recipe.loss, recipe.optimizer))
    with ThreadPoolExecutor(min(calls, os.cpu_count() or 1)) as pool:
        fitted = list(
            pool.map(lambda part: _fit_part(program, inputs, targets, recipe, part, lambda share: progress(share / calls)), parts)
        )
    weights = np.concatenate([each[0] for each in fitted])[:starts]
    curves = np.concatenate([each[1] for each in fitted], axis=1)[:, :starts]
    return weights, curves


def _fit_part(
    program: Program, inputs: Floats, targets: Floats, recipe: Recipe, initial: Floats, progress: Progress
) -> tuple[Floats, Floats]:
    rows, width = len(inputs), len(initial)
    # one more row of zeros, with weight 0, fills up the last batch of an epoch
    x = np.concatenate([inputs, np.zeros_like(inputs[:1])])
    y = np.concatenate([targets, np.zeros_like(targets[:1])])
    row_weights = np.append(np.ones(rows, np.float32), np.float32(0))
    slopes = np.repeat(np.array(recipe.slopes, np.float32)[:, None], width, axis=1)
    state: Any = (initial.T.copy(), *(np.zeros_like(initial.T) for _ in range(2)))
    order = batches(rows, recipe)
    steps, size = -(-rows // min(recipe.batch_size, rows)), min(recipe.batch_size, rows)
    work = steps * (size * width * parameters(recipe.sizes) + _STEP)
    span = int(np.clip(_WORK // work, 1, recipe.epochs))
    rates = _rates(recipe, steps, -(-recipe.epochs // span) * span)
    filler = np.full((span, steps, size), rows, np.int32)
    curves = []
    for first in range(0, recipe.epochs, span):
        count = np.int32(min(span, recipe.epochs - first))
        plan = filler.copy()
        plan[:count] = [next(order) for _ in range(count)]
        state, losses = program(np.asarray(count), (x, y, row_weights), plan, rates[first : first + span], slopes, state)
        curves.append(losses.numpy()[:count])
        progress(count / recipe.epochs)
    return np.ascontiguousarray(state[0].numpy().T), np.concatenate(curves)


def _rates(recipe: Recipe, steps: int, epochs: int) -> Floats:
    """Return (epochs, steps) step sizes: the learning rate, for Adam with its bias correction.

    Source: Kingma and Ba (2015), the form at the end of section 2.
    """
    at = np.arange(epochs * steps)
    rates = learning_rates(recipe, at, recipe.epochs * steps)
    if recipe.optimizer == "adam":
        rates = rates * np.sqrt(1 - _BETA_2 ** (at + 1)) / (1 - _BETA_1 ** (at + 1))
    return rates.reshape(epochs, steps).astype(np.float32)


@lru_cache
def _program(kind: Kind) -> Program:
    """Build the program of a kind of network. Slopes, seeds, data and rates are inputs, so none of them compiles it anew."""
    tf = tensorflow()

    @tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
    def run(epochs: Any, data: Any, order: Any, rates: Any, slopes: Any, state: Any) -> Any:
        def epoch(number: Any, curves: Any, *state: Any) -> Any:
            state, loss = _epoch(tf, kind, data, order[number], rates[number], slopes, state)
            return (number + 1, tf.tensor_scatter_nd_update(curves, [[number]], loss[None]), *state)

        curves = tf.zeros([order.shape[0], state[0].shape[1]])
        _, curves, *state = tf.while_loop(lambda number, *_: number < epochs, epoch, (0, curves, *state))
        return state, curves

    return run  # type: ignore[no-any-return]


def _epoch(tf: Any, kind: Kind, data: Any, order: Any, rates: Any, slopes: Any, state: Any) -> tuple[Any, Any]:
    """Take every step of an epoch; return the state and the mean loss of the epoch."""
    # each batch as (columns, batch): the whole epoch is gathered at once, a step then takes a slice
    batches, truths = (tf.transpose(tf.gather(each, order), [0, 2, 1]) for each in data[:2])
    shares = tf.gather(data[2], order)

    def step(at: Any, summed: Any, *state: Any) -> Any:
        batch, truth, share = batches[at][:, :, None], truths[at][:, :, None], shares[at][:, None]
        with tf.GradientTape() as tape:
            tape.watch(state[0])
            losses = _losses(tf, kind.loss, _forward(tf, kind, state[0], batch, slopes), truth)
            total = tf.reduce_sum(losses * share, axis=0)
            mean = total / tf.reduce_sum(share)
        return (at + 1, summed + total, *_update(tf, kind, state, tape.gradient(mean, state[0]), rates[at]))

    start = (0, tf.zeros([state[0].shape[1]]), *state)
    _, summed, *state = tf.while_loop(lambda at, *_: at < order.shape[0], step, start)
    return state, summed / tf.reduce_sum(data[2])


def _update(tf: Any, kind: Kind, state: Any, gradient: Any, rate: Any) -> Any:
    """Return the weights and moments after one step of the optimizer."""
    weights, momentum, velocity = state
    if kind.optimizer == "sgd":
        return weights - rate * gradient, momentum, velocity
    momentum = momentum + (gradient - momentum) * (1 - _BETA_1)
    velocity = velocity + (gradient * gradient - velocity) * (1 - _BETA_2)
    return weights - rate * momentum / (tf.sqrt(velocity) + _EPSILON), momentum, velocity


def _forward(tf: Any, kind: Kind, weights: Any, batch: Any, slopes: Any) -> Any:
    """Return (outputs, batch, R) for a (inputs, batch, 1) batch; the same arithmetic as ``Network.output``."""
    values, at, last = batch, 0, len(kind.sizes) - 2
    for layer, (inputs, outputs) in enumerate(shapes(kind.sizes)):
        middle, end = at + inputs * outputs, at + inputs * outputs + outputs
        kernel = tf.reshape(weights[at:middle], [inputs, outputs, 1, -1])
        bias = tf.reshape(weights[middle:end], [outputs, 1, -1])
        values = tf.reduce_sum(values[:, None] * kernel, axis=0) + bias
        if layer < last or not kind.softmax:
            values = tf.where(values > 0, values, slopes[layer] * values)
        at = end
    if kind.softmax:
        values = tf.exp(values - tf.reduce_max(values, axis=0))
        values = values / tf.reduce_sum(values, axis=0)
    return values


def _losses(tf: Any, loss: str, output: Any, truth: Any) -> Any:
    """Return the (batch, R) loss of each row; see ``pipeline.network.train.loss``."""
    if loss == "squared_error":
        return tf.reduce_mean((output - truth) ** 2, axis=0)
    if loss == "categorical_crossentropy":
        share = tf.clip_by_value(output / tf.reduce_sum(output, axis=0), _EPSILON, 1 - _EPSILON)
        return -tf.reduce_sum(truth * tf.math.log(share), axis=0)
    share = tf.clip_by_value(output, _EPSILON, 1 - _EPSILON)
    return -tf.reduce_mean(truth * tf.math.log(share) + (1 - truth) * tf.math.log(1 - share), axis=0)
