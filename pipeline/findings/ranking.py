"""Rare classes: whether their probability tells rows apart where the predicted class does not, and what follows from that."""

from collections.abc import Mapping
from math import sqrt
from statistics import NormalDist

import numpy as np

from pipeline.config.remedy import Settings, Step
from pipeline.config.schema import Config
from pipeline.errors import listing
from pipeline.findings.finding import SIGNIFICANCE
from pipeline.judge.calibration import unlike_chances
from pipeline.judge.evaluate import Evaluation
from pipeline.judge.probability import auc
from pipeline.machine.arrays import Integers

HARDLY = 1 / 3
"""Share of the rows of a class below which it is hardly found."""
_SURE = NormalDist().inv_cdf(0.999)


def areas_of_rare(evaluation: Evaluation) -> dict[str, float]:
    """Return the AUC of each class that is hardly found though its probabilities on held-out rows are right and rank the rows.

    They are right if E406 does not doubt them, and rank if the area is 3.1 standard errors above 1/2, where a group of rows
    counts once. Such a class is not named because another one is more likely in nearly every row; no training changes that. Where
    another model finds the class, that is not the reason.
    """
    truth, chances, groups = evaluation.held_out_chances()
    answers, names, found = evaluation.held_out()[1], evaluation.test.classes, dict[str, float]()
    for place, name in enumerate(names):
        known = ~np.isnan(chances[:, place])
        hit, given = truth[known] == place, chances[known, place]
        ill, well = (len(np.unique(groups[known][side])) for side in (hit, ~hit))
        if not ill or not well or len(answers["network"]) != len(truth) or most_found(truth, answers, place) >= HARDLY:
            continue
        area, least = float(auc(given, hit, np.ones((1, len(hit))))[0]), _SURE * sqrt((ill + well + 1) / (12 * ill * well))
        if area - 0.5 > least and unlike_chances(given, hit, groups[known]) * len(names) >= SIGNIFICANCE:
            found[name] = area
    return found


def most_found(truth: Integers, answers: Mapping[str, Integers], place: int) -> float:
    """Return the share of the rows of a class that is found by the model that finds most of them."""
    return max(float(np.mean(own[truth == place] == place)) for own in answers.values())


def told_apart(areas: Mapping[str, float]) -> str:
    """Return what is to be said of such classes; nothing where there are none."""
    shown = " and ".join(f'that of "{name}" has AUC {area:.3f}' for name, area in areas.items())
    return f"; but the probabilities tell rows apart: {shown} on rows that were held out" if areas else ""


def by_probability(areas: Mapping[str, float], *codes: str) -> list[Step]:
    """Return what to do about such classes, and the settings that accept the findings of these codes, if they are not yet."""

    def accepting(config: Config) -> Settings | str:
        wanted = [*dict.fromkeys([*config.findings.accept, *codes])]
        return {"findings.accept": wanted} if len(wanted) > len(config.findings.accept) else ""

    return [f"use the probability of {listing([*areas])}, which predict writes, with a limit of your own", accepting]
