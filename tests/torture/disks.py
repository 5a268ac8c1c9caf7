"""Full disks, folders that cannot be written, two commands at once, and links that wait where something is written."""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.torture.calls import call
from tests.torture.kills import COMMANDS, end, start


def run(base: Path, place: Path) -> dict[str, Any]:
    """Try everything that is possible here; what needs to mount and cannot is named as skipped."""
    place.mkdir()
    failed, skipped = [], []
    parts: dict[str, Callable[[Path, Path], list[str]]] = {"two trainings at once": twice, "links": links}
    if mountable(place):
        parts |= {"a full disk": full, "a read-only disk": read_only}
    else:
        skipped = ["a full disk", "a read-only disk"]
        print("skipped: a full disk and a read-only one, for nothing can be mounted here; be root to try them", flush=True)
    for name, part in parts.items():
        found = part(base, place / name.replace(" ", "-"))
        failed += found
        for each in found:
            print(f"FAILED {name}: {each}", flush=True)
    return {"tried": ", ".join(parts), "skipped": ", ".join(skipped) or "nothing", "failed": len(failed)}


def twice(base: Path, place: Path) -> list[str]:
    """Train two at once, three times: both runs are kept and whole, and latest is the newer one."""
    shutil.copytree(base, place, symlinks=True)
    problems = []
    for _ in range(3):
        ends = [end(each) for each in [start(*COMMANDS["train"], folder=place, output=subprocess.PIPE) for _ in range(2)]]
        runs = {figures.get("run") for _, figures, _ in ends}
        listed = {each["run"]: each["problem"] for each in end(start("runs", folder=place, output=subprocess.PIPE))[1]["runs"]}
        if len(runs) != 2 or not runs <= listed.keys() or any(listed.values()):
            problems.append(f"{ends} {listed}")
        if os.readlink(place / "models/latest") != max(Path(each).name for each in listed):
            problems.append("latest is not the newest run")
    return problems


def links(base: Path, place: Path) -> list[str]:
    """Put links to a precious file where outputs are written: they are replaced, and the file stays."""
    shutil.copytree(base, place, symlinks=True)
    os.chdir(place)
    precious = place / "precious"
    precious.write_text("kept")
    run = (place / "models/latest").resolve()
    outputs = {"scored.csv": ("predict", "data/diabetes.csv", "scored.csv"), "twin.csv": ("synthesize", "twin.csv")}
    outputs |= {str((run / "report.html").relative_to(place.resolve())): ("report",)}
    problems = []
    for output, words in outputs.items():
        (place / output).unlink(missing_ok=True)
        (place / output).symlink_to(precious)
        done = call(*words)
        if done.wrong() or precious.read_text() != "kept":
            problems.append(f"{words}: {done.wrong() or 'the precious file was written to'}")
    return problems


@contextlib.contextmanager
def disk(place: Path, size: str) -> Iterator[Path]:
    """Give a folder that is a disk of its own."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], check=True, capture_output=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def mountable(place: Path) -> bool:
    """Return whether a disk can be mounted."""
    try:
        with disk(place / "probe", "64k"):
            return True
    except (subprocess.CalledProcessError, FileNotFoundError):
        return False


def full(base: Path, place: Path) -> list[str]:
    """Write to disks that are full at different moments: one line, nothing half-written, and what was there stays."""
    problems = []
    for room in (0, 60, 150):
        with disk(place, "2m"):
            shutil.copytree(base, place, symlinks=True, dirs_exist_ok=True)
            (place / "scored.csv").write_text("the old one")
            fill(place, room * 1024)
            for words in (
                *COMMANDS.values(),
                ("predict", "data/diabetes.csv", "scored.csv"),
                ("synthesize", "t.csv"),
                ("report",),
            ):
                if words != COMMANDS["predict"]:
                    problems += [f"{room} KiB left: {each}" for each in looked_at(place, words)]
        place.rmdir()
    return problems


def fill(place: Path, room: int) -> None:
    """Leave so many bytes on a disk."""
    found = os.statvfs(place)
    with contextlib.suppress(OSError), (place / "filler").open("wb") as file:
        file.write(bytes(max(0, found.f_bavail * found.f_frsize - room)))


def looked_at(place: Path, words: tuple[str, ...]) -> list[str]:
    """Run a command on a disk where it may fail; return what is wrong with how it failed."""
    code, _, err = end(start(*words, folder=place, output=subprocess.PIPE))
    problems = []
    lines = err.strip().splitlines()
    if code == 2 and not (lines and all(line.startswith("error: ") for line in lines)):
        problems.append(f"{words}: {err[-500:]}")
    if code not in (0, 1, 2):
        problems.append(f"{words}: exit code {code}: {err[-500:]}")
    left = [str(each) for each in place.rglob(".unfinished*") if "parts" not in each.parts]
    with contextlib.chdir(place):
        damaged = [each["problem"] for each in call("runs").json["runs"] if each["problem"]]
    if left or damaged:
        problems.append(f"{words} left {left} {damaged}")
    if words[0] == "predict" and code == 2 and (place / "scored.csv").read_text() != "the old one":
        problems.append(f"{words} lost the old file")
    return problems


def read_only(base: Path, place: Path) -> list[str]:
    """Write to a disk that is read-only."""
    problems = []
    with disk(place, "4m"):
        shutil.copytree(base, place, symlinks=True, dirs_exist_ok=True)
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        for words in (
            COMMANDS["train"],
            COMMANDS["study"],
            ("predict", "data/diabetes.csv", "scored.csv"),
            ("synthesize", "t.csv"),
            ("report",),
        ):
            code, told, err = end(start(*words, folder=place, output=subprocess.PIPE))
            if (
                code != 2
                or err.count("\n") != 1
                or "Read-only" not in err
                or told != {"error": [err.strip().removeprefix("error: ")]}
            ):
                problems.append(f"{words}: exit code {code}: {err[-500:]} {json.dumps(told)[:200]}")
        if end(start("evaluate", folder=place, output=subprocess.PIPE))[0] not in (0, 1):
            problems.append("evaluate needs to write")
    place.rmdir()
    return problems
