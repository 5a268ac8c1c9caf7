"""What deepchecks, cleanlab and ydata-profiling name in the same tables. Usage: peers.py NAME SEEDS; prints JSON.

It runs in an environment of its own ("make peers"), since their pins are others than this project's: nothing of the pipeline may
be imported here. A peer's catch counts where a check, an issue or an alert that names the fault is raised, however often it is
raised in clean tables too; how often that is stands beside it.
"""

import contextlib
import io
import json
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from tests.planted.clean import TARGET, Case, clean
from tests.planted.faults import FAULTS, Soil, planted

CLEAN = 3
NAMING: dict[str, dict[str, tuple[str, ...]]] = {
    "deepchecks": {
        "copies in training": ("Data Duplicates",),
        "copies across the split": ("Train Test Samples Mix",),
        "conflicting labels": ("Conflicting Labels",),
        "leak with noise": ("Feature Label Correlation",),
        "monotone leak": ("Feature Label Correlation",),
        "telling gaps": ("Feature Label Correlation",),
        "a code in one class": ("Feature Label Correlation", "Outlier Sample Detection"),
        "constant column": ("Is Single Value",),
        "identical columns": ("Feature-Feature Correlation",),
        "collinear columns": ("Feature-Feature Correlation",),
        "batch effect in the test": ("Feature Drift", "Multivariate Drift"),
        "imbalance": ("Class Imbalance",),
        "units mixed outside the range": ("Outlier Sample Detection",),
        "decimal shift": ("Outlier Sample Detection",),
        "codes for missing outside the range": ("Outlier Sample Detection",),
        "outliers in one column": ("Outlier Sample Detection",),
        "outliers in several columns": ("Outlier Sample Detection",),
        "columns of noise": ("Unused Features",),
        "text cells": ("Mixed Data Types",),
        "class spellings": ("String Mismatch",),
        "subgroup without signal": ("Weak Segments Performance",),
        "wrong labels in a subgroup": ("Weak Segments Performance",),
        "label shift": ("Label Drift",),
        "overfitting": ("Train Test Performance",),
        "too few rows": ("Datasets Size Comparison",),
    },
    "cleanlab": {
        "copies in training": ("near_duplicate",),
        "copies across the split": ("near_duplicate",),
        "near-copies, jittered": ("near_duplicate",),
        "near-copies, rounded": ("near_duplicate",),
        "conflicting labels": ("label",),
        "wrong labels": ("label",),
        "wrong labels in a subgroup": ("label", "underperforming_group"),
        "subgroup without signal": ("underperforming_group",),
        "sorted file": ("non_iid",),
        "drift along the file": ("non_iid",),
        "imbalance": ("class_imbalance",),
        "units mixed outside the range": ("outlier",),
        "decimal shift": ("outlier",),
        "codes for missing outside the range": ("outlier",),
        "outliers in one column": ("outlier",),
        "outliers in several columns": ("outlier",),
    },
    "ydata-profiling": {
        "copies in training": ("DUPLICATES",),
        "copies across the split": ("DUPLICATES",),
        "near-copies, jittered": ("NEAR_DUPLICATES",),
        "near-copies, rounded": ("NEAR_DUPLICATES",),
        "leak with noise": ("HIGH_CORRELATION",),
        "monotone leak": ("HIGH_CORRELATION",),
        "row number": ("UNIQUE", "UNIFORM"),
        "constant column": ("CONSTANT", "IMBALANCE"),
        "identical columns": ("HIGH_CORRELATION",),
        "collinear columns": ("HIGH_CORRELATION",),
        "imbalance": ("IMBALANCE",),
        "decimal shift": ("SKEWED",),
        "outliers in one column": ("SKEWED",),
        "outliers in several columns": ("SKEWED",),
        "text cells": ("UNSUPPORTED",),
    },
}
"""Which of a peer's names names a fault; a fault that is not here has none."""


def deepchecks(case: Case) -> set[str]:
    """Return the checks of the suites whose condition fails, with a logistic regression as the model where one can be fitted."""
    vars(np).setdefault("Inf", np.inf)  # which deepchecks 0.19 asks of every NumPy, and NumPy 2 has under its other name only
    from deepchecks.tabular import Dataset
    from deepchecks.tabular.suites import full_suite

    train, test = (case.frame.iloc[rows].reset_index(drop=True) for rows in Soil(case, np.random.default_rng(0)).parts())
    features = list(case.config["data"]["features"])
    datasets = [Dataset(part[[*features, TARGET]], label=TARGET, cat_features=[]) for part in (train, test)]
    result = full_suite().run(*datasets, model=_model(train, features), with_display=False)
    return {outcome.check.name() for outcome in result.get_not_passed_checks()}


def cleanlab(case: Case) -> set[str]:
    """Return the kinds of issues that Datalab reports, from out-of-fold probabilities of a logistic regression."""
    from cleanlab import Datalab
    from sklearn.model_selection import cross_val_predict

    features = list(case.config["data"]["features"])
    model, inputs = _pipeline(), case.frame[features]
    probabilities = cross_val_predict(model, inputs, case.frame[TARGET], cv=5, method="predict_proba")
    scaled = model[:-1].fit_transform(inputs)
    lab = Datalab({"y": case.frame[TARGET].tolist()}, label_name="y")
    lab.find_issues(features=scaled, pred_probs=probabilities)
    summary = lab.get_issue_summary()
    return set(summary.loc[summary["num_issues"] > 0, "issue_type"])


def profiling(case: Case) -> set[str]:
    """Return the types of the alerts of a report on the whole file."""
    from ydata_profiling import ProfileReport

    features = list(case.config["data"]["features"])
    report = ProfileReport(case.frame[[*features, TARGET]], minimal=False, progress_bar=False, interactions=None)
    return {alert.alert_type.name for alert in report.description_set.alerts}


def _pipeline() -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(max_iter=2000))


def _model(frame: pd.DataFrame, features: list[str]) -> Any:
    try:
        return _pipeline().fit(frame[features], frame[TARGET])
    except ValueError:
        return None


PEERS: dict[str, Callable[[Case], set[str]]] = {"deepchecks": deepchecks, "cleanlab": cleanlab, "ydata-profiling": profiling}


def named(name: str, case: Case) -> set[str]:
    """Return what a peer raises for a table; nothing where it fails."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            return PEERS[name](case)
        except Exception as error:  # whatever a peer cannot read, it does not name
            print(f"{name}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
            return set()


def measured(name: str, seeds: int) -> dict[str, Any]:
    """Return whether each fault is named in four of five tables, and how many clean tables raise something."""
    faults: dict[str, dict[str, bool]] = {}
    for fault in FAULTS:
        wanted = set(NAMING[name].get(fault, ()))
        for strength, strong in (("strong", True), ("weak", False)):
            hits = sum(bool(wanted & named(name, planted(fault, strong, seed).case)) for seed in range(seeds)) if wanted else 0
            faults.setdefault(fault, {})[strength] = bool(wanted) and hits >= 0.8 * seeds
            print(f"{name}: {fault}, {strength}: {hits} of {seeds}", file=sys.stderr, flush=True)
    alarmed = [named(name, clean(seed)) for seed in range(CLEAN)]
    return {"version": version(name), "faults": faults, "clean": CLEAN, "alarmed": sum(map(bool, alarmed)), "seeds": seeds}


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]))))
