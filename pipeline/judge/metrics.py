"""Figures about answers: counts, rates and their intervals."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.network.decode import NO_CLASS


@dataclass(frozen=True)
class Scores:
    """How the answers to some rows compare with the truth, for K classes.

    Attributes:
        classes: names, in the order of every per-class figure.
        rows: number of rows.
        accuracy: share of right answers; no class is never right.
        interval: Wilson interval of the accuracy.
        confusion: (K, K + 1) counts, truth by answer; the last column counts rows without a class.
        recall: (K,) sensitivity; NaN for a class without rows.
        precision: (K,) positive predictive value; NaN for a class that was never answered.
        macro_f1: mean of the classes' F1; classes neither present nor answered are left out.
        balanced_accuracy: mean recall of the classes present.
    """

    classes: tuple[str, ...]
    rows: int
    accuracy: float
    interval: tuple[float, float]
    confusion: NDArray[np.int64]
    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    macro_f1: float
    balanced_accuracy: float


def score(truth: ArrayLike, answers: ArrayLike, classes: tuple[str, ...], level: float) -> Scores:
    """Compare (rows,) class indices; an answer of ``NO_CLASS`` is wrong.

    Args:
        truth: indices into ``classes``.
        answers: indices into ``classes``, or ``NO_CLASS``.
        classes: names.
        level: coverage of the interval, such as 0.95.
    """
    size = len(classes)
    column = np.where(np.asarray(answers) == NO_CLASS, size, answers)
    confusion = np.zeros((size, size + 1), dtype=np.int64)
    np.add.at(confusion, (np.asarray(truth), column), 1)
    right = confusion.diagonal()
    present, answered = confusion.sum(axis=1), confusion.sum(axis=0)[:size]
    rows, correct = int(confusion.sum()), int(right.sum())
    with np.errstate(invalid="ignore"):
        recall, precision, f1 = right / present, right / answered, 2 * right / (present + answered)
    return Scores(
        classes=classes,
        rows=rows,
        accuracy=correct / rows,
        interval=wilson(correct, rows, level),
        confusion=confusion,
        recall=recall,
        precision=precision,
        macro_f1=float(np.nanmean(f1)),
        balanced_accuracy=float(np.nanmean(recall)),
    )


def wilson(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion, both ends in [0, 1].

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".
    """
    z = -NormalDist().inv_cdf((1 - level) / 2)  # (1 + level) / 2 would round to 1
    share = successes / trials
    middle = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * (share * (1 - share) / trials + z**2 / (4 * trials**2)) ** 0.5
    # exact at the ends, where rounding would leave the share itself outside
    return 0.0 if successes == 0 else middle - half, 1.0 if successes == trials else middle + half
