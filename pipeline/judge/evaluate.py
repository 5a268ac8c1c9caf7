"""Judge a model on the rows it was trained on and on those it was not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.config import Config
from pipeline.data.load import Table
from pipeline.data.split import Split
from pipeline.judge.baselines import Rows, ada_rule, majority_rule
from pipeline.judge.metrics import Scores, score
from pipeline.model import Model
from pipeline.network.decode import keras_accuracy


@dataclass(frozen=True)
class Evaluation:
    """Every figure about a model.

    Attributes:
        train: scores of the training rows; None on a file that the model was not trained on.
        test: scores of the test rows; of all rows on another file.
        keras_train, keras_test: what Keras's accuracy says; None for softmax, and like ``train``.
        baselines: test accuracy of each baseline; None where it does not apply.
        unseen_profiles: accuracy on unseen profiles; None where it was not measured.
        answers: class index of every row of the table, -1 for none.
    """

    train: Scores | None
    test: Scores
    keras_train: float | None
    keras_test: float | None
    baselines: dict[str, float | None]
    unseen_profiles: float | None
    answers: NDArray[np.int64]


@dataclass(frozen=True)
class Yardsticks:
    """What only the training rows can tell, kept with the run.

    Attributes:
        counts: rows of each class among the training rows.
        fitted: test accuracy of the baselines that had to be fitted; None where it does not apply.
        unseen_profiles: accuracy on unseen profiles; None where it was not measured.
    """

    counts: dict[str, int]
    fitted: dict[str, float | None]
    unseen_profiles: float | None = None


def evaluate(model: Model, table: Table, parts: Split, yardsticks: Yardsticks, config: Config) -> Evaluation:
    """Score the model.

    Args:
        model: what answers.
        table: the rows.
        parts: training and test rows; no training rows on a file that the model was not trained on.
        yardsticks: what the training rows told.
        config: classes, criteria and coverage.
    """
    train, test, counts = parts.train, parts.test, yardsticks.counts
    classes = tuple(config.data.codes)
    truth = table.class_indices()
    output = model.output(table.features)
    answers = model.answers(output, classes)
    codes = np.array(list(config.data.codes.values()))[truth]
    level = config.evaluation.interval

    def keras(rows: Rows) -> float | None:
        return keras_accuracy(output[rows], codes[rows]) if len(rows) and not model.coding.softmax else None

    def accuracy(given: Rows | None) -> float | None:
        return None if given is None else float(np.mean(given == truth[test]))

    return Evaluation(
        train=score(truth[train], answers[train], classes, level) if len(train) else None,
        test=score(truth[test], answers[test], classes, level),
        keras_train=keras(train),
        keras_test=keras(test),
        baselines={
            "majority": accuracy(majority_rule(test, counts, config)),
            "ada_rule": accuracy(ada_rule(table, test, counts, config)),
            **yardsticks.fitted,
        },
        unseen_profiles=yardsticks.unseen_profiles,
        answers=answers,
    )
