"""Figures about probabilities: ranking, calibration and proper scores, each with its interval."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pipeline.judge.bootstrap import BLOCKS, MANY_ROWS, RESAMPLES, UNKNOWN, Estimate, estimate, jackknife, left_out, weights
from pipeline.judge.calibration import Curve, curve, in_the_large, log_odds, recalibrate
from pipeline.judge.ranking import auc, perfect_auc_low
from pipeline.machine.arrays import Flags, Floats


@dataclass(frozen=True)
class ClassProbability:
    """One class against the rest.

    Attributes:
        auc: area under the ROC curve; undefined where all rows are of the class or none.
        slope: of the logistic recalibration; infinite where a threshold on the probability makes no mistake.
        intercept: of the same fit as ``slope``; undefined where that is infinite.
        in_the_large: intercept with the slope held at 1.
        curve: predicted probability beside observed share.
    """

    auc: Estimate
    slope: Estimate
    intercept: Estimate
    in_the_large: Estimate
    curve: Curve


@dataclass(frozen=True)
class ProbabilityScores:
    """How the probabilities of some rows compare with the truth, for K classes.

    Attributes:
        classes: names, in the order of ``per_class``.
        rows: number of rows.
        per_class: one entry a class.
        macro_auc: mean over the classes whose ``auc`` is defined.
        brier: sum over classes of squared differences, mean over rows; from 0 to 2. Source: Brier (1950).
        log_loss: mean of -ln of the probability of the true class, clipped at the precision of float64.
    """

    classes: tuple[str, ...]
    rows: int
    per_class: tuple[ClassProbability, ...]
    macro_auc: Estimate
    brier: Estimate
    log_loss: Estimate


def score_probabilities(
    truth: ArrayLike,
    probabilities: ArrayLike,
    classes: tuple[str, ...],
    level: float,
    seed: int = 0,
    resamples: int | None = None,
) -> ProbabilityScores:
    """Compare (rows, K) probabilities with (rows,) class indices.

    A single row without probabilities (NaN) leaves every figure undefined: leaving it out would flatter a network that
    fails on hard rows. So does a file without rows. Up to 10,000 rows the intervals are BCa bootstrap intervals; beyond, where
    resampling takes minutes, t intervals of a jackknife of 25 blocks, unless ``resamples`` is given.

    Args:
        truth: indices into ``classes``.
        probabilities: of each class.
        classes: names.
        level: coverage of the intervals, such as 0.95.
        seed: of the resamples or blocks; the same seed gives the same intervals.
        resamples: how many; None is 1,000, or none for more than 10,000 rows.
    """
    table, actual = np.asarray(probabilities, dtype=np.float64), np.asarray(truth)
    hits = actual[:, None] == np.arange(len(classes))
    if not len(actual) or np.isnan(table).any():
        empty = curve(np.empty(0), np.empty(0, dtype=bool), level)
        nothing = ClassProbability(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, empty)
        return ProbabilityScores(classes, len(actual), (nothing,) * len(classes), UNKNOWN, UNKNOWN, UNKNOWN)
    *singles, macro, brier, log_loss = _estimates(table, hits, level, seed, resamples)
    per_class = []
    for column, (hit, probability) in enumerate(zip(hits.T, table.T, strict=True)):
        area, slope, intercept, large = singles[4 * column : 4 * column + 4]
        binned = curve(probability, hit, level)
        per_class.append(ClassProbability(_widened(area, hit, level), slope, intercept, large, binned))
    return ProbabilityScores(
        classes, len(actual), tuple(per_class), _macro(macro, [each.auc for each in per_class]), brier, log_loss
    )


def _estimates(table: Floats, hits: Flags, level: float, seed: int, resamples: int | None) -> list[Estimate]:
    """Return the figures of ``_figures``, each with its interval."""
    rows, once = len(table), _figures(table, hits, np.ones((1, len(table))), None)[0]

    def each(parts: Iterator[Floats]) -> Floats:
        return np.concatenate([_figures(table, hits, part, once) for part in parts]).T

    if resamples is None and rows > MANY_ROWS:
        one_class = [(0.0, 1.0), (-np.inf, np.inf), (-np.inf, np.inf), (-np.inf, np.inf)]
        bounds = [*one_class * hits.shape[1], (0.0, 1.0), (0.0, 2.0), (0.0, np.inf)]
        blocks = zip(once.tolist(), each(left_out(rows, BLOCKS, seed)), bounds, strict=True)
        return [jackknife(value, without, level, *ends) for value, without, ends in blocks]
    drawn = zip(once.tolist(), each(weights(rows, resamples or RESAMPLES, seed)), each(left_out(rows)), strict=True)
    return [estimate(value, samples, without, level) for value, samples, without in drawn]


def _figures(table: Floats, hits: Flags, weighted: Floats, start: Floats | None) -> Floats:
    """Return (resamples, 4 K + 3): AUC, slope, intercept and in-the-large of each class, macro AUC, Brier score, log loss.

    ``start`` is the same of all rows, from which the fits begin.
    """
    columns: list[Floats] = []
    for position, (probability, hit) in enumerate(zip(table.T, hits.T, strict=True)):
        _, slope, intercept, large = (0.0, 0.0, 0.0, 0.0) if start is None else start[4 * position : 4 * position + 4]
        logit = log_odds(probability)
        fitted = (intercept, slope) if np.isfinite(intercept) else (0.0, 0.0)
        intercepts, slopes = recalibrate(logit, hit, weighted, fitted)
        columns += [auc(probability, hit, weighted), slopes, intercepts]
        columns.append(in_the_large(logit, hit, weighted, large if np.isfinite(large) else 0.0))
    both = hits.any(axis=0) & ~hits.all(axis=0)
    areas = np.array(columns[::4])[both]
    macro = areas.mean(axis=0) if both.any() else np.full(len(weighted), np.nan)
    least = np.finfo(np.float64).eps
    surprise = -np.log(np.clip(table[hits], least, 1 - least))
    squares = ((table - hits) ** 2).sum(axis=1)
    with np.errstate(invalid="ignore"):  # the only row left out
        means = weighted @ np.stack([squares, surprise], axis=1) / weighted.sum(axis=1, keepdims=True)
    return np.array([*columns, macro, *means.T]).T


def _widened(area: Estimate, hit: Flags, level: float) -> Estimate:
    """Return an area with an interval that says what a perfect ranking of few rows leaves open."""
    if area.value not in (0.0, 1.0):
        return area
    low = perfect_auc_low(int(hit.sum()), int((~hit).sum()), level)
    return Estimate(1.0, low, 1.0) if area.value else Estimate(0.0, 0.0, 1 - low)


def _macro(macro: Estimate, areas: list[Estimate]) -> Estimate:
    """Return the mean area; where every class ranks perfectly, between the means of the classes' ends."""
    known = [each for each in areas if not np.isnan(each.value)]
    if not known or any(each.value not in (0.0, 1.0) for each in known):
        return macro
    return Estimate(macro.value, float(np.mean([each.low for each in known])), float(np.mean([each.high for each in known])))
