"""A run as an MLflow model: it scores with NumPy, and no pickle is read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.machine.arrays import floats_of
from pipeline.predict.score import notes, score_rows, sets
from pipeline.runs.saved import Scoring, load_scoring


@dataclass(frozen=True)
class ScoringModel:
    """What ``mlflow.pyfunc.load_model`` gives."""

    run: Scoring

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return ``class`` (None where there is no answer), ``probability CLASS`` for each (NaN there), ``possible``, ``note``.

        ``possible`` names the classes that cannot be excluded, joined by " or " (None where there is no answer). The
        input holds the columns of ``data.features``, in any order; NaN is a missing value.
        """
        values = floats_of(model_input[list(self.run.config.data.features)])
        scores, classes = score_rows(self.run, values), tuple(self.run.config.data.codes)
        (possible, named), (numbers, texts) = sets(self.run, scores), notes(self.run, scores)
        columns = {
            "class": np.array([*classes, None], dtype=object)[scores.answers],
            **{f"probability {name}": scores.probabilities[:, place] for place, name in enumerate(classes)},
            "possible": np.array([*named, None], dtype=object)[np.where(scores.answers < 0, -1, possible)],
            "note": np.array(texts, dtype=object)[numbers],
        }
        return pd.DataFrame(columns, index=model_input.index)


def _load_pyfunc(path: str) -> ScoringModel:
    """Read a folder with config.yaml, run.json and weights.npz; MLflow calls this."""
    return ScoringModel(load_scoring(Path(path)))
