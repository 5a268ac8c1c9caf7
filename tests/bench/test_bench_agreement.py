"""Every way to score the small run says the same of 10,000 rows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.runs.saved import Scoring, load_scoring
from tests.bench.agreement import asked_about, measure, tied
from tests.rounding import decided, widest
from tests.serve.client import serving

pytestmark = pytest.mark.arithmetic


@pytest.fixture(scope="module")
def run(small_run: Path) -> Scoring:
    return load_scoring(small_run / "models/latest")


@pytest.mark.slow
def test_every_way_to_score_says_the_same(run: Scoring, small_run: Path) -> None:
    with serving(small_run) as server:
        measured = measure(run, 10_000, url=server.url)
    assert set(measured["ways"]) == {"onnx", "keras", "joblib", "mlflow", "serve"}
    assert measured["tied"] < 100
    inputs = run.model.preprocessor.transform(asked_about(run, 10_000))
    undecided = np.count_nonzero(~decided(run.model.network, inputs, run.model.coding))
    assert undecided < 100
    for way in measured["ways"].values():
        assert way["largest_difference"] <= widest(run.model.network, inputs)
        assert way["of_probabilities"] <= 1e-3
        assert way["other_set_away_from_a_limit"] == 0
        assert way["other_class_away_from_a_tie"] <= way["other_class"] <= undecided


def test_a_tie_is_where_two_classes_are_equally_near(run: Scoring) -> None:
    found = tied(run, np.array([[0.5], [0.500005], [0.5001], [-0.5], [3], [np.nan]], dtype=np.float32))
    np.testing.assert_array_equal(found, [True, True, False, True, False, False])
    softmax = replace(run, model=replace(run.model, coding=replace(run.model.coding, softmax=True)))
    np.testing.assert_array_equal(tied(softmax, np.array([[0.4, 0.4, 0.2], [0.5, 0.4, 0.1]], dtype=np.float32)), [True, False])
