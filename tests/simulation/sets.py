"""How often sets of possible classes hold the class, and calibration slopes hold 1. Usage: sets.py [TRAININGS]

Each training is of a clean table of its own, with one coded output and with softmax in turn, everything at its default: a fifth
of the rows is tested, and 5,000 fresh rows are answered besides. In every table of the second kind patients have up to 12 rows,
all of one class and much alike; the fresh patients were never seen, and each counts the same. Prints a table, writes sets.json.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline.findings.finding import SIGNIFICANCE
from pipeline.judge.calibration import unlike_chances
from pipeline.judge.probability import score_probabilities
from pipeline.network.classifier import LeakyReLUClassifier
from tests.planted.clean import TARGET, Case, clean

TRAININGS, FRESH, SEED, MOST = 200, 5000, 77_000, 12
OUTPUTS = ("code", "softmax")
SLOPES = ("of the worst class, %", "1 in the slope's interval, %", "in that of logistic regression, %")


def drawn(case: Case, rows: int, patients: bool, random: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return features, classes and patients of new rows; of several rows of a patient only what is measured finely differs."""
    frame = case.population.draw(rows, random)
    group = np.arange(rows).repeat(random.integers(1, MOST + 1, rows) if patients else 1)
    features = frame[[column.name for column in case.population.columns]].iloc[group].reset_index(drop=True)
    if patients:
        for column in case.population.columns:
            if column.fine:
                features[column.name] *= random.normal(1, 0.02, len(group))
    return features, frame[TARGET].to_numpy()[group], group


def measured(seed: int, patients: bool) -> dict[str, Any]:
    """Return what one training promises and what comes of it."""
    case, random = clean(seed), np.random.default_rng((seed, int(patients)))
    rows, truth, group = drawn(case, 300 if patients else len(case.frame), patients, random)
    train, test = next(GroupShuffleSplit(1, test_size=0.2, random_state=seed).split(rows, truth, group))
    steps = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit(rows.iloc[train])
    model = LeakyReLUClassifier(output=OUTPUTS[seed % 2], random_state=seed)
    model.fit(steps.transform(rows.iloc[train]), truth[train], groups=group[train])
    fresh, classes, fresh_group = drawn(case, FRESH // (MOST if patients else 1), patients, random)
    place, counts = np.searchsorted(model.classes_, classes), np.bincount(fresh_group)[fresh_group]
    possible = model.predict_set(steps.transform(fresh))
    hit = possible[np.arange(len(place)), place]
    answered, tested = model.predict_proba(steps.transform(rows.iloc[test])), np.searchsorted(model.classes_, truth[test])
    scores = score_probabilities(tested, answered, tuple(map(str, model.classes_)), 0.95)
    slopes = [(own.slope.low, own.slope.high) for own in scores.per_class]
    regression = LogisticRegression(max_iter=5000).fit(steps.transform(rows.iloc[train]), truth[train])
    theirs = score_probabilities(tested, regression.predict_proba(steps.transform(rows.iloc[test])), scores.classes, 0.95)
    plain = [(own.slope.low, own.slope.high) for own in theirs.per_class]
    doubts = [unlike_chances(answered[:, number], tested == number, group[test]) for number in range(len(model.classes_))]
    return {
        "output": OUTPUTS[seed % 2],
        "coverage": float(np.average(hit, weights=1 / counts)),
        "classes": [float(np.average(hit[place == number], weights=1 / counts[place == number])) for number in np.unique(place)],
        "size": float(possible.sum(axis=1).mean() / possible.shape[1]),
        "slope": [bool(low <= 1 <= high) for low, high in slopes],
        "logistic": [bool(low <= 1 <= high) for low, high in plain],
        "doubts": [float(doubt) for doubt in doubts],
    }


def main(trainings: int) -> None:
    """Measure, print and write."""
    result = {kind: [measured(SEED + number, kind == "patients") for number in range(trainings)] for kind in ("rows", "patients")}
    table = Table("trained on", "output", "trainings", "coverage, %", *SLOPES, "E406 would be given")
    for kind, trials in result.items():
        for output in OUTPUTS:
            own = [trial for trial in trials if trial["output"] == output]
            worst = np.mean([min(trial["classes"]) for trial in own])
            slope, plain = (np.mean([held for trial in own for held in trial[name]]) for name in ("slope", "logistic"))
            coverage = np.mean([trial["coverage"] for trial in own])
            shares = (f"{100 * share:.1f}" for share in (coverage, worst, slope, plain))
            given = sum(min(trial["doubts"]) * len(trial["doubts"]) < SIGNIFICANCE for trial in own)
            table.add_row(kind, output, str(len(own)), *shares, str(given))
    Console(width=130).print(table)
    Path(__file__).with_name("sets.json").write_text(json.dumps(result) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TRAININGS)
