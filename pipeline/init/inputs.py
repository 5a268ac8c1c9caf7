"""What a column becomes among the features, with the comment behind it; or why it is left out."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pipeline.config.remedy import dotted
from pipeline.errors import counted, listing
from pipeline.init.answer import Answer
from pipeline.init.kinds import MANY, Kind
from pipeline.init.oddities import Oddities, gaps_told, odd_levels, oddities, seems_numbers, told_absent, unreadable
from pipeline.init.overview import Column, Overview
from pipeline.init.telltale import decides_by_levels, decides_by_limits, shared_stem
from pipeline.init.vocabulary import (
    data_of,
    figure,
    in_order,
    joined_words,
    known,
    measured,
    quantity_of,
    spelling_groups,
    written,
)
from pipeline.machine.arrays import Floats
from pipeline.read.cells import evidence
from pipeline.read.columns import clip

_LEFT = {"date": "a date ({})", "text": "free text ({})", "identifier": "{}: it names the rows", "constant": "tells nothing: {}"}
_HALF = 0.5  # of the rows hold a usable value, or a column is left out
_LEVELS = 50  # different numbers that may be codes of the classes
_DECIDES = "nearly the target: it tells the class of 99% of the rows or more by itself"


@dataclass(frozen=True)
class Input:
    """A feature: what the config says of it, None where it is left out; what was seen, or why it is left out.

    Then what to look at, what was assumed, what to look at before all else, and why its numbers cannot be read, if so.
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
    name, number = clip(column.name), kind.name == "number"
    if kind.name in ("date", "constant", "empty"):
        ticks = kind.name == "constant" and column.present < len(column.places)
        asked = f"{name} is left out: {kind.why}; if an empty cell means no, write that into it"
        return Input(None, _LEFT.get(kind.name, "{}").format(kind.why), [asked] if ticks else [])
    if used := _used_for(column, kind):
        return Input(None, used, [f"{name} is left out: {used}"])
    if problem := unreadable(seen, column, kind):
        return Input(None, problem, first=[f"{name} is left out: {problem}"], unread=problem)
    cell = seems_numbers(seen, column, kind)
    first = [f"{name} is taken for {kind.name}: {cell}"] if cell else []
    if kind.name in _LEFT:
        reason = _LEFT[kind.name].format(kind.why)
        if kind.measurable:
            command = seen.training(f"{dotted('data', 'features', column.name)}={{}}")
            first = [f"{name} is left out: {reason}; if it is a measurement: {command}"]
        if stem := shared_stem(column) if kind.name == "identifier" else None:
            asked = f'does "{clip(stem)}" in "{clip(column.shown(0))}" name a patient with several rows?'
            first = [f"{name}: {asked} If so, write it into a column of its own, and set data.patient to that column"]
        return Input(None, reason, first=first)
    first += _doubtful_thousands(column) if number else []
    odd = oddities(column) if number else odd_levels(column.level_rows)
    made = _number(column, answer, odd) if number else _categories(column, kind, odd)
    if made.settings is None:
        return replace(made, first=first)
    if (number and decides_by_limits(_within(odd.without(column.values), made.settings), answer.truth)) or (
        (not number or len(column.different) <= _LEVELS) and decides_by_levels(column.levels[1], answer.truth)
    ):
        return Input(None, _DECIDES, [f"{name} is left out: {_DECIDES}"])
    return replace(made, first=first)


def _doubtful_thousands(column: Column) -> list[str]:
    """Return the question whether a mark between thousands is one here too, where no cell of the column says so."""
    mark, decimal, found = column.cells.thousands or "", column.cells.decimal, evidence(column.different).cells
    if not (cell := found.get(f"doubtful {mark}")) or found.keys() & {"whole", decimal}:
        return []
    told = f'{cell} is read as {cell.replace(mark, "")}, for "{mark}" stands between thousands in other columns'
    return [f"{clip(column.name)}: {told}; if it means {cell.replace(mark, decimal)}, write it so in the file"]


def _used_for(column: Column, kind: Kind) -> str | None:
    """Return what a column says that is no measurement: for what a row was used, as in an earlier training."""
    texts = kind.name in ("yes/no", "categories") and {joined_words(text) for text in column.levels[0]} <= known("parts")
    folds = joined_words(column.name) in known("folds") and len(column.different) <= MANY
    return "it says for what a row was used, which no new patient has" if texts or folds else None


def _within(values: Floats, settings: dict[str, Any]) -> Floats:
    """Return (R,) numbers, NaN where they lie outside the range."""
    low, high = settings.get("range", (-np.inf, np.inf))
    return np.where((values >= low) & (values <= high), values, np.nan)


def _number(column: Column, answer: Answer, odd: Oddities) -> Input:
    name, values = clip(column.name), odd.without(column.values)
    finite = values[np.isfinite(values)]
    said, look, assumed = [f"number, {figure(finite.min())} to {figure(finite.max())}"], list[str](), list[str]()
    settings: dict[str, Any] = {}
    if quantity := quantity_of(column.name, finite):
        unit = quantity.unit or "a unit that the values leave open"
        settings |= ({"unit": quantity.unit} if quantity.unit else {}) | {"range": list(map(written, quantity.range))}
        if quantity.criterion and answer.healthy:
            settings["criterion"] = quantity.criterion
        said.append(f"taken for {quantity.name} in {unit}" if quantity.unit is None else f"taken for {quantity.name}")
        assumed.append(f"{name}: taken for {quantity.name} in {unit}")
        outside = finite[(finite < quantity.range[0]) | (finite > quantity.range[1])]
        if zeros := int((outside == 0).sum()):
            look.append(f"{name}: 0 is impossible: {counted(zeros, 'row')} with it, counted as missing")
        if others := len(outside) - zeros:
            low, high = map(figure, quantity.range)
            beyond = f"{counted(others, 'value')} outside {low} to {high} {quantity.unit or ''}"
            look.append(f"{name}: {beyond} {'counts' if others == 1 else 'count'} as missing")
    elif what := measured(column.name)[0]:
        units = " nor ".join(data_of("laboratory.yaml")["quantities"][what]["units"])
        mixed = f"the values are not those of {what} in {units} (two units mixed, or a code?)"
        look.append(f"{name}: {mixed}, so no range is set")
    look += odd.told(column.name)
    settings |= {"missing": list(odd.missing)} if odd.missing else {}
    if odd.beyond:
        settings["censored"] = "bound"
        cell = clip(column.shown(int(np.argmax(column.beyond))))
        look.append(f"{name}: {counted(odd.beyond, 'result')} beyond a limit, such as {cell}: the limit is taken for the value")
    rows, usable = len(values), int(np.isfinite(_within(values, settings)).sum()) + odd.beyond
    if usable < _HALF * rows:
        return Input(None, f"mostly empty: {usable:,} of {rows:,} rows hold a usable number", look if odd.missing else [])
    return Input(settings, "; ".join([*said, *gaps_told(column, rows - usable, number=True)]), look, assumed)


def _categories(column: Column, kind: Kind, odd: Oddities) -> Input:
    name, counts, rows = clip(column.name), column.level_rows, len(column.places)
    kept = in_order((text for text in counts if text not in odd.absent), first=len(counts) - len(odd.absent) == 2)
    present = sum(counts[text] for text in kept)
    if present < _HALF * rows:
        return Input(None, f"mostly empty: {present:,} of {rows:,} rows hold a value")
    look = [*odd.told(column.name), *told_absent(column)]
    alone = (texts for texts in spelling_groups(kept) if len(texts) > 1)
    look += [f"{name}: {listing(texts)} differ in case or blanks only; correct the file if they are one" for texts in alone]
    counts_told = ", ".join(f"{clip(text)} {counts[text]}" for text in kept[:4]) + ", ..." * (len(kept) > 4)
    said = [f"{'two ' * (len(kept) == 2)}categories: {counts_told}", *gaps_told(column, rows - present, number=False)]
    assumed = [f"{name}: {kind.why}"] if "numbers" in kind.why else []
    settings = {"categories": kept} | ({"missing": list(odd.missing)} if odd.missing else {})
    return Input(settings, "; ".join(said), look, assumed)
