"""Files in every dialect that people keep tables in, drawn at random, and what pandas reads in them.

``python -m tests.read.dialects 500`` draws as many with seeds of the clock, writes a config for each with ``init`` and loads it.
"""

import csv
import gzip
import io
import sys
import tempfile
import time
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.config.data_section import DataSection
from pipeline.config.read import load_config
from pipeline.data.frame import to_frame
from pipeline.data.load import load
from pipeline.errors import PipelineError

CHOICES: dict[str, tuple[Any, ...]] = {
    "kind": ("csv", "csv", "csv", "csv", "gz", "zip", "xlsx", "parquet"),
    "separator": (",", ";", "\t", "|"),
    "decimal": (".", ","),
    "encoding": ("utf-8", "utf-8-sig", "utf-16", "cp1252"),
    "quoting": (csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC),
    "missing": ("", "NA", "?", "n/a", ".", "-999"),
    "header": (True, True, True, False),
    "above": ("", "", "", "# exported\n# by hand\n"),
    "target": ("texts", "numbers", "floats", "booleans", "three", "gaps"),
    "end": ("\n", "\r\n"),
    "rows": (60, 200, 700),
}
NAMES = ["patient no", "age", "HbA1c", "glucose", "größe", "sex", "smoker", "region", "outcome"]


@dataclass(frozen=True)
class Drawn:
    """A file, how it was written, and what stands in it."""

    path: Path
    how: dict[str, Any]
    frame: pd.DataFrame


def draw(seed: int, folder: Path) -> Drawn:
    """Write a file of invented patients."""
    random = np.random.default_rng(seed)
    how = {name: values[random.integers(len(values))] for name, values in CHOICES.items()}
    frame = _patients(random, how["rows"], how["target"])
    if how["kind"] == "parquet":
        path = folder / "mine.parquet"
        frame.to_parquet(path)
        return Drawn(path, how, frame)
    if how["kind"] == "xlsx":
        path = folder / "mine.xlsx"
        _texts(frame, how | {"decimal": "."}, numbers=True).to_excel(path, index=False, engine="xlsxwriter")
        return Drawn(path, how, frame)
    out = io.StringIO()
    cells = _texts(frame, how)
    writer = csv.writer(out, delimiter=how["separator"], quoting=how["quoting"], lineterminator=how["end"])
    writer.writerows(([list(cells.columns)] if how["header"] else []) + cells.to_numpy().tolist())
    content = (how["above"].replace("\n", how["end"]) + out.getvalue()).encode(how["encoding"])
    path = folder / ("mine.csv" if how["kind"] == "csv" else f"mine.csv.{how['kind']}")
    if how["kind"] == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("mine.csv", content)
    else:
        path.write_bytes(gzip.compress(content) if how["kind"] == "gz" else content)
    return Drawn(path, how, frame)


def _patients(random: np.random.Generator, rows: int, target: str) -> pd.DataFrame:
    level = random.normal(0, 1, rows)
    values = [
        np.arange(1001, 1001 + rows),
        random.integers(20, 90, rows),
        (6 + level).round(1),
        (7 + 2 * level + random.normal(0, 1, rows)).round(2),
        random.normal(170, 9, rows).round(1),
        random.choice(["female", "male"], rows),
        random.choice(["yes", "no"], rows),
        random.choice(["Süd", "Nord", "Ost"], rows),
    ]
    frame = pd.DataFrame(dict(zip(NAMES, values, strict=False)))
    for name in ("HbA1c", "sex", "region"):
        frame[name] = frame[name].mask(random.random(rows) < 0.06)
    above = level + random.normal(0, 1, rows) > 0
    if target == "three":
        frame["outcome"] = np.where(above, np.where(random.random(rows) < 0.5, "Type1", "Type2"), "Normal")
    elif target == "booleans":
        frame["outcome"] = above
    elif target in ("numbers", "floats"):
        frame["outcome"] = above.astype(int if target == "numbers" else float)
    else:
        frame["outcome"] = np.where(above, "ill", "well")
    if target == "gaps":
        frame["outcome"] = frame["outcome"].mask(random.random(rows) < 0.04)
    return frame


def _texts(frame: pd.DataFrame, how: dict[str, Any], numbers: bool = False) -> pd.DataFrame:
    """Return the cells as they are written; with ``numbers``, numbers stay such."""

    def written(cell: Any) -> Any:
        if pd.isna(cell):
            return how["missing"]
        if isinstance(cell, bool) or not isinstance(cell, int | float):
            return str(cell)
        return cell if numbers else str(cell).replace(".", how["decimal"])

    columns = {name: [written(cell) for cell in frame[name].tolist()] for name in frame}
    return pd.DataFrame(columns, dtype=object)


def differences(drawn: Drawn, section: DataSection) -> list[str]:
    """Return what a config reads otherwise than pandas holds it: rows, classes, gaps, values, categories."""
    told, table = [], load(section)
    names = dict(zip(drawn.frame.columns, section.read.header or drawn.frame.columns, strict=True))
    frame = drawn.frame.rename(columns=names)
    frame = frame[frame[section.target].notna()].reset_index(drop=True)
    if len(table) != len(frame):
        return [f"{len(table)} rows instead of {len(frame)}"]
    counts = Counter(table.counts().values())
    if counts != Counter(frame[section.target].value_counts().tolist()):
        told.append(f"classes {table.counts()} instead of {frame[section.target].value_counts().to_dict()}")
    back = to_frame(table.values, section)
    for name in section.features:
        if not (same := frame[name].isna().equals(back[name].isna())):
            told.append(f"{name}: {back[name].isna().sum()} gaps instead of {frame[name].isna().sum()}")
        elif name in section.categories():
            same = frame[name].dropna().astype(str).tolist() == back[name].dropna().tolist()
        else:
            same = np.allclose(frame[name].astype(float), back[name], equal_nan=True)
        told += [] if same else [f"{name} differs"]
    return told


def expected_features(drawn: Drawn, section: DataSection) -> list[str]:
    """Return the features that a config should have and has not."""
    names = dict(zip(drawn.frame.columns, section.read.header or drawn.frame.columns, strict=True))
    return [names[name] for name in NAMES[1:-1] if names[name] not in section.features]


def by_init(seed: int, folder: Path) -> tuple[Drawn, list[str], str]:
    """Draw a file, have ``init`` write its config, load it: the file, what differs, and what was refused."""
    from pipeline.init.command import init

    drawn = draw(seed, folder)
    try:
        init(drawn.path, folder / "mine.yaml", None, force=True)
        section = load_config(folder / "mine.yaml", data=str(drawn.path)).data
        lost = expected_features(drawn, section)
        return drawn, differences(drawn, section) + [f"{name} is left out" for name in lost], ""
    except PipelineError as error:
        return drawn, [], " ".join(error.problems)


def main() -> None:
    """Print what is wrong, what was refused, and how many files were right."""
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 10**9
    counts = Counter[str]()
    with tempfile.TemporaryDirectory() as place:
        for seed in range(first, first + count):
            drawn, wrong, refused = by_init(seed, Path(place))
            kind = "wrong" if wrong else "refused" if refused else "right"
            counts[kind] += 1
            if kind != "right":
                print(kind, seed, drawn.how, wrong or refused.replace(place, ""))
    print(dict(counts))


if __name__ == "__main__":
    main()
