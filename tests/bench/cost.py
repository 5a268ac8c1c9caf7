"""What a study takes on a Dask cluster: measured with one and two workers, a model for more.

    seconds = start + task * ceil(tasks / workers) + keeping * tasks

``start``: from the command to the first task at work, and to the end of the workers. ``task``: training and judging the networks
of one task on one core, which workers do at the same time. ``keeping``: what the one process that submits tasks and writes their
results takes for each, which no worker takes from it.
"""

import contextlib
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path

import pyarrow as pa
from distributed import Client, LocalCluster, as_completed

from pipeline.config import Config
from pipeline.config_file import load_config
from pipeline.data.load import load
from pipeline.record import Origin
from pipeline.study.cluster import cluster
from pipeline.study.grid import divisions, most, tasks
from pipeline.study.store import opened
from pipeline.study.study import study
from pipeline.study.work import carry_out

EPOCHS = 100
SETTINGS = (f"training.epochs={EPOCHS}", "study.splits=4")
ECHOES = 200
WORKERS = (1, 2, 10, 100)
NETWORKS = (30_240, 1_000_000, 100_000_000)
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Cost:
    """The model's three figures, in seconds, and how many networks a task of the default study trains."""

    start: float
    task: float
    keeping: float
    networks: int

    def seconds(self, networks: int, workers: int) -> float:
        """Return what the model expects of a study of so many networks."""
        count = ceil(networks / self.networks)
        return self.start + self.task * ceil(count / workers) + self.keeping * count


def fit(seconds: Sequence[float], count: int, keeping: float, networks: int, scale: float) -> Cost:
    """Return the cost from the seconds with one and with two workers.

    Args:
        seconds: of the same study with one and with two workers.
        count: its tasks.
        keeping: seconds a task in the process that submits them.
        networks: of a task.
        scale: epochs of the default study over epochs of this one; the time of a task is in proportion.
    """
    task = (seconds[0] - seconds[1]) / (count - ceil(count / 2))
    return Cost(seconds[0] - task * count - keeping * count, task * scale, keeping, networks)


def expected(cost: Cost) -> dict[str, dict[int, float]]:
    """Return networks -> workers -> seconds: of the default study, and of larger ones."""
    return {f"{networks:,}": {workers: cost.seconds(networks, workers) for workers in WORKERS} for networks in NETWORKS}


def measure() -> tuple[Cost, dict[int, float]]:
    """Return the fitted cost, and the seconds that were measured with one and with two workers."""
    config = load_config(ROOT / "configs/study.yaml", SETTINGS, str(ROOT / "data/diabetes.csv"))
    default = load_config(ROOT / "configs/study.yaml")
    table = load(config.data)
    made = divisions(table, config)
    plan = tasks(made, config, most(config, made[0].train))
    rows = carry_out(table, config, plan[0])
    measured = {workers: _seconds(config, workers) for workers in WORKERS[:2]}
    scale = default.training.epochs / EPOCHS
    return fit(list(measured.values()), len(plan), _keeping(rows), len(rows), scale), measured


def _seconds(config: Config, workers: int) -> float:
    """Train a study in an empty folder on so many workers of this machine."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        started = time.perf_counter()
        study(config, Origin("study.yaml"), partial(cluster, "", workers))
        return time.perf_counter() - started


def _keeping(rows: pa.Table) -> float:
    """Return the seconds a task that are left where workers do nothing but send back what they got."""
    with contextlib.ExitStack() as opened_here:
        opened_here.enter_context(contextlib.chdir(opened_here.enter_context(tempfile.TemporaryDirectory())))
        kept = opened_here.enter_context(opened("bench", "0" * 12))
        workers = opened_here.enter_context(LocalCluster(2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"))
        client = opened_here.enter_context(Client(workers))
        data = client.scatter(rows, broadcast=True)
        started = time.perf_counter()
        waiting = [client.submit(_same, data, number, pure=False) for number in range(ECHOES)]
        for number, future in enumerate(as_completed(waiting)):
            kept.add(number, future.result(), 0.0)
        return (time.perf_counter() - started) / ECHOES


def _same(rows: pa.Table, _: int) -> pa.Table:
    return rows
