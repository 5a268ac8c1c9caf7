"""Whole commands, from the key to the prompt: beside ``import tensorflow``, and on large made-up files.

``python -m tests.bench.whole large`` also trains on a million rows and prints the figures; it is no part of ``make bench``.
"""

import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from tests.bench.task import busy
from tests.bench.use_predict import ROOT, Ran, ran

ROUNDS, DISTURBED = 5, 3
COMMANDS = {
    "import tensorflow": ("-c", "import tensorflow"),
    "train": ("-m", "pipeline", "train", "--json"),
    "check": ("-m", "pipeline", "check", "--json"),
    "evaluate": ("-m", "pipeline", "evaluate", "--json"),
}


def made_up_file(path: Path, rows: int, features: int, categories: int) -> None:
    """Write a CSV file with normal columns, columns of four categories, and three classes that some of them decide."""
    random = np.random.default_rng(1)
    x = random.standard_normal((rows, features), dtype=np.float32)
    score = x[:, 0] + 0.8 * x[:, 1] * x[:, 2] - 0.5 * x[:, 3] + 0.8 * random.standard_normal(rows)
    table = pd.DataFrame(np.round(10 * x + 50, 3), columns=[f"x{place}" for place in range(features)])
    for place in range(categories):
        table[f"c{place}"] = np.array(list("abcd"))[random.integers(0, 4, rows)]
    table["Diagnosis"] = np.array(["Normal", "Type1", "Type2"])[np.digitize(score, [-0.5, 0.9])]
    table.to_csv(path, index=False)


def large(rows: int, features: int, categories: int, folder: Path) -> dict[str, float]:
    """Return seconds and peak bytes of ``init``, ``check`` and ``train`` on a made-up file."""
    made_up_file(folder / "made.csv", rows, features, categories)
    pipeline, found = ("-m", "pipeline"), dict[str, float]()
    for name, words in {
        "init": ("init", "made.csv", "--target", "Diagnosis", "--force"),
        "check": ("check", "made.yaml", "--json"),
        "train": ("train", "made.yaml", "--json"),
    }.items():
        took = ran(*pipeline, *words, folder=folder)
        found |= {f"{name}_seconds": took.seconds, f"{name}_peak": took.peak}
    return found


def commands(folder: Path, rounds: int) -> dict[str, float]:
    """Return the median seconds of the commands on the default config, which took turns, and of ``train`` above TensorFlow."""
    seconds = {name: list[float]() for name in COMMANDS}
    for _ in range(rounds):
        for name, words in COMMANDS.items():
            took: Ran = ran(*words, folder=folder)
            seconds[name].append(took.seconds)
    above = [train - bare for train, bare in zip(seconds["train"], seconds["import tensorflow"], strict=True)]
    return {name: statistics.median(taken) for name, taken in seconds.items()} | {"train above it": statistics.median(above)}


def measure() -> dict[str, dict[str, float]]:
    """Return the commands' seconds, also while a core is in use, and what a file of 100,000 rows and 9 columns takes."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("configs", "data"):
            (Path(folder) / name).symlink_to(ROOT / name)
        found = {"load": {"before": os.getloadavg()[0]}, "default": commands(Path(folder), ROUNDS)}
        with busy():
            found["disturbed"] = commands(Path(folder), DISTURBED)
        return found | {"100,000 x 9": large(100_000, 7, 2, Path(folder))}


def main() -> None:
    """Measure and print."""
    found = measure()
    if "large" in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            found["1,000,000 x 20"] = large(1_000_000, 20, 0, Path(folder))
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
