"""Words: those of a name, and those that files use, which are kept as data."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

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
