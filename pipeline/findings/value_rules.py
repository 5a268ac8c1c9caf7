"""D: numbers of a column that are no measurements, or in another unit. Facts: those of the data rules."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pipeline.config.remedy import Fix, dotted
from pipeline.data.table import Table
from pipeline.errors import counted, listing_or_count, such_as
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.finding import SIGNIFICANCE, Doubt, detailed, named_rows
from pipeline.findings.spikes import Spike, spike
from pipeline.findings.units import Mixture, mixture


def number_for_missing(facts: DataFacts) -> Iterator[Doubt]:
    """A number that stands for "missing" inside the plausible range.

    What: a value is far more frequent than those around it: 0 for a body mass index, 99 or -999, the mean that filled gaps.
    Why it matters: the network takes it for a measurement. That something was not measured may go with the disease.
    How it is tested: the most conspicuous value of each column is compared with the values beside it. It must be held by at
        least 5 rows, and far more often than its neighbours let expect.
    How to fix: a `range` that leaves the value out, where it lies at an end: its cells are then missing. Else clear the cells.
    Method: the probability of so many, or so few, rows must be below 0.0001 after Bonferroni's correction for all these tests,
        values and columns. A 0 is left out where most rows hold it, or a third of the rows of a count that varies like a
        Poisson variable.
    Inside a column: of more than 20 values, it is three times as frequent as each of the 10 next values on either side, and as
        the values that are as round (so that no heap at 5s and 10s counts). The probability is binomial, were all of these
        equally likely.
    At an end: of more than 20 values, it is twice as frequent as each of the 5 next values, with fewer rows next to it than the
        tail of an ordinary distribution leaves. There log F of the cumulative share F would rise at least as fast near the
        limit as farther on, so that a known share of the rows up to the median had to lie in the gap behind the value, or in
        the first half of the way; the probability of so few is binomial (for values above 0, on the logarithmic scale too).
    Few values: with 5 to 20 others, at an end only. The Poisson probability counts the rows between it and any other value,
        though each step between holds as many as the rarer of the two, as log-concave shares do.
    Source: Bagnoli and Bergstrom, "Log-concave probability and its applications" (2005), for the tails.
    """
    table = facts.table
    columns = {name: values[~np.isnan(values)] for name, values in zip(table.features, table.usable("missing").T, strict=True)}
    clearest = {name: spike(*np.unique(columns[name], return_counts=True)) for name in facts.quantities}
    spikes = {name: found for name, found in clearest.items() if found and found.p_value * len(clearest) < SIGNIFICANCE}
    if spikes:
        details = {name: {"value": found.value, "p_value": found.p_value * len(table.features)} for name, found in spikes.items()}
        told = (f'"{name}" is {found.value:.12g} in {counted(found.count, "row")}' for name, found in spikes.items())
        yield Doubt(
            f"{listing_or_count([*spikes], 'column', 26)} may use a number for missing values: "
            + "; ".join(f"{text}, far more than any value near it" for text in told),
            {"columns": {name: found.count for name, found in spikes.items()}, "details": details},
            _cleared(spikes, facts),
        )


def two_units(facts: DataFacts) -> Iterator[Doubt]:
    """Two units in one column.

    What: a part of a column's values is in another unit than the rest, such as glucose in mg/dL among mmol/L.
    Why it matters: the same patient would count as far more or far less ill. A range finds such values only where it is narrow.
    How it is tested: two clumps of values are looked for that lie as far apart as two known units do, with few values between.
        Converted, the smaller clump must look like the larger one. Clumps that the classes explain do not count.
    How to fix: convert the rows that are named, in the file.
    Method: on logarithms a factor is a shift (for HbA1c and temperatures of the distance from the value that is the same in
        both units). The median of each class is taken off, in up to 3,000 rows.
    The valley: the interval that 90% of the larger clump take, shifted, must hold more rows, for its width, than the valley
        between. If values only became rarer from the larger clump on, the share of those rows would be that of the widths at
        most; the binomial probability must be below 0.0001 after Bonferroni's correction for all columns, units, directions and
        three widths of the valley.
    The clumps: the smaller one, converted, must fall onto the larger, with a Kolmogorov-Smirnov distance of at most 0.25, or
        what chance makes of few rows. It is a third of the rows at most, or half where the factor is above 7.4.
    What escapes: units no farther apart than the values spread, such as kg and lb of adults.
    Source: the factors are those of the substances' molar masses; IFCC and NGSP, master equation, for HbA1c.
    """
    table = facts.table
    fits = {name: mixture(table.column(name), table.truth) for name in facts.quantities}
    mixtures = {name: found for name, found in fits.items() if found and found.p_value * len(fits) < SIGNIFICANCE}
    if mixtures:
        details = {
            name: {
                **named_rows(table.named(found.rows)),
                "units": [found.conversion.smaller, found.conversion.greater],
                "factor": found.conversion.factor,
                "p_value": found.p_value * len(table.features),
                "distance": found.distance,
            }
            for name, found in mixtures.items()
        }
        fix = "in the file, " + " and ".join(f'of "{name}" {_converted(found, table)}' for name, found in mixtures.items())
        head = f"{listing_or_count([*mixtures], 'column')} seem{'s' * (len(mixtures) == 1)} to hold two units"
        told = "; ".join(f'in "{name}" {_mixed(found)}' for name, found in mixtures.items())
        yield detailed(f"{head}: {told}", details, fix)


def _cleared(spikes: dict[str, Spike], facts: DataFacts) -> Fix:
    """Return the settings that declare the values missing, and which cells to clear where no range leaves them out."""
    settings, cells, config = dict[str, Any](), [], facts.config
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
        settings[dotted("data", "features", name, "range")] = [float(f"{end:.12g}") for end in (low, high)]
    if config.preprocess.implausible == "keep" and settings:
        settings["preprocess.implausible"] = "missing"
    if config.preprocess.impute is None:  # else nothing would fill the gaps
        settings["preprocess.impute"] = "median"
    return [settings or "", *cells]


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
    conversion, rows = found.conversion, f"{counted(len(found.rows), 'row')} look{'s' * (len(found.rows) == 1)}"
    units = f"{rows} like {_unit(found)} among values in {_unit(found, rest=True)}"
    return f"{units} ({conversion.quantity}, a factor of {conversion.factor:g})"


def _unit(found: Mixture, rest: bool = False) -> str:
    return found.conversion.greater if found.greater is not rest else found.conversion.smaller


def _converted(found: Mixture, table: Table) -> str:
    conversion, shown = found.conversion, such_as(table.named(found.rows))
    if not conversion.zero:
        return f"{'divide' if found.greater else 'multiply'} {shown} by {conversion.factor:g}"
    return f"convert {shown} from {_unit(found)} to {_unit(found, rest=True)} ({conversion.quantity})"
