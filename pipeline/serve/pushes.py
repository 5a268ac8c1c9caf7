"""How much each value of a row pushes the network's output away from a reference. NumPy only."""

from dataclasses import dataclass
from math import comb

import numpy as np

from pipeline.machine.arrays import Floats
from pipeline.model import Model
from pipeline.predict.score import middle
from pipeline.runs.saved import Scoring

EXACT = 10  # up to this many features all 2^F coalitions are computed; with more, sampled orders
_PAIRS = 128  # of an order and its reverse
_AT_ONCE = 2**16  # rows that the network answers; more take memory and no less time


@dataclass(frozen=True)
class Pushes:
    """What the values of R rows of F features do to the outputs.

    Over the features the pushes sum to the row's output minus that at the reference, up to rounding. They are NaN for a row
    whose output is NaN, and 0 for a value that counts as missing and is filled with the reference's.
    """

    reference: Floats  # (F,) the values that each row is compared with
    reference_output: Floats  # (outputs,) of the network
    pushes: Floats  # (R, F, outputs)


def pushes(run: Scoring, values: Floats) -> Pushes:
    """Explain (R, F) raw values by baseline Shapley values.

    A push is what the output changes when the feature goes from the reference's value to the row's, averaged over all orders
    in which the features can go. The reference is what fills a missing value, or where nothing does the middle of the training
    rows' range, for a category one that they have. With more features than ``EXACT`` the orders are a fixed sample, each
    beside its reverse: the sum still holds, and where no more than two features act together the result is exact.

    Sources: Shapley (1953); with a single reference, Sundararajan and Najmi (2020), "The many Shapley values for model
    explanation"; of the pairs, Mayer and Wüthrich (2025), "Shapley values: paired-sampling approximations".
    """
    reference = usual_row(run)
    explain = _exact if len(reference) <= EXACT else _sampled
    least = max(1, _AT_ONCE // cost(len(reference)))
    parts = [explain(run.model, reference, values[first : first + least]) for first in range(0, len(values), least)]
    return Pushes(reference, run.model.output(reference[None])[0].astype(np.float64), np.concatenate(parts))


def usual_row(run: Scoring) -> Floats:
    """Return the (F,) values that every row is compared with, and that the page opens with."""
    fill = run.model.preprocessor.fill
    return np.where(np.isnan(fill), middle(run), fill)


def cost(size: int) -> int:
    """Return how many rows the network must answer to explain one row of so many features."""
    return 2**size if size <= EXACT else 2 * _PAIRS * (size + 1)


def _exact(model: Model, reference: Floats, rows: Floats) -> Floats:
    """Return the (R, F, outputs) pushes of rows from the outputs of all coalitions of their values."""
    size = len(reference)
    inside = (np.arange(2**size)[:, None] >> np.arange(size) & 1).astype(bool)
    output = _outputs(model, np.where(inside, rows[:, None], reference))
    members, moved = inside.sum(axis=1), np.zeros((len(rows), size, output.shape[2]))
    # the share of the orders in which these members, and no others, go before the feature
    weights = np.array([1 / (size * comb(size - 1, count)) for count in range(size)])
    for place in range(size):
        before = np.flatnonzero(~inside[:, place])
        moved[:, place] = np.einsum("c,rco->ro", weights[members[before]], output[:, before + 2**place] - output[:, before])
    return moved


def _sampled(model: Model, reference: Floats, rows: Floats) -> Floats:
    """Return the (R, F, outputs) pushes of rows as the mean over sampled orders; the sample is the same for every row."""
    size, random, total = len(reference), np.random.default_rng(0), np.zeros(1)
    for _ in range(_PAIRS):
        order = random.permutation(size)
        for turn in map(np.argsort, (order, order[::-1])):
            inside = np.arange(size + 1)[:, None] > turn  # row k: the first k of the order
            output = _outputs(model, np.where(inside, rows[:, None], reference))
            total = total + np.diff(output, axis=1)[:, turn]
    return total / (2 * _PAIRS)


def _outputs(model: Model, values: Floats) -> Floats:
    """Return the (R, C, outputs) of (R, C, F) raw values."""
    output = model.output(values.reshape(-1, values.shape[2]))
    return np.asarray(output, dtype=np.float64).reshape(*values.shape[:2], -1)
