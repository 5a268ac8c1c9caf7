"""Train many starts of one network and choose among them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from pipeline.machine.arrays import Floats, Floats32, Integers
from pipeline.network.layers import Network, initial_weights, unflatten
from pipeline.network.recipe import Progress, Recipe, penalties, thresholds

_TOGETHER = 24_000  # values of a layer at once for the final losses: more leave the cache, fewer wait for Python


@dataclass(frozen=True)
class Trained:
    """The result of training S starts of P weights for E epochs.

    Attributes:
        weights: (S, P) float32 after training.
        initial: (S, P) float32 before it.
        loss_curves: (E, S) float32: mean training loss of each epoch, measured while the weights move, as Keras does.
        final_loss: (S,) float64: training loss of the final weights over all rows, penalty included.
        chosen: the start with the lowest final loss; the first one if none is finite.
    """

    weights: Floats32
    initial: Floats32
    loss_curves: Floats32
    final_loss: Floats
    chosen: int


def train_networks(
    inputs: Floats32,
    targets: Floats32,
    recipes: Sequence[Recipe],
    engine: Literal["compiled", "keras"] = "compiled",
    progress: Progress = lambda share: None,
    cores: int | None = None,
    sample_weight: Floats32 | None = None,
) -> tuple[Trained, ...]:
    """Train the starts of every recipe together, and choose of each the one with the lowest loss: to the last bit as if alone.

    Both engines see the same initial weights and the same batches in the same order, so they follow the same path.
    ``inputs`` are (rows, inputs), ``targets`` (rows, outputs). The compiled engine uses at most so many ``cores`` at once, or
    all; they change no number. ``sample_weight`` is (rows,) by which the loss of each row is multiplied, as in Keras ``fit``:
    the loss of a batch is the sum by the number of its rows, whatever they weigh.

    Raises:
        ValueError: the recipes differ in more than ``slopes``, ``l2``, ``seed`` and ``starts``.
    """
    if len({replace(recipe, slopes=(0.0,) * len(recipe.slopes), l2=0.0, seed=0, starts=1) for recipe in recipes}) != 1:
        rule = "recipes must be at least one and differ only in slopes, l2, seed and starts"
        raise ValueError(f"{rule}. Got {list(recipes)} instead.")
    initial = np.stack([initial_weights(own.sizes, own.seed, start) for own in recipes for start in range(own.starts)])
    owners, final = [own for own in recipes for _ in range(own.starts)], np.empty(len(initial))

    def judge(numbers: Integers, weights: Floats32) -> None:
        alike: dict[tuple[object, ...], list[int]] = {}  # networks of equal slopes and penalty have a loss in common
        for position, number in enumerate(numbers):
            alike.setdefault((owners[number].slopes, owners[number].l2), []).append(position)
        for group in alike.values():
            final[numbers[group]] = losses(owners[numbers[group[0]]], weights[group], inputs, targets, sample_weight)

    if engine == "compiled":
        from pipeline.network.compiled import fit_compiled

        most = cores or os.cpu_count() or 1
        weights, curves = fit_compiled(inputs, targets, recipes, initial, progress, most, judge, sample_weight)
    else:
        from pipeline.network.keras_fit import fit_keras

        weights, curves = fit_keras(inputs, targets, recipes, initial, progress, sample_weight)
        judge(np.arange(len(weights)), weights)
    ends = np.cumsum([0, *(recipe.starts for recipe in recipes)])
    ranked = np.where(np.isfinite(final), final, np.inf)
    return tuple(
        Trained(weights[part], initial[part], curves[:, part], final[part], int(ranked[part].argmin()))
        for part in (slice(start, end) for start, end in pairwise(ends))
    )


def losses(
    recipe: Recipe, weights: Floats32, inputs: Floats32, targets: Floats32, sample_weight: Floats32 | None = None
) -> Floats:
    """Return the (S,) float64 losses of (S, P) weights: the mean over the rows, each times its weight, plus the L2 penalty.

    See ``pipeline.network.recipe.penalties``. Source: keras.losses.MeanSquaredError, CategoricalCrossentropy and
    BinaryCrossentropy (outputs are probabilities, clipped to [1e-7, 1 - 1e-7]); keras.regularizers.L2;
    ``pipeline.network.recipe.thresholds`` for the ordinal loss.
    """
    kernels = [kernel for kernel, _ in unflatten(weights.astype(np.float64), recipe.sizes)]
    penalised = zip(penalties(recipe), kernels, strict=False)
    penalty = sum(own * np.sum(kernel**2, axis=(1, 2)) for own, kernel in penalised)
    truth, parts = targets.astype(np.float64), []
    together = max(1, _TOGETHER // (len(inputs) * max(recipe.sizes[1:])))
    with np.errstate(all="ignore"):  # a diverged network has no finite loss; T301 tells
        for first in range(0, len(weights), together):
            some = Network(recipe.sizes, recipe.slopes, recipe.softmax, weights[first : first + together])
            loss = _row_losses(recipe, some, inputs, truth).reshape(len(some.weights), len(inputs), -1)
            if sample_weight is not None:
                loss *= sample_weight[:, None]
            parts.append(loss.reshape(len(loss), -1).mean(axis=1))
        return np.asarray(np.concatenate(parts) + penalty)


def _row_losses(recipe: Recipe, networks: Network, inputs: Floats32, truth: Floats) -> Floats:
    """Return the loss of each row and, where the mean is over both, of each output."""
    if recipe.loss == "ordinal":
        cut = thresholds(recipe)
        before = networks.pre_activations(inputs)[-1] if recipe.slopes[-1] else networks.output(inputs)
        steepness = np.where(truth > cut.middles, -cut.steepness, cut.steepness)
        return np.asarray(np.sum(np.logaddexp(0, steepness * (before.astype(np.float64) - cut.places)), axis=-1))
    out = networks.output(inputs).astype(np.float64)
    if recipe.loss == "squared_error":
        return np.asarray((out - truth) ** 2)
    if recipe.loss == "categorical_crossentropy":
        share = np.clip(out / out.sum(axis=-1, keepdims=True), 1e-7, 1 - 1e-7)
        return np.asarray(-np.sum(truth * np.log(share), axis=-1))
    share = np.clip(out, 1e-7, 1 - 1e-7)
    return np.asarray(-(truth * np.log(share) + (1 - truth) * np.log1p(-share)))
