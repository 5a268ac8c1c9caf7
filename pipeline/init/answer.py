"""The classes of a target: their spellings, codes and counts, and which rows have none."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config.criteria import THRESHOLDS
from pipeline.config.data_section import plain
from pipeline.errors import DataError, counted, listing
from pipeline.init.aim import impossible
from pipeline.init.kinds import Kind
from pipeline.init.oddities import stand_in_texts, stand_ins
from pipeline.init.overview import Overview
from pipeline.init.quantities import quantity_of, words_of
from pipeline.machine.arrays import Integers

_HEALTHY = frozenset(
    [
        "normal",
        "healthy",
        "control",
        "controls",
        "no",
        "n",
        "none",
        "0",
        "false",
        "negative",
        "neg",
        "absent",
        "nein",
        "non",
        "nao",
        "never",
        "without",
        "testednegative",
        "nondiabetic",
        "nondiabetes",
        "nodiabetes",
        "notdiabetic",
        "nodisease",
        "normoglycemic",
        "normoglycaemic",
        "ngt",
        "gesund",
        "kontrolle",
        "sano",
        "sain",
        "well",
        "benign",
        "-",
        "ctrl",
    ]
)
_ARTICLE = {"normal": 0, "healthy": 0, "control": 0, "type1": 1, "t1": 1, "t1d": 1, "typ1": 1, "type1diabetes": 1, "type2": -1,
            "t2": -1, "t2d": -1, "typ2": -1, "type2diabetes": -1}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Answer:
    """What becomes of the target.

    Attributes:
        counts: class -> rows, in the order of the codes.
        truth: (R,) place of each row's class in ``counts``; -1 where it has none.
        settings: keys of the section ``data`` that make the classes.
        healthy: the class of the healthy, if one is called so.
        article: whether the classes fit the codes of the article.
        stand_ins: numbers in the target that stand for "missing".
        told: sentences about what was done to its cells.
    """

    counts: dict[str, int]
    truth: Integers
    settings: dict[str, Any]
    healthy: str | None
    article: bool
    stand_ins: tuple[float, ...]
    told: tuple[str, ...]


def answer_of(seen: Overview, name: str, kind: Kind, given: Mapping[str, Any]) -> Answer:
    """Return the classes of the target.

    Args:
        seen: the file.
        name: the column of the target.
        kind: what kind of column it is.
        given: what ``--set`` says of the section ``data``: ``merge`` or ``cut`` make the classes then.

    Raises:
        DataError: it holds no classes, or fewer than two.
    """
    column = seen.columns[name]
    if isinstance(cut := given.get("cut"), dict) and {"at", "classes"} <= set(cut):
        values = column.values
        truth = np.where(np.isfinite(values), np.searchsorted(cut["at"], np.nan_to_num(values), side="right"), -1)
        return _answer(name, [str(text) for text in cut["classes"]], truth, {"cut": cut}, (), [])
    if reason := impossible(column, kind):
        how = _cut(name, seen.columns[name].values) if kind.name == "number" else "; name another one with --target"
        raise DataError(f'{seen.path}: column "{name}" cannot be the target as it is: it {reason}{how}')
    levels, places = column.levels
    codes = (
        stand_in_texts(levels) or stand_ins(np.array([float(text) for text in levels]))
        if _numeric(levels)
        else stand_in_texts(levels)
    )
    kept = [text for text in levels if not (codes and _numeric([text]) and float(text) in codes)]
    merge, spellings = given.get("merge"), _spellings(kept, np.bincount(places[places >= 0], minlength=len(levels)), levels)
    if isinstance(merge, dict):
        spellings = {str(key): [plain(str(value)) for value in values] for key, values in merge.items()}
    classes = _ordered(list(spellings)) if not isinstance(merge, dict) else list(spellings)
    place = {text: classes.index(name) for name, texts in spellings.items() for text in texts}
    truth = np.array([*(place.get(text, -1) for text in levels), -1], dtype=np.int64)[places]
    told, settings = _told(seen, name, codes, levels, places), {}
    if isinstance(merge, dict):
        settings["merge"] = merge
    elif len(spellings) < len(kept):
        settings["merge"] = {name: spellings[name] for name in classes}
        several = [f"{listing(texts)} as {key}" for key, texts in spellings.items() if len(texts) > 1]
        told.append(f"{name}: {'; '.join(several)}: they differ in case or blanks only, so they are joined")
    return _answer(name, classes, truth, settings, codes, told)


def _answer(
    name: str, classes: Sequence[str], truth: Integers, settings: dict[str, Any], codes: tuple[float, ...], told: list[str]
) -> Answer:
    counts = dict(zip(classes, np.bincount(truth[truth >= 0], minlength=len(classes)).tolist(), strict=True))
    if sum(count > 0 for count in counts.values()) < 2:
        raise DataError(f'column "{name}" holds fewer than two classes ({listing(counts)}); two or more are needed')
    if empty := int((truth < 0).sum()):
        settings["unlabelled"] = "drop"
        told.append(f"{name}: {counted(empty, 'row')} without a class {'is' if empty == 1 else 'are'} left out")
    article = [_ARTICLE.get("".join(words_of(text))) for text in classes]
    fits = len(classes) == 3 and set(article) == {0, 1, -1}
    settings["codes"] = {text: article[place] if fits else place for place, text in enumerate(classes)}
    well = next((text for text in classes if healthy(text)), None)
    return Answer(counts, truth, settings, well, fits, codes, tuple(told))


def healthy(text: str) -> bool:
    """Return whether a class or category is called as that of the healthy is: normal, control, no, 0 or the like."""
    return text == "-" or "".join(words_of(text)) in _HEALTHY


def _numeric(texts: Sequence[str]) -> bool:
    return all(re.fullmatch(r"-?[0-9]+\.?[0-9]*", text) for text in texts)


def _ordered(classes: list[str]) -> list[str]:
    """Return numbers in their order; else the class of the healthy first, and the others by name."""
    return sorted(classes, key=float) if _numeric(classes) else sorted(classes, key=lambda text: (not healthy(text), text))


def _spellings(kept: Sequence[str], counts: Integers, levels: Sequence[str]) -> dict[str, list[str]]:
    """Return class -> its spellings, which differ in case and blanks; the commonest is its name."""
    rows, groups = dict(zip(levels, counts.tolist(), strict=True)), dict[str, list[str]]()
    for text in sorted(kept, key=lambda text: -rows[text]):
        groups.setdefault(re.sub(r"[\s_]+", "", text).casefold() or text, []).append(text)
    return {texts[0]: texts for texts in groups.values()}


def _told(seen: Overview, name: str, codes: Sequence[float], levels: Sequence[str], places: Integers) -> list[str]:
    told, column = [], seen.columns[name]
    for code in codes:
        rows = int((places == next(at for at, text in enumerate(levels) if _numeric([text]) and float(text) == code)).sum())
        told.append(f"{name}: {code:g} ({counted(rows, 'row')}) is taken for a missing class")
    return told + [f"{name}: {text}" for text in missing_texts(column)]


def missing_texts(column: Any) -> list[str]:
    """Return what is to be said of each text in a column of categories or classes that counts as missing."""
    absent: dict[str, int] = {}
    for place, text in enumerate(column.texts):
        if not text and (shown := column.shown(place)) and column.different[place].is_valid:
            absent[shown] = absent.get(shown, 0) + int(column.counts[place])
    return [f'"{text}" ({counted(rows, "row")}) counts as missing' for text, rows in absent.items()]


def _cut(name: str, values: Any) -> str:
    """Return the setting that makes classes of a number: at the criterion of what it measures, or at the median."""
    present = values[np.isfinite(values)]
    quantity = quantity_of(name, present)
    at = THRESHOLDS.get((quantity.criterion, quantity.unit)) if quantity and quantity.criterion and quantity.unit else None
    at = at if at is not None else float(f"{np.median(present):.3g}")
    return f"; for example --set 'data.cut={{at: [{at:g}], classes: [below, above]}}'"
