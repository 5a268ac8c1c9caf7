"""D: columns that bring nothing, or hardly anything. Facts: those of the data rules."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pipeline.data.without import without
from pipeline.errors import counted, listing, listing_or_count
from pipeline.findings.data_rules import DataFacts, filler
from pipeline.findings.dependence import dependences
from pipeline.findings.finding import Doubt, detailed
from pipeline.machine.arrays import Floats

_MANY, _FEW = 100, 4  # rows from which so many with another value teach a network nothing
_NEARLY, _FINE = 0.98, 20  # share of equal rows, in columns of more values


def column_adds_nothing(facts: DataFacts) -> Iterator[Doubt]:
    """A column that adds nothing: constant, equal to another, or a sum or product of others.

    What: an input that tells nothing which the others do not. It has one value only; it equals another column, or its
        categories say the same by other names; or it follows from others by adding (a total beside its parts, the same quantity
        in another unit) or by multiplying (a body mass index beside weight and height).
    Why it matters: the network gets more weights to fit and learns nothing new; which of the columns it uses is left to chance.
    How it is tested: equal and constant columns are found by comparing their cells, and sums and products by fitting each
        column from all the others. Of such columns one is named, and the others beside it.
    How to fix: take the column out of `data.features`.
    Method: in 100 rows or more a column counts as constant if at most four rows hold another value. Columns of more than 20
        values are equal if 98% of the rows are; an empty cell equals an empty cell. Sums are fitted by least squares, in rows
        without an empty cell, with R^2 above 0.999; products are sums of the logarithms of the columns that are above 0
        everywhere. Five such rows are needed for each column, and 30 at least; the R^2 of unrelated normal values is that high
        with a probability far below 0.0001.
    Source: Belsley, Kuh and Welsch, "Regression Diagnostics" (1980), for collinearity and the variance inflation factor.
    """
    names, columns = facts.table.features, facts.table.usable(facts.config.preprocess.implausible).T
    usable, earlier, details = dict(zip(names, columns, strict=True)), list[str](), dict[str, dict[str, Any]]()
    for name, feature in facts.config.data.features.items():
        column = facts.usable_columns[name]
        counts, rows = np.bincount(column.level, minlength=1), len(column.level)
        others = rows - int(counts.max())
        if rows and others <= (_FEW if rows >= _MANY else 0):
            value = float(column.levels[counts.argmax()])
            details[name] = {"constant": feature.worded(value) if feature.categories else value, "others": others}
        elif rows and (same := next((other for other in earlier if _equal(facts, usable, name, other)), None)):
            details[name] = {"equal": [same]}
        else:
            earlier.append(name)
    # a column that is mostly empty leaves no complete rows, and categories have no sum
    whole = [name for name in earlier if 2 * len(facts.usable_columns[name].level) >= len(facts.table)]
    left = {name: usable[name] for name in whole if name not in facts.table.levels}
    for kind in ("sum", "product"):
        parts = {name: values for name, values in left.items() if name not in details}
        if kind == "product":
            parts = {name: np.log(values) for name, values in parts.items() if np.nanmin(values) > 0}
        for found in dependences(list(parts.values())):
            sources = [list(parts)[other] for other in found.others]
            details[list(parts)[found.column]] = {kind: sources, "explained": found.explained}
    if details:
        ordered = {name: details[name] for name in names if name in details}
        head = f"{listing_or_count([*ordered], 'column')} add{'s' * (len(ordered) == 1)} nothing"
        message = "; ".join(f'"{name}" {_nothing_new(reason)}' for name, reason in ordered.items())
        yield detailed(f"{head}: {message}", ordered, without(facts.table, facts.config, ordered))


def mostly_empty(facts: DataFacts) -> Iterator[Doubt]:
    """A column that is mostly empty, and filled with one value.

    What: more than half of a column's cells have no usable value. They are empty, or outside the plausible range where
        `preprocess.implausible` is missing.
    Why it matters: all those cells get one and the same value, so the network mostly learns who was measured. That goes with
        what the doctor suspected. And the column is scaled by the few patients who were measured.
    How it is tested: usable cells are counted in each column; this is a simple count. A column without any is D201.
    How to fix: take the column out of `data.features`, or complete the file.
    Source: van Buuren, "Flexible Imputation of Missing Data" (2018), section 1.3, for what filling with one value does.
    """
    rows = len(facts.table)
    lost = facts.table.count(np.isnan(facts.table.usable(facts.config.preprocess.implausible)))
    empty = {name: count for name, count in lost.items() if rows / 2 < count < rows}
    if empty:
        counts = ", ".join(f'"{name}" {count:,}' for name, count in empty.items())
        filled = f"filled with {told} they all hold one value" if (told := filler(facts, empty)) else "nothing fills them"
        cells = (f'{counted(count - rows // 2, "cell")} of "{name}"' for name, count in empty.items())
        yield Doubt(
            f"{listing_or_count([*empty], 'column')} {'is' if len(empty) == 1 else 'are'} mostly empty: of {rows:,} cells, "
            f"so many have no usable value: {counts}; {filled}",
            {"columns": empty},
            (without(facts.table, facts.config, empty), f"fill {' and '.join(cells)} in the file"),
        )


def _equal(facts: DataFacts, usable: Mapping[str, Floats], name: str, earlier: str) -> bool:
    """Say whether two columns are equal, in nearly all rows where they are fine; categories may have other names."""
    column, other = facts.usable_columns[name], facts.usable_columns[earlier]
    size = len(column.levels)
    if {name, earlier} & facts.table.levels.keys():
        alike = size == len(other.levels) and np.array_equal(column.present, other.present)
        return alike and len(np.unique(column.level * size + other.level)) == size
    share = _NEARLY if size > _FINE else 1.0
    for step in (1 + len(facts.table) // 100, 1):  # a hundred rows tell most that are not
        one, two = usable[name][::step], usable[earlier][::step]
        if ((one == two) | (np.isnan(one) & np.isnan(two))).mean() < share - (step > 1) * _NEARLY / 10:
            return False
    return True


def _nothing_new(reason: dict[str, Any]) -> str:
    if "constant" in reason:
        rows = f"all but {counted(reason['others'], 'row')}" if reason["others"] else "every row"
        value = reason["constant"]
        return f"is {listing([value]) if isinstance(value, str) else f'{value:.12g}'} in {rows}"
    kind, others = next(iter(reason.items()))
    told = {"equal": "equals", "sum": "follows by adding from", "product": "follows by multiplying from"}[kind]
    return f"{told} {listing(others)}"
