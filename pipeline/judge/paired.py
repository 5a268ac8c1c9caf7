"""How much two models differ on the same rows, and what chance leaves open of it."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from pipeline.config.schema import RESAMPLES
from pipeline.judge.bootstrap import BLOCKS, MANY_ROWS, Estimate, Interval, estimate, jackknife, left_out, weights
from pipeline.judge.grouped import grouped_difference
from pipeline.judge.probability import auc, overall_figures
from pipeline.machine.arrays import Flags, Floats, Integers

FIGURES = ("balanced_accuracy", "macro_auc", "brier", "log_loss")


@dataclass(frozen=True)
class Answers:
    """What a model says of some rows: (rows,) whether it is right, and the (rows, K) probabilities of the classes."""

    right: Flags
    chances: Floats


def paired_interval(first: Flags, second: Flags, groups: Integers | None, level: float) -> Interval:
    """Return the interval of how much more accurate the first model is on the same rows; within [-1, 1].

    ``grouped_difference`` where rows share a group, such as a patient. Else the interval that it generalises, Agresti and Min
    (2005), "Simple improved confidence intervals for comparing matched proportions": Wald's, after half a row of each of the
    four outcomes is added.
    """
    if groups is not None and len(np.unique(groups)) < len(groups):
        return grouped_difference(first, second, groups, level)
    better, worse, rows = (first & ~second).sum() + 0.5, (second & ~first).sum() + 0.5, len(first) + 2
    middle, lead = (better - worse) / rows, (better - worse) / len(first)  # the lead may lie beyond an interval of few rows
    half = -NormalDist().inv_cdf((1 - level) / 2) * ((better + worse - (better - worse) * middle) ** 0.5) / rows
    return float(min(max(-1.0, middle - half), lead)), float(max(min(1.0, middle + half), lead))


def paired_figures(
    truth: Integers, first: Answers, second: Answers, groups: Integers | None, level: float, seed: int = 0
) -> dict[str, Estimate]:
    """Return how much larger each of ``FIGURES`` is for the first model than for the second, on the same rows.

    ``truth`` are (rows,) class indices. Both are resampled together, by row or, where rows share a group, by group; BCa
    intervals up to 10,000 of them, t intervals of a jackknife beyond, as for the figures themselves.
    """
    group = np.arange(len(truth)) if groups is None else np.unique(groups, return_inverse=True)[1]
    hits, size = truth[:, None] == np.arange(first.chances.shape[1]), int(group.max()) + 1

    def differences(drawn: Floats) -> Floats:
        weighted = drawn[:, group]
        return _figures(hits, first, weighted) - _figures(hits, second, weighted)

    values = differences(np.ones((1, size)))[0].tolist()
    if size > MANY_ROWS:
        blocks = np.concatenate([*map(differences, left_out(size, BLOCKS, seed))]).T
        told = [jackknife(value, without, level, -np.inf, np.inf) for value, without in zip(values, blocks, strict=True)]
    else:
        samples, without = (
            np.concatenate([*map(differences, parts)]).T for parts in (weights(size, RESAMPLES, seed), left_out(size))
        )
        told = [estimate(*figure, level) for figure in zip(values, samples, without, strict=True)]
    return dict(zip(FIGURES, told, strict=True))


def _figures(hits: Flags, said: Answers, weighted: Floats) -> Floats:
    """Return the (resamples, figures) of (rows, K) ``hits``, each row as often as (resamples, rows) ``weighted`` say."""
    present = hits[:, hits.any(axis=0)].astype(np.float64)
    with np.errstate(invalid="ignore"):  # a resample without a class
        recall = (weighted @ (present * said.right[:, None])) / (weighted @ present)
    if np.isnan(said.chances).any():  # as ``probability_figures``: leaving such rows out would flatter the model
        return np.stack([recall.mean(axis=1), *np.full((3, len(weighted)), np.nan)], axis=1)
    areas = [auc(chance, hit, weighted) for chance, hit in zip(said.chances.T, hits.T, strict=True)]
    return np.stack([recall.mean(axis=1), *overall_figures(said.chances, hits, weighted, areas)], axis=1)
