"""Figures about answers: counts, rates and their intervals."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from pipeline.config.schema import RESAMPLES
from pipeline.judge.bootstrap import Estimate, Interval, estimate
from pipeline.machine.arrays import Floats, Integers
from pipeline.network.coding import NO_CLASS


@dataclass(frozen=True)
class Scores:
    """How the answers to some rows compare with the truth, for K classes.

    Attributes:
        classes, rows: names, in the order of every per-class figure, and how many rows.
        accuracy, interval: share of right answers, no class never being right, and its Wilson interval.
        confusion: (K, K + 1) counts, truth by answer; the last column counts rows without a class.
        recall: (K,) sensitivity; NaN for a class without rows.
        specificity: (K,) share of the other rows that were not answered with this class; NaN if there are none.
        precision: (K,) positive predictive value; NaN for a class that was never answered.
        negative_predictive_value: (K,) share of other classes among the rows not answered with this class; NaN if there are none.
        recall_interval, and so on: (K, 2) Wilson intervals, NaN with their figure.
        macro_f1: mean of the classes' F1; classes neither present nor answered are left out.
        balanced_accuracy: mean recall of the classes present; both have bootstrap intervals, with NaN for an undefined end.
    """

    classes: tuple[str, ...]
    rows: int
    accuracy: float
    interval: Interval
    confusion: Integers
    recall: Floats
    specificity: Floats
    precision: Floats
    negative_predictive_value: Floats
    recall_interval: Floats
    specificity_interval: Floats
    precision_interval: Floats
    negative_predictive_value_interval: Floats
    macro_f1: float
    balanced_accuracy: float
    macro_f1_interval: Interval
    balanced_accuracy_interval: Interval


def score(
    truth: ArrayLike, answers: ArrayLike, classes: tuple[str, ...], level: float, seed: int = 0, resamples: int = RESAMPLES
) -> Scores:
    """Compare (rows,) class indices, of ``classes``; an answer of ``NO_CLASS`` is wrong.

    ``level`` is the coverage of the intervals. Their ``resamples`` take as long for many rows as for few.
    """
    size = len(classes)
    confusion = np.zeros((size, size + 1), dtype=np.int64)
    np.add.at(confusion, (np.asarray(truth), np.where(np.asarray(answers) == NO_CLASS, size, answers)), 1)
    right, present, answered = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)[:size]
    rows, correct = int(confusion.sum()), int(right.sum())
    neither = rows - present - answered + right
    successes_of_trials = {
        "recall": (right, present),
        "specificity": (neither, rows - present),
        "precision": (right, answered),
        "negative_predictive_value": (neither, rows - answered),
    }
    rates: dict[str, Floats] = {}
    for name, (successes, trials) in successes_of_trials.items():
        with np.errstate(invalid="ignore"):
            rates[name] = successes / trials
        rates[f"{name}_interval"] = np.array([wilson(int(s), int(n), level) for s, n in zip(successes, trials, strict=True)])
    macro_f1, balanced = _macro_figures(confusion, rates["recall_interval"], level, seed, resamples)
    return Scores(
        classes,
        rows,
        correct / rows,
        wilson(correct, rows, level),
        confusion,
        **rates,
        macro_f1=macro_f1.value,
        balanced_accuracy=balanced.value,
        macro_f1_interval=macro_f1.interval,
        balanced_accuracy_interval=balanced.interval,
    )


def wilson(successes: float, trials: int, level: float = 0.95) -> Interval:
    """Return the Wilson score interval of a proportion, both ends in [0, 1]; NaN without trials.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".
    """
    if not trials:
        return float("nan"), float("nan")
    z = -NormalDist().inv_cdf((1 - level) / 2)  # (1 + level) / 2 would round to 1
    share = successes / trials
    middle = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * (share * (1 - share) / trials + z**2 / (4 * trials**2)) ** 0.5
    # exact at the ends, where rounding would leave the share itself outside
    return 0.0 if successes == 0 else middle - half, 1.0 if successes == trials else middle + half


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p-value of McNemar's test, that two classifiers are right equally often on the same rows.

    Under that hypothesis the rows that only one of them has right are tosses of a fair coin. Source: McNemar (1947), "Note
    on the sampling error of the difference between correlated proportions or percentages".
    """
    tosses, drawn = only_first + only_second, np.arange(1, min(only_first, only_second) + 1)
    logs = np.cumsum(np.log((tosses - drawn + 1) / drawn))  # of the binomial coefficients
    halves = tosses * np.log(2)
    return min(1.0, 2 * float(np.exp(-halves) + np.exp(logs - halves).sum()))


def _macro_figures(confusion: Integers, recall: Floats, level: float, seed: int, resamples: int) -> list[Estimate]:
    """Return macro F1 and balanced accuracy with their bootstrap intervals.

    Resampling rows is drawing their cells of the confusion matrix from a multinomial distribution. Where no resample
    differs, as with a test without a mistake, both lie between the means of the ends of the ``recall`` intervals.
    """
    rows, shape = confusion.sum(), confusion.shape
    drawn = np.random.default_rng(seed).multinomial(rows, confusion.ravel() / rows, size=resamples)
    cells = np.flatnonzero(confusion)
    without = confusion.ravel() - np.eye(confusion.size, dtype=np.int64)[cells]  # one row of each filled cell left out
    per_class = [_f1_and_recall(counts.reshape(-1, *shape)) for counts in (confusion, drawn, without)]
    defined = ~np.isnan(per_class[0][0])  # a class that the rows lack is left out of every resample too
    figures = []
    for position in (0, 1):
        (value,), samples, left = (values[:, defined[:, position], position].mean(axis=1) for values in per_class)
        if np.ptp(samples) == 0:
            figures.append(Estimate(float(value), *np.nanmean(recall, axis=0).tolist()))
        else:
            figures.append(estimate(float(value), samples, left, level, confusion.ravel()[cells]))
    return figures


def _f1_and_recall(confusion: Integers) -> Floats:
    """Return (..., K, 2): F1 and recall of each class for (..., K, K + 1) counts; NaN where undefined."""
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    present, answered = confusion.sum(axis=-1), confusion.sum(axis=-2)[..., :-1]
    with np.errstate(invalid="ignore"):
        return np.stack([2 * right / (present + answered), right / present], axis=-1)
