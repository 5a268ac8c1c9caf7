"""The report of a run, made in a process of its own when somebody first asks for it: serving itself has no estimator."""

import asyncio
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL, PIPE

from pipeline.machine.files import regular
from pipeline.runs.place import REPORT

_MOST = 2**28  # bytes


class AskedReport:
    """The report that lies in the folder of a run, or can be made there."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._turn = folder, asyncio.Lock()

    def offered(self) -> bool:
        """Return whether there is one, or what draws it is installed."""
        return self._read() is not None or find_spec("matplotlib") is not None

    async def content(self) -> tuple[bytes | None, str]:
        """Return the page, which is made if there is none, or None and one line that says why it cannot be made."""
        async with self._turn:  # however many ask, it is made once
            there = self._read()
            return (there, "") if there else await self._made()

    async def _made(self) -> tuple[bytes | None, str]:
        # the same modules as here, wherever the current folder is
        paths = {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
        words = [sys.executable, "-P", "-m", "pipeline", "report", str(self._folder), "--json"]
        made = await asyncio.create_subprocess_exec(*words, env=os.environ | paths, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)
        printed, _ = await made.communicate()
        problems = json.loads(printed or b"{}").get("error", ["report: this run has none, and it could not be made"])
        return self._read(), problems[0]

    def _read(self) -> bytes | None:
        try:
            with regular(self._folder / REPORT, _MOST) as file:
                return file.read()
        except OSError:
            return None
