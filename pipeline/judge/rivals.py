"""What else answered the rows: two rules that need no fitting, and the fitted baselines, on the test rows and in the folds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.config.criteria import criteria_of
from pipeline.config.schema import DataSection, PreprocessSection, UnseenSection
from pipeline.data.split import Split
from pipeline.data.table import Table
from pipeline.judge.unseen import Unseen, unseen_answers
from pipeline.machine.arrays import Integers
from pipeline.model import Model


@dataclass(frozen=True)
class Yardsticks:
    """What only a training can tell, kept with the run.

    Attributes:
        counts: rows of each class among the training rows.
        test: the answers of each fitted baseline to the test rows; those that could not be fitted are absent.
        unseen: the answers to every row while its profile was held out; None where that was not asked for.
    """

    counts: dict[str, int]
    test: dict[str, Integers]
    unseen: Unseen | None = None


def yardsticks_of(
    table: Table,
    parts: Split,
    folds: Sequence[Split],
    models: Sequence[Model],
    fitted: Sequence[dict[str, Integers]],
    data: DataSection,
    preprocess: PreprocessSection,
    unseen: UnseenSection | None,
) -> Yardsticks:
    """Gather what a training, its ``folds`` and their ``models`` leave; there are no folds where ``unseen`` is None.

    ``fitted`` holds the answers of the fitted baselines, first to the test rows, then to the held-out rows of each fold.
    """
    answers = []
    for fold, model, baselines in zip(folds, models, fitted[1:], strict=True):
        network = model.answers(model.output(table.features.iloc[fold.test]), tuple(data.codes))
        rules = rule_answers(table, fold.test, table.counts(fold.train), data, preprocess)
        answers.append({"network": network} | rules | baselines)
    held_out = unseen_answers(table.profiles(unseen.group_by), folds, answers) if unseen else None
    return Yardsticks(table.counts(parts.train), fitted[0], held_out)


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
        values = table.usable(preprocess.implausible).iloc[rows]
        met = np.any([values[name] >= threshold for name, threshold in criteria.items()], axis=0)
        diabetic = max((name for name in counts if name != data.reference), key=counts.__getitem__)
        answers["ada_rule"] = np.where(met, names.index(diabetic), names.index(str(data.reference)))
    return answers
