"""Both engines: the compiled one against Keras ``fit``, and what they share against Keras, scikit-learn and NumPy."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import train_test_split

from pipeline.config.read import load_config
from pipeline.network.backend import keras
from pipeline.network.coding import Coding
from pipeline.network.keras_model import build
from pipeline.network.layers import Network
from pipeline.network.recipe import Recipe, penalties, thresholds
from pipeline.network.train import losses, train_networks
from tests.tables import frame_of
from tests.training import train_network

pytestmark = pytest.mark.arithmetic

DEFAULT = Path(__file__).parents[2] / "configs/default.yaml"
CODE = Recipe((6, 3, 1), (0.05, 0.05), False, "squared_error", "adam", 0.01, "constant", 5, 10, 1, 0)
SOFTMAX = replace(CODE, sizes=(6, 3, 3), slopes=(0.05,), softmax=True, loss="categorical_crossentropy")
BINARY = replace(CODE, loss="binary_crossentropy", learning_rate=0.001)  # 1 / output makes a larger step amplify rounding
ORDINAL = replace(CODE, loss="ordinal", codes=(0.0, 1.0, -1.0), l2=0.01)
CONSTANT = replace(CODE, loss="categorical_crossentropy")
ENGINES = ["compiled", "keras"]
SLOW = pytest.mark.slow


def made_up(recipe: Recipe, rows: int = 83, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Draw inputs, and targets that depend on them: codes 0, 1, -1, or 0, 1 for binary, or an indicator a class."""
    random = np.random.default_rng(7)
    inputs = random.normal(size=(rows, recipe.sizes[0]))
    classes = np.digitize(inputs[:, 0] + inputs[:, 1] * inputs[:, 2], [-0.6, 0.6])
    codes = (classes > 0) if recipe.loss == "binary_crossentropy" else np.array([0, 1, -1])[classes]
    targets = np.eye(3)[classes] if recipe.softmax else codes[:, None]
    return (scale * inputs).astype(np.float32), targets.astype(np.float32)


PATHS = [
    pytest.param(replace(CODE, starts=2), 83, 1, id="squared error, code output, a last batch of 3"),
    pytest.param(CODE, 80, 1, id="batches that divide the rows"),
    pytest.param(replace(CODE, batch_size=500), 83, 1, id="a batch larger than the data"),
    pytest.param(replace(CODE, batch_size=32), 83, 1, id="batch size 32", marks=SLOW),
    pytest.param(replace(CODE, optimizer="sgd"), 83, 1, id="SGD"),
    pytest.param(replace(CODE, schedule="linear"), 83, 1, id="linear schedule"),
    pytest.param(replace(CODE, schedule="cosine", optimizer="sgd"), 83, 1, id="cosine schedule"),
    pytest.param(replace(CODE, sizes=(6, 1), slopes=(0.2,)), 83, 1, id="no hidden layer", marks=SLOW),
    pytest.param(
        replace(CODE, sizes=(6, 5, 4, 1), slopes=(0.0, 0.1, 0.5)), 83, 1, id="two hidden layers, a slope each", marks=SLOW
    ),
    pytest.param(BINARY, 83, 1, id="binary cross-entropy, codes 0 and 1"),
    pytest.param(ORDINAL, 83, 1, id="ordinal, with a penalty"),
    pytest.param(replace(ORDINAL, slopes=(0.1, 0.3), codes=(0.0, 1.0, -1.0, 4.0)), 83, 1, id="ordinal, four codes", marks=SLOW),
    pytest.param(replace(ORDINAL, slopes=(0.1, 0.0)), 83, 1, id="ordinal behind ReLU, which leaves one threshold"),
    pytest.param(replace(CODE, l2=0.05), 83, 1, id="squared error with a penalty", marks=SLOW),
    pytest.param(replace(SOFTMAX, l2=0.05), 83, 1, id="cross-entropy, softmax, with a penalty", marks=SLOW),
    pytest.param(SOFTMAX, 83, 1, id="cross-entropy, softmax"),
    pytest.param(
        replace(SOFTMAX, sizes=(6, 5, 4, 3), slopes=(0.3, 0.01), seed=1), 83, 1, id="softmax, two hidden layers", marks=SLOW
    ),
    pytest.param(SOFTMAX, 83, 100, id="cross-entropy, softmax, inputs of some 100 that saturate it"),
    pytest.param(replace(SOFTMAX, loss="squared_error"), 83, 1, id="squared error, softmax", marks=SLOW),
]


@pytest.mark.parametrize(("recipe", "rows", "scale"), PATHS)
def test_both_engines_follow_the_same_path(recipe, rows, scale):
    inputs, targets = made_up(recipe, rows, scale)
    compiled, reference = (train_network(inputs, targets, recipe, engine) for engine in ENGINES)
    assert np.abs(reference.weights - reference.initial).max() > 1e-3
    np.testing.assert_allclose(compiled.weights, reference.weights, atol=1e-4, rtol=0)
    np.testing.assert_allclose(compiled.loss_curves, reference.loss_curves, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(compiled.final_loss, reference.final_loss, rtol=1e-3)


WEIGHED = [
    pytest.param(CODE, id="squared error, a last batch of 3", marks=SLOW),
    pytest.param(ORDINAL, id="ordinal, with a penalty"),
    pytest.param(BINARY, id="binary cross-entropy", marks=SLOW),
    pytest.param(replace(SOFTMAX, l2=0.05), id="cross-entropy, softmax, with a penalty"),
]


def drawn_weights(rows: int) -> np.ndarray:
    """Weights of mean 1.2, some of them 0."""
    return np.random.default_rng(4).choice([0, 0.5, 1, 3], size=rows, p=[0.1, 0.2, 0.4, 0.3]).astype(np.float32)


@pytest.mark.parametrize("recipe", WEIGHED)
def test_both_engines_follow_the_same_path_where_rows_have_weights(recipe):
    (inputs, targets), given, recipe = made_up(recipe), drawn_weights(83), replace(recipe, epochs=3, starts=1)
    compiled, reference = (train_network(inputs, targets, recipe, engine, sample_weight=given) for engine in ENGINES)
    assert np.abs(reference.weights - reference.initial).max() > 1e-3
    np.testing.assert_allclose(compiled.weights, reference.weights, atol=1e-4, rtol=0)
    np.testing.assert_allclose(compiled.loss_curves, reference.loss_curves, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(compiled.final_loss, reference.final_loss, rtol=1e-3)


@pytest.mark.parametrize(
    "recipe", [pytest.param(CODE, id="code"), pytest.param(replace(SOFTMAX, l2=0.05), id="softmax, with a penalty", marks=SLOW)]
)
def test_weights_mean_what_they_mean_in_keras_fit(recipe):
    (inputs, targets), given = made_up(recipe), drawn_weights(83)
    recipe = replace(recipe, optimizer="sgd", learning_rate=0.1, batch_size=83, starts=1)
    trained = train_network(inputs, targets, recipe, sample_weight=given)
    model = build(Network(recipe.sizes, recipe.slopes, recipe.softmax, trained.initial[0]), penalties(recipe))
    kind = "categorical_crossentropy" if recipe.softmax else "mean_squared_error"
    model.compile(optimizer=keras().optimizers.SGD(recipe.learning_rate), loss=kind)
    fitted = model.fit(inputs, targets, batch_size=83, epochs=recipe.epochs, shuffle=False, verbose=0, sample_weight=given)
    np.testing.assert_allclose(trained.weights[0], np.concatenate([each.ravel() for each in model.get_weights()]), atol=1e-6)
    np.testing.assert_allclose(trained.loss_curves[:, 0], fitted.history["loss"], rtol=1e-5)
    left = model.evaluate(inputs, targets, batch_size=83, verbose=0, sample_weight=given)
    np.testing.assert_allclose(trained.final_loss[0], left, rtol=1e-5)


@pytest.mark.parametrize("recipe", [CODE, ORDINAL], ids=["code", "ordinal"])
def test_weights_of_1_change_no_more_than_rounding_and_weights_of_0_leave_rows_out(recipe):
    inputs, targets = made_up(recipe)
    plain, ones = (
        train_network(inputs, targets, recipe),
        train_network(inputs, targets, recipe, sample_weight=np.ones(83, np.float32)),
    )
    np.testing.assert_allclose(ones.weights, plain.weights, atol=1e-5)
    np.testing.assert_allclose(ones.final_loss, plain.final_loss, rtol=1e-4)
    lie, without = inputs.copy(), np.ones(83, np.float32)
    lie[:20], without[:20] = 7, 0
    honest, lied = (train_network(each, targets, recipe, sample_weight=without) for each in (inputs, lie))
    np.testing.assert_array_equal(honest.weights, lied.weights)
    assert honest.chosen == lied.chosen


@pytest.fixture(scope="module")
def real_rows(complete):
    """The training and test rows of the article's split, scaled as the default config scales them."""
    from pipeline.data.load import load
    from pipeline.data.preprocess import fit_pipeline

    config = load_config(DEFAULT, data=str(complete))
    table = load(config.data)
    parts = train_test_split(np.arange(len(table)), test_size=0.2, random_state=5)
    steps = fit_pipeline(frame_of(table).iloc[parts[0]], config.data, config.preprocess)
    inputs, codes = steps.transform(frame_of(table)).astype(np.float32), np.array([[0], [1], [-1]], dtype=np.float32)
    return [(inputs[rows], codes[table.truth[rows]]) for rows in parts]


@pytest.mark.parametrize("recipe", [pytest.param(CODE, id="code"), pytest.param(SOFTMAX, id="softmax", marks=SLOW)])
def test_both_engines_follow_the_same_path_on_the_real_rows(real_rows, recipe):
    (inputs, codes), _ = real_rows
    targets = np.eye(3, dtype=np.float32)[codes.ravel().astype(int)] if recipe.softmax else codes
    compiled, reference = (train_network(inputs, targets, replace(recipe, starts=1), engine) for engine in ENGINES)
    np.testing.assert_allclose(compiled.weights, reference.weights, atol=1e-4, rtol=0)


@pytest.mark.slow
def test_after_100_epochs_the_mean_test_accuracy_of_20_starts_is_the_same_within_a_point(real_rows):
    (inputs, targets), (unseen, truth) = real_rows
    recipe = replace(CODE, schedule="linear", epochs=100, starts=20)
    means = []
    for engine in ENGINES:
        outputs = [
            Network(recipe.sizes, recipe.slopes, False, each).output(unseen)
            for each in train_network(inputs, targets, recipe, engine).weights
        ]
        means.append(np.mean([np.clip(np.rint(output), -1, 1) == truth for output in outputs]))
    print("mean test accuracy", dict(zip(ENGINES, means, strict=True)))
    assert means[0] == pytest.approx(means[1], abs=0.01)


@pytest.mark.parametrize("rows", [80, 83])
@pytest.mark.parametrize("engine", ENGINES)
def test_cross_entropy_on_one_output_leaves_every_weight_as_it_was_drawn(engine, rows):
    trained = train_network(*made_up(CONSTANT, rows), CONSTANT, engine)
    np.testing.assert_array_equal(trained.weights, trained.initial)
    assert np.abs(trained.loss_curves).max() < 1e-6


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(CODE, id="code"),
        pytest.param(CONSTANT, id="article", marks=SLOW),
        pytest.param(SOFTMAX, id="softmax", marks=SLOW),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_one_nan_cell_makes_everything_nan(engine, recipe):
    inputs, targets = made_up(recipe)
    inputs[40, 2] = np.nan
    trained = train_network(inputs, targets, replace(recipe, epochs=1, starts=2), engine)
    assert np.isnan(trained.weights).all()
    assert np.isnan(trained.loss_curves).all()
    assert np.isnan(trained.final_loss).all()
    assert trained.chosen == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(engine):
    data, recipe = made_up(CODE), replace(CODE, epochs=1)
    first, again, other = (train_network(*data, replace(recipe, seed=seed), engine) for seed in (4, 4, 5))
    assert first.weights.tobytes() == again.weights.tobytes()
    assert first.loss_curves.tobytes() == again.loss_curves.tobytes()
    assert (first.weights != other.weights).any(axis=1).all()
    assert (first.initial != other.initial).any(axis=1).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_start_begins_and_ends_the_same_whatever_the_number_of_starts(engine):
    data, recipe = made_up(CODE), replace(CODE, epochs=1)
    few, more = (train_network(*data, replace(recipe, starts=starts), engine) for starts in (1, 2))
    np.testing.assert_array_equal(few.initial, more.initial[:1])
    np.testing.assert_array_equal(few.weights, more.weights[:1])


TOGETHER = [
    pytest.param(CODE, id="squared error"),
    pytest.param(SOFTMAX, id="cross-entropy, softmax"),
    pytest.param(replace(ORDINAL, codes=(0.0, 1.0, -1.0, 4.0)), id="ordinal, of which ReLU drops a threshold", marks=SLOW),
    pytest.param(replace(BINARY, optimizer="sgd"), id="binary cross-entropy, SGD", marks=SLOW),
    pytest.param(replace(CODE, batch_size=32), id="batch size 32"),
    pytest.param(replace(CODE, batch_size=500), id="one batch of all rows"),
]


@pytest.mark.parametrize(
    "starts",
    [
        pytest.param((3, 5, 40, 1), id="any"),
        pytest.param((8, 8, 16, 8), id="groups", marks=SLOW),
        pytest.param((1, 300, 2, 1), id="many", marks=SLOW),
    ],
)
@pytest.mark.parametrize("recipe", TOGETHER)
def test_recipes_trained_together_give_the_bits_of_each_alone(recipe, starts):
    slopes = [recipe.slopes, tuple(0.3 for _ in recipe.slopes), tuple(0.0 for _ in recipe.slopes), recipe.slopes]
    recipes = [
        replace(recipe, epochs=3, slopes=own, seed=seed, starts=number)
        for own, seed, number in zip(slopes, (3, 0, 3, 8), starts, strict=True)
    ]
    data = made_up(recipe)
    for own, among in zip(recipes, train_networks(*data, recipes), strict=True):
        alone = train_network(*data, own)
        for name in ("initial", "weights", "loss_curves", "final_loss", "chosen"):
            np.testing.assert_array_equal(getattr(among, name), getattr(alone, name), err_msg=name)


@pytest.mark.slow
def test_recipes_trained_together_with_keras_give_the_numbers_of_each_alone():
    data, recipes = made_up(CODE), [replace(CODE, epochs=1, starts=1, seed=seed) for seed in (0, 1)]
    for own, among in zip(recipes, train_networks(*data, recipes, "keras"), strict=True):
        np.testing.assert_array_equal(among.weights, train_network(*data, own, "keras").weights)


def test_recipes_that_differ_in_more_than_slopes_penalty_seed_and_starts_are_refused():
    for others in ([], [CODE, replace(CODE, epochs=6)], [CODE, replace(CODE, every_kernel=True)]):
        with pytest.raises(ValueError, match="differ only in slopes, l2, seed and starts"):
            train_networks(*made_up(CODE), others)


@pytest.mark.parametrize("recipe", [CODE, SOFTMAX], ids=["code", "softmax"])
def test_the_chosen_start_has_the_lowest_training_loss_by_keras_and_scikit_learn(recipe):
    inputs, targets = made_up(recipe)
    trained = train_network(inputs, targets, replace(recipe, starts=40))
    model, losses = build(Network(recipe.sizes, recipe.slopes, recipe.softmax, trained.weights[0])), []
    for weights in trained.weights:
        sizes = np.cumsum([array.size for array in model.get_weights()])[:-1]
        shaped = zip(np.split(weights, sizes), model.get_weights(), strict=True)
        model.set_weights([flat.reshape(array.shape) for flat, array in shaped])
        losses.append((log_loss if recipe.softmax else mean_squared_error)(targets, model.predict_on_batch(inputs)))
    assert losses[trained.chosen] <= min(losses) * (1 + 2e-5)  # of two as good as equal, rounding decides
    np.testing.assert_allclose(trained.final_loss, losses, rtol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_reported_shares_sum_to_one(engine):
    shares: list[float] = []
    train_network(*made_up(CODE), replace(CODE, epochs=3, starts=2), engine, shares.append)
    assert sum(shares) == pytest.approx(1)
    assert min(shares) > 0


@pytest.mark.filterwarnings("ignore:In loss categorical_crossentropy, expected y_pred.shape:SyntaxWarning")
@pytest.mark.parametrize("name", ["MeanSquaredError", "CategoricalCrossentropy", "BinaryCrossentropy"])
@pytest.mark.parametrize("softmax", [False, True])
def test_the_loss_is_that_of_keras(name, softmax):
    kinds = {"MeanSquaredError": "squared_error", "CategoricalCrossentropy": "categorical_crossentropy"}
    size = 3 if softmax else 1
    recipe = replace(CODE, loss=kinds.get(name, "binary_crossentropy"), sizes=(size, size), slopes=(1.0,))
    random = np.random.default_rng(2)
    output = random.dirichlet([0.3] * 3, size=200) if softmax else random.normal(0.5, 0.6, size=(200, 1))
    output = output.astype(np.float32)
    targets = np.eye(3)[random.integers(3, size=200)] if softmax else random.integers(2, size=(200, 1))
    expected = float(getattr(keras().losses, name)(dtype="float64")(targets, output))
    assert losses(recipe, identity(size), output, targets) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    given = drawn_weights(200)
    expected_weighed = float(getattr(keras().losses, name)(dtype="float64")(targets, output, sample_weight=given))
    assert losses(recipe, identity(size), output, targets, given) == pytest.approx(expected_weighed, rel=1e-9, abs=1e-12)
    assert losses(replace(recipe, l2=0.3), identity(size), output, targets) == pytest.approx(expected + 0.3 * size, rel=1e-9)


def identity(size: int) -> np.ndarray:
    """The weights of one network that, with a slope of 1, says what it is given."""
    return np.append(np.eye(size).ravel(), np.zeros(size)).astype(np.float32)[None]


@pytest.mark.parametrize("slope", [0.05, 0.2, 1.0])
def test_the_ordinal_loss_is_a_logistic_loss_a_threshold(slope):
    """The thresholds of the codes 0, 1, -1 lie at outputs of 0.5 and -0.5, that is, at 0.5 and -0.5 / slope before Leaky ReLU."""
    random = np.random.default_rng(3)
    before = (random.normal(-0.5, 1, size=(200, 1)) * (0.2 + 0.4 / slope)).astype(np.float32)  # within scikit-learn's clipping
    targets = random.integers(-1, 2, size=(200, 1))
    steepness = 3 / (0.5 + 0.5 / slope)  # 3 logits from one threshold to the other
    expected = 0.0
    for truth, place in ((targets > 0.5, 0.5), (targets > -0.5, -0.5 / slope)):
        expected += log_loss(truth.ravel(), 1 / (1 + np.exp(-steepness * (before.astype(float).ravel() - place))))
    recipe = replace(ORDINAL, slopes=(slope,), sizes=(1, 1), l2=0.0)
    assert losses(recipe, identity(1), before, targets) == pytest.approx(expected)


def test_the_output_changes_its_class_where_the_ordinal_loss_has_its_thresholds():
    codes = (0.0, 1.0, -1.0, 4.0)
    cut = thresholds(replace(ORDINAL, codes=codes))
    network = Network((1, 1), (0.05,), False, np.array([1, 0], dtype=np.float32))
    for place in cut.places:
        sides = network.output(np.array([[place * (1 - 1e-5)], [place * (1 + 1e-5)]]))
        assert len(set(Coding(tuple("abcd"), codes).decode(sides))) == 2
    np.testing.assert_allclose(cut.middles, [-0.5, 0.5, 2.5])
    assert thresholds(CODE).places.size == 0


def test_neither_the_weights_nor_the_choice_depend_on_the_test_rows(workplace, monkeypatch):
    from pipeline.runs.summary import Origin
    from pipeline.stages import train as run

    config = load_config(
        "configs/default.yaml",
        ["training.starts=6", "training.epochs=2", "evaluation.unseen=null", "findings.accept=[T303, E401]"],
    )
    # no baselines, which answer the test rows
    monkeypatch.setattr("pipeline.stages.fitting", lambda tasks, hidden, seed: nullcontext(lambda progress: [{}]))
    table, runs = pd.read_csv(config.data.path, dtype=str), []
    _, test = train_test_split(np.arange(len(table)), test_size=0.2, random_state=5)
    for lie in (False, True):
        if lie:
            table.loc[test, list(config.data.features)] = "7"
            table.loc[test, "Type"], table.loc[test, "Class"] = "Type2", "1"
            table.to_csv(config.data.path, index=False)
        with np.load(workplace / run(config, Origin("configs/default.yaml")).run / "weights.npz") as file:
            runs.append({name: file[name].tobytes() for name in file.files})
    assert runs[0] == runs[1]
