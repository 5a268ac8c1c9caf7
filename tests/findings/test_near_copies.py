"""D210 on tables with known near-copies; the oracles are the planted rows, and SciPy's distances and ranks."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import rankdata

from pipeline.data.profiles import combined, numbered
from pipeline.findings.near_copies import near_copies
from pipeline.findings.registry import find
from tests.findings.builders import facts

NAMES = [f"column {index}" for index in range(6)]


def measured(rows: int, seed: int) -> np.ndarray:
    """Six correlated columns of two decimals, one of yes and no."""
    rng = np.random.default_rng(seed)
    values = (10 + 2 * rng.normal(size=(rows, 6)) + rng.normal(size=(rows, 1))).round(2)
    values[:, 5] = values[:, 5] > 10
    return values


def finding(values, labels):
    given = facts(dict(zip(NAMES, values.T, strict=True)), labels)
    return next((one for one in find("D", given, ()) if one.code == "D210"), None)


def spoilt(values: np.ndarray, kind: str, seed: int) -> np.ndarray:
    rng, made = np.random.default_rng(seed), values.copy()
    if kind == "a relative 1e-6":
        return made * (1 + 1e-6 * rng.uniform(-1, 1, made.shape))
    made[:, :5] = made[:, :5].round(1) if kind == "rounded" else made[:, :5] + 0.02 * rng.normal(size=(len(made), 5))
    return made


@pytest.mark.parametrize("kind", ["a relative 1e-6", "rounded", "noise"])
@pytest.mark.parametrize("seed", range(3))
def test_near_copies_are_told_by_their_rows(kind, seed):
    values = measured(600, seed)
    made = spoilt(values[:30], kind, seed)
    labels = [["well", "sick"][place % 2] for place in range(600)]
    told = finding(np.vstack([values, made]), [*labels, *labels[:30]])
    different = {600 + row for row in np.flatnonzero((made != values[:30]).any(axis=1))}
    assert told.level == "warning"
    assert {row - 1 for row in told.evidence["examples"]} <= different
    assert 0.4 * len(different) <= told.evidence["rows"] <= len(different) + 3
    assert finding(values, labels) is None


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_rows_with_one_digit_fewer_are_told_though_rounding_moves_them_far(share):
    """Whole numbers of a tenth of a column's spread: pandas rounds the copies."""
    rng = np.random.default_rng(3)
    values = pd.DataFrame((5 + rng.normal(size=(900, 6)) + 0.5 * rng.normal(size=(900, 1))).round(1), columns=NAMES)
    made = values.sample(frac=share, random_state=0).round(0)
    labels = ["well", "sick"] * 450
    given = pd.concat([values, made], ignore_index=True)
    told = finding(given.to_numpy(), labels + [labels[row] for row in made.index])
    assert abs(told.evidence["rows"] - len(made)) <= 0.1 * len(made)
    heaped = values.where(np.tile(rng.random((900, 1)) < 0.8, 6), values.round(0))
    assert finding(heaped.to_numpy(), labels) is None


def test_a_copy_to_the_last_digit_is_no_near_copy():
    values, labels = measured(600, 0), ["well", "sick"] * 300
    assert finding(np.vstack([values, values[:60]]), labels + labels[:60]) is None


def test_the_rows_are_those_within_the_distance_that_scipy_measures():
    values = measured(300, 7)
    values = np.vstack([values, spoilt(values[:20], "noise", 7)])
    classes = np.zeros(320, dtype=int)
    spread = np.subtract(*np.quantile(values, [0.9, 0.1], axis=0))
    distances = [
        np.maximum(pdist(column[:, None]) / width, pdist(rankdata(column)[:, None]) / 320)
        for column, width in zip(values.T, spread, strict=True)
    ]
    near = squareform(np.max(distances, axis=0) <= 0.2 / 4)
    later = {int(row) for row in np.flatnonzero(np.tril(near, -1).any(axis=1))}
    told = set(near_copies(values, classes, np.arange(320), np.zeros(320, dtype=int)).tolist())
    assert len(told) >= 15
    assert told <= later


@pytest.mark.parametrize("width", [1, 2, 3])
def test_many_rows_in_few_columns_are_no_near_copies_and_planted_ones_are(width):
    """So many that not all pairs can be compared."""
    rng = np.random.default_rng(width)
    values = rng.normal(size=(30_000, width))
    classes = rng.integers(2, size=30_000)
    assert not len(near_copies(values, classes, np.arange(30_000), np.zeros(30_000, dtype=int)))
    if width > 1:
        values[:300] = values[300:600] * (1 + 1e-7 * rng.normal(size=(300, width)))
        classes[:300] = classes[300:600]
        equal = combined([numbered(column) for column in values.T] + [classes])
        assert set(near_copies(values, classes, equal, np.zeros(len(values), dtype=int))) >= set(range(300, 600))
