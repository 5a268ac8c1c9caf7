"""Thousands of cases in two processes, each with its own folder, run and limit of memory."""

import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.torture import csvs, kinds, yamls
from tests.torture.calls import call, limit_memory

KINDS = {"CSV": csvs, "YAML": yamls, "kinds": kinds}


def run(kind: str, base: Path, count: int = 2_000) -> dict[str, Any]:
    """Try the cases 0 to ``count`` of a kind, and return how they ended; ``base`` is a folder with a run."""
    halves = [range(start, count, 2) for start in range(2)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        done = list(pool.map(partial(_cases, kind, base), halves))
    codes = sum((each["codes"] for each in done), Counter[int]())
    failed = sorted(number for each in done for number in each["failed"])
    ends = {f"exit code {code}": codes[code] for code in sorted(codes)}
    return {"cases": count, **ends, "slowest, s": round(max(each["slowest"] for each in done), 1), "failed": len(failed)}


def _cases(kind: str, base: Path, numbers: Sequence[int]) -> dict[str, Any]:
    place = Path(tempfile.mkdtemp(prefix=f"torture-{kind}-"))
    shutil.copytree(base, place, symlinks=True, dirs_exist_ok=True)
    os.chdir(place)
    yamls.prepare(place)
    for words in (("check",), ("evaluate",), ("predict", "data/diabetes.csv", "all.csv"), ("synthesize", "twin.csv")):
        assert call(*words).code == 0, words  # and everything is imported
    limit_memory()
    codes, failed, slowest = Counter[int](), [], 0.0
    for number in numbers:
        started = time.monotonic()
        done, problem = KINDS[kind].case(number)
        slowest = max(slowest, time.monotonic() - started)
        codes[done.code] += 1
        if problem:
            failed.append(number)
            print(f"FAILED {kind} case {number}: {problem}", flush=True)
    os.chdir("/")
    shutil.rmtree(place)
    return {"codes": codes, "failed": failed, "slowest": slowest}
