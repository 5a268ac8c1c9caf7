"""Whether more rows are equal than chance explains: in coarse data equal rows are no sign of a copy."""

from collections.abc import Sequence
from math import exp, log

import numpy as np

from pipeline.data.profiles import combined, numbered
from pipeline.findings.near_misses import stand_out
from pipeline.machine.arrays import Floats, Integers

_SIGNIFICANCE = 1e-4
_FINE = 1e-3
_EXCESS = 10  # leaves room for columns that are weakly correlated within a class; near misses answer for the rest


def more_than_chance(columns: Floats, classes: Integers, across: bool = False) -> bool:
    """Say whether more pairs of rows are equal than chance makes equal, in independent columns and in correlated ones.

    Args:
        columns: (rows, C) values that are compared; missing equals missing.
        classes: (rows,) class numbers.
        across: count the pairs of rows of different classes instead of those of the same class.
    """
    return _beyond_independence(columns, classes, across) and stand_out(columns, classes, across)


def _beyond_independence(columns: Floats, classes: Integers, across: bool) -> bool:
    """Say whether more pairs of rows are equal than independent columns would make equal.

    Columns are taken as independent within a class: a pair agrees in all of them with the product of the shares of pairs
    that agree in each. Either at least ten times as many pairs are equal as expected, and a Poisson variable would be as
    large with a probability below 0.0001; or a pair is equal although among the distinct rows, which copies cannot make
    look coarse, fewer than 0.001 are expected.
    """
    groups = [numbered(column) for column in columns.T]
    classes = numbered(classes)
    pairs = _compared(classes, across)
    equal = float(_agreeing(combined(groups), classes)[pairs > 0].sum())
    if not equal:
        return False
    expected = float((pairs * _shares(groups, classes)).sum())
    if equal >= _EXCESS * expected and poisson_tail(equal, expected) < _SIGNIFICANCE:
        return True
    # copies themselves tell how often a column agrees: look at the distinct rows, of which some pair is taken to be left
    once = np.unique(combined([classes, *groups]), return_index=True)[1]
    groups, classes = [group[once] for group in groups], classes[once]
    distinct = np.maximum(_compared(classes, across), pairs > 0)
    return float((distinct * _shares(groups, classes)).sum()) < _FINE


def poisson_tail(count: float, mean: float) -> float:
    """Return Chernoff's upper bound of the probability that a Poisson variable with this mean is at least ``count``."""
    return 1.0 if count <= mean else exp(count - mean - count * log(count / mean))


def _compared(classes: Integers, across: bool) -> Floats:
    """Return (classes, classes) numbers of pairs of rows to compare, each pair once."""
    pairs = _agreeing(np.zeros_like(classes), classes)
    return np.triu(pairs, 1) if across else np.diag(np.diag(pairs))


def _shares(groups: Sequence[Integers], classes: Integers) -> Floats:
    """Return (classes, classes) shares of the pairs that agree in all columns, if the columns are independent.

    Half a pair is added: that no pair of a few rows agrees in a column does not mean that none can.
    """
    pairs = _agreeing(np.zeros_like(classes), classes)
    shares: Floats = np.prod([(_agreeing(group, classes) + 0.5) / (pairs + 0.5) for group in groups], axis=0)
    return shares


def _agreeing(groups: Integers, classes: Integers) -> Floats:
    """Return (classes, classes) numbers of pairs, one row of each class, that share a group."""
    size, levels = int(classes.max()) + 1, int(groups.max()) + 1
    counts = np.bincount(classes * levels + groups, minlength=size * levels).reshape(size, levels).astype(np.float64)
    pairs = counts @ counts.T
    np.fill_diagonal(pairs, (np.diag(pairs) - counts.sum(axis=1)) / 2)
    return pairs
