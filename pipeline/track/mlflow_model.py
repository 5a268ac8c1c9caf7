"""A run as an MLflow model: it scores with NumPy, and no pickle is read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.frame import from_frame
from pipeline.predict.score import notes, score_rows, sets
from pipeline.runs.saved import Scoring, load_scoring


@dataclass(frozen=True)
class ScoringModel:
    """What ``mlflow.pyfunc.load_model`` gives."""

    run: Scoring

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return ``class`` (None where there is no answer), ``probability CLASS`` for each (NaN there), ``possible``, ``note``.

        ``possible`` names the classes that cannot be excluded, joined by " or " (None where there is no answer). The
        input holds the columns of ``data.features``, in any order; NaN is a missing value. A category is its text; a
        column of them may be absent.
        """
        data, categories = self.run.config.data, self.run.config.data.categories()
        present = [name for name in data.features if name in model_input or name not in categories]
        absent = {name: data.absent(name) for name in categories}
        values = from_frame(model_input[present].reindex(columns=list(data.features)), categories, absent)
        scores, classes = score_rows(self.run, values), tuple(data.codes)
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
