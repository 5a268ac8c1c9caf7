"""A run as a scikit-learn pipeline: raw values in, class names and probabilities out."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from pipeline.data.frame import Numbers, from_frame
from pipeline.data.preprocess import Preprocessor
from pipeline.export.agreement import ProgramAnswer, Scorer, as_columns
from pipeline.machine.arrays import Floats, floats_of
from pipeline.runs.saved import Scoring

_INFINITE = 1e200


def write_joblib(run: Scoring, path: Path) -> Scorer:
    """Write the file and return what the same bytes say when joblib has read them again."""
    buffer = io.BytesIO()
    joblib.dump(to_pipeline(run), buffer)
    path.write_bytes(buffer.getvalue())
    buffer.seek(0)
    pipeline, names, data = joblib.load(buffer), list(run.config.data.codes), run.config.data

    def call(values: Floats) -> ProgramAnswer:
        rows = np.array([*as_columns(values, data).values()], dtype=object).T if data.categories() else values
        output = pipeline[-1].network_.output(pipeline[:-1].transform(rows))
        answered = ~np.isnan(output).any(axis=1)
        classes, probabilities = np.full(len(values), "", dtype=object), np.zeros((len(values), len(names)))
        possible = np.ones(probabilities.shape, dtype=bool)
        if answered.any():
            classes[answered] = pipeline.predict(rows[answered])
            columns = [names.index(name) for name in pipeline.classes_]
            probabilities[np.ix_(answered, columns)] = pipeline.predict_proba(rows[answered])
            inputs = pipeline[:-1].transform(rows[answered])
            possible[np.ix_(answered, columns)] = pipeline[-1].predict_set(inputs)
        probabilities[~answered] = np.nan
        return ProgramAnswer(output, classes.astype(str), probabilities, possible)

    return call


def to_pipeline(run: Scoring) -> Pipeline:
    """Return a fitted scikit-learn ``Pipeline`` for (rows, F) raw values, NaN for a missing one; categories are texts.

    Columns of a DataFrame are taken by name, those of an array in the order of ``data.features``. ``predict`` raises
    ValueError where the network's output is NaN, which is no class.
    """
    from pipeline.model import classifier_of  # who loads the file needs less

    config, steps = run.config, run.model.preprocessor
    prepare = FunctionTransformer(inputs_of, kw_args={"preprocessor": steps, "categories": config.data.categories()}).fit(
        np.zeros((1, len(steps.features)))
    )
    classifier = classifier_of(config.data.codes, config.network, config.training, config.evaluation.confidence)
    return Pipeline([("prepare", prepare), ("classify", classifier.from_network(run.model.network, run.model.coding))])


def inputs_of(values: Any, preprocessor: Preprocessor, categories: Mapping[str, Numbers]) -> Floats:
    """Return the (rows, C) inputs of (rows, F) raw values, an array or a DataFrame of these columns, else a ValueError."""
    names = list(preprocessor.features)
    present = getattr(values, "column_names", None) or getattr(values, "columns", None)  # pyarrow's columns are no names
    if present is not None:
        if absent := [name for name in names if name not in present]:
            raise ValueError(f"X must have the columns {names}; it lacks {absent}.")
        values = values.select(names).to_pandas() if hasattr(values, "column_names") else values[names]
    elif categories:
        values = np.asarray(values, dtype=object)
    if len(np.shape(values)) != 2 or np.shape(values)[1] != len(names):
        raise ValueError(f"X must have the {len(names)} columns {names}; got the shape {np.shape(values)}.")
    raw = from_frame(pd.DataFrame(values, columns=names), categories) if categories else floats_of(values)
    # scikit-learn refuses infinity, and adds all values up; what is larger than float32 holds is infinite to the network
    return np.clip(preprocessor.transform(raw), -_INFINITE, _INFINITE)
