"""A task of the study: train its networks and judge each; on the cores of this machine, or on a Dask cluster."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.config.schema import Config
from pipeline.data.split import Split, split
from pipeline.data.table import Table
from pipeline.machine.arrays import Integers
from pipeline.machine.cluster import Work, carry_out, workers_of
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

Crew = Callable[[Table, Config, Mapping[int, StudyTask]], Iterator[tuple[int, pa.Table]]]
"""Yields the number and the networks of each task, in the order in which they are done."""


def train_task(table: Table, config: Config, task: StudyTask, progress: Progress = lambda share: None) -> pa.Table:
    """Train and judge the networks of a task; the rows are those of ``SCHEMA``, in the order of its pairs.

    Nothing but the arguments decides the result, wherever it is computed.
    """
    configs = [network_config(config, task, *pair) for pair in task.pairs]
    parts = split(table, configs[0].split)
    inputs, truth = prepare(table, parts, config.data, configs[0].preprocess).task, table.truth
    classes = np.unique(truth[parts.train])  # a class without training rows has no code and, for softmax, no output
    codes = [list(config.data.codes.items())[index] for index in classes]
    coding = Coding(tuple(name for name, _ in codes), tuple(code for _, code in codes), task.output == "softmax")
    recipes = [recipe_of(one.network, one.training, inputs.train.shape[1], coding, len(inputs.train)) for one in configs]
    targets = coding.targets(np.searchsorted(classes, inputs.truth))
    trained = train_networks(inputs.train.astype(np.float32), targets, recipes, progress=progress, cores=1)
    rows, wanted = np.concatenate([inputs.train, inputs.test]), truth[np.concatenate([parts.train, parts.test])]
    answers = np.append(classes, NO_CLASS)
    counts = []
    for recipe, training in zip(recipes, trained, strict=True):
        for weights in training.weights:
            network = Network(recipe.sizes, recipe.slopes, recipe.softmax, weights)
            right = answers[coding.decode(network.output(rows))] == wanted
            counts.append([part.sum() for part in np.split(right, [len(parts.train)])])
    return _rows(task, trained, np.array(counts), parts, int(np.bincount(inputs.truth).max()))


def cores(table: Table, config: Config, tasks: Mapping[int, StudyTask]) -> Iterator[tuple[int, pa.Table]]:
    """Carry out a task a core, in threads: the engine holds no Python lock while it trains."""
    stopped = threading.Event()

    def report(share: float) -> None:
        if stopped.is_set():
            raise InterruptedError("the study was stopped")

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            waiting = {pool.submit(train_task, table, config, task, report): number for number, task in tasks.items()}
            for done in as_completed(waiting):
                yield waiting.pop(done), done.result()  # popped, so that no result is held longer than needed
        finally:  # Ctrl-C above all: the threads would train on to the end
            stopped.set()
            pool.shutdown(cancel_futures=True)


def crew_of(dask: str | None) -> Crew:
    """Return who works: the cores of this machine, or the workers of the Dask cluster that ``--dask`` names."""
    if dask is None:
        return cores
    workers_of(dask)  # refuses now what cannot be
    kept = "what is done is kept; run the same command again to go on"
    return lambda table, config, tasks: carry_out(dask, Work(_on_worker, (table, config), versions, kept), tasks)


@lru_cache
def versions() -> dict[str, str]:
    """Return the versions of what computes the numbers; that of the pipeline is a hash of its modules that do."""
    here = Path(__file__).parents[1]
    modules = [*here.glob("network/*.py"), *here.glob("data/*.py"), here / "model.py", here / "study/grid.py", Path(__file__)]
    code = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(modules))).hexdigest()[:12]
    return {"pipeline": code} | {name: version(name) for name in ("numpy", "scikit-learn", "tensorflow")}


def _on_worker(shared: tuple[Table, Config], task: StudyTask) -> pa.Table:
    return train_task(*shared, task)


def _rows(task: StudyTask, trained: Sequence[Trained], right: Integers, parts: Split, largest: int) -> pa.Table:
    """Lay out (networks, 2) right answers beside what the networks are."""
    starts = len(trained[0].weights)
    alphas, seeds = (np.repeat(values, starts) for values in zip(*task.pairs, strict=True))
    weights = np.concatenate([training.weights for training in trained])
    columns = {
        "features": [task.features] * len(right),
        "output": [task.output] * len(right),
        "alpha": alphas,
        "split": [task.division.kind] * len(right),
        "split_seed": np.full(len(right), task.division.seed),
        "seed": seeds,
        "start": np.tile(np.arange(starts, dtype=np.int32), len(trained)),
        "chosen": np.concatenate([np.arange(starts) == training.chosen for training in trained]),
        "train_accuracy": right[:, 0] / len(parts.train),
        "test_accuracy": right[:, 1] / len(parts.test),
        "loss": np.concatenate([training.final_loss for training in trained]),
        "failed": ~np.isfinite(weights).all(axis=1) | (right[:, 0] <= largest),
        "weights": list(weights),
    }
    return pa.table(columns, schema=SCHEMA)
