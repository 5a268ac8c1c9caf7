"""From outputs to classes and back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

NO_CLASS = -1


@dataclass(frozen=True)
class Coding:
    """How classes are written as outputs.

    Attributes:
        classes: class names; their order decides ties.
        codes: one number a class, for a single output.
        softmax: one output a class instead.
    """

    classes: tuple[str, ...]
    codes: tuple[float, ...]
    softmax: bool = False

    def targets(self, indices: ArrayLike) -> NDArray[np.float32]:
        """Return (rows, outputs) float32 targets for class indices: the code, or a 1 in the column of the class."""
        table = np.eye(len(self.classes)) if self.softmax else np.array(self.codes)[:, None]
        return np.asarray(table[np.asarray(indices)], dtype=np.float32)

    def decode(self, output: ArrayLike) -> NDArray[np.int64]:
        """Return the class index of each row of a (rows, outputs) output: the largest probability, or the nearest code.

        A tie goes to the class that is listed first. A row with NaN is ``NO_CLASS`` (-1). An infinite output has the
        highest or lowest code as its nearest.
        """
        values = np.asarray(output)
        if self.softmax:
            answer = np.where(np.isnan(values), -np.inf, values).argmax(axis=1)
        else:
            within = np.clip(values, min(self.codes), max(self.codes))
            answer = np.abs(np.nan_to_num(within) - np.array(self.codes)).argmin(axis=1)
        return np.where(np.isnan(values).any(axis=1), NO_CLASS, answer)


def default_codes(count: int) -> tuple[float, ...]:
    """Return 0, 1, -1, 2, -2 and so on: the article's codes, continued."""
    return tuple(float((i + 1) // 2 * (1 if i % 2 else -1)) + 0.0 for i in range(count))


def keras_accuracy(output: ArrayLike, codes: ArrayLike) -> float:
    """Return what Keras's ``accuracy`` metric says of a single output: output > 0.5 is 1, all else, NaN too, is 0.

    Source: keras.metrics.BinaryAccuracy, which ``metrics=["accuracy"]`` picks for one output column.
    """
    return float(np.mean((np.asarray(output).ravel() > 0.5) == np.asarray(codes).ravel()))
