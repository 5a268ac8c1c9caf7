"""The oracles are a try of every interval, SciPy's fisher_exact and hypergeom, and scikit-learn's Matthews coefficient."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact, hypergeom
from sklearn.metrics import matthews_corrcoef

from pipeline.findings.association import best_interval, fisher, of_numbers, phi, ranked

VALUES = st.lists(st.tuples(st.sampled_from([0.0, 1.0, 1.5, 2.0, 7.0, np.nan]), st.booleans()), min_size=2, max_size=25).filter(
    lambda pairs: len({member for _, member in pairs}) == 2
)


def balanced(answered, member) -> float:
    return (answered[member].mean() + 1 - answered[~member].mean()) / 2


@settings(deadline=None, max_examples=300)
@given(VALUES)
def test_the_interval_is_the_best_of_all(pairs):
    values, member = (np.array(each) for each in zip(*pairs, strict=True))
    present = ~np.isnan(values)
    ends = np.unique(values[present])
    best = 0.5
    for low in ends:
        for high in ends[ends >= low]:
            inside = (values >= low) & (values <= high)
            best = max(best, balanced(inside, member), balanced(present & ~inside, member))
    found = best_interval(ranked(values), member)
    assert found.balanced_accuracy == pytest.approx(best, abs=1e-12)
    if found.balanced_accuracy > 0.5:
        low, high = (end if each is None else each for each, end in ((found.low, -np.inf), (found.high, np.inf)))
        inside = (values >= low) & (values <= high)
        answered = inside if found.inside else present & ~inside
        assert balanced(answered, member) == pytest.approx(best, abs=1e-12)
        assert found.low is None or found.low > ends[0]
        assert found.high is None or found.high < ends[-1]


def test_a_threshold_has_an_open_end_and_a_complement_has_none():
    values = np.array([1.0, 2, 3, 4, 5, 6])
    ends = [
        (found.low, found.high, found.inside)
        for found in (best_interval(ranked(values), values < 3), best_interval(ranked(values), values > 4))
    ]
    assert ends == [(None, 2.0, True), (5.0, None, True)]
    found = best_interval(ranked(values), (values < 2) | (values > 4))
    assert (found.low, found.high, found.inside, found.balanced_accuracy) == (2.0, 4.0, False, 1.0)


def test_a_column_without_a_value_tells_nothing():
    found = best_interval(ranked(np.full(4, np.nan)), np.array([True, False, True, False]))
    assert found.balanced_accuracy == 0.5


def flags(both, flag_only, member_only, neither):
    counts = (both, flag_only, member_only, neither)
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


TABLES = st.tuples(*[st.integers(0, 60)] * 4).filter(lambda counts: sum(counts) > 0)


@settings(deadline=None, max_examples=200)
@given(TABLES)
def test_the_p_value_doubles_the_smaller_tail_of_the_hypergeometric(counts):
    flag, member = flags(*counts)
    law = hypergeom(len(flag), flag.sum(), member.sum())
    expected = min(1, 2 * min(law.cdf(counts[0]), law.sf(counts[0] - 1)))
    assert fisher(flag, member) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@settings(deadline=None, max_examples=100)
@given(TABLES)
def test_the_smaller_tail_is_that_of_fisher_exact(counts):
    flag, member = flags(*counts)
    square = [[counts[0], counts[1]], [counts[2], counts[3]]]
    tails = [fisher_exact(square, alternative=side).pvalue for side in ("less", "greater")]
    assert fisher(flag, member) == pytest.approx(min(1, 2 * min(tails)), rel=1e-6)


def test_a_large_table_keeps_its_digits():
    flag, member = flags(267, 0, 364, 378)
    expected = 2 * hypergeom(1009, 267, 631).sf(266)
    assert 0 < expected < 1e-60
    assert fisher(flag, member) == pytest.approx(expected, rel=1e-8)


@settings(deadline=None, max_examples=100)
@given(TABLES)
def test_phi_is_the_matthews_coefficient(counts):
    flag, member = flags(*counts)
    varied = 0 < flag.sum() < len(flag) and 0 < member.sum() < len(member)
    assert phi(flag, member) == pytest.approx(matthews_corrcoef(member, flag) if varied else 0, abs=1e-12)


def test_numbered_values_are_the_column_that_sorting_gives():
    values = np.round(np.random.default_rng(0).normal(size=200), 1)
    values[::7] = np.nan
    level = np.unique(values, return_inverse=True)[1]
    made, sorted_once = of_numbers(values, np.where(np.isnan(values), -1, level)), ranked(values)
    for name in ("levels", "level", "present"):
        np.testing.assert_array_equal(getattr(made, name), getattr(sorted_once, name))
    assert len(of_numbers(np.full(3, np.nan), np.full(3, -1)).levels) == 0
