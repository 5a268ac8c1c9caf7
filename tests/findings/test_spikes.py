"""Values that are too frequent, and those that have a reason; SciPy's binomial is the oracle of the probability inside."""

import numpy as np
import pytest
from scipy.stats import binom, expon

from pipeline.findings.spikes import spike

RNG = np.random.default_rng(0)
FINE = np.round(RNG.normal(30, 6, 800), 1)
WHOLE = np.round(RNG.normal(120, 15, 800))
SKEWED = np.round(np.exp(RNG.normal(4.5, 0.6, 800)))


def clearest(values, code=None, rows=0):
    values = values.copy()
    if rows:
        values[:rows] = code
    return spike(*np.unique(values, return_counts=True))


def p_value(values, code=None, rows=0) -> float:
    found = clearest(values, code, rows)
    return found.p_value if found else 1.0


@pytest.mark.parametrize(
    ("values", "code", "rows"),
    [
        (FINE, 0.0, 40),
        (FINE, 99.0, 40),
        (FINE, -999.0, 8),
        (FINE, 27.32, 200),
        (FINE, 12.3, 60),
        (WHOLE, 0.0, 40),
        (WHOLE, 999.0, 40),
        (SKEWED, 0.0, 120),
        (SKEWED, -1.0, 120),
    ],
)
def test_a_code_is_seen_inside_and_beyond_the_values(values, code, rows):
    found = clearest(values, code, rows)
    assert (found.value, found.count) == (code, int((values[rows:] == code).sum()) + rows)
    assert found.p_value < 1e-6
    others = np.unique(values[rows:])
    assert found.below == max(others[others < code], default=None)
    assert found.above == min(others[others > code], default=None)


HOURS = np.clip(np.round(RNG.normal(7.5, 1.3, 800)), 3, 12)


@pytest.mark.parametrize(("code", "rows"), [(-999.0, 8), (99.0, 8), (19.0, 40), (-9.0, 15)])
def test_a_code_is_seen_beyond_a_coarse_column(code, rows):
    found = clearest(HOURS, code, rows)
    assert (found.value, found.count) == (code, rows)
    assert found.p_value < 1e-4


@pytest.mark.parametrize(
    "values",
    [
        HOURS,
        np.repeat(np.arange(9.0), [400, 80, 30, 10, 5, 5, 5, 5, 5]),
        RNG.choice([5.0, 10, 20, 40, 80, 160, 320], 800),
        np.append(RNG.poisson(3, 800), [15.0] * 4),
        np.where(RNG.random(800) < 0.3, 0.0, RNG.choice([5.0, 10, 15, 20, 30, 40], 800)),
        RNG.choice([0.0, 1, 2, 5], 800),
        np.minimum(RNG.poisson(9, 800), 12.0),
    ],
    ids=["hours", "many none", "doses", "four far out", "cigarettes", "a score", "top-coded"],
)
def test_a_coarse_column_without_a_code_is_not_told(values):
    assert p_value(values) > 1e-4


HEAPED = np.where(RNG.random(5000) < 0.3, np.round(RNG.normal(128, 15, 5000), -1), np.round(RNG.normal(128, 15, 5000)))
LATENT = np.exp(RNG.normal(0, 0.7, 3000))
CLEAN = {
    "as they are": FINE,
    "heaps at tens": HEAPED,
    "Poisson counts": RNG.poisson(30, 3000).astype(float),
    "ages from 21 on": np.floor(21 + RNG.exponential(12, 3000)),
    "ages up to 90": np.minimum(np.round(RNG.normal(70, 15, 3000)), 90),
    "zero-inflated counts": np.where(RNG.random(3000) < 0.5, 0, RNG.negative_binomial(2, 0.1, 3000)).astype(float),
    "none of it in half of the rows": np.where(RNG.random(3000) < 0.45, 0, RNG.poisson(35, 3000)).astype(float),
    "none of it in most rows": np.where(RNG.random(3000) < 0.6, 0, np.round(RNG.normal(40, 8, 3000), 1)),
    "a lower limit of detection": np.round(np.maximum(LATENT, 0.5), 2),
    "an upper limit of detection": np.round(np.minimum(LATENT, 2.5), 2),
    "an upper limit that few reach": np.round(np.minimum(LATENT, 6), 2),
    "a coarse scale": np.clip(np.round(RNG.normal(5, 2, 3000)), 0, 10),
    "whole numbers of a steep tail": np.round(np.exp(RNG.normal(0.3, 0.9, 3000))),
    "whole numbers of a steep tail from 1 on": np.maximum(1, np.round(np.exp(RNG.normal(0, 1.1, 3000)))),
    "two clumps": np.round(np.where(RNG.random(3000) < 0.1, RNG.normal(10, 1, 3000), RNG.normal(50, 4, 3000)), 1),
}


@pytest.mark.parametrize(("mean", "deviation"), [(5, 3), (8, 3), (10, 4), (12, 3)])
def test_what_lies_beyond_a_scale_is_counted_at_its_end(mean, deviation):
    for seed in range(20):
        pain = np.clip(np.round(np.random.default_rng((213, seed)).normal(mean, deviation, 1500)), 0, 10)
        assert p_value(pain) > 0.0001


@pytest.mark.parametrize("name", CLEAN)
def test_a_value_that_has_a_reason_to_be_frequent_is_none(name):
    assert p_value(CLEAN[name]) > 1e-3


def test_the_probability_inside_is_the_binomial_of_the_count_and_its_twenty_neighbours():
    levels, counts = np.arange(100.0) + 0.137, np.full(100, 2)  # no value is round, so the neighbours are all there is
    counts[50] = 14
    assert spike(levels, counts).p_value == pytest.approx(2 * 100 * binom.sf(13, 14 + 40, 1 / 21))
    counts[45] = 5
    assert spike(levels, counts).p_value == 1  # not three times as frequent


def test_a_round_value_among_values_as_round_is_a_heap():
    levels, counts = np.arange(100.0), np.full(100, 2)
    counts[50] = 40
    assert spike(levels, counts).p_value < 1e-6
    counts[30] = 20
    assert spike(levels, counts).p_value == 1


def test_the_probability_at_an_end_is_the_binomial_of_a_log_concave_tail_and_no_cut_tail_falls_below_it():
    """The oracle of the bound is an exponential tail, for which it is exact."""
    levels, counts = np.concatenate([[0.0], 30.0 + np.arange(200) / 5]), np.concatenate([[40], np.ones(200, dtype=int)])
    way, shares = 50.0, []
    for share, stray in (((30 - 0.2) / way, 0), (0.5, 0)):
        nearer = 40 * ((40 + 100) / 40) ** share - 40
        shares.append(binom.cdf(stray, 100, nearer / 100))
    assert spike(levels, counts).p_value == pytest.approx(2 * 6 * 2 * min(shares), rel=1e-6)
    rng, rate = np.random.default_rng(3), np.log(140 / 40) / way
    nearest = [way - expon.rvs(scale=1 / rate, size=100_000, random_state=rng)]
    nearest = nearest[0][nearest[0] > 0]
    assert (nearest < way / 2).mean() == pytest.approx((40 * (140 / 40) ** 0.5 - 40) / 100, abs=0.01)


def test_huge_numbers_do_no_harm():
    assert p_value(np.linspace(-1e300, 1e300, 50)) == 1
