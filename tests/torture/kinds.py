"""Spoil files of other kinds: compressed ones, spreadsheets, Parquet, other dialects; each is refused in a line, or read whole.

Usage: kinds.py [NUMBER]... repeats cases and prints how they end.
"""

import gzip
import io
import os
import random
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.torture.calls import ROOT, Called, call

_CSV = ROOT / "data/diabetes.csv"
_BOMB = 2**28
"""Bytes that a bomb unpacks to."""


def _table(rows: int) -> pd.DataFrame:
    return pd.read_csv(_CSV, nrows=rows)


def _zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def _sheet(frame: pd.DataFrame, **sheets: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    with pd.ExcelWriter(out, engine="xlsxwriter") as book:
        for name, own in {"Sheet1": frame, **sheets}.items():
            own.to_excel(book, sheet_name=name, index=False)
    return out.getvalue()


def _parquet(frame: pd.DataFrame, name: str = "", kind: pa.DataType | None = None) -> bytes:
    table, out = pa.Table.from_pandas(frame, preserve_index=False), io.BytesIO()
    if kind is not None:
        place = table.schema.names.index(name)
        cells = [["a"]] * len(table) if pa.types.is_list(kind) else table[name].cast(pa.string()).to_pylist()
        table = table.set_column(
            place, name, pa.array(cells, pa.list_(pa.string()) if pa.types.is_list(kind) else pa.string()).cast(kind)
        )
    pq.write_table(table, out)
    return out.getvalue()


def _text(frame: pd.DataFrame, encoding: str = "utf-8", **how: str) -> bytes:
    return frame.to_csv(index=False, **how).encode(encoding)  # type: ignore[arg-type]


SOUND: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "csv.gz": lambda frame: gzip.compress(_text(frame)),
    "csv.zip": lambda frame: _zipped(mine__csv=_text(frame)),
    "xlsx": _sheet,
    "parquet": _parquet,
    "tsv": lambda frame: _text(frame, sep="\t"),
    "csv": lambda frame: _text(frame, sep=";", decimal=","),
    "txt": lambda frame: _text(frame, "utf-16", sep="|"),
}
"""Files that can be read; what is spoiled in them is a matter of chance."""

ODD: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "bomb.csv.gz": lambda frame: gzip.compress(_text(frame) + b"0," * (_BOMB // 2)),
    "bomb.csv.zip": lambda frame: _zipped(mine__csv=_text(frame) + b"0," * (_BOMB // 2)),
    "two.zip": lambda frame: _zipped(a__csv=_text(frame), b__csv=_text(frame)),
    "none.zip": lambda frame: _zipped(),
    "nested.zip": lambda frame: _zipped(a__zip=_zipped(b__csv=_text(frame))),
    "twice.csv.gz.gz": lambda frame: gzip.compress(gzip.compress(_text(frame))),
    "text.xlsx": lambda frame: _text(frame),
    "empty.xlsx": lambda frame: _sheet(frame.head(0)),
    "two.xlsx": lambda frame: _sheet(frame, Other=frame.head(3)),
    "lists.parquet": lambda frame: _parquet(frame, "Age", pa.list_(pa.string())),
    "decimals.parquet": lambda frame: _parquet(frame, "Age", pa.decimal128(9, 2)),
    "large.parquet": lambda frame: _parquet(frame, "Type", pa.large_string()),
    "numbers.parquet": lambda frame: _parquet(frame.assign(Type=range(len(frame)))),
    "dates.parquet": lambda frame: _parquet(frame.assign(Age=pd.Timestamp("2020-01-01"))),
    "none.parquet": lambda frame: _parquet(frame.head(0)),
    "half.utf16": lambda frame: _text(frame, "utf-16")[:-1],
}
"""Files made to be refused, or of types that hardly anybody writes."""


def spoiled_kind(number: int) -> tuple[str, bytes, int | None]:
    """Return name and content of a case, and how many rows it has where nothing in it is spoiled."""
    draw = random.Random(number)
    rows = draw.choice((100, 200, 1009))
    if number % 10 == 0:
        name = [*ODD][number // 10 % len(ODD)]
        return name, ODD[name](_table(rows)), None
    kind = [*SOUND][number % len(SOUND)]
    content = bytearray(SOUND[kind](_table(rows)))
    for _ in range(draw.choice((0, 1, 1, 3, 30))):
        way, place = draw.randrange(4), draw.randrange(max(len(content), 1))
        content = content or bytearray(b"0")
        if way == 0:
            content[place] = draw.randrange(256)
        elif way == 1:
            del content[place : place + draw.choice((1, 7, 500))]
        elif way == 2:
            content[place:place] = draw.randbytes(draw.choice((1, 9)))
        else:
            content = content[: max(place, 1)]
    whole = bytes(content) == SOUND[kind](_table(rows)) if kind in ("tsv", "csv", "txt", "csv.gz") else None
    return f"spoiled.{kind}", bytes(content), rows if whole else None


def case(number: int) -> tuple[Called, str]:
    """Run ``check`` and ``predict`` on a case in a folder with a run; return what is wrong too."""
    name, content, rows = spoiled_kind(number)
    path, target = Path(name), Path("scored.parquet")
    path.write_bytes(content)
    try:
        done = call("check", "--data", path, "--set", "evaluation.unseen=null", "--set", "data.read.sheet=null")
        problem = done.wrong() or ("a sound file is refused" if rows and done.code == 2 else "")
        target.unlink(missing_ok=True)
        scored = call("predict", path, target)
        problem = problem or _told(scored)
        if not problem and scored.code != 2 and done.code != 2:
            count = scored.json["rows"] + scored.json["rejected"]
            packed = content.startswith((b"PK", b"\x1f\x8b", b"PAR1"))
            if (rows or (_rows_of(name, content) if packed else count)) != count:
                problem = f"predict counts {count} rows"
        return done, problem
    finally:
        path.unlink()


def _told(done: Called) -> str:
    """Return what is wrong with how ``predict`` ended; it may say on standard error how it read the file."""
    return done.wrong() if done.code == 2 or done.crash else ""


def _rows_of(name: str, content: bytes) -> int:
    """Return how many rows pandas reads."""
    file = io.BytesIO(content)
    if name.endswith(".parquet"):
        return int(pq.read_metadata(file).num_rows)  # pandas stumbles over what it has written beside the rows
    if name.endswith(".xlsx"):
        return len(pd.read_excel(file, engine="calamine"))
    return len(pd.read_csv(file, compression="gzip" if name.endswith("gz") else "zip", encoding_errors="replace"))


if __name__ == "__main__":
    os.chdir(os.environ.get("PLACE", "."))
    for argument in sys.argv[1:]:
        print(argument, *case(int(argument)))
