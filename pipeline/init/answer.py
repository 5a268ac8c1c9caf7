"""The target: which column it is, and its classes: their spellings, codes and counts, and which rows have none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import numpy as np

from pipeline.config.data_section import CutSection, DataSection, plain
from pipeline.config.yaml_text import canonical
from pipeline.errors import DataError, PipelineError, counted, did_you_mean, listing
from pipeline.init.kinds import MANY, Kind, named_so
from pipeline.init.oddities import Oddities, is_value, odd_levels, oddities, shown_cell, told_absent, unreadable
from pipeline.init.overview import Column, Overview
from pipeline.init.telltale import determines
from pipeline.init.vocabulary import data_of, healthy, in_order, joined_words, known, spelling_groups, words_of
from pipeline.machine.arrays import Integers
from pipeline.read.columns import alike, clip

NAMED = "by its name"
"""How a target was found that is called as one."""
_FEW = 10  # different values of a number that may be classes as it is
_CUT = "; for example --set 'data.cut={{at: [{:.3g}], classes: [below, above]}}'"


@dataclass(frozen=True, eq=False)
class Answer:
    """What becomes of the target: class -> rows, in the order of the codes; (R,) place of each row's class there, -1 for none.

    Besides: the ``data`` settings that make the classes, the class of the healthy, if one is called so, whether the classes fit
    the codes of the article, numbers and texts in the target that stand for "missing", and what was done to its cells.
    """

    counts: dict[str, int]
    truth: Integers
    settings: dict[str, Any]
    healthy: str | None
    article: bool
    missing: list[str | float]
    told: list[str]


def impossible(column: Column, kind: Kind, most: int = _FEW) -> str | None:
    """Return why a column cannot be the target, with so many different numbers at ``most``; None where it can."""
    if kind.name in ("yes/no", "categories"):
        return None
    if kind.name == "number":
        levels = np.unique(column.parsed[np.isfinite(column.parsed)])
        if 2 * len(levels) <= column.present and not (levels % 1).any() and len(levels) <= MANY:
            named = "--target takes each for a class"
            return None if len(levels) <= most else f"holds numbers, {len(levels)} different ones; {named}, data.cut makes fewer"
        return f"holds numbers, {len(levels)} different ones; data.cut makes classes of them"
    if kind.name == "constant":
        return f"holds one value only ({kind.why})"
    return {"date": "holds ", "text": "holds ", "empty": ""}.get(kind.name, "is ") + kind.why


def chosen(seen: Overview, given: str) -> str:
    """Return the column that ``--target`` names, by its name or by its number.

    Raises:
        PipelineError: there is none.
    """
    name, every = canonical(given), [*seen.source.spelt]
    if name not in seen.columns:
        name = {other.casefold(): other for other in seen.columns}.get(name.casefold(), name)
    if name not in seen.columns and name.isdecimal() and 1 <= int(name) <= len(every):
        name = every[int(name) - 1]
    if name in seen.columns:
        return name
    if reason := seen.nameless.get(name):
        raise PipelineError(f"--target {given}: {reason}")
    hint = did_you_mean(name, seen.columns) or f"; the file has {listing(seen.columns)}, or give a number from 1 to {len(every)}"
    raise PipelineError(f'--target {given}: {seen.path} has no column "{name}"{hint}')


def passed_over(seen: Overview, kinds: Mapping[str, Kind], target: str) -> list[str]:
    """Return what to say of columns that should have been the target rather than another one, and cannot be."""
    if impossible(seen.columns[target], kinds[target]) or joined_words(target) in known("targets"):
        return []
    named = {name: column for name, column in seen.columns.items() if joined_words(name) in known("targets") and len(name) > 3}
    why = {name: reason for name, column in named.items() if (reason := impossible(column, kinds[name]))}
    told = [f"{clip(name)} has a name typical of a target, but {why[name]}; so {clip(target)} was taken" for name in why]
    reason = seen.nameless.get([*seen.source.spelt][-1])
    return told + ([f"is the last column the target? {reason}; {clip(target)} was taken"] if reason else [])


def doubted(seen: Overview, kinds: Mapping[str, Kind], target: str) -> list[str]:
    """Return the question whether the target is the one, where its name leaves that open and other columns may be it."""
    every, places = [*seen.columns], {name: column.levels[1] for name, column in seen.columns.items()}
    able = [name for name in every if impossible(seen.columns[name], kinds[name]) is None]
    open_still = target != every[0] and joined_words(target) not in known("plain targets")
    guessed = every[-1] in able and (open_still or joined_words(target) in known("arms"))
    others = _named(able) + [every[-1]] * guessed
    others = [name for name in dict.fromkeys(others) if name != target and not determines(places[target], places[name])]
    if not others:
        return []
    return [f"is {clip(target)} the target? {listing(others[:3])} may be; --target names it"]


def candidates(seen: Overview, kinds: Mapping[str, Kind]) -> tuple[list[str], str]:
    """Return the columns that are equally good as the target, and why they are.

    Raises:
        DataError: none can be, with a line for each reason.
    """
    why = {name: impossible(column, kinds[name]) for name, column in seen.columns.items()}
    if not (able := [name for name in why if why[name] is None]):
        shared = {reason: [name for name in why if why[name] == reason] for reason in why.values()}
        lines = [f"{listing(names[:5])}{' and others' * (len(names) > 5)}: {reason}" for reason, names in shared.items()]
        lines.insert(0, f"no column can be the target, which needs 2 to {MANY} classes; these are the reasons")
        raise DataError(*(f"{seen.path}: {line}" for line in lines))
    if named := _named(able):
        return _finest(seen, named), NAMED
    able = [name for name in able if not _beside(name) and not named_so(name)] or able
    if (last := next(reversed(seen.columns))) in able:
        return [last], "because it is the last column, and none is named as one"
    return able, "because no other column seems to be one" if len(able) == 1 else "as chosen"


def _beside(name: str) -> bool:
    return bool(known("not with").intersection(words_of(name)))


def _named(names: Iterable[str]) -> list[str]:
    """Return the columns that are called as a target is."""
    return [name for name in names if _called_so(joined_words(name), {*words_of(name)}, _beside(name))]


def _called_so(joined: str, words: set[str], beside: bool) -> bool:
    only = words & known("targets") and words <= known("targets") | known("beside targets") and not words & known("numbers")
    return joined in known("targets") or bool(only or (words & known("target words") and not beside))


def _finest(seen: Overview, names: list[str]) -> list[str]:
    """Return the one of several columns that is most likely the target, or all: see ``plain targets`` in vocabulary.yaml.

    It is the one that all others follow from; else the only one that is called plainly so; else the last or first of the file;
    else the only one with the whole name of a target.
    """
    most = max(seen.columns[name].present for name in names)
    names = [name for name in names if 2 * seen.columns[name].present > most]  # others are asked of some rows only
    places, every = {name: seen.columns[name].levels[1] for name in names}, [*seen.columns]
    above = [name for name in names if all(determines(places[name], places[other]) for other in names)]
    ends = [name for name in (every[-1], every[0]) if name in names]
    if above:
        return [every[-1]] if every[-1] in above else above[:1]
    plainly, wholly = ([name for name in names if joined_words(name) in known(how)] for how in ("plain targets", "targets"))
    return next((some for some in (plainly, ends[:1], wholly) if len(some) == 1), names)


def answer_of(seen: Overview, column: Column, kind: Kind, given: DataSection) -> Answer:
    """Return the classes of the target; the ``merge`` or ``cut`` that is ``given`` makes them, if there is one.

    Raises:
        DataError: it holds no classes, or fewer than two.
    """
    name, place = column.name, f'{seen.path}: column "{column.name}"'
    if given.cut:
        return _cut(seen, column, given.cut)
    if reason := impossible(column, kind, MANY):
        middle = np.nanmedian(column.values[~np.isinf(column.values)]) if kind.name == "number" else 0
        hint = _CUT.format(middle) if kind.name == "number" else "; name another one with --target"
        raise DataError(f"{place} cannot be the target as it is: it {reason}{hint}")
    (levels, places), rows = column.levels, column.level_rows
    classes = {key: [*map(plain, values)] for key, values in (given.merge or {}).items()}
    merged = {text for texts in classes.values() for text in texts}
    odd, told = _apart(seen, column, odd_levels({text: rows[text] for text in rows if text not in merged}))
    told += [*odd.told(name, "read.missing", "class"), *told_absent(column)]
    settings: dict[str, Any] = {"merge": {key: [*texts] for key, texts in given.merge.items()}} if given.merge else {}
    if not given.merge:
        texts = sorted(rows.keys() - odd.absent, key=lambda text: (-rows[text], levels.index(text)))
        groups = {texts[0]: texts for texts in spelling_groups(texts)}
        classes = {text: groups[text] for text in in_order(groups, first=True)}
        if joined := [f"{listing(texts)} as {key}" for key, texts in classes.items() if len(texts) > 1]:
            settings["merge"] = classes
            told.append(f"{name}: {'; '.join(joined)}: they differ in case or blanks only, so they are joined")
        told += _shortened(name, classes)
    of_text = {text: at for at, texts in enumerate(classes.values()) for text in texts} | dict.fromkeys(odd.absent, -1)
    if unknown := [text for text in levels if text not in of_text]:
        raise DataError(f"{place} holds {listing(unknown[:5])}, which is in no class of data.merge; add it to one")
    truth = np.array([*map(of_text.__getitem__, levels), -1], dtype=np.int64)[places]
    return _answer(place, classes, truth, settings, odd, told)


def _shortened(name: str, classes: Mapping[str, list[str]]) -> list[str]:
    """Return the question whether classes are the same, where each of them is the beginning of another, or that other."""
    pairs = {long: short for short, long in permutations(classes, 2) if len(short) > 2 and alike(long).startswith(alike(short))}
    if {*pairs, *pairs.values()} != {*classes} or 2 * len(pairs) != len(classes):
        return []
    asked = " and ".join(f'"{short}" mean "{long}"' for long, short in pairs.items())
    return [f"{name}: does {asked}? If so, write one for both in the file; now each counts as a class of its own"]


def _apart(seen: Overview, column: Column, odd: Oddities) -> tuple[Oddities, list[str]]:
    """Keep a number that seems to stand for a missing class where it is a value of another column."""
    told, missing, kept = list[str](), dict(odd.missing), dict(odd.kept)
    others = [other for other in seen.columns.values() if other is not column]
    for code, count in (odd.missing | odd.kept).items():
        if shared := next((other.name for other in others if not isinstance(code, str) and is_value(other, code)), None):
            missing.pop(code, None)
            kept.pop(code, None)
            question = f"{column.name}: does {shown_cell(code)} ({counted(count, 'row')}) stand for a missing class?"
            told.append(
                f'{question} It stays a class, for it is a value of "{shared}" too; if it does, empty these cells in the file'
            )
    return replace(odd, missing=missing, kept=kept), told


def _cut(seen: Overview, column: Column, cut: CutSection) -> Answer:
    """Return the classes that ``data.cut`` makes.

    Raises:
        DataError: a cell is no number.
    """
    odd = oddities(column)
    if problem := unreadable(seen, column, Kind("number", "")):
        raise DataError(f"{seen.path}, {problem.partition(', or take it')[0]}")
    if odd.beyond:
        cell = column.shown(int(np.argmax(column.beyond)))
        what = f"holds {cell}, which data.cut cannot cut; write a number, or leave it empty"
        raise DataError(f'{seen.path}: column "{column.name}" {what}')
    values = odd.without(column.values)
    truth = np.where(np.isfinite(values), np.searchsorted(cut.at, values, side="right"), -1)
    told = [*odd.told(column.name, "read.missing")]
    return _answer(seen.path, cut.classes, truth, {"cut": cut.model_dump(mode="json")}, odd, told)


def _answer(
    place: str, classes: Iterable[str], truth: Integers, settings: dict[str, Any], odd: Oddities, told: list[str]
) -> Answer:
    classes = [*classes]
    counts = dict(zip(classes, np.bincount(truth[truth >= 0], minlength=len(classes)).tolist(), strict=True))
    if sum(count > 0 for count in counts.values()) < 2:
        raise DataError(f"{place} holds rows of fewer than two classes ({listing(counts)}); two or more are needed")
    if empty := int((truth < 0).sum()):
        settings["unlabelled"] = "drop"
        told.append(f"{counted(empty, 'row')} without a class {'is' if empty == 1 else 'are'} left out")
    article = {text: data_of("vocabulary.yaml")["article"].get(joined_words(text)) for text in classes}
    fits = len(classes) == 3 and {*article.values()} == {0, 1, -1}
    settings["codes"] = article if fits else {text: at for at, text in enumerate(classes)}
    return Answer(counts, truth, settings, next(filter(healthy, classes), None), fits, [*odd.missing], told)
