"""How much each value of a row pushes the network's output away from a reference. NumPy only."""

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from pipeline.bundle import Scoring
from pipeline.model import Model

Floats = NDArray[np.float64]

EXACT = 10
"""Up to this many features all 2^F coalitions are computed; with more, sampled orders."""

_PAIRS = 128  # orders, each with its reverse


@dataclass(frozen=True)
class Pushes:
    """What the values of R rows of F features do to the outputs.

    Attributes:
        reference: (F,) the values that each row is compared with.
        reference_output: (outputs,) of the network at the reference.
        pushes: (R, F, outputs); over the features they sum to the row's output minus ``reference_output``, up to rounding.
            NaN for a row whose output is NaN, and 0 for a value that counts as missing and is filled with the reference's.
    """

    reference: Floats
    reference_output: Floats
    pushes: Floats


def pushes(run: Scoring, values: Floats) -> Pushes:
    """Explain (R, F) raw values by baseline Shapley values.

    A push is what the output changes when the feature goes from the reference's value to the row's, averaged over all orders
    in which the features can go. The reference is what fills a missing value, or the middle of the training rows' range where
    nothing does. With more features than ``EXACT`` the orders are a fixed sample, each beside its reverse: the sum still holds,
    and where no more than two features act together the result is exact.

    Sources: Shapley (1953); with a single reference, Sundararajan and Najmi (2020), "The many Shapley values for model
    explanation"; of the pairs, Mayer and Wüthrich (2025), "Shapley values: paired-sampling approximations".
    """
    steps = run.model.preprocessor
    reference = np.where(np.isnan(steps.fill), steps.seen[0] / 2 + steps.seen[1] / 2, steps.fill)
    explain = _exact if len(reference) <= EXACT else _sampled
    found = [explain(run.model, reference, row) for row in values]
    return Pushes(reference, np.asarray(run.model.output(reference[None])[0], dtype=np.float64), np.array(found))


def _exact(model: Model, reference: Floats, row: Floats) -> Floats:
    """Return the (F, outputs) pushes of a row from the outputs of all coalitions of its values."""
    size = len(reference)
    inside = (np.arange(2**size)[:, None] >> np.arange(size) & 1).astype(bool)
    output = np.asarray(model.output(np.where(inside, row, reference)), dtype=np.float64)
    members, found = inside.sum(axis=1), np.zeros((size, output.shape[1]))
    # the share of the orders in which these members, and no others, go before the feature
    weights = np.array([1 / (size * comb(size - 1, count)) for count in range(size)])
    for place in range(size):
        before = np.flatnonzero(~inside[:, place])
        found[place] = weights[members[before]] @ (output[before + 2**place] - output[before])
    return found


def _sampled(model: Model, reference: Floats, row: Floats) -> Floats:
    """Return the (F, outputs) pushes of a row as the mean over sampled orders; the sample is the same for every row."""
    size, random = len(reference), np.random.default_rng(0)
    total: Floats = np.zeros(1)
    for _ in range(_PAIRS):
        order = random.permutation(size)
        for each in (order, order[::-1]):
            inside = np.arange(size + 1)[:, None] > np.argsort(each)  # row k: the first k of the order
            output = np.asarray(model.output(np.where(inside, row, reference)), dtype=np.float64)
            total = total + np.diff(output, axis=0)[np.argsort(each)]
    return np.asarray(total / (2 * _PAIRS))
