"""What the sets of possible classes are worth: see ``pipeline.network.steepness.with_sets``."""

from dataclasses import dataclass

import numpy as np

from pipeline.judge.bootstrap import Interval
from pipeline.judge.grouped import accuracy_interval
from pipeline.machine.arrays import Flags, Integers


@dataclass(frozen=True)
class SetScores:
    """How the sets of some rows compare with the truth.

    Attributes:
        confidence: how often a set is to hold the class.
        rows: how many.
        coverage, coverage_interval: share of the rows whose set holds the class.
        mean_size: classes in a set.
        unsure: share of the rows whose set holds more than one class.
        sure_accuracy: share of the others whose only class is the true one; None where there are none.
        unseen: the same of the rows that the folds held out.
    """

    confidence: float
    rows: int
    coverage: float
    coverage_interval: Interval
    mean_size: float
    unsure: float
    sure_accuracy: float | None
    unseen: "SetScores | None" = None


def score_sets(truth: Integers, possible: Flags, groups: Integers, level: float, confidence: float) -> SetScores:
    """Compare (rows, K) sets with (rows,) class indices; rows of one of the (rows,) ``groups`` count as one in the interval.

    A row without an answer has every class in its set: nothing is excluded there.
    """
    held, sizes = possible[np.arange(len(truth)), truth], possible.sum(axis=1)
    sure = sizes == 1
    right = float(held[sure].mean()) if sure.any() else None
    interval = accuracy_interval(held, groups, level)
    return SetScores(confidence, len(truth), float(held.mean()), interval, float(sizes.mean()), float((~sure).mean()), right)
