"""The oracles are SciPy's Kolmogorov distribution, ranks, two-sample distance and binomial tail, and shuffled rows."""

import numpy as np
import pytest
from scipy.stats import binom, ks_2samp, kstwobign, rankdata

from pipeline.findings.association import ranked
from pipeline.findings.distribution import at_least, drift, kolmogorov_tail, mid_ranks, two_sample


@pytest.mark.parametrize("distance", [0.0, 0.1, 0.2, 0.4, 0.8276, 1.0, 1.5, 2.5, 5.0, 12.0])
def test_the_tail_is_that_of_scipy(distance):
    assert kolmogorov_tail(distance) == pytest.approx(kstwobign.sf(distance), rel=1e-9, abs=1e-12)


def test_equal_values_share_their_mean_rank_and_empty_cells_have_none():
    values = np.random.default_rng(0).integers(0, 9, 80).astype(float)
    values[::7] = np.nan
    assert mid_ranks(ranked(values)) == pytest.approx(rankdata(values[~np.isnan(values)]))


@pytest.mark.parametrize("levels", [2, 5, 1000])
def test_the_distance_of_two_parts_is_that_of_scipy(levels):
    rng = np.random.default_rng(levels)
    values, flags = rng.integers(0, levels, 300).astype(float), rng.random(300) < 0.3
    values[::11] = np.nan
    one, other = (values[part & ~np.isnan(values)] for part in (flags, ~flags))
    scale = np.sqrt(len(one) * len(other) / (len(one) + len(other)))
    assert two_sample(ranked(values), flags) == pytest.approx(ks_2samp(one, other).statistic * scale)


def test_a_part_without_a_value_is_no_distance_apart():
    values = np.array([1.0, 2.0, np.nan, np.nan])
    assert two_sample(ranked(values), np.isnan(values)) == 0


@pytest.mark.parametrize(
    ("successes", "trials", "share"), [(0, 5, 0.2), (1, 5, 0.2), (12, 20, 0.3), (900, 1000, 0.5), (7, 7, 0.1)]
)
def test_the_upper_tail_is_that_of_scipy(successes, trials, share):
    assert at_least(successes, trials, share) == pytest.approx(binom.sf(successes - 1, trials, share), rel=1e-9)


def test_the_drift_is_the_largest_sum_in_its_deviations_and_says_where():
    values = np.array([0.0, 0, 0, 1, 1, 1])
    strayed = drift(values, np.zeros(6, dtype=int))
    assert strayed.place == 2
    assert strayed.distance == pytest.approx(1.5 / np.sqrt(6 * values.var(ddof=1)))
    assert drift(values, np.array([0, 0, 0, 1, 1, 1])).distance == 0  # the classes explain it


def quantiles(values, classes, draws=3000):
    rng, places = np.random.default_rng(0), [np.flatnonzero(classes == place) for place in np.unique(classes)]
    distances = []
    for _ in range(draws):
        shuffled = values.copy()
        for rows in places:
            shuffled[rows] = rng.permutation(values[rows])
        distances.append(drift(shuffled, classes).distance)
    return np.quantile(distances, [0.5, 0.9, 0.99])


@pytest.mark.parametrize("order", ["mixed", "sorted"])
@pytest.mark.parametrize("tied", [False, True])
def test_chance_makes_no_farther_drift_than_the_limit_says_in_ties_and_sorted_classes(order, tied):
    rng = np.random.default_rng(1)
    classes = rng.integers(0, 3, 400)
    values = rankdata(rng.integers(0, 4, 400) if tied else rng.normal(size=400) * (1 + classes))
    classes = np.sort(classes) if order == "sorted" else classes
    limits = kstwobign.ppf([0.5, 0.9, 0.99])
    assert (quantiles(values, classes) <= 1.03 * limits).all()
