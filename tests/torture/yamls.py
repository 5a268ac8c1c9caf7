"""Spoil the configs in thousands of ways: each is read or refused in lines, whatever it holds.

Usage: yamls.py [NUMBER]... repeats cases and prints how they end.
"""

import os
import random
import sys
from pathlib import Path

from tests.torture import mutants
from tests.torture.calls import ROOT, Called, call

CASES = 10_000
_NAMES = ("default", "article", "study", "twin")


def case(number: int) -> tuple[Called, str]:
    """Run ``check`` on a case, ``synthesize`` for the twin's config; return what it did and what is wrong."""
    name = _NAMES[number % len(_NAMES)]
    path = Path("spoiled.yaml")
    path.write_bytes(mutants.spoiled(number, (ROOT / f"configs/{name}.yaml").read_bytes(), mutants.YAML))
    if name == "twin":
        done = call("synthesize", "twin.csv", path)
    elif number % 8:
        done = call("check", path, "--data", "few.csv")
    else:
        done = call("check", "--data", "few.csv", "--set", setting(number))
    left = [each for each in os.listdir() if each.startswith(".unfinished")]
    return done, done.wrong() or (f"left behind: {left}" if left else "")


def setting(number: int) -> str:
    """Return a setting that may make no sense."""
    draw = random.Random(number)
    keys = (
        "network.alpha",
        "network",
        "data.codes",
        "data.features.Age",
        "data.target",
        "training.epochs",
        "a.b",
        "..",
        "",
        "data.path",
    )
    return f"{draw.choice(keys)}={draw.choice(mutants.VALUES)}".replace("\0", "")


def prepare(place: Path) -> None:
    """Write the few rows that the configs are tried on."""
    kept = (ROOT / "data/diabetes.csv").read_bytes().splitlines(keepends=True)
    (place / "few.csv").write_bytes(b"".join(kept[:201]))


if __name__ == "__main__":
    os.chdir(os.environ.get("PLACE", "."))
    prepare(Path())
    for argument in sys.argv[1:]:
        print(argument, *case(int(argument)))
