"""How the network and its baselines stand beside one another: same rows, same folds, same figures."""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.judge.bootstrap import Interval
from pipeline.judge.grouped import accuracy_interval, grouped_difference, grouped_interval
from pipeline.judge.metrics import mcnemar
from pipeline.judge.probability import ProbabilityFigures
from pipeline.judge.unseen import Unseen
from pipeline.machine.arrays import Flags, Integers

_CHANCE = 0.05  # that a baseline leads by luck, in any of them


@dataclass(frozen=True)
class Standing:
    """What one of them reaches; None where it was not measured.

    Attributes:
        test, test_interval: accuracy on the test rows and its ``accuracy_interval``.
        unseen, unseen_interval: accuracy on unseen profiles, and its interval by ``grouped_interval``.
        unseen_lead: interval of its lead over the network there, by ``grouped_difference``; None for the network.
        unseen_sure: whether that lead is above 0 by more than chance explains in any of the baselines; it may go wrong in 5 %.
        better, worse: test rows that only it got right, and that only the network got right; None for the network.
        p: exact McNemar test of the two; by patients, one on whom each is right more often, where these are known.
        probabilities: figures about those of the test rows; None for a rule that gives none.
    """

    test: float | None = None
    test_interval: Interval | None = None
    unseen: float | None = None
    unseen_interval: Interval | None = None
    unseen_lead: Interval | None = None
    unseen_sure: bool = False
    better: int | None = None
    worse: int | None = None
    p: float | None = None
    probabilities: ProbabilityFigures | None = None


def standings(
    truth: Integers,
    test: Integers,
    answers: dict[str, Integers | None],
    unseen: Unseen | None,
    level: float,
    patients: Integers | None = None,
) -> dict[str, Standing]:
    """Compare the network with every baseline; ``level`` is the coverage of the intervals.

    ``truth`` is the (rows,) class index of every row, and ``test`` are the numbers of the test rows. ``answers`` are those of
    the "network" and each baseline to the test rows; None where there are none. ``patients`` number each row's patient.
    """
    right = {name: None if given is None else given == truth[test] for name, given in answers.items()}
    held = {name: given == truth for name, given in unseen.answers.items()} if unseen else {}
    own, groups, result = right["network"], None if patients is None else patients[test], {}
    for name, hits in right.items():
        standing = Standing()
        if hits is not None:
            standing = Standing(test=float(hits.mean()), test_interval=accuracy_interval(hits, groups, level))
            if own is not None and name != "network":
                better, worse = int((hits & ~own).sum()), int((own & ~hits).sum())
                standing = replace(standing, better=better, worse=worse, p=_paired(hits, own, groups))
        if unseen and name in held:
            of_groups = grouped_interval(held[name], unseen.groups, level)
            standing = replace(standing, unseen=float(held[name].mean()), unseen_interval=of_groups)
            if name != "network":
                pair = held[name], held["network"], unseen.groups
                lead, sure = grouped_difference(*pair, level), grouped_difference(*pair, 1 - 2 * _CHANCE / (len(held) - 1))
                standing = replace(standing, unseen_lead=lead, unseen_sure=sure[0] > 0)
        result[name] = standing
    return result


def _paired(first: Flags, second: Flags, groups: Integers | None) -> float:
    """Return the p-value of McNemar's exact test; a patient of several rows counts once, as the sum of its rows."""
    ahead = np.bincount(np.arange(len(first)) if groups is None else groups, first.astype(float) - second)
    return mcnemar(int((ahead > 0).sum()), int((ahead < 0).sum()))
