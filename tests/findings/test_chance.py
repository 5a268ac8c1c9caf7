"""Pairs counted one by one, the Poisson probability of SciPy, and tables whose equal rows are known to be chance or not."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

from pipeline.data.profiles import numbered
from pipeline.findings import chance
from pipeline.findings.chance import _at_distances, _extrapolated, drawn_twice
from pipeline.findings.distinct_rows import Column, differences
from pipeline.findings.distribution import poisson_bound
from tests.findings.coarse import CHANCE, POWER, by_chance, copied, patients


@pytest.mark.parametrize("mean", [1e-6, 0.1, 1.0, 30.0, 5000.0])
def test_the_poisson_bound_is_never_below_the_probability_and_not_far_above(mean):
    for count in np.unique(np.ceil(mean * np.array([1.01, 1.1, 1.5, 3, 10]))):
        exact = poisson.sf(count - 1, mean)
        assert exact <= poisson_bound(count, mean) <= min(1, exact * 8 * max(count, 1) ** 0.5)
    assert poisson_bound(0, mean) == 1


def stands_out(columns: np.ndarray, classes, across=False) -> bool:
    return chance.more_than_chance(columns, classes, np.ones(columns.shape[1], dtype=bool), across)


def more_than_chance(columns: pd.DataFrame, classes, across=False) -> bool:
    return stands_out(columns.to_numpy(float), classes, across)


def noise(rows, width, seed=0) -> pd.DataFrame:
    """Columns in which hardly two values are equal."""
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(rows, width)), columns=[f"c{index}" for index in range(width)])


def with_repeats(columns: pd.DataFrame, repeats: int) -> pd.DataFrame:
    return pd.concat([columns, columns[:repeats]], ignore_index=True)


@pytest.mark.parametrize(
    ("rows", "width", "repeats"), [(1000, 2, 1), (200, 2, 1), (20, 3, 1), (5, 6, 1), (1000, 6, 500), (50, 2, 50)]
)
def test_a_copy_among_fine_values_is_no_chance(rows, width, repeats):
    assert not more_than_chance(noise(rows, width), np.zeros(rows, dtype=int))
    assert more_than_chance(with_repeats(noise(rows, width), repeats), np.zeros(rows + repeats, dtype=int))


def test_one_row_many_times_is_no_chance():
    columns = pd.concat([noise(300, 4), noise(1, 4, seed=9).loc[[0] * 30]])
    assert more_than_chance(columns, np.zeros(330, dtype=int))


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("levels", [(2, 2, 2), (11,), (11, 11), (40, 2), (1, 1), (1000,)])
def test_equal_rows_of_coarse_columns_are_chance(levels, across):
    rng = np.random.default_rng(0)
    columns = pd.DataFrame({f"c{index}": rng.integers(0, top, 800) for index, top in enumerate(levels)})
    assert columns.duplicated().any()
    assert not more_than_chance(columns, rng.integers(0, 3, 800), across)


def test_a_single_column_is_copied_only_where_its_values_are_met_too_regularly():
    rng = np.random.default_rng(0)
    assert not more_than_chance(noise(500, 1).iloc[rng.integers(0, 500, 900)], np.zeros(900, dtype=int))
    assert more_than_chance(with_repeats(noise(500, 1), 400), np.zeros(900, dtype=int))


def test_gaps_are_equal_and_an_empty_column_tells_nothing():
    columns = noise(400, 5).assign(empty=np.nan)
    columns.loc[:1, "c0"] = np.nan
    classes = np.zeros(400, dtype=int)
    assert not more_than_chance(columns, classes)
    columns.loc[1] = columns.loc[0]
    assert more_than_chance(columns, classes)
    assert not more_than_chance(columns[["empty"]], classes)
    mostly = noise(400, 3).mask(np.random.default_rng(1).random((400, 3)) < 0.8)
    assert mostly.duplicated().sum() > 100
    assert not more_than_chance(mostly, classes)


def test_pairs_within_and_across_classes_are_told_apart():
    columns, halves = with_repeats(noise(100, 3), 100), np.repeat([0, 1], 100)
    assert more_than_chance(columns, halves, across=True)
    assert not more_than_chance(columns, halves)
    assert more_than_chance(columns, np.tile(np.repeat([0, 1], 50), 2))
    assert not more_than_chance(columns, np.tile(np.repeat([0, 1], 50), 2), across=True)


def test_classes_of_one_row_have_no_pair_within():
    assert not more_than_chance(with_repeats(noise(5, 3), 5), np.arange(10))
    assert not more_than_chance(noise(1, 3), np.zeros(1, dtype=int), across=True)


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_the_equal_rows_of_measured_data_are_chance(load):
    """Iris holds one pair of equal rows: at one decimal two of fifty flowers may well agree."""
    bunch = load(as_frame=True)
    assert bunch.data.duplicated().sum() == (1 if load is load_iris else 0)
    assert not more_than_chance(bunch.data, bunch.target.to_numpy())


@pytest.mark.parametrize("seed", range(4))
def test_distances_are_those_counted_one_by_one(seed):
    rng = np.random.default_rng(seed)
    values, classes = rng.integers(0, 3, (40, 4)).astype(float), rng.integers(0, 2, 40)
    compared = (classes[:, None] == classes) & ~np.eye(40, dtype=bool)
    apart = differences([Column(numbered(column), None) for column in values.T], compared)
    counts = _at_distances(apart, 4)
    met = [int((values[i] != values[j]).sum()) for i, j in combinations(range(40), 2) if classes[i] == classes[j]]
    assert list(counts[1:]) == [met.count(distance) for distance in range(1, 5)]
    assert (apart[~compared] == 65535).all()


@pytest.mark.parametrize("odds", [(0.5, 0.7, 1, 3, 40), (1, 1, 1, 1), (30, 50)])
def test_independent_columns_are_extrapolated_exactly(odds):
    """Pairs at distance d are n(0) times the d-th elementary symmetric polynomial of the odds to differ."""
    polynomial = np.array([1.0])
    for one in odds:
        polynomial = np.convolve(polynomial, [1.0, one])
    counts, alone = 1e4 * polynomial, 1e4 * np.array(odds, dtype=float)
    assert _extrapolated(counts, alone) == pytest.approx(1e4, rel=1e-3)


@pytest.mark.parametrize("shape", [0.3, 1.0, 5.0])
def test_rows_drawn_independently_are_no_evidence_whatever_their_rates(shape):
    """Markov: among 3,000 tables of any rates, no mean of the evidence above 1."""
    rng = np.random.default_rng(0)
    logs = []
    for _ in range(300):
        times = rng.poisson(rng.gamma(shape, rng.choice([0.1, 0.5, 2]), 500))
        logs.append(drawn_twice(times[times > 0]) if times.any() else -1.0)
    assert max(logs) < 0
    assert drawn_twice(np.full(100, 2)) > 50
    assert drawn_twice(np.repeat([1, 2], 100)) > 10


@pytest.mark.parametrize("kind", POWER)
@pytest.mark.parametrize(
    ("rows", "seeds"), [(250, 5), *(pytest.param(rows, 20, marks=pytest.mark.slow) for rows in (250, 500, 1000, 2000))]
)
def test_copies_of_coarse_rows_are_found(kind, rows, seeds):
    found = {
        share: sum(stands_out(*copied(*patients(kind, rows, seed), share, seed)) for seed in range(seeds))
        for share in (0, 0.1, 0.5, 1)
    }
    print(kind, rows, found)
    assert found[0] == 0
    assert found[0.5] == found[1] == seeds
    if kind not in ("age and 8", "body mass"):
        assert found[0.1] >= (0.5 if kind == "16" else 0.75) * seeds


def test_260_patients_listed_twice_are_copies():
    assert all(stands_out(*copied(*patients("age and 15", 260, seed), 1, seed)) for seed in range(5))


@pytest.mark.parametrize("kind", CHANCE)
@pytest.mark.parametrize("seeds", [range(8), pytest.param(range(8, 200), marks=pytest.mark.slow)], ids=["8", "200"])
def test_equal_rows_are_chance_whatever_ties_the_columns(kind, seeds):
    alarms = [seed for seed in seeds if stands_out(*by_chance(kind, seed)) or stands_out(*by_chance(kind, seed), across=True)]
    print(kind, alarms)
    assert len(alarms) <= len(seeds) * 0.005
