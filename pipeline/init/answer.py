"""The classes of a target: their spellings, codes and counts, and which rows have none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config.criteria import THRESHOLDS
from pipeline.config.data_section import DataSection, plain
from pipeline.errors import DataError, counted, listing
from pipeline.init.aim import impossible
from pipeline.init.kinds import Kind
from pipeline.init.oddities import stand_ins_of
from pipeline.init.overview import Column, Overview
from pipeline.init.quantities import quantity_of
from pipeline.init.texts import figure, healthy, in_order, spelling_groups, told_absent
from pipeline.init.vocabulary import data_of, joined_words
from pipeline.machine.arrays import Floats, Integers


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


def answer_of(seen: Overview, column: Column, kind: Kind, given: DataSection) -> Answer:
    """Return the classes of the target.

    Args:
        seen: the file.
        column: the target.
        kind: what kind of column it is.
        given: its ``merge`` or ``cut`` make the classes, if there is one.

    Raises:
        DataError: it holds no classes, or fewer than two.
    """
    name, cut = column.name, given.cut
    place = f'{seen.path}: column "{name}"'
    if cut:
        truth = np.where(np.isfinite(column.values), np.searchsorted(cut.at, column.values, side="right"), -1)
        return _answer(place, {text: [] for text in cut.classes}, truth, {"cut": cut.model_dump(mode="json")}, (), [])
    if reason := impossible(column, kind):
        hint = _cut(name, column.values) if kind.name == "number" else "; name another one with --target"
        raise DataError(f"{place} cannot be the target as it is: it {reason}{hint}")
    levels, places = column.levels
    codes = stand_ins_of(levels)
    rows = dict(zip(levels, np.bincount(places[places >= 0], minlength=len(levels)).tolist(), strict=True))
    told = [f"{name}: {figure(float(text))} ({counted(rows[text], 'row')}) is taken for a missing class" for text in codes]
    told += [f"{name}: {text}" for text in told_absent(column)]
    settings: dict[str, Any] = {}
    if given.merge:
        classes = {key: list(map(plain, values)) for key, values in given.merge.items()}
        settings["merge"] = {key: list(values) for key, values in given.merge.items()}
    else:
        groups = {
            texts[0]: texts
            for texts in spelling_groups(sorted((text for text in levels if text not in codes), key=lambda text: -rows[text]))
        }
        classes = {text: groups[text] for text in in_order(groups, first=True)}
        if joined := [f"{listing(texts)} as {key}" for key, texts in classes.items() if len(texts) > 1]:
            settings["merge"] = classes
            told.append(f"{name}: {'; '.join(joined)}: they differ in case or blanks only, so they are joined")
    known = {*codes, *(text for texts in classes.values() for text in texts)}
    if unknown := [text for text in levels if text not in known]:
        raise DataError(f"{place} holds {listing(unknown[:5])}, which is in no class of data.merge; add it to one")
    of_text = {text: at for at, texts in enumerate(classes.values()) for text in texts}
    truth = np.array([*(of_text.get(text, -1) for text in levels), -1], dtype=np.int64)[places]
    return _answer(place, classes, truth, settings, tuple(map(float, codes)), told)


def _answer(
    place: str,
    classes: Mapping[str, list[str]],
    truth: Integers,
    settings: dict[str, Any],
    codes: tuple[float, ...],
    told: list[str],
) -> Answer:
    counts = dict(zip(classes, np.bincount(truth[truth >= 0], minlength=len(classes)).tolist(), strict=True))
    if sum(count > 0 for count in counts.values()) < 2:
        raise DataError(f"{place} holds rows of fewer than two classes ({listing(counts)}); two or more are needed")
    if empty := int((truth < 0).sum()):
        settings["unlabelled"] = "drop"
        told.append(f"{counted(empty, 'row')} without a class {'is' if empty == 1 else 'are'} left out")
    article = [data_of("vocabulary.yaml")["article"].get(joined_words(text)) for text in classes]
    fits = len(classes) == 3 and set(article) == {0, 1, -1}
    settings["codes"] = {text: article[at] if fits else at for at, text in enumerate(classes)}
    return Answer(counts, truth, settings, next(filter(healthy, classes), None), fits, codes, tuple(told))


def _cut(name: str, values: Floats) -> str:
    """Return the setting that makes classes of a number: at the criterion of what it measures, or at the median."""
    present = values[np.isfinite(values)]
    quantity = quantity_of(name, present)
    at = THRESHOLDS.get((quantity.criterion or "", quantity.unit or "")) if quantity else None
    at = at if at is not None else float(f"{np.median(present):.3g}")
    return f"; for example --set 'data.cut={{at: [{at:g}], classes: [below, above]}}'"
