"""What is said of single rows, held against Keras, scikit-learn and plain NumPy."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from pipeline.config.schema import Config
from pipeline.data.preprocess import Preprocessor
from pipeline.model import Model
from pipeline.network.coding import Coding
from pipeline.network.layers import Network
from pipeline.predict.score import notes, score_rows, sets
from pipeline.runs.place import resolve_run
from pipeline.runs.saved import Scoring, load_scoring
from tests.rounding import decided, within

pytestmark = pytest.mark.arithmetic

NAN = float("nan")
ROWS = np.array(
    [
        [45, 5.2, 6.8, 10.9, 4.2, 33],  # like those of training
        [45, NAN, 6.8, 10.9, 4.2, 33],
        [45, 5.2, 6.8, 10.9, 99, 33],
        [95, 5.2, 6.8, 10.9, 4.2, NAN],
    ]
)


@pytest.fixture
def run(trained: Path) -> Scoring:
    return load_scoring("models/latest")


def test_outputs_are_those_of_keras_behind_scikit_learns_preprocessing(run, trained):
    from pipeline.network.backend import keras

    folder = resolve_run("models/latest")
    random = np.random.default_rng(0)
    values = random.uniform([0, 0, 0, 0, 0, 0], [130, 40, 40, 50, 40, 200], (2000, 6))
    values[random.random(values.shape) < 0.1] = np.nan
    named = pd.DataFrame(values, columns=list(run.config.data.features))
    inputs = joblib.load(folder / "preprocessor.joblib").transform(named)
    output = keras().models.load_model(folder / "network.keras").predict(np.asarray(inputs), verbose=0)
    scores = score_rows(run, values)
    assert within(run.model.network, inputs, output).all()
    assert within(run.model.network, inputs, scores.output).all()
    distances = np.abs(output - list(run.config.data.codes.values()))
    clear = decided(run.model.network, inputs, run.model.coding)
    assert clear.mean() > 0.99
    np.testing.assert_array_equal(scores.answers[clear], distances.argmin(axis=1)[clear])
    np.testing.assert_array_equal(scores.probabilities.argmax(axis=1), scores.answers)


def test_many_rows_go_through_the_network_in_parts_and_each_output_is_its_own_rows(run, monkeypatch):
    from pipeline.network.backend import keras

    folder, random = resolve_run("models/latest"), np.random.default_rng(1)
    values = random.uniform([20, 3, 4, 5, 3, 20], [80, 10, 15, 15, 10, 60], (200_001, 6))
    inputs = joblib.load(folder / "preprocessor.joblib").transform(pd.DataFrame(values, columns=list(run.config.data.features)))
    expected = keras().models.load_model(folder / "network.keras").predict(np.asarray(inputs), batch_size=2**17, verbose=0)
    parts, output = [], Model.output
    monkeypatch.setattr(Model, "output", lambda model, rows: parts.append(len(rows)) or output(model, rows))
    scores = score_rows(run, values)
    assert within(run.model.network, inputs, scores.output).all()
    np.testing.assert_allclose(scores.output, expected, rtol=1e-4, atol=1e-4)
    assert len(parts) > 1
    assert 2**14 < min(parts) <= max(parts) < 2**16  # of which BLAS makes one kind, on one thread
    assert score_rows(run, values[:0]).output.shape == (0, expected.shape[1])


def test_the_range_seen_in_training_is_that_of_the_plausible_training_values(run, trained):
    frame = pd.read_csv("data/diabetes.csv")[list(run.config.data.features)]
    low, high = (pd.Series(each, frame.columns) for each in run.config.data.bounds())
    with np.load(resolve_run("models/latest") / "weights.npz") as arrays:
        plain = frame.where((frame >= low) & (frame <= high)).iloc[arrays["train_rows"]]
    np.testing.assert_array_equal(run.model.preprocessor.seen, [plain.min(), plain.max()])


def test_notes_name_what_is_missing_implausible_and_unseen(run):
    excludes = replace(run.model.coding, least=(0.1, 0.0, 0.0))
    run = replace(run, model=replace(run.model, coding=excludes))
    numbers, texts = notes(run, score_rows(run, ROWS))
    plain, gap, wild, old = (texts[number] for number in numbers)
    fill = dict(zip(run.config.data.features, run.model.preprocessor.fill, strict=True))
    assert plain == ""
    assert gap == f"BS Fast missing, filled with {fill['BS Fast']:.6g}"
    assert wild == f"Plasma F outside the plausible 2 to 30, filled with {fill['Plasma F']:.6g}"
    low, high = run.model.preprocessor.seen[:, 0]
    text = f"Age outside {low:.6g} to {high:.6g}, the range seen in training: other classes may be possible too"
    text += f"; HbA1c missing, filled with {fill['HbA1c']:.6g}"
    assert old == text
    nothing = replace(run, model=replace(run.model, coding=replace(excludes, least=(0.0, 0.0, 0.0))))
    assert text.replace(": other classes may be possible too", "") in notes(nothing, score_rows(run, ROWS))[1]


def wide(features: int, least: tuple[float, float] | None = None) -> Scoring:
    """A linear network of many features, none of which has a plausible range."""
    names = tuple(f"x{number}." for number in range(features))
    codes = {"no": 0.0, "yes": 1.0}
    config = Config.model_validate({"data": {"path": "", "target": "y", "codes": codes, "features": dict.fromkeys(names)}})
    ends = np.full(features, -np.inf), np.full(features, np.inf)
    steps = Preprocessor(names, *ends, *np.zeros((2, features)), np.ones(features), np.array(ends))
    network = Network((features, 1), (1.0,), False, np.zeros(features + 1, np.float32))
    return Scoring(config, Model(steps, network, Coding(("no", "yes"), (0.0, 1.0), steepness=(9.0,), least=least)), {})


@pytest.mark.parametrize("features", [6, 70])
def test_every_row_has_the_note_of_its_own_gaps_and_equal_ones_share_it(features):
    random, run = np.random.default_rng(0), wide(features)
    rows = np.where(random.random((3000, features)) < 0.5, np.nan, 1.0)
    numbers, texts = notes(run, score_rows(run, rows))
    gaps = np.isnan(rows)
    assert len(texts) == len(set(texts)) == len(np.unique(gaps, axis=0))
    for row, number in enumerate(numbers):
        assert [name in texts[number] for name in run.config.data.features] == gaps[row].tolist()


def test_no_rows_have_no_notes_and_no_sets(run):
    for said in (notes, sets):
        numbers, texts = said(run, score_rows(run, np.empty((0, 6))))
        assert (len(numbers), texts) == (0, ())


@pytest.mark.parametrize("count", [2, 3, 70])
def test_every_row_has_the_names_of_the_classes_that_its_probabilities_do_not_exclude(count):
    random, names = np.random.default_rng(count), [f"class {number}" for number in range(count)]
    codes = dict(zip(names, map(float, range(count)), strict=True))
    config = Config.model_validate({"data": {"path": "", "target": "y", "codes": codes, "features": {"x": None, "z": None}}})
    scores = SimpleNamespace(possible=random.random((500, count)) < 0.6)
    numbers, texts = sets(Scoring(config, None, {}), scores)
    assert len(texts) == len(set(texts)) == len(pd.DataFrame(scores.possible).drop_duplicates())
    expected = pd.DataFrame(scores.possible, columns=names).apply(lambda row: " or ".join(row.index[row]), axis=1)
    assert [texts[number] for number in numbers] == expected.tolist()


def test_a_class_is_possible_unless_its_probability_is_below_its_limit_or_nothing_is_known():
    run = wide(2, least=(0.2, 0.4))
    network = replace(run.model.network, weights=np.array([1, 0, 0], dtype=np.float32))
    run = replace(run, model=replace(run.model, network=network))
    middle = run.model.preprocessor.transform([[0.0, 0.0]])[0, 0]
    scores = score_rows(run, [[x, 0.0] for x in (NAN, -3, 0.45, 0.5, 3)])
    ours = expit(9 * (np.array([-3, 0.45, 0.5, 3]) - middle - 0.5))  # of "yes"
    np.testing.assert_allclose(scores.probabilities[1:, 1], ours)
    np.testing.assert_array_equal(scores.possible[1:], np.stack([1 - ours >= 0.2, ours >= 0.4], axis=1))
    assert not scores.possible[1:].all()
    unknown = replace(run, model=replace(run.model, coding=replace(run.model.coding, least=None)))
    assert score_rows(unknown, [[3, 0.0]]).possible.all()
