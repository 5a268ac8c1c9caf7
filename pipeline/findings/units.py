"""Two units in one column: rows that, converted by a known factor, fall among the others."""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from pipeline.findings.association import ranked
from pipeline.findings.distribution import at_least, two_sample
from pipeline.machine.arrays import Floats, Integers

_ROWS = 3000  # looked at, evenly spread: enough for a share of 1 %, few enough for many columns
_LEVELS = 20  # distinct values, for a column to be fine
_LEAST = 5  # rows of the smaller clump, and distinct values in it
_FAR = 2.0  # logarithm of a factor beyond which half of the rows may be in either unit: no kinds of patients are so far apart
_STEPS = 3  # to which values are rounded, for a valley to be one
_TAIL = 0.05  # of the larger clump, at either end
_REACHES = (1.0, 1.5, 2.0)  # times the distance of those ends from the median: where either clump ends and the valley begins
_UNLIKE = 0.25  # largest Kolmogorov-Smirnov distance after conversion, beyond what chance makes of few rows
_CHANCE = 1.95  # the limit of that distance at 0.001, times the root of the rows


@dataclass(frozen=True)
class Conversion:
    """Two units of a quantity: ``greater = factor * (smaller - zero) + zero``; ``zero`` is the value that is the same in both."""

    quantity: str
    smaller: str
    greater: str
    factor: float
    zero: float = 0.0


CONVERSIONS = (
    Conversion("glucose", "mmol/L", "mg/dL", 18.016),
    Conversion("cholesterol", "mmol/L", "mg/dL", 38.67),
    Conversion("triglycerides", "mmol/L", "mg/dL", 88.57),
    Conversion("creatinine", "mg/dL", "umol/L", 88.42),
    Conversion("HbA1c", "%", "mmol/mol", 10.929, 10.929 * 2.15 / 9.929),
    Conversion("weight", "kg", "lb", 2.2046),
    Conversion("length", "in", "cm", 2.54),
    Conversion("temperature", "Celsius", "Fahrenheit", 1.8, -40.0),
)


@dataclass(frozen=True)
class Mixture:
    """A conversion, whether the fewer rows are in its greater unit, the p-value of two clumps, and how unlike they are converted.

    ``rows`` are those of the smaller clump, by number in what was given.
    """

    conversion: Conversion
    greater: bool
    rows: Integers
    p_value: float
    distance: float


def mixture(values: Floats, classes: Integers) -> Mixture | None:
    """Return the mixture of two units that fits a column best, if one fits; its p-value is corrected for all units. See D214.

    Args:
        values: (rows,) of a column; NaN is missing.
        classes: (rows,) class numbers.
    """
    looked = np.arange(0, len(values), -(-len(values) // _ROWS))
    looked = looked[~np.isnan(values[looked])]
    levels = np.unique(values[looked])
    if len(levels) < _LEVELS:
        return None
    step, fits = float(np.diff(levels).min()), []
    for conversion in CONVERSIONS:
        sample = _logarithms(values[looked], conversion.zero)
        centres = _medians(sample, classes[looked], int(classes.max()) + 1)
        sample = sample - centres[classes[looked]]
        for greater, sign in ((True, 1.0), (False, -1.0)):
            shift = log(conversion.factor)
            lower = values[looked][sample <= (shift if greater else -shift) / 2] - conversion.zero
            rounded = step / np.median(lower[lower > 0]) if (lower > 0).any() else 0.0
            if fit := _two_clumps(sign * sample, shift, float(rounded)):
                p_value, distance = fit
                scaled = sign * (_logarithms(values, conversion.zero) - centres[classes])
                rows = np.flatnonzero(scaled > shift / 2)
                fits.append(Mixture(conversion, greater, rows, min(1.0, 2 * len(CONVERSIONS) * p_value), distance))
    return min(fits, key=lambda fit: fit.distance, default=None)


def _logarithms(values: Floats, zero: float) -> Floats:
    """Return the logarithms of what values are above ``zero``; NaN where they are not."""
    return np.log(np.where(values > zero, values - zero, np.nan))


def _medians(values: Floats, classes: Integers, size: int) -> Floats:
    """Return the median of each class, NaN where it has no value."""
    parts = (values[(classes == place) & ~np.isnan(values)] for place in range(size))
    return np.array([np.median(part) if len(part) else np.nan for part in parts])


def _two_clumps(scaled: Floats, shift: float, step: float) -> tuple[float, float] | None:
    """Return the p-value that a second clump lies one shift above the first, and how unlike both are once it is shifted back.

    If values become rarer all the way from the first clump on, whatever its shape, the valley between both holds at least as many
    for its width as the interval does where the second should lie. None where the second clump does not fall onto the first, or
    where either is no wider than three steps to which values are rounded.
    """
    scaled = scaled[~np.isnan(scaled)]
    large, small = scaled[np.abs(scaled) <= shift / 2], scaled[scaled > shift / 2] - shift
    if len(small) < _LEAST or len(np.unique(small)) < _LEAST or len(large) < (1 if shift > _FAR else 2) * len(small):
        return None
    low, high = np.quantile(large, [_TAIL, 1 - _TAIL])
    both, noise = ranked(np.concatenate([large, small])), sqrt(1 / len(small) + 1 / len(large))
    distance = noise * two_sample(both, np.arange(len(both.level)) < len(large))  # Kolmogorov and Smirnov's
    if distance > max(_UNLIKE, _CHANCE * noise) or np.unique(small, return_counts=True)[1].max() > len(small) / 2:
        return None
    width, inside, p_values = high - low, int(((small >= low) & (small <= high)).sum()), [1.0]
    for reach in _REACHES:
        start, end = reach * high, shift + reach * low
        if end - start > 0 and min(end - start, width) >= _STEPS * step:
            between = int(((scaled > start) & (scaled < end)).sum())
            p_values.append(at_least(inside, inside + between, width / (width + end - start)))
    return min(1.0, len(_REACHES) * min(p_values)), distance
