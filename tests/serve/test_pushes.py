"""Pushes against the definition: the mean over every order of what a feature adds."""

from dataclasses import replace
from itertools import permutations
from math import factorial
from pathlib import Path

import numpy as np
import pytest

from pipeline.model import Model
from pipeline.network.layers import Network, initial_weights
from pipeline.runs.saved import Scoring, load_scoring
from pipeline.serve import pushes as module
from pipeline.serve.pushes import pushes
from tests.rounding import ends

pytestmark = pytest.mark.arithmetic


@pytest.fixture(scope="module")
def run(small_run: Path) -> Scoring:
    return load_scoring(small_run / "models" / "latest")


def by_definition(model: Model, reference: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Go through every order, one value at a time."""
    total = np.zeros((len(row), model.network.sizes[-1]))
    for order in permutations(range(len(row))):
        values = reference.copy()
        before = model.output(values[None])[0].astype(float)
        for place in order:
            values[place] = row[place]
            after = model.output(values[None])[0].astype(float)
            total[place] += after - before
            before = after
    return total / factorial(len(row))


def room(model: Model, reference: np.ndarray, rows: np.ndarray) -> float:
    """Return what float32 leaves open in a push: it is a mean of differences, each of two outputs between their ends."""
    inside = (np.arange(2**6)[:, None] >> np.arange(6) & 1).astype(bool)
    values = np.where(inside, rows[:, None], reference).reshape(-1, 6)
    low, high = ends(model.network, model.preprocessor.transform(values))
    return 2 * float((high - low).max())


ROWS = np.array([[45, 6, 8, 11.9, 8, 55], [23, 5.2, 5.6, 10.2, 5.4, 32], [60, 0, np.nan, 12.6, 8.1, 500]])


def test_pushes_are_what_the_definition_says(run: Scoring) -> None:
    told = pushes(run, ROWS)
    np.testing.assert_array_equal(told.reference, run.model.preprocessor.fill)
    for row, found in zip(ROWS, told.pushes, strict=True):
        limit = room(run.model, told.reference, row[None])
        np.testing.assert_allclose(found, by_definition(run.model, told.reference, row), atol=limit, rtol=0)


def test_pushes_of_softmax_are_what_the_definition_says(run: Scoring) -> None:
    weights = initial_weights((6, 4, 3), seed=1, start=0) * 3
    softmax = replace(run.model, network=Network((6, 4, 3), (0.05,), True, weights))
    told = pushes(replace(run, model=softmax), ROWS)
    assert told.pushes.shape == (3, 6, 3)
    for row, found in zip(ROWS, told.pushes, strict=True):
        limit = room(softmax, told.reference, row[None])
        np.testing.assert_allclose(found, by_definition(softmax, told.reference, row), atol=limit, rtol=0)


@pytest.mark.parametrize("exact", [10, 0])
def test_pushes_sum_to_the_output_minus_the_reference_and_a_filled_value_pushes_nothing(
    run: Scoring, exact: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXACT", exact)
    told = pushes(run, ROWS)
    limit = room(run.model, told.reference, ROWS)
    np.testing.assert_allclose(told.pushes.sum(axis=1) + told.reference_output, run.model.output(ROWS), atol=limit, rtol=0)
    assert (np.abs(told.pushes[2, [1, 2, 5]]) <= limit).all()  # implausible, missing, implausible
    assert (np.abs(told.pushes[2, [0, 3, 4]]) > 100 * limit).all()


def test_sampled_orders_come_close_to_all_of_them(run: Scoring, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = pushes(run, ROWS).pushes
    monkeypatch.setattr(module, "EXACT", 0)
    sampled = pushes(run, ROWS).pushes
    assert np.abs(sampled - exact).max() <= 0.1 * np.abs(exact).max()
    np.testing.assert_allclose(sampled, pushes(run, ROWS).pushes, rtol=0)


def test_without_a_fill_the_reference_is_the_middle_and_a_missing_value_leaves_no_pushes(run: Scoring) -> None:
    steps = run.model.preprocessor
    bare = replace(run, model=replace(run.model, preprocessor=replace(steps, fill=np.full(6, np.nan))))
    told = pushes(bare, ROWS)
    np.testing.assert_allclose(told.reference, steps.seen.mean(axis=0))
    assert np.isfinite(told.pushes[:2]).all()
    assert np.isnan(told.pushes[2]).any()


def test_rows_explained_at_once_are_explained_alone(run: Scoring, monkeypatch: pytest.MonkeyPatch) -> None:
    together = pushes(run, ROWS).pushes
    monkeypatch.setattr(module, "_AT_ONCE", 1)
    limit = room(run.model, run.model.preprocessor.fill, ROWS)
    np.testing.assert_allclose(pushes(run, ROWS).pushes, together, atol=limit, rtol=0)
