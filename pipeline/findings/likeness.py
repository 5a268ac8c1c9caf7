"""How much more alike rows are that share a value of a column than rows of the next values: where it names patients."""

import re
from collections.abc import Sequence

import numpy as np

from pipeline.config.data_section import NUMBER
from pipeline.data.preprocess import indicators
from pipeline.data.profiles import numbered
from pipeline.data.table import Texts
from pipeline.findings.association import ranked
from pipeline.findings.distribution import mid_ranks
from pipeline.machine.arrays import Floats, Integers

_FEWEST = 20  # values of several rows
MOST_ROWS = 20  # a value, in the mean: more are no patient's
_LOOKED_AT = 5000  # rows, of neighbouring values
_LAGS = 4  # how many values up and down are neighbours
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*")


def levels_of(texts: Texts) -> Integers | None:
    """Return (rows,) numbers of a column's values in their order, -1 for an empty cell; None for dates."""
    filled = [text for text in texts.different if text]
    if all(_DATE.fullmatch(text) for text in filled):
        return None
    if all(re.fullmatch(NUMBER, text) for text in filled):
        filled.sort(key=float)
    place = {text: number for number, text in enumerate(filled)}
    return np.array([place.get(text, -1) for text in texts.different])[texts.places]


def likeness(values: Floats, columns: Integers, levels: Integers, widths: Sequence[int]) -> float:
    """Return how far rows of one value are nearer than rows of the next values let expect, in standard errors; 0 for few values.

    Distances are mean squared differences of ranks. Those to rows of the values beside, up to four away, are drawn out to
    distance zero, so that a column on which the others depend smoothly, such as an age, has nothing left to tell.

    Args:
        values: (rows, F); NaN where a cell is empty.
        columns: which of them to compare rows by.
        levels: (rows,) numbers of the column's own values, in their order; -1 for rows to leave out.
        widths: (F,) how many columns each feature makes, as in ``indicators``.
    """
    rows, value = _neighbours(levels)
    first = np.unique(value, return_index=True)[1]
    last = np.append(first[1:], len(value)) - 1
    picked = np.flatnonzero(last > first)
    picked = picked[(picked >= _LAGS) & (picked < len(first) - _LAGS)]
    if len(picked) < _FEWEST:
        return 0.0
    compared = indicators(values[np.ix_(rows, columns)], [widths[column] for column in columns])
    ranks = np.stack([_ranks(column) for column in compared.T], axis=1)
    lags = []
    for lag in range(1, _LAGS + 1):
        below, above = _apart(ranks, first[picked], last[picked - lag]), _apart(ranks, last[picked], first[picked + lag])
        lags.append((below + above) / 2)
    nearer = lags[0] + lags[1] - (lags[2] + lags[3]) / 2 - _within(ranks, value)[picked]
    nearer = nearer[np.isfinite(nearer)]
    spread = float(nearer.std(ddof=1)) if len(nearer) >= _FEWEST else 0.0
    return float(nearer.mean() / spread * len(nearer) ** 0.5) if spread else 0.0


def _neighbours(levels: Integers) -> tuple[Integers, Integers]:
    """Return rows in the order of their values, and the number of each one's value; none where too many share a value."""
    rows = np.lexsort((np.random.default_rng(0).random(len(levels)), levels))
    rows = rows[levels[rows] >= 0]
    spare = max(0, len(rows) - _LOOKED_AT) // 2
    rows = rows[spare : len(rows) - spare]
    value = numbered(levels[rows])
    few = len(rows) > 0 and len(rows) <= MOST_ROWS * (value[-1] + 1)
    return (rows, value) if few else (rows[:0], value[:0])


def _within(ranks: Floats, value: Integers) -> Floats:
    """Return the mean distance of consecutive rows of each value; NaN where there are none."""
    steps = np.flatnonzero(value[1:] == value[:-1])
    apart = _apart(ranks, steps, steps + 1)
    steps, apart = steps[~np.isnan(apart)], apart[~np.isnan(apart)]
    with np.errstate(invalid="ignore"):  # 0 / 0
        return np.asarray(np.bincount(value[steps], apart, value[-1] + 1) / np.bincount(value[steps], minlength=value[-1] + 1))


def _ranks(column: Floats) -> Floats:
    """Return (rows,) ranks between 0 and 1; NaN for an empty cell."""
    order, result = ranked(column), np.full(len(column), np.nan)
    result[order.present] = mid_ranks(order) / max(1, order.present.sum())
    return result


def _apart(ranks: Floats, some: Integers, others: Integers) -> Floats:
    """Return the mean squared difference of rows in the columns that both have; NaN where they have none in common."""
    squares = (ranks[some] - ranks[others]) ** 2
    with np.errstate(invalid="ignore"):  # 0 / 0
        return np.asarray(np.nansum(squares, axis=1) / np.isfinite(squares).sum(axis=1))
