"""The section ``data``: which file and how it is read, which columns, which classes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import inf, isnan
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from pipeline.config.section import Finite, Name, Names, Section
from pipeline.config.yaml_text import canonical

Criterion = Literal["fasting", "two_hour", "random", "hba1c"]
_Text = Annotated[str, AfterValidator(canonical), Tag("text")]
_Cell = Annotated[
    _Text | Annotated[Finite, Tag("number")], Discriminator(lambda value: "text" if isinstance(value, str) else "number")
]
"""What stands in a cell: a text, or a number however it is written."""
Cells = Annotated[tuple[_Cell, ...], Field(strict=False)]
Patient = Annotated[
    Annotated[Names, Field(min_length=1)] | None,
    BeforeValidator(lambda value: value if value is None or isinstance(value, list | tuple) else (value,)),
]


def _spelt(value: Any) -> Any:
    """Return texts for what YAML reads as true, false or a number: a category or a class may be called so."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


_Spelt = Annotated[Name, BeforeValidator(_spelt)]
_Listed = Annotated[tuple[_Spelt, ...], Field(strict=False, min_length=2)]
_Values = Annotated[tuple[_Spelt, ...], Field(strict=False, min_length=1)]
Categories = Annotated[
    Annotated[_Listed, Tag("list")] | Annotated[dict[Name, Finite], Field(min_length=2), Tag("mapping")],
    Discriminator(lambda value: "mapping" if isinstance(value, dict) else "list"),
]


_FAILED = ("#n/a", "#na", "#n/v", "#div/0!", "#ref!", "#value!", "#name?", "#num!", "#null!")  # formulas
_NULLS = ("null", "(null)", "[null]", "<null>", "<na>", "nan", "nat", "\\n", "(blank)", "undefined", "missing", "not available")
ABSENT = ("", "?", ".", "..", "...", "na", "n/a", "n.a", "n.a.", "k.a.", *_NULLS, *_FAILED)
"""Texts that mean "no value" everywhere, compared in lower case without blanks around them."""
DASHES = ("none", "-", "--", "\u2013", "\u2014")
"""Texts that mean "no value" among numbers, and may be a category or a class elsewhere."""
Absent = frozenset[str | float]
"""What means "no value": texts, compared in lower case, and numbers, compared by value."""


class ReadSection(Section):
    """How the file is laid out, and what its cells mean; ``auto`` is decided by the file."""

    separator: Literal["auto", ",", ";", "\t", "|"] = "auto"
    decimal: Literal["auto", ".", ","] = "auto"
    thousands: Literal[".", ",", " ", "'"] | None = None
    encoding: Literal["auto", "utf-8", "utf-16", "windows-1252"] = "auto"
    missing: Literal["auto"] | Cells = "auto"
    header: Annotated[Names, Field(min_length=1)] | None = None
    sheet: str | None = None

    def absent(self) -> tuple[Absent, Absent]:
        """Return what means "no value", and what of it only among numbers."""
        named = folded([value for value in self.missing if value != "auto"] if self.missing != "auto" else [])
        auto = self.missing == "auto" or "auto" in self.missing
        return frozenset({"", *named, *((*ABSENT, *DASHES) if auto else ())}), frozenset(DASHES) - named if auto else frozenset()


class Feature(Section):
    """One input column.

    A number: its unit, plausible range (both ends included) and diagnostic criterion; ``censored`` is what becomes of a result
    beyond a limit, such as ``<0.1``. Or ``categories``: texts, or the number that each text stands for. ``missing`` holds what
    means "no value" in this column, besides what does in the whole file.
    """

    unit: str | None = None
    range: Annotated[tuple[Finite, Finite], Field(strict=False)] | None = None
    criterion: Criterion | None = None
    categories: Categories | None = None
    missing: Cells = ()
    censored: Literal["bound", "missing"] | None = None

    @property
    def levels(self) -> tuple[str, ...]:
        """The categories of a column whose categories have no order; none for a number."""
        return () if self.categories is None or isinstance(self.categories, Mapping) else self.categories

    @property
    def width(self) -> int:
        """How many inputs the column makes: one, or one a category if there are three or more."""
        return 1 if len(self.levels) < 3 else len(self.levels)

    def numbers(self) -> dict[str, float]:
        """Return the number of each category: its place in a list, or what the mapping says; nothing for a number."""
        if isinstance(self.categories, Mapping):
            return dict(self.categories)
        return {text: float(place) for place, text in enumerate(self.levels)}

    def worded(self, value: float) -> str | None:
        """Return a value as people read it: the text of a category, else the number; None for a missing one."""
        texts = [text for text, number in self.numbers().items() if number == value]
        return None if isnan(value) else " or ".join(texts) or f"{value:.6g}"

    def columns(self, name: str) -> list[str]:
        """Return the names of the columns that a feature of this name makes."""
        return [f"{name}={text}" for text in (self.levels[1:] if len(self.levels) == 2 else self.levels)] or [name]


FeatureOrNull = Annotated[Feature, BeforeValidator(lambda value: {} if value is None else value)]


class CutSection(Section):
    """Numbers that become classes: each of ``at`` is the first of the class above it."""

    at: Annotated[tuple[Finite, ...], Field(strict=False, min_length=1)]
    classes: _Listed


class DataSection(Section):
    """Which file, which columns, which classes."""

    path: str
    read: ReadSection = ReadSection()
    patient: Patient = None
    target: Name
    merge: Annotated[dict[Name, _Values], Field(min_length=2)] | None = None
    cut: CutSection | None = None
    unlabelled: Literal["error", "drop"] = "error"
    redundant: Names = ()
    reference: Name | None = None
    codes: Annotated[dict[str, Annotated[float, Field(ge=-1000, le=1000)]], Field(min_length=2)]
    features: Annotated[dict[str, FeatureOrNull], Field(min_length=1)]

    def named(self) -> frozenset[str]:
        """Return the columns that this section names."""
        return frozenset((self.target, *self.redundant, *self.features))

    def added(self) -> tuple[str, ...]:
        """Return the columns that scoring adds to a file."""
        return (f"predicted {self.target}", *(f"probability {name}" for name in self.codes), f"possible {self.target}", "notes")

    def bounds(self) -> tuple[list[float], list[float]]:
        """Return the lowest and the highest plausible value of each feature, infinite where none is declared."""
        numbers = [feature.numbers().values() for feature in self.features.values()]
        own = [(min(each), max(each)) if each else (-inf, inf) for each in numbers]
        ranges = [feature.range or ends for feature, ends in zip(self.features.values(), own, strict=True)]
        return [low for low, _ in ranges], [high for _, high in ranges]

    def absent(self, name: str) -> Absent:
        """Return what means "no value" in the column of a feature."""
        own, (missing, doubtful) = self.features[name], self.read.absent()
        return (missing if own.categories is None else missing - doubtful) | folded(own.missing)

    def categories(self) -> dict[str, dict[str, float]]:
        """Return the number of each category, by the names of the features that have some."""
        return {name: numbers for name, feature in self.features.items() if (numbers := feature.numbers())}

    def levels(self) -> dict[str, tuple[str, ...]]:
        """Return the categories of each feature that has some without an order."""
        return {name: feature.levels for name, feature in self.features.items() if feature.levels}

    def widths(self) -> tuple[int, ...]:
        """Return how many columns each feature makes."""
        return tuple(feature.width for feature in self.features.values())

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that the features make: ``Age``, ``Sex=male``, ``Smoking=never``."""
        return tuple(column for name, feature in self.features.items() for column in feature.columns(name))


UNKNOWN = -inf
"""Stands among values for a category that the config does not name."""
NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
"""A regular expression for a number."""
_WHOLE = re.compile(r"([+-]?)(0|[1-9][0-9]{0,14})(?:\.0*)?")  # float64 tells no more than 15 digits apart


def folded(missing: Iterable[str | float]) -> Absent:
    """Return what means "no value" as it is compared: a text that is a number is that number."""
    return frozenset(
        (float(value) if re.fullmatch(NUMBER, value) else value.lower()) if isinstance(value, str) else value for value in missing
    )


def is_absent(text: str, absent: Absent) -> bool:
    """Return whether a text without blanks around it means "no value"."""
    return text.lower() in absent or (re.fullmatch(NUMBER, text) is not None and float(text) in absent)


def plain(text: str) -> str:
    """Return a class or a category as it is compared: 1, +1 and 1.0 are one, and so are true, True and TRUE; 01 is another."""
    if whole := _WHOLE.fullmatch(text):
        return "-" * (whole[1] == "-" and whole[2] != "0") + whole[2]
    return text.lower() if text.lower() in ("true", "false") else text


def alternatives(text: str) -> list[str]:
    """Return a category's spellings that programs know which do not compare ``plain`` texts: 1 and 1.0, true, True and TRUE."""
    short = plain(text)
    if short in ("true", "false"):
        return [*dict.fromkeys((text, short, short.title(), short.upper()))]
    return [*dict.fromkeys((text, short, repr(float(short))))] if re.fullmatch(NUMBER, short) else [text]


def ascending(values: Sequence[float]) -> bool:
    """Return whether each value is above the one before it."""
    return all(low < high for low, high in pairwise(values))
