"""How fast and how alike the ways are in which a run is put to use. Some six minutes.

Writes use.json and USE.md beside this file, and prints the latter. See use_predict.py, serve.py, grid_search.py and agreement.py.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.bench import machine
from tests.bench.results import machine as shown_machine
from tests.bench.results import number, table
from tests.bench.whole import DISTURBED, ROUNDS

HERE = Path(__file__).parent

INTRODUCTION = """# Put to use

Written by `make bench`, never by hand; every comparison took turns on one machine in one run, and a figure is a median."""

WHOLE = """## Whole commands

The default config, {rounds} rounds that took turns, the median; and once a made-up file of 100,000 rows, 7 numbers and 2 columns
of categories. The machine's load before it was {load:.1f}. The second column is the default config again, {disturbed} rounds,
while another process used a core."""

PREDICT = """## A file of {rows:,} rows

`predict` as a whole process, start included, on {csv_bytes:,} bytes of CSV, and on the same rows as Parquet. pyarrow reads the
CSV and writes it again, streaming or at once, whichever is faster, without its import. Keras `predict` with its default batch
has the inputs prepared in memory and neither reads nor writes; measured on 200,000 rows and scaled."""

ONE = """One row, the whole process: {one_row_seconds:.2f} s, and {one_row_keras_seconds:.2f} s with Keras,
{one_row_times_as_fast:.1f} times as long."""

AGREEMENT = """## Agreement

{rows:,} drawn rows with gaps and extremes, against the scoring of `predict`; outputs beyond 1 are compared by their share.
{tied:,} rows lie within the tolerance of a tie between two classes."""

SERVE = """## Serve

One-row answers beside a bare FastAPI application that returns a constant, same server and settings. The first answer comes
{start_seconds:.2f} s after the start of the process."""

SEARCH = """## A search over slopes

scikit-learn's `GridSearchCV` over 9 slopes and 5 folds, 100 epochs, 64 starts: {seconds:.1f} s with {compilations} compilations,
{seconds_compiled_before:.1f} s a second time, {seconds_two_processes:.1f} s in two processes, which import TensorFlow each."""


def measure() -> dict[str, Any]:
    """Measure everything, each part in a process of its own."""
    told = machine.describe()
    parts = {name: _part(name) for name in ("whole", "use_predict", "serve", "grid_search", "agreement")}
    return {**parts, "machine": told}


def _part(name: str) -> Any:
    print(f"measuring: {name}", file=sys.stderr, flush=True)
    text = f"import json; from tests.bench.{name} import measure; print(json.dumps(measure()))"
    words = [sys.executable, "-c", text]
    done = subprocess.run(words, cwd=HERE.parents[1], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def render(result: dict[str, Any]) -> str:
    """Return the whole page."""
    file = result["use_predict"]
    kinds = (("CSV", "csv"), ("Parquet", "parquet"))
    rows = [(name, number(file[f"{key}_seconds"]), f"{file[f'{key}_peak'] / 2**20:,.0f}") for name, key in kinds]
    others = [("pyarrow, read and rewrite the CSV", "pyarrow_seconds"), ("Keras `predict`", "keras_seconds")]
    ratios = [
        ("CSV, times as long as pyarrow", "as_long_as_pyarrow"),
        ("Parquet, times as fast as CSV", "parquet_times_as_fast"),
        ("CSV, rows a second, times those of Keras", "times_as_fast_as_keras"),
        ("Parquet, rows a second, times those of Keras", "parquet_times_as_fast_as_keras"),
        ("scoring in memory, rows a second, times those of Keras", "scoring_times_as_fast_as_keras"),
    ]
    ways = result["agreement"]["ways"].items()
    parts = [
        INTRODUCTION,
        WHOLE.format(rounds=ROUNDS, disturbed=DISTURBED, load=result["whole"]["load"]["before"]),
        table(("command", "seconds", "with a busy core"), _whole(result["whole"])),
        PREDICT.format(**file),
        table(("who", "seconds", "peak MiB"), [*rows, *((name, number(file[key]), "") for name, key in others)]),
        table(("ratio", ""), ((name, number(file[key])) for name, key in ratios)),
        ONE.format(**file),
        AGREEMENT.format(**result["agreement"]),
        table(
            ("way", "largest difference", "other classes", "away from a tie"),
            (
                (name, f"{each['largest_difference']:.1e}", str(each["other_class"]), str(each["other_class_away_from_a_tie"]))
                for name, each in ways
            ),
        ),
        SERVE.format(**result["serve"]),
        _serve(result["serve"]["connections"]),
        SEARCH.format(**result["grid_search"]),
        "## The machine",
        shown_machine(result["machine"]),
    ]
    return "\n\n".join(parts) + "\n"


def _whole(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    large, busy = found["100,000 x 9"], found["disturbed"]
    rows = [(name, number(value), number(busy[name])) for name, value in found["default"].items()]
    return rows + [(f"{name}, 100,000 rows", number(large[f"{name}_seconds"]), "") for name in ("init", "check", "train")]


def _serve(found: dict[str, Any]) -> str:
    head = ("connections", "who", "requests a second", "median ms", "99th percentile ms", "ratio")
    rows = []
    for connections, each in found.items():
        for name in ("serve", "bare"):
            one, ratio = each[name], f"{each['ratio']:.2f}" if name == "serve" else ""
            rows.append(
                (connections, name, number(one["per_second"]), number(1000 * one["p50"]), number(1000 * one["p99"]), ratio)
            )
    return table(head, rows)


def main() -> None:
    """Measure, write, print."""
    text = json.dumps(measure(), indent=2) + "\n"
    page = render(json.loads(text))
    (HERE / "use.json").write_text(text, encoding="utf-8")
    (HERE / "USE.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
