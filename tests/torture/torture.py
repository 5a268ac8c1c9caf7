"""Everything that may happen to the pipeline, and what it makes of it. Usage: torture.py [PART]...

Writes results.json and RESULTS.md beside this file, and exits with 1 if anything failed. With names of parts only these are
run, and the figures of the others stay.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.machine.files import whole
from tests.bench import machine, results
from tests.torture import damage, disks, interrupts, kills, serve, spread
from tests.torture.calls import ROOT, call, limit_memory

HERE = Path(__file__).parent
SMALL = ("--set", "training.starts=8", "--set", "training.epochs=20")
Part = Callable[[Path, Path], dict[str, Any]]

PARTS: dict[str, tuple[str, Part]] = {
    "csv": ("Spoiled CSV files, to check, evaluate and predict", lambda base, place: spread.run("CSV", base)),
    "kinds": (
        "Spoiled files of other kinds and dialects, to check and predict",
        lambda base, place: spread.run("kinds", base, 1_000),
    ),
    "yaml": ("Spoiled YAML files and settings, to check and synthesize", lambda base, place: spread.run("YAML", base)),
    "flips": ("Flipped bytes in the files of a run", lambda base, place: apart("flips", base, place)),
    "crafted": ("Runs made to do harm, with right hashes", lambda base, place: apart("crafted", base, place)),
    "records": ("Records with values of other types, with right hashes", lambda base, place: apart("records", base, place)),
    "latest": ("Links elsewhere in the place of models/latest", lambda base, place: apart("latest", base, place)),
    "kills": ("Commands killed at random moments", kills.run),
    "interrupts": ("Commands interrupted at random moments", interrupts.run),
    "disks": ("Full and read-only disks, two at once, links in outputs", disks.run),
    "serve": ("The server", lambda base, place: serve.run()),
}

DAMAGE: dict[str, Callable[[Path, random.Random], dict[str, Any]]] = {
    "flips": lambda place, draw: damage.flips(place, damage.FLIPS, draw),
    "crafted": lambda place, draw: damage.crafted_runs(place),
    "records": lambda place, draw: damage.retyped(place, damage.RETYPED, draw),
    "latest": lambda place, draw: damage.latest(place),
}


def apart(name: str, base: Path, place: Path) -> dict[str, Any]:
    """Run a part of damage.py in a process of its own with a limit of memory."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    shutil.copytree(base, place, symlinks=True)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(partial(_damaged, name), place).result()


def _damaged(name: str, place: Path) -> dict[str, Any]:
    os.chdir(place)
    for words in (("evaluate",), ("report",)):
        assert call(*words).code == 0, words
    limit_memory()
    return DAMAGE[name](place, random.Random(0))


def page(told: dict[str, Any]) -> str:
    """Return RESULTS.md."""
    parts = [
        "# Torture\n\nWritten by `make torture`, never by hand. Each case is decided by its number, so that it can be repeated."
    ]
    for name, each in told["parts"].items():
        rows = [(key, value if isinstance(value, str) else f"{value:,}") for key, value in flat(each["figures"])]
        rows += [("seconds", f"{each['seconds']:.0f}"), ("date", each["date"])]
        parts += [f"## {each['title']}", results.table((f"`{name}`", ""), rows)]
    parts += ["## The machine", results.machine(told["machine"])]
    return "\n\n".join(parts) + "\n"


def flat(figures: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every figure under its name, those of a part of a part behind its name."""
    for key, value in figures.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{key}: ")
        else:
            yield before + key.replace("_", " "), round(value, 1) if isinstance(value, float) else value


def main() -> int:
    """Run the parts, and write the results after each of them."""
    wanted = sys.argv[1:] or [*PARTS]
    if not sys.argv[1:]:
        keep({"parts": {}, "machine": machine.describe()})
    failed = 0
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        base = trained(Path(name).resolve() / "base")
        for part in wanted:
            title, run = PARTS[part]
            started = time.monotonic()
            figures = run(base, base.parent / f"place-{part}")
            seconds = time.monotonic() - started
            print(part, figures, f"{seconds:.0f} s", flush=True)
            told = {"title": title, "figures": figures, "seconds": seconds, "date": f"{datetime.now(UTC):%Y-%m-%d}"}
            kept = kept_figures()
            keep({"parts": kept["parts"] | {part: told}, "machine": machine.describe()})
            failed += bool(figures.get("failed"))
        os.chdir(ROOT)
    return int(failed > 0)


def kept_figures() -> dict[str, Any]:
    """Return what results.json holds."""
    path = HERE / "results.json"
    return json.loads(path.read_text()) if path.exists() else {"parts": {}}


def keep(told: dict[str, Any]) -> None:
    """Write results.json, and RESULTS.md from it."""
    told["parts"] = {part: told["parts"][part] for part in PARTS if part in told["parts"]}
    for name, text in {"results.json": json.dumps(told, indent=2) + "\n", "RESULTS.md": page(told)}.items():
        with whole(HERE / name) as hidden:
            hidden.write_text(text)


def trained(folder: Path) -> Path:
    """Return a folder with configs, data and a small run."""
    for part in ("configs", "data"):
        shutil.copytree(ROOT / part, folder / part)
    process = kills.start("train", *SMALL, folder=folder, output=subprocess.PIPE)
    code, _, err = kills.end(process)
    assert code == 0, err
    return folder


if __name__ == "__main__":
    sys.exit(main())
