"""The classes of a target: their spellings, codes and counts, and which rows have none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config.data_section import CutSection, DataSection, plain
from pipeline.errors import DataError, counted, listing
from pipeline.init.aim import impossible
from pipeline.init.kinds import Kind
from pipeline.init.oddities import Oddities, is_value, odd_levels, oddities, shown_cell, told_absent, unreadable
from pipeline.init.overview import Column, Overview
from pipeline.init.vocabulary import data_of, healthy, in_order, joined_words, spelling_groups
from pipeline.machine.arrays import Integers

_CUT = "; for example --set 'data.cut={{at: [{:.3g}], classes: [below, above]}}'"


@dataclass(frozen=True, eq=False)
class Answer:
    """What becomes of the target.

    Attributes:
        counts: class -> rows, in the order of the codes.
        truth: (R,) place of each row's class in ``counts``; -1 where it has none.
        settings: keys of the section ``data`` that make the classes.
        healthy: the class of the healthy, if one is called so; article: whether the classes fit the codes of the article.
        missing: numbers and texts in the target that stand for "missing"; told: what was done to its cells.
    """

    counts: dict[str, int]
    truth: Integers
    settings: dict[str, Any]
    healthy: str | None
    article: bool
    missing: tuple[str | float, ...]
    told: tuple[str, ...]


def answer_of(seen: Overview, column: Column, kind: Kind, given: DataSection) -> Answer:
    """Return the classes of the target; the ``merge`` or ``cut`` that is ``given`` makes them, if there is one.

    Raises:
        DataError: it holds no classes, or fewer than two.
    """
    name, place = column.name, f'{seen.path}: column "{column.name}"'
    if given.cut:
        return _cut(seen, column, given.cut)
    if reason := impossible(column, kind):
        middle = np.nanmedian(column.values[~np.isinf(column.values)]) if kind.name == "number" else 0
        hint = _CUT.format(middle) if kind.name == "number" else "; name another one with --target"
        raise DataError(f"{place} cannot be the target as it is: it {reason}{hint}")
    levels, places = column.levels
    rows = column.level_rows
    merged = {key: list(map(plain, values)) for key, values in (given.merge or {}).items()}
    odd = odd_levels({text: count for text, count in rows.items() if not any(text in texts for texts in merged.values())})
    odd, told = _apart(seen, column, odd)
    told += [*odd.told(name, "read.missing", "class"), *told_absent(column)]
    absent = {text if isinstance(text, str) else plain(repr(text)) for text in odd.missing}
    settings: dict[str, Any] = {}
    if given.merge:
        classes = merged
        settings["merge"] = {key: list(values) for key, values in given.merge.items()}
    else:
        groups = {
            texts[0]: texts
            for texts in spelling_groups(sorted(rows.keys() - absent, key=lambda text: (-rows[text], levels.index(text))))
        }
        classes = {text: groups[text] for text in in_order(groups, first=True)}
        if joined := [f"{listing(texts)} as {key}" for key, texts in classes.items() if len(texts) > 1]:
            settings["merge"] = classes
            told.append(f"{name}: {'; '.join(joined)}: they differ in case or blanks only, so they are joined")
    of_text = {text: at for at, texts in enumerate(classes.values()) for text in texts} | dict.fromkeys(absent, -1)
    if unknown := [text for text in levels if text not in of_text]:
        raise DataError(f"{place} holds {listing(unknown[:5])}, which is in no class of data.merge; add it to one")
    truth = np.array([*map(of_text.__getitem__, levels), -1], dtype=np.int64)[places]
    return _answer(place, [*classes], truth, settings, odd, told)


def _apart(seen: Overview, column: Column, odd: Oddities) -> tuple[Oddities, list[str]]:
    """Keep a number that seems to stand for a missing class where it is a value of another column."""
    told, missing = list[str](), dict(odd.missing)
    for code, count in odd.missing.items():
        others = (other for other in seen.columns.values() if other is not column and not isinstance(code, str))
        if shared := next((other.name for other in others if is_value(other, code)), None):
            del missing[code]
            question = f"does {shown_cell(code)} ({counted(count, 'row')}) stand for a missing class?"
            told.append(
                f'{column.name}: {question} It stays a class, for it is a value of "{shared}"; leave its cells empty if so'
            )
    return Oddities(missing, odd.kept), told


def _cut(seen: Overview, column: Column, cut: CutSection) -> Answer:
    """Return the classes that ``data.cut`` makes.

    Raises:
        DataError: a cell is no number.
    """
    odd = oddities(column)
    if problem := unreadable(seen, column, Kind("number", "")):
        raise DataError(problem.partition(", or take it")[0])
    if odd.beyond:
        cell = column.shown(int(np.flatnonzero(column.beyond)[0]))
        raise DataError(
            f'{seen.path}: column "{column.name}" holds {cell}, which data.cut cannot cut; write a number, or leave it empty'
        )
    values = np.where(np.isin(column.values, [code for code in odd.missing if not isinstance(code, str)]), np.nan, column.values)
    truth = np.where(np.isfinite(values), np.searchsorted(cut.at, values, side="right"), -1)
    told = [*odd.told(column.name, "read.missing")]
    return _answer(seen.path, cut.classes, truth, {"cut": cut.model_dump(mode="json")}, odd, told)


def _answer(place: str, classes: Any, truth: Integers, settings: dict[str, Any], odd: Oddities, told: list[str]) -> Answer:
    counts: Mapping[str, int] = dict(zip(classes, np.bincount(truth[truth >= 0], minlength=len(classes)).tolist(), strict=True))
    if sum(count > 0 for count in counts.values()) < 2:
        raise DataError(f"{place} holds rows of fewer than two classes ({listing(counts)}); two or more are needed")
    if empty := int((truth < 0).sum()):
        settings["unlabelled"] = "drop"
        told.append(f"{counted(empty, 'row')} without a class {'is' if empty == 1 else 'are'} left out")
    article = [data_of("vocabulary.yaml")["article"].get(joined_words(text)) for text in classes]
    fits = len(classes) == 3 and set(article) == {0, 1, -1}
    settings["codes"] = {text: article[at] if fits else at for at, text in enumerate(classes)}
    return Answer(dict(counts), truth, settings, next(filter(healthy, classes), None), fits, tuple(odd.missing), tuple(told))
