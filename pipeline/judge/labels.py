"""Which labels are wrong, by models that never saw them: a likelihood-ratio test of a share of labels that were exchanged."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from typing import Any

import numpy as np

from pipeline.machine.arrays import Floats, Floats32, Integers

_LEAST = 0.002  # is added to each chance: a forest without a vote for a class says 0, and outliers would decide else
_MOST = 0.5  # of the labels


@dataclass(frozen=True)
class WrongLabels:
    """What models say of the labels.

    Attributes:
        share: of the labels that are wrong, by maximum likelihood.
        p: of a test that none is, by all models together.
        alone: the same by each model, on its own.
        rows: numbers of the rows whose label is more likely wrong than right, the most doubtful first.
    """

    share: float
    p: float
    alone: tuple[float, ...]
    rows: Integers


def wrong_labels(truth: Integers, chances: Sequence[Floats32]) -> WrongLabels | None:
    """Judge (rows,) class indices by the (rows, classes) probabilities of some models; None where no row can be judged.

    The models are pooled: the chance of a class is proportional to the product of theirs, each to a power of its own that is
    fitted to the labels, which makes them calibrated. That is held against the same with a share of the labels exchanged for
    any other class, the powers fitted anew: twice the difference of the log-likelihoods is 0 or chi-squared with one degree
    of freedom, each in half of all cases, where no label is wrong. NaN is the chance of a class that a model never met.
    Source: Genest and Zidek, "Combining probability distributions", Statistical Science 1986, for the pool; Self and Liang,
    J Am Stat Assoc 1987, for a parameter at its limit.
    """
    judged = np.flatnonzero(~np.isnan([given[np.arange(len(truth)), truth] for given in chances]).any(axis=0))
    if not len(judged):
        return None
    logs = np.log(np.nan_to_num(np.array(chances, dtype=np.float64)[:, judged]) + _LEAST)
    p, share, doubt = _exchanged(logs, truth[judged])
    alone = tuple(_exchanged(logs[[model]], truth[judged])[0] for model in range(len(logs)))
    order = np.argsort(-doubt, kind="stable")
    return WrongLabels(share, p, alone, judged[order[: int((doubt > _MOST).sum())]])


def _exchanged(logs: Floats, truth: Integers) -> tuple[float, float, Floats]:
    """Return the p-value, the share, and each label's probability to be wrong, from (models, rows, classes) logarithms."""
    from scipy.optimize import minimize

    own, models = (np.arange(len(truth)), truth), len(logs)

    def fitted(powers: Floats, share: float, most: float) -> Any:
        limits = [(0, None)] * models + [(0, most)]
        return minimize(_loss, [*powers, share], (logs, own), "L-BFGS-B", jac=True, bounds=limits)

    none = fitted(np.full(models, 1 / models), 0, 0)
    some = min((fitted(none.x[:-1], start, _MOST) for start in (0.02, 0.15)), key=lambda fit: float(fit.fun))
    right, wrong = _likelihoods(some.x, logs, own)[:2]
    return erfc(sqrt(max(0.0, none.fun - some.fun))) / 2, float(some.x[-1]), np.asarray(wrong / (right + wrong))


def _likelihoods(parameters: Floats, logs: Floats, own: tuple[Integers, Integers]) -> tuple[Floats, Floats, Floats]:
    """Return how likely each label is as a right one and as a wrong one, and the pooled (rows, classes) chances."""
    pooled = np.einsum("m,mrc->rc", parameters[:-1], logs)
    chances = np.exp(pooled - pooled.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    of_own, share = chances[own], parameters[-1]
    return (1 - share) * of_own, share * (1 - of_own) / (chances.shape[1] - 1), chances


def _loss(parameters: Floats, logs: Floats, own: tuple[Integers, Integers]) -> tuple[float, Floats]:
    """Return the negative log-likelihood and its gradient."""
    right, wrong, chances = _likelihoods(parameters, logs, own)
    share, of_own, others, likelihood = parameters[-1], chances[own], chances.shape[1] - 1, right + wrong
    steps = of_own * (logs[:, own[0], own[1]] - (chances * logs).sum(axis=2)) * (1 - share - share / others)
    change = np.vstack([steps, (1 - of_own) / others - of_own])
    return -float(np.log(likelihood).sum()), -(change / likelihood).sum(axis=1)
