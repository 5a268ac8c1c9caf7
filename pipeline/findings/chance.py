"""Whether more rows are equal than chance explains: in coarse data equal rows are no sign of a copy."""

from collections.abc import Sequence
from math import comb, log

import numpy as np

from pipeline.data.profiles import numbered
from pipeline.findings.distinct_rows import MOST, NEVER, Apart, Column, Keys, Sample, differences, row_keys, sample_of
from pipeline.findings.distribution import poisson_bound
from pipeline.findings.finding import SIGNIFICANCE
from pipeline.machine.arrays import Flags, Floats, Integers

_MARGIN = 2  # equal pairs for each one expected: the odds of agreeing are extrapolated
_MANY = 20  # pairs at a distance, to say how many are nearer
_FEW = 4  # pairs at distance 2 that are taken to be there: with fewer, what is expected is anything
_NEAREST = 4  # pairs at distance 1, within two standard errors: with fewer, columns follow from each other
_FAR = 4  # columns: where even the nearest pairs differ in so many, a few that follow from others change nothing
_LONELY = 0.25  # of the distinct rows, those with the fewest neighbours, are asked whether they repeat


def more_than_chance(columns: Floats, classes: Integers, ordered: Flags, across: bool = False) -> bool:
    """Say whether rows are equal that chance would not make equal, however the columns are correlated.

    Args:
        columns: (rows, C) values that are compared; missing equals missing.
        classes: (rows,) class numbers.
        ordered: (C,) whether a column's values have an order.
        across: look at pairs of rows of different classes instead of those of the same class.
    """
    whole = np.flatnonzero(~np.isnan(columns).any(axis=1))
    if 2 * len(whole) >= len(columns):  # a gap makes a row unlike the others
        columns, classes = columns[whole], classes[whole]
    levels = [numbered(column) for column in columns.T]
    features, classes = row_keys(levels), numbered(classes)
    _, first, times = np.unique(features + row_keys([classes]), return_index=True, return_counts=True)
    if across:
        cell, in_cell = np.unique(features[first], return_inverse=True, return_counts=True)[1:]
        times = in_cell[cell]
    if times.max() == 1:
        return False
    if not across and drawn_twice(times) > -log(SIGNIFICANCE):
        return True
    sample = sample_of(columns, levels, classes, first, times > 1, ordered, across)
    return _lonely_rows_repeat(sample) or (across and _labels_part(sample, features, classes, first))


def drawn_twice(times: Integers) -> float:
    """Return the logarithm of the evidence that rows which repeat m times are too many beside those that repeat m ± 1 times.

    If rows are drawn independently, the number of times a row of rate r is met is a Poisson variable. Whatever the rates
    are, f(m), the number of distinct rows met m times, then has the mean of r**m exp(-r) / m!, and exp(b f(m) - a f(m-1) -
    g f(m+1)) has a mean of at most 1 where (exp(b) - 1)**2 = 4 m / (m+1) (1 - exp(-a)) (1 - exp(-g)): the quadratic in r
    has no two roots. The mean over a grid of a, g and m has the same bound; by Markov's inequality it exceeds x with a
    probability below 1 / x. That the number of rows is given, not drawn, costs a factor of e sqrt(rows).

    Args:
        times: (distinct rows,) how often each is met.
    """
    met = np.bincount(np.minimum(times, 7), minlength=8).astype(np.float64)
    weights = np.exp(np.linspace(log(0.002), log(6), 9))
    fewer, more = np.meshgrid(weights, weights)
    share = (1 - np.exp(-fewer)) * (1 - np.exp(-more))
    logs = np.stack(
        [np.log1p(np.sqrt(4 * m / (m + 1) * share)) * met[m] - fewer * met[m - 1] - more * met[m + 1] for m in range(2, 6)]
    )
    top = float(logs.max())
    return top + log(float(np.exp(logs - top).mean())) - 1 - log(float(times.sum())) / 2


def _labels_part(sample: Sample, features: Keys, classes: Integers, first: Integers) -> bool:
    """Say whether equal rows are of different classes, twice as often as rows are that hardly differ.

    Nearer rows agree in their class at least as often as farther ones, whatever ties the columns to each other.
    """
    rows = first[np.random.default_rng(0).permutation(len(first))[:MOST]]
    every = (rows[:, None] != rows) & ~(sample.repeated[: len(rows), None] | sample.repeated[: len(rows)])
    apart = differences(sample.columns, every)[:, : len(rows)]
    nearest = next((d for d in range(1, len(sample.columns) + 1) if (apart == d).sum() >= 2 * _MANY), 0)
    if not nearest:
        return False
    one, other = np.nonzero(apart == nearest)
    differ = float(((classes[rows[one]] != classes[rows[other]]).sum() + 1) / len(one))
    cells = len(np.unique(features))
    conflicts = len(first) - cells
    return poisson_bound(conflicts, _MARGIN * differ * (len(features) - cells)) < SIGNIFICANCE


def _lonely_rows_repeat(sample: Sample) -> bool:
    """Say whether rows with few neighbours are repeated oftener than their neighbours make expect.

    A neighbour differs in one column. Where rows are equal by chance, neighbours are there too, and the lonely rows are those
    whose equals are rarest; copies are made of lonely rows as of any others. Distances and neighbours are those of distinct
    rows, which copies do not change.
    """
    columns = _independent(sample)
    if len(columns) < 2:
        return False
    apart = differences(columns, sample.compared)
    near = (apart == 1).sum(axis=1)
    few = int(np.quantile(near[: apart.shape[1]], _LONELY))
    if not sample.across and _too_many(sample, columns, apart, near <= few, near <= few + 1, _MARGIN):
        return True
    return _too_many(sample, columns, apart, near >= 0, near >= 0, 2 * _MARGIN)


def _too_many(sample: Sample, columns: list[Column], apart: Apart, lonely: Flags, nearly: Flags, margin: int) -> bool:
    """Say whether too many of the ``lonely`` rows are repeated. A neighbour to another has one neighbour more than its equal."""
    repeats = int((sample.repeated & lonely).sum()) / (2 if sample.across else 1)
    size = apart.shape[1]
    one, other = np.nonzero((apart[:size] == 1) & nearly[:size, None])
    counts = _at_distances(apart[:size][lonely[:size]], len(columns))
    counts[1] = len(one) / 2
    alone = np.array([(column.places[one] != column.places[other]).sum() / 2 for column in columns])
    expected = max([_extrapolated(counts, alone), *(_by_steps(column, one, other) for column in columns)])
    return repeats > 0 and poisson_bound(repeats, margin * expected / sample.share**2) < SIGNIFICANCE


def _extrapolated(counts: Floats, alone: Floats) -> float:
    """Return how many pairs to expect at distance 0.

    If of the pairs that agree in all other columns those that differ in one are no likelier to differ in another, then
    n(0) n(both differ) = n(one differs) n(the other differs), and so are the sums over all pairs of columns: n(0) = sum n(i)
    n(j) / n(2). Where hardly a pair is at distance 2, the mean share of the sets of d columns in which a pair differs is taken
    to grow by one factor from d - 1 to d and from 0 to d. The highest is returned.

    Args:
        counts: (C + 1,) pairs at each distance.
        alone: (C,) pairs at distance 1 that differ in each column.
    """
    width = len(alone)
    smooth = alone + 1 / width
    expected = {2: (smooth.sum() ** 2 - (smooth**2).sum()) / 2 / max(counts[2], _FEW)}
    last = next((d for d in range(2, width) if counts[d] >= _MANY), width)
    share = [max(count, 0.5) / comb(width, d) for d, count in enumerate(counts)]
    expected |= {d: share[d] * (share[d - 1] / share[d]) ** d for d in range(3, last + 1)}
    return max((pairs for d, pairs in expected.items() if counts[1 : d + 1].any()), default=0.0)


def _by_steps(column: Column, one: Integers, other: Integers) -> float:
    """Return how many pairs to expect at distance 0 from those that are a step or two apart in a column and agree elsewhere.

    For a normal difference d, log n(d) = a - b d**2, so n(0) is n(1) (n(1) / n(2)) ** (1/3). Differences have two signs, and
    every pair is given twice. The step is the smallest difference of neighbouring values that is not an odd one out.
    """
    if column.values is None or column.size < 4 or not len(one):
        return 0.0
    levels = np.unique(column.values[~np.isnan(column.values)])
    gaps, often = np.unique((np.diff(levels) / (levels[-1] - levels[0])).round(12), return_counts=True)
    step = gaps[4 * often >= often.max()][0] * (levels[-1] - levels[0])
    if step == 0:  # beside the largest numbers all others are one
        return 0.0
    steps = np.round(np.abs(column.values[one] - column.values[other]) / step, 1)
    first, second = int((steps == 1).sum()) / 2, int((steps == 2).sum()) / 2
    return float(max(first * max(1.0, first / max(second, 1.0)) ** (1 / 3), second)) / 2


def _independent(sample: Sample) -> list[Column]:
    """Return columns of which none follows from the others, as far as pairs of distinct rows tell."""
    size = sample.compared.shape[1]
    columns, compared = _undetermined(sample.columns, size), sample.compared[:size]
    while len(columns) > 2:
        counts = _at_distances(differences(columns, compared), len(columns))
        nearest = next((d for d in range(1, len(columns)) if counts[d] >= _MANY), len(columns))
        if nearest >= min(_FAR, len(columns)) or (nearest <= 2 and counts[1] + 2 * counts[1] ** 0.5 >= _NEAREST):
            break
        columns = sorted(columns, key=lambda column: column.size)[:-1]
    return columns


def _undetermined(columns: Sequence[Column], size: int) -> list[Column]:
    """Return the columns without those whose value follows from that of a single other one, which is often repeated."""
    kept = list(columns)
    for column in sorted(columns, key=lambda column: column.size):
        for other in kept:
            if other is not column and column.size <= other.size <= size / 4:
                example = np.unique(other.places, return_index=True)[1]
                if (column.places[example][other.places] == column.places).all():
                    kept.remove(column)
                    break
    return kept


def _at_distances(apart: Apart, width: int) -> Floats:
    """Return (width + 1,) numbers of pairs at each distance; those of distance 0 are not asked for."""
    counts = np.bincount(apart.ravel(), minlength=NEVER + 1)[: width + 1] / 2
    counts[0] = 0
    return counts
