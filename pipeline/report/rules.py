"""The network as rules in words, with as few digits as predict the same classes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.data.table import Table
from pipeline.judge.regions import Region, Rules, rules_of
from pipeline.machine.arrays import Floats, Integers
from pipeline.network.activation import leaky_relu_array
from pipeline.report.words import number
from pipeline.runs.saved import Run

_REGIONS, _TERMS = 50, 50_000  # that are listed; fewer of a large network
_FEWEST, _MOST = 3, 9  # significant digits
_LONG = 10  # columns, beyond which sums are tables
_TRIED = 10_000  # rows on which rounded rules are tried
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Rule:
    """A region in words.

    Attributes:
        counts: of training and test rows: how many, and how many are classified correctly.
        answers: how many rows are predicted to be of each class.
        conditions: each sum that must lie on one side of a number, and the side.
        formulas: each value before the output's activation, by its name.
        table: the same for many columns: each column with its factor in each formula.
        example: its number in the file, its columns, values, and classes predicted and true.
    """

    counts: dict[str, tuple[int, int]]
    answers: dict[str, int]
    conditions: list[tuple[str, str]]
    formulas: dict[str, str]
    table: list[tuple[str, list[str]]]
    example: dict[str, Any]


def rules_section(run: Run, table: Table) -> dict[str, Any]:
    """Return what report/rules.html shows."""
    model, names = run.model, tuple(run.config.data.codes)
    answers = model.answers(model.output(table.values), names)
    terms = model.network.sizes[0] * sum(model.network.sizes[1:])  # of a region at most, PCA aside
    rules = rules_of(model, table.values, max(1, min(_REGIONS, _TERMS // terms)))
    rows = np.concatenate([region.rows for region in rules.regions] or [np.arange(0)])
    tried = rows[:: len(rows) // _TRIED + 1]

    def agreeing(digits: int) -> int:
        met, wrong = np.zeros((2, len(tried)), dtype=bool)
        for region in rules.regions:  # at a border two may claim a row, if they agree
            printed = region.rounded(digits)
            inside = printed.holds(rules.columns[tried])
            met |= inside
            wrong |= inside & (_predicted(run, printed.values(rules.columns[tried])) != answers[tried])
        return int((met & ~wrong).sum())

    digits = next((digits for digits in range(_FEWEST, _MOST) if agreeing(digits) == len(tried)), _MOST)
    listed = [_rule(run, table, rules, region.rounded(digits), answers) for region in rules.regions]
    times = Counter(text for rule in listed for text, _ in rule.conditions)
    columns = run.config.data.columns()
    named = (text for text in times if times[text] > 1 or len(columns) > _LONG)
    sums = {text: f"sum {place}" for place, text in enumerate(named, 1)}
    shown = {"digits": digits, "agreeing": agreeing(digits), "tried": len(tried), "bands": _bands(run), "sums": sums}
    shown |= {"sum_table": _tabulated(columns, [*sums])}
    return shown | {"regions": listed, "count": rules.count, "rows": len(rows), "of": len(table)}


def _predicted(run: Run, values: Floats) -> Integers:
    """Return the class index of values before the output's activation; softmax leaves the highest where it is."""
    output: Any = values if run.model.coding.softmax else leaky_relu_array(values, run.model.network.slopes[-1])
    return run.model.answers(output, tuple(run.config.data.codes))


def _rule(run: Run, table: Table, rules: Rules, region: Region, answers: Integers) -> Rule:
    coding, columns, classes = run.model.coding, run.config.data.columns(), table.classes
    right = answers[region.rows] == table.truth[region.rows]
    tested = np.isin(region.rows, run.split.test)
    outputs = coding.classes if coding.softmax else ("value",)
    inside = region.holds(rules.columns[region.rows])  # not so at a border, where rounding decides
    formulas = {name: _sum(columns, formula, formula[-1]) for name, formula in zip(outputs, region.formulas.T, strict=True)}
    row = region.rows[(inside * (1 + tested)).argmax()]  # a test row where there is one
    values = region.values(rules.columns[[row]])
    given, times = np.unique(answers[region.rows], return_counts=True)
    return Rule(
        counts={name: (int(of.sum()), int(right[of].sum())) for name, of in (("training", ~tested), ("test", tested))},
        answers={classes[given[place]]: int(times[place]) for place in np.argsort(-times, kind="stable")},
        conditions=[_condition(columns, *side) for side in zip(region.borders.T, region.above, strict=True)],
        formulas=formulas,
        table=_tabulated(columns, [*formulas.values()]),
        example={
            "row": table.named(np.array([row]))[0],
            "columns": dict(zip(columns, map(number, rules.columns[row].tolist()), strict=True)),
            "values": dict(zip(outputs, map(number, values[0].tolist()), strict=True)),
            "predicted": classes[_predicted(run, values)[0]],
            "true": classes[table.truth[row]],
        },
    )


def _condition(columns: Sequence[str], border: Floats, above: bool) -> tuple[str, str]:
    """Return a sum and on which side of a number it must be, turned around where most of it would be subtracted."""
    sign = -1 if (border[:-1] < 0).sum() > (border[:-1] > 0).sum() else 1
    side = (">" if above else "≤") if sign > 0 else ("<" if above else "≥")
    return _sum(columns, sign * border, 0.0), f"{side}\N{NO-BREAK SPACE}{_decimal(-sign * border[-1])}"


def _sum(columns: Sequence[str], factors: Floats, constant: float) -> str:
    """Return a sum as it is read aloud: 0.31 × HbA1c − 0.2 × Age + 3; (W + 1,) factors, the last of which is left out."""
    named = zip(factors, (f" \N{MULTIPLICATION SIGN} {name}" for name in columns), strict=False)
    terms = [
        f"{'+' if factor > 0 else _MINUS} {_decimal(abs(factor))}{name}".replace(" ", "\N{NO-BREAK SPACE}")  # a line ends between
        for factor, name in [*named, (constant, "")]
        if factor
    ]
    text = " ".join(terms).removeprefix("+\N{NO-BREAK SPACE}")
    return text.replace("\N{NO-BREAK SPACE}", "", int(text.startswith(_MINUS))) or "0"


def _tabulated(columns: Sequence[str], sums: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return each of many columns, and "" for what is added, with its factor in each sum; nothing for few columns."""
    if len(columns) <= _LONG or not sums:
        return []
    terms = [
        {name: factor.replace("\N{NO-BREAK SPACE}", "").removeprefix("+") for factor, _, name in map(_term, text.split(" "))}
        for text in sums
    ]
    keys = {name: name.replace(" ", "\N{NO-BREAK SPACE}") for name in (*columns, "")}
    return [(name, [factors.get(key, "0") for factors in terms]) for name, key in keys.items()]


def _term(text: str) -> tuple[str, str, str]:
    return text.partition("\N{NO-BREAK SPACE}\N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}")


def _decimal(value: float) -> str:
    return np.format_float_positional(value, trim="-").replace("-", _MINUS)


def _bands(run: Run) -> list[str]:
    """Return which values are answered with which class, from the lowest code on; nothing for softmax."""
    coding = run.model.coding
    if coding.softmax:
        return []
    *lower, highest = (coding.classes[place] for place in np.argsort(coding.codes, kind="stable"))
    ends = zip(lower, *replace(coding, slope=run.model.network.slopes[-1]).ladder()[:2], strict=True)
    return [*(f"{name} up to {number(float(end))}" for name, end, crossed in ends if crossed), f"{highest} above that"]
