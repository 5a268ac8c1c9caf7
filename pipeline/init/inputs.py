"""What a column becomes among the features, with the comment behind it; or why it is left out."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pipeline.config.data_section import plain
from pipeline.errors import counted, listing
from pipeline.init.answer import Answer
from pipeline.init.kinds import Kind
from pipeline.init.oddities import gaps_told, odd_levels, oddities, seems_numbers, told_absent, unreadable
from pipeline.init.overview import Column, Overview
from pipeline.init.quantities import misfit, quantity_of
from pipeline.init.telltale import decides_by_levels, decides_by_limits
from pipeline.init.vocabulary import figure, in_order, spelling_groups, written
from pipeline.machine.arrays import Floats
from pipeline.read.columns import clip

_LEFT = {
    "date": "a date ({})",
    "text": "free text ({})",
    "identifier": "{}: it names the rows",
    "constant": "tells nothing: {}",
    "empty": "{}",
}
_HALF = 0.5  # of the rows hold a usable value, or a column is left out
_LEVELS = 50  # different numbers that may be codes of the classes


@dataclass(frozen=True)
class Input:
    """A feature: what the config says of it, None where it is left out; what was seen, or why it is left out.

    Then what a person must look at, what was taken for granted, what must be looked at before all else, and why the column
    cannot be read as the numbers that it holds, if so.
    """

    settings: dict[str, Any] | None
    comment: str
    look: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    first: list[str] = field(default_factory=list)
    unread: str | None = None


def input_of(seen: Overview, column: Column, kind: Kind, answer: Answer) -> Input:
    """Return what becomes of a column.

    Raises:
        DataError: the marks in its cells leave open what the numbers are.
    """
    name = clip(column.name)
    texts = kind.name in ("text", "identifier", "categories", "yes/no")
    if (kind.name == "number" or texts) and (problem := unreadable(seen, column, kind)):
        problem = problem.removeprefix(f"{seen.path}, ")
        return Input(None, problem, first=[f"{name} is left out: {problem}"], unread=problem)
    first = [
        f"{name} is taken for {kind.name}: {cell.removeprefix(f'{seen.path}, ')}"
        for cell in [seems_numbers(seen, column, kind)]
        if cell
    ]
    if kind.name in _LEFT:
        return Input(None, _LEFT[kind.name].format(kind.why), first=first)
    made = _number(column, answer, seen.rows) if kind.name == "number" else _categories(column, kind, seen.rows)
    if made.settings is None:
        return replace(made, first=first)
    level = column.levels[1] if kind.name != "number" or len(column.different) <= _LEVELS else None
    if (kind.name == "number" and decides_by_limits(_usable(column, made), answer.truth)) or (
        level is not None and decides_by_levels(level, answer.truth)
    ):
        reason = "nearly the target: it tells the class of 99 % of the rows or more by itself"
        return Input(None, reason, [f"{name} is left out: {reason}"])
    return replace(made, first=first)


def _usable(column: Column, made: Input) -> Floats:
    """Return (R,) numbers without those that stand for "missing" or lie outside the range."""
    settings, values = made.settings or {}, column.values
    low, high = settings.get("range", (-np.inf, np.inf))
    values = np.where(
        np.isin(values, [code for code in settings.get("missing", ()) if not isinstance(code, str)]), np.nan, values
    )
    return np.where((values >= low) & (values <= high), values, np.nan)


def _number(column: Column, answer: Answer, rows: int) -> Input:
    name, odd = clip(column.name), oddities(column)
    settings: dict[str, Any] = {}
    codes = [code for code in odd.missing if not isinstance(code, str)]
    values = column.values[np.isfinite(column.values) & ~np.isin(column.values, codes)]
    said, look, assumed = [f"number, {figure(values.min())} to {figure(values.max())}"], list[str](), list[str]()
    if wrong := misfit(column.name, values):
        look.append(f"{name}: {wrong}")
    if quantity := quantity_of(column.name, values):
        unit = quantity.unit or "a unit that the values leave open"
        settings |= ({"unit": quantity.unit} if quantity.unit else {}) | {"range": list(map(written, quantity.range))}
        if quantity.criterion and answer.healthy:
            settings["criterion"] = quantity.criterion
        said.append(quantity.name if quantity.unit else f"{quantity.name} in {unit}")
        assumed.append(f"{name}: {quantity.name} in {unit}")
        outside = values[(values < quantity.range[0]) | (values > quantity.range[1])]
        if zeros := int((outside == 0).sum()):
            look.append(f"{name}: 0 cannot be, so {counted(zeros, 'row')} with it count as missing")
        if others := len(outside) - zeros:
            low, high = map(figure, quantity.range)
            look.append(f"{name}: {counted(others, 'value')} outside {low} to {high} {quantity.unit or ''} count as missing")
    look += odd.told(column.name)
    if odd.missing:
        settings["missing"] = [code if isinstance(code, str) else written(code) for code in odd.missing]
    if odd.beyond:
        settings["censored"] = "bound"
        look.append(f"{name}: {counted(odd.beyond, 'result')} beyond a limit, such as <0.1: the limit is taken for the value")
    usable = int(np.isfinite(_usable(column, Input(settings, ""))).sum()) + odd.beyond
    if usable < _HALF * rows:
        return Input(None, f"mostly empty: {usable:,} of {rows:,} rows hold a usable number", look if odd.missing else [])
    said += gaps_told(column, rows - usable, number=True)
    return Input(settings, "; ".join(said), look, assumed)


def _categories(column: Column, kind: Kind, rows: int) -> Input:
    name, counts = clip(column.name), column.level_rows
    odd = odd_levels(counts)
    absent = {code if isinstance(code, str) else plain(repr(code)) for code in odd.missing}
    kept = in_order((text for text in counts if text not in absent), first=len(counts) - len(absent) == 2)
    look = [*odd.told(column.name), *told_absent(column)]
    present = sum(counts[text] for text in kept)
    if present < _HALF * rows:
        return Input(None, f"mostly empty: {present:,} of {rows:,} rows hold a value")
    alone = (texts for texts in spelling_groups(kept) if len(texts) > 1)
    look += [f"{name}: {listing(texts)} differ in case or blanks only; correct the file if they are one" for texts in alone]
    missing = [code if isinstance(code, str) else written(code) for code in odd.missing]
    settings = {"categories": kept} | ({"missing": missing} if missing else {})
    counts_told = ", ".join(f"{clip(text)} {counts[text]}" for text in kept[:4]) + ", ..." * (len(kept) > 4)
    said = [f"{'yes/no' if len(kept) == 2 else 'categories'}: {counts_told}", *gaps_told(column, rows - present, number=False)]
    assumed = [f"{name}: {kind.why}"] if "numbers" in kind.why else []
    return Input(settings, "; ".join(said), look, assumed)
