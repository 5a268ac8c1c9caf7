"""Whether every way to score a run says the same: ``measure()``, or run this file; some twenty seconds.

python tests/bench/agreement.py [RUN] [ROWS]
"""

import json
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.export import joblib_file, keras_file, onnx_file
from pipeline.export.agreement import TOLERANCE, ProgramAnswer, Scorer, as_columns, drawn
from pipeline.runs.saved import Scoring, load_scoring
from pipeline.track.mlflow_model import ScoringModel
from tests.export.made import own
from tests.serve.client import serving, trained

ROWS, SEED = 100_000, 2026
ROWS_A_REQUEST = 10_000


def scorers(run: Scoring, folder: Path, url: str | None = None) -> dict[str, Scorer]:
    """Return every way to score; the joblib file holds the estimator.

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
        "mlflow": partial(tracked, run),
    }
    return ways if url is None else ways | {"serve": partial(asked, url, run)}


def tracked(run: Scoring, values: NDArray[np.float64]) -> ProgramAnswer:
    """Return what MLflow's model answers, which tells no output: the run's own stands for it."""
    names = list(run.config.data.codes)
    said = ScoringModel(run).predict(pd.DataFrame(as_columns(values, run.config.data)))
    sets = [set(names if one is None else one.split(" or ")) for one in said["possible"]]
    return ProgramAnswer(
        own(run)(values).output,
        said["class"].fillna("").to_numpy(dtype=str),
        said[[f"probability {name}" for name in names]].to_numpy(),
        np.array([[name in own_set for name in names] for own_set in sets]),
    )


def asked(url: str, run: Scoring, values: NDArray[np.float64]) -> ProgramAnswer:
    """Return what a server answers, some rows a request; a null among the numbers is NaN."""
    answers: list[dict[str, Any]] = []
    data, classes = run.config.data, list(run.config.data.codes)
    for first in range(0, len(values), ROWS_A_REQUEST):
        columns = as_columns(values[first : first + ROWS_A_REQUEST], data)
        rows = [
            dict(zip(columns, row, strict=True)) for row in zip(*(column.tolist() for column in columns.values()), strict=True)
        ]
        named = [{name: None if value == "" or value != value else value for name, value in row.items()} for row in rows]
        body = json.dumps(named).encode()
        request = Request(f"{url}/predict", body, {"Content-Type": "application/json"})  # noqa: S310 - this machine
        with urlopen(request) as answer:  # noqa: S310
            answers += json.load(answer)
    return ProgramAnswer(
        np.array([each["output"] for each in answers], dtype=np.float32),
        np.array([each["class"] or "" for each in answers]),
        np.array([[each["probabilities"][name] for name in classes] for each in answers], dtype=np.float64),
        np.array([[name in each["possible"] for name in classes] for each in answers]),
    )


def tied(run: Scoring, output: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the rows whose two best classes are so close that a difference within the tolerance decides between them."""
    values, coding = output.astype(np.float64), run.model.coding
    if not coding.softmax:
        values = -np.abs(np.clip(values, min(coding.codes), max(coding.codes)) - np.array(coding.codes))
    best = np.sort(values, axis=1)[:, -2:]
    return np.asarray(best[:, 1] - best[:, 0] <= 2 * TOLERANCE)


def asked_about(run: Scoring, rows: int, seed: int = SEED) -> NDArray[np.float64]:
    """Draw (rows, F) raw values that every way to score can be given."""
    values = drawn(run, rows, seed)
    numbers = [own.categories is None for own in run.config.data.features.values()]
    values[:, numbers] = np.clip(values[:, numbers], -1e300, 1e300)  # JSON has no infinity
    values[np.abs(values) < np.finfo(np.float64).tiny] = 0  # TensorFlow takes subnormal numbers for 0
    return values


def measure(run: Scoring | None = None, rows: int = ROWS, seed: int = SEED, url: str | None = None) -> dict[str, Any]:
    """Return, for each way but the first, how it differs from the first; without a run, of the default one, and with a server.

    ``largest_difference`` is that of the output, of outputs beyond 1 the share; ``of_probabilities`` that of those.
    ``other_class`` counts the rows with another class, ``other_class_away_from_a_tie`` those of them that no tie explains;
    ``other_set`` the rows with another set of possible classes, ``other_set_away_from_a_limit`` those where no probability is
    near its limit.
    """
    if run is None:
        with tempfile.TemporaryDirectory() as name, serving(trained(Path(name), "--set", "training.seed=0")) as server:
            return measure(load_scoring(Path(name) / "models/latest"), rows, seed, server.url)
    values = asked_about(run, rows, seed)
    with tempfile.TemporaryDirectory() as folder:
        said = {name: way(values) for name, way in scorers(run, Path(folder), url).items()}
    mine, output = said["predict"], said["predict"].output
    tie, found = tied(run, output), {}
    near = (np.abs(mine.probabilities - np.array(run.model.limits(tuple(run.config.data.codes)))) <= TOLERANCE).any(axis=1)
    for name, theirs in list(said.items())[1:]:
        same = (theirs.output == output) | (np.isnan(theirs.output) & np.isnan(output))
        with np.errstate(invalid="ignore"):
            apart = np.where(same, 0, np.abs(theirs.output.astype(np.float64) - output) / np.maximum(1, np.abs(output)))
            shares = np.abs(theirs.probabilities - mine.probabilities)
        none = np.isnan(theirs.probabilities) & np.isnan(mine.probabilities)
        other, another = theirs.classes != mine.classes, (theirs.possible != mine.possible).any(axis=1)
        found[name] = {
            "largest_difference": float(np.nan_to_num(apart, nan=np.inf).max()),
            "of_probabilities": float(np.nan_to_num(np.where(none, 0, shares), nan=np.inf).max()),
            "other_class": int(other.sum()),
            "other_class_away_from_a_tie": int((other & ~tie).sum()),
            "other_set": int(another.sum()),
            "other_set_away_from_a_limit": int((another & ~near).sum()),
        }
    return {"rows": rows, "tied": int(tie.sum()), "ways": found}


def main() -> None:
    """Measure a run and print."""
    path, rows = (sys.argv[1:] + ["models/latest", str(ROWS)][len(sys.argv) - 1 :])[:2]
    print(json.dumps(measure(load_scoring(path), int(rows)), indent=2))


if __name__ == "__main__":
    main()
