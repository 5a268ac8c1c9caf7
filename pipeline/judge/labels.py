"""Which labels are wrong, by models that never saw them: a likelihood-ratio test of a share of labels that were exchanged."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np

from pipeline.machine.arrays import Floats, Floats32, Integers

_LEAST = 0.002  # is added to each chance: a forest without a vote for a class says 0, and outliers would decide else
_MOST = 0.5  # of the labels
_LOOKED_AT = 50_000  # groups, drawn at random, of a larger file: they tell the share of wrong labels to a tenth of a percent
_STEPS, _HALVINGS, _SETTLED = 200, 30, 1e-8  # the last: of the log-likelihood, that a step would gain


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


def wrong_labels(truth: Integers, chances: Sequence[Floats32], groups: Integers | None = None) -> WrongLabels | None:
    """Judge (rows,) class indices by the (rows, classes) probabilities of some models; None where no row can be judged.

    The models are pooled: the chance of a class is proportional to the product of theirs, each to a power of its own that is
    fitted to the labels, which makes them calibrated. That is held against the same with a share of the labels exchanged for
    any other class, the powers fitted anew, on one row of each of the (rows,) groups, such as patients, drawn at random. Twice
    the difference of the log-likelihoods is 0 or chi-squared with one degree of freedom, each in half of all cases, where no
    label is wrong. NaN is the chance of a class that a model never met.
    Source: Genest and Zidek, "Combining probability distributions", Statistical Science 1986, for the pool; Self and Liang,
    J Am Stat Assoc 1987, for a parameter at its limit.
    """
    judged = np.flatnonzero(~np.isnan([given[np.arange(len(truth)), truth] for given in chances]).any(axis=0))
    if not len(judged):
        return None
    logs = np.log(np.nan_to_num(np.array(chances, dtype=np.float64)[:, judged]) + _LEAST)
    some = _drawn(np.arange(len(judged)) if groups is None else groups[judged])
    p, share, doubt = _exchanged(logs, truth[judged], some)
    alone = tuple(_exchanged(logs[[model]], truth[judged], some)[0] for model in range(len(logs)))
    order = np.argsort(-doubt, kind="stable")
    return WrongLabels(share, p, alone, judged[order[: int((doubt > _MOST).sum())]])


def _drawn(groups: Integers) -> Integers:
    """Return one row of each of the (rows,) groups, drawn at random; of many groups some."""
    order = np.random.default_rng(0).permutation(len(groups))
    first = np.sort(np.unique(groups[order], return_index=True)[1])
    return np.sort(order[first[:_LOOKED_AT]])


def _exchanged(logs: Floats, truth: Integers, rows: Integers) -> tuple[float, float, Floats]:
    """Return the p-value and the share, both by some rows, and each label's probability to be wrong.

    ``logs`` are (models, rows, classes) logarithms of the chances.
    """
    models = len(logs)
    own, looked_at = (np.arange(len(rows)), truth[rows]), logs[:, rows]
    least, none = _fitted(np.append(np.full(models, 1 / models), 0.0), 0.0, looked_at, own)
    starts = (np.append(none[:-1], 0.02), np.append(2 * none[:-1], 0.15))  # wrong labels hide how sure the models may be
    most, some = max((_fitted(start, _MOST, looked_at, own) for start in starts), key=lambda fit: fit[0])
    right, wrong = _likelihoods(some, logs, (np.arange(len(truth)), truth))[:2]
    return erfc(sqrt(max(0.0, most - least))) / 2, float(some[-1]), np.asarray(wrong / (right + wrong))


def _fitted(at: Floats, most: float, logs: Floats, own: tuple[Integers, Integers]) -> tuple[float, Floats]:
    """Return the highest log-likelihood, and where it is: powers of at least 0, and a share of at most ``most``.

    By quasi-Newton steps from ``at``, halved until they gain; SciPy's take less time than importing SciPy. Source: Fletcher,
    "Practical methods of optimization" (1987), for BFGS; Bertsekas (1982), "Projected Newton methods", for the limits.
    """
    highest, (found, changes) = np.append(np.full(len(at) - 1, np.inf), most), _scored(at, logs, own)
    gradient, bend = changes.sum(axis=1), changes @ changes.T
    for _ in range(_STEPS):
        free, step = np.where(gradient > 0, at < highest, at > 0), np.zeros(len(at))
        step[free] = np.linalg.pinv(bend[np.ix_(free, free)], hermitian=True) @ gradient[free]
        if gradient @ step < _SETTLED:
            break
        tries = (np.clip(at + step / 2**halving, 0, highest) for halving in range(_HALVINGS))
        better = next(((tried, *scored) for tried in tries if (scored := _scored(tried, logs, own))[0] > found), None)
        if better is None:
            break
        tried, likelihood, changes = better
        moved, turned = tried - at, gradient - changes.sum(axis=1)
        at, found, gradient = tried, likelihood, gradient - turned
        if moved @ turned > 0:
            bent = bend @ moved
            bend += np.outer(turned, turned) / (moved @ turned) - np.outer(bent, bent) / (moved @ bent)
    return found, at


def _likelihoods(parameters: Floats, logs: Floats, own: tuple[Integers, Integers]) -> tuple[Floats, Floats, Floats]:
    """Return how likely each label is as a right one and as a wrong one, and the pooled (rows, classes) chances."""
    pooled = np.einsum("m,mrc->rc", parameters[:-1], logs)
    chances = np.exp(pooled - pooled.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    of_own, share = chances[own], parameters[-1]
    return (1 - share) * of_own, share * (1 - of_own) / (chances.shape[1] - 1), chances


@np.errstate(divide="ignore")  # where the likelihood is 0
def _scored(parameters: Floats, logs: Floats, own: tuple[Integers, Integers]) -> tuple[float, Floats]:
    """Return the log-likelihood, and the (parameters, rows) gradient of each row's."""
    right, wrong, chances = _likelihoods(parameters, logs, own)
    share, of_own, others, likelihood = parameters[-1], chances[own], chances.shape[1] - 1, right + wrong
    steps = of_own * (logs[:, own[0], own[1]] - (chances * logs).sum(axis=2)) * (1 - share - share / others)
    change = np.vstack([steps, (1 - of_own) / others - of_own])
    return float(np.log(likelihood).sum()), change / np.maximum(likelihood, 1e-100)  # the inverse has a square
