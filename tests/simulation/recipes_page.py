"""RECIPES.md from the figures of recipes.json; nothing in it is written by hand."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy.stats import rankdata

from tests.bench.results import duration, machine, table
from tests.simulation.rivals import BASELINES, HOW, LEAST, NETWORKS, ON_UNSEEN, OUTPUTS
from tests.simulation.tables import FOLDS, MADE, OURS, REPEATS

Figures = dict[str, Any]
REFERENCES = ("logistic regression", "random forest")
NEAR, FAR = 1.10, 1.50  # times the log loss of the better of REFERENCES
WITHIN = 0.01  # of the better AUC
INTRODUCTION = f"""# Recipes

Written by `make recipes`, never by hand: what the network is worth on clinical tables that nobody tuned it on. It is
`LeakyReLUClassifier(output="softmax", l2="auto")` with 3 hidden units as in the article, and with 8 and 16; everything else is
chosen by itself inside the training rows. Beside it stand three models of scikit-learn, tuned inside the same rows.

Each table is split {FOLDS * len(REPEATS)} times, a fifth of the rows held out: {len(REPEATS)} times {FOLDS} stratified folds.
Rows equal in every feature, or of one patient, are never on two sides. Gaps are filled with the medians of the training rows
and values scaled by them, for all alike."""
IN_SHORT = f"""Compared with the better of {" and ".join(REFERENCES)} in each table, by the mean over the splits. The
rank is by log loss among the network, {", ".join(BASELINES)}; 1 is the best. "Not raised": see below."""
MEANS = f"""Means over the splits. Log loss is the mean of -ln of the probability of what was true. Probabilities below
{LEAST:g} are first raised to it, for all alike, so that a single row costs no more than a forest of 500 trees can tell; "not
raised" is the log loss without. AUC is the mean over the classes, one against the rest. The calibration slope is 1 where
probabilities mean what they say, and below 1 where they are too extreme: the median over the splits, of the class where it is
lowest. In a split that a threshold divides without mistake it is infinite (∞)."""
UNSEEN = """The three tables of this project hold few profiles of `BS pp`, `Plasma R`, `Plasma F` and `HbA1c`. Here no profile
is on two sides: these are the folds of `configs/default.yaml`. Everything is chosen inside the training rows of each fold, in
folds that share no profile either. Accuracy is over all held-out rows; beside it is the mean over the profiles, each counted
once."""
SOURCES = """Rows of one group are never on two sides of a split. Columns of text became indicator columns. Of survival data the
class is whether the event came within the time that is named; whoever was not watched so long is left out."""


def page(result: Figures) -> str:
    """Return the whole page; what was not measured yet is left blank."""
    tables, unseen = result["splits"], result["unseen"]
    parts = [INTRODUCTION, *summed(tables), *missing(tables), "## Figures", MEANS]
    for title, figure, show in SHOWN:
        parts += [f"### {title}", columns(tables, figure, show)]
    parts += ["## Unseen profiles", UNSEEN, on_unseen(unseen), "## The tables", SOURCES, sources(tables)]
    parts += ["## How the others are tuned", HOW, "## The machine", machine(result["machine"]), taken(result)]
    return "\n\n".join(parts) + "\n"


def mean(entry: Figures, model: str, figure: str) -> float:
    """Return the mean over the splits; NaN where the model was not measured."""
    return float(np.mean(entry["models"][model]["figures"][figure])) if model in entry["models"] else np.nan


def slope(entry: Figures, model: str, figure: str) -> float:
    """Return the median slope of the class where it is lowest; None counts as infinite."""
    if model not in entry["models"]:
        return np.nan
    slopes = np.array(entry["models"][model]["figures"][figure], dtype=float)
    return float(np.median(np.where(np.isnan(slopes), np.inf, slopes), axis=0).min())


def sums(tables: Figures, network: str, loss: str = "log_loss") -> Figures:
    """Return in how many tables the network is near the better of ``REFERENCES``, the largest ratio, and its mean rank.

    Only tables with all models count. The ratios are of ``loss``, "log_loss" or "exact".
    """
    models = [network, *BASELINES]
    full = {name: entry for name, entry in tables.items() if all(model in entry["models"] for model in models)}
    ratios = {name: mean(entry, network, loss) / best(entry, loss, min) for name, entry in full.items()}
    behind = [best(entry, "auc", max) - mean(entry, network, "auc") for entry in full.values()]
    ranks = [rankdata([mean(entry, model, loss) for model in models])[0] for entry in full.values()]
    worst = max(ratios, key=ratios.__getitem__, default="")
    return {
        "tables": len(full),
        "near": sum(ratio <= NEAR for ratio in ratios.values()),
        "far": sum(ratio > FAR for ratio in ratios.values()),
        "worst": worst,
        "largest": ratios.get(worst, np.nan),
        "auc": sum(gap <= WITHIN for gap in behind),
        "rank": float(np.mean(ranks)) if ranks else np.nan,
    }


def best(entry: Figures, figure: str, choose: Callable[[Iterable[float]], float]) -> float:
    """Return the better mean of the two references."""
    return choose([mean(entry, model, figure) for model in REFERENCES])


def summed(tables: Figures) -> list[str]:
    """Return the sums of each width."""
    rows = []
    for network in NETWORKS:
        for loss, name in (("log_loss", network), ("exact", f"{network}, not raised")):
            reached = sums(tables, network, loss)
            if count := reached["tables"]:
                counts = [f"{reached[key]} of {count}" for key in ("near", "far", "auc")]
                rows.append((name, *counts, f"{reached['largest']:.2f} ({reached['worst']})", f"{reached['rank']:.2f}"))
    losses = f"log loss at most {NEAR:.2f} times", f"above {FAR:.2f} times"
    head = ("network", *losses, f"AUC at most {WITHIN:g} lower", "largest ratio", "mean rank of 4")
    return ["## In short", IN_SHORT, table(head, rows) if rows else "The network was not measured yet."]


def missing(tables: Figures) -> list[str]:
    """Say which tables are not in the page."""
    absent = [name for name in MADE if name not in tables]
    reason = "`complete` and `article` are read from the folder that DIABETES_DATA_DIR names"
    return [f"Left out: {', '.join(absent)} ({reason})."] if absent else []


def shown(value: float, form: str) -> str:
    """Return a figure as text; blank where there is none."""
    return "" if np.isnan(value) else "∞" if np.isinf(value) else format(value, form)


SHOWN: tuple[tuple[str, str, tuple[Callable[[Figures, str, str], float], str]], ...] = (
    ("Log loss", "log_loss", (mean, ".3f")),
    ("AUC", "auc", (mean, ".3f")),
    ("Accuracy", "accuracy", (mean, ".1%")),
    ("Calibration slope", "slopes", (slope, ".2f")),
)


PARTS = {"accuracy": ("accuracy", ".1%"), "of_profiles": ("mean over profiles", ".1%"), "log_loss": ("log loss", ".3f")}


def columns(tables: Figures, figure: str, show: tuple[Callable[[Figures, str, str], float], str]) -> str:
    """Return a figure of every model in every table."""
    value, form = show
    models = [*BASELINES, *NETWORKS]
    head = ("", *BASELINES, *(f"network, {name}" for name in NETWORKS))
    rows = ((name, *(shown(value(entry, model, figure), form) for model in models)) for name, entry in ordered(tables))
    return table(head, rows)


def on_unseen(tables: Figures) -> str:
    """Return accuracy on unseen profiles, and log loss."""
    models = (*OUTPUTS, *ON_UNSEEN)
    rows = []
    for name, entry in ordered(tables):
        for figure, (title, form) in PARTS.items():
            rows.append((f"{name}, {title}", *(shown(mean(entry, model, figure), form) for model in models)))
    absent = [name for name in OURS if name not in tables]
    note = f"\n\nLeft out: {', '.join(absent)}." if absent else ""
    return table(("", *(f"network, {name}" for name in OUTPUTS), *ON_UNSEEN), rows) + note


def sources(tables: Figures) -> str:
    """Return where each table is from and how large it is."""
    rows = [
        (f"{name}: {entry['source']}", *(str(entry[key]) for key in ("rows", "groups", "features", "classes")))
        for name, entry in ordered(tables)
    ]
    return table(("", "rows", "groups", "inputs", "classes"), rows)


def ordered(tables: Figures) -> list[tuple[str, Figures]]:
    """Return the tables in the order in which they are measured, whenever that was."""
    return [(name, tables[name]) for name in MADE if name in tables]


def taken(result: Figures) -> str:
    """Return how long each model took over all tables, and when."""
    rows = []
    for place, models in (("splits", (*BASELINES, *NETWORKS)), ("unseen", (*ON_UNSEEN, *OUTPUTS))):
        for model in models:
            runs = [entry["models"][model] for entry in result[place].values() if model in entry["models"]]
            if runs:
                seconds, days = sum(run["seconds"] for run in runs), sorted({run["date"] for run in runs})
                rows.append((model, place, str(len(runs)), duration(seconds), " to ".join(dict.fromkeys((days[0], days[-1])))))
    return table(("model", "place", "tables", "time", "date"), rows)
