"""Tasks on a Dask cluster."""

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import ExitStack
from dataclasses import dataclass
from logging import CRITICAL
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from distributed import Client

_PATIENCE = 30  # seconds until a scheduler has answered and a worker has come


@dataclass(frozen=True)
class Work:
    """What every task has in common.

    Attributes:
        function: called with ``shared`` and the task; a function of a module that the workers have too.
        shared: sent to every worker once.
        versions: returns the versions of what computes the result; workers with others are refused.
        kept: what happens to what is done when the cluster fails.
    """

    function: Callable[[Any, Any], Any]
    shared: Any
    versions: Callable[[], Mapping[str, str]]
    kept: str


def workers_of(dask: str) -> int:
    """Return how many worker processes ``--dask`` asks for on this machine, as "local:N"; 0 for the address of a scheduler.

    Raises:
        PipelineError: Dask is not installed, or N is no number of workers.
    """
    local = re.fullmatch(r"local:([1-9]\d{0,3})", dask)
    if dask.startswith("local") and not local:
        rule = "must be the address of a scheduler, or local:N with N worker processes, such as local:2"
        raise PipelineError(f"--dask {dask}: {rule}")
    try:
        import distributed  # noqa: F401
    except ModuleNotFoundError as error:
        raise PipelineError(f"--dask: {error.name} is needed and not installed; pip install '.[dask]'") from None
    return int(local[1]) if local else 0


def carry_out(dask: str, work: Work, tasks: Mapping[int, Any]) -> Iterator[tuple[int, Any]]:
    """Carry out the tasks, and yield the number and result of each as it is done; a worker that dies costs time only.

    Raises:
        PipelineError: there is no scheduler, no worker, or one with other versions, which might give other numbers.
    """
    workers = workers_of(dask)
    from distributed import Client, LocalCluster

    address: Any = dask
    try:
        with ExitStack() as opened:
            if workers:
                # a task takes one core; that a worker does not end by itself is no news
                options = {"threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None, "silence_logs": CRITICAL}
                address = opened.enter_context(LocalCluster(n_workers=workers, **options))
            try:
                client = opened.enter_context(Client(address, timeout=_PATIENCE))
                client.wait_for_workers(1, timeout=_PATIENCE)
            except (OSError, ValueError) as error:
                what = f"--dask {address}: no scheduler with a worker answers there within {_PATIENCE} s"
                raise PipelineError(f"{what} ({str(error).splitlines()[0]}); start both, or use local:2") from None
            left = dict(tasks)
            for _ in range(5):  # tries
                yield from _done(client, work, left)
                if not left:
                    return
            raise PipelineError(f"--dask: workers died at {len(left)} tasks again and again; look at their logs; {work.kept}")
    except (OSError, ImportError, RuntimeError) as error:  # the scheduler is gone, or a worker lacks the project
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise PipelineError(f"--dask {dask}: the cluster failed: {reason}; {work.kept}") from None


def _done(client: "Client", work: Work, left: dict[int, Any]) -> Iterator[tuple[int, Any]]:
    """Submit what is left, yield what gets done and take it out; what the death of workers has undone stays in."""
    from distributed import KilledWorker, as_completed

    data = client.scatter((work, dict(work.versions())), broadcast=True)
    waiting = {client.submit(_carry_out, data, task, pure=False): number for number, task in left.items()}
    for future in as_completed(list(waiting)):
        try:
            result = future.result()
        except (CancelledError, KilledWorker):
            continue
        number = waiting.pop(future)
        yield number, result
        del left[number]


def _carry_out(data: tuple[Work, dict[str, str]], task: Any) -> Any:
    """Carry out a task on a worker, which must have the versions of whoever sent it: others may give other numbers."""
    work, wanted = data
    for name, version in work.versions().items():
        if version != wanted[name]:
            wrong = f"a worker has {name} {version} instead of {wanted[name]}, which may give other numbers"
            raise PipelineError(f"--dask: {wrong}; install the same versions everywhere")
    return work.function(work.shared, task)
