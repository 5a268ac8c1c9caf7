"""Who is compared: this engine, Keras ``fit``, scikit-learn, and JAX and PyTorch where they are installed.

This engine does more than the others inside its clock: it also draws the batches and initial weights, keeps a loss curve of
every start and computes the final loss of each.
"""

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sklearn.neural_network import MLPRegressor

from pipeline.machine.arrays import Floats32
from pipeline.network.backend import keras, tensorflow
from pipeline.network.keras_model import build
from pipeline.network.layers import Network, initial_weights
from tests.bench.task import ENGINE, KERAS, ORDINAL, RECIPE, SIZES, SKLEARN, Rival, clock, made_up, take_turns, times_as_fast
from tests.training import train_network

STEPS = 81  # of an epoch: 807 rows in batches of 10
LONG = 10 * STEPS
MILLION, PART = 1_000_000, 20_000
TUNED = "Keras fit, tuned"


def engines(x: Floats32, y: Floats32) -> list[Rival]:
    """Return this engine, as ``train`` calls it, with one and with many networks, and with the loss of the default config."""

    def rival(starts: int) -> Rival:
        name = f"{ENGINE}, {starts:,} network{'s' * (starts > 1)}"
        return Rival(ENGINE, name, starts, lambda: train_network(x, y, replace(RECIPE, starts=starts)))

    ordinal = replace(RECIPE, loss="ordinal", codes=(-1.0, 0.0, 1.0), starts=SIZES[-1])
    name = f"{ORDINAL}, {SIZES[-1]:,} networks"
    return [*map(rival, (1, *SIZES)), Rival(ORDINAL, name, SIZES[-1], lambda: train_network(x, y, ordinal))]


def scikit_learn(x: Floats32, y: Floats32) -> Rival:
    """Return scikit-learn's network of the same size. It has ReLU without a slope and its own start, but the same work."""
    epochs = RECIPE.epochs
    mlp = MLPRegressor(
        hidden_layer_sizes=(3,), batch_size=RECIPE.batch_size, max_iter=epochs, tol=0, n_iter_no_change=epochs + 1, random_state=0
    )

    def fit() -> MLPRegressor:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says that 100 epochs have not converged
            return mlp.fit(x, y.ravel())

    return Rival(SKLEARN, SKLEARN, 1, fit)


def keras_model(**settings: Any) -> Any:
    """Return the network as the article builds it, but for a loss that can learn."""
    model = build(Network(RECIPE.sizes, RECIPE.slopes, False, initial_weights(RECIPE.sizes, RECIPE.seed, 0)))
    model.compile(optimizer=keras().optimizers.Adam(RECIPE.learning_rate), loss="mean_squared_error", **settings)
    return model


def keras_default(x: Floats32, y: Floats32) -> Rival:
    """Return ``fit`` as the article calls it; one epoch before the clock traces its function."""
    model = keras_model(metrics=["accuracy"])

    def fit(epochs: int) -> object:
        return model.fit(x, y, epochs=epochs, batch_size=RECIPE.batch_size, verbose=0)

    return Rival(KERAS, KERAS, 1, lambda: fit(RECIPE.epochs), warm=lambda: fit(1))


def keras_settings(x: Floats32, y: Floats32) -> dict[str, Callable[[int], object]]:
    """Return name -> a function of the epochs: ``fit`` with the built-in settings that may make it faster.

    None of them computes the metric. Cached rows are shuffled anew every epoch all the same. The last two see all epochs as
    one long epoch, so that several of them fit into one execution.
    """
    batches = tensorflow().data.Dataset.from_tensor_slices((x, y)).cache().shuffle(len(x)).batch(RECIPE.batch_size)
    batches = batches.prefetch(tensorflow().data.AUTOTUNE)

    def on_rows(model: Any) -> Callable[[int], object]:
        return lambda epochs: model.fit(x, y, epochs=epochs, batch_size=RECIPE.batch_size, verbose=0)

    def on_cached(model: Any) -> Callable[[int], object]:
        return lambda epochs: model.fit(batches, epochs=epochs, shuffle=False, verbose=0)

    def at_once(model: Any) -> Callable[[int], object]:
        return lambda epochs: model.fit(batches.repeat(epochs), steps_per_epoch=epochs * STEPS, shuffle=False, verbose=0)

    return {
        f"steps_per_execution={STEPS}": on_rows(keras_model(steps_per_execution=STEPS)),
        f"steps_per_execution={STEPS}, jit_compile": on_rows(keras_model(steps_per_execution=STEPS, jit_compile=True)),
        f"steps_per_execution={STEPS}, cached tf.data": on_cached(keras_model(steps_per_execution=STEPS)),
        f"steps_per_execution={LONG}, cached tf.data": at_once(keras_model(steps_per_execution=LONG)),
        f"steps_per_execution={LONG}, cached tf.data, jit_compile": at_once(
            keras_model(steps_per_execution=LONG, jit_compile=True)
        ),
    }


def keras_fastest(x: Floats32, y: Floats32) -> tuple[Rival, dict[str, float]]:
    """Return the fastest of the settings, and the seconds of the whole task that each one took, scaled from 20 epochs."""
    tried = keras_settings(x, y)
    seconds = {}
    for name, fit in tried.items():
        fit(10)  # traced and compiled
        seconds[name] = clock(lambda fit=fit: fit(20)) * RECIPE.epochs / 20
    best = min(seconds, key=seconds.__getitem__)
    run = tried[best]
    return Rival(TUNED, f"{KERAS}, {best}", 1, lambda: run(RECIPE.epochs), warm=lambda: run(10)), seconds


def million_rows(rounds: int) -> tuple[float, float, float]:
    """Return the seconds of one epoch of a million rows: this engine's, Keras ``fit``'s, and the median of their ratios.

    Keras is measured on 20,000 of the rows and scaled; the cost of a step does not depend on how many follow.
    """
    x, y = made_up(MILLION, RECIPE.sizes[0])
    one = replace(RECIPE, epochs=1)
    model = keras_model(metrics=["accuracy"])

    def fit(rows: int) -> object:
        return model.fit(x[:rows], y[:rows], epochs=1, batch_size=RECIPE.batch_size, verbose=0)

    engine = Rival(ENGINE, ENGINE, 1, lambda: train_network(x, y, one))
    keras = Rival(KERAS, KERAS, 1, lambda: fit(PART), scale=MILLION / PART, warm=lambda: fit(100))
    ours, theirs = take_turns([engine, keras], rounds)
    ratio = times_as_fast(ours, theirs)
    assert ratio is not None
    return ours.middle, theirs.middle, ratio
