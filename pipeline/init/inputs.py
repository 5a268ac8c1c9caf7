"""What a column becomes among the features, with the comment behind it; or why it is left out."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.errors import counted, listing
from pipeline.init.answer import Answer
from pipeline.init.kinds import Kind
from pipeline.init.oddities import oddities, stand_ins_of
from pipeline.init.overview import Column, Overview
from pipeline.init.quantities import quantity_of
from pipeline.init.refusals import refuse_odd_cells, refuse_other_marks
from pipeline.init.telltale import decides_by_levels, decides_by_limits
from pipeline.init.texts import absent_texts, figure, in_order, spelling_groups, told_absent, written
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
    """A feature.

    Attributes:
        settings: what the config says of it; None where it is left out.
        comment: what was seen, or why it is left out.
        look: sentences about what a person must look at.
        assumed: sentences about what was taken for granted.
    """

    settings: dict[str, Any] | None
    comment: str
    look: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)


def input_of(seen: Overview, column: Column, kind: Kind, answer: Answer) -> Input:
    """Return what becomes of a column.

    Raises:
        DataError: it holds numbers, and among them something that is none.
    """
    if kind.name in ("text", "identifier", "categories", "yes/no"):
        refuse_other_marks(seen, column)
    if kind.name in _LEFT:
        return Input(None, _LEFT[kind.name].format(kind.why))
    if kind.name == "number":
        refuse_odd_cells(seen, column)
    made = _number(column, answer, seen.rows) if kind.name == "number" else _categories(column, kind, seen.rows)
    if made.settings is None:
        return made
    level = column.levels[1] if kind.name != "number" or len(column.different) <= _LEVELS else None
    if (kind.name == "number" and decides_by_limits(_usable(column, made), answer.truth)) or (
        level is not None and decides_by_levels(level, answer.truth)
    ):
        reason = "nearly the target: it tells the class of 99 % of the rows or more by itself"
        return Input(None, reason, [f"{clip(column.name)} is left out: {reason}"])
    return made


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
    values = column.values[np.isfinite(column.values) & ~np.isin(column.values, list(odd.stand_ins))]
    quantity = quantity_of(column.name, values)
    said, look, assumed = [f"number, {figure(values.min())} to {figure(values.max())}"], list[str](), list[str]()
    if quantity:
        settings |= ({"unit": quantity.unit} if quantity.unit else {}) | {"range": list(map(written, quantity.range))}
        if quantity.criterion and answer.healthy:
            settings["criterion"] = quantity.criterion
        said.append(quantity.name if quantity.unit else f"{quantity.name}, whose unit the values leave open")
        assumed.append(f"{name}: {quantity.name} in {quantity.unit or 'a unit that the values leave open'}")
        outside = values[(values < quantity.range[0]) | (values > quantity.range[1])]
        if zeros := int((outside == 0).sum()):
            look.append(f"{name}: 0 cannot be, so {counted(zeros, 'row')} with it count as missing")
        if others := len(outside) - zeros:
            low, high = map(figure, quantity.range)
            look.append(f"{name}: {counted(others, 'value')} outside {low} to {high} {quantity.unit or ''} count as missing")
    if missing := [*map(written, odd.stand_ins), *odd.words]:
        settings["missing"] = missing
        codes = {figure(code): count for code, count in odd.stand_ins.items()} | {
            f'"{clip(word)}"': odd.words[word] for word in odd.words
        }
        told = ", ".join(f"{text} ({counted(count, 'row')})" for text, count in codes.items())
        look.append(f"{name}: {told} taken for missing")
    for code, count in odd.kept.items():
        look.append(
            f"{name}: is {figure(code)} ({counted(count, 'row')}) a value? It is kept as one; missing: [{figure(code)}] if not"
        )
    if odd.beyond:
        settings["censored"] = "bound"
        look.append(f"{name}: {counted(odd.beyond, 'result')} beyond a limit, such as <0.1: the limit is taken for the value")
    made = Input(settings, "", look, assumed)
    usable = int(np.isfinite(_usable(column, made)).sum()) + odd.beyond
    if usable < _HALF * rows:
        return Input(None, f"mostly empty: {usable:,} of {rows:,} rows hold a usable number", look if missing else [])
    if empty := rows - usable:
        texts = ", ".join(f'"{clip(text)}" {count:,}' for text, count in absent_texts(column, number=True).items())
        said.append(f"{empty:,} missing" + f" ({texts})" * bool(texts))
    return Input(settings, "; ".join(said), look, assumed)


def _categories(column: Column, kind: Kind, rows: int) -> Input:
    name, (levels, places) = clip(column.name), column.levels
    counts = dict(zip(levels, np.bincount(places[places >= 0], minlength=len(levels)).tolist(), strict=True))
    codes = stand_ins_of(levels)
    kept = in_order((text for text in levels if text not in codes), first=len(levels) - len(codes) == 2)
    look = [f"{name}: {code} ({counted(counts[code], 'row')}) taken for missing" for code in codes]
    look += [f"{name}: {text}" for text in told_absent(column)]
    present = sum(counts[text] for text in kept)
    if len(kept) < 2:
        return Input(None, f'tells nothing: every row that holds a value holds "{clip(kept[0])}"', look)
    if present < _HALF * rows:
        return Input(None, f"mostly empty: {present:,} of {rows:,} rows hold a value")
    alone = (texts for texts in spelling_groups(kept) if len(texts) > 1)
    look += [f"{name}: {listing(texts)} differ in case or blanks only; correct the file if they are one" for texts in alone]
    settings = {"categories": kept} | ({"missing": [written(float(code)) for code in codes]} if codes else {})
    counts_told = ", ".join(f"{clip(text)} {counts[text]}" for text in kept[:4]) + ", ..." * (len(kept) > 4)
    missing = f"; {rows - present:,} missing" if rows > present else ""
    assumed = [f"{name}: {kind.why}"] if "numbers" in kind.why else []
    return Input(settings, f"{'yes/no' if len(kept) == 2 else 'categories'}: {counts_told}{missing}", look, assumed)
