"""The compiled engine: all steps of all starts in one XLA program.

Weights are (P, R) with the R starts of a call along the last axis: products and sums over the feature axis vectorise along
it, where batched matrix products of 6 x 3 would not. Each start is computed element by element, so that its numbers do not
depend on its neighbours.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np

from pipeline.network.backend import tensorflow
from pipeline.network.layers import Floats, parameters, shapes
from pipeline.network.train import Progress, Recipe, batches, learning_rates

WIDTH = 256
"""Most starts in one call: wide enough for full speed, narrow enough for the cache, and for numbers equal at any width."""

_WORK = 3e8
"""Multiplications between two reports of progress, some 0.1 s."""

Program = Callable[..., Any]

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
    program = _program(recipe.sizes, recipe.softmax, recipe.loss, recipe.optimizer)
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
    steps = -(-rows // min(recipe.batch_size, rows))
    work = steps * (min(recipe.batch_size, rows) * width * parameters(recipe.sizes) + 5000)
    span = int(np.clip(_WORK // work, 1, recipe.epochs))
    curves = []
    for first in range(0, recipe.epochs, span):
        epochs = range(first, min(first + span, recipe.epochs))
        order, rates = _plan(rows, recipe, epochs, span, steps)
        *state, losses = program(np.int32(len(epochs)), x, y, row_weights, order, rates, slopes, *state)
        curves.append(losses.numpy()[: len(epochs)])
        progress(len(epochs) / recipe.epochs)
    return np.ascontiguousarray(state[0].numpy().T), np.concatenate(curves)


def _plan(rows: int, recipe: Recipe, epochs: range, span: int, steps: int) -> tuple[Any, Floats]:
    """Return the batches and step sizes of some epochs, filled up to ``span`` epochs so that one program fits all."""
    order = batches(rows, recipe, epochs)
    order = np.concatenate([order, np.full((span - len(epochs), *order.shape[1:]), rows, np.int32)])
    at = np.arange(epochs.start * steps, (epochs.start + span) * steps)
    rates = learning_rates(recipe, at, recipe.epochs * steps)
    if recipe.optimizer == "adam":  # bias correction: Kingma and Ba (2015), the form at the end of section 2
        rates = rates * np.sqrt(1 - _BETA_2 ** (at + 1)) / (1 - _BETA_1 ** (at + 1))
    return order, rates.reshape(span, steps).astype(np.float32)


@lru_cache
def _program(sizes: tuple[int, ...], softmax: bool, loss: str, optimizer: str) -> Program:
    """Build the program of a kind of network. Slopes, seeds, data and rates are inputs, so none of them compiles it anew."""
    tf = tensorflow()

    def step(x: Any, y: Any, row_weights: Any, rows: Any, rate: Any, slopes: Any, state: Any) -> tuple[Any, Any]:
        weights, momentum, velocity = state
        batch, truth = (tf.transpose(tf.gather(each, rows))[:, :, None] for each in (x, y))
        share = tf.gather(row_weights, rows)[:, None]
        with tf.GradientTape() as tape:
            tape.watch(weights)
            output = _forward(tf, sizes, softmax, weights, batch, slopes)
            total = tf.reduce_sum(_losses(tf, loss, output, truth) * share, axis=0)
            mean = total / tf.reduce_sum(share)
        gradient = tape.gradient(mean, weights)
        if optimizer == "sgd":
            return (weights - rate * gradient, momentum, velocity), total
        momentum = momentum + (gradient - momentum) * (1 - _BETA_1)
        velocity = velocity + (gradient * gradient - velocity) * (1 - _BETA_2)
        return (weights - rate * momentum / (tf.sqrt(velocity) + _EPSILON), momentum, velocity), total

    @tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
    def run(
        epochs: Any,
        x: Any,
        y: Any,
        row_weights: Any,
        order: Any,
        rates: Any,
        slopes: Any,
        weights: Any,
        momentum: Any,
        velocity: Any,
    ) -> Any:
        span, steps, _ = order.shape
        width = weights.shape[1]

        def one_epoch(epoch: Any, curves: Any, *state: Any) -> Any:
            def one_step(at: Any, summed: Any, *state: Any) -> Any:
                state, total = step(x, y, row_weights, order[epoch, at], rates[epoch, at], slopes, state)
                return (at + 1, summed + total, *state)

            _, summed, *state = tf.while_loop(lambda at, *_: at < steps, one_step, (0, tf.zeros([width]), *state))
            curves = tf.tensor_scatter_nd_update(curves, [[epoch]], (summed / tf.reduce_sum(row_weights))[None])
            return (epoch + 1, curves, *state)

        start = (0, tf.zeros([span, width]), weights, momentum, velocity)
        _, curves, *state = tf.while_loop(lambda epoch, *_: epoch < epochs, one_epoch, start)
        return (*state, curves)

    return run  # type: ignore[no-any-return]


def _forward(tf: Any, sizes: tuple[int, ...], softmax: bool, weights: Any, batch: Any, slopes: Any) -> Any:
    """Return (outputs, batch, R) for a (inputs, batch, 1) batch; the same arithmetic as ``Network.output``."""
    values, at, last = batch, 0, len(sizes) - 2
    for layer, (inputs, outputs) in enumerate(shapes(sizes)):
        middle, end = at + inputs * outputs, at + inputs * outputs + outputs
        kernel = tf.reshape(weights[at:middle], [inputs, outputs, 1, -1])
        bias = tf.reshape(weights[middle:end], [outputs, 1, -1])
        values = tf.reduce_sum(values[:, None] * kernel, axis=0) + bias
        if layer < last or not softmax:
            values = tf.where(values > 0, values, slopes[layer] * values)
        at = end
    if softmax:
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
