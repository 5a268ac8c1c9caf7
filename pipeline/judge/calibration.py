"""Whether a probability means what it says: logistic recalibration and the calibration curve."""

from dataclasses import dataclass

import numpy as np

from pipeline.judge.metrics import wilson
from pipeline.machine.arrays import Flags, Floats, Integers

_STEPS = 100
_SETTLED = 1e-5  # a Newton step so short leaves an error of about its square


@dataclass(frozen=True)
class Curve:
    """Predicted probability beside observed share, in bins of about equally many rows.

    Attributes:
        predicted: (bins,) mean probability, rising.
        observed: (bins,) share of the class.
        rows: (bins,) counts.
        interval: (bins, 2) Wilson interval of ``observed``.
    """

    predicted: Floats
    observed: Floats
    rows: Integers
    interval: Floats


def curve(probability: Floats, hit: Flags, level: float, bins: int = 10) -> Curve:
    """Part the rows at the quantiles of the probability; equal quantiles are one edge, so that there may be fewer bins.

    Source: the bins of sklearn.calibration.calibration_curve with strategy "quantile".

    Args:
        probability: (rows,) of the class; no row gives no bin.
        hit: (rows,) whether the row is of the class.
        level: coverage of the intervals.
        bins: at most so many.
    """
    edges = np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1]) if len(probability) else np.empty(0)
    _, bin_of = np.unique(np.searchsorted(edges, probability), return_inverse=True)
    rows, hits = np.bincount(bin_of), np.bincount(bin_of, hit)
    interval = [wilson(int(successes), int(trials), level) for successes, trials in zip(hits, rows, strict=True)]
    return Curve(np.bincount(bin_of, probability) / rows, hits / rows, rows, np.array(interval).reshape(-1, 2))


def log_odds(probability: Floats) -> Floats:
    """Return the logit of probabilities, clipped at the precision of float64 as scikit-learn's log loss does: at most 36."""
    least = np.finfo(np.float64).eps
    within = np.clip(probability, least, 1 - least)
    return np.asarray(np.log(within) - np.log1p(-within))


def recalibrate(logit: Floats, hit: Flags, weights: Floats, start: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return the (resamples,) intercepts and slopes of a logistic regression of ``hit`` on ``logit``: 0 and 1 are perfect.

    A slope below 1 says that the probabilities are too extreme. Source: Cox (1958), "Two further applications of a model
    for binary regression"; by maximum likelihood, with Newton steps for all resamples together. Where a threshold parts
    all hits from all misses the slope is infinite and the intercept NaN; both are NaN where the rows that count are of one
    kind or have one logit.

    Args:
        logit: (rows,) log odds of the class.
        hit: (rows,) whether the row is of the class.
        weights: (resamples, rows) how often each row counts.
        start: intercept and slope to start from, such as those of all rows.
    """
    slope = _separated(logit, hit, weights)
    intercept = np.full(len(weights), np.nan)
    fit = slope == 0
    if fit.any():
        middle, scale = logit.mean(), logit.std()
        first = np.array([start[0] + start[1] * middle, start[1] * scale])
        found = _newton((logit - middle) / scale, hit, weights[fit], first)
        slope[fit] = found[1] / scale
        intercept[fit] = found[0] - slope[fit] * middle
    return intercept, slope


def in_the_large(logit: Floats, hit: Flags, weights: Floats, start: float) -> Floats:
    """Return the (resamples,) calibration in the large: the intercept of ``recalibrate`` with the slope held at 1.

    Below 0 the probabilities are too high on average. Source: Van Calster et al. (2019), "Calibration: the Achilles heel of
    predictive analytics", who call it the calibration intercept. Newton steps, halved where they would leave the bracket.
    NaN where the rows that count are of one kind.
    """
    sign, ratio = np.where(hit, 1.0, -1.0), np.exp(logit)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = np.log((weights @ hit) / (weights @ ~hit))
    value = np.where(np.isfinite(observed), 0.0, np.nan)
    low, high = observed - logit.max() + value, observed - logit.min() + value
    value = np.clip(value + start, low, high)
    for _ in range(_STEPS):
        odds = np.exp(value)[:, None] * ratio
        miss = np.where(hit, 1.0, odds) / (1 + odds)  # the fitted probability of what did not happen
        error = weights * miss
        excess, curvature = error @ sign, error.sum(axis=1) - np.einsum("rn,rn->r", error, miss)
        low, high = np.where(excess > 0, value, low), np.where(excess < 0, value, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            after = value + np.where(excess == 0, 0.0, excess / curvature)
        after = np.where((after >= low) & (after <= high), after, (low + high) / 2)
        done = not np.any(np.abs(after - value) > _SETTLED * (1 + np.abs(value)))
        value = after
        if done:
            break
    return value


def _separated(logit: Floats, hit: Flags, weights: Floats) -> Floats:
    """Return (resamples,) the slope where no fit is needed: infinite or NaN as ``recalibrate`` says; 0 elsewhere.

    Source: Albert and Anderson (1984), for one covariate: the estimate is finite only where hits and misses overlap.
    """

    def ends(rows: Flags) -> tuple[Floats, Floats]:
        counted = weights[:, rows] > 0
        lowest = np.where(counted, logit[rows], np.inf).min(axis=1, initial=np.inf)
        return lowest, np.where(counted, logit[rows], -np.inf).max(axis=1, initial=-np.inf)

    (hit_low, hit_high), (miss_low, miss_high) = ends(hit), ends(~hit)
    rising, falling = miss_high <= hit_low, hit_high <= miss_low
    return np.select([rising & falling, rising, falling], [np.nan, np.inf, -np.inf], 0.0)


def _newton(x: Floats, hit: Flags, weights: Floats, start: Floats) -> Floats:
    """Return (2, resamples) intercepts and slopes for a standardised covariate; NaN where the steps do not settle.

    A step may at most double what was found, plus 1: where the data are nearly separated a whole one may overshoot for ever.
    """
    sign = np.where(hit, 1.0, -1.0)
    found = np.repeat(start[:, None], len(weights), axis=1)
    gradient, powers = np.stack([sign, sign * x], axis=1), np.stack([np.ones_like(x), x, x**2], axis=1)
    result, active = np.full_like(found, np.nan), np.arange(len(weights))
    for _ in range(_STEPS):
        against = np.exp(np.minimum(found[0][:, None] * sign + found[1][:, None] * (sign * x), 700))
        miss = 1 / (1 + against)  # the fitted probability of what did not happen, exact where it is tiny
        error = weights * miss
        g0, g1 = (error @ gradient).T
        h0, h1, h2 = ((error - error * miss) @ powers).T
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.array([h2 * g0 - h1 * g1, h0 * g1 - h1 * g0]) / (h0 * h2 - h1**2)
            step *= np.minimum(1, (1 + np.abs(found).max(axis=0)) / np.abs(step).max(axis=0))
        found = found + step
        moving = np.abs(step).max(axis=0) > _SETTLED * (1 + np.abs(found).max(axis=0))
        settled = ~moving & np.isfinite(found).all(axis=0)
        result[:, active[settled]] = found[:, settled]
        if not moving.any():
            break
        active, weights, found = active[moving], weights[moving], found[:, moving]
    return result
