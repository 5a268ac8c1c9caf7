"""Every way to score the small run says the same of 10,000 rows."""

from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from pipeline.export.agreement import as_columns
from pipeline.predict.file import predict
from pipeline.predict.score import notes, score_rows, sets
from pipeline.runs.saved import Scoring, load_scoring
from pipeline.track.mlflow_model import ScoringModel
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


@pytest.mark.slow
def test_a_tie_is_where_two_classes_are_equally_near(run: Scoring) -> None:
    found = tied(run, np.array([[0.5], [0.500005], [0.5001], [-0.5], [3], [np.nan]], dtype=np.float32))
    np.testing.assert_array_equal(found, [True, True, False, True, False, False])
    softmax = replace(run, model=replace(run.model, coding=replace(run.model.coding, softmax=True)))
    np.testing.assert_array_equal(tied(softmax, np.array([[0.4, 0.4, 0.2], [0.5, 0.4, 0.1]], dtype=np.float32)), [True, False])


@pytest.mark.slow
@pytest.mark.parametrize("rows", [10_000])
def test_every_way_says_the_same_of_categories_unknown_ones_and_gaps(clinic: Path, tmp_path: Path, rows: int) -> None:
    run = load_scoring(clinic / "models" / "latest")
    values = asked_about(run, rows)
    strange = np.isneginf(values).sum(axis=0)
    assert (strange[2:] > rows / 20).all()
    assert (np.isnan(values).sum(axis=0) > rows / 40).all()
    assert {-9, -999, 7.25} < set(values[:, 1])  # which mean missing
    with serving(clinic) as server:
        found = measure(run, rows, url=server.url)
    print(found)
    assert set(found["ways"]) == {"onnx", "keras", "joblib", "mlflow", "serve"}
    for way in found["ways"].values():
        assert way["largest_difference"] < 1e-5
        assert way["of_probabilities"] < 1e-5
        assert way["other_class_away_from_a_tie"] == way["other_set_away_from_a_limit"] == 0
    own, frame = score_rows(run, values), pd.DataFrame(as_columns(values, run.config.data))
    steps = joblib.load(clinic / "models" / "latest" / "preprocessor.joblib")  # what the estimator was trained behind
    np.testing.assert_allclose(steps.transform(frame), run.model.preprocessor.transform(values), rtol=1e-12)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    counts = predict(run, tmp_path / "rows.csv", tmp_path / "scored.parquet")
    scored = pd.read_parquet(tmp_path / "scored.parquet")
    assert counts.rows == rows
    classes, (numbers, texts), (places, names) = list(run.config.data.codes), notes(run, own), sets(run, own)
    assert scored["predicted ill"].tolist() == [classes[answer] for answer in own.answers]
    np.testing.assert_array_equal(scored[["probability no", "probability yes"]], own.probabilities.astype(np.float32))
    assert scored["possible ill"].tolist() == [names[place] for place in places]
    assert scored["notes"].tolist() == [texts[number] for number in numbers]
    assert ScoringModel(run).predict(frame)["note"].tolist() == scored["notes"].tolist()
