"""Draws what a command is at, in a process of its own: an import can hold the interpreter for seconds, and a clock must move.

It is started with the seconds after which it is to be seen, and reads lines from standard input: a title, a tab, and the share of
it that is done. It ends with an empty line, with its standard input, or with the process that started it.
"""

import os
import select
import signal
import sys
import time

_TICK = 0.1  # seconds
_BAR = 20  # characters
EARLY = 0.05
"""Share of the work before which nothing is said of the time left: most of the time so far was spent on compiling."""


def draw_clock() -> None:
    """Draw on standard error until there is nothing more to draw, and leave the line empty."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it says that it was interrupted
    parent, since, after = os.getppid(), time.monotonic(), time.monotonic() + float(sys.argv[1])
    title, share, drawn = "starting", 0.0, False
    while os.getppid() == parent:
        pause = _TICK if drawn else min(_TICK, max(0.0, after - time.monotonic()))
        if select.select([0], [], [], pause)[0]:
            lines = os.read(0, 65536).decode().splitlines()
            if not lines or not lines[-1]:
                break
            before, (title, _, done) = title, lines[-1].partition("\t")
            share, since = float(done), since if title == before else time.monotonic()
        if time.monotonic() >= after:
            line = _line(title, share, time.monotonic() - since, os.get_terminal_size(2).columns - 1)
            drawn = bool(os.write(2, f"\r\x1b[2K{line}".encode()))
    if drawn:
        os.write(2, b"\r\x1b[2K")


def _line(title: str, share: float, passed: float, room: int) -> str:
    """Return what fits into a line of the terminal: the bar gives way to the words."""
    left = f", about {_clock(passed / share * (1 - share))} left" if share >= EARLY else ""
    text = f"{share:.0%}  {_clock(passed)}{left}" if share else _clock(passed)
    width = min(_BAR, room - len(f"{title}  [] {text}")) if share else 0
    bar = f"[{'#' * round(width * share):.<{width}}] " if width > 3 else ""
    return f"{title}  {bar}{text}"[:room]


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02}"


if __name__ == "__main__":
    draw_clock()
