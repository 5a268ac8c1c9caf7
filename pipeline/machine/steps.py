"""What a long command is at, on standard error: a clock on a terminal, else a line now and then."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.machine.clock import EARLY

_QUIET, _BETWEEN = 1.5, 5.0  # seconds before the first line, and between two
_CLOCK = Path(__file__).with_name("clock.py")


class Steps:
    """The steps of a command one after the other, each under its name and with a clock.

    The clock of a terminal is seen ``after`` so many seconds, from ``start`` to ``stop``.
    """

    def __init__(self, visible: bool = True, after: float = 0.0) -> None:
        self._visible, self._after = visible, after
        self._next = time.monotonic() + _QUIET
        self._clock: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the clock, on a terminal."""
        if self._visible and sys.stderr.isatty():
            words = [sys.executable, "-I", "-S", str(_CLOCK), str(self._after)]
            self._clock = subprocess.Popen(words, stdin=subprocess.PIPE, bufsize=0)  # noqa: S603 - words of our own

    def stop(self) -> None:
        """Stop the clock; its line is gone before anything else is printed."""
        self._tell("\n")  # processes that were started meanwhile may hold the other end open
        if self._clock:
            self._clock.wait()
            self._clock = None

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[float], None]]:
        """Show a step while it lasts, and give what is told the share done since the last call."""
        started, done, title = time.monotonic(), 0.0, " ".join(title.split())  # the clock reads a line, up to a tab

        def advance(share: float) -> None:
            nonlocal done
            done += share
            self._tell(f"{title}\t{min(done, 1.0):.3f}\n")
            left = (time.monotonic() - started) / max(done, 1e-9) * (1 - done)
            self._line(f"{title}: {done:.0%}" + f", about {left:,.0f} s left" * (done >= EARLY))

        self._tell(f"{title}\t0\n")
        self._line(title)
        yield advance

    def _tell(self, line: str) -> None:
        if self._clock and self._clock.stdin:
            with suppress(OSError):
                self._clock.stdin.write(line.encode())

    def _line(self, text: str) -> None:
        now = time.monotonic()
        if self._visible and not self._clock and now >= self._next:
            self._next = now + _BETWEEN
            print(text, file=sys.stderr, flush=True)


@contextmanager
def clocked(title: str, visible: bool) -> Iterator[Callable[[float], None]]:
    """Show a single step, on a terminal only, and give what is told the share done since the last call."""
    steps = Steps(visible and sys.stderr.isatty())
    steps.start()
    try:
        with steps.step(title) as advance:
            yield advance
    finally:
        steps.stop()
