"""What decides the weights: the recipe, the order of the batches, and the learning rate of each step."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.config.loss import chosen_loss
from pipeline.config.schema import Loss, NetworkSection, TrainingSection
from pipeline.machine.arrays import Floats, Floats32, Integers
from pipeline.network.coding import STEEPNESS, Coding
from pipeline.network.layers import layer_sizes

_L2 = 0.001
_VISITS, _EPOCHS = 2_500_000, (5, 300)  # of rows in all the epochs
_BATCH = (10, 1000)
_STARTED, _STARTS = 320_000, (8, 64)  # rows times starts
_LARGEST = float(np.finfo(np.float32).max)

Progress = Callable[[float], None]
"""Called with the share of the work done since the last call; the shares sum to 1."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights, apart from the data.

    Attributes:
        sizes, slopes, softmax: as in ``Network``.
        codes: of the classes, which the ordinal loss needs.
        every_kernel: whether ``l2`` penalises the kernels of all layers instead of the first one.
        loss, l2, optimizer, learning_rate, schedule, epochs, batch_size, starts, seed: as in the section "training".
    """

    sizes: tuple[int, ...]
    slopes: tuple[float, ...]
    softmax: bool
    loss: Loss
    optimizer: Literal["adam", "sgd"]
    learning_rate: float
    schedule: Literal["constant", "linear", "cosine"]
    epochs: int
    batch_size: int
    starts: int
    seed: int
    l2: float = 0.0
    every_kernel: bool = False
    codes: tuple[float, ...] = ()


@dataclass(frozen=True)
class PenaltyPath:
    """How the penalty was chosen.

    Attributes:
        l2: what the network was trained with: the chosen one, by the share of its rows that were looked at, for the mean of a
            loss over more rows weighs a penalty more.
        penalties: (L,) tried; none where too few rows differ to hold some out.
        losses: (L,) log loss of the held-out rows.
        wrong: (L,) share of them that is answered wrongly, on the average of the starts.
        rows: that were looked at.
        networks: how many were trained for it.
    """

    l2: float
    penalties: tuple[float, ...] = ()
    losses: tuple[float, ...] = ()
    wrong: tuple[float, ...] = ()
    rows: int = 0
    networks: int = 0

    def best(self, rows: int) -> float:
        """Return the one that was chosen, of a training on so many rows."""
        return min(self.penalties, key=lambda tried: abs(tried * min(1.0, self.rows / rows) - self.l2))


def sized(training: TrainingSection, rows: int) -> TrainingSection:
    """Return the section with numbers where it says "auto", for so many training rows; ``l2`` is then 0.001.

    Up to a thousand rows all are trained on 300 times, ten at a time, from 64 starts. Beyond, a step takes a hundredth of them,
    up to 1,000 rows. Beyond 8,000 the visits are bounded, and then the starts: the more rows, the less a single start decides.
    """
    chosen = {
        "l2": _L2,
        "epochs": int(np.clip(_VISITS // rows, _EPOCHS[0], _EPOCHS[1])),
        "batch_size": int(np.clip(rows // 100, _BATCH[0], _BATCH[1])),
        "starts": int(np.clip(_STARTED // rows, _STARTS[0], _STARTS[1])),
    }
    return training.model_copy(update={key: value for key, value in chosen.items() if getattr(training, key) == "auto"})


def recipe_of(network: NetworkSection, training: TrainingSection, inputs: int, coding: Coding, rows: int) -> Recipe:
    """Return the recipe that the two sections give for a number of inputs and rows and the classes of a coding."""
    return Recipe(
        sizes=layer_sizes(inputs, network, len(coding.classes)),
        slopes=network.slopes(),
        softmax=coding.softmax,
        loss=chosen_loss(network, training),
        codes=coding.codes,
        **sized(training, rows).model_dump(exclude={"engine", "loss"}),
    )


class Thresholds(NamedTuple):
    """The ordinal loss of J thresholds: those between neighbouring codes that an output can cross.

    Attributes:
        middles: (J,) float32, midway between two codes: where the answer changes.
        places: (J,) float32, the same before the output's Leaky ReLU.
        steepness: (J,) float32, logits a unit of that pre-activation.
    """

    middles: Floats32
    places: Floats32
    steepness: Floats32


def thresholds(recipe: Recipe) -> Thresholds:
    """Return the thresholds of the ordinal loss; none for another loss.

    A slope of 0 lets no output cross a threshold below 0. Source: Rennie and Srebro (2005), "Loss functions for preference
    levels", the all-threshold logistic loss, with fixed thresholds, on the pre-activation: behind a small slope, an equal
    step of the output would be a step of very different length for positive and for negative codes. Each threshold has the
    steepness that its nearer neighbour asks for; a lone one that of its two codes.
    """
    codes = np.unique(recipe.codes) if recipe.loss == "ordinal" else np.zeros(0)
    slope = 1.0 if recipe.softmax else recipe.slopes[-1]
    middles = crossed(codes, slope)
    before = np.where(codes > 0, codes, codes / slope if slope else 0)
    places = np.where(middles > 0, middles, middles / slope if slope else 0)
    gaps = np.diff(places) if len(places) > 1 else np.array([np.ptp(before[-2:])]) if len(places) else np.zeros(0)
    nearest = np.minimum(np.append(gaps, np.inf), np.insert(gaps, 0, np.inf))[: len(places)]
    return Thresholds(*(array.astype(np.float32) for array in (middles, places, STEEPNESS / nearest)))


def penalties(recipe: Recipe) -> tuple[float, ...]:
    """Return by what the squared weights of each kernel are multiplied, from the first one on; the others are free."""
    return (recipe.l2,) * (len(recipe.sizes) - 1 if recipe.every_kernel else 1)


def crossed(codes: Sequence[float] | Floats, slope: float) -> Floats:
    """Return the (J,) places midway between neighbouring codes that an output, a float32, can cross behind Leaky ReLU."""
    ordered = np.unique(codes)
    middles = (ordered[1:] + ordered[:-1]) / 2
    return np.asarray(middles[-middles < slope * _LARGEST])


def batch_shape(rows: int, recipe: Recipe) -> tuple[int, int]:
    """Return the steps of an epoch and the rows of a step; the last step may have fewer."""
    size = min(recipe.batch_size, rows)
    return -(-rows // size), size


def batches(rows: int, recipe: Recipe) -> Iterator[NDArray[np.int32]]:
    """Yield the (steps, batch) row numbers of each epoch: all rows, in an order drawn anew.

    The last batch of an epoch may be smaller; it is filled up with the number ``rows``, which is no row.
    """
    steps, size = batch_shape(rows, recipe)
    random = np.random.default_rng(np.random.SeedSequence(recipe.seed, spawn_key=(1,)))
    for _ in range(recipe.epochs):
        order = np.full(steps * size, rows, dtype=np.int32)
        order[:rows] = random.permutation(rows)
        yield order.reshape(steps, size)


def learning_rates(recipe: Recipe, steps: Integers, total: int) -> Floats:
    """Return the learning rate of each step, counted from 0, of a training of ``total`` steps.

    Source: keras.optimizers.schedules.PolynomialDecay (power 1, end 0) and CosineDecay (alpha 0).
    """
    done = steps / total
    share = {"constant": np.ones_like(done), "linear": 1 - done, "cosine": (1 + np.cos(np.pi * done)) / 2}
    return np.asarray(recipe.learning_rate * share[recipe.schedule])
