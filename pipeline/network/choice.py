"""What is chosen by the answers to held-out training rows: the penalty, and how outputs become probabilities."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pipeline.machine.arrays import Floats, Floats32, Integers
from pipeline.network.coding import Coding
from pipeline.network.folds import dealt
from pipeline.network.layers import Network
from pipeline.network.recipe import PenaltyPath, Progress, Recipe
from pipeline.network.steepness import calibrated, surprise
from pipeline.network.train import train_networks

_OF_ALL = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # on the weights of all layers, behind softmax
_OF_INPUTS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # on those of the inputs, for one coded output
_FOLDS = 5
_STARTS = 8
_ROWS = 5000  # that are looked at: enough to choose, few enough to train on some 400 times
_UNTRIED = 0.01  # the penalty where too few rows differ to hold some out


@dataclass(frozen=True)
class Choice:
    """What networks answer to the training rows that a fold kept from them.

    Attributes:
        path: how the penalty was chosen, which is for as many rows as were looked at.
        coding: with the steepness that suits the answers, or that the loss asks for where there are none.
        output: (rows, outputs) float64 under the chosen penalty; NaN for rows that no fold held out.
    """

    path: PenaltyPath
    coding: Coding
    output: Floats


def looked_at(groups: Integers, sample_weight: Floats32 | None) -> Integers:
    """Return the numbers of the rows that the choice looks at: all that have a weight, or some 5,000 of them in whole groups."""
    rows = np.arange(len(groups)) if sample_weight is None else np.flatnonzero(sample_weight > 0)
    if len(rows) <= _ROWS:
        return rows
    place = np.random.default_rng(0).permutation(int(groups.max()) + 1)[groups[rows]]
    return np.asarray(rows[place <= np.sort(place)[_ROWS - 1]])


def choose(
    inputs: Floats32,
    positions: Integers,
    groups: Integers,
    recipe: Recipe,
    coding: Coding,
    l2: float | Literal["auto"],
    sample_weight: Floats32 | None = None,
    progress: Progress = lambda share: None,
) -> Choice:
    """Train with each penalty, or the one that is given, in folds that part no group, and choose by the held-out rows.

    ``positions`` are (rows,) classes, as positions in ``coding.classes``; ``groups`` (rows,) numbers of what stays together.
    """
    penalties = (l2,) if l2 != "auto" else _OF_ALL if recipe.softmax else _OF_INPUTS
    by: Literal["log loss", "wrong answers"] = "log loss" if recipe.softmax else "wrong answers"
    outputs = np.full((len(penalties), len(inputs), recipe.sizes[-1]), np.nan)
    wrong = np.full((len(penalties), len(inputs)), np.nan)
    recipes = [replace(recipe, l2=penalty, starts=min(recipe.starts, _STARTS)) for penalty in penalties]
    for kept, held in _parts(inputs, positions, groups):
        weights = None if sample_weight is None else sample_weight[kept]
        for number, own in enumerate(
            train_networks(inputs[kept], coding.targets(positions[kept]), recipes, sample_weight=weights)
        ):
            starts = Network(recipe.sizes, recipe.slopes, recipe.softmax, own.weights).output(inputs[held])
            wrong[number, held] = np.mean([coding.decode(answers) != positions[held] for answers in starts], axis=0)
            chosen = Network(recipe.sizes, recipe.slopes, recipe.softmax, own.weights[own.chosen])
            outputs[number, held] = chosen.in_float64().output(inputs[held])
        progress(len(held) / len(inputs))
    answered = np.flatnonzero(~np.isnan(wrong[0]))
    if not len(answered):
        usual = coding if np.isnan(inputs).any() else replace(coding, steepness=coding.asked())
        return Choice(PenaltyPath(_UNTRIED if l2 == "auto" else l2, (), (), by), usual, outputs[0])
    counted = np.ones(len(inputs)) if sample_weight is None else sample_weight.astype(np.float64)
    if recipe.softmax:
        codings = (calibrated(coding, output, positions, counted) for output in outputs)
        losses = [surprise(own, output, positions, counted, answered) for own, output in zip(codings, outputs, strict=True)]
    else:
        sizes = np.bincount(groups)[groups]
        losses = np.average(wrong[:, answered], axis=1, weights=(counted / sizes)[answered]).tolist()
    best = int(np.argmin(losses))
    path = PenaltyPath(penalties[best], penalties, tuple(losses), by)
    return Choice(path, calibrated(coding, outputs[best], positions, counted), outputs[best])


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
