"""Words: those of a name and what it measures by them, those that files use, kept as data; and how numbers are written."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from pipeline.config.data_section import NUMBER
from pipeline.config.yaml_text import read_yaml
from pipeline.machine.arrays import Floats
from pipeline.read.columns import alike

_INSIDE = 0.8  # of the values above 0 lie in the plausible range of a unit, or the column is something else


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case without accents; ``%`` is one, and a new word begins at a capital."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name.replace("ß", "ss")) if not unicodedata.combining(char))
    plain = plain.replace("\N{GREEK SMALL LETTER MU}", "u")  # what the micro sign is, decomposed
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|%", plain)]


def joined_words(name: str) -> str:
    """Return the words of a name without anything between them."""
    return "".join(words_of(name))


@cache
def known(section: str) -> frozenset[str]:
    """Return a list of vocabulary.yaml."""
    return frozenset(data_of("vocabulary.yaml")[section])


@cache
def data_of(name: str) -> Mapping[str, Any]:
    """Return what a YAML file of this room holds."""
    return read_yaml(files("pipeline.init").joinpath(name).read_text(encoding="utf-8"), name).values


def no_value(text: str) -> bool:
    """Return whether a text can only mean that there is no value: ``not available``, ``(blank)``, ``***``, ``#REF!``."""
    bare = text.casefold().strip("()[]<>. ")
    return bare in known("no value") or bool(re.fullmatch(r"#[A-Z0-9/]+[!?]|[-.*_?/\u2013\u2014]{2,}", text))


def healthy(text: str) -> bool:
    """Return whether a class or category is called as that of the healthy is: normal, control, no, 0, - or the like."""
    return text == "-" or joined_words(text) in known("healthy")


def in_order(texts: Iterable[str], first: bool) -> list[str]:
    """Return numbers by their value, other texts by their letters; that of the healthy stands ``first``, if asked."""
    texts = list(texts)
    if all(re.fullmatch(NUMBER, text) for text in texts):
        return sorted(texts, key=float)
    return sorted(texts, key=lambda text: (first and not healthy(text), text))


def spelling_groups(texts: Iterable[str]) -> list[list[str]]:
    """Return texts in groups of those that differ in case and blanks only."""
    groups: dict[str, list[str]] = {}
    for text in texts:
        groups.setdefault(alike(text) or text, []).append(text)
    return list(groups.values())


def written(value: float) -> float | int:
    """Return a number as YAML is to show it: a whole one without a point or an exponent."""
    return int(value) if abs(value) < 1e15 and value == int(value) else value


def figure(value: float) -> str:
    """Return a number as a person writes it, without an exponent where it is whole."""
    return str(number) if isinstance(number := written(value), int) else f"{value:.6g}"


@dataclass(frozen=True)
class Quantity:
    """What a column measures, its unit (None where the values fit several), plausible range and diagnostic criterion."""

    name: str
    unit: str | None
    range: tuple[float, float]
    criterion: str | None


def quantity_of(name: str, values: Floats) -> Quantity | None:
    """Return what a column of that name and with these (n,) values measures; None where the table knows nothing that fits."""
    what, named = measured(name)
    if what is None:
        return None
    entry, above = data_of("laboratory.yaml")["quantities"][what], values[values > 0]
    fits = {}
    for unit, (low, high, lower, upper) in entry["units"].items() if len(above) else ():
        inside = np.mean((above >= low) & (above <= high)) >= _INSIDE
        if inside and (unit == named or (named is None and lower <= np.median(above) <= upper)):
            fits[unit] = low, high
    if not fits:
        return None
    lows, highs = zip(*fits.values(), strict=True)
    only = next(iter(fits)) if len(fits) == 1 else None
    return Quantity(what, only, (min(lows), max(highs)), entry.get("criterion") if only else None)


@cache
def measured(name: str) -> tuple[str | None, str | None]:
    """Return the quantity that the table knows by a name, and the unit that stands behind it; None for neither."""
    table, words = data_of("laboratory.yaml"), words_of(name)
    names = {spelling: what for what, entry in table["quantities"].items() for spelling in entry["names"]}
    for some in (words, [word for word in words if word not in table["fillers"]]):
        text = "".join(some)
        if text in names:
            return names[text], None
        for unit, spelling in ((unit, spelling) for unit, spellings in table["spellings"].items() for spelling in spellings):
            what = names.get(text.removesuffix(spelling)) if text.endswith(spelling) else None
            if what and unit in table["quantities"][what]["units"]:
                return what, unit
    return None, None
