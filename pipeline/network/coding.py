"""From outputs to classes and back."""

from collections.abc import Iterator, Mapping
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
SMALLEST, LARGEST = float(np.finfo(np.float32).tiny), 1e150  # what stands for 0 and infinity, of which sums must be finite
_REACH = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Coding:
    """How classes are written as outputs, and read from them.

    Attributes:
        classes: K class names; their order decides ties.
        codes: one number a class, for a single output.
        softmax: one output a class instead.
        slope: of the Leaky ReLU behind which a single output lies.
        steepness: logits a unit: (K - 1,) for the thresholds between neighbouring codes, (1,) for softmax; None where nothing
            was measured, and nothing is probable.
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
            clipped = np.minimum(np.maximum(values[:, 0], min(self.codes)), max(self.codes))
            nearest, answer = np.abs(clipped - self.codes[0]), np.zeros(len(values), dtype=np.int64)
            for place, code in enumerate(self.codes[1:], start=1):  # class by class: far faster than a minimum in each row
                distance = np.abs(clipped - code)
                answer[distance < nearest] = place
                np.minimum(nearest, distance, out=nearest)
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
            return np.asarray(np.log(np.maximum(values, SMALLEST))[..., None])
        thresholds = len(self.codes) - 1
        lower = np.unique(self.codes, return_inverse=True)[1][:, None] > np.arange(thresholds)
        return np.asarray(np.reshape([*self._above(values)], (thresholds, len(values))).T[:, None, :] * lower)

    def scores(self, output: ArrayLike) -> Floats:
        """Return the (rows, K) logarithm, up to a constant, of each probability of (rows, outputs) outputs: see ``terms``."""
        values, factors = np.asarray(output, dtype=np.float64), self.factors()
        if self.softmax:
            return np.asarray(factors[0] * np.log(np.maximum(np.ascontiguousarray(values.T), SMALLEST))).T
        # class by class in memory, from the lowest code on: several times as fast
        scores, order = np.empty((len(self.codes), len(values))), np.argsort(self.codes)
        scores[order[0]] = values[:, 0] * 0 if len(order) == 1 else 0
        for lower, upper, factor, above in zip(order, order[1:], factors, self._above(values), strict=False):
            np.add(scores[lower], factor * above, out=scores[upper])
        return scores.T

    def ladder(self) -> tuple[Floats, Flags, Floats]:
        """Return of the S thresholds between neighbouring codes where they lie, which an output can cross, and what they add.

        The places are (S,) before the Leaky ReLU; what a unit above each adds to the ``scores`` of the classes is (S, K).
        """
        codes, rank = np.unique(self.codes, return_inverse=True)
        middles, added = (codes[1:] + codes[:-1]) / 2, self.factors()[:, None] * (rank > np.arange(len(codes) - 1)[:, None])
        places = np.where(middles > 0, middles, middles / (self.slope or 1.0))
        return places, (middles >= 0) | (-middles < self.slope * _REACH), np.asarray(added)

    def factors(self) -> Floats:
        """Return (S,) ``steepness``, NaN where it was not measured."""
        return np.array(self.steepness or [np.nan] * (1 if self.softmax else len(self.codes) - 1))

    def asked(self) -> tuple[float, ...]:
        """Return the steepness that the ordinal loss asks for, and that softmax has by itself."""
        codes = np.unique(self.codes)
        gaps = np.diff(np.where(codes > 0, codes, codes / (self.slope or 1.0)))
        return (1.0,) if self.softmax else tuple((STEEPNESS / gaps).tolist())

    def _above(self, values: Floats) -> Iterator[Floats]:
        """Yield by how much (rows, 1) outputs lie above each threshold, before the Leaky ReLU."""
        column = values[:, 0]
        before = np.where(column > 0, column, column / (self.slope or 1.0)).clip(-LARGEST, LARGEST)
        for place, crossed in zip(*self.ladder()[:2], strict=True):
            yield before - place if crossed else np.where(np.isnan(before), before, 1.0)

    def probabilities(self, output: ArrayLike) -> Floats:
        """Return the (rows, K) probability of each class for a (rows, outputs) output; each row sums to 1 up to rounding.

        They never contradict ``decode``. A row with NaN has NaN for every class, and so has every row without ``steepness``.
        """
        shares = self.scores(output)
        shares -= shares.max(axis=1, keepdims=True)  # in place, for memory that is new takes longer than the sums
        np.exp(shares, out=shares)
        shares /= shares.sum(axis=1, keepdims=True)
        return shares

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
