"""An evaluation as plain values: the figures of ``--json``."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from pipeline.config.schema import Config
from pipeline.judge.bootstrap import Estimate, groups_note
from pipeline.judge.evaluate import Evaluation, Subgroup
from pipeline.judge.metrics import Scores
from pipeline.judge.probability import ClassProbability, ProbabilityScores

NO_FIGURES: dict[str, Any] = {
    "accuracy": dict.fromkeys(("train", "test", "test_interval", "unseen_profiles", "unseen_interval")),
    "keras_accuracy": {"train": None, "test": None},
    "metrics": {"train": None, "test": None},
    "baselines": {},
    "comparison": {},
    "unseen": None,
    "probabilities": None,
    "subgroups": {},
    "advice": None,
}
"""What ``figures`` would return, where training was refused."""


def figures(evaluation: Evaluation, config: Config) -> dict[str, Any]:
    """Return an evaluation as plain values, named as ``--json`` prints them."""
    train, network = evaluation.train, evaluation.standings["network"]
    return {
        "accuracy": {
            "train": train.accuracy if train else None,
            "test": evaluation.test.accuracy,
            "test_interval": list(evaluation.test.interval),
            "unseen_profiles": network.unseen,
            "unseen_interval": network.unseen_interval,
        },
        "keras_accuracy": {"train": evaluation.keras_train, "test": evaluation.keras_test},
        "metrics": {"train": _scores(train), "test": _scores(evaluation.test)},
        "baselines": {name: each.test for name, each in evaluation.standings.items() if name != "network"},
        "comparison": {name: asdict(each) for name, each in evaluation.standings.items()},
        "unseen": _unseen(evaluation, config),
        "probabilities": _probabilities(evaluation.probabilities, evaluation.spread),
        "subgroups": {name: [_subgroup(each) for each in groups] for name, groups in evaluation.subgroups.items()},
        "advice": asdict(evaluation.advice),
    }


def _unseen(evaluation: Evaluation, config: Config) -> dict[str, Any] | None:
    unseen, section = evaluation.unseen, config.evaluation.unseen
    if unseen is None or section is None:
        return None
    right = unseen.answers["network"] == evaluation.truth
    folds = [unseen.folds == number for number in range(section.folds)]
    return section.model_dump() | {
        "groups": len(np.unique(unseen.groups)),
        "rows": len(right),
        "interval_note": groups_note(config.evaluation.interval),
        "per_fold": [
            {"rows": int(each.sum()), "groups": len(np.unique(unseen.groups[each])), "accuracy": float(right[each].mean())}
            for each in folds
        ],
    }


def _subgroup(group: Subgroup) -> dict[str, Any]:
    return {"from": group.low, "to": group.high, "rows": group.rows, "accuracy": group.accuracy, "interval": group.interval}


def _scores(scores: Scores | None) -> dict[str, Any] | None:
    if scores is None:
        return None
    rates = ("recall", "specificity", "precision", "negative_predictive_value")
    per_class = {
        name: dict(zip(scores.classes, getattr(scores, name).tolist(), strict=True))
        for rate in rates
        for name in (rate, f"{rate}_interval")
    }
    return {
        "rows": scores.rows,
        "confusion": {
            name: dict(zip([*scores.classes, "no class"], row, strict=True))
            for name, row in zip(scores.classes, scores.confusion.tolist(), strict=True)
        },
        **per_class,
        **{
            name: getattr(scores, name) for figure in ("macro_f1", "balanced_accuracy") for name in (figure, f"{figure}_interval")
        },
    }


def _probabilities(scores: ProbabilityScores, spread: float | None) -> dict[str, Any] | None:
    if math.isnan(scores.log_loss.value):
        return None
    return {
        "spread": spread,
        "rows": scores.rows,
        "classes": {name: _probability(each) for name, each in zip(scores.classes, scores.per_class, strict=True)},
        **{name: _estimate(getattr(scores, name)) for name in ("macro_auc", "brier", "log_loss")},
    }


def _probability(scores: ClassProbability) -> dict[str, Any]:
    curve = scores.curve
    bins = zip(curve.predicted, curve.observed, curve.interval, curve.rows, strict=True)
    return {
        "auc": _estimate(scores.auc),
        "calibration_slope": _estimate(scores.slope),
        "calibration_intercept": _estimate(scores.intercept),
        "calibration_in_the_large": _estimate(scores.in_the_large),
        "curve": [
            {"predicted": float(predicted), "observed": float(observed), "interval": interval.tolist(), "rows": int(rows)}
            for predicted, observed, interval, rows in bins
        ],
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return {"value": estimate.value, "interval": [estimate.low, estimate.high]}
