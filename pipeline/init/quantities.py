"""What a column measures, by its name; the values decide in which unit, and whether the name is believed."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from pipeline.init.vocabulary import data_of, words_of
from pipeline.machine.arrays import Floats

_INSIDE = 0.8  # of the values above 0 lie in the plausible range of a unit, or the column is something else


@dataclass(frozen=True)
class Quantity:
    """What a column measures, its unit (None where the values fit several), plausible range and diagnostic criterion."""

    name: str
    unit: str | None
    range: tuple[float, float]
    criterion: str | None


def quantity_of(name: str, values: Floats) -> Quantity | None:
    """Return what a column of that name and with these (n,) values measures; None where the table knows nothing that fits."""
    table = data_of("laboratory.yaml")
    match = _matched(name)
    if match is None:
        return None
    what, named = match
    entry, above = table["quantities"][what], values[values > 0]
    fits = {
        unit: limits for unit, limits in entry["units"].items() if named in (None, unit) and _fits(above, limits, bool(named))
    }
    if not fits:
        return None
    lows, highs = zip(*((low, high) for low, high, *_ in fits.values()), strict=True)
    unit = next(iter(fits)) if len(fits) == 1 else None
    return Quantity(what, unit, (min(lows), max(highs)), entry.get("criterion") if unit else None)


def _fits(values: Floats, limits: tuple[float, float, float, float], named: bool) -> bool:
    low, high, lower, upper = limits
    inside = len(values) > 0 and np.mean((values >= low) & (values <= high)) >= _INSIDE
    return bool(inside and (named or lower <= np.median(values) <= upper))


def _matched(name: str) -> tuple[str, str | None] | None:
    """Return the quantity of a name and the unit that stands behind it, if one does."""
    words, (names, units, fillers) = words_of(name), _names()
    for some in (words, [word for word in words if word not in fillers]):
        text = "".join(some)
        if text in names:
            return names[text], None
        for spelling, unit in units.items():
            what = names.get(text.removesuffix(spelling))
            if what and text.endswith(spelling) and unit in data_of("laboratory.yaml")["quantities"][what]["units"]:
                return what, unit
    return None


@cache
def _names() -> tuple[dict[str, str], dict[str, str], frozenset[str]]:
    """Return spelling -> quantity, spelling -> unit, and the words that say nothing."""
    table = data_of("laboratory.yaml")
    names = {spelling: what for what, entry in table["quantities"].items() for spelling in entry["names"]}
    units = {spelling: unit for unit, spellings in table["spellings"].items() for spelling in spellings}
    return names, units, frozenset(table["fillers"])
