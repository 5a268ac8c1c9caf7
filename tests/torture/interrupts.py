"""Stop commands with Ctrl-C at random moments, and look at how they end and what is left."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.torture.calls import ROOT

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in what it starts in the background

FIRST, PATIENCE = 0.3, 2.0  # seconds after the start; seconds to end in
ROWS = 60_000
GRID = ("training.epochs=20", "study.alphas=[0, 0.05]", "study.outputs=[code]", "study.seeds=8", "study.splits=4")
COMMANDS: dict[str, tuple[str, ...]] = {
    "train": ("train", "--data", "many.csv", "--set", "training.epochs=3", "--set", "evaluation.unseen=null"),
    "study": ("study", *(word for setting in GRID for word in ("--set", setting))),
    "predict": ("predict", "more.csv", "scored.csv"),
    "report": ("report",),
}
LONGEST = 25.0  # seconds after which no moment lies: what comes then is more of the same


def run(base: Path, place: Path, times: int = 10) -> dict[str, Any]:
    """Interrupt each command ``times`` times; return how often that was, and the most seconds until one had ended."""
    shutil.copytree(base, place, symlinks=True)
    head, _, body = (place / "data/diabetes.csv").read_text().partition("\n")
    for name, rows in (("many.csv", ROWS), ("more.csv", 10 * ROWS)):
        (place / name).write_text(head + "\n" + body * -(-rows // body.count("\n")))
    counts, slowest, failed = {"interrupted": 0, "ended before": 0}, 0.0, 0
    for name, words in COMMANDS.items():
        draw, seconds = random.Random(name), _seconds(words, place)
        for _ in range(times):
            shutil.rmtree(place / "studies", ignore_errors=True)
            moment = draw.uniform(FIRST, max(FIRST, min(seconds, LONGEST)))
            code, taken, err = interrupted(words, place, moment)
            counts["interrupted" if code in (130, -signal.SIGINT) else "ended before"] += 1
            slowest = max(slowest, taken)
            if problem := _wrong(code, taken, err, place):
                failed += 1
                print(f"FAILED {name} interrupted at {moment:.2f} of {seconds:.1f} s: {problem}", flush=True)
    return {"commands": ", ".join(COMMANDS), **counts, "slowest end, s": round(slowest, 2), "failed": failed}


def interrupted(words: tuple[str, ...], place: Path, moment: float) -> tuple[int, float, str]:
    """Start a command, interrupt it and return its exit code, the seconds until no process of it was left, and what it said."""
    process = _start(words, place)
    try:
        process.wait(moment)
        before = True
    except subprocess.TimeoutExpired:
        before = False
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    err = process.communicate(timeout=60)[1].decode()
    while _alive(process.pid) and time.monotonic() - started < 60:
        time.sleep(0.02)
    return process.returncode, 0.0 if before else time.monotonic() - started, err


def _start(words: tuple[str, ...], place: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-m", "pipeline", *words]
    pipes: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "start_new_session": True}
    return subprocess.Popen(line, cwd=place, env=environment, **pipes)


def _seconds(words: tuple[str, ...], place: Path) -> float:
    started = time.monotonic()
    _start(words, place).communicate()
    return time.monotonic() - started


def _alive(group: int) -> bool:
    """Return whether a process of a group is left; one that has ended and waits for its parent is not."""
    listed = subprocess.run(["ps", "-o", "stat=", "-g", str(group)], capture_output=True, text=True, check=False).stdout.split()
    return any(not state.startswith("Z") for state in listed)


def _wrong(code: int, taken: float, err: str, place: Path) -> str:
    left = [str(path) for path in place.rglob(".unfinished*")]
    if code not in (0, 1, 130, -signal.SIGINT) or "Traceback" in err:
        return f"exit code {code}: {err[-2000:]}"
    return f"it took {taken:.1f} s" if taken > PATIENCE else f"left: {left}" if left else ""
