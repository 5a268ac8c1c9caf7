"""Summaries of studies that never ran: made up, but possible."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from pipeline.config.schema import Config
from pipeline.study.summary import StudySummary

SLOPES = (0.0, 0.01, 0.05, 0.09, 0.1, 0.2, 0.3, 0.5, 1.0)
CLASSES = {"Normal": 631, "Type1": 173, "Type2": 205}
MARGIN = 0.01
VERDICTS = ("holds", "does not hold", "inconclusive")
UNDECIDED = VERDICTS[-1]
CLAIMS = (
    ("Leaky ReLU does better than ReLU with scaled columns", 0.216, 0.015),
    ("Leaky ReLU with a small slope does better than ReLU after PCA", 0.112, 0.014),
    ("Without negative inputs Leaky ReLU gains nothing", -0.094, 0.03),
    ("A slope of 0.09 does better than 0.05", 0.011, 0.012),
    ("PCA does better than scaled columns", -0.021, 0.009),
    ("Softmax does better than one code", 0.018, 0.021),
)


def summary(
    slopes: Sequence[float] = SLOPES,
    features: Sequence[str] = ("raw", "standard", "pca"),
    outputs: Sequence[str] = ("code", "softmax"),
    kinds: Sequence[str] = ("random", "unseen"),
    seeds: int = 40,
    splits: int = 10,
    classes: dict[str, int] | None = None,
) -> dict[str, Any]:
    """Return what a study of this size might print; the same arguments give the same figures."""
    reference = {"alpha": 0.05 if 0.05 in slopes else slopes[0], "features": features[len(features) // 2], "output": outputs[0]}
    axes = [(kind, output, name, slope) for name in features for output in outputs for slope in slopes for kind in kinds]
    cells = [_cell(place, *cell, seeds * splits, reference) for place, cell in enumerate(axes)]
    counts = CLASSES if classes is None else classes
    rows = sum(counts.values())
    test = round(0.2 * rows)
    return {
        "study": "studies/study-1a2b3c4d",
        "config": {"path": "configs/study.yaml", "settings": ["study.seeds=40"], "data": "complete.csv"},
        "data": {"path": "complete.csv", "sha256": "ab" * 32, "rows": rows, "classes": counts},
        "networks": len(cells) * seeds * splits,
        "seconds": 61.2,
        "networks_per_second": 705.9,
        "grid": {
            "alphas": list(slopes),
            "features": list(features),
            "outputs": list(outputs),
            "seeds": seeds,
            "starts": 1,
            "splits": [
                {"kind": kind, "seed": 5 + place, "train": rows - test - place, "test": test + place}
                for kind in kinds
                for place in range(splits)
            ],
        },
        "reference": reference,
        "recipe": {
            "hidden": [3],
            "l2": 0.001,
            "optimizer": "adam",
            "learning_rate": 0.02,
            "schedule": "linear",
            "epochs": 300,
            "batch_size": 10,
            "loss": {name: "ordinal" if name == "code" else "categorical_crossentropy" for name in outputs},
        },
        "level": 0.95,
        "margin": MARGIN,
        "cells": cells,
        "claims": [_claim(place, *claim, kinds) for place, claim in enumerate(CLAIMS)],
        "findings": [
            {
                "code": "D205",
                "level": "warning",
                "message": "201 of 202 test rows have a profile that the training rows hold",
                "evidence": {"copies": 101, "profiles": 201, "test": 202},
                "fix": "read the unseen profiles; or split by profile with `split.group_by`",
                "accepted": False,
            }
        ],
        "sound": True,
        "notes": ["complete.csv was read without its column Class."],
    }  # fmt: skip


def _cell(
    place: int, kind: str, output: str, features: str, slope: float, networks: int, reference: dict[str, Any]
) -> dict[str, Any]:
    gain = {"raw": 0.1, "standard": 0.25, "pca": 0.23}[features] * min(1.0, (slope + 0.002) * 8) ** 0.35
    mean = 0.69 + gain - 0.12 * max(0.0, slope - 0.3) - 0.17 * (kind == "unseen") + 0.02 * (output == "softmax") + place / 9973
    half = 0.012 + 0.02 * (kind == "unseen")
    own = {"features": features, "output": output, "alpha": slope}
    difference = mean - 0.9
    comparison = {
        "difference": difference,
        "interval": [difference - half, difference + half],
        "p": 0.0003 + place / 211,
        "p_holm": min(1.0, 0.03 + place / 101),
        "effect": difference / 0.061,
        "better": min(1.0, max(0.0, 0.5 + 2 * difference)),
    }
    return {
        "split": kind,
        **own,
        "networks": networks,
        "mean": mean,
        "interval": [mean - half, mean + 0.8 * half],
        "spread": 0.04 + place / 7919,
        "best": min(1.0, mean + 0.09),
        "failed": max(0.0, 0.45 - 1.4 * slope - 0.1 * (features == "standard")),
        "comparison": None if own == reference else comparison,
    }


def _claim(place: int, claim: str, difference: float, half: float, kinds: Sequence[str]) -> dict[str, Any]:
    more = "gains nothing" not in claim
    splits = [_weighed(kind, more, difference * (1 - 0.5 * at), half * (1 + at)) for at, kind in enumerate(kinds)]
    verdicts = {answer["verdict"] for answer in splits}
    evidence = f"On {kinds[0]} splits the difference is {difference * 100:.1f} points, with equal seeds and equal splits."
    verdict = verdicts.pop() if len(verdicts) == 1 else UNDECIDED
    return {
        "claim": claim,
        "verdict": verdict,
        "evidence": evidence,
        "remark": "",
        "networks": 4800 + 400 * place,
        "more": more,
        "splits": splits,
    }


def _weighed(kind: str, more: bool, difference: float, half: float) -> dict[str, Any]:
    low, high = difference - half, difference + half
    above, below = VERDICTS[:2] if more else VERDICTS[1::-1]
    verdict = above if low > MARGIN else below if high < MARGIN else UNDECIDED
    return {
        "split": kind,
        "verdict": verdict,
        "contrast": f"one over the other, {kind}",
        "difference": difference,
        "interval": [low, high],
    }


def config(
    columns: Sequence[str] = ("Age", "BS Fast", "BS pp", "Plasma R", "Plasma F", "HbA1c"), classes: Sequence[str] = tuple(CLASSES)
) -> Config:
    """Return a config of such a study."""
    data = {
        "path": "complete.csv",
        "target": "Type",
        "codes": {name: float(place - 1) for place, name in enumerate(classes)},
        "features": {name: {} for name in columns},
    }
    unseen = {"unseen": {"group_by": list(columns[-2:])}}
    return Config.model_validate({"data": data, "evaluation": unseen})


def typed(summary: dict[str, Any]) -> StudySummary:
    """Return the object of which ``study --json`` prints this."""
    return TypeAdapter(StudySummary).validate_python(summary)
