"""Work that is done beside what this process does, in copies of it."""

import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

Shared = TypeVar("Shared")
Job = TypeVar("Job")
Result = TypeVar("Result")


@contextmanager
def beside(
    function: Callable[[Shared, Job], Result], shared: Shared, jobs: Sequence[Job]
) -> Iterator[Callable[[Callable[[float], None]], list[Result]]]:
    """Begin to call the function with ``shared`` and each job, and give what waits for the results; it tells the share done.

    In copies of this process where it can be copied, which so have imported all that is needed, one a core, where this process
    goes first; else, or where a copy is ended by the system, one after the other when the results are waited for.
    """
    if not _can_be_copied():
        yield lambda progress: _one_by_one(function, shared, jobs, progress)
        return
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed  # a check does without
    from multiprocessing import get_context

    with ProcessPoolExecutor(os.cpu_count(), get_context("fork"), _begin, (function, shared, os.getpid())) as pool:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of copying a process with threads: a copy needs none of them
            futures = [pool.submit(_carry_out, job) for job in jobs]

        def wait(progress: Callable[[float], None]) -> list[Result]:
            try:
                for future in as_completed(futures):
                    future.result()
                    progress(1 / len(futures))
            except BrokenExecutor:
                return _one_by_one(function, shared, jobs, lambda share: None)
            return [future.result() for future in futures]

        try:
            yield wait
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _can_be_copied() -> bool:
    """Whether the system copies processes, and nobody has started the threads of an engine, which a copy does not survive."""
    return sys.platform == "linux" and sys.modules.keys().isdisjoint(("tensorflow", "jax", "onnxruntime", "torch"))


def _one_by_one(
    function: Callable[[Shared, Job], Result], shared: Shared, jobs: Sequence[Job], progress: Callable[[float], None]
) -> list[Result]:
    results = []
    for job in jobs:
        results.append(function(shared, job))
        progress(1 / len(jobs))
    return results


_given: list[Any] = []  # the function, and what its calls share, of a worker


def _begin(function: Callable[[Any, Any], Any], shared: Any, parent: int) -> None:
    _given[:] = function, shared
    os.nice(10)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent deals with it
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _carry_out(job: Any) -> Any:
    function, shared = _given
    return function(shared, job)


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: it would go on after a training was killed."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)
