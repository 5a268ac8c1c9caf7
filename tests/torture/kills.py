"""Kill commands that write with SIGKILL at random moments, and look at what is left."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.torture.calls import ROOT, call

FEW = ("--set", "training.starts=2", "--set", "training.epochs=3", "--set", "evaluation.unseen=null")
STUDY = ("training.epochs=1", "study.alphas=[0, 0.05]", "study.outputs=[code]", "study.seeds=4", "study.splits=2")
COMMANDS: dict[str, tuple[str, ...]] = {
    "train": ("train", *FEW),
    "study": ("study", *(word for each in STUDY for word in ("--set", each))),
    "predict": ("predict", "many.csv", "scored.csv"),
}


def start(*words: str, folder: Path, output: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    """Start a command in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-m", "pipeline", *words, "--json"]
    return subprocess.Popen(line, cwd=folder, env=environment, stdout=output, stderr=output, text=True)


def end(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any], str]:
    """Wait for a command that was started with pipes; return exit code, JSON object and standard error."""
    out, err = process.communicate(timeout=300)
    return process.returncode, json.loads(out) if out.strip() else {}, err


SHARES = {"train": 0.4, "study": 0.1, "predict": 0.5}


def run(base: Path, place: Path, times: int = 40) -> dict[str, Any]:
    """Kill all commands ``times`` times in total, the half of them in the last fifth, where files are written."""
    shutil.copytree(base, place, symlinks=True)
    head, _, body = (place / "data/diabetes.csv").read_text().partition("\n")
    (place / "many.csv").write_text(head + "\n" + body * 200)
    os.chdir(place)
    counts, failed = {"killed": 0, "ended before": 0}, 0
    for name, words in COMMANDS.items():
        started = time.monotonic()
        code, whole, err = end(start(*words, folder=place, output=subprocess.PIPE))
        assert code in (0, 1), err
        seconds, look, draw = time.monotonic() - started, LOOKS[name](place, whole), random.Random(name)
        for number in range(round(times * SHARES[name])):
            moment = draw.uniform(0.8, 1.02) if number % 2 else draw.uniform(0, 1)
            killed = kill(start(*words, folder=place), moment * seconds)
            counts["killed" if killed else "ended before"] += 1
            if problem := look():
                failed += 1
                print(f"FAILED {name} killed at {moment:.2f} of {seconds:.1f} s: {problem}", flush=True)
    return {"commands": ", ".join(COMMANDS), **counts, "failed": failed}


def kill(process: subprocess.Popen[str], seconds: float) -> bool:
    """Kill a process after some seconds unless it has ended; return whether it was killed."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def _train(place: Path, whole: dict[str, Any]) -> Callable[[], str]:
    """Latest is a whole run every time, and every listed run is."""

    def look() -> str:
        again, listed = call("evaluate"), call("runs")
        problem = again.wrong() or listed.wrong()
        if problem or again.code == 2 or again.json["accuracy"]["test"] is None:
            return problem or again.err
        lost = [each["problem"] for each in listed.json["runs"] if each["problem"]]
        return str(lost) if lost else ""

    return look


def _study(place: Path, whole: dict[str, Any]) -> Callable[[], str]:
    """After every kill the same command, from what is left, gives the same cells; then the study begins anew."""
    folder = place / str(whole.get("study", "none"))

    def look() -> str:
        code, again, err = end(start(*COMMANDS["study"], folder=place, output=subprocess.PIPE))
        left = [each.name for each in folder.rglob(".unfinished*")]
        shutil.rmtree(folder, ignore_errors=True)
        same = code in (0, 1) and all(again[key] == whole[key] for key in ("study", "cells", "claims"))
        return "" if same and not left else f"{err} {left}"

    return look


def _predict(place: Path, whole: dict[str, Any]) -> Callable[[], str]:
    """The file that was scored stays whole."""
    target = place / "scored.csv"
    size = target.stat().st_size

    def look() -> str:
        there = target.stat().st_size if target.exists() else 0
        for each in place.glob(".unfinished*"):
            each.unlink()
        return "" if there == size else f"{there} bytes of {size}"

    return look


LOOKS = {"train": _train, "study": _study, "predict": _predict}
