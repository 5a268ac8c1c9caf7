"""The Keras engine: Keras ``fit``, the reference that the compiled engine is held against."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.machine.arrays import Floats32
from pipeline.network.backend import keras, tensorflow
from pipeline.network.keras_model import build
from pipeline.network.layers import Network
from pipeline.network.recipe import Progress, Recipe, batches, penalties, thresholds


def fit_keras(
    inputs: Floats32,
    targets: Floats32,
    recipes: Sequence[Recipe],
    initial: Floats32,
    progress: Progress,
    sample_weight: Floats32 | None = None,
) -> tuple[Floats32, Floats32]:
    """Train every network, one after the other; arguments and results as in ``pipeline.network.compiled.fit_compiled``."""
    share = 1 / recipes[0].epochs / len(initial)
    report = keras().callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: progress(share))
    weights, curves = [], []
    for recipe, start in zip((own for own in recipes for _ in range(own.starts)), initial, strict=True):
        order = np.stack(list(batches(len(inputs), recipe)))
        model = build(Network(recipe.sizes, recipe.slopes, recipe.softmax, start), penalties(recipe))
        loss = _ordinal(recipe) if recipe.loss == "ordinal" else recipe.loss.replace("squared_error", "mean_squared_error")
        model.compile(optimizer=_optimizer(recipe, order.shape[1]), loss=loss)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # finding C101 says it, with a fix
            history = model.fit(
                _dataset([inputs, targets] if sample_weight is None else [inputs, targets, sample_weight], order),
                epochs=recipe.epochs,
                steps_per_epoch=order.shape[1],
                shuffle=False,
                verbose=0,
                callbacks=[report],
            )
        weights.append(np.concatenate([array.ravel() for array in model.get_weights()]))
        curves.append(history.history["loss"])
    return np.stack(weights), np.array(curves, dtype=np.float32).T


def _ordinal(recipe: Recipe) -> Any:
    """Return the ordinal loss as a function of the output, whose Leaky ReLU it undoes."""
    tf, cut = tensorflow(), thresholds(recipe)

    def loss(truth: Any, output: Any) -> Any:
        before = tf.where(output > 0, output, output / recipe.slopes[-1]) if recipe.slopes[-1] else output
        logits = cut.steepness * (before - cut.places)
        return tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(truth > cut.middles, logits.dtype), logits), axis=1)

    return loss


def _dataset(data: list[Floats32], order: Any) -> Any:
    """Return the batches of all epochs one after the other; the numbers that are no row are left out."""
    tf = tensorflow()
    columns = [tf.constant(array) for array in data]

    def batch(rows: Any) -> Any:
        rows = rows[rows < len(data[0])]
        return tuple(tf.gather(column, rows) for column in columns)

    return tf.data.Dataset.from_tensor_slices(order.reshape(-1, order.shape[-1])).map(batch)


def _optimizer(recipe: Recipe, steps: int) -> Any:
    optimizers, total, rate = keras().optimizers, recipe.epochs * steps, recipe.learning_rate
    if recipe.schedule == "linear":
        rate = optimizers.schedules.PolynomialDecay(rate, total, end_learning_rate=0.0, power=1.0)
    elif recipe.schedule == "cosine":
        rate = optimizers.schedules.CosineDecay(rate, total)
    return optimizers.Adam(rate) if recipe.optimizer == "adam" else optimizers.SGD(rate)
