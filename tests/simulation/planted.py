"""Does a study find a truth that was planted? Run it with "make planted"; it writes planted.json beside itself.

Two kinds of data, drawn anew in every repetition, of which it is known what the slope does:

- it matters: three well separated classes with the codes 0, 1 and -1 of one output. Without a slope no output is negative, so
  that a third of the rows cannot be answered, whatever the features: Leaky ReLU does better, after PCA and on raw inputs.
- it does not: two classes that one straight line divides as well as anything can, in a network with more hidden units than it
  needs, so that a bend or its slope leaves nothing to gain.

A repetition is right where every claim that has a known answer gets it; "cannot be told here" is not right.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config.schema import Config
from pipeline.data.table import Table
from pipeline.study.claims import FAILS, HOLDS, judged_claims
from pipeline.study.compare import COLUMNS, gather
from pipeline.study.grid import divisions, task_size, tasks
from pipeline.study.work import cores
from tests.tables import table_of

REPETITIONS = 100
ROWS = 400
FEATURES = [f"x{number}" for number in range(4)]
MATTERS = {
    "A small slope, such as 0.01 or 0.05, does better than ReLU": HOLDS,
    "After PCA (negative inputs) Leaky ReLU is better than ReLU": HOLDS,
    "On raw positive inputs Leaky ReLU does no better than ReLU": FAILS,
}
IDLE = {
    "A small slope, such as 0.01 or 0.05, does better than ReLU": FAILS,
    "A small slope is enough: a larger one does no better": HOLDS,
    "After PCA (negative inputs) Leaky ReLU is better than ReLU": FAILS,
    "Leaky ReLU gains more after PCA than on raw inputs": FAILS,
    "On raw positive inputs Leaky ReLU does no better than ReLU": HOLDS,
}


def config_of(codes: dict[str, int], hidden: int, output: str) -> Config:
    """Return a small study of data with these classes."""
    return Config.model_validate(
        {
            "data": {"path": "planted", "target": "class", "codes": codes, "features": {name: {} for name in FEATURES}},
            "network": {"hidden": [hidden]},
            "training": {"starts": 1, "epochs": 30, "learning_rate": 0.05},
            "study": {
                "alphas": [0, 0.05, 0.3],
                "features": ["raw", "pca"],
                "outputs": [output],
                "seeds": 10,
                "splits": 10,
                "reference": {"alpha": 0.05, "features": "pca", "output": output},
            },
        }
    )


def planted(seed: int, config: Config, distance: float) -> Table:
    """Draw rows of equally frequent classes, normal around points that lie at a distance from one another, all near 3."""
    random = np.random.default_rng(seed)
    names = list(config.data.codes)
    directions = np.linalg.qr(random.normal(size=(len(FEATURES), len(names))))[0].T * distance / np.sqrt(2)
    classes = random.permutation(np.arange(ROWS) % len(names))
    values = 3 + directions[classes] + random.normal(size=(ROWS, len(FEATURES)))
    features = pd.DataFrame(values, columns=FEATURES)
    return table_of(features, np.array(names)[classes], names, path="planted")


def verdicts(table: Table, config: Config) -> dict[str, str]:
    """Return what a study of the rows says to each claim."""
    made = divisions(table, config)
    plan = dict(enumerate(tasks(made, config, task_size(config, made[0].train))))
    found = dict(cores(table, config, plan))
    networks = gather((each.select(COLUMNS).to_pandas() for each in found.values()), made, config)
    return {claim.claim: claim.verdict for claim in judged_claims(networks, config)}


TRUTHS = {
    "slope matters": (config_of({"A": 0, "B": 1, "C": -1}, 3, "code"), 5.0, MATTERS),
    "slope does not matter": (config_of({"A": 0, "B": 1}, 8, "softmax"), 5.0, IDLE),
}


def measure(repetitions: int, seed: int = 0) -> dict[str, dict[str, object]]:
    """Return, for each kind of data, the share of repetitions that were right and how each claim was answered."""
    result = {}
    for name, (config, distance, truth) in TRUTHS.items():
        answers = [verdicts(planted(seed + number, config, distance), config) for number in range(repetitions)]
        right = [all(found[claim] == expected for claim, expected in truth.items()) for found in answers]
        told = {claim: {"truth": truth[claim]} | Counter(found[claim] for found in answers) for claim in truth}
        result[name] = {"right": float(np.mean(right)), "claims": told}
    return result


def main() -> None:
    """Measure, print and write."""
    result = {"repetitions": REPETITIONS, "rows": ROWS, "data": measure(int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS)}
    text = json.dumps(result, indent=2)
    print(text)
    if len(sys.argv) == 1:
        Path(__file__).with_name("planted.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
