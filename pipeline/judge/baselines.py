"""What a network has to beat."""

import os
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from pipeline.data.preprocess import Task
from pipeline.machine.arrays import Integers

FITTED = ("logistic_regression", "decision_tree", "random_forest", "gradient_boosting", "mlp")  # on training rows
_VISITS = 20_000_000  # of rows by the MLP, which 500 iterations over a large file would keep for hours
SIMPLE = ("majority", "ada_rule", "logistic_regression", "decision_tree")  # simpler than any network
RIVAL_NAMES: Mapping[str, str] = {
    "network": "the network",
    "majority": "always the largest class",
    "ada_rule": "the ADA rule",
    "logistic_regression": "logistic regression",
    "decision_tree": "a decision tree of depth 3",
    "random_forest": "a random forest",
    "gradient_boosting": "histogram gradient boosting",
    "mlp": "scikit-learn's MLP",
}
"""What each is called in sentences and tables."""


def answer_all(tasks: Sequence[Task], hidden: tuple[int, ...], seed: int) -> list[dict[str, Integers]]:
    """Fit every baseline on the training rows of each task and return its answers to the test rows; in parallel processes.

    The tasks are the network's: same split, preprocessing and folds; ``hidden`` are the units of the MLP's layers. A task has
    the answers of all ``FITTED``, or none at all where a value is missing and nothing fills it.
    """
    from joblib import Parallel, delayed

    calls = (delayed(_answer)(name, task, hidden, seed, os.getpid()) for task in tasks for name in FITTED)
    answers = iter(Parallel(n_jobs=-1)(calls))
    return [{name: given for name in FITTED if (given := next(answers)) is not None} for _ in tasks]


def _answer(name: str, task: Task, hidden: tuple[int, ...], seed: int, parent: int) -> Integers | None:
    from threadpoolctl import threadpool_limits

    _end_with(parent)
    if np.isnan(task.train).any() or np.isnan(task.test).any():
        return None
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # on unscaled columns some do not converge; a baseline may stop short
        return np.asarray(_estimator(name, hidden, seed, len(task.train)).fit(task.train, task.truth).predict(task.test))


@lru_cache
def _end_with(parent: int) -> None:
    """End this process when its parent is gone: a worker whose training was killed would wait for work for minutes."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    if os.getpid() != parent:
        threading.Thread(target=watch, daemon=True).start()


def _estimator(name: str, hidden: tuple[int, ...], seed: int, rows: int) -> Any:
    """Return an estimator of scikit-learn with its own defaults, but for what the name says, the seed, and enough iterations."""
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.tree import DecisionTreeClassifier

    return {
        "logistic_regression": LogisticRegression(max_iter=2000),
        "decision_tree": DecisionTreeClassifier(max_depth=3, random_state=seed),
        "random_forest": RandomForestClassifier(random_state=seed),
        "gradient_boosting": HistGradientBoostingClassifier(early_stopping=False, random_state=seed),
        "mlp": MLPClassifier(hidden, max_iter=min(500, max(1, _VISITS // rows)), random_state=seed),
    }[name]
