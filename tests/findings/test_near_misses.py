"""Near misses counted one by one, and tables in which correlation or derivation makes rows equal."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from pipeline.findings.near_misses import _column, _Counting, _expected, _keys, stand_out


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_pairs_and_near_misses_are_those_counted_one_by_one(seed, across):
    rng = np.random.default_rng(seed)
    key, steps, classes = rng.integers(0, 4, 60), rng.integers(0, 6, 60).astype(float), rng.integers(0, 3, 60)
    steps[rng.random(60) < 0.2] = np.nan
    count, keys = _Counting(_keys(classes, rng), across), _keys(key, rng)
    met = [(i, j) for i, j in combinations(range(60), 2) if key[i] == key[j] and (classes[i] != classes[j]) == across]
    assert count.pairs(keys) == len(met)
    apart = [abs(steps[i] - steps[j]) for i, j in met]
    assert list(count.near(keys, steps)) == [apart.count(1), apart.count(2)]


@pytest.mark.parametrize("width", [0.6, 1.0, 3.0, 20.0])
def test_equal_pairs_are_expected_as_in_a_normal_difference(width):
    rng = np.random.default_rng(0)
    rounded = np.round(rng.normal(50, width, 3000)) if width > 1.5 else np.append(np.round(rng.normal(50, width, 3000)), [0, 100])
    count, column = _Counting(_keys(np.zeros(len(rounded)), rng), False), _column(rounded, rng)
    expected = _expected(column, np.zeros(len(rounded), dtype=np.uint64), count)
    assert expected == pytest.approx(count.pairs(column.keys), rel=0.25)
    assert norm(0, 2**0.5 * width).pdf(0) * len(rounded) ** 2 / 2 == pytest.approx(expected, rel=0.4)


def table(rows=600, seed=0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    height, weight = np.round(rng.normal(170, 8, rows)), np.round(rng.normal(72, 10, rows))
    return pd.DataFrame({"height": height, "weight": weight, "index": (weight / height**2 * 1e4).round(1)})


def test_a_derived_column_is_no_second_witness():
    assert table().duplicated().sum() > 10
    assert not stand_out(table().to_numpy(), np.zeros(600, dtype=int), False)


def test_copies_stand_out_beside_coarse_columns():
    rng = np.random.default_rng(1)
    coarse = pd.DataFrame(rng.integers(0, 2, (600, 4)), columns=list("abcd"))
    whole = pd.concat([coarse, pd.DataFrame(rng.normal(50, 9, (600, 3)).round(1), columns=list("efg"))], axis=1)
    assert stand_out(pd.concat([whole, whole[:5]]).to_numpy(), np.zeros(605, dtype=int), False)
    assert not stand_out(pd.concat([coarse, coarse[:100]]).to_numpy(), np.zeros(700, dtype=int), False)


def test_rows_at_the_floor_of_every_column_are_no_copies():
    rng = np.random.default_rng(2)
    counts = pd.DataFrame(np.where(rng.random((500, 1)) < 0.3, rng.poisson(30, (500, 5)), 0))
    assert counts.duplicated().sum() > 300
    assert not stand_out(counts.to_numpy(), np.zeros(500, dtype=int), False)
