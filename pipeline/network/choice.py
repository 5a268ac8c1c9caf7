"""What is chosen by the answers to held-out training rows: the penalty, and how outputs become probabilities."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pipeline.machine.arrays import Flags, Floats, Floats32, Integers
from pipeline.network.coding import Coding
from pipeline.network.compiled import in_threads
from pipeline.network.folds import dealt
from pipeline.network.layers import Network
from pipeline.network.recipe import PenaltyPath, Progress, Recipe
from pipeline.network.steepness import calibrated, surprise
from pipeline.network.train import train_networks

_PENALTIES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
_FOLDS = 5
_NETWORKS = 32  # a fold: one call of the engine, in the program that trains 64 starts on two cores
_VISITS, _EPOCHS = 100_000, (10, 100)  # of rows by each, where penalties are compared
_ROWS, _MOST = 5000, 20_000  # that are looked at: enough to choose, few enough to train on some 160 times
_OF_GROUP, _OF_CLASS = 100, 20  # rows of a group, of which more say little; groups of a class, of which fewer exclude nothing
_UNTRIED = 0.01  # the penalty where too few rows differ to hold some out


@dataclass(frozen=True)
class Choice:
    """What networks answer to the training rows that a fold kept from them.

    Attributes:
        path: how the penalty was chosen.
        coding: with the steepness that suits the answers, or that the loss asks for where there are none.
        output: (rows, outputs) float64 under the chosen penalty; NaN for rows that no fold held out.
    """

    path: PenaltyPath
    coding: Coding
    output: Floats


def looked_at(positions: Integers, groups: Integers, sample_weight: Floats32 | None) -> Integers:
    """Return the numbers of the rows that the choice looks at: all that have a weight, or of many some, group by group.

    Of a group at most 100 rows, and of the groups as many, drawn at random, as have 5,000 rows and 20 groups of every class, but
    no more than have 20,000 rows: shares of the classes stay what they are. Arguments as in ``choose``.
    """
    rows = np.arange(len(groups)) if sample_weight is None else np.flatnonzero(sample_weight > 0)
    if len(rows) <= _ROWS:
        return rows
    random = np.random.default_rng(0)
    rows = random.permutation(rows)
    rows = rows[np.argsort(groups[rows], kind="stable")]
    rows = np.sort(rows[np.arange(len(rows)) - np.searchsorted(groups[rows], groups[rows]) < _OF_GROUP])
    place = random.permutation(int(groups.max()) + 1)[groups[rows]]
    ordered = np.sort(place)
    of_classes = [np.unique(place[positions[rows] == own])[:_OF_CLASS].max() for own in np.unique(positions[rows])]
    last, most = (ordered[min(count, len(ordered)) - 1] for count in (_ROWS, _MOST))
    return np.asarray(rows[place <= min(max(last, *of_classes), most)])


def choose(
    inputs: Floats32,
    positions: Integers,
    groups: Integers,
    recipe: Recipe,
    coding: Coding,
    l2: float | Literal["auto"],
    sample_weight: Floats32 | None = None,
    progress: Progress = lambda share: None,
    share: float = 1.0,
) -> Choice:
    """Train with each penalty, or the one that is given, in folds that part no group, and choose by the held-out rows.

    Chosen is the lowest log loss of the start that learnt its fold best; with one coded output, whose starts differ much, among
    the penalties that leave the average of the starts as few wrong answers as any, and each group counting the same.

    ``positions`` are (rows,) classes, as positions in ``coding.classes``; ``groups`` (rows,) numbers of what stays together.
    Where the rows are a ``share`` of those that the network will learn from, the chosen penalty counts by that share, and how
    outputs become probabilities is learnt under that one: a network that is shrunk more needs steeper ones.
    """
    penalties = _PENALTIES if l2 == "auto" else (l2,)
    some = int(np.clip(_VISITS // len(inputs), *_EPOCHS))
    epochs = min(recipe.epochs, some) if l2 == "auto" else recipe.epochs
    starts = min(recipe.starts, _NETWORKS // len(penalties))
    recipes = [replace(recipe, l2=penalty, starts=starts, epochs=epochs) for penalty in penalties]
    parts = list(_parts(inputs, positions, groups))
    again = l2 == "auto" and share < 1
    part = 1 - again / (len(recipes) + 1)  # of the work
    outputs, wrong = _held_out(inputs, positions, parts, recipes, coding, sample_weight, lambda done: progress(part * done))
    rows = np.flatnonzero(~np.isnan(wrong[0]))
    if not len(rows):
        progress(1.0)
        usual = coding if np.isnan(inputs).any() else replace(coding, steepness=coding.asked())
        return Choice(PenaltyPath(_UNTRIED if l2 == "auto" else l2), usual, outputs[0])
    counted = np.ones(len(inputs)) if sample_weight is None else sample_weight.astype(np.float64)
    shared = counted if recipe.softmax else counted / np.bincount(groups)[groups]
    codings = [calibrated(coding, output, positions, shared) for output in outputs]
    losses = [surprise(own, output, positions, shared, rows) for own, output in zip(codings, outputs, strict=True)]
    alike = np.ones(len(penalties), dtype=bool) if recipe.softmax else _as_good(wrong[:, rows], groups[rows], counted[rows])
    best = int(np.argmin(np.where(alike, losses, np.inf)))
    shares = np.average(wrong[:, rows], axis=1, weights=shared[rows])
    networks = len(parts) * (len(recipes) + again) * starts
    final = replace(recipes[best], l2=penalties[best] * (share if again else 1))
    if again:
        held = _held_out(inputs, positions, parts, [final], coding, sample_weight, lambda done: progress((1 - part) * done))
        outputs[best] = held[0][0]
    path = PenaltyPath(final.l2, penalties, tuple(losses), tuple(shares.tolist()), len(inputs), networks)
    return Choice(path, calibrated(coding, outputs[best], positions, counted), outputs[best])


def _held_out(
    inputs: Floats32,
    positions: Integers,
    parts: list[tuple[Integers, Integers]],
    recipes: list[Recipe],
    coding: Coding,
    sample_weight: Floats32 | None,
    progress: Progress,
) -> tuple[Floats, Floats]:
    """Return for L recipes (L, rows, outputs) of the start that learnt best, and (L, rows) which share of the starts is wrong.

    Each part is the rows to learn from and those to answer; rows that none answers are NaN.
    """
    sizes, slopes, softmax = recipes[0].sizes, recipes[0].slopes, recipes[0].softmax
    outputs, wrong = np.full((len(recipes), len(inputs), sizes[-1]), np.nan), np.full((len(recipes), len(inputs)), np.nan)

    def learn(part: tuple[Integers, Integers], report: Progress) -> None:
        kept, held = part
        targets, weights = coding.targets(positions[kept]), None if sample_weight is None else sample_weight[kept]
        learnt = train_networks(inputs[kept], targets, recipes, progress=report, sample_weight=weights)
        for number, own in enumerate(learnt):
            every = Network(sizes, slopes, softmax, own.weights).output(inputs[held])
            wrong[number, held] = np.mean([coding.decode(output) != positions[held] for output in every], axis=0)
            chosen = Network(sizes, slopes, softmax, own.weights[own.chosen])
            outputs[number, held] = chosen.in_float64().output(inputs[held])

    in_threads(learn, parts, progress)
    return outputs, wrong


def _as_good(wrong: Floats, groups: Integers, counted: Floats) -> Flags:
    """Return (L,) which of L (L, rows) shares of wrong answers are not above the lowest by more than a standard error.

    The standard error is that of the mean difference over groups, each of which counts the same. Source: Breiman, Friedman,
    Olshen and Stone (1984), "Classification and regression trees", section 3.4.3, the rule of one standard error.
    """
    _, number = np.unique(groups, return_inverse=True)
    sizes = np.bincount(number, weights=counted)
    shares = np.array([np.bincount(number, weights=own * counted) for own in wrong])[:, sizes > 0] / sizes[sizes > 0]
    above = shares - shares[shares.mean(axis=1).argmin()]
    return np.asarray(above.mean(axis=1) <= above.std(axis=1) / np.sqrt(above.shape[1]))


def _parts(inputs: Floats32, positions: Integers, groups: Integers) -> Iterator[tuple[Integers, Integers]]:
    """Yield the rows that a fold learns from and those that it holds out; none where too few rows differ, or some are empty."""
    most = max(len(np.unique(groups[positions == place])) for place in np.unique(positions))
    if most < 2 or np.isnan(inputs).any():
        return
    folds = dealt(positions, groups, min(most, _FOLDS))
    for fold in np.unique(folds):
        kept, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        met = held[np.isin(positions[held], positions[kept])]  # of a class that was never met no network knows anything
        if len(met) and len(np.unique(positions[kept])) > 1:
            yield kept, met
