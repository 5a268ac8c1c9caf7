"""Whether a probability means what it says: logistic recalibration and the calibration curve.

Everywhere ``hit`` is (rows,) whether the row is of the class, and ``weights`` (resamples, rows) how often each row counts.
"""

from dataclasses import dataclass
from math import exp

import numpy as np

from pipeline.judge.metrics import wilson
from pipeline.machine.arrays import Flags, Floats, Integers

_STEPS = 100
_LEAST = 0.001
_SETTLED = 1e-5  # a Newton step so short leaves an error of about its square


@dataclass(frozen=True)
class Curve:
    """The (bins,) predicted probabilities, rising, beside the observed shares, their rows and their (bins, 2) Wilson interval."""

    predicted: Floats
    observed: Floats
    rows: Integers
    interval: Floats


def curve(probability: Floats, hit: Flags, level: float, bins: int = 10) -> Curve:
    """Part the rows at the quantiles of their (rows,) probability; ``level`` is the coverage of the intervals.

    Equal quantiles are one edge, so that there may be fewer ``bins``; no row gives no bin. Source: the bins of
    sklearn.calibration.calibration_curve with strategy "quantile".
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
    """Return the (resamples,) intercepts and slopes of a logistic regression of ``hit`` on (rows,) log odds.

    Intercept 0 and slope 1 are perfect; a slope below 1 says that the probabilities are too extreme. By maximum likelihood,
    with Newton steps for all resamples together, from an intercept and a slope to ``start`` from. Where a threshold parts all
    hits from all misses the slope is infinite and the intercept NaN; both are NaN where the rows that count are of one kind
    or have one logit. Source: Cox (1958), "Two further applications of a model for binary regression".
    """
    slope, intercept = _separated(logit, hit, weights), np.full(len(weights), np.nan)
    if (fit := slope == 0).any():
        middle, scale = logit.mean(), logit.std()
        first = np.array([start[0] + start[1] * middle, start[1] * scale])
        fitted = _newton((logit - middle) / scale, hit, weights[fit], first)
        slope[fit] = fitted[1] / scale
        intercept[fit] = fitted[0] - slope[fit] * middle
    return intercept, slope


def unlike_chances(probability: Floats, hit: Flags, groups: Integers) -> float:
    """Return the p-value of (rows,) probabilities being right: of intercept 0 and slope 1 of the recalibration, together.

    Rao's score test of both: it needs no fit, and its variances are those that the probabilities themselves ask for. Rows of one
    of the (rows,) groups, such as copies, may all be decided at once: the larger p counts of one that takes rows as independent
    and one that takes groups as wholes. No probability counts as less than 0.001. Rows without one are left out; p is 1 where
    there are no others. Sources: Cox (1958), as in ``recalibrate``; Rao (1948), "Large sample tests of statistical hypotheses
    concerning several parameters".
    """
    known = ~np.isnan(probability)
    if not known.any():
        return 1.0
    probability, hit, groups = probability[known], hit[known], groups[known]
    within = np.clip(probability, _LEAST, 1 - _LEAST)
    terms = np.stack([np.ones_like(within), log_odds(within)], axis=1)
    score, spreads = (hit - within) @ terms, np.sqrt(within * (1 - within))[:, None] * terms
    number = np.unique(groups, return_inverse=True)[1]
    wholes = np.stack([np.bincount(number, column) for column in spreads.T], axis=1)
    return max(exp(-float(score @ np.linalg.pinv(parts.T @ parts) @ score) / 2) for parts in (spreads, wholes))


@np.errstate(divide="ignore", invalid="ignore")
def in_the_large(logit: Floats, hit: Flags, weights: Floats, start: float) -> Floats:
    """Return the (resamples,) calibration in the large: the intercept of ``recalibrate`` with the slope held at 1.

    Below 0 the probabilities are too high on average. Source: Van Calster et al. (2019), "Calibration: the Achilles heel of
    predictive analytics", who call it the calibration intercept. Newton steps, halved where they would leave the bracket.
    NaN where the rows that count are of one kind.
    """
    sign, ratio = np.where(hit, 1.0, -1.0), np.exp(logit)
    observed = np.log((weights @ hit) / (weights @ ~hit))
    value = np.where(np.isfinite(observed), 0.0, np.nan)
    low, high = observed - logit.max() + value, observed - logit.min() + value
    value = np.clip(value + start, low, high)
    for _ in range(_STEPS):
        odds = np.exp(value)[:, None] * ratio
        miss = np.where(hit, 1.0, odds)  # the fitted probability of what did not happen
        miss /= np.add(odds, 1, out=odds)
        error = weights * miss
        excess, curvature = error @ sign, error.sum(axis=1) - np.einsum("rn,rn->r", error, miss)
        low, high = np.where(excess > 0, value, low), np.where(excess < 0, value, high)
        after = value + np.where(excess == 0, 0.0, excess / curvature)
        before, value = value, np.where((after >= low) & (after <= high), after, (low + high) / 2)
        if not np.any(np.abs(value - before) > _SETTLED * (1 + np.abs(before))):
            break
    return value


def _separated(logit: Floats, hit: Flags, weights: Floats) -> Floats:
    """Return the (resamples,) slopes where no fit is needed, infinite or NaN as in ``recalibrate``; 0 elsewhere.

    Source: Albert and Anderson (1984), for one covariate: the estimate is finite only where hits and misses overlap.
    """
    order = np.argsort(logit)
    logit, hit, drawn = logit[order], hit[order], (weights > 0)[:, order]
    (lowest_hit, highest_hit), (lowest_miss, highest_miss) = (_ends(logit, drawn & rows) for rows in (hit, ~hit))
    rising, falling = highest_miss <= lowest_hit, highest_hit <= lowest_miss
    return np.select([rising & falling, rising, falling], [np.nan, np.inf, -np.inf], 0.0)


def _ends(values: Floats, counted: Flags) -> tuple[Floats, Floats]:
    """Return the lowest and the highest of (rows,) rising values that each line of flags counts; infinite where none counts."""
    some, last = counted.any(axis=1), len(values) - 1 - counted[:, ::-1].argmax(axis=1)
    return np.where(some, values[counted.argmax(axis=1)], np.inf), np.where(some, values[last], -np.inf)


def _newton(x: Floats, hit: Flags, weights: Floats, start: Floats) -> Floats:
    """Return (2, resamples) intercepts and slopes for a standardised covariate; NaN where the steps do not settle.

    A step may at most double the values, plus 1: where the data are nearly separated a whole one may overshoot for ever.
    """
    sign = np.where(hit, 1.0, -1.0)
    line = np.repeat(start[:, None], len(weights), axis=1)
    gradient, powers = np.stack([sign, sign * x], axis=1), np.stack([np.ones_like(x), x, x**2], axis=1)
    result, active = np.full_like(line, np.nan), np.arange(len(weights))
    for _ in range(_STEPS):
        miss = line[0][:, None] * sign
        miss += line[1][:, None] * gradient[:, 1]
        np.exp(np.minimum(miss, 700, out=miss), out=miss)
        np.divide(1, np.add(miss, 1, out=miss), out=miss)  # the fitted probability of what did not happen, exact where it is tiny
        error = weights * miss
        g0, g1 = (error @ gradient).T
        h0, h1, h2 = (np.subtract(error, np.multiply(error, miss, out=miss), out=miss) @ powers).T
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.array([h2 * g0 - h1 * g1, h0 * g1 - h1 * g0]) / (h0 * h2 - h1**2)
            step *= np.minimum(1, (1 + np.abs(line).max(axis=0)) / np.abs(step).max(axis=0))
        line = line + step
        moving = np.abs(step).max(axis=0) > _SETTLED * (1 + np.abs(line).max(axis=0))
        settled = ~moving & np.isfinite(line).all(axis=0)
        result[:, active[settled]] = line[:, settled]
        if not moving.any():
            break
        active, weights, line = active[moving], weights[moving], line[:, moving]
    return result
