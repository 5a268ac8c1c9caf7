"""What the cells of the target say: the class of each."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pipeline.config.data_section import CutSection, DataSection, plain
from pipeline.errors import did_you_mean, listing
from pipeline.machine.arrays import Floats, Integers
from pipeline.read.columns import alike, clip

UNLABELLED, UNKNOWN_CLASS = -1, -2
"""Stand among the indices of classes for an empty cell, and for what is no class."""


def target_texts(section: DataSection) -> dict[str, str]:
    """Return the class of each text that the target may hold, as ``plain`` writes it."""
    values = section.merge or {name: (name,) for name in section.codes}
    return {plain(text): name for name, texts in values.items() for text in texts}


def respelt(texts: Iterable[str | None], section: DataSection) -> dict[str, str]:
    """Return the class of each text that is none, but differs from the spellings of a single one only in case and blanks."""
    known, classes = target_texts(section), dict[str, set[str]]()
    for spelling, name in known.items():
        classes.setdefault(alike(spelling), set()).add(name)
    others = (plain(text) for text in texts if text and plain(text) not in known)
    return {text: next(iter(own)) for text in others if len(own := classes.get(alike(text), set())) == 1}


def told_respelt(others: Mapping[str, str], section: DataSection) -> list[str]:
    """Return what is to be said of such texts."""
    return [f'column "{section.target}": "{clip(text)}" is taken for "{name}"' for text, name in others.items()]


def classes_of_texts(texts: Iterable[str | None], section: DataSection, others: Mapping[str, str] | None = None) -> Integers:
    """Return the index in ``data.codes`` of the class of each text; an empty one is unlabelled, ``others`` as in ``respelt``."""
    known, codes = target_texts(section) | dict(others or {}), list(section.codes)
    places = [codes.index(known[plain(text)]) if text and plain(text) in known else UNKNOWN_CLASS for text in texts]
    return np.where([text == "" for text in texts], UNLABELLED, places).astype(np.int64)


def classes_of_numbers(values: Floats, cut: CutSection, section: DataSection) -> Integers:
    """Return the index in ``data.codes`` of the class that a cut makes of each of (R,) numbers; NaN is unlabelled."""
    codes = list(section.codes)
    names = np.array([codes.index(name) for name in cut.classes])
    places = names[np.searchsorted(cut.at, np.nan_to_num(values), side="right")]
    return np.where(np.isnan(values), UNLABELLED, np.where(np.isinf(values), UNKNOWN_CLASS, places)).astype(np.int64)


def class_hint(text: str, texts: Sequence[str], section: DataSection) -> str:
    """Return what to do about a class that the config does not know; ``texts`` are all that the target holds."""
    known = target_texts(section)
    same = [name for spelling, name in known.items() if _alike(spelling) == _alike(plain(text))]
    if same and len(known) == len({_alike(spelling) for spelling in known}):
        merged = {name: [spelling for spelling, own in known.items() if own == name] for name in section.codes}
        for other in texts:
            own = [name for spelling, name in known.items() if _alike(spelling) == _alike(plain(other))]
            if own and plain(other) not in known:
                merged[own[0]].append(other)
        rows = ", ".join(f"{name}: [{', '.join(values)}]" for name, values in merged.items())
        return f'; did you mean "{same[0]}"? data.merge: {{{rows}}} makes them one class'
    return did_you_mean(text, known) or f"; data.codes has {listing(section.codes)}"


def _alike(text: str) -> str:
    """Return what is left of a name without case, blanks and punctuation."""
    return "".join(char for char in text.casefold() if char.isalnum())
