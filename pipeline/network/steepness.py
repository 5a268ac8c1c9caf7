"""What turns outputs into probabilities and sets of possible classes, learnt from answers to held-out rows."""

from dataclasses import replace

import numpy as np

from pipeline.machine.arrays import Floats, Floats32, Integers
from pipeline.network.coding import SMALLEST, Coding

_ROUNDING = 1e-9  # of a sum of shares
_BOUNDS = (1e-3, 1e3)  # times where the search begins


def surprise(coding: Coding, output: Floats, positions: Integers, weights: Floats, rows: Integers) -> float:
    """Return the log loss of some ``rows`` of (rows, outputs) outputs, by (rows,) weights; NaN costs as much as anything can."""
    logs = _logarithms(coding.scores(output[rows]))[np.arange(len(rows)), positions[rows]]
    return float(-np.average(np.where(np.isnan(logs), np.log(SMALLEST), logs), weights=weights[rows]))


def _logarithms(scores: Floats) -> Floats:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def calibrated(coding: Coding, output: Floats, positions: Integers, weights: Floats32 | Floats | None = None) -> Coding:
    """Return the coding with the steepness under which (rows, outputs) outputs for held-out rows are most likely.

    By maximum likelihood, each row counting as its own class but for a share that the sample is too small to exclude, as if there
    were one row more of every class, answered wrongly: outputs without a mistake still leave every class a chance. Rows with
    NaN are left out; without any other row the coding stays as it is. Source: Platt (1999), "Probabilistic outputs for support
    vector machines", section 2.2, whose targets are the same for two classes.

    ``positions`` are (rows,) classes, as positions in ``coding.classes``; ``weights`` (rows,) by which each row counts.
    """
    from scipy.optimize import minimize

    known = ~np.isnan(output).any(axis=1)
    counted = np.ones(len(output)) if weights is None else np.asarray(weights, dtype=np.float64)
    known &= counted > 0
    if not known.any():
        return coding
    terms, classes, counted = coding.terms(output[known]), len(coding.classes), counted[known] / counted[known].sum()
    lost = 1 / (known.sum() / classes + 2)  # of a class of mean size
    chances = np.where(positions[known][:, None] == np.arange(classes), 1 - lost, lost / (classes - 1))
    start = 1 / np.maximum(np.abs(terms).mean(axis=(0, 1)), 1e-12)

    def loss(factors: Floats) -> tuple[float, Floats]:
        logs = _logarithms(terms @ (factors * start))
        change = np.einsum("n,nk,nks->s", counted, np.exp(logs) - chances, terms)
        return -float(counted @ (chances * logs).sum(axis=1)), change * start

    found = minimize(loss, np.ones(len(start)), jac=True, method="TNC", bounds=[_BOUNDS] * len(start))
    return replace(coding, steepness=tuple((found.x * start).tolist()))


def with_sets(coding: Coding, output: Floats, positions: Integers, groups: Integers, confidence: float) -> Coding:
    """Return the coding with the probability below which it excludes each class, from outputs for held-out rows.

    Of the rows of a class, a share of at most 1 - ``confidence`` has less, for new rows that are drawn like these: conformal
    prediction within each class. Where rows come in groups, it is a share of new groups: each group counts as one row, spread
    over its rows. No class is excluded whose probability is what guessing gives, or more, so that a set is never empty. Sources:
    Sadinle, Lei and Wasserman (2019), "Least ambiguous set-valued classifiers with bounded error levels"; Lee, Barber and Willett
    (2023), "Distribution-free inference with hierarchical data", section 4; Vovk (2015), "Cross-conformal predictors".

    ``positions`` are (rows,) classes, as positions in ``coding.classes``; ``groups`` (rows,) numbers of what stays together.
    """
    shares, least = coding.probabilities(output), []
    if np.isnan(shares).all():
        return coding
    for place in range(len(coding.classes)):
        rows = np.flatnonzero((positions == place) & ~np.isnan(shares[:, place]))
        order = rows[np.argsort(shares[rows, place], kind="stable")]
        _, number, sizes = np.unique(groups[order], return_inverse=True, return_counts=True)
        counts = 1 / sizes[number]
        below = (np.cumsum(counts) - counts + 1) / (len(sizes) + 1)  # with the new group, which may lie below them all
        excluded = int((below <= 1 - confidence + _ROUNDING).sum())
        limit = float(shares[order[excluded - 1], place]) if excluded else 0.0
        least.append(min(limit, 1 / len(coding.classes)))
    return replace(coding, least=tuple(least))
