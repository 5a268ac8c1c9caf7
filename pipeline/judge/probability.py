"""Figures about probabilities: ranking, calibration and proper scores, each with its interval."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from statistics import NormalDist

import numpy as np

from pipeline.config.schema import RESAMPLES
from pipeline.judge.bootstrap import BLOCKS, MANY_ROWS, UNKNOWN, Estimate, estimate, jackknife, left_out, weights
from pipeline.judge.calibration import Curve, curve, in_the_large, log_odds, recalibrate
from pipeline.machine.arrays import Flags, Floats, Integers

_AT_ONCE = 2  # classes, for memory


@dataclass(frozen=True)
class ClassProbability:
    """One class against the rest.

    Attributes:
        auc: area under the ROC curve; undefined where all rows are of the class or none.
        slope, intercept: of the logistic recalibration; infinite and undefined where a threshold makes no mistake.
        in_the_large: intercept with the slope held at 1.
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
        classes, rows, per_class: the names, how many rows, and one entry a class.
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


@dataclass(frozen=True)
class ProbabilityFigures:
    """Those of ``ProbabilityScores`` that are of all classes together, without their intervals; None where undefined."""

    macro_auc: float | None = None
    brier: float | None = None
    log_loss: float | None = None


def score_probabilities(
    truth: Integers, probabilities: Floats, classes: tuple[str, ...], level: float, seed: int = 0, resamples: int | None = None
) -> ProbabilityScores:
    """Compare (rows, K) probabilities with (rows,) indices into ``classes``; ``level`` is the coverage of the intervals.

    A single row without probabilities (NaN) leaves every figure undefined: leaving it out would flatter a network that
    fails on hard rows. So does a file without rows. Up to 10,000 rows the intervals are BCa bootstrap intervals of 1,000
    ``resamples``; beyond, where resampling takes minutes, t intervals of a jackknife of 25 blocks, unless the number is given.
    """
    hits = truth[:, None] == np.arange(len(classes))
    if not len(truth) or np.isnan(probabilities).any():
        nothing = ClassProbability(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, curve(np.empty(0), np.empty(0, dtype=bool), level))
        return ProbabilityScores(classes, len(truth), (nothing,) * len(classes), UNKNOWN, UNKNOWN, UNKNOWN)
    *singles, macro, brier, log_loss = _estimates(probabilities, hits, level, seed, resamples)
    by_class = zip(singles[::4], singles[1::4], singles[2::4], singles[3::4], probabilities.T, hits.T, strict=True)
    per_class = tuple(
        ClassProbability(_widened(area, hit, level), slope, intercept, large, curve(probability, hit, level))
        for area, slope, intercept, large, probability, hit in by_class
    )
    areas = [scores.auc for scores in per_class if not np.isnan(scores.auc.value)]
    if areas and all(area.value in (0.0, 1.0) for area in areas):  # every class ranks perfectly, and no resample differs
        macro = Estimate(macro.value, *(float(np.mean(ends)) for ends in zip(*(area.interval for area in areas), strict=True)))
    return ProbabilityScores(classes, len(truth), per_class, macro, brier, log_loss)


def _estimates(table: Floats, hits: Flags, level: float, seed: int, resamples: int | None) -> list[Estimate]:
    """Return the figures of ``_figures``, each with its interval."""
    rows, once = len(table), _figures(table, hits, np.ones((1, len(table))), np.zeros(4 * hits.shape[1] + 3))[0]

    def by_figure(parts: Iterator[Floats]) -> Floats:
        return np.concatenate([_figures(table, hits, part, once) for part in parts]).T

    if resamples is None and rows > MANY_ROWS:
        one_class = [(0.0, 1.0), *[(-np.inf, np.inf)] * 3]
        bounds = [*one_class * hits.shape[1], (0.0, 1.0), (0.0, 2.0), (0.0, np.inf)]
        blocks = zip(once.tolist(), by_figure(left_out(rows, BLOCKS, seed)), bounds, strict=True)
        return [jackknife(value, without, level, *ends) for value, without, ends in blocks]
    samples, without = by_figure(weights(rows, resamples or RESAMPLES, seed)), by_figure(left_out(rows))
    return [estimate(*figure, level) for figure in zip(once.tolist(), samples, without, strict=True)]


def _figures(table: Floats, hits: Flags, weighted: Floats, start: Floats) -> Floats:
    """Return (resamples, 4 K + 3): AUC, slope, intercept and in-the-large of each class, then those of ``overall_figures``.

    The fits begin from those in (4 K + 3,) ``start``.
    """

    def of_class(probability: Floats, hit: Flags, first: Floats) -> list[Floats]:
        logit, (_, slope, intercept, large) = log_odds(probability), first
        fitted = (intercept, slope) if np.isfinite(intercept) else (0.0, 0.0)
        intercepts, slopes = recalibrate(logit, hit, weighted, fitted)
        larges = in_the_large(logit, hit, weighted, large if np.isfinite(large) else 0.0)
        return [auc(probability, hit, weighted), slopes, intercepts, larges]

    with ThreadPoolExecutor(_AT_ONCE) as pool:  # most of the time NumPy is in loops during which others can run
        columns = [*chain.from_iterable(pool.map(of_class, table.T, hits.T, start[:-3].reshape(-1, 4)))]
    return np.array([*columns, *overall_figures(table, hits, weighted, columns[::4])]).T


def overall_figures(table: Floats, hits: Flags, weighted: Floats, areas: list[Floats]) -> list[Floats]:
    """Return the (resamples,) macro AUC, Brier scores and log losses; ``areas`` are the AUC of each class."""
    both = hits.any(axis=0) & ~hits.all(axis=0)
    macro = np.array(areas)[both].mean(axis=0) if both.any() else np.full(len(weighted), np.nan)
    least = np.finfo(np.float64).eps
    surprise = -np.log(np.clip(table[hits], least, 1 - least))
    squares = ((table - hits) ** 2).sum(axis=1)
    with np.errstate(invalid="ignore"):  # the only row left out
        means = weighted @ np.stack([squares, surprise], axis=1) / weighted.sum(axis=1, keepdims=True)
    return [macro, *means.T]


def probability_figures(truth: Integers, probabilities: Floats) -> ProbabilityFigures:
    """Compare (rows, K) probabilities with (rows,) class indices as ``score_probabilities`` does, without what takes long."""
    hits, once = truth[:, None] == np.arange(probabilities.shape[1]), np.ones((1, len(truth)))
    if not len(truth) or np.isnan(probabilities).any():
        return ProbabilityFigures()
    areas = [auc(probability, hit, once) for probability, hit in zip(probabilities.T, hits.T, strict=True)]
    figures = [float(figure[0]) for figure in overall_figures(probabilities, hits, once, areas)]
    return ProbabilityFigures(*(None if np.isnan(figure) else figure for figure in figures))


def _widened(area: Estimate, hit: Flags, level: float) -> Estimate:
    """Return an area with an interval that says what a perfect ranking of few rows leaves open."""
    if area.value not in (0.0, 1.0):
        return area
    low = perfect_auc_low(int(hit.sum()), int((~hit).sum()), level)
    return Estimate(1.0, low, 1.0) if area.value else Estimate(0.0, 0.0, 1 - low)


def auc(probability: Floats, hit: Flags, weights: Floats) -> Floats:
    """Return the (resamples,) areas under the ROC curve: the chance that a hit ranks above a miss, ties counting one half.

    Arguments as in ``pipeline.judge.calibration``; the area is NaN where no hit or no miss counts.
    """
    order = np.argsort(probability, kind="stable")
    ties = np.flatnonzero(np.diff(probability[order], prepend=-np.inf))
    sorted_hit, sorted_weights = hit[order], weights[:, order]
    hits = np.add.reduceat(sorted_weights * sorted_hit, ties, axis=1)
    misses = np.add.reduceat(sorted_weights * ~sorted_hit, ties, axis=1)
    below = misses.cumsum(axis=1) - misses / 2
    with np.errstate(invalid="ignore"):
        return np.asarray((hits * below).sum(axis=1) / (hits.sum(axis=1) * misses.sum(axis=1)))


def perfect_auc_low(hits: int, misses: int, level: float) -> float:
    """Return the lower end of the interval of an area of exactly 1, where resampling has nothing to vary.

    It is the area that lies ``z`` of its own standard errors below 1. Source: Newcombe (2006), "Confidence intervals for an
    effect size measure based on the Mann-Whitney statistic", part 2, method 5: Hanley and McNeil's variance with both
    sample sizes replaced by their mean.
    """
    z = -NormalDist().inv_cdf((1 - level) / 2)
    more, low, high = (hits + misses) / 2 - 1, 0.0, 1.0
    for _ in range(60):  # halves the bracket down to rounding
        area = (low + high) / 2
        variance = area * (1 - area) * (1 + more * ((1 - area) / (2 - area) + area / (1 + area))) / (hits * misses)
        low, high = (area, high) if 1 - area > z * variance**0.5 else (low, area)
    return low
