"""Sample values for what a summary may hold besides the figures of the network: made up, but possible."""

import json
from collections.abc import Sequence
from typing import Any

from pipeline.data.table import Table
from pipeline.runs.summary import Summary

RATES = ("recall", "specificity", "precision", "negative_predictive_value")


def figure(value: float, half: float) -> dict[str, Any]:
    return {"value": value, "interval": [value - half, value + half]}


def enriched(summary: Summary, table: Table) -> Summary:
    """Return the summary with every further key filled."""
    classes, features, sizes = list(summary.data.classes), list(table.features), summary.network.layers
    full = summary.to_json()
    full["verdict"] = [
        "93.1% of 202 test rows are classified correctly; always naming the largest class would reach 65.8%.",
        "On unseen profiles (patients whose lab values never occurred in training) the accuracy is 74.8% (61.0 to 86.0%).",
        "Don't expect 93.1% on new patients (D205); logistic regression is simpler and more accurate on unseen profiles (E402).",
    ]
    full["accuracy"] |= {"unseen_profiles": 0.748, "unseen_interval": [0.61, 0.86]}
    full["unseen"] = unseen()
    full["comparison"] = comparison(full)
    for scores in full["metrics"].values():
        scores |= rates(classes, scores)
    full["probabilities"] = probabilities(classes)
    full["advice"] = advice(features, sizes, classes)
    full["subgroups"] = {features[0]: subgroups()}
    for column in full["columns"].values():
        column |= {"gaps": 58, "implausible": 267, "fill": 5.2}
    full["card"] = {
        "intended_use": "Teaching: how a small network learns.",
        "users": "Students",
        "source": "Synthetic <data>",
        "limits": None,
    }
    return Summary.model_validate_json(json.dumps(full), strict=True)


def unseen() -> dict[str, Any]:
    folds = [{"rows": 168, "groups": 3 + (number == 0), "accuracy": 0.6 + number / 20} for number in range(6)]
    note = "In simulations this interval held the true figure in 91 % of the cases."
    return {
        "group_by": ["BS pp", "HbA1c"],
        "folds": 6,
        "seed": 0,
        "groups": 21,
        "rows": 1009,
        "per_fold": folds,
        "interval_note": note,
    }


def comparison(summary: dict[str, Any]) -> dict[str, Any]:
    def row(test: float | None, unseen: float | None, better: int | None, worse: int | None, p: float | None) -> dict[str, Any]:
        ends = [[max(share - 0.05, 0), min(share + 0.03, 1)] if share is not None else None for share in (test, unseen)]
        figures = {"test": test, "test_interval": ends[0], "unseen": unseen, "unseen_interval": ends[1]}
        worth = {"macro_auc": 0.98, "brier": 0.0714, "log_loss": 0.123} if better is None and test else None
        return figures | {"unseen_lead": None, "better": better, "worse": worse, "p": p, "probabilities": worth}

    own = summary["accuracy"]["test"]
    return {
        "network": row(own, 0.748, None, None, None),
        "majority": row(0.658, 0.626, 4, 59, 1e-12),
        "ada_rule": row(0.827, 0.82, 3, 24, 0.0002),
        "logistic_regression": row(0.945, 0.921, 9, 6, 0.607),
        "decision_tree": row(0.99, None, 12, 0, 0.0005),
        "random_forest": row(0.995, 0.877, 13, 0, 0.0002),
        "gradient_boosting": row(1.0, 0.853, 14, 0, 0.0001),
        "mlp": row(None, None, None, None, None),
    }


def rates(classes: Sequence[str], scores: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for name in RATES:
        shares = {each: scores.get(name, {}).get(each, 0.91) for each in classes}
        known[name] = shares
        known[f"{name}_interval"] = {
            each: None if share is None else [max(share - 0.06, 0), min(share + 0.04, 1)] for each, share in shares.items()
        }
    return known | {"macro_f1_interval": [0.85, 0.93], "balanced_accuracy_interval": [0.81, 0.91]}


def probabilities(classes: Sequence[str]) -> dict[str, Any]:
    spots = [(0.02, 0.01), (0.18, 0.25), (0.41, 0.37), (0.66, 0.71), (0.97, 0.98)]
    curve = [
        {"predicted": p, "observed": o, "interval": [max(o - 0.12, 0), min(o + 0.12, 1)], "rows": 10 + 7 * place}
        for place, (p, o) in enumerate(spots)
    ]
    each = {
        "auc": figure(0.981, 0.012),
        "calibration_slope": figure(1.21, 0.3),
        "calibration_intercept": figure(-0.12, 0.4),
        "calibration_in_the_large": figure(0.02, 0.3),
        "curve": curve,
    }
    whole = {"macro_auc": figure(0.977, 0.01), "brier": figure(0.11, 0.02), "log_loss": figure(0.21, 0.04)}
    return {"spread": 0.21, "rows": 202, "classes": dict.fromkeys(classes, each), **whole}


def advice(features: Sequence[str], sizes: Sequence[int], classes: Sequence[str]) -> dict[str, Any]:
    return {
        "inputs": {
            "raw": dict.fromkeys(features, 0.0),
            "scaled": dict.fromkeys(features, 0.54),
            "pca": {f"PC{place + 1}": 0.5 for place in range(len(features))},
        },
        "layers": [
            {"layer": place + 1, "negative": 0.44, "units": [0.2, 0.5, 0.62][:size], "dead": [2] if place == 0 else []}
            for place, size in enumerate(sizes[1:])
        ],
        "reachable": dict.fromkeys(classes, True),
        "recommendation": "No raw input is negative, yet half of the sums inside the network are: the slope matters, keep it.",
    }


def subgroups() -> list[dict[str, Any]]:
    return [
        {"from": None, "to": 30.0, "rows": 103, "accuracy": 0.961, "interval": [0.90, 0.98]},
        {"from": 30.0, "to": 45.0, "rows": 71, "accuracy": 0.915, "interval": [0.83, 0.96]},
        {"from": 45.0, "to": None, "rows": 0, "accuracy": None, "interval": None},
    ]
