"""D: what is odd about a column on its own, or beside the others. Facts: those of the data rules."""

import shlex
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np

from pipeline.config.schema import Config
from pipeline.errors import counted, listing
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.dependence import dependences
from pipeline.findings.finding import Doubt
from pipeline.findings.spikes import Spike, spike
from pipeline.findings.units import Mixture, mixture
from pipeline.machine.arrays import Floats

_SIGNIFICANCE = 1e-4


def column_adds_nothing(facts: DataFacts) -> Iterator[Doubt]:
    """A column that adds nothing: constant, equal to another, or a sum or product of others.

    What: an input with one value only; one that equals another in every row; one that follows from others by adding (a total
        beside its parts, the same quantity in another unit) or by multiplying (a body mass index beside weight and height).
    Why it matters: the network gets a weight more and learns nothing more. Which of the columns it uses is left to chance, so
        that no weight can be read; and a check that looks whether one column follows from another finds that it does.
    How it is tested: exact rules for the first two; an empty cell equals an empty cell. For sums, least squares of each column
        on all the others, in rows without an empty cell, with R^2 above 0.999; for products the same on the logarithms of the
        columns that are above 0 everywhere. Five such rows are needed for each column, and 30 at least. Of columns that follow
        from one another one is named, and the others beside it. If nothing follows, R^2 of normal values is that high with a
        probability far below 0.0001 (with five rows a column it is about 0.2).
    How to fix: take the column out of `data.features`.
    Source: Belsley, Kuh and Welsch, "Regression Diagnostics" (1980), for collinearity and the variance inflation factor.
    """
    usable, names = facts.table.usable(facts.config.preprocess.implausible), facts.table.features
    details: dict[str, dict[str, Any]] = {}
    left: dict[str, Floats] = {}
    seen: dict[bytes, str] = {}
    for name, values in zip(names, usable.T, strict=True):
        present = values[~np.isnan(values)]
        same = seen.setdefault(blake2b(np.where(np.isnan(values), np.nan, values + 0.0).tobytes()).digest(), name)
        if len(present) and present.min() == present.max():
            details[name] = {"constant": float(present[0])}
        elif same != name and len(present):
            details[name] = {"equal": [same]}
        elif 2 * len(present) >= len(values):  # a column that is mostly empty leaves no complete rows
            left[name] = values
    for kind in ("sum", "product"):
        columns = {name: values for name, values in left.items() if name not in details}
        if kind == "product":
            columns = {name: np.log(values) for name, values in columns.items() if np.nanmin(values) > 0}
        for found in dependences(np.stack(list(columns.values()), axis=1)) if columns else ():
            others = [list(columns)[other] for other in found.others]
            details[list(columns)[found.column]] = {kind: others, "explained": found.explained}
    if details:
        ordered = {name: details[name] for name in names if name in details}
        yield Doubt(
            "; ".join(f'"{name}" {_nothing_new(reason)}' for name, reason in ordered.items()),
            {"columns": list(ordered), "details": ordered},
            f"take {listing(ordered)} out of data.features",
        )


def number_for_missing(facts: DataFacts) -> Iterator[Doubt]:
    """A number that stands for "missing" inside the plausible range.

    What: one value of a finely measured column is far more frequent than the values around it: 0 for a body mass index, 99 or
        -999, or the mean that somebody filled gaps with.
    Why it matters: the network takes it for a measurement. It is none, and the rows that hold it have in common that something
        was not measured, which may go with the disease.
    How it is tested: in columns with more than 20 other values, for a value that at least 5 rows hold. Inside: it is three
        times as frequent as each of the 10 next values on either side, and as the values that are as round (so that no heap at
        5s and 10s counts), and the binomial probability of so many, were all of these equally likely, is below 0.0001. At an
        end: it is twice as frequent as each of the 5 next values, and the gap behind it is too wide for a limit that cuts off a
        tail. There log F of the cumulative share F would rise at least as fast as beyond the gap, so that a known share of the
        rows up to the median had to lie in the gap, and none does (for values above 0, on the logarithmic scale too; the widest
        of the 5 next gaps is taken off, for values are rounded). Bonferroni's correction for all values and columns. A 0 that
        most rows hold, or a third of the rows of a count that varies like a Poisson variable, may be true and is left out.
    How to fix: a `range` that leaves the value out, where it lies at an end: its cells are then missing. Else clear the cells.
    Source: Bagnoli and Bergstrom, "Log-concave probability and its applications" (2005), for the tails.
    """
    table, config = facts.table, facts.config
    spikes: dict[str, Spike] = {}
    for name, values in zip(table.features, table.usable("missing").T, strict=True):
        found = spike(*np.unique(values[~np.isnan(values)], return_counts=True))
        if found and found.p_value * len(table.features) < _SIGNIFICANCE:
            spikes[name] = found
    if spikes:
        details = {name: {"value": found.value, "p_value": found.p_value * len(table.features)} for name, found in spikes.items()}
        yield Doubt(
            "; ".join(
                f'"{name}" is {found.value:.12g} in {counted(found.count, "row")}, far more than any value near it'
                for name, found in spikes.items()
            )
            + ": it may stand for a value that is missing",
            {"columns": {name: found.count for name, found in spikes.items()}, "details": details},
            _cleared(spikes, config, facts),
        )


def two_units(facts: DataFacts) -> Iterator[Doubt]:
    """Two units in one column.

    What: a part of a column's values is in another unit than the rest, such as glucose in mg/dL among mmol/L.
    Why it matters: the same patient would count as far more or far less ill. A range finds such values only where it is narrow;
        a unit that one hospital uses tells the hospital.
    How it is tested: on logarithms, where a factor is a shift (HbA1c and temperatures from the value that is the same in both
        units), less the median of each class, in up to 4,000 rows. Two clumps are needed, one shift apart: the interval that
        90 % of the larger one take, shifted, must hold more of the rows, for its width, than the valley between. If values only
        became rarer from the larger clump on, whatever its shape, that would be a coin thrown for each of these rows; the
        binomial probability must be below 0.0001 after Bonferroni's correction for all columns, units and directions. The
        smaller clump, converted, must fall onto the larger: a Kolmogorov-Smirnov distance of at most 0.25, or what chance
        makes of few rows, where it is 1 as they are. Clumps that the classes explain do not count. Units that are no farther
        apart than the values spread, such as weights of adults in kg and lb, cannot be told by this.
    How to fix: convert the rows that are named, in the file.
    Source: the factors are those of the substances' molar masses; IFCC and NGSP, master equation, for HbA1c.
    """
    table = facts.table
    mixtures: dict[str, Mixture] = {}
    for name, values in zip(table.features, table.values.T, strict=True):
        found = mixture(values, table.truth)
        if found and found.p_value * len(table.features) < _SIGNIFICANCE:
            mixtures[name] = found
    if mixtures:
        details = {
            name: {
                "rows": len(found.rows),
                "examples": [int(row) + 1 for row in found.rows[:5]],
                "units": [found.conversion.smaller, found.conversion.greater],
                "factor": found.conversion.factor,
                "p_value": found.p_value * len(table.features),
                "distance": found.distance,
            }
            for name, found in mixtures.items()
        }
        yield Doubt(
            "; ".join(f'"{name}" {_mixed(found)}' for name, found in mixtures.items()),
            {"columns": list(mixtures), "details": details},
            "in the file, " + "; ".join(f'of "{name}" {_converted(found)}' for name, found in mixtures.items()),
        )


def mostly_empty(facts: DataFacts) -> Iterator[Doubt]:
    """A column mostly empty, filled with one value.

    What: more than half of a column's cells have no usable value; they are empty, or outside the plausible range where
        `preprocess.implausible` is missing.
    Why it matters: all those cells get one and the same number. The network then mostly learns who was measured, which goes
        with what the doctor suspected; and the column's scale is that of the few who were.
    How it is tested: usable cells are counted in each column. An exact rule; a column without any is D201.
    How to fix: take the column out of `data.features`, or complete the file.
    Source: van Buuren, "Flexible Imputation of Missing Data" (2018), section 1.3, for what filling with one value does.
    """
    preprocess, rows = facts.config.preprocess, len(facts.table)
    lost = facts.table.count(np.isnan(facts.table.usable(preprocess.implausible)))
    empty = {name: count for name, count in lost.items() if rows / 2 < count < rows}
    if empty:
        filled = f"filled with the {preprocess.impute} they all hold one number" if preprocess.impute else "nothing fills them"
        told = ", ".join(f'"{name}" {count:,}' for name, count in empty.items())
        yield Doubt(
            f"more than half of {rows:,} cells have no usable value ({told}); {filled}",
            {"columns": empty},
            f"take {listing(empty)} out of data.features, or complete the file",
        )


def _nothing_new(reason: dict[str, Any]) -> str:
    if "constant" in reason:
        return f"is {reason['constant']:.12g} in every row"
    kind, others = next(iter(reason.items()))
    told = {"equal": "equals", "sum": "follows by adding from", "product": "follows by multiplying from"}[kind]
    return f"{told} {listing(others)}"


def _cleared(spikes: dict[str, Spike], config: Config, facts: DataFacts) -> str:
    """Return the settings that declare the values missing, and which cells to clear where no range leaves them out."""
    settings, cells = [], []
    for name, found in spikes.items():
        values = facts.table.column(name)
        others = values[(values != found.value) & ~facts.table.implausible[:, facts.table.features.index(name)]]
        low, high = config.data.features[name].range or _roomy(float(np.nanmin(others)), float(np.nanmax(others)))
        if found.below is None and found.above is not None:
            low = _between(found.value, found.above)
        elif found.above is None and found.below is not None:
            high = _between(found.value, found.below)
        else:
            cells.append(f'clear the {counted(found.count, "cell")} of "{name}" that hold {found.value:.12g}')
            continue
        setting = f'data.features."{name}".range=[{low:.12g}, {high:.12g}]'
        settings.append(f"--set {shlex.quote(setting)}")
    if settings and config.preprocess.implausible == "keep":
        settings.insert(0, "--set preprocess.implausible=missing")
    return "; ".join([" ".join(settings)] * bool(settings) + cells)


def _roomy(low: float, high: float) -> tuple[float, float]:
    """Return a range about these values that leaves room for others; values that are all above 0 keep a range from 0 on."""
    room = (high - low) / 2
    lowest = 0.0 if 0 <= low < room else low - room
    return min(low, float(f"{lowest:.2g}")), max(high, float(f"{high + room:.2g}"))


def _between(code: float, value: float) -> float:
    """Return a short number between a code and the nearest value, or the value itself."""
    middle = float(f"{(code + value) / 2:.1g}")
    return middle if min(code, value) < middle < max(code, value) else value


def _mixed(found: Mixture) -> str:
    return f"holds two units: {counted(len(found.rows), 'row')} look like {_unit(found)} among values in {_unit(found, rest=True)}"


def _unit(found: Mixture, rest: bool = False) -> str:
    return found.conversion.greater if found.greater is not rest else found.conversion.smaller


def _converted(found: Mixture) -> str:
    conversion, rows = found.conversion, ", ".join(str(int(row) + 1) for row in found.rows[:5])
    shown = f"rows {rows}" + (", ..." if len(found.rows) > 5 else "")
    if not conversion.zero:
        return f"{'divide' if found.greater else 'multiply'} {shown} by {conversion.factor:g}"
    return f"convert {shown} from {_unit(found)} to {_unit(found, rest=True)} ({conversion.quantity})"
