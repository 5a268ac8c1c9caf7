"""The compiled engine alone: its gradient, its independence of the width, and when it compiles."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import expit
from sklearn.metrics import log_loss, mean_squared_error

from pipeline.network import compiled, xla
from pipeline.network.layers import initial_weights
from pipeline.network.recipe import Recipe
from pipeline.network.train import train_networks
from tests.training import train_network

pytestmark = pytest.mark.arithmetic

CODE = Recipe((6, 3, 1), (0.05, 0.05), False, "squared_error", "adam", 0.01, "linear", 20, 10, 512, 0)
SOFTMAX = replace(CODE, sizes=(6, 3, 3), slopes=(0.05,), softmax=True, loss="categorical_crossentropy")
ORDINAL = replace(CODE, loss="ordinal", codes=(0.0, 1.0, -1.0))
BINARY = replace(CODE, loss="binary_crossentropy")


def made_up(recipe: Recipe, rows: int = 83) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(11)
    inputs = random.normal(size=(rows, recipe.sizes[0])).astype(np.float32)
    classes = np.digitize(inputs[:, 0] * inputs[:, 1], [-0.4, 0.4])
    codes = (classes > 0) if recipe.loss == "binary_crossentropy" else np.array([0, 1, -1])[classes]
    return inputs, (np.eye(3)[classes] if recipe.softmax else codes[:, None]).astype(np.float32)


def drawn(recipe: Recipe, starts: int) -> np.ndarray:
    return np.stack([initial_weights(recipe.sizes, recipe.seed, start) for start in range(starts)])


def fit(recipe: Recipe, initial: np.ndarray, data=None) -> tuple[np.ndarray, np.ndarray]:
    return compiled.fit_compiled(*(data or made_up(recipe)), [replace(recipe, starts=len(initial))], initial, lambda share: None)


def output_in_float64(weights: np.ndarray, inputs: np.ndarray, recipe: Recipe) -> np.ndarray:
    values, at = inputs.astype(np.float64), 0
    for layer, (width, units) in enumerate(pairwise(recipe.sizes)):
        kernel, bias = np.split(weights[at : at + width * units + units], [width * units])
        values, at = values @ kernel.reshape(width, units) + bias, at + width * units + units
        if layer < len(recipe.slopes):
            values = np.maximum(values, 0) + recipe.slopes[layer] * np.minimum(values, 0)
    return np.exp(values) / np.exp(values).sum(axis=1, keepdims=True) if recipe.softmax else values


@pytest.mark.parametrize(
    ("recipe", "loss"),
    [
        pytest.param(CODE, mean_squared_error, id="squared error"),
        pytest.param(
            replace(CODE, sizes=(6, 4, 3, 1), slopes=(0.5, 0.0, 0.2)),
            mean_squared_error,
            id="two hidden layers",
            marks=pytest.mark.slow,
        ),
        pytest.param(SOFTMAX, log_loss, id="cross-entropy, softmax"),
        pytest.param(
            ORDINAL,
            lambda truth, output: sum(
                log_loss(truth.ravel() > middle, expit(6 / 21 * (np.where(output > 0, output, output * 20).ravel() - place)))
                for middle, place in ((0.5, 0.5), (-0.5, -10.0))
            ),
            id="ordinal",
        ),
        pytest.param(
            BINARY,
            lambda truth, output: log_loss(truth, np.clip(output, 1e-7, 1 - 1e-7), labels=[0, 1]),
            id="binary cross-entropy",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_one_step_of_gradient_descent_is_the_slope_that_finite_differences_measure(recipe, loss):
    """One step of SGD over all rows at rate 1 moves the weights by the gradient, of the losses of scikit-learn."""
    inputs, targets = made_up(recipe)
    recipe = replace(recipe, optimizer="sgd", learning_rate=1.0, schedule="constant", epochs=1, batch_size=len(inputs))
    # biases of exactly 0 would put units on the kink of Leaky ReLU, where there is no slope to measure
    initial = drawn(recipe, 6) + np.random.default_rng(5).normal(scale=0.1, size=drawn(recipe, 6).shape).astype(np.float32)
    moved = initial - fit(recipe, initial)[0]
    for start, gradient in zip(initial, moved, strict=True):
        measured = approx_fprime(
            start.astype(np.float64), lambda weights: loss(targets, output_in_float64(weights, inputs, recipe)), 1e-7
        )
        np.testing.assert_allclose(gradient, measured, atol=2e-5, rtol=2e-4)


WIDTHS = [
    pytest.param(CODE, id="squared error"),
    pytest.param(replace(CODE, optimizer="sgd"), id="SGD", marks=pytest.mark.slow),
    pytest.param(replace(ORDINAL, l2=0.01), id="ordinal, with a penalty", marks=pytest.mark.slow),
    pytest.param(SOFTMAX, id="cross-entropy, softmax"),
    pytest.param(BINARY, id="binary cross-entropy", marks=pytest.mark.slow),
    pytest.param(replace(CODE, sizes=(6, 5, 4, 1), slopes=(0.05, 0.1, 0.2)), id="two hidden layers", marks=pytest.mark.slow),
    pytest.param(replace(CODE, sizes=(6, 32, 1)), id="32 hidden units", marks=pytest.mark.slow),
    pytest.param(replace(CODE, batch_size=16), id="batch size 16"),
    pytest.param(replace(SOFTMAX, batch_size=32), id="softmax, batch size 32", marks=pytest.mark.slow),
    pytest.param(replace(CODE, batch_size=500), id="one batch of all rows", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("recipe", WIDTHS)
def test_a_start_is_the_same_to_the_bit_alone_and_among_127_or_511_others(recipe):
    initial = drawn(recipe, 512)
    weights, curves = fit(recipe, initial)
    for few in (3, 128):
        np.testing.assert_array_equal(fit(recipe, initial[:few])[0], weights[:few])
    for start in (0, 255, 256, 511):
        alone, curve = fit(recipe, initial[start : start + 1])
        np.testing.assert_array_equal(alone[0], weights[start])
        np.testing.assert_allclose(curve[:, 0], curves[:, start], rtol=1e-5)


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(replace(CODE, batch_size=807, epochs=2), id="6-3-1"),
        pytest.param(
            replace(CODE, sizes=(6, 5, 4, 1), slopes=(0.05, 0.1, 0.2), batch_size=807, epochs=2),
            id="6-5-4-1",
            marks=pytest.mark.slow,
        ),
        pytest.param(replace(CODE, sizes=(13, 17, 1), batch_size=807, epochs=2), id="13-17-1", marks=pytest.mark.slow),
        pytest.param(replace(SOFTMAX, sizes=(6, 8, 3), batch_size=64, optimizer="sgd", epochs=2), id="softmax"),
    ],
)
def test_long_batches_are_summed_in_the_same_order_whatever_trains_beside(recipe):
    initial, data = drawn(recipe, 512), made_up(recipe, 807)
    among = fit(recipe, initial, data)[0]
    for few in (1, 128):
        np.testing.assert_array_equal(fit(recipe, initial[:few], data)[0], among[:few])


@pytest.mark.parametrize("starts", [3, 100, 257, 600])
def test_no_number_of_starts_changes_the_others(starts):
    initial = drawn(CODE, 600)
    np.testing.assert_array_equal(fit(CODE, initial[:starts])[0], fit(CODE, initial)[0][:starts])


@pytest.mark.slow
@pytest.mark.parametrize("work", [0, 1e5, 2e5], ids=["each epoch", "two epochs", "four epochs"])
def test_how_often_progress_is_reported_changes_no_number(monkeypatch, work):
    recipe, shares = replace(CODE, epochs=5), []
    initial = drawn(recipe, 2)
    weights, curves = fit(recipe, initial)
    monkeypatch.setattr(compiled, "_WORK", work)
    spans, span_curves = compiled.fit_compiled(*made_up(recipe), [replace(recipe, starts=len(initial))], initial, shares.append)
    assert len(shares) > 1
    assert sum(shares) == pytest.approx(1)
    np.testing.assert_array_equal(spans, weights)
    np.testing.assert_array_equal(span_curves, curves)


@pytest.mark.parametrize("recipe", [CODE, ORDINAL, SOFTMAX], ids=["squared error", "ordinal", "softmax"])
@pytest.mark.parametrize("seeds", [pytest.param(1, marks=pytest.mark.slow), 3])
@pytest.mark.parametrize("steps", [pytest.param(1, marks=pytest.mark.slow), 4])
def test_epochs_in_blocks_of_a_few_steps_change_no_number(monkeypatch, recipe, seeds, steps):
    recipes, shares = [replace(recipe, epochs=9, starts=16, seed=seed) for seed in range(seeds)], []
    initial, (inputs, targets) = drawn(recipe, 16 * seeds), made_up(recipe)
    expected = compiled.fit_compiled(inputs, targets, recipes, initial, lambda share: None)
    floats = 10 * (1 if seeds == 1 else 8) * (inputs.shape[1] + 1 + targets.shape[1] + 1)  # of a step, for the groups at hand
    monkeypatch.setattr(compiled, "_BYTES", 4 * floats * steps)
    monkeypatch.setattr(compiled, "_SPAN", 2)
    blocks = compiled.fit_compiled(inputs, targets, recipes, initial, shares.append)
    assert len(shares) > 2
    assert sum(shares) == pytest.approx(1)
    for array, among in zip(blocks, expected, strict=True):
        np.testing.assert_array_equal(array, among)


@pytest.mark.parametrize(
    "recipe",
    [pytest.param(CODE, id="any calls"), pytest.param(replace(ORDINAL, batch_size=32), id="equal calls", marks=pytest.mark.slow)],
)
def test_calls_of_few_seeds_and_few_networks_change_no_number(monkeypatch, recipe):
    recipes = [replace(recipe, epochs=2, starts=5, seed=seed) for seed in (3, 1, 4, 1, 5, 9, 2, 6)]
    initial, data = drawn(recipe, 40), made_up(recipe)
    expected = compiled.fit_compiled(*data, recipes, initial, lambda share: None)
    monkeypatch.setattr(compiled, "_BYTES", 2 * 4 * 83)  # two orders of the rows
    parts = compiled._parts(np.repeat([recipe.seed for recipe in recipes], 5), recipe, 83, 1)
    assert sorted(set(np.concatenate(parts, axis=None))) == list(range(40))
    assert all(len({recipes[network // 5].seed for network in part.ravel()}) <= 2 for part in parts)
    for array, among in zip(compiled.fit_compiled(*data, recipes, initial, lambda share: None), expected, strict=True):
        np.testing.assert_array_equal(array, among)


@pytest.mark.parametrize("seeds", [13, 26, 28])
def test_each_network_is_trained_in_one_call_only(seeds: int) -> None:
    parts = compiled._parts(np.repeat(np.arange(seeds), 100), CODE, 83, 2)
    assert sorted(number for part in parts for number in np.unique(part)) == list(range(100 * seeds))
    assert len({part.shape for part in parts}) == 1


@pytest.mark.parametrize("recipe", [CODE, replace(ORDINAL, l2=0.01), SOFTMAX], ids=["squared error", "ordinal", "softmax"])
def test_networks_of_30_seeds_and_some_slopes_each_have_the_weights_of_one_alone(recipe):
    """They lie in rows of 32 or 64, of which those below one another share a seed; the last seed has fewer slopes."""
    pairs = [(seed, slope) for seed in range(30) for slope in (0.0, 0.05, 0.3, 1.0)][:-1]
    recipes = [replace(recipe, epochs=3, starts=1, seed=seed, slopes=(slope,) * len(recipe.slopes)) for seed, slope in pairs]
    (part,) = compiled._parts(np.array([seed for seed, _ in pairs]), recipe, 83, 1)
    assert part.shape == ((2, 64) if recipe.softmax else (4, 32))
    seeds = np.array([pairs[network][0] for network in part.ravel()]).reshape(part.shape)
    assert (seeds == seeds[0]).all()
    assert set(part.ravel()) == set(range(119))
    data = made_up(recipe)
    together = train_networks(*data, recipes)
    for network in (0, 1, 2, 3, 57, 117, 118):
        np.testing.assert_array_equal(together[network].weights, train_network(*data, recipes[network]).weights)


@pytest.mark.parametrize("starts", [1, 300, 520])
def test_every_network_is_told_once_when_it_is_trained(starts):
    recipe, told = replace(CODE, epochs=1, starts=starts), []
    initial = drawn(recipe, starts)
    weights, _ = compiled.fit_compiled(
        *made_up(recipe), [recipe], initial, lambda share: None, 2, lambda *some: told.append(some)
    )
    numbers, trained = (np.concatenate(each) for each in zip(*told, strict=True))
    np.testing.assert_array_equal(np.sort(numbers), np.arange(starts))
    np.testing.assert_array_equal(trained, weights[numbers])


def test_a_call_has_fewer_networks_the_larger_they_are():
    sizes = [(6, 3, 1), (6, 16, 1), (6, 64, 1), (6, 256, 1), (100, 256, 3)]
    chunks = [compiled.chunk(replace(CODE, sizes=each), 807) for each in sizes]
    assert chunks == [256, 64, 32, 32, 8]
    assert compiled.chunk(replace(CODE, batch_size=807), 807) == 8
    assert compiled.chunk(replace(CODE, batch_size=807), 20) == compiled.chunk(replace(CODE, batch_size=20), 807)


@pytest.mark.parametrize("codes", [30, pytest.param(200, marks=pytest.mark.slow)])
def test_the_ordinal_loss_of_many_codes_neither_overflows_nor_misses_a_threshold(codes: int) -> None:
    recipe = replace(ORDINAL, codes=tuple(np.arange(codes) / 100), learning_rate=1e-9, epochs=1, starts=3)
    inputs, _ = made_up(recipe)
    targets = np.random.default_rng(2).choice(np.array(recipe.codes, np.float32), size=(len(inputs), 1))
    trained = train_network(inputs, targets, recipe)
    np.testing.assert_allclose(trained.loss_curves[0], trained.final_loss, rtol=1e-4)


def test_folds_slopes_seeds_and_penalties_of_one_shape_share_one_compilation():
    program = xla.program(xla.ProgramKind((6, 4, 1), False, "ordinal", "adam", True))
    recipe, counts = replace(ORDINAL, sizes=(6, 4, 1), epochs=2, starts=2), []
    for rows, seeds, slope, l2 in [(83, (0, 1), 0.05, 1), (79, (5, 6), 0.0, 2), (90, (7, 9), 0.3, 1), (83, (1, 2), 1.0, 2)]:
        own = [replace(recipe, seed=seed, l2=0.01 * l2, slopes=(0.1 * seed, slope)) for seed in seeds]
        train_networks(*made_up(recipe, rows), own)
        counts.append(program.function.experimental_get_tracing_count())
    assert counts == [1] * 4


def test_nothing_but_the_shape_of_the_problem_compiles_anew():
    inputs, targets = made_up(CODE)
    program = xla.program(xla.ProgramKind(CODE.sizes, CODE.softmax, CODE.loss, CODE.optimizer, False))
    before, results = None, set()
    for recipe, scale in [
        (CODE, 1),
        (replace(CODE, slopes=(0.3, 0.0)), 1),
        (replace(CODE, seed=9), 1),
        (replace(CODE, learning_rate=0.02), 1),
        (replace(CODE, schedule="cosine"), 1),
        (CODE, 1.5),
        (replace(CODE, epochs=300), 1),
    ]:
        weights, _ = fit(recipe, drawn(recipe, 4), (np.float32(scale) * inputs, targets))
        results.add(weights.tobytes())
        before = before or program.function.experimental_get_tracing_count()
        assert program.function.experimental_get_tracing_count() == before
    assert len(results) == 7
