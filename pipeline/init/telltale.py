"""Columns that tell on others: those that decide the class by themselves, and those that name patients."""

import re
from collections.abc import Mapping
from itertools import islice, pairwise

import numpy as np

from pipeline.init.kinds import Kind, named_so
from pipeline.init.overview import Column
from pipeline.init.vocabulary import joined_words, known, quantity_of, words_of
from pipeline.machine.arrays import Flags, Floats, Integers

_LOOKED = 10_000  # rows, evenly spread, by which a column is judged
_ROWS = 40  # with a value, from which a column may be said to decide the class
_WRONG = 0.01  # share of the rows that the rule of a column may get wrong, and a tenth of those outside the largest class
_ALIKE = 0.9  # share of pairs of rows of one patient that are equal in a column that belongs to the patient
_OTHERS = 30  # columns compared with a number whose rows do not stand together
_STEMS = 8  # names of patients, at least
_VISIT = re.compile(r"(.*\d.*?)[^0-9A-Za-z]+[A-Za-z]{0,5}\d{1,2}")
_ROWS_EACH = 50  # of a patient, in the mean, at most


def determines(first: Integers, second: Integers) -> bool:
    """Return whether each of the (R,) numbers goes with one of the others only."""
    pairs = np.unique(np.stack([first, second]), axis=1)
    return bool(len(np.unique(pairs[0])) == pairs.shape[1])


def decides_by_levels(places: Integers, truth: Integers) -> bool:
    """Return whether (R,) levels tell (R,) classes nearly for certain, each its own commonest class; -1 is missing."""
    places, truth = places[held := _some(places >= 0, truth)], truth[held]
    if not len(places) or places.max() >= len(places) // 10:
        return False
    table = np.zeros((places.max() + 1, truth.max() + 1), dtype=np.int64)
    np.add.at(table, (places, truth), 1)
    return _nearly(int(table.max(axis=1).sum()), truth)


def decides_by_limits(values: Floats, truth: Integers) -> bool:
    """Return whether limits between (R,) values tell (R,) classes nearly for certain; -1 is an unknown class, NaN no value."""
    values, truth = values[held := _some(np.isfinite(values), truth)], truth[held]
    classes = np.unique(truth)
    if len(classes) < 2:
        return False
    ordered = sorted(classes, key=lambda place: float(np.median(values[truth == place])))
    limits = [_limit(values[truth == low], values[truth == high]) for low, high in pairwise(ordered)]
    answers = np.array(ordered)[np.searchsorted(np.sort(limits), values, side="right")]
    return _nearly(int((answers == truth).sum()), truth)


def _some(present: Flags, truth: Integers) -> Integers:
    """Return the rows that hold a value and have a class; of many, some that are evenly spread."""
    held = np.flatnonzero(present & (truth >= 0))
    return held[:: -(-len(held) // _LOOKED) or 1]


def _nearly(right: int, truth: Integers) -> bool:
    rows, others = len(truth), len(truth) - int(np.bincount(truth).max())
    return rows >= _ROWS and others >= 5 and rows - right <= min(_WRONG * rows, 0.1 * others)


def _limit(lower: Floats, upper: Floats) -> float:
    """Return the limit that tells two samples apart with the fewest mistakes; it belongs to the upper one."""
    levels = np.unique(np.concatenate([lower, upper]))
    right = np.searchsorted(np.sort(lower), levels) - np.searchsorted(np.sort(upper), levels)  # of each, what lies below
    return float(levels[int(np.argmax(right))])


def patients(columns: Mapping[str, Column], kinds: Mapping[str, Kind]) -> tuple[tuple[str, ...], str]:
    """Return the column that names patients with several rows each, if one does, and how one knows."""
    for name, column in columns.items():
        few = joined_words(name) in known("people or groups") and column.present <= _ROWS_EACH * len(column.different)
        if (few or _names_people(name)) and _several_rows(column, kinds[name], name_says=True):
            return (name,), "its name says so, and its values repeat"
    several = [column for name, column in columns.items() if _several_rows(column, kinds[name], name_says=False)]
    alike = [column.name for column in several if _resemble(column, columns, kinds)]
    return (tuple(alike), "rows with the same value resemble one another") if len(alike) == 1 else ((), "")


def shared_stem(column: Column) -> str | None:
    """Return what stands before the last number of the first name, where several rows share such a stem; else None."""
    shown = [column.shown(place) for place in range(min(_LOOKED, len(column.different)))]
    found = [_VISIT.fullmatch(text) for text in shown]
    stems = [match[1] for match in found if match]
    several = len(stems) == len(found) and _STEMS <= len(set(stems)) <= len(stems) / 2
    return stems[0] if several else None


def _names_people(name: str) -> bool:
    words, people = {*words_of(name)}, known("people")
    return joined_words(name) in known("people by number") or bool(words & people and words <= people | known("numbers"))


def _several_rows(column: Column, kind: Kind, name_says: bool) -> bool:
    levels, number = len(column.different), kind.name == "number"
    if name_says and known("numbers").intersection(words_of(column.name)):
        return kind.name not in ("constant", "empty", "date") and levels < 0.95 * column.present
    finite = column.values[np.isfinite(column.values)]
    whole = not number or not ((finite % 1).any() or (not name_says and quantity_of(column.name, finite)))
    naming = number or kind.name in ("identifier", "text", "categories")
    return naming and whole and 5 <= levels < 0.95 * column.present and column.present <= _ROWS_EACH * levels


def _resemble(column: Column, columns: Mapping[str, Column], kinds: Mapping[str, Kind]) -> bool:
    """Say whether two columns are nearly always equal in rows of one value, and not in neighbouring rows of others.

    A number, which may well decide two others, such as groups of it, needs rows that mostly stand together, or a third column.
    """
    if kinds[column.name].name == "text" and not named_so(column.name) and len(column.different) > 0.9 * column.present:
        return False
    order = np.argsort(column.places, kind="stable")
    same: Flags = np.diff(column.places[order]) == 0
    if len(column.different) < 20 or same.sum() < 10:
        return False
    shuffled = np.random.default_rng(0).permutation(len(order))
    together = kinds[column.name].name != "number" or np.mean(np.diff(column.places) == 0) > 0.5 * np.mean(same)
    others = islice((other for other in columns.values() if other is not column), None if together else _OTHERS)
    equal = (
        np.mean(np.diff(other.places[order])[same] == 0) >= _ALIKE
        and np.mean(np.diff(other.places[shuffled]) == 0) < _ALIKE - 0.3
        for other in others
        if kinds[other.name].name in ("number", "yes/no", "categories")
    )
    enough = 2 if together else 3
    return len([*islice(filter(None, equal), enough)]) == enough
