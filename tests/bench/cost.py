"""What a study takes on a Dask cluster: measured with one and two workers, a model for more.

    seconds = start + task * ceil(tasks / workers) + keeping * tasks

``start``: until workers run, have imported TensorFlow and compiled, and until they have ended. ``task``: training and judging
the networks of one task on one core, which workers do at the same time. ``keeping``: what the one process that submits tasks
and writes their results takes for each, which no worker takes from it.
"""

import contextlib
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import pyarrow as pa
from distributed import Client, LocalCluster, as_completed

from pipeline.config.read import load_config
from pipeline.config.schema import Config
from pipeline.data.load import load
from pipeline.data.table import Table
from pipeline.study.grid import StudyTask, divisions, task_size, tasks
from pipeline.study.store import opened
from pipeline.study.work import crew_of, train_task

SETTINGS = ("study.splits=2",)
ECHOES = 200
WORKERS = (1, 2, 10, 100)
NETWORKS = (30_240, 1_000_000, 100_000_000)
ROOT = Path(__file__).parents[2]
DATA = ROOT / "data/diabetes.csv"


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


@dataclass(frozen=True)
class Arrivals:
    """When a study had its results, in seconds from its start.

    Attributes:
        tasks: when each task was done, in that order.
        end: when the workers had ended.
    """

    tasks: tuple[float, ...]
    end: float

    def apart(self) -> float:
        """Return the seconds from task to task, without the first quarter: there each worker compiles."""
        late = self.tasks[len(self.tasks) // 4 :]
        return (late[-1] - late[0]) / (len(late) - 1)


def fit(one: Arrivals, keeping: float, networks: int) -> Cost:
    """Return the cost from what one worker did.

    Args:
        one: when it was done with what.
        keeping: seconds a task in the process that submits them.
        networks: of a task.
    """
    task = one.apart() - keeping
    return Cost(one.end - (task + keeping) * len(one.tasks), task, keeping, networks)


def expected(cost: Cost) -> dict[str, dict[int, float]]:
    """Return networks -> workers -> seconds: of the default study, and of larger ones."""
    return {f"{networks:,}": {workers: cost.seconds(networks, workers) for workers in WORKERS} for networks in NETWORKS}


def measure() -> tuple[Cost, dict[int, float]]:
    """Return the fitted cost, and the seconds from task to task that were measured with one and with two workers."""
    config = load_config(ROOT / "configs/study.yaml", SETTINGS, str(DATA))
    table = load(config.data)
    made = divisions(table, config)
    plan = tasks(made, config, task_size(config, made[0].train))
    measured = {workers: _arrivals(table, config, plan, workers) for workers in WORKERS[:2]}
    rows = train_task(table, config, plan[0])
    return fit(measured[1], _keeping(rows), len(rows)), {workers: each.apart() for workers, each in measured.items()}


def _arrivals(table: Table, config: Config, plan: Sequence[StudyTask], workers: int) -> Arrivals:
    """Train a study on so many workers of this machine."""
    started = time.perf_counter()
    done = [time.perf_counter() - started for _ in crew_of(f"local:{workers}")(table, config, dict(enumerate(plan)))]
    return Arrivals(tuple(done), time.perf_counter() - started)


def _keeping(rows: pa.Table) -> float:
    """Return the seconds a task that are left where workers do nothing but send back what they got."""
    with contextlib.ExitStack() as opened_here:
        opened_here.enter_context(contextlib.chdir(opened_here.enter_context(tempfile.TemporaryDirectory())))
        kept = opened_here.enter_context(opened("bench", "0" * 12))
        workers = opened_here.enter_context(
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1")
        )
        client = opened_here.enter_context(Client(workers))
        data = client.scatter(rows, broadcast=True)
        started = time.perf_counter()
        waiting = [client.submit(_same, data, number, pure=False) for number in range(ECHOES)]
        for number, future in enumerate(as_completed(waiting)):
            kept.add(number, future.result(), 0.0)
        return (time.perf_counter() - started) / ECHOES


def _same(rows: pa.Table, _: int) -> pa.Table:
    return rows
