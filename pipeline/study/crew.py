"""Who carries out the tasks of a study: the cores of this machine, or the workers of a Dask cluster."""

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial

import pyarrow as pa

from pipeline.config import Config
from pipeline.data.load import Table
from pipeline.errors import PipelineError
from pipeline.study.grid import Task
from pipeline.study.work import carry_out

Crew = Callable[[Table, Config, Mapping[int, Task]], Iterator[tuple[int, pa.Table]]]
"""Yields the number and the networks of each task, in the order in which they are done."""


def cores(table: Table, config: Config, tasks: Mapping[int, Task]) -> Iterator[tuple[int, pa.Table]]:
    """Carry out a task a core, in threads: the engine holds no Python lock while it trains."""
    stopped = threading.Event()

    def report(share: float) -> None:
        if stopped.is_set():
            raise InterruptedError("the study was stopped")

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            waiting = {pool.submit(carry_out, table, config, task, report): number for number, task in tasks.items()}
            for done in as_completed(waiting):
                yield waiting.pop(done), done.result()  # popped, so that no result is held longer than needed
        finally:  # Ctrl-C above all: the threads would train on to the end
            stopped.set()
            pool.shutdown(cancel_futures=True)


def crew_of(dask: str | None) -> Crew:
    """Return who works: the cores of this machine, or those of a Dask cluster.

    Args:
        dask: None, the address of a scheduler, or "local:N" for N worker processes on this machine.

    Raises:
        PipelineError: Dask is not installed, or N is no number of workers.
    """
    if dask is None:
        return cores
    local = re.fullmatch(r"local:([1-9]\d{0,3})", dask)
    if dask.startswith("local") and not local:
        raise PipelineError(
            f"--dask {dask}: must be the address of a scheduler, or local:N with N worker processes, such as local:2"
        )
    try:
        from pipeline.study.cluster import cluster
    except ModuleNotFoundError as error:
        raise PipelineError(f"--dask: {error.name} is needed and not installed; pip install '.[dask]'") from None
    return partial(cluster, dask, int(local.group(1)) if local else 0)
