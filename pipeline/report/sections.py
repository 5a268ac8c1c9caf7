"""What the tables of the report hold, as plain values: the run, its data and its summary, rearranged for reading."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from pipeline.data.table import Table
from pipeline.findings import RULES
from pipeline.judge.baselines import RIVAL_NAMES
from pipeline.network.layers import unflatten
from pipeline.report.words import number
from pipeline.runs.saved import Run

RATES = {
    "recall": "sensitivity",
    "specificity": "specificity",
    "precision": "positive predictive value",
    "negative_predictive_value": "negative predictive value",
}
CARD = {
    "intended_use": "intended use",
    "users": "intended users",
    "source": "source of the data",
    "dates": "dates of the data",
    "outcome": "outcome, and how it was determined",
    "limits": "limits, as the authors see them",
    "contact": "contact",
}


def findings(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the findings, most serious first, each with the paragraphs of its page."""
    order = ("error", "warning", "info")
    ranked = sorted(summary["findings"], key=lambda finding: (finding["accepted"], order.index(finding["level"])))
    return [
        finding | {"title": RULES[finding["code"]].title, "page": RULES[finding["code"]].page.split("\n\n")[1:]}
        for finding in ranked
    ]


def comparison(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row a model, the network first; where no comparison was made, what accuracy and baselines tell."""
    accuracy = summary["accuracy"]
    known: dict[str, Any] = summary.get("comparison") or {name: {"test": share} for name, share in summary["baselines"].items()}
    network = {
        "test": accuracy["test"],
        "test_interval": accuracy["test_interval"],
        "unseen": accuracy.get("unseen_profiles"),
        "unseen_interval": accuracy.get("unseen_interval"),
    }
    rows = {"network": network | known.get("network", {})} | {name: row for name, row in known.items() if name != "network"}
    return [
        row | {"key": name, "name": "this network" if name == "network" else RIVAL_NAMES.get(name, name)}
        for name, row in rows.items()
    ]


def classes(run: Run, table: Table, summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row a class: its code, its rows, its share, and its training rows for each weight."""
    test, training = table.target.iloc[run.split.test].value_counts(), run.yardsticks.counts
    counts, weights = summary["data"]["classes"], summary["network"]["parameters"]
    return [
        {
            "name": name,
            "code": code,
            "rows": counts[name],
            "share": counts[name] / len(table),
            "train": training[name],
            "test": int(test[name]),
            "each": training[name] / weights,
        }
        for name, code in run.config.data.codes.items()
    ]


def rates(metrics: dict[str, Any], summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row a class: sensitivity and the others, each with its interval, and the AUC."""
    known = (summary.get("probabilities") or {}).get("classes") or {}
    return [
        {
            "name": name,
            "rates": [
                (label, (metrics.get(key) or {}).get(name), (metrics.get(f"{key}_interval") or {}).get(name))
                for key, label in RATES.items()
            ],
            "auc": (known.get(name) or {}).get("auc"),
        }
        for name in metrics["confusion"]
    ]


def predictors(run: Run, summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row a feature: what the config declares, what was missing, and how a value becomes an input."""
    step, columns = run.model.preprocessor, summary.get("columns") or {}
    return [
        {
            "name": name,
            "unit": feature.unit,
            "range": feature.range,
            "criterion": (feature.criterion or "").replace("_", "-"),
            "gaps": (columns.get(name) or {}).get("gaps"),
            "implausible": (columns.get(name) or {}).get("implausible"),
            "fill": float(fill),
            "center": float(center),
            "scale": float(scale),
        }
        for (name, feature), fill, center, scale in zip(
            run.config.data.features.items(), step.fill, step.center, step.scale, strict=True
        )
    ]


def flow(run: Run, table: Table) -> dict[str, int]:
    """Return what became of the rows; touched: those with a missing or implausible value."""
    train, test = len(run.split.train), len(run.split.test)
    touched = int((table.features.isna() | table.implausible).any(axis=1).sum())
    return {"read": len(table), "touched": touched, "excluded": len(table) - train - test, "train": train, "test": test}


def layers(run: Run) -> Iterator[dict[str, Any]]:
    """Yield each layer: its name, its activation, the names of its units, and its weights as rows of text."""
    network, names = run.model.network, list(run.model.preprocessor.inputs)
    last = len(network.sizes) - 2
    for place, (kernel, bias) in enumerate(unflatten(network.weights, network.sizes)):
        units = outputs(run) if place == last else [f"unit {place + 1}.{unit + 1}" for unit in range(len(bias))]
        slope = f"Leaky ReLU, slope {network.slopes[place]:g}" if place < len(network.slopes) else "softmax"
        table = [(name, [str(weight) for weight in row]) for name, row in zip([*names, "bias"], [*kernel, bias], strict=True)]
        yield {
            "name": "output layer" if place == last else f"hidden layer {place + 1}",
            "kind": slope,
            "units": units,
            "rows": table,
        }
        names = units


def outputs(run: Run) -> list[str]:
    """Return a name for each output."""
    return list(run.model.coding.classes) if run.model.coding.softmax else ["output"]


def regions(run: Run) -> list[tuple[str, str]]:
    """Return for each class which output is answered with it; empty for softmax."""
    coding = run.model.coding
    if coding.softmax:
        return []
    order = sorted(range(len(coding.codes)), key=lambda index: coding.codes[index])
    codes = [coding.codes[index] for index in order]
    edges = [(low + high) / 2 for low, high in pairwise(codes)]
    ends = zip([None, *edges], [*edges, None], strict=True)
    return [(coding.classes[index], _between(low, high)) for index, (low, high) in zip(order, ends, strict=True)]


def not_supplied(run: Run, summary: dict[str, Any]) -> Sequence[str]:
    """Return what a reader would want to know and nobody told, or nobody measured."""
    card, features = summary.get("card") or {}, run.config.data.features
    gone = [label for key, label in CARD.items() if not card.get(key)]
    gone += [f"unit of {name}" for name, feature in features.items() if feature.unit is None]
    gone += [f"plausible range of {name}" for name, feature in features.items() if feature.range is None]
    measured = {
        "unseen": "accuracy on unseen profiles",
        "probabilities": "AUC, Brier score, log loss and calibration",
        "subgroups": "accuracy of subgroups",
        "advice": "whether Leaky ReLU matters in this run",
    }
    gone += [f"{label} (not measured)" for key, label in measured.items() if not summary.get(key)]
    return [*gone, "external validation: rows from another place or time"]


def _between(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "any output" if low is high else f"below {number(high)}" if low is None else f"above {number(low)}"
    return f"from {number(low)} to {number(high)}"
