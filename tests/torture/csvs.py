"""Spoil the data file in thousands of ways: each is refused in a line, or its rows are those that Python's csv module reads.

Usage: csvs.py [NUMBER]... repeats cases and prints how they end.
"""

import csv
import io
import os
import re
import sys
from pathlib import Path

from tests.torture import mutants
from tests.torture.calls import ROOT, Called, call

CASES = 10_000
_ADDED = 6
"""Columns that predict adds: the class, a probability for each of three, the possible classes, a note."""
_CELL = r"""(?:"(?:[^"]|"")*+"|[^",;\t|\r\n]*+)"""
_SOUND = re.compile(rf"(?:{_CELL}(?:[,;\t|]|\r\n|[\r\n]))*+{_CELL}")
"""Text whose quotes are as RFC 4180 wants them, whatever separates its cells."""
csv.field_size_limit(2**31 - 1)
_ROWS = (100, 200, 200, 1009)


def spoiled(number: int) -> bytes:
    """Return the file of a case."""
    kept = (ROOT / "data/diabetes.csv").read_bytes().splitlines(keepends=True)
    return mutants.spoiled(number, b"".join(kept[: 1 + _ROWS[number % len(_ROWS)]]), mutants.CSV)


def case(number: int) -> tuple[Called, str]:
    """Run ``check`` and ``predict`` on a case, sometimes ``evaluate``, in a folder with a run; return what is wrong too."""
    path = Path("spoiled.csv")
    path.write_bytes(spoiled(number))
    done = call(
        "check", "--data", path, "--set", f"evaluation.unseen={'null' if number % 3 else '{group_by: [HbA1c], folds: 2}'}"
    )
    problem = done.wrong() or (other_rows(path) if done.code != 2 else "") or predicted(path)
    if not problem and number % 50 == 0:
        again = call("evaluate", "--data", path)
        problem = again.wrong()
        if not problem and again.code != 2 and again.json["data"]["rows"] != len(rows(path)):
            problem = f"evaluate counts {again.json['data']['rows']} rows of {len(rows(path))}"
    return done, problem


def predicted(path: Path) -> str:
    """Return what is wrong with what ``predict`` makes of a file: rows that were lost, doubled or out of order."""
    target, rejected = Path("scored.csv"), Path("scored.csv.rejected.csv")
    for each in (target, rejected):
        each.unlink(missing_ok=True)
    done = call("predict", path, target)
    left = [each for each in os.listdir() if each.startswith(".unfinished")]
    if done.wrong() or left:
        return f"predict: {done.wrong() or left}"
    if done.code == 2:
        return f"predict left {target}" if target.exists() or rejected.exists() else ""
    if not _SOUND.fullmatch(_text(path)) or not _certain(path):
        return ""  # where a quote is left open, or stands inside a cell, nobody can say what the rows are
    own, scored = rows(path), rows(target)
    refused = rows(rejected) if rejected.exists() else []
    if (done.json["rows"], done.json["rejected"]) != (len(scored), len(refused)):
        return f"predict says {done.json}, and wrote {len(scored)} and {len(refused)} rows"
    if len(scored) + len(refused) != len(own):
        return f"predict: {len(scored)} and {len(refused)} rows of {len(own)}"
    waiting = iter(own)
    width = min((len(each) for each in scored), default=0) - _ADDED
    strayed = [each for each in scored if each[:width] not in waiting]
    return f"predict: {strayed[0]} is out of order or changed" if strayed else ""


def rows(path: Path) -> list[list[str]]:
    """Return the rows below the header as Python's csv module reads them, without blank lines."""
    return _records(_text(path))[1:]


def _text(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "surrogateescape")
    return content.decode("utf-8-sig", "surrogateescape")


def _certain(path: Path) -> bool:
    """Return whether a file is of one encoding; of others nobody can say what their letters are."""
    return _text(path).isascii() or not any("\udc80" <= char <= "\udcff" for char in _text(path))


def _records(text: str) -> list[list[str]]:
    """Return the records of a text, the header first: no blank lines, and above it no comment and no line for Excel."""
    mark = max(",;\t|", key=text.lstrip().partition("\n")[0].count)
    every = [each for each in csv.reader(io.StringIO(text, newline=""), delimiter=mark) if each]
    while every and every[0][0].lstrip().startswith(("#", "sep=")):
        every = every[1:]
    return every


def other_rows(path: Path) -> str:
    """Compare what the pipeline reads with Python's csv module, row by row; return the first difference."""
    from pipeline.config.read import load_config
    from pipeline.data.load import load
    from pipeline.read.cells import Cells

    section = load_config("configs/default.yaml", (), str(path)).data
    table = load(section, only_score=True)
    if not _certain(path):
        return ""
    head, expected = _records(_text(path))[0], rows(path)
    if len(table) != len(expected):
        return f"{len(table)} rows of {len(expected)}"
    where = {_loosely(name): place for place, name in reversed([*enumerate(head)])}
    for place, cells in enumerate(expected):
        name = table.classes[table.truth[place]]
        if name != cells[where[_loosely(section.target)]].strip():
            return f"row {place + 1}: class {name} of {cells}"
        for name in section.features:
            cell, value = cells[where[_loosely(name)]].strip().replace("\u2212", "-"), float(table.column(name)[place])
            if (value != value) != (cell.lower() in Cells().missing) or (value == value and value != float(cell)):
                return f"row {place + 1}: {name} is {value} of {cell!r}"
    return ""


def _loosely(name: str) -> str:
    """Return a name without case and blanks."""
    return re.sub(r"[\s_]+", "", name).casefold()


if __name__ == "__main__":
    os.chdir(os.environ.get("PLACE", "."))
    for argument in sys.argv[1:]:
        print(argument, *case(int(argument)))
