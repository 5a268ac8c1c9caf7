"""Damage the files of a run, or make them to do harm, and see that commands refuse them and do nothing else."""

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.torture import crafted
from tests.torture.calls import Called, call

COMMANDS: tuple[tuple[str, ...], ...] = (("evaluate",), ("report",))
SCORING: tuple[tuple[str, ...], ...] = (
    ("predict", "data/diabetes.csv", "scored.csv"),
    ("export", "models/latest", "--to", "onnx", "out.onnx"),
    ("export", "models/latest", "--to", "joblib", "out.joblib"),
    ("serve", "--port", "0"),
)
JUDGED = (
    "config.yaml: a column that is not there",
    "config.yaml: other features",
    "network.keras: nothing",
    "preprocessor.joblib: nothing",
)
"""What scoring does not use, so that it does not refuse it, or names another file for."""
FLIPS = 5_000
RETYPED = 400


def flips(place: Path, count: int, random: random.Random) -> dict[str, int]:
    """Flip a bit in that many bytes of a run, evenly over its files, every byte of those that have fewer.

    Returns:
        How many were tried, and how many were not refused with the file's name.
    """
    run = (place / "models/latest").resolve()
    contents = {path.name: path.read_bytes() for path in sorted(run.iterdir()) if path.name != "report.html"}
    tried, failed = 0, []
    for name, content in contents.items():
        share = count // len(contents)
        places = range(len(content)) if len(content) <= share else random.sample(range(len(content)), share)
        for at in places:
            changed = bytearray(content)
            changed[at] ^= 1 << random.randrange(8)
            (run / name).write_bytes(changed)
            failed += _unless(call("evaluate"), f"{name}, byte {at}", lambda done, name=name: done.code == 2 and name in done.err)
            tried += 1
        (run / name).write_bytes(content)
    return {"flipped bytes": tried, "failed": len(failed)}


def harmed(place: Path, harm: crafted.Harm, words: tuple[str, ...]) -> tuple[Called, list[str]]:
    """Do harm to a copy of the run, run a command on it, and return what it did and which files outside the run changed."""
    kept, run = place / "models", (place / "models/latest").resolve()
    shutil.move(kept, place / "safe")
    shutil.copytree(place / "safe", kept, symlinks=True)
    try:
        harm(kept / run.name)
        before = _tree(place, kept / run.name)
        done = call(*words)
        return done, sorted(before ^ _tree(place, kept / run.name))
    finally:
        shutil.rmtree(kept)
        shutil.move(place / "safe", kept)


def _tree(place: Path, run: Path) -> set[str]:
    """Return name and content of everything in a place but the run and what was put aside."""
    found = set()
    for folder, folders, names in os.walk(place):
        folders[:] = [each for each in folders if each != "safe" and Path(folder, each) != run]
        for path in (Path(folder, name) for name in names):
            facts = path.lstat()
            found.add(f"{path} {facts.st_mode} {facts.st_size} {facts.st_mtime_ns}")
    return found


def crafted_runs(place: Path) -> dict[str, int]:
    """Run the commands on every run that was made to do harm."""
    mark = place / "owned"
    tried, failed = 0, []
    for name, harm in crafted.never_loaded(mark).items():
        for words in COMMANDS:
            done, outside = harmed(place, harm, words)
            failed += _unless(done, name, lambda done, outside=outside: done.code in (0, 1) and not outside and not mark.exists())
            tried += 1
    for name, harm in crafted.refused(mark).items():
        for words in (*COMMANDS, *(SCORING if name not in JUDGED else ()), ("runs",)):
            done, outside = harmed(place, harm, words)
            file = name.split(":")[0]
            told = (done.err.count("\n") == 1 and file in done.err) or (file == "run.json" and "there is no run here" in done.err)
            right = told if words != ("runs",) else True
            failed += _unless(
                done, f"{words[0]}, {name}: {done.err}", lambda done, right=right, outside=outside: right and not outside
            )
            tried += 1
    return {"crafted runs": tried, "failed": len(failed)}


def retyped(place: Path, count: int, random: random.Random) -> dict[str, int]:
    """Put values of other types into the record: whatever a command says of it, it must not crash."""
    record = json.loads((place / "models/latest/run.json").read_text())
    cases = list(crafted.retyped(record))
    failed = []
    chosen = random.sample(cases, min(count, len(cases)))
    for number, (name, edit) in enumerate(chosen):
        words = (("runs",), ("evaluate",), ("report",))[number % 3] if number % 9 < 3 else ("runs",)
        done, outside = harmed(place, lambda run, edit=edit: crafted.seal(run, edit), words)
        failed += _unless(done, f"{words[0]}, {name}", lambda done, outside=outside: not outside)
    return {"records with values of other types": len(chosen), "failed": len(failed)}


def latest(place: Path) -> dict[str, int]:
    """Let models/latest lead elsewhere."""
    link, run = place / "models/latest", (place / "models/latest").resolve()
    outside = place / "elsewhere"
    shutil.copytree(run, outside / run.name)
    own = os.readlink(link)
    failed = []
    targets = ("latest", "../elsewhere/" + run.name, str(outside / run.name), "gone", "..", "/", "/dev/zero", "x" * 200)
    for target in targets:
        link.unlink()
        link.symlink_to(target)
        before = _tree(place, place / "none")
        for words in (("evaluate",), ("report",), ("runs", "--keep", "1", "--yes")):
            done = call(*words)
            right = (done.code == 2 and "models/latest" in done.err) or words[0] == "runs"
            failed += _unless(done, f"{words[0]}, latest -> {target}: {done.err}", lambda _, right=right: right)
        failed += [] if before == _tree(place, place / "none") else [f"latest -> {target}: something was written"]
    link.unlink()
    link.symlink_to(own)
    shutil.rmtree(outside)
    return {"links in the place of models/latest": len(targets), "failed": len(failed)}


def _unless(done: Called, name: str, holds: Callable[[Called], Any]) -> list[str]:
    """Return the case, and print it, unless a command ended well and something holds of it."""
    problem = done.wrong() or ("" if holds(done) else f"exit code {done.code}: {done.err or done.out[:200]}")
    if problem:
        print(f"FAILED {name}\n{problem}", flush=True)
    return [name] if problem else []
