"""Ctrl-C: a command unwinds, and where something holds it up it ends all the same, with nothing left half-written."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from pipeline.machine.files import discard_unfinished

_PATIENCE = 0.6  # seconds to unwind in
_interrupted, _handled = threading.Event(), threading.Event()


@contextmanager
def ends_on_interrupt() -> Iterator[None]:
    """Within, Ctrl-C ends the process with 130 soon, and without waiting for its threads.

    The main thread gets KeyboardInterrupt, as ever; but libraries wait for threads, catch everything, or stay in machine code.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in what a script starts in the background
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    sys.unraisablehook = lambda lost: None if lost.exc_type is KeyboardInterrupt else sys.__unraisablehook__(lost)
    threading.Thread(target=_watch, args=(reading,), daemon=True).start()
    try:
        yield
    except KeyboardInterrupt:  # outside of any command
        _interrupted.set()
    finally:
        if _interrupted.is_set():
            _end()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command is done


@contextmanager
def handled() -> Iterator[None]:
    """Within, whoever asks deals with Ctrl-C, and the process goes on."""
    _handled.set()
    yield
    _handled.clear()


def _watch(reading: int) -> None:
    while number := os.read(reading, 1):
        if number[0] == signal.SIGINT and not _handled.is_set():
            _interrupted.set()
            time.sleep(_PATIENCE)
            print("interrupted", file=sys.stderr, flush=True)
            _end()


def _end() -> NoReturn:
    discard_unfinished()
    os._exit(130)
