"""One task of the study: train its networks and judge each of them."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pipeline.config.schema import Config
from pipeline.data.split import Split, split
from pipeline.data.table import Table
from pipeline.machine.arrays import Flags, Integers
from pipeline.model import prepare
from pipeline.network.coding import NO_CLASS, Coding
from pipeline.network.layers import Network
from pipeline.network.recipe import Progress, recipe_of
from pipeline.network.train import Trained, train_networks
from pipeline.study.grid import StudyTask, network_config

SCHEMA = pa.schema(
    {
        "features": pa.string(),
        "output": pa.string(),
        "alpha": pa.float64(),
        "split": pa.string(),
        "split_seed": pa.int64(),
        "seed": pa.int64(),
        "start": pa.int32(),
        "chosen": pa.bool_(),
        "train_accuracy": pa.float64(),
        "test_accuracy": pa.float64(),
        "loss": pa.float64(),
        "failed": pa.bool_(),
        "weights": pa.list_(pa.float32()),
    }
)
"""One row a network. ``chosen``: it has the lowest training loss of its seed's starts, so that ``train`` would keep it.
``failed``: its weights are not finite, or it is right on no more training rows than always naming their largest class."""


def train_task(table: Table, config: Config, task: StudyTask, progress: Progress = lambda share: None) -> pa.Table:
    """Train and judge the networks of a task; the rows are those of ``SCHEMA``, in the order of its pairs.

    Nothing but the arguments decides the result, wherever it is computed.
    """
    configs = [network_config(config, task, *pair) for pair in task.pairs]
    parts = split(table, configs[0].split)
    inputs, truth = prepare(table, parts, configs[0]).task, table.class_indices()
    known = np.unique(truth[parts.train])  # a class without training rows has no code and, for softmax, no output
    codes = [list(config.data.codes.items())[each] for each in known]
    coding = Coding(tuple(name for name, _ in codes), tuple(code for _, code in codes), task.output == "softmax")
    recipes = [recipe_of(each.network, each.training, inputs.train.shape[1], coding) for each in configs]
    targets = coding.targets(np.searchsorted(known, inputs.truth))
    trained = train_networks(inputs.train.astype(np.float32), targets, recipes, progress=progress, cores=1)
    rows, wanted = np.concatenate([inputs.train, inputs.test]), truth[np.concatenate([parts.train, parts.test])]
    answers = np.append(known, NO_CLASS)
    networks = (
        Network(recipe.sizes, recipe.slopes, recipe.softmax, weights)
        for recipe, each in zip(recipes, trained, strict=True)
        for weights in each.weights
    )
    counts = [_counts(answers[coding.decode(each.output(rows))] == wanted, len(parts.train)) for each in networks]
    return _rows(task, trained, np.array(counts), parts, int(np.bincount(inputs.truth).max()))


def _counts(right: Flags, train: int) -> tuple[int, int]:
    """Return how many training rows, which come first, and how many test rows are right."""
    return int(right[:train].sum()), int(right[train:].sum())


def _rows(task: StudyTask, trained: Sequence[Trained], right: Integers, parts: Split, largest: int) -> pa.Table:
    """Lay out (networks, 2) right answers beside what the networks are."""
    starts = len(trained[0].weights)
    alphas, seeds = (np.repeat(each, starts) for each in zip(*task.pairs, strict=True))
    weights = np.concatenate([each.weights for each in trained])
    columns = {
        "features": [task.features] * len(right),
        "output": [task.output] * len(right),
        "alpha": alphas,
        "split": [task.division.kind] * len(right),
        "split_seed": np.full(len(right), task.division.section.seed),
        "seed": seeds,
        "start": np.tile(np.arange(starts, dtype=np.int32), len(trained)),
        "chosen": np.concatenate([np.arange(starts) == each.chosen for each in trained]),
        "train_accuracy": right[:, 0] / len(parts.train),
        "test_accuracy": right[:, 1] / len(parts.test),
        "loss": np.concatenate([each.final_loss for each in trained]),
        "failed": ~np.isfinite(weights).all(axis=1) | (right[:, 0] <= largest),
        "weights": list(weights),
    }
    return pa.table(columns, schema=SCHEMA)
