"""How fast the compiled engine is beside Keras and scikit-learn: same rows, epochs and batch size, in one process.

Every ratio is the median over rounds in which the competitors take turns, so that a machine whose speed drifts does not
favour one of them. Compiling is not counted for anybody. Prints a table and writes results.json beside this file.
"""

import json
import os
import platform
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.neural_network import MLPRegressor

from pipeline.config_file import load_config
from pipeline.data.load import load
from pipeline.data.preprocess import fit_pipeline, from_pipeline
from pipeline.data.split import split
from pipeline.network.backend import keras
from pipeline.network.build import build
from pipeline.network.layers import Network, initial_weights
from pipeline.network.train import Recipe, train

ROUNDS = 5
MANY = 1024
RECIPE = Recipe((6, 3, 1), (0.05, 0.05), False, "squared_error", "adam", 0.01, "constant", 100, 10, 1, 0)


def arrays() -> tuple[np.ndarray, np.ndarray]:
    """Return the training rows of the default config: (807, 6) inputs and (807, 1) codes."""
    config = load_config("configs/default.yaml")
    table = load(config.data)
    rows = split(table, config.split).train
    train_rows = table.features.iloc[rows]
    steps = from_pipeline(fit_pipeline(train_rows, config), tuple(config.data.features))
    codes = np.array(list(config.data.codes.values()))[table.class_indices()[rows]]
    return steps.transform(train_rows).astype(np.float32), codes[:, None].astype(np.float32)


def keras_fit(x: np.ndarray, y: np.ndarray, epochs: int, steps_per_execution: int) -> Callable[[], object]:
    """Return Keras ``fit`` as the article calls it, but for a loss that can learn; its function is traced beforehand."""
    model = build(Network(RECIPE.sizes, RECIPE.slopes, False, initial_weights(RECIPE.sizes, 0, 0)))
    model.compile(
        optimizer=keras().optimizers.Adam(RECIPE.learning_rate),
        loss="mean_squared_error",
        metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )
    model.fit(x, y, epochs=1, batch_size=RECIPE.batch_size, verbose=0)
    return lambda: model.fit(x, y, epochs=epochs, batch_size=RECIPE.batch_size, verbose=0)


def competitors(x: np.ndarray, y: np.ndarray) -> dict[str, tuple[int, Callable[[], object]]]:
    """Return name -> (networks trained, what to time)."""
    epochs, batch = RECIPE.epochs, RECIPE.batch_size
    mlp = MLPRegressor(
        hidden_layer_sizes=(3,), batch_size=batch, max_iter=epochs, tol=0, n_iter_no_change=epochs + 1, random_state=0
    )
    return {
        "this engine, one network": (1, lambda: train(x, y, RECIPE)),
        f"this engine, {MANY} networks": (MANY, lambda: train(x, y, replace(RECIPE, starts=MANY))),
        "Keras fit": (1, keras_fit(x, y, epochs, 1)),
        "Keras fit, steps_per_execution=81": (1, keras_fit(x, y, epochs, 81)),
        "scikit-learn MLPRegressor": (1, lambda: mlp.fit(x, y.ravel())),
    }


def main() -> None:
    """Time everybody, print and write the ratios."""
    warnings.simplefilter("ignore")  # scikit-learn says that 100 epochs have not converged
    x, y = arrays()
    rivals = competitors(x, y)
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for round_number in range(ROUNDS + 1):
        for name, (_, run) in rivals.items():
            started = time.perf_counter()
            run()
            if round_number:  # the first round compiles
                seconds[name].append(time.perf_counter() - started)
    one, many = "this engine, one network", f"this engine, {MANY} networks"

    def ratio(slow: str, fast: str) -> float:
        networks = rivals[fast][0]
        return median(a / (b / networks) for a, b in zip(seconds[slow], seconds[fast], strict=True))

    ratios = {
        "keras_fit_one": ratio("Keras fit", one),
        "keras_fit_many": ratio("Keras fit", many),
        "sklearn_mlp_one": ratio("scikit-learn MLPRegressor", one),
    }
    table = Table("100 epochs, batch 10, 807 rows", "seconds (median)", "networks a second", "Keras fit takes ... times as long")
    for name, (networks, _) in rivals.items():
        middle = median(seconds[name])
        table.add_row(name, f"{middle:.4f}", f"{networks / middle:,.2f}", f"{ratio('Keras fit', name):,.1f}")
    Console(width=130).print(table)
    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "tensorflow": version("tensorflow"),
        "keras": version("keras"),
        "scikit-learn": version("scikit-learn"),
    }
    result = {"ratios": ratios, "seconds": {name: median(each) for name, each in seconds.items()}, "machine": machine}
    target = Path(__file__).with_name("results.json")
    target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"ratios {ratios} -> {target.name}")


if __name__ == "__main__":
    main()
