"""What the findings catch and miss, in tables drawn anew. Usage: planted_faults.py [PART]...

Writes results.json and RESULTS.md beside this file. With names of parts only these are run, and the figures of the others stay:
faults, alarms, fresh, copies, sweep, peers.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError
from pipeline.machine.files import whole
from tests.bench import machine
from tests.planted import copies, sweep
from tests.planted.asked import checked, counts, outcome_of
from tests.planted.clean import clean
from tests.planted.faults import FAULTS, planted
from tests.planted.fresh_rows import CODES, contradictions, tried
from tests.planted.results_page import page

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PEER = ROOT / ".venv-peers" / "bin" / "python"
SEEDS = 5
STRENGTHS = {"strong": True, "weak": False}
CLEAN = 1000
TRAININGS = 100
PEER_SEEDS = 1  # a table takes a peer up to a minute
FACTS = ("D201",)  # a count of what is in the file, which is no alarm


def faults(seeds: int = SEEDS) -> dict[str, Any]:
    """Return how often each fault is caught at each strength, and the codes that were given instead or besides."""
    result: dict[str, Any] = {}
    for name, fault in FAULTS.items():
        result[name] = {"codes": list(fault.codes), "reasons": fault.reasons}
        for strength, strong in STRENGTHS.items():
            outcomes = [outcome_of(planted(name, strong, seed), fault) for seed in range(seeds)]
            given = Counter(code for outcome in outcomes for code in set(outcome["codes"]) if code not in FACTS)
            result[name][strength] = {"caught": sum(outcome["caught"] for outcome in outcomes), "of": seeds, "given": dict(given)}
            say(f"{name}, {strength}: {result[name][strength]}")
    return result


def alarms(tables: int = CLEAN) -> dict[str, Any]:
    """Return the seeds of the clean tables in which ``check`` gives a code, which each is a false alarm."""
    seeds: dict[str, list[int]] = {}
    for seed in range(tables):
        try:
            codes = {finding.code for finding in checked(clean(seed)) if counts(finding)}
        except PipelineError as error:
            codes = {f"refused: {error.args[0]}"}
        for code in codes.difference(FACTS):
            seeds.setdefault(code, []).append(seed)
    return {"tables": tables, "codes": seeds}


def fresh(trainings: int = TRAININGS) -> dict[str, Any]:
    """Return for each code the seeds of the clean tables whose training gives it, and of those that fresh rows contradict."""
    seeds: dict[str, dict[str, list[int]]] = {code: {"given": [], "contradicted": []} for code in CODES}
    others: Counter[str] = Counter()
    for seed in range(trainings):
        trial = tried(clean(seed), seed)
        others.update({finding.code for finding in trial.summary.findings if counts(finding)}.difference(CODES, FACTS))
        for code, contradicted in contradictions(trial):
            seeds[code]["given"].append(seed)
            seeds[code]["contradicted"] += [seed] * contradicted
            say(f"table {seed}: {code} {'CONTRADICTED' if contradicted else 'holds'}; fresh accuracy {trial.accuracy:.3f}")
    return {"trainings": trainings, "codes": seeds, "others": dict(others)}


def swept(trainings: int = sweep.TRAININGS) -> dict[str, Any]:
    """Return the figures of the sweep, and each training that fresh rows put outside its interval."""
    rows = []
    for row in sweep.trainings(trainings):
        rows.append(row)
        say(str(row))
    return sweep.summed(rows)


def peers(seeds: int = PEER_SEEDS) -> dict[str, Any]:
    """Return what the peers catch, each in the environment that "make peers" installs; None where one is not installed."""
    result: dict[str, Any] = {}
    for name in ("deepchecks", "cleanlab", "ydata-profiling"):
        run = None
        if PEER.exists():
            words = [str(PEER), "-m", "tests.planted.peers", name, str(seeds)]
            run = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        result[name] = json.loads(run.stdout.splitlines()[-1]) if run and not run.returncode else None
        say(f"{name}: {'not installed' if result[name] is None else 'done'}")
    return result


PARTS: dict[str, Callable[[], Any]] = {
    "faults": faults,
    "alarms": alarms,
    "fresh": fresh,
    "copies": lambda: list(copies.rows_of(copies.SEEDS)),
    "sweep": swept,
    "peers": peers,
}


def say(text: str) -> None:
    """Print progress."""
    print(text, file=sys.stderr, flush=True)


def main(names: list[str]) -> None:
    """Run the parts that are named, or all, and write both files.

    Raises:
        SystemExit: there is no such part.
    """
    if unknown := [name for name in names if name not in PARTS]:
        sys.exit(f"{', '.join(unknown)}: no such part; there are {', '.join(PARTS)}")
    file = HERE / "results.json"
    result = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"parts": {}}
    result["machine"] = machine.describe()
    start, place = Path.cwd(), Path(tempfile.mkdtemp(prefix="planted-"))
    for name in names or PARTS:
        began = time.perf_counter()
        os.chdir(place)
        try:
            figures = PARTS[name]()
        finally:
            os.chdir(start)
        seconds, date = time.perf_counter() - began, datetime.now(UTC).date().isoformat()
        result["parts"][name] = {"figures": figures, "seconds": seconds, "date": date}
        with whole(file) as hidden:
            hidden.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        with whole(HERE / "RESULTS.md") as hidden:
            hidden.write_text(page(result), encoding="utf-8")
    shutil.rmtree(place, ignore_errors=True)
    print(HERE / "RESULTS.md")


if __name__ == "__main__":
    main(sys.argv[1:])
