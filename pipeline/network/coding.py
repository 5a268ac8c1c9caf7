"""From outputs to classes and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pipeline.machine.arrays import Flags, Floats, Floats32, Integers

NO_CLASS = -1
STEEPNESS = 3.0
"""Logits between neighbouring thresholds that the ordinal loss asks for."""
_TINY, _HUGE = 1e-300, 1e150  # what stands for 0 and infinity where logarithms and sums must be finite


@dataclass(frozen=True)
class Coding:
    """How classes are written as outputs, and read from them.

    Attributes:
        classes: K class names; their order decides ties.
        codes: one number a class, for a single output.
        softmax: one output a class instead.
        slope: of the Leaky ReLU behind which a single output lies.
        steepness: logits a unit: (K - 1,) for the thresholds between neighbouring codes, (1,) for softmax; None is what the
            loss asks for.
        least: (K,) probability below which a class is excluded; None where that was not measured. See ``possible``.
    """

    classes: tuple[str, ...]
    codes: tuple[float, ...]
    softmax: bool = False
    slope: float = 1.0
    steepness: tuple[float, ...] | None = None
    least: tuple[float, ...] | None = None

    def targets(self, indices: ArrayLike) -> Floats32:
        """Return (rows, outputs) float32 targets for class indices: the code, or a 1 in the column of the class."""
        table = np.eye(len(self.classes)) if self.softmax else np.array(self.codes)[:, None]
        return np.asarray(table[np.asarray(indices)], dtype=np.float32)

    def decode(self, output: ArrayLike) -> Integers:
        """Return the class index of each row of a (rows, outputs) output: the largest probability, or the nearest code.

        A tie goes to the class that is listed first. NaN is ``NO_CLASS`` (-1), an infinite output the outermost code.
        """
        values = np.asarray(output, dtype=np.float64)
        if self.softmax:
            answer = np.where(np.isnan(values), -np.inf, values).argmax(axis=1)
        else:
            # class by class in memory: three times as fast
            clipped = np.minimum(np.maximum(values[:, 0], min(self.codes)), max(self.codes))
            answer = np.abs(clipped - np.array(self.codes)[:, None]).T.argmin(axis=1)
        return np.where(np.isnan(values).any(axis=1), NO_CLASS, answer)

    def terms(self, output: ArrayLike) -> Floats:
        """Return (rows, K, S) by which the S ``steepness`` are multiplied, and then summed, for the log of each probability.

        Softmax has the logarithm of its outputs. Of the value before a single output's Leaky ReLU, what lies above a threshold
        counts for every class above it: the probability of a class by that of the one below is the logistic function's, with its
        1/2 at the threshold where the answer changes, so that the answer is the most probable class. That is what the ordinal
        loss says, as a likelihood: two classes that are neighbours differ in the loss at the threshold between them only. Source:
        Agresti (2010), "Analysis of ordinal categorical data", section 4.1, adjacent-categories logits. A threshold that no
        output crosses, behind a slope of 0, counts 1 for the classes above it.
        """
        values = np.asarray(output, dtype=np.float64)
        if self.softmax:
            return np.asarray(np.log(np.maximum(values, _TINY))[..., None])
        codes, rank = np.unique(self.codes, return_inverse=True)
        middles = (codes[1:] + codes[:-1]) / 2
        reached = (middles > 0) | (self.slope > 0)
        falling = self.slope or 1.0
        before = np.clip(np.where(values > 0, values, values / falling), -_HUGE, _HUGE)
        above = np.where(reached, before - np.where(middles > 0, middles, middles / falling), 1.0)
        return np.asarray(above[:, None, :] * (rank[:, None] > np.arange(len(middles))))

    def scores(self, output: ArrayLike) -> Floats:
        """Return the (rows, K) logarithm, up to a constant, of each probability of (rows, outputs) outputs: see ``terms``."""
        return np.asarray(self.terms(output) @ np.array(self.steepness or self._uncalibrated()))

    def _uncalibrated(self) -> Floats:
        codes = np.unique(self.codes)
        gaps = np.diff(np.where(codes > 0, codes, codes / (self.slope or 1.0)))
        return np.ones(1) if self.softmax else STEEPNESS / gaps

    def probabilities(self, output: ArrayLike) -> Floats:
        """Return the (rows, K) probability of each class for a (rows, outputs) output; each row sums to 1 up to rounding.

        They never contradict ``decode``. A row with NaN has NaN for every class.
        """
        scores = self.scores(output)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def possible(self, probabilities: Floats) -> Flags:
        """Return (rows, K) which classes cannot be excluded; all, where it was not measured or there is no probability."""
        return np.asarray(~(probabilities < np.array(self.least or 0.0)))


def default_codes(count: int) -> tuple[float, ...]:
    """Return 0, 1, -1, 2, -2 and so on: the article's codes, continued."""
    return tuple(float((i + 1) // 2 * (1 if i % 2 else -1)) + 0.0 for i in range(count))


def keras_accuracy(output: ArrayLike, codes: ArrayLike) -> float:
    """Return what Keras's ``accuracy`` metric says of a single output: output > 0.5 is 1, all else, NaN too, is 0.

    Source: keras.metrics.BinaryAccuracy, which ``metrics=["accuracy"]`` picks for one output column.
    """
    return float(np.mean((np.asarray(output).ravel() > 0.5) == np.asarray(codes).ravel()))


def coding_of(codes: Any, labels: list[Any], softmax: bool) -> tuple[Integers, Coding]:
    """Return the position in ``labels`` of each class of the coding, and the coding: ties go by the order of ``codes``.

    ``codes`` is class -> code, or None for 0, 1, -1, 2, -2 ... in the order of ``labels``, which are the classes.

    Raises:
        ValueError: a class has no code, or not its own, or one that is no finite number.
    """
    given = dict(zip(labels, default_codes(len(labels)), strict=True)) if codes is None else codes
    coded = [label for label in given if label in labels] if isinstance(given, Mapping) else []
    values = [given[label] for label in coded]
    if len(coded) < len(labels) or not all(isinstance(code, Real) and isfinite(code) for code in values):
        raise ValueError(f"The 'codes' parameter must map each class to a finite number. Got {given!r} instead.")
    if len(set(values)) < len(values):
        raise ValueError(f"The 'codes' parameter must give each class its own code. Got {given!r} instead.")
    coding = Coding(tuple(map(str, coded)), tuple(map(float, values)), softmax)
    return np.array([labels.index(label) for label in coded]), coding
