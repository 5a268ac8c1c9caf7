"""The Makefile with a stub in the place of Python, which prints the words that the program would be called with."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.conftest import ROOT

VARIABLES = frozenset(
    ("CONFIG", "DATA", "TARGET", "SET", "FULL", "RUN", "WITH", "CODE", "INPUT", "OUTPUT", "TO", "PORT", "KEEP", "DASK")
)


def stub_make(folder: Path) -> None:
    """Put the Makefile into a folder, and the stub, which ends each word with a separator."""
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("requirements.lock", "requirements-bench.lock"):
        (folder / name).touch()
    (folder / ".venv/bin").mkdir(parents=True)
    stub = folder / ".venv/bin/python"
    stub.write_text('#!/bin/sh\nprintf \'%s\\037\' "$DIABETES_PIPELINE_MAKE" "$@"\n')
    stub.chmod(0o755)
    for name in ("installed", "installed-bench"):
        (folder / ".venv" / name).touch()


def make(folder: Path, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell that begins with make, and with no variable of make but those of the line and those given."""
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES and not name.startswith("MAKE")}
    line = line.replace("make", "make --no-print-directory", 1)  # of which the tests may be run by another
    return subprocess.run(["bash", "-c", line], cwd=folder, env=kept | environment, capture_output=True, text=True)


def handed_over(folder: Path, line: str, **environment: str) -> list[str]:
    """Return the words that a line hands over to the program."""
    done = make(folder, line, **environment)
    assert done.returncode == 0, done.stderr
    first, *words = done.stdout.removesuffix("\n").split("\x1f")[:-1]
    assert [first, *words[:2]] == ["1", "-m", "pipeline"]
    return words[2:]
