"""Run the command line in this process, bounded in time, and say what is wrong with how it ended."""

import asyncio
import contextlib
import io
import json
import resource
import signal
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SECONDS = 10
"""Of the processor that a case may take."""
WAIT = 60
"""Seconds until a case counts as waiting for ever."""
MEMORY = 2**30
"""Bytes that a case may need besides what the process holds before it."""


@dataclass(frozen=True)
class Called:
    """How a command ended: exit code, standard output, standard error, and the traceback if it crashed."""

    code: int
    out: str
    err: str
    crash: str = ""

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)

    def wrong(self) -> str:
        """Return what breaks the promise of the command line, or an empty text."""
        lines = self.err.splitlines()
        if self.crash:
            return self.crash
        if self.code not in (0, 1, 2):
            return f"exit code {self.code}"
        if self.code == 2 and not (lines and all(line.startswith("error: ") for line in lines)):
            return f"exit code 2 with other lines than errors: {self.err[:500]}"
        if self.code != 2 and lines:
            return f"exit code {self.code} with {self.err[:500]} on standard error"
        try:
            return "" if isinstance(json.loads(self.out), dict) else f"no JSON object: {self.out[:200]}"
        except ValueError:
            return f"no JSON: {self.out[:200]}"


class TooLong(BaseException):
    """A case worked or waited too long."""


def call(*words: object) -> Called:
    """Run a command with ``--json``; warnings are shown every time, and one that is slow is stopped."""
    from pipeline.cli import app

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings(), _bounded():
        warnings.simplefilter("always")
        try:
            code, crash = app([*map(str, words), "--json"], standalone_mode=False) or 0, ""
        except SystemExit as stop:
            code, crash = int(stop.code or 0), ""
        except (Exception, TooLong):
            code, crash = -1, traceback.format_exc()
    return Called(code, out.getvalue(), err.getvalue(), crash)


def served() -> Called:
    """Build the application of ``serve`` for models/latest, and ask it what it tells of the run."""
    import httpx

    from pipeline.bundle import load_scoring
    from pipeline.errors import PipelineError
    from pipeline.use.serve import application

    async def ask(app: Any) -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return [(await client.get(path)).status_code for path in ("/model", "/")]

    folder = Path("models/latest")
    with contextlib.redirect_stderr(io.StringIO()), _bounded():
        try:
            found = asyncio.run(ask(application(load_scoring(folder), folder)))
        except PipelineError as error:
            return Called(2, "{}", "".join(f"error: {each}\n" for each in error.problems))
        except (Exception, TooLong):
            return Called(-1, "", "", traceback.format_exc())
    return Called(0, "{}", "") if found == [200, 200] else Called(-1, "", "", f"statuses {found}")


def limit_memory() -> None:
    """Let this process, which is to have imported everything, take ``MEMORY`` more and not a byte besides."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooLong(f"more than {SECONDS} s of work, or {WAIT} s of waiting")

    timers = {signal.SIGPROF: (signal.ITIMER_PROF, SECONDS), signal.SIGALRM: (signal.ITIMER_REAL, WAIT)}
    before = {each: signal.signal(each, stop) for each in timers}
    for timer, seconds in timers.values():
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for each, (timer, _) in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(each, before[each])
