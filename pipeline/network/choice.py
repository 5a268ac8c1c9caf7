"""What is chosen by the answers to held-out training rows: the penalty, and how outputs become probabilities."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pipeline.machine.arrays import Floats, Floats32, Integers
from pipeline.network.coding import Coding
from pipeline.network.folds import dealt
from pipeline.network.layers import Network
from pipeline.network.recipe import Progress, Recipe
from pipeline.network.steepness import calibrated, surprise
from pipeline.network.train import train_networks

PENALTIES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Tried where ``l2`` is "auto": from one that leaves 6-3-1 free to one that stills it."""
_FOLDS = 5
_STARTS = 8
_UNTRIED = 0.01  # the penalty where too few rows differ to hold some out


@dataclass(frozen=True)
class Choice:
    """What networks answer to the training rows that a fold kept from them.

    Attributes:
        recipe: with the penalty that has the lowest loss.
        coding: with the steepness that suits its answers.
        penalties, losses: (L,) tried, and the mean log loss of the answers under each, every group of rows counting the same.
        output: (rows, outputs) float64 under the chosen one; NaN for rows that no fold held out.
    """

    recipe: Recipe
    coding: Coding
    penalties: tuple[float, ...]
    losses: tuple[float, ...]
    output: Floats


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

    Args:
        positions: (rows,) classes, as positions in ``coding.classes``.
        groups: (rows,) numbers from 0 of what stays together.
    """
    recipe = recipe if l2 != "auto" else replace(recipe, every_kernel=recipe.softmax)
    penalties = PENALTIES if l2 == "auto" else (l2,)
    outputs = _held_out(inputs, positions, groups, recipe, coding, penalties, sample_weight)
    if np.isnan(outputs).all():
        return Choice(replace(recipe, l2=_UNTRIED if l2 == "auto" else l2), coding, (), (), outputs[0])
    sizes = np.bincount(groups)[groups]
    weights = np.asarray((1.0 if sample_weight is None else sample_weight) / sizes)
    codings = [calibrated(coding, output, positions, weights) for output in outputs]
    losses = [surprise(own, output, positions, weights) for own, output in zip(codings, outputs, strict=True)]
    best = int(np.argmin(losses))
    return Choice(replace(recipe, l2=penalties[best]), codings[best], penalties, tuple(losses), outputs[best])


def _held_out(
    inputs: Floats32,
    positions: Integers,
    groups: Integers,
    recipe: Recipe,
    coding: Coding,
    penalties: tuple[float, ...],
    sample_weight: Floats32 | None,
) -> Floats:
    """Return (L, rows, outputs) of the network with the lowest training loss under each penalty; NaN where there is none."""
    outputs = np.full((len(penalties), len(inputs), recipe.sizes[-1]), np.nan)
    most = max(len(np.unique(groups[positions == place])) for place in np.unique(positions))
    if np.isnan(inputs).any() or most < 2:
        return outputs
    recipes = [replace(recipe, l2=penalty, starts=min(recipe.starts, _STARTS)) for penalty in penalties]
    folds, targets = dealt(positions, groups, min(most, _FOLDS)), coding.targets(positions)
    for fold in np.unique(folds):
        kept, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        held = held[np.isin(positions[held], positions[kept])]  # of a class that was never met no network knows anything
        weights = None if sample_weight is None else sample_weight[kept]
        for output, own in zip(outputs, train_networks(inputs[kept], targets[kept], recipes, sample_weight=weights), strict=True):
            network = Network(recipe.sizes, recipe.slopes, recipe.softmax, own.weights[own.chosen])
            output[held] = network.in_float64().output(inputs[held])
    return outputs
