"""D: what the order of the file tells. Facts: those of the data rules."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import log
from typing import Any

import numpy as np

from pipeline.config.remedy import Fix
from pipeline.data.table import Table
from pipeline.data.without import without
from pipeline.errors import listing, listing_or_count
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.distribution import drift, kolmogorov_tail, mid_ranks
from pipeline.findings.finding import SIGNIFICANCE, Doubt, detailed
from pipeline.findings.likeness import MOST_ROWS, levels_of, likeness
from pipeline.machine.arrays import Flags, Floats, Integers

_ROWS = 50  # fewer may be in order, or all different, without a reason
_LIKE = 6  # standard errors
_BESIDE = 7  # for rows that nothing names
_FIRST = 5000  # rows looked at, of those
_RUNS = ((2, 0), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1))  # rows of a patient one after the other, and the number of the first row
_MARGIN = 2  # times as many coincidences as would do, since their number is an estimate


def column_numbers_the_rows(facts: DataFacts) -> Iterator[Doubt]:
    """A column that numbers the rows, or names patients who are on both sides of the split.

    What: a column that says which row or which patient it is, and nothing else. An input rises, or falls, from row to row; or
        no two rows share one of its whole numbers although they lie close together, as row numbers, patient numbers and dates
        of entry do. Or a column of the file names patients; or the rows of a patient follow one another, and nothing names them.
    Why it matters: a network learns the order of the file, and the next number is one that it has never seen. A patient on both
        sides of the split is recognised.
    How it is tested: from 50 rows on, in three ways. A column rises or falls along the whole file; its values are all different
        although they lie close together; or the rows that share a value, or follow one another, are more alike than other rows,
        as those of one patient are.
    How to fix: take the column out of `data.features`, or shuffle a sorted file; `data.patient` keeps a patient's rows
        together.
    Method: the first two ways need a column without empty cells.
    Rising or falling: each step along the file has the same sign; n values in no order do so with a probability of 2 /
        (factorial of n).
    All different: the values are whole and no two are equal. Pairs of values at most m apart are counted (m is a twentieth of
        the range between the quartiles, at least 1; of categories, all pairs, and 2 m is their number). Of values from a spread
        that is smooth at that scale, one pair in 2 m would be equal, and none is with a probability below exp(-pairs / 2 m). It
        must be 0.0001 after Bonferroni's correction with half of those pairs, since they are counted, not given.
    Patients: looked for where `data.patient` is not set. At least 20 values of a column stand in several rows each, in 20 rows
        at most on average; at least one stands in both training and test rows; and rows of one value are more alike in the
        other inputs than is expected from the rows of the four values beside it, by more than 6 standard errors. Distances are
        of ranks, extrapolated to rows of one value, so that an age or a date raises no alarm; equal rows count once.
    Rows in sequence: where no column names patients, pairs of rows that follow one another, and threes up to sixes from the
        first row on, are compared likewise with those around them, by 7 standard errors. A file that is sorted, or drifts, does
        not come near that.
    Source: the birthday problem: von Mises (1939); Kaufman et al., "Leakage in data mining", TKDD 2012, for identifiers.
    """
    table, details = facts.table, dict[str, str]()
    limit = _MARGIN * log(len(table.features) / SIGNIFICANCE)
    for name, values in zip(table.features, table.values.T, strict=True) if len(table) >= _ROWS else ():
        steps = np.diff(values)
        if np.isnan(values).any():
            continue
        if name not in table.levels and ((steps > 0).all() or (steps < 0).all()):
            details[name] = "rises" if steps[0] > 0 else "falls"
        elif _expected_pairs(values, table.levels.get(name, ())) >= limit:
            details[name] = "different"
    if details:
        told = {"rises": "rises from row to row", "falls": "falls from row to row", "different": "differs in every row"}
        message = "; ".join(f'"{name}" {told[kind]}' for name, kind in details.items())
        head = f"{listing_or_count([*details], 'column')} number{'s' * (len(details) == 1)} the rows"
        yield detailed(f"{head}: {message}", details, without(table, facts.config, details))
    yield from _parted_patients(facts)


def _parted_patients(facts: DataFacts) -> Iterator[Doubt]:
    """Yield the columns that name patients with rows on both sides of the split; without one, whether neighbours are of one."""
    table, data, details = facts.table, facts.config.data, dict[str, dict[str, float]]()
    if data.patient or len(table) < _ROWS:
        return
    different = np.zeros(len(table), dtype=bool)
    different[np.unique(table.copies(table.features) * len(table.classes) + table.truth, return_index=True)[1]] = True
    for name, levels in _names(table):
        tested = np.isin(levels[facts.parts.test], levels[facts.parts.train]) & (levels[facts.parts.test] >= 0)
        others = np.flatnonzero(np.array(table.features) != name)
        alone = np.where(different, levels, -1)
        if tested.any() and len(others) and (z := likeness(table.values, others, alone, data.widths())) > _LIKE:
            details[name] = {"z": z, "rows": int(tested.sum())}
    if details:
        best = max(details, key=lambda name: details[name]["z"])
        settings = without(table, facts.config, [best]) if best in data.features else {}
        unstratified = {"split.stratify": False} if facts.config.split.stratify else {}
        yield detailed(
            f"{details[best]['rows']:,} test rows have a training row of the same patient: {listing(details)} "
            f"seem{'s' * (len(details) == 1)} to name patients, for rows of one value resemble one another",
            details,
            settings if isinstance(settings, str) else {**settings, "data.patient": best, **unstratified},
        )
    elif not facts.config.split.group_by:
        yield from _alike_neighbours(facts, different)


def _alike_neighbours(facts: DataFacts, different: Flags) -> Iterator[Doubt]:
    """Yield whether rows that follow one another seem to be of one patient; equal rows count once."""
    table, every, widths = facts.table, np.arange(len(facts.table.features)), facts.config.data.widths()
    runs = [np.where(different, (np.cumsum(different) - first) // size, -1) for size, first in _RUNS]
    z = [likeness(table.values[:_FIRST], every, run[:_FIRST], widths) for run in runs]
    run = runs[int(np.argmax(z))]
    tested = np.isin(run[facts.parts.test], run[facts.parts.train]) & (run[facts.parts.test] >= 0)
    if max(z) > _BESIDE and tested.any():
        told = f"they resemble one another, as matched pairs do too; {int(tested.sum()):,} test rows stand beside a training row"
        fix = "name the patient of each row in a column of the file, and set data.patient to it"
        evidence = {"columns": [], "z": max(z), "rows": int(tested.sum())}
        yield Doubt(f"rows that follow one another seem to be of one patient: {told}", evidence, fix)


def _names(table: Table) -> Iterator[tuple[str, Integers]]:
    """Yield the columns that may name patients, with (rows,) numbers of their values: whole numbers, and what is no input."""
    for name, values in zip(table.features, table.values.T, strict=True):
        filled = ~np.isnan(values)
        several = MOST_ROWS * len(table.levels.get(name, values)) >= filled.sum()  # few categories name no patients
        if several and np.array_equal(values[filled], np.rint(values[filled])):
            yield name, np.where(filled, table.copies((name,)), -1)
    for name, texts in table.unnamed.items():
        if (levels := levels_of(texts)) is not None:
            yield name, levels


def order_tells_something(facts: DataFacts) -> Iterator[Doubt]:
    """The order of the rows is not random: classes are sorted, or values drift.

    What: rows of a class stand together, or the values of a column shift along the file within the classes.
    Why it matters: something changed while the file was written: the place, the year, the device, or a program that damaged
        cells. Rows near each other then have more in common than the disease; a random split mixes them all and hides it.
    How it is tested: if the order means nothing, the rows of a class, and high values, are spread evenly along the file. The
        farthest that they stray from that is compared with chance. The row that is named is the one where they have strayed
        farthest.
    How to fix: look at the file around the row that is named, and find out what changed there. Correct the file, or take the
        column out of `data.features`; shuffle the rows of a file that was merely sorted.
    Method: each class's rows are flagged, and so are those of each category; other columns' values are ranked (equal values
        share their mean rank); and the mean of each class is taken off. Sums along the file then stay near 0: their largest
        distance, in standard deviations, is compared with Kolmogorov's limit for the Brownian bridge. It must be significant at
        0.0001 after Bonferroni's correction for all columns, categories and classes.
    Source: Kolmogorov (1933) for the limit; Page, "Continuous inspection schemes", Biometrika 1954, for cumulative sums.
    """
    table, target, alone = facts.table, facts.config.data.target, np.zeros(len(facts.table), dtype=np.int64)
    sorts = (drift((table.truth == place).astype(np.float64), alone) for place in range(len(table.classes)))
    drifts = [(target, max(sorts, key=lambda strayed: strayed.distance))]
    tests = len(table.classes) + len(table.features)
    for name, column in facts.columns.items():
        rows = np.flatnonzero(column.present)
        levels = range(len(column.levels)) if len(column.levels) > 2 and name in table.levels else ()
        tests += max(0, len(levels) - 1)
        values = [(column.level == place).astype(np.float64) for place in levels] or [mid_ranks(column)]
        strayed = max((drift(some, table.truth[rows]) for some in values), key=lambda strayed: strayed.distance)
        drifts.append((name, replace(strayed, place=int(rows[strayed.place]) if len(rows) else 0)))
    details = {
        name: {"p_value": p_value, "row": table.named(np.array([strayed.place]))[0]}
        for name, strayed in drifts
        if (p_value := min(1.0, tests * kolmogorov_tail(strayed.distance))) < SIGNIFICANCE
    }
    if details:
        shuffled = "shuffle the rows of the file if it was merely sorted, else find out what changed there"
        fix: Fix = shuffled if target in details else (without(table, facts.config, details), shuffled)
        yield detailed(_strayed(details, target), details, fix)


def _expected_pairs(values: Floats, categories: Sequence[str]) -> float:
    """Return how many equal pairs whole numbers, or categories, that are all different would have by chance; 0 for others."""
    if not np.array_equal(values, np.rint(values)):
        return 0.0
    values = np.sort(values)
    if (np.diff(values) == 0).any():
        return 0.0
    if categories:
        return len(values) * (len(values) - 1) / 2 / len(categories)
    quarter = len(values) // 4
    width = max(1.0, np.floor((values[-1 - quarter] - values[quarter]) / 20))
    pairs = np.searchsorted(values, values + width, side="right") - np.arange(1, len(values) + 1)
    return float(pairs.sum() / (2 * width))


def _strayed(details: dict[str, dict[str, Any]], target: str) -> str:
    change = f"the shares of its classes change at row {details[target]['row']:,}" if target in details else ""
    parts = [f"the rows are sorted by class, at least in part: {change}"] if change else []
    if columns := [name for name in details if name != target]:
        clearest = min(columns, key=lambda name: float(details[name]["p_value"]))
        head = f"{listing_or_count(columns, 'column')} change{'s' * (len(columns) == 1)} along the file"
        which = f' "{clearest}"' * (len(columns) > 1)
        parts.append(f"{head}: most clearly{which} around row {details[clearest]['row']:,}")
    return "; ".join(parts)
