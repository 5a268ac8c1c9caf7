"""Whether every way to score a run says the same: ``measure()``, or run this file; some twenty seconds.

python tests/bench/agreement.py [RUN] [ROWS]
"""

import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
from numpy.typing import NDArray

from pipeline.export import joblib_file, keras_file, onnx_file
from pipeline.export.agreement import TOLERANCE, Scorer, drawn, own
from pipeline.runs.saved import Scoring, load_scoring
from tests.serve.client import serving, trained

Answers = tuple[NDArray[np.float32], NDArray[np.str_]]
ROWS, SEED = 100_000, 2026
ROWS_A_REQUEST = 10_000


def scorers(run: Scoring, folder: Path, url: str | None = None) -> dict[str, Callable[[NDArray[np.float64]], Answers]]:
    """Return every way to score: from (R, F) raw values to (R, outputs) output and (R,) class names, empty for none.

    Args:
        run: what scores.
        folder: where exported files are written.
        url: of a server that serves the same run; None leaves it out.
    """
    ways: dict[str, Scorer] = {
        "predict": own(run),
        "onnx": onnx_file.write_onnx(run, folder / "x.onnx"),
        "keras": keras_file.write_keras(run, folder / "x.keras"),
        "joblib": joblib_file.write_joblib(run, folder / "x.joblib"),
    }

    def pair(way: Scorer) -> Callable[[NDArray[np.float64]], Answers]:
        return lambda values: (lambda said: (said.output, said.classes))(way(values))

    served = {} if url is None else {"serve": partial(asked, url, list(run.config.data.features))}
    return {name: pair(way) for name, way in ways.items()} | served


def asked(url: str, names: list[str], values: NDArray[np.float64]) -> Answers:
    """Return what a server answers, some rows a request; a null among the outputs is NaN."""
    answers: list[dict[str, Any]] = []
    for first in range(0, len(values), ROWS_A_REQUEST):
        rows = [dict(zip(names, row, strict=True)) for row in values[first : first + ROWS_A_REQUEST].tolist()]
        body = json.dumps([{name: None if value != value else value for name, value in row.items()} for row in rows]).encode()
        request = Request(f"{url}/predict", body, {"Content-Type": "application/json"})  # noqa: S310 - this machine
        with urlopen(request) as answer:  # noqa: S310
            answers += json.load(answer)
    output = np.array([each["output"] for each in answers], dtype=np.float32)
    return output, np.array([each["class"] or "" for each in answers])


def tied(run: Scoring, output: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the rows whose two best classes are so close that a difference within the tolerance decides between them."""
    values, coding = output.astype(np.float64), run.model.coding
    if not coding.softmax:
        values = -np.abs(np.clip(values, min(coding.codes), max(coding.codes)) - np.array(coding.codes))
    best = np.sort(values, axis=1)[:, -2:]
    return np.asarray(best[:, 1] - best[:, 0] <= 2 * TOLERANCE)


def asked_about(run: Scoring, rows: int, seed: int = SEED) -> NDArray[np.float64]:
    """Draw (rows, F) raw values that every way to score can be given."""
    values = np.clip(drawn(run, rows, seed), -1e300, 1e300)  # JSON has no infinity
    values[np.abs(values) < np.finfo(np.float64).tiny] = 0  # TensorFlow takes subnormal numbers for 0
    return values


def measure(run: Scoring | None = None, rows: int = ROWS, seed: int = SEED, url: str | None = None) -> dict[str, Any]:
    """Return, for each way but the first, how it differs from the first; without a run, of the default one, and with a server.

    ``largest_difference`` is that of the output, of outputs beyond 1 the share; ``other_class`` counts the rows with another
    class, ``other_class_away_from_a_tie`` those of them that no tie explains.
    """
    if run is None:
        with tempfile.TemporaryDirectory() as name, serving(trained(Path(name), "--set", "training.seed=0")) as server:
            return measure(load_scoring(Path(name) / "models/latest"), rows, seed, server.url)
    values = asked_about(run, rows, seed)
    with tempfile.TemporaryDirectory() as folder:
        said = {name: way(values) for name, way in scorers(run, Path(folder), url).items()}
    (output, classes), *others = said.values()
    tie, found = tied(run, output), {}
    for name, (theirs, their_classes) in zip(list(said)[1:], others, strict=True):
        same = (theirs == output) | (np.isnan(theirs) & np.isnan(output))
        with np.errstate(invalid="ignore"):
            apart = np.where(same, 0, np.abs(theirs.astype(np.float64) - output) / np.maximum(1, np.abs(output)))
        other = their_classes != classes
        found[name] = {
            "largest_difference": float(np.nan_to_num(apart, nan=np.inf).max()),
            "other_class": int(other.sum()),
            "other_class_away_from_a_tie": int((other & ~tie).sum()),
        }
    return {"rows": rows, "tied": int(tie.sum()), "ways": found}


def main() -> None:
    """Measure a run and print."""
    path, rows = (sys.argv[1:] + ["models/latest", str(ROWS)][len(sys.argv) - 1 :])[:2]
    print(json.dumps(measure(load_scoring(path), int(rows)), indent=2))


if __name__ == "__main__":
    main()
