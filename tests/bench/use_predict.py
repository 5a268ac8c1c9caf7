"""``predict`` beside pyarrow, which only reads the same file and writes it again, and beside Keras."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[2]
ROWS = 10_000_000
KERAS_ROWS = 200_000
ROUNDS = 3
ONE_ROW_ROUNDS = 5

_STREAM = """
import sys, time, pyarrow.csv as csv
begun = time.perf_counter()
with csv.open_csv(sys.argv[1]) as reader, csv.CSVWriter(sys.argv[2], reader.schema) as writer:
    for batch in reader:
        writer.write_batch(batch)
print(time.perf_counter() - begun)
"""
_AT_ONCE = """
import sys, time, pyarrow.csv as csv
begun = time.perf_counter()
csv.write_csv(csv.read_csv(sys.argv[1]), sys.argv[2])
print(time.perf_counter() - begun)
"""
_KERAS = """
import sys, time, joblib, pandas, keras
rows = pandas.read_csv(sys.argv[2], nrows=int(sys.argv[3]))
inputs = joblib.load(sys.argv[1] + "/preprocessor.joblib").transform(rows)
model = keras.models.load_model(sys.argv[1] + "/network.keras")
begun = time.perf_counter()
model.predict(inputs, verbose=0)
print(time.perf_counter() - begun)
"""
_SCORING = """
import sys, time, pandas
from pipeline.runs.saved import load_scoring
from pipeline.predict.score import score_rows
run = load_scoring(sys.argv[1])
rows = pandas.read_csv(sys.argv[2], nrows=int(sys.argv[3])).to_numpy(float)
begun = time.perf_counter()
score_rows(run, rows)
print(time.perf_counter() - begun)
"""


@dataclass(frozen=True)
class Ran:
    """What a process took: seconds from its start to its end, its peak memory in bytes, and what it printed."""

    seconds: float
    peak: int
    printed: str


def ran(*words: object, folder: Path) -> Ran:
    """Run Python with these arguments to its end."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled once, not at every start
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, *map(str, words)], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{words[:3]} ended with {process.returncode}")
    return Ran(time.perf_counter() - begun, used.ru_maxrss * 1024, printed)


def make_files(folder: Path, rows: int) -> tuple[Path, Path]:
    """Write rows of the twin, drawn anew, as CSV and as Parquet: the six features, some of them empty."""
    header, *lines = (ROOT / "data/diabetes.csv").read_text(encoding="utf-8").splitlines()
    wanted = [header.split(",").index(name) for name in ("Age", "BS Fast", "BS pp", "Plasma R", "Plasma F", "HbA1c")]
    cut = [",".join(line.split(",")[place] for place in wanted) for line in (header, *lines)]
    random, source, columns = np.random.default_rng(0), folder / "rows.csv", folder / "rows.parquet"
    with source.open("w", encoding="utf-8") as file:
        file.write(cut[0] + "\n")
        for first in range(0, rows, 1_000_000):
            drawn = random.integers(1, len(cut), min(1_000_000, rows - first))
            file.write("\n".join([cut[each] for each in drawn]) + "\n")
    with pyarrow.csv.open_csv(source) as reader, pq.ParquetWriter(columns, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch, row_group_size=2**20)
    return source, columns


def measure(rows: int = ROWS, rounds: int = ROUNDS) -> dict[str, float]:
    """Train a run, make the files, take turns; every figure is a median. Some two minutes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("configs", "data"):
            (folder / part).symlink_to(ROOT / part)
        ran("-m", "pipeline", "train", "--json", folder=folder)
        source, columns = make_files(folder, rows)
        turns = [_turn(folder, source, columns, rows) for _ in range(rounds)]
        figures = {key: statistics.median(turn[key] for turn in turns) for key in turns[0]}
        return figures | {"rows": rows, "csv_bytes": source.stat().st_size} | one_row(folder, source)


def _turn(folder: Path, source: Path, columns: Path, rows: int) -> dict[str, float]:
    stream, once = (float(ran("-c", text, source, "again.csv", folder=folder).printed) for text in (_STREAM, _AT_ONCE))
    csv = ran("-m", "pipeline", "predict", source, "scored.csv", "--json", folder=folder)
    parquet = ran("-m", "pipeline", "predict", columns, "scored.parquet", "--json", folder=folder)
    for each in (csv, parquet):
        assert json.loads(each.printed)["rows"] == rows
    keras, scoring = (
        float(ran("-c", text, "models/latest", source, KERAS_ROWS, folder=folder).printed) * rows / KERAS_ROWS
        for text in (_KERAS, _SCORING)
    )
    return {
        "pyarrow_seconds": min(stream, once),
        "csv_seconds": csv.seconds,
        "csv_peak": csv.peak,
        "parquet_seconds": parquet.seconds,
        "parquet_peak": parquet.peak,
        "keras_seconds": keras,
        "as_long_as_pyarrow": csv.seconds / min(stream, once),
        "parquet_times_as_fast": csv.seconds / parquet.seconds,
        "scoring_seconds": scoring,
        "times_as_fast_as_keras": keras / csv.seconds,
        "parquet_times_as_fast_as_keras": keras / parquet.seconds,
        "scoring_times_as_fast_as_keras": keras / scoring,
    }


def one_row(folder: Path, source: Path) -> dict[str, float]:
    """Score a single row in a process of its own, here and with Keras."""
    single = folder / "one.csv"
    single.write_text("".join(source.open(encoding="utf-8").readlines(400)[:2]), encoding="utf-8")
    ours, theirs = [], []
    for _ in range(ONE_ROW_ROUNDS):
        ours.append(ran("-m", "pipeline", "predict", single, "one-scored.csv", "--json", folder=folder).seconds)
        theirs.append(ran("-c", _KERAS, "models/latest", single, 1, folder=folder).seconds)
    ratio = statistics.median(their / our for our, their in zip(ours, theirs, strict=True))
    return {
        "one_row_seconds": statistics.median(ours),
        "one_row_keras_seconds": statistics.median(theirs),
        "one_row_times_as_fast": ratio,
    }


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:])), indent=2))
