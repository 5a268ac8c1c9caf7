"""R^2 against scikit-learn's linear regression; which columns are named."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from pipeline.findings.dependence import dependences

RNG = np.random.default_rng(0)
A, B, C = RNG.normal(size=(3, 200))


def named(*columns):
    return [(found.column, found.others) for found in dependences(columns)]


def test_a_sum_is_named_with_its_parts_and_the_share_that_they_explain():
    total = A - 2 * B + RNG.normal(0, 0.03, 200)
    (found,) = dependences((A, C, B, total))
    assert (found.column, sorted(found.others)) == (3, [0, 2])
    fit = LinearRegression().fit(np.stack([A, C, B], axis=1), total)
    assert found.explained == pytest.approx(fit.score(np.stack([A, C, B], axis=1), total), abs=1e-8)


def test_each_dependence_is_named_once_and_the_last_of_equally_close_columns():
    assert named(A, B, 3 - 2 * A, C, 5 * B + 1) == [(4, (1,)), (2, (0,))]


@pytest.mark.parametrize(("noise", "count"), [(0.02, 1), (0.06, 0)])
def test_the_limit_is_one_in_a_thousand(noise, count):
    assert len(named(A, A + RNG.normal(0, noise, 200), C)) == count


def test_rows_with_a_gap_do_not_count_and_few_rows_say_nothing():
    copy = A + B
    copy[::2] = np.nan
    assert named(A, B, copy) == [(2, (0, 1))]
    copy[20:] = np.nan
    assert named(A, B, copy) == []
    assert named(A, B, np.full(200, np.nan)) == []


def test_a_few_sick_among_many_who_have_nothing_are_few_rows():
    sick = np.zeros((4, 300))
    sick[:, :4] = RNG.poisson(9, (4, 4))
    assert named(*sick) == []


def test_constant_columns_single_columns_and_huge_numbers_do_no_harm():
    assert named(A) == named() == []
    assert named(A, np.full(200, 0.1), A * 1e200) == [(2, (0,))]
