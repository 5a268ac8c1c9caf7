"""A study on a Dask cluster."""

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import ExitStack
from typing import Any

import pyarrow as pa
from distributed import Client, KilledWorker, LocalCluster, as_completed

from pipeline.config import Config
from pipeline.data.load import Table
from pipeline.errors import PipelineError
from pipeline.study.grid import Task
from pipeline.study.store import versions
from pipeline.study.work import carry_out

_TRIES = 5
_KEPT = "what is done is kept, and the same command goes on"
_PATIENCE = 30  # seconds until a scheduler has answered and a worker has come


def cluster(
    address: str, workers: int, table: Table, config: Config, tasks: Mapping[int, Task]
) -> Iterator[tuple[int, pa.Table]]:
    """Carry out the tasks on a cluster, and yield each as it is done; a worker that dies costs time only.

    Args:
        address: of the scheduler; not used where ``workers`` are started here.
        workers: processes to start on this machine, or 0.
        table: the rows; sent to every worker once, as the config is.
        config: of the study.
        tasks: by number.

    Raises:
        PipelineError: there is no scheduler, no worker, or one with other versions, which would give other numbers.
    """
    try:
        with ExitStack() as opened:
            if workers:
                # a task takes one core; that a worker does not end by itself is no news
                options = {
                    "threads_per_worker": 1,
                    "host": "127.0.0.1",
                    "dashboard_address": None,
                    "silence_logs": logging.CRITICAL,
                }
                address = opened.enter_context(LocalCluster(n_workers=workers, **options))
            client = opened.enter_context(_client(address))
            left = dict(tasks)
            for _ in range(_TRIES):
                yield from _done(client, table, config, left)
                if not left:
                    return
            raise PipelineError(f"--dask: workers died at {len(left)} tasks again and again; look at their logs; {_KEPT}")
    except (OSError, ImportError, RuntimeError) as error:  # the scheduler is gone, or a worker lacks the project
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise PipelineError(f"--dask {address}: the cluster failed: {reason}; {_KEPT}") from None


def _done(client: Client, table: Table, config: Config, left: dict[int, Task]) -> Iterator[tuple[int, pa.Table]]:
    """Submit what is left, yield what gets done and take it out; what the death of workers has undone stays in."""
    data = client.scatter((table, config, versions()), broadcast=True)
    waiting = {client.submit(_carry_out, data, task, pure=False): number for number, task in left.items()}
    for future in as_completed(list(waiting)):
        try:
            rows = future.result()
        except (CancelledError, KilledWorker):
            continue
        number = waiting.pop(future)
        yield number, rows
        del left[number]


def _carry_out(data: tuple[Table, Config, dict[str, str]], task: Task) -> pa.Table:
    """Carry out a task on a worker, which must have the versions of whoever sent it: others may give other numbers."""
    table, config, wanted = data
    for name, found in versions().items():
        if found != wanted[name]:
            wrong = f"a worker has {name} {found} instead of {wanted[name]}, which may give other numbers"
            raise PipelineError(f"--dask: {wrong}; install the same versions everywhere")
    return carry_out(table, config, task)


def _client(address: Any) -> Client:
    try:
        client = Client(address, timeout=_PATIENCE)
        client.wait_for_workers(1, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        what = f"--dask {address}: no scheduler with a worker answers there within {_PATIENCE} s"
        raise PipelineError(f"{what} ({str(error).splitlines()[0]}); start both, or use local:2") from None
    return client
