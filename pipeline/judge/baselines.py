"""What a network has to beat: rules that need no fitting, fitted models, and what both answer in the test and in the folds."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pipeline.config.criteria import criteria_of
from pipeline.config.data_section import DataSection
from pipeline.config.schema import PreprocessSection
from pipeline.data.preprocess import Task
from pipeline.data.split import Split
from pipeline.data.table import Table
from pipeline.judge.probability import ProbabilityFigures, probability_figures
from pipeline.judge.unseen import HeldOut, Unseen, unseen_answers
from pipeline.machine.arrays import Floats, Integers
from pipeline.machine.beside import beside
from pipeline.model import Model
from pipeline.network.recipe import PenaltyPath, Progress

FITTED = ("logistic_regression", "decision_tree", "random_forest", "gradient_boosting", "mlp")  # on training rows
DOUBTERS = ("logistic_regression", "random_forest")
"""Whose probabilities judge the labels: of different kinds, and not overconfident as boosting and the MLP are."""
MOST_ROWS = 10_000
"""Training rows that fitted baselines learn from: on a large file a forest would take longer than everything else."""
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


@dataclass(frozen=True)
class Answers:
    """What a fitted baseline says of rows: (rows,) class indices, and (rows, classes it met) probabilities."""

    classes: Integers
    chances: Floats


@dataclass(frozen=True)
class Yardsticks:
    """What only a training can tell, kept with the run.

    Attributes:
        counts: rows of each class among the training rows.
        test: the answers of each fitted baseline to the test rows; those that could not be fitted are absent.
        unseen: the answers to every row while its like were held out; None where there were no folds.
        probabilities: what those of each fitted baseline are worth on the test rows; kept in run.json, by ``comparison``.
        choice: how the penalty was chosen; kept in run.json.
    """

    counts: dict[str, int]
    test: dict[str, Integers]
    unseen: Unseen | None = None
    probabilities: dict[str, ProbabilityFigures] = field(default_factory=dict)
    choice: PenaltyPath | None = None


def yardsticks_of(
    table: Table,
    parts: Split,
    held: HeldOut,
    models: Sequence[Model],
    fitted: Sequence[dict[str, Answers]],
    data: DataSection,
    preprocess: PreprocessSection,
) -> Yardsticks:
    """Gather what a training, the folds of ``held`` and their ``models`` leave.

    ``fitted`` holds the answers of the fitted baselines, first to the test rows, then to the held-out rows of each fold.
    """
    test, *of_folds = ({name: given.classes for name, given in answered.items()} for answered in fitted)
    answers, chances, possible, classes = [], [], [], len(data.codes)
    for fold, model, baselines, fits in zip(held.folds, models, of_folds, fitted[1:], strict=True):
        output, names = model.output(table.rows(fold.test)), tuple(data.codes)
        network, shares = model.answers(output, names), model.probabilities(output, names)
        rules = rule_answers(table, fold.test, table.counts(fold.train), data, preprocess)
        answers.append({"network": network} | rules | baselines)
        met = np.unique(table.truth[fold.train])
        doubters = {name: fits[name].chances for name in DOUBTERS if name in fits}
        possible.append({"network": model.possible(shares, names)})
        others = {name: _spread(given, met, classes, np.nan).astype(np.float32) for name, given in doubters.items()}
        shares[:, ~np.isin(np.arange(classes), met)] = np.nan  # of a class that the fold lacked
        chances.append({"network": shares.astype(np.float32)} | others)
    truth, met = table.truth[parts.test], np.unique(table.truth[parts.train])
    scores = {name: probability_figures(truth, _spread(fit.chances, met, classes, 0.0)) for name, fit in fitted[0].items()}
    unseen = unseen_answers(held, answers, chances, possible) if answers else None
    unseen = unseen and replace(unseen, weights=np.concatenate([model.network.weights for model in models]))
    return Yardsticks(table.counts(parts.train), test, unseen, scores)


def _spread(chances: Floats, met: Integers, classes: int, absent: float) -> Floats:
    """Return (rows, classes) probabilities, ``absent`` for the classes that are not among those ``met``."""
    spread = np.full((len(chances), classes), absent)
    spread[:, met] = chances
    return spread


def rule_answers(
    table: Table, rows: Integers, counts: dict[str, int], data: DataSection, preprocess: PreprocessSection
) -> dict[str, Integers]:
    """Return the class indices that two rules answer to the rows.

    "majority" is the class that is most frequent in training, whatever the row; ``counts`` are the rows of each class there.
    "ada_rule" holds the criteria that ``data`` declares, if any: a row that meets one gets the commoner diabetic class of
    training, any other gets ``data.reference``. A missing value meets none, nor does an implausible one where ``preprocess``
    takes those as missing.
    """
    names = list(data.codes)
    answers = {"majority": np.full(len(rows), names.index(max(counts, key=counts.__getitem__)))}
    if criteria := criteria_of(data):
        values = table.usable(preprocess.implausible)[rows]
        met = np.any([values[:, table.features.index(name)] >= threshold for name, threshold in criteria.items()], axis=0)
        diabetic = max((name for name in counts if name != data.reference), key=counts.__getitem__)
        answers["ada_rule"] = np.where(met, names.index(diabetic), names.index(str(data.reference)))
    return answers


@contextmanager
def fitting(
    tasks: Sequence[Task], hidden: tuple[int, ...], seed: int
) -> Iterator[Callable[[Progress], list[dict[str, Answers]]]]:
    """Begin to fit every baseline to each task, beside the caller, and give what waits for the answers to the test rows.

    The tasks are the network's: same split, preprocessing and folds; ``hidden`` are the units of the MLP's layers. A task has
    the answers of all ``FITTED``, or none at all where a value is missing and nothing fills it, or is beyond float32.
    """
    with beside(_answer, (tasks, hidden, seed), [(place, name) for place in range(len(tasks)) for name in FITTED]) as wait:

        def answers(progress: Progress) -> list[dict[str, Answers]]:
            given = iter(wait(progress))
            return [{name: own for name in FITTED if (own := next(given)) is not None} for _ in tasks]

        yield answers


def _answer(shared: tuple[Sequence[Task], tuple[int, ...], int], job: tuple[int, str]) -> Answers | None:
    from threadpoolctl import threadpool_limits

    (tasks, hidden, seed), (place, name) = shared, job
    task = tasks[place]
    with np.errstate(over="ignore"):  # what is missing, or too large for float32, which trees count in
        if not all(np.isfinite(part.astype(np.float32)).all() for part in (task.train, task.test)):
            return None
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # on unscaled columns some do not converge; a baseline may stop short
        rows = _learnt_from(len(task.train), seed)
        estimator = _estimator(name, hidden, seed).fit(task.train[rows], task.truth[rows])
        chances = estimator.predict_proba(task.test)
        return Answers(estimator.classes_[chances.argmax(axis=1)], chances)  # which is what its predict would say


def _learnt_from(rows: int, seed: int) -> Integers:
    """Return the numbers of the rows that the fitted baselines learn from: all, or so many, drawn at random."""
    if rows <= MOST_ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))


def _estimator(name: str, hidden: tuple[int, ...], seed: int) -> Any:
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
        "mlp": MLPClassifier(hidden, solver="lbfgs", max_iter=300, random_state=seed),
    }[name]
