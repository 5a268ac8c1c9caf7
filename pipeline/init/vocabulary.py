"""Words: those of a name, those that files use, which are kept as data; and how texts and numbers are written."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pipeline.config.data_section import NUMBER
from pipeline.config.yaml_text import read_yaml


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
        groups.setdefault(re.sub(r"[\s_]+", "", text).casefold() or text, []).append(text)
    return list(groups.values())


def figure(value: float) -> str:
    """Return a number as a person writes it, without an exponent where it is whole."""
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.6g}"


def written(value: float) -> float | int:
    """Return a number as YAML is to show it: a whole one without a point or an exponent."""
    return int(value) if value == int(value) and abs(value) < 1e15 else value
