"""Who carries out the tasks of a study: the cores of this machine, or the workers of a Dask cluster."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed

import pyarrow as pa

from pipeline.config.schema import Config
from pipeline.data.table import Table
from pipeline.machine.cluster import Work, place_of
from pipeline.machine.cluster import carry_out as on_cluster
from pipeline.study.grid import StudyTask
from pipeline.study.store import versions
from pipeline.study.work import train_task

Crew = Callable[[Table, Config, Mapping[int, StudyTask]], Iterator[tuple[int, pa.Table]]]
"""Yields the number and the networks of each task, in the order in which they are done."""


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
    place = place_of(dask)

    def cluster(table: Table, config: Config, tasks: Mapping[int, StudyTask]) -> Iterator[tuple[int, pa.Table]]:
        kept = "what is done is kept, and the same command goes on"
        return on_cluster(place, Work(_carry_out, (table, config), versions, kept), tasks)

    return cluster


def _carry_out(shared: tuple[Table, Config], task: StudyTask) -> pa.Table:
    return train_task(*shared, task)
