"""Who is compared on the tables: the network, and models of scikit-learn, each tuned inside the training rows.

All of them see the same inputs, gaps filled with the medians of the training rows and values scaled by them, and the same
groups of rows that stay together wherever rows are held out.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline.machine.arrays import Floats, Integers
from pipeline.network.classifier import LeakyReLUClassifier
from tests.simulation.tables import Rows, Sample

NETWORK = {"output": "softmax", "l2": "auto", "epochs": "auto", "batch_size": "auto", "starts": "auto", "random_state": 0}
"""The parameters of every network here; its widths and outputs come on top."""
WIDTHS = (3, 8, 16)
INNER = 5
LEAST = 0.001
"""Probabilities are raised to it, for all alike: half a vote of 500 trees, which cannot say less but 0."""


@dataclass(frozen=True)
class Trial:
    """One split: (rows, inputs) of both parts, the class indices and groups of the training rows, and how many classes."""

    train: Floats
    truth: Integers
    groups: Integers
    test: Floats
    classes: int


@dataclass(frozen=True)
class Rival:
    """A model, the grid that is searched by log loss, and what is set after the search."""

    model: Any
    grid: dict[str, list[Any]]
    after: dict[str, Any]

    def answer(self, trial: Trial) -> Floats:
        """Return (test rows, classes) probabilities of the model that was best in folds of the training rows."""
        folds = StratifiedGroupKFold(INNER, shuffle=True, random_state=0)
        judge = partial(score, classes=trial.classes)
        search = GridSearchCV(self.model, self.grid, scoring=judge, cv=folds, refit=False, n_jobs=-1)
        search.fit(trial.train, trial.truth, groups=trial.groups)
        model = clone(self.model).set_params(**search.best_params_, **self.after)
        return chances(model.fit(trial.train, trial.truth), trial.test, trial.classes)


@dataclass(frozen=True)
class Net:
    """A network with some parameters beside those of ``NETWORK``."""

    parameters: dict[str, Any]

    def answer(self, trial: Trial) -> Floats:
        """Return (test rows, classes) probabilities; everything is chosen inside the training rows."""
        model = LeakyReLUClassifier(**NETWORK | self.parameters)
        return chances(model.fit(trial.train, trial.truth, groups=trial.groups), trial.test, trial.classes)


BASELINES = {
    "logistic regression": Rival(LogisticRegression(max_iter=10_000), {"C": np.logspace(-3, 3, 13).tolist()}, {}),
    "random forest": Rival(
        RandomForestClassifier(50, random_state=0), {"min_samples_leaf": [1, 5]}, {"n_estimators": 500, "n_jobs": -1}
    ),
    "gradient boosting": Rival(
        HistGradientBoostingClassifier(learning_rate=0.1, early_stopping=False, random_state=0),
        {"max_iter": [20, 60], "max_leaf_nodes": [4, 16]},
        {},
    ),
}
ON_UNSEEN = BASELINES | {"logistic regression, C 1": Rival(LogisticRegression(max_iter=10_000), {"C": [1.0]}, {})}
"""On unseen profiles also what ``train`` compares with: there a choice by folds is worth little."""
NETWORKS = {f"{width} units": Net({"hidden": (width,)}) for width in WIDTHS}
OUTPUTS = {"one coded output": Net({"hidden": (3,), "output": "code"}), "softmax": Net({"hidden": (3,)})}
HOW = f"""Logistic regression: the best of 13 penalties `C` from 0.001 to 1,000. Random forest: 500 trees, with the better of
1 and 5 rows a leaf at least, found with 50 trees. Gradient boosting: scikit-learn's histogram gradient boosting, learning rate
0.1, the best of 20 and 60 steps with trees of 4 and 16 leaves. Best is the lowest log loss in {INNER} folds inside the
training rows, which keep together what the splits keep together."""


def trial_of(sample: Sample, split: Rows) -> Trial:
    """Fill and scale one split, by what its training rows say."""
    rows, held_out = split
    steps = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    train = steps.fit_transform(sample.inputs.iloc[rows])
    return Trial(
        train, sample.truth[rows], sample.groups[rows], steps.transform(sample.inputs.iloc[held_out]), len(sample.classes)
    )


def chances(model: Any, inputs: Floats, classes: int) -> Floats:
    """Return (rows, classes) probabilities of a fitted model; 0 for a class that it never met."""
    result = np.zeros((len(inputs), classes))
    result[:, model.classes_] = model.predict_proba(inputs)
    return result


def raised(probabilities: Floats) -> Floats:
    """Return (rows, classes) probabilities of at least about ``LEAST``."""
    high = np.maximum(probabilities, LEAST)
    return np.asarray(high / high.sum(axis=1, keepdims=True))


def score(model: Any, inputs: Floats, truth: Integers, classes: int) -> float:
    """Return minus the log loss, as a search wants it."""
    return -float(log_loss(truth, raised(chances(model, inputs, classes)), labels=np.arange(classes)))
