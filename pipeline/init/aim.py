"""Which column is the target: by its name and its values, or the last one."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pipeline.config.yaml_text import canonical
from pipeline.errors import DataError, PipelineError, did_you_mean, listing
from pipeline.init.kinds import MANY, Kind, named_so
from pipeline.init.overview import Column, Overview
from pipeline.init.telltale import determines
from pipeline.init.vocabulary import joined_words, known, words_of

_FEW = 10  # different values of a number that may be classes as it is


def impossible(column: Column, kind: Kind) -> str | None:
    """Return why a column cannot be the target; None where it can."""
    if kind.name in ("yes/no", "categories"):
        return None
    if kind.name == "number":
        levels = np.unique(column.parsed[np.isfinite(column.parsed)])
        few = len(levels) <= _FEW and 2 * len(levels) <= column.present and bool((levels % 1 == 0).all())
        return None if few else f"holds numbers, {len(levels)} different ones; data.cut makes classes of them"
    if kind.name == "constant":
        return f"holds one value only ({kind.why})"
    return f"holds {kind.why}" if kind.name in ("date", "text") else kind.why if kind.name == "empty" else f"is {kind.why}"


def chosen(seen: Overview, given: str) -> str:
    """Return the column that ``--target`` names, by its name or by its number.

    Raises:
        PipelineError: there is none.
    """
    name, every = canonical(given), [*seen.source.spelt]
    folded = {name.casefold(): name for name in seen.columns}
    if name in seen.columns or name.casefold() in folded:
        return name if name in seen.columns else folded[name.casefold()]
    if name.isdecimal() and 1 <= int(name) <= len(every):
        name = every[int(name) - 1]
        if name in seen.columns:
            return name
    if reason := seen.nameless.get(name):
        raise PipelineError(f"--target {given}: {reason}")
    hint = did_you_mean(name, seen.columns) or f"; the file has {listing(seen.columns)}, or give a number from 1 to {len(every)}"
    raise PipelineError(f'--target {given}: {seen.path} has no column "{name}"{hint}')


def candidates(seen: Overview, kinds: Mapping[str, Kind]) -> tuple[list[str], str]:
    """Return the columns that are equally good as the target, and why they are.

    Raises:
        DataError: none can be, with a line for each reason.
    """
    able = [name for name, column in seen.columns.items() if impossible(column, kinds[name]) is None]
    if not able:
        raise DataError(*_reasons(seen, kinds))
    exact = [name for name in able if joined_words(name) in known("targets")]
    named = exact or [name for name in able if known("target words").intersection(words_of(name)) and not _beside(name)]
    if named:
        return _finest(seen, named), "by its name"
    able = [name for name in able if not _beside(name) and not named_so(name)] or able
    last = next(reversed(seen.columns))
    if last in able:
        return [last], "because it is the last column, and none is named as one"
    return able, "because no other column seems to be one" if len(able) == 1 else "as chosen"


def _beside(name: str) -> bool:
    return bool(known("not with").intersection(words_of(name)))


def _finest(seen: Overview, names: Sequence[str]) -> list[str]:
    """Return the one column that all others follow from, if there is one, or all of them."""
    places = {name: seen.columns[name].levels[1] for name in names}
    above = [name for name in names if all(determines(places[name], places[other]) for other in names)]
    last = next(reversed(seen.columns))
    return [last if last in above else above[0]] if above else list(names)


def _reasons(seen: Overview, kinds: Mapping[str, Kind]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for name, column in seen.columns.items():
        groups.setdefault(impossible(column, kinds[name]) or "", []).append(name)
    yield f"{seen.path}: no column can be the target, which needs 2 to {MANY} classes; these are the reasons"
    for reason, names in groups.items():
        yield f"{seen.path}: {listing(names[:5])}{' and others' * (len(names) > 5)}: {reason}"
