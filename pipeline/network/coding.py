"""From outputs to classes and back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.machine.arrays import Floats, Floats32, Integers

NO_CLASS = -1
_LEAST_SPREAD = 0.01


@dataclass(frozen=True)
class Coding:
    """How classes are written as outputs.

    Attributes:
        classes: class names; their order decides ties.
        codes: one number a class, for a single output.
        softmax: one output a class instead.
        spread: how far a single output lies from the code of its class; None until ``fit_spread``.
    """

    classes: tuple[str, ...]
    codes: tuple[float, ...]
    softmax: bool = False
    spread: float | None = None

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
            answer = self._distances(np.where(np.isnan(values), 0, values)).argmin(axis=1)
        return np.where(np.isnan(values).any(axis=1), NO_CLASS, answer)

    def probabilities(self, output: ArrayLike) -> Floats:
        """Return the (rows, K) probability of each class for a (rows, outputs) output; each row sums to 1 up to rounding.

        Softmax gives them directly. A single output is taken as drawn around the code of its class from a normal
        distribution with the same spread for every class, all classes equally likely beforehand: linear discriminant
        analysis of one variable (Hastie, Tibshirani and Friedman 2009, section 4.3). The one spread makes the nearest code
        the most probable class, so that this never contradicts ``decode``, ties included. Outputs beyond the outermost
        codes count as those codes. A row with NaN has NaN for every class, and so has every row without a fitted spread.
        """
        values = np.asarray(output, dtype=np.float64)
        if self.softmax:
            return np.where(np.isnan(values).any(axis=1, keepdims=True), np.nan, values)
        if self.spread is None:
            return np.full((len(values), len(self.codes)), np.nan)
        distance = self._distances(values)
        nearest = distance.min(axis=1, keepdims=True)
        # the factored difference of squares is exactly 0 for the nearest code and positive for every other
        with np.errstate(over="ignore"):  # codes far apart: the density of the others is 0
            density = np.exp(-(distance - nearest) / self.spread * ((distance + nearest) / self.spread) / 2)
        return np.asarray(density / density.sum(axis=1, keepdims=True))

    def log_densities(self, output: ArrayLike) -> Floats:
        """Return the (rows, K) log density, up to a constant, of each (rows, 1) output in each class: see ``probabilities``."""
        distance = self._distances(np.asarray(output, dtype=np.float64))
        return np.asarray(-((distance / (self.spread or np.nan)) ** 2) / 2)

    def _distances(self, values: Floats) -> Floats:
        """Return the (rows, K) distance of each (rows, 1) output, clipped to the range of the codes, from each code."""
        clipped = np.minimum(np.maximum(values[:, 0], min(self.codes)), max(self.codes))  # np.clip has twice the overhead
        return np.asarray(np.abs(clipped - np.array(self.codes)[:, None]).T)  # class by class in memory: three times as fast


def fit_spread(output: ArrayLike, indices: ArrayLike, coding: Coding, sample_weight: NDArray[Any] | None = None) -> Coding:
    """Return the coding with the spread of the (rows, outputs) training outputs around the codes of their classes.

    It is the root mean square over the rows, each counting (rows,) ``sample_weight`` if given, but at least 0.01, so that an
    output that fits perfectly still leaves every class a chance. Rows with NaN are left out; without any other row, and for
    softmax, the coding stays as it is. ``indices`` are the (rows,) true classes, as positions in ``coding.classes``.
    """
    values, codes = np.asarray(output, dtype=np.float64), np.array(coding.codes)
    kept = ~np.isnan(values).any(axis=1)
    if sample_weight is not None:
        kept &= sample_weight > 0
    if coding.softmax or not kept.any():
        return coding
    error = np.clip(values[kept, 0], codes.min(), codes.max()) - codes[np.asarray(indices)[kept]]
    mean = np.average(error**2, weights=None if sample_weight is None else sample_weight[kept])
    return replace(coding, spread=max(float(np.sqrt(mean)), _LEAST_SPREAD))


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
