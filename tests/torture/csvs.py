"""Spoil the data file in thousands of ways: each is refused in a line, or its rows are those that Python's csv module reads.

Usage: csvs.py [NUMBER]... repeats cases and prints how they end.
"""

import csv
import io
import os
import sys
from pathlib import Path

import mutants
from calls import ROOT, Called, call

CASES = 10_000
_ROWS = (8, 60, 200, 1009)


def spoiled(number: int) -> bytes:
    """Return the file of a case."""
    kept = (ROOT / "data/diabetes.csv").read_bytes().splitlines(keepends=True)
    return mutants.spoiled(number, b"".join(kept[: 1 + _ROWS[number % 61 % 4 if number % 5 else 1]]), mutants.CSV)


def case(number: int) -> tuple[Called, str]:
    """Run ``check`` on a case, sometimes ``evaluate``, in a folder with a run; return what it did and what is wrong."""
    path = Path("spoiled.csv")
    path.write_bytes(spoiled(number))
    done = call("check", "--data", path)
    problem = done.wrong()
    if not problem and number % 50 == 0:
        again = call("evaluate", "--data", path)
        problem = again.wrong()
        if not problem and again.code != 2 and again.json["data"]["rows"] != len(rows(path)):
            problem = f"evaluate counts {again.json['data']['rows']} rows of {len(rows(path))}"
    if not problem and done.code != 2:
        problem = other_rows(path)
    return done, problem


def rows(path: Path) -> list[list[str]]:
    """Return the rows below the header as Python's csv module reads them, without blank lines."""
    return [each for each in csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")) if each][1:]


def other_rows(path: Path) -> str:
    """Compare what the pipeline reads with Python's csv module, row by row; return the first difference."""
    from pipeline.config_file import load_config
    from pipeline.data.load import MISSING, load

    section = load_config("configs/default.yaml", (), str(path)).data
    table = load(section, only_score=True)
    text = path.read_bytes().decode("utf-8-sig")
    (head, *_), expected = [each for each in csv.reader(io.StringIO(text, newline="")) if each], rows(path)
    if len(table) != len(expected):
        return f"{len(table)} rows of {len(expected)}"
    where = {name.strip(): place for place, name in enumerate(head)}
    for place, cells in enumerate(expected):
        if table.target.iloc[place] != cells[where[section.target]].strip():
            return f"row {place + 1}: class {table.target.iloc[place]} of {cells}"
        for name in section.features:
            cell, value = cells[where[name]].strip(), float(table.features[name].iloc[place])
            if (value != value) != (cell.lower() in MISSING) or (value == value and value != float(cell)):
                return f"row {place + 1}: {name} is {value} of {cell!r}"
    return ""


if __name__ == "__main__":
    os.chdir(os.environ.get("PLACE", "."))
    for argument in sys.argv[1:]:
        print(argument, *case(int(argument)))
