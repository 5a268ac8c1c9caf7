"""Signs that a column of categories was made from the class; the categories have no order."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from pipeline.config.data_section import Feature
from pipeline.findings.association import Ranked
from pipeline.findings.finding import SIGNIFICANCE
from pipeline.machine.arrays import Flags, Floats

CERTAIN = 0.95  # balanced accuracy
ERRORS = 3.72  # standard errors, which a normal variable exceeds with the probability of a finding
_COMMON = 0.2  # of the rows hold a value that many patients share
_EACH = 10  # rows a category, in the mean
_BEYOND, _SHARE = 30, 0.15  # rows of a category, and of the class
_ODDS = 5.0  # by which a category may lower the odds of an exception, below those among the other rows, and be no leak


def telling_categories(column: Ranked, classes: dict[str, Flags], feature: Feature, tests: int) -> dict[str, dict[str, Any]]:
    """Return what the categories of a column tell by themselves: those that nearly decide, or one that only one class has.

    ``classes`` are the (rows,) members of each class, ``tests`` how many columns, classes and sides are looked at.
    """
    best = {name: _best_levels(column, member) for name, member in classes.items()}
    name = max(best, key=lambda name: best[name][1])
    numbers, balanced = best[name]
    if len(column.level) >= _EACH * len(column.levels) and nearly_certain(balanced, classes[name]):
        told = [feature.worded(number) for number in numbers.tolist()]
        return {"categories": {"class": name, "categories": told, "balanced_accuracy": balanced}}
    pure = {name: found for name, member in classes.items() if (found := _pure_category(column, member))}
    if not (clear := _clearest(pure, len(column.levels) * tests)):
        return {}
    return {"category": clear | {"category": feature.worded(clear.pop("number"))}}


def telling_rest(column: Ranked, classes: dict[str, Flags], tests: int) -> dict[str, dict[str, Any]]:
    """Return what the rows beside the commonest value of a column of numbers tell, where that is its least or its greatest.

    So a dose is written, which is 0 for whoever gets none. What is only 1 or 0, or has grades, may be a strong sign of a disease.
    Arguments as in ``telling_categories``.
    """
    size, counts = len(column.levels), np.bincount(column.level)
    if (
        (np.diff(column.levels) == 1).all()
        or counts.max() < _COMMON * len(column.level)
        or (place := int(counts.argmax())) not in (0, size - 1)
    ):
        return {}
    halves = replace(column, levels=np.arange(2.0), level=(column.level != place).astype(np.int64))
    pure = {name: found for name, member in classes.items() if (found := _pure_category(halves, member)) and found.number}
    if not (clear := _clearest(pure, 2 * tests)):
        return {}
    clear.pop("number")
    return {"rest": clear | {"common": float(column.levels[place])}}


def _clearest(pure: dict[str, "Category"], tests: int) -> dict[str, Any]:
    """Return the class and the figures of the least probable of some categories, or nothing where chance explains it."""
    name = min(pure, key=lambda name: pure[name].p, default="")
    return {"class": name, **asdict(pure[name])} if pure and pure[name].p * tests < SIGNIFICANCE else {}


def nearly_certain(balanced: float, member: Flags) -> bool:
    """Say whether a balanced accuracy is above 0.95 by more than chance."""
    sizes = np.array([member.sum(), (~member).sum()])
    wrong = (sizes * (1 - balanced) + 0.5) / (sizes + 1)  # or a class without a mistake would have no error
    error = float(np.sqrt(np.sum(wrong * (1 - wrong) / sizes))) / 2
    return balanced >= CERTAIN + ERRORS * error


def _best_levels(column: Ranked, member: Flags) -> tuple[Floats, float]:
    """Return the levels that tell a class from the rest best, in no order, and their balanced accuracy; see ``best_interval``."""
    size, present = len(column.levels), member[column.present]
    hits = np.bincount(column.level[present], minlength=size) / member.sum()
    misses = np.bincount(column.level[~present], minlength=size) / (~member).sum()
    gains = hits - misses
    return column.levels[gains > 0], float(1 + gains[gains > 0].sum()) / 2


@dataclass(frozen=True)
class Category:
    """A category, by its number, all of whose ``rows`` are of one class.

    Of the ``rest`` of the rows ``others`` are of other classes; ``p`` bounds the probability of no exception by chance.
    """

    number: float
    rows: int
    rest: int
    others: int
    p: float


def _pure_category(column: Ranked, member: Flags) -> Category | None:
    """Return the category that only members of a class have, if one holds many of them, and least by chance.

    An exception in it is taken to be as improbable as if its odds were a fifth of those among the other rows, less two standard
    errors. ``member`` is (rows,) which rows belong to the class; rows without a value are left out.
    """
    size, members = len(column.levels), member[column.present]
    hits, counts = np.bincount(column.level[members], minlength=size), np.bincount(column.level, minlength=size)
    others = int(len(members) - members.sum())
    least, found = max(0.0, others - 2 * others**0.5), list[Category]()
    for place in np.flatnonzero((hits == counts) & (hits >= max(_BEYOND, _SHARE * member.sum()))).tolist():
        rows = int(counts[place])
        odds = least / max(1, len(members) - others - rows) / _ODDS
        p = float(np.exp(-rows * np.log1p(odds)))
        found.append(Category(float(column.levels[place]), rows, len(members) - rows, others, p))
    return min(found, key=lambda each: each.p, default=None)
