"""Judge a model on the rows it was trained on and on those it was not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from pipeline.config.data_section import DataSection
from pipeline.config.schema import EvaluationSection, PreprocessSection
from pipeline.data.profiles import UNSEEN_WORDS
from pipeline.data.split import Split
from pipeline.data.table import Table
from pipeline.judge.advice import Advice, advise
from pipeline.judge.baselines import RIVAL_NAMES, Yardsticks, rule_answers
from pipeline.judge.bootstrap import Interval
from pipeline.judge.grouped import accuracy_interval
from pipeline.judge.metrics import Scores, score
from pipeline.judge.probability import ProbabilityScores, probability_figures, score_probabilities
from pipeline.judge.standing import Standing, standings
from pipeline.judge.unseen import Unseen
from pipeline.machine.arrays import Flags, Floats, Integers
from pipeline.model import Model
from pipeline.network.coding import keras_accuracy
from pipeline.network.recipe import PenaltyPath


@dataclass(frozen=True)
class Subgroup:
    """The test rows whose value of a column is at least ``low`` and below ``high``; None is no limit, or no row."""

    low: float | None
    high: float | None
    rows: int
    accuracy: float | None
    interval: Interval | None


@dataclass(frozen=True)
class Evaluation:
    """Every figure about a model.

    Attributes:
        train, test: scores of the rows; on a file that the model was not trained on all are test rows, and ``train`` is None.
        keras_train, keras_test: Keras's accuracy; None for softmax, and like ``train``.
        standings: the "network" and each baseline, side by side.
        probabilities: of the classes, on the test rows.
        chances: (test rows, K) probabilities of the network.
        possible: (test rows, K) which classes it does not exclude; None where that was not measured.
        subgroups: the test rows by the limits that the config declares for a column.
        members: (rows,) which rows of the table are in each of them, by a name such as "Age from 30 to 45".
        advice: from training rows, or from all rows of another file.
        fill: what replaces a missing value of each column; NaN where nothing does.
        tested: numbers of the test rows.
        truth, answers: (rows,) class index of every row of the table, and the one that the model answers, -1 for no class.
        numbers: (rows,) number of each row in the file, from 1.
        patients: (rows,) number of each row's patient; None where no column names patients.
        together: (rows,) number of each row's patient, or of the rows that are equal to it.
        recalled: whether the rows hold what models of many weights can recall and a new patient lacks.
        choice: how the penalty was chosen; None on a file that the model was not trained on.
    """

    train: Scores | None
    test: Scores
    keras_train: float | None
    keras_test: float | None
    standings: dict[str, Standing]
    unseen: Unseen | None
    probabilities: ProbabilityScores
    chances: Floats
    possible: Flags | None
    subgroups: dict[str, tuple[Subgroup, ...]]
    members: dict[str, Flags]
    advice: Advice
    fill: dict[str, float]
    sizes: tuple[int, ...]
    tested: Integers
    truth: Integers
    answers: Integers
    numbers: Integers
    patients: Integers | None
    together: Integers
    choice: PenaltyPath | None
    recalled: bool = False

    @property
    def unseen_words(self) -> str:
        """What the rows are called that the folds held out."""
        return UNSEEN_WORDS[self.unseen.kind if self.unseen else "rows"]

    def held_out_chances(self) -> tuple[Integers, Floats, Integers]:
        """Return truth, probabilities and groups of the rows of ``held_out``, as far as the network gives probabilities."""
        if self.unseen and (chances := self.unseen.chances.get("network")) is not None:
            return self.truth, chances.astype(np.float64), self.unseen.groups
        return self.truth[self.tested], self.chances, self.together[self.tested]

    def held_out(self) -> tuple[Integers, dict[str, Integers]]:
        """Return truth and answers of the rows that tell most about the network, which was not trained on them, and its rivals.

        All rows, where the folds answered them; else the test rows, of which only the network's answers are here.
        """
        if self.unseen:
            return self.truth, self.unseen.answers
        return self.truth[self.tested], {"network": self.answers[self.tested]}


def evaluate(
    model: Model,
    table: Table,
    parts: Split,
    yardsticks: Yardsticks,
    data: DataSection,
    preprocess: PreprocessSection,
    section: EvaluationSection,
) -> Evaluation:
    """Score the model on the training and the test rows; there are no training rows on a file that it was not trained on.

    ``yardsticks`` are what its training left; ``preprocess`` is for the rules.
    """
    train, test, level = parts.train, parts.test, section.interval
    classes, truth = tuple(data.codes), table.truth
    output = model.output(table.values)
    answers = model.answers(output, classes)
    codes = np.array(list(data.codes.values()))[truth]

    def scored(rows: Integers) -> Scores:
        by_row, patients = score(truth[rows], answers[rows], classes, level), table.patients
        return by_row if patients is None else _by_patient(by_row, truth[rows], answers[rows], patients[rows], level)

    def keras(rows: Integers) -> float | None:
        return keras_accuracy(output[rows], codes[rows]) if len(rows) and not model.coding.softmax else None

    def subgroup(low: float | None, high: float | None, inside: Flags) -> Subgroup:
        own, some = test[inside], None if table.patients is None else table.patients[test[inside]]
        right = answers[own] == truth[own]
        figures = (float(right.mean()), accuracy_interval(right, some, level)) if len(own) else (None, None)
        return Subgroup(low, high, len(own), *figures)

    divided = list(_divided(table, section))
    rivals = {"network": answers[test]} | rule_answers(table, test, yardsticks.counts, data, preprocess) | yardsticks.test
    answered = {name: rivals.get(name) for name in RIVAL_NAMES}
    stand = standings(truth, test, answered, yardsticks.unseen, level, table.patients)
    chances, counts = model.probabilities(output[test], classes), np.array([yardsticks.counts.get(name, 0) for name in classes])
    given = {"network": chances, "majority": np.broadcast_to(counts / counts.sum(), chances.shape)}
    odds = yardsticks.probabilities | {name: probability_figures(truth[test], shares) for name, shares in given.items()}
    return Evaluation(
        train=scored(train) if len(train) else None,
        test=scored(test),
        keras_train=keras(train),
        keras_test=keras(test),
        standings={name: replace(standing, probabilities=odds.get(name)) for name, standing in stand.items()},
        unseen=yardsticks.unseen,
        probabilities=score_probabilities(truth[test], chances, classes, level),
        possible=None if model.coding.least is None else model.possible(chances, classes),
        chances=chances,
        subgroups={
            name: tuple(subgroup(low, high, inside[test]) for own, low, high, inside in divided if own == name)
            for name in section.subgroups
        },
        members={_subgroup_name(name, low, high): inside for name, low, high, inside in divided},
        advice=advise(model, table.rows(train if len(train) else test)),
        fill=dict(zip(model.preprocessor.features, model.preprocessor.fill.tolist(), strict=True)),
        sizes=model.network.sizes,
        tested=test,
        truth=truth,
        answers=answers,
        numbers=np.array(table.named(np.arange(len(table)))),
        patients=table.patients,
        together=table.copies(table.features) if table.patients is None else table.patients,
        choice=yardsticks.choice,
    )


def _by_patient(scores: Scores, truth: Integers, answers: Integers, patients: Integers, level: float) -> Scores:
    """Return the scores with intervals for which patients, not rows, are what was drawn; those of the macro figures stay."""

    def intervals(hits: Callable[[int], Flags], among: Callable[[int], Flags]) -> Floats:
        ends = []
        for place in range(len(scores.classes)):
            rows = among(place)
            ends.append(accuracy_interval(hits(place)[rows], patients[rows], level) if rows.any() else (np.nan, np.nan))
        return np.array(ends)

    return replace(
        scores,
        interval=accuracy_interval(answers == truth, patients, level),
        recall_interval=intervals(lambda place: answers == place, lambda place: truth == place),
        specificity_interval=intervals(lambda place: answers != place, lambda place: truth != place),
        precision_interval=intervals(lambda place: truth == place, lambda place: answers == place),
        negative_predictive_value_interval=intervals(lambda place: truth != place, lambda place: answers != place),
    )


def _divided(table: Table, section: EvaluationSection) -> Iterator[tuple[str, float | None, float | None, Flags]]:
    """Yield column and limits of each subgroup, and (rows,) which rows of the table are in it."""
    for name, cuts in section.subgroups.items():
        values = table.column(name)
        for low, high in pairwise([None, *cuts, None]):
            above = values >= (-np.inf if low is None else low)
            yield name, low, high, above & (values < (np.inf if high is None else high))


def _subgroup_name(name: str, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"{name} from {low:g} on" if high is None else f"{name} below {high:g}"
    return f"{name} from {low:g} to {high:g}"
