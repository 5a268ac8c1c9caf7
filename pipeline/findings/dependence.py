"""Which columns follow from others: by adding, or on logarithms by multiplying."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.machine.arrays import Floats

_EXPLAINED = 0.999  # R^2
_SAME = 1e-6  # left unexplained by rounding alone
_ROWS = 5  # complete rows for each column
_ENOUGH = 10_000  # rows, evenly spread, that are looked at
_TOGETHER = 1e-10  # added to the diagonal, so that columns which follow exactly can be inverted


@dataclass(frozen=True)
class Dependence:
    """A column, those that it follows from, and the share of its variance that these explain by least squares."""

    column: int
    others: tuple[int, ...]
    explained: float


def dependences(columns: Sequence[Floats]) -> list[Dependence]:
    """Return columns that the others explain to more than 99.9 %, the closest first; each is left out before the next is sought.

    Where several follow from one another about equally closely, the last is named. The others are as few as will do. Rows with
    an empty cell do not count, and 10,000 of the rest are enough; with fewer than five for each column nothing is said. Nor do
    rows count there that hold the median of every column: a few sick among many who have nothing are few rows.

    Source: the variance inflation factor, 1 / (1 - R^2), is the diagonal of the inverse correlation matrix.
    """
    if len(columns) < 2:
        return []
    complete = _complete(columns)
    varying = complete.max(axis=0) > complete.min(axis=0) if len(complete) else np.zeros(len(columns), dtype=bool)
    kept = [int(place) for place in np.flatnonzero(varying)]
    telling = int((complete != np.median(complete, axis=0)).any(axis=1).sum()) if len(complete) else 0
    if len(kept) < 2 or telling < max(30, _ROWS * len(kept)):
        return []
    correlation, found = np.zeros((len(columns),) * 2), []  # 0 for a constant column
    scaled = complete[:, varying] / np.abs(complete[:, varying]).max(axis=0)  # squares of the largest numbers overflow
    correlation[np.ix_(varying, varying)] = np.corrcoef(scaled, rowvar=False)
    while len(kept) > 1:
        left = _unexplained(correlation, kept)
        if left.min() >= 1 - _EXPLAINED:
            break
        place = int(np.flatnonzero(left <= 2 * left.min() + _SAME)[-1])
        column = kept.pop(place)
        found.append(Dependence(column, _needed(correlation, column, kept), float(1 - left[place])))
    return found


def _complete(columns: Sequence[Floats]) -> Floats:
    """Return (rows, columns) of rows without an empty cell, evenly spread where there are many."""
    filled = np.flatnonzero(~np.any([np.isnan(values) for values in columns], axis=0))
    sample = filled[:: max(1, -(-len(filled) // _ENOUGH))]
    return np.stack([values[sample] for values in columns], axis=1)


def _unexplained(correlation: Floats, columns: Sequence[int]) -> Floats:
    """Return, for each of the columns, the share of its variance that the others of them leave."""
    among = correlation[np.ix_(columns, columns)] + _TOGETHER * np.eye(len(columns))
    return np.asarray(1 / np.diag(np.linalg.inv(among)))


def _needed(correlation: Floats, column: int, others: Sequence[int]) -> tuple[int, ...]:
    """Return as few of the others as still explain the column."""
    needed = list(others)
    for other in sorted(others, key=lambda other: abs(float(correlation[column, other]))):
        fewer = [name for name in needed if name != other]
        if fewer and _unexplained(correlation, [*fewer, column])[-1] < 1 - _EXPLAINED:
            needed = fewer
    return tuple(needed)
