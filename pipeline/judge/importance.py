"""How much accuracy each column of the file carries: what is lost where its values are dealt to the rows at random."""

from collections.abc import Callable

import numpy as np

from pipeline.config.schema import Config
from pipeline.data.split import Split
from pipeline.data.table import Table
from pipeline.judge.bootstrap import Estimate
from pipeline.judge.grouped import grouped_difference
from pipeline.judge.unseen import Unseen
from pipeline.machine.arrays import Floats, Integers
from pipeline.model import Model, prepare
from pipeline.network.coding import Coding
from pipeline.network.layers import Network, layer_sizes, parameters

_SCORED, _LEAST = 1_000_000, 20  # rows to score for a column; but each row is dealt so many values

Answer = Callable[[Floats], Integers]
"""(rows,) class indices of (rows, F) raw values; those of the same rows, but for a column."""


def importances(answer: Answer, values: Floats, truth: Integers, groups: Integers, level: float) -> list[Estimate]:
    """Return for each column by how much the accuracy falls where it is permuted, with the interval of ``grouped_difference``.

    Source: Breiman (2001), "Random forests", section 10. Not some permutations of the raw column, gaps and categories included,
    but the mean over all: over all rows that a row's value can come from. Of very many rows, some are drawn.
    """
    right = answer(values) == truth

    def fall(place: int) -> Estimate:
        donors, rows, dealt = values[:, place], len(values), values.copy()
        if len(np.unique(donors)) * rows > _SCORED:
            donors = np.random.default_rng(0).choice(donors, min(rows, max(_LEAST, _SCORED // rows)), replace=False)
        share = np.zeros(rows)
        for value, count in zip(*np.unique(donors, return_counts=True), strict=True):  # gaps are one value
            dealt[:, place] = value
            share += count / len(donors) * (answer(dealt) == truth)
        return Estimate(float(np.mean(right - share)), *grouped_difference(right, share, groups, level))

    return [fall(place) for place in range(values.shape[1])]


def answer_of_folds(unseen: Unseen, table: Table, config: Config) -> Answer | None:
    """Return what answers each row by the model of the fold that held it out; None where the run kept none.

    Kept are the weights only: what was learnt before them is learnt again, from the same rows.
    """
    models, kept, names = [], unseen.weights, tuple(config.data.codes)
    for fold in range(int(unseen.folds.max()) + 1):
        rows = Split(np.flatnonzero(unseen.folds != fold), np.flatnonzero(unseen.folds == fold))
        codes = {name: config.data.codes[name] for name, count in table.counts(rows.train).items() if count}
        steps = prepare(table, rows, config.data, config.preprocess).preprocessor
        sizes = layer_sizes(len(steps.inputs), config.network, len(codes))
        if kept is None or len(kept) < parameters(sizes):
            return None
        own, kept = np.split(kept, [parameters(sizes)])
        coding = Coding(tuple(codes), tuple(codes.values()), config.network.output == "softmax")
        models.append((rows.test, Model(steps, Network(sizes, config.network.slopes(), coding.softmax, own), coding)))

    def answer(values: Floats) -> Integers:
        answers = np.empty(len(values), dtype=np.int64)
        for rows, model in models:
            answers[rows] = model.answers(model.output(values[rows]), names)
        return answers

    return answer
