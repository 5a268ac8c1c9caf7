"""What a network has to beat."""

import warnings

import numpy as np
from numpy.typing import NDArray

from pipeline.config import Config
from pipeline.data.load import Table
from pipeline.data.preprocess import Floats
from pipeline.judge.criteria import thresholds

Rows = NDArray[np.int64]


def majority_rule(rows: Rows, counts: dict[str, int], config: Config) -> Rows:
    """Answer the class that is most frequent in training, whatever the row.

    Args:
        rows: row numbers to answer.
        counts: rows of each class in training.
        config: gives the order of the classes.
    """
    return np.full(len(rows), list(config.data.codes).index(_commonest(counts)))


def ada_rule(table: Table, rows: Rows, counts: dict[str, int], config: Config) -> Rows | None:
    """Answer by the declared diagnostic criteria: any one met is diabetic, none is ``data.reference``.

    Diabetic rows get the commoner diabetic class of training. A missing value, or an implausible one where the config
    takes those as missing, meets nothing. None where no criterion is declared. Source: ``pipeline.judge.criteria``.
    """
    criteria = thresholds(config)
    if not criteria:
        return None
    values = table.usable(config.preprocess.implausible).iloc[rows]
    met = np.any([values[name] >= threshold for name, threshold in criteria.items()], axis=0)
    names = list(config.data.codes)
    diabetic = _commonest({name: count for name, count in counts.items() if name != config.data.reference})
    return np.where(met, names.index(diabetic), names.index(str(config.data.reference)))


def logistic_regression(train: Floats, truth: Rows, test: Floats) -> Rows | None:
    """Fit scikit-learn's logistic regression on preprocessed training rows and answer the test rows.

    None where a value is missing and nothing fills it.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if np.isnan(train).any() or np.isnan(test).any():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # on unscaled columns; a baseline may stop short
        return np.asarray(LogisticRegression(max_iter=2000).fit(train, truth).predict(test))


def _commonest(counts: dict[str, int]) -> str:
    return max(counts, key=lambda name: counts[name])
