"""A value that is far more frequent than the values around it, as a number that stands for "missing" is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.findings.association import binomial_tail
from pipeline.findings.distribution import at_least, poisson_bound
from pipeline.machine.arrays import Floats, Integers

_LEVELS = 20  # other values, for a column to be fine
_OTHERS = 5  # other values of a coarse column
_LEAST = 5  # rows that hold the value
_NEAR = 10  # values on either side that a value is held against
_END = 3  # values beyond it, for a value to be inside
_TIMES = 3  # as frequent as the most frequent of them
_NEXT = 5  # values that a value at an end is held against
_TWICE = 2  # as frequent as the most frequent of them
_ROUNDING = 1e-9
_PLACES = 9  # decimal places in which a value may be round
_CANDIDATES = 20  # most frequent values that are looked at
_NONE = 1 / 3  # share of zeros from which a count may be one that most rows have none of
_LIKE_POISSON = 4  # variance of a count, in its means


@dataclass(frozen=True)
class Spike:
    """A value, how many rows hold it, the nearest other values (None beyond an end), and the probability of so much by chance."""

    value: float
    count: int
    below: float | None
    above: float | None
    p_value: float


def spike(levels: Floats, counts: Integers) -> Spike | None:
    """Return the value that is most clearly too frequent, with the probability corrected for all values; see ``D213``.

    ``levels`` are the distinct values of a column, ascending, and ``counts`` how many rows hold each.
    """
    if len(levels) <= _OTHERS:
        return None
    places, probability = np.argsort(-counts, kind="stable")[:_CANDIDATES], _among_many
    if len(levels) <= _LEVELS:
        places, probability = np.array([0, len(levels) - 1]), _among_few
    chances = {place: probability(levels, counts, place) for place in places.tolist() if counts[place] >= _LEAST}
    if not chances:
        return None
    place = min(chances, key=chances.__getitem__)
    below = float(levels[place - 1]) if place else None
    above = float(levels[place + 1]) if place + 1 < len(levels) else None
    return Spike(float(levels[place]), int(counts[place]), below, above, min(1.0, 2 * chances[place]))  # of two tests


def _among_few(levels: Floats, counts: Integers, place: int) -> float:
    """Return the probability of so few rows between an end of a coarse column and the other values.

    If the shares of equidistant values are log-concave (binomial, Poisson, rounded normal, ...), none between two others is
    smaller than both. Steps are as wide as the widest gap among the others. 1 for a 0 at the lower end, which may be true, and
    for an end that is one step away: all that lies beyond a scale is counted there.
    """
    return 1.0 if place == 0 == levels[0] else max(_few_between(*scaled) for scaled in _inward(levels, counts, place, not place))


def _inward(levels: Floats, counts: Integers, place: int, lower: bool) -> Iterator[tuple[Floats, Integers]]:
    """Yield values and counts from the lower or the upper end; of values above 0 also the logarithms, which are less skewed."""
    for scaled in (levels, np.log(levels)) if levels[0] > 0 else (levels,):
        yield (scaled[place:], counts[place:]) if lower else (-scaled[place::-1], counts[place::-1])


def _few_between(levels: Floats, counts: Integers) -> float:
    """Return the smallest probability of so few rows between the first value and any other, times the number of others."""
    step = float(np.diff(levels[1:]).max())
    if levels[1] - levels[0] < 2 * step - _ROUNDING:
        return 1.0
    between = np.concatenate([[0], np.cumsum(counts[1:-1])])
    slots = np.maximum(np.floor((levels[1:] - levels[0]) / step + _ROUNDING) - 1, 0)
    expected = slots * np.minimum(counts[0], counts[1:])
    chances = (poisson_bound(int(few), float(mean), above=False) for few, mean in zip(between, expected, strict=True))
    return min(1.0, len(expected) * min(chances))


def _among_many(levels: Floats, counts: Integers, place: int) -> float:
    """Return the probability of so many rows of a value of a fine column, corrected for the number of values."""
    size, lower = len(levels), place < _END
    if _none_of_it(levels, counts, place):
        return 1.0
    if _END <= place < size - _END:
        return min(1.0, size * _inside(levels, counts, place))
    if (counts[:place] if lower else counts[place + 1 :]).sum() > counts[place] / 4:
        return 1.0  # not the end
    return min(1.0, 2 * _END * max(_cut_off(*scaled) for scaled in _inward(levels, counts, place, lower)))


def _inside(levels: Floats, counts: Integers, place: int) -> float:
    """Return the probability that a value is so much more frequent than its neighbours, if all of them are equally likely.

    1 where it is not three times as frequent as each of them, and as the values that are as round: a heap has others beside it.
    """
    near = np.delete(counts[max(0, place - _NEAR) : place + _NEAR + 1], min(place, _NEAR))
    count = int(counts[place])
    if count < _TIMES * int(near.max()) or count < _TIMES * _round_neighbours(levels, counts, place):
        return 1.0
    return at_least(count, count + int(near.sum()), 1 / (len(near) + 1))


def _round_neighbours(levels: Floats, counts: Integers, place: int) -> int:
    """Return the largest count one or two steps away, for every step of 1, 2 or 5 times a power of ten that divides the value."""
    value, steps = float(levels[place]), np.outer(10.0 ** np.arange(-_PLACES, _PLACES + 1), [1, 2, 5]).ravel()
    steps = steps[abs(value) <= 10.0**_PLACES * steps]
    steps = steps[np.abs(value / steps - np.rint(value / steps)) <= 1e-6][:, None]
    others = value + steps * [-2, -1, 1, 2]
    at = np.minimum(np.searchsorted(levels, others - steps / 1000), len(levels) - 1)
    return int(np.where(np.abs(levels[at] - others) <= steps / 1000, counts[at], 0).max(initial=0))


def _cut_off(levels: Floats, counts: Integers) -> float:
    """Return the probability of so few rows behind the first value, if its own rows are a tail that was cut off there.

    Where a limit cuts a distribution whose cumulative share F is log-concave (normal, lognormal, gamma, ...), log F rises
    at least as fast from the limit to a nearer value as from there to the median of the other rows. So some share of the rows
    below that median must be nearer. Two values are tried: the next one, to which there is none (less the widest of the gaps
    that follow, for values may be rounded); and the middle of the way, to which a quarter of the rows of the limit may be stray.
    1 where the first value is not twice as frequent as each of the next ones.
    """
    first, rest = int(counts[0]), np.cumsum(counts[1:])
    half = int(rest[-1]) // 2
    way = float(levels[1 + int(np.searchsorted(rest, half))] - levels[0])
    if first < _TWICE * int(counts[1 : _NEXT + 1].max()):
        return 1.0
    gaps = np.diff(levels[: _NEXT + 2])
    widest = float(gaps[1:].max())
    chances = [_at_most(0, max(0.0, float(gaps[0]) - widest) / way, first, half)]
    stray = int(counts[1:][levels[1:] < levels[0] + way / 2].sum())
    if stray <= first / 4 and way / 2 > _END * widest:
        chances.append(_at_most(stray, 0.5, first, half))
    return min(1.0, 2 * min(chances))


def _at_most(rows: int, share: float, first: int, half: int) -> float:
    """Return the probability of at most so many rows within a share of the way from a limit to the median."""
    expected = first * ((first + half) / first) ** share - first
    return binomial_tail(rows, half, expected / half) if 0 < expected < half else 1.0


def _none_of_it(levels: Floats, counts: Integers, place: int) -> bool:
    """Say whether the value is a 0 that may be the truth: of something that most rows have none of, or a count of few events."""
    if levels[place] != 0 or levels[0] < 0:
        return False
    share = counts[place] / counts.sum()
    if share > 1 / 2:
        return True
    others, numbers = levels[1:], counts[1:]
    mean = float(np.average(others, weights=numbers))
    variance = float(np.average((others - mean) ** 2, weights=numbers))
    return bool(share >= _NONE and np.array_equal(levels, np.rint(levels)) and variance < _LIKE_POISSON * mean)
