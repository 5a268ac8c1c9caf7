"""What each recipe reaches on unseen profiles, and which one validation inside the training rows would choose.

Run it with "make recipes" where DIABETES_DATA_DIR holds complete.csv. Every network is the default's 6-3-1 with 25 weights. It
prints three tables and writes recipes.json beside itself:

1. the choice of steepness and penalty by grouped folds inside the training rows of the article's split: the defaults;
2. recipes, each with several seeds of initial weights, on the folds of configs/default.yaml: for comparison, with hindsight;
3. the same choice made anew inside the training rows of each outer fold (nested): what the choice is worth on rows that had no
   part in it.
"""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.read import load_config
from pipeline.config.schema import Config, UnseenSection
from pipeline.data.load import load
from pipeline.data.split import Split, split
from pipeline.data.table import Table
from pipeline.judge.unseen import folds_of
from pipeline.model import fit, prepare
from pipeline.network import recipe

ROOT = Path(__file__).parents[2]
SEEDS = (0, 1, 2, 3, 4)
SQUARED = ("training.loss=squared_error",)
TRIED = {
    "default: ordinal, l2 0.001, 300 epochs, 64 starts": (),
    "before: squared error, no penalty, 500 epochs, 1024 starts": (
        *SQUARED,
        "training.l2=0",
        "training.epochs=500",
        "training.starts=1024",
    ),
    "squared error, no penalty": (*SQUARED, "training.l2=0"),
    "squared error, l2 0.001": SQUARED,
    "squared error, l2 0.01": (*SQUARED, "training.l2=0.01"),
    "softmax, no penalty": ("network.output=softmax", "training.l2=0"),
    "softmax, l2 0.001": ("network.output=softmax",),
    "ordinal, no penalty": ("training.l2=0",),
    "ordinal, l2 0.0003": ("training.l2=0.0003",),
    "ordinal, l2 0.003": ("training.l2=0.003",),
    "ordinal, l2 0.01": ("training.l2=0.01",),
    "ordinal, 16 starts": ("training.starts=16",),
    "ordinal, 256 starts": ("training.starts=256",),
    "ordinal, 100 epochs": ("training.epochs=100",),
    "ordinal, 500 epochs": ("training.epochs=500",),
    "ordinal, 500 epochs, 256 starts": ("training.epochs=500", "training.starts=256"),
    "ordinal, slope 0.01": ("network.alpha=0.01",),
    "ordinal, slope 0.2": ("network.alpha=0.2",),
    "ordinal, slope 0.5": ("network.alpha=0.5",),
}
STEEPNESS = (3.0, 4.0, 5.0, 6.0)
PENALTIES = (0.0003, 0.001, 0.003, 0.01)


def main() -> None:
    """Print the tables and write them down."""
    data = f"{os.environ['DIABETES_DATA_DIR']}/complete.csv"
    default = load_config(ROOT / "configs/default.yaml", data=data)
    table, section = load(default.data), default.evaluation.unseen
    assert section is not None
    outer = {seed: folds_of(table, section.model_copy(update={"seed": seed})) for seed in (0, 2)}

    grid, standard = list(product(STEEPNESS, PENALTIES)), recipe._STEEPNESS
    article = split(table, default.split).train
    chosen = {f"steepness {s:g}, l2 {p:g}": inner(default, table, article, section, s, p) for s, p in grid}
    for name, accuracy in sorted(chosen.items(), key=lambda each: -each[1]):
        print(f"inside the article's training rows: {name:30} {accuracy:.4f}", flush=True)

    recipe._STEEPNESS = standard
    tried = {}
    for name, settings in TRIED.items():
        config = load_config(ROOT / "configs/default.yaml", settings, data)
        with ThreadPoolExecutor() as pool:
            tried[name] = list(pool.map(lambda seed, config=config: mean(answered(seeded(config, seed), table, outer[0])), SEEDS))
        print(f"{name:60} {'  '.join(f'{each:.4f}' for each in tried[name])}", flush=True)

    nested = {seed: list(nest(default, table, folds, section, grid)) for seed, folds in outer.items()}
    for seed, folds in nested.items():
        rows = sum(each["rows"] for each in folds)
        shares = np.sum([each["right"] for each in folds], axis=0) / rows
        print(f"nested, folds of seed {seed}: {'  '.join(f'{each:.4f}' for each in shares)}", folds, flush=True)
    result = {"seeds": SEEDS, "recipes": tried, "inside_training_rows": chosen, "nested": nested}
    (Path(__file__).parent / "recipes.json").write_text(json.dumps(result, indent=1) + "\n")


def nest(
    config: Config, table: Table, folds: Sequence[Split], section: UnseenSection, grid: Sequence[tuple[float, float]]
) -> Iterator[dict[str, Any]]:
    """Choose on the training rows of each fold, and answer the rows that it held out."""
    for fold in folds:
        figures = [inner(config, table, fold.train, section, *each) for each in grid]
        steepness, penalty = grid[int(np.argmax(figures))]
        chosen = penalised(config, steepness, penalty)
        right = [int(answered(seeded(chosen, seed), table, [fold]).sum()) for seed in SEEDS]
        yield {"steepness": steepness, "l2": penalty, "inner": max(figures), "right": right, "rows": len(fold.test)}


def inner(config: Config, table: Table, rows: np.ndarray, section: UnseenSection, steepness: float, penalty: float) -> float:
    """Return the accuracy over grouped folds of some rows only, as the mean over the seeds: one seed alone is mostly luck."""
    part, tried = subset(table, np.sort(rows)), penalised(config, steepness, penalty)
    folds = folds_of(part, section)
    with ThreadPoolExecutor() as pool:
        return float(np.mean(list(pool.map(lambda seed: answered(seeded(tried, seed), part, folds).mean(), SEEDS))))


def answered(config: Config, table: Table, folds: Sequence[Split]) -> np.ndarray:
    """Return whether each held-out row is answered right, fold after fold."""
    right = []
    for fold in folds:
        model, _ = fit(prepare(table, fold, config.data, config.preprocess), config.data.codes, config.network, config.training)
        output = model.output(table.rows(fold.test))
        right.append(model.answers(output, tuple(config.data.codes)) == table.truth[fold.test])
    return np.concatenate(right)


def penalised(config: Config, steepness: float, penalty: float) -> Config:
    """Return the config with a penalty; the steepness is a constant of the project and is set there."""
    recipe._STEEPNESS = steepness
    return config.model_copy(update={"training": config.training.model_copy(update={"l2": penalty})})


def seeded(config: Config, seed: int) -> Config:
    """Return the config with a seed of initial weights and batches."""
    return config.model_copy(update={"training": config.training.model_copy(update={"seed": seed})})


def subset(table: Table, rows: np.ndarray) -> Table:
    """Return some rows of a table, as a table."""
    return replace(table, values=table.rows(rows), truth=table.truth[rows], others={}, implausible=table.implausible[rows])


def mean(right: np.ndarray) -> float:
    """Return a share as a plain number."""
    return float(right.mean())


if __name__ == "__main__":
    main()
