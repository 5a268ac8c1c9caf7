"""The rules give the network's value before the output's activation, by Keras and by NumPy straight from the weights."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.config.read import load_config
from pipeline.data.frame import to_frame
from pipeline.data.load import load
from pipeline.data.preprocess import Preprocessor
from pipeline.data.split import split
from pipeline.judge.regions import Rules, rules_of
from pipeline.model import Model, fit, prepare
from pipeline.network.coding import Coding
from pipeline.network.keras_model import build
from pipeline.network.layers import Network

FILES = ["data/diabetes.csv", *(pytest.param(name, marks=pytest.mark.slow) for name in ("article.csv", "complete.csv"))]
CODING = Coding(("a", "b", "c"), (0.0, 1.0, -1.0))


def by_keras(model: Model, values: np.ndarray) -> np.ndarray:
    """Return the values before the output's activation as Keras computes them."""
    import keras

    whole = build(model.network)
    dense = [layer for layer in whole.layers if isinstance(layer, keras.layers.Dense)][-1]
    return np.asarray(keras.Model(whole.inputs, dense.output).predict(model.preprocessor.transform(values), verbose=0))


def by_numpy(model: Model, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return in float64 which hidden units bend and are above 0, and the values before the output's activation."""
    weights, sizes, end, above = model.network.weights.astype(float), model.network.sizes, 0, []
    for layer in range(1, len(sizes)):
        kernel = weights[end : end + sizes[layer - 1] * sizes[layer]].reshape(sizes[layer - 1], sizes[layer])
        end += kernel.size
        inputs = inputs @ kernel + weights[end : end + sizes[layer]]
        end += sizes[layer]
        if layer < len(sizes) - 1:
            slope = model.network.slopes[layer - 1]
            above.append((inputs > 0) & (slope != 1))
            inputs = np.where(inputs > 0, inputs, slope * inputs)
    return np.concatenate([np.zeros((len(inputs), 0), dtype=bool), *above], axis=1), inputs


def off(rules: Rules, expected: np.ndarray) -> float:
    """Return the largest distance from the values that are expected, as a share of the largest term of their formula."""
    worst = 0.0
    for region in rules.regions:
        columns = np.hstack([rules.columns[region.rows], np.ones((len(region.rows), 1))])
        largest = np.abs(columns[:, :, None] * region.formulas).max(axis=1)
        worst = max(worst, float((np.abs(region.values(rules.columns[region.rows]) - expected[region.rows]) / largest).max()))
    return worst


def listed(rules: Rules) -> list[int]:
    return sorted(row for region in rules.regions for row in region.rows.tolist())


@pytest.mark.arithmetic
@pytest.mark.parametrize("name", FILES)
def test_the_rules_of_the_default_network_give_its_value_on_every_row(
    name: str, workplace: Path, request: pytest.FixtureRequest
) -> None:
    path = name if name.startswith("data/") else str(request.getfixturevalue("real_data") / name)
    config = load_config("configs/default.yaml", (), path)
    table = load(config.data, ())
    parts = split(table, config.split)
    prepared = prepare(table, parts, config.data, config.preprocess)
    groups = table.copies(table.features)[parts.train]
    model = fit(prepared, groups, config.data.codes, config.network, config.training, 0.9).model
    rules = rules_of(model, table.values)
    assert 1 < rules.count == len(rules.regions) <= 8
    assert listed(rules) == list(range(len(table)))
    assert off(rules, by_keras(model, table.values)) < 1e-5
    np.testing.assert_allclose(rules.columns, prepared.steps[:-1].transform(to_frame(table.values, config.data)))


def random_model(seed: int) -> tuple[Model, np.ndarray, np.ndarray]:
    """Return a model of random shape, its raw rows, some of them with gaps, and its inputs as scikit-learn makes them."""
    random = np.random.default_rng(seed)
    from sklearn.decomposition import PCA
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

    width, softmax = int(random.integers(1, 8)), bool(seed % 2)
    hidden = tuple(random.integers(1, 12, size=random.integers(0, 4)).tolist())
    values = random.normal(random.normal(0, 50, width), random.uniform(0.5, 40, width), (300, width))
    low, high = values.min(axis=0), values.max(axis=0)
    values[random.random(values.shape) < 0.05] = np.nan
    scaler = [StandardScaler(), MinMaxScaler(), FunctionTransformer()][seed % 3]
    filled = SimpleImputer(strategy="median").fit(values)
    scaled = scaler.fit_transform(filled.transform(values))
    center, scale = np.zeros(width), np.ones(width)
    if isinstance(scaler, StandardScaler):
        center, scale = scaler.mean_, scaler.scale_
    elif isinstance(scaler, MinMaxScaler):
        center, scale = scaler.data_min_, 1 / scaler.scale_
    steps = Preprocessor(tuple("abcdefgh"[:width]), low, high, filled.statistics_, center, scale, np.array([low, high]))
    if seed % 4 == 3:
        pca = PCA(int(random.integers(1, width + 1))).fit(scaled)
        steps, scaled = replace(steps, mean=pca.mean_, components=pca.components_), pca.transform(scaled)
    sizes = (scaled.shape[1], *hidden, 3 if softmax else 1)
    slopes = random.choice([0.0, 0.05, 0.3, 1.0, 1.7], len(sizes) - 1 - softmax).tolist()
    slopes = slopes if seed % 5 else [0.05] * len(slopes)
    count = sum((a + 1) * b for a, b in pairwise(sizes))
    weights = random.normal(0, 0.7, count).astype(np.float32)
    return Model(steps, Network(sizes, tuple(slopes), softmax, weights), CODING), values, scaled


@pytest.mark.parametrize("seed", range(100))
def test_the_rules_of_random_networks_give_their_values_and_part_the_rows_as_their_units_do(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.judge.regions._SOLVED", 0)  # or hundreds of regions take seconds
    model, values, inputs = random_model(seed)
    above, expected = by_numpy(model, inputs)
    rules = rules_of(model, values, most=1000)
    assert off(rules, expected) < 1e-9
    assert listed(rules) == list(range(len(values)))
    sides = {tuple(row) for row in above.tolist()}
    assert rules.count == len(rules.regions) == len(sides)
    assert [len(region.rows) for region in rules.regions] == sorted((len(region.rows) for region in rules.regions), reverse=True)
    first = model.network.sizes[1:-1]
    for region in rules.regions:
        assert {tuple(row) for row in above[region.rows].tolist()} == {tuple(above[region.rows[0]].tolist())}
        places = [sum(first[: layer - 1]) + unit - 1 for layer, unit in region.units.tolist()]
        assert above[region.rows[0], places].tolist() == region.above.tolist()


@pytest.mark.parametrize("seed", range(0, 100, 6))
def test_the_conditions_that_are_left_part_all_plausible_values_as_all_units_do(seed: int) -> None:
    model, values, _ = random_model(seed)
    steps = model.preprocessor
    rules = rules_of(model, values)
    anywhere = np.random.default_rng(seed).uniform(steps.lowest, steps.highest, (20_000, len(steps.lowest)))
    sides, _ = by_numpy(model, steps.transform(anywhere))
    own, _ = by_numpy(model, steps.transform(np.where(np.isnan(values), steps.fill, values)))
    for region in rules.regions:
        np.testing.assert_array_equal(region.holds(anywhere), (sides == own[region.rows[0]]).all(axis=1))


def test_conditions_that_others_imply_are_left_out() -> None:
    """Of 2x > 3, x > 1, x < 9 and y > -1, where x is from 0 to 5 and y from 0 to 1, only the first is needed."""
    weights = np.array([2, 1, -1, 0, 0, 0, 0, 1, -3, -1, 9, 1, 1, 1, 1, 1, 0.5], dtype=np.float32)
    none, ends = np.full(2, np.nan), np.array([[0.0, 0.0], [5.0, 1.0]])
    steps = Preprocessor(("x", "y"), *ends, none, np.zeros(2), np.ones(2), ends)
    model = Model(steps, Network((2, 4, 1), (0.5, 1.0), False, weights), CODING)
    (region,) = rules_of(model, [[2.0, 0.5], [4.0, 0.1], [np.nan, 0.5]]).regions
    assert region.rows.tolist() == [0, 1]
    assert region.units.tolist() == [[1, 1]]
    np.testing.assert_allclose(region.formulas[:, 0], [2, 1, 6.5])
    (lower,) = rules_of(model, [[1.2, 0.5]]).regions
    assert sorted(lower.units.tolist()) == [[1, 1], [1, 2]]
    assert lower.above.tolist() == [False, True]


@pytest.mark.parametrize("weight", [np.nan, np.inf])
def test_a_network_without_numbers_has_no_rules(weight: float) -> None:
    model, values, _ = random_model(1)
    broken = replace(model, network=replace(model.network, weights=np.full_like(model.network.weights, weight)))
    with np.errstate(invalid="ignore"):
        assert rules_of(broken, values).regions == ()


def test_of_a_wide_network_the_regions_of_most_rows_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.judge.regions._SOLVED", 0)
    random: Any = np.random.default_rng(3)
    model, values, _ = random_model(4)
    sizes = (values.shape[1], 40, 1)
    weights = random.normal(0, 1, (sizes[0] + 1) * 40 + 41).astype(np.float32)
    wide = replace(model, network=Network(sizes, (0.1, 0.1), False, weights))
    rules, every = rules_of(wide, values, 5), rules_of(wide, values, 1000)
    assert len(rules.regions) == 5 < rules.count == len(every.regions)
    assert [len(region.rows) for region in rules.regions] == [len(region.rows) for region in every.regions[:5]]
    assert len(listed(every)) == len(values)
