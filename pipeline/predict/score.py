"""Score raw rows with a saved run, and say what is doubtful about each. NumPy only."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import ArrayLike

from pipeline.data.preprocess import Preprocessor, beyond, mask_absent
from pipeline.machine.arrays import Flags, Floats, Floats32, Integers
from pipeline.runs.saved import Scoring

_MANY = 2**20
_ROWS = 2**15  # and fewer than twice as many go through the network at a time: the caches hold them


@dataclass(frozen=True)
class RowScores:
    """What a run says of R rows of F features; classes are those of ``data.codes``, in their order.

    Attributes:
        output: (R, outputs) of the network; NaN where something is missing and nothing fills it.
        answers: (R,) index of the class, -1 where the output is NaN.
        probabilities: (R, classes); NaN where the output is.
        possible: (R, classes) which cannot be excluded; all where the output is NaN.
        missing: (R, F) which values are missing.
        implausible: (R, F) which are outside their plausible range, or of an unknown category.
        unseen: (R, F) which are outside the range of the training rows, or of a category that none of them has; not counted
            where implausible values become missing.
    """

    output: Floats32
    answers: Integers
    probabilities: Floats
    possible: Flags
    missing: Flags
    implausible: Flags
    unseen: Flags


def score_rows(run: Scoring, values: ArrayLike) -> RowScores:
    """Return what the run says of (R, F) raw values in the order of ``data.features``; NaN is a missing value."""
    steps, classes = run.model.preprocessor, tuple(run.config.data.codes)
    values = mask_absent(values, steps.absent)
    blocks = np.array_split(values, max(1, len(values) // _ROWS))
    output, masked = np.concatenate([*map(run.model.output, blocks)]), run.config.preprocess.implausible == "missing"
    implausible = beyond(values, *((steps.lowest, steps.highest) if masked else run.config.data.bounds()))
    unseen = beyond(values, *steps.seen) | _unmet(steps, values)
    unseen &= ~(implausible & (masked | np.isneginf(values)))
    answers, probabilities = run.model.answers(output, classes), run.model.probabilities(output, classes)
    possible = run.model.possible(probabilities, classes)
    return RowScores(output, answers, probabilities, possible, np.isnan(values), implausible, unseen)


def _unmet(steps: Preprocessor, values: Floats) -> Flags:
    """Return which of (R, F) values are categories that no training row has."""
    unmet = np.zeros(values.shape, dtype=bool)
    if steps.met is None or steps.met.all():
        return unmet
    ends = np.cumsum(steps.widths)
    for place, (end, width) in enumerate(zip(ends.tolist(), steps.widths, strict=True)):
        if width > 1:
            unmet[:, place] = np.isin(values[:, place], np.flatnonzero(~steps.met[end - width : end]))
    return unmet


def sets(run: Scoring, scores: RowScores) -> tuple[Integers, tuple[str, ...]]:
    """Return the number of each row's set of possible classes, and the sets that occur: their names, joined by " or "."""
    codes, examples = _alike([scores.possible])
    names = tuple(run.config.data.codes)
    return codes, tuple(" or ".join(possible_names(names, scores.possible[row])) for row in examples)


def possible_names(names: Sequence[str], possible: Flags) -> list[str]:
    """Return the names of the possible ones of (classes,), in their order."""
    return list(compress(names, possible.tolist()))


def notes(run: Scoring, scores: RowScores) -> tuple[Integers, tuple[str, ...]]:
    """Return the number of each row's note, and the notes, one for each set of doubts that occurs; "" where there is none.

    A note depends on what is doubtful in the row, not on its values, so that few texts serve many rows.
    """
    doubts = [scores.missing, scores.implausible, scores.unseen]
    codes, examples = _alike(doubts)
    return codes, tuple("; ".join(doubtful(run, *(doubt[row] for doubt in doubts))) for row in examples)


def _alike(tables: list[Flags]) -> tuple[Integers, Integers]:
    """Return for each row of the (R, any) tables a number that equal rows share, and of each number a row that has it."""
    codes = np.zeros(len(tables[0]), dtype=np.int64)
    for flags in (column for table in tables for column in table.T if column.any()):
        codes = 2 * codes + flags
        if codes.max(initial=0) > _MANY:
            codes = _renumbered(codes)
    codes = _renumbered(codes)
    examples = np.zeros(codes.max(initial=-1) + 1, dtype=np.int64)
    examples[codes] = np.arange(len(codes))
    return codes, examples


def _renumbered(codes: Integers) -> Integers:
    """Return the codes, in their order, as numbers from 0 on without gaps."""
    present = np.zeros(codes.max(initial=0) + 1, dtype=bool)
    present[codes] = True
    return (np.cumsum(present) - 1)[codes]


def doubtful(run: Scoring, missing: Flags, implausible: Flags, unseen: Flags) -> list[str]:
    """Return what is doubtful about a row, feature by feature, from its (F,) flags."""
    steps, parts = run.model.preprocessor, []
    limited = any(run.model.coding.least or ())  # a set holds for rows like the training's only
    more = ": other classes may be possible too" if limited else ""
    masked = run.config.preprocess.implausible == "missing"
    for place, (name, feature) in enumerate(run.config.data.features.items()):
        fill = feature.worded(steps.fill[place])
        filled = f", filled with {fill}" if fill is not None else ", so there is no answer"
        if missing[place]:
            parts.append(f"{name} missing{filled}")
        if implausible[place] and feature.categories is not None:
            parts.append(f"{name} of an unknown category{filled}")
        if implausible[place] and feature.range:
            low, high = feature.range
            parts.append(f"{name} outside the plausible {low:.6g} to {high:.6g}{filled if masked else ''}")
        if unseen[place] and feature.categories is not None:
            parts.append(f"{name} of a category that no training row has{more}")
        elif unseen[place]:
            low, high = steps.seen[:, place]
            parts.append(f"{name} outside {low:.6g} to {high:.6g}, the range seen in training{more}")
    return parts


def middle(run: Scoring) -> Floats:
    """Return (F,) values in the middle of what the training rows hold; of a category, one that they hold."""
    low, high = run.model.preprocessor.seen
    categories = [feature.categories is not None for feature in run.config.data.features.values()]
    return np.asarray(np.where(categories, low, low / 2 + high / 2))


def met_categories(run: Scoring, name: str) -> list[str]:
    """Return the categories of a feature between the first and the last that training rows have, without those that none has."""
    steps, numbers = run.model.preprocessor, run.config.data.features[name].numbers()
    place = steps.features.index(name)
    values = np.full((len(numbers), len(steps.features)), np.nan)
    values[:, place] = [*numbers.values()]
    unmet = (_unmet(steps, values) | beyond(values, *steps.seen))[:, place]
    return list(compress(numbers, (~unmet).tolist()))
