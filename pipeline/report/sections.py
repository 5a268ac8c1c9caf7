"""What the tables of the report hold: the run, its data and its summary, rearranged for reading."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.config.data_section import Feature
from pipeline.findings.finding import Finding
from pipeline.findings.registry import RULES, Rule
from pipeline.judge.baselines import RIVAL_NAMES
from pipeline.network.layers import unflatten
from pipeline.report.words import NOT_MEASURED, joined, number
from pipeline.runs.parts import StandingSummary
from pipeline.runs.saved import Run
from pipeline.runs.summary import Summary

RATES = {
    "recall": "sensitivity",
    "specificity": "specificity",
    "precision": "positive predictive value",
    "negative_predictive_value": "negative predictive value",
}
OWN = "this network"
"""What the report calls the network."""
CARD = {
    "intended_use": "intended use",
    "users": "intended users",
    "source": "source of the data",
    "dates": "dates of the data",
    "outcome": "outcome, and how it was determined",
    "limits": "limits, as the authors see them",
    "contact": "contact",
}


@dataclass(frozen=True)
class LayerTable:
    """A layer: its name, its activation, the names of its units, and its weights as text, one row an input."""

    name: str
    activation: str
    units: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]


def findings(given: Iterable[Finding]) -> list[tuple[Finding, Rule]]:
    """Return the findings in their order, but those that were accepted last, each with its rule."""
    return [(finding, RULES[finding.code]) for finding in sorted(given, key=lambda finding: finding.accepted)]


def comparison(summary: Summary) -> dict[str, StandingSummary]:
    """Return what each model reaches, by its name for a reader; the best on the test rows first."""
    ranked = sorted(summary.comparison.items(), key=lambda item: -1.0 if item[1].test is None else item[1].test, reverse=True)
    names = {**RIVAL_NAMES, "network": OWN}  # no criteria, no ADA rule
    return {names[key]: standing for key, standing in ranked if key != "ada_rule" or standing.test is not None}


def best_rival(summary: Summary) -> tuple[str, StandingSummary | None]:
    """Return the baseline of the highest test accuracy, the largest class aside; no name where there is none."""
    aside = (OWN, RIVAL_NAMES["majority"])
    rivals = [(name, row) for name, row in comparison(summary).items() if name not in aside and row.test is not None]
    return rivals[0] if rivals else ("", None)


def next_calls(run: Run) -> list[str]:
    """Return the commands that train with another slope and compare; none where the network has no Leaky ReLU layer."""
    call, alpha = run.record.config.call(), run.config.network.alpha
    if not run.model.network.slopes:
        return []
    other = 0.2 if 0.2 not in run.model.network.slopes else 0.05
    value = other if isinstance(alpha, float) else [other] * len(run.model.network.slopes)
    return [call.with_settings({"network.alpha": value}), f"{call.program} compare"]


def layers(run: Run) -> Iterator[LayerTable]:
    """Yield each layer, from the inputs on."""
    network, names = run.model.network, list(run.model.preprocessor.inputs)
    last = len(network.sizes) - 2
    for place, (kernel, bias) in enumerate(unflatten(network.weights, network.sizes)):
        units = outputs(run) if place == last else [f"unit {place + 1}.{unit + 1}" for unit in range(len(bias))]
        activation = f"Leaky ReLU, slope {network.slopes[place]:g}" if place < len(network.slopes) else "softmax"
        rows = [(name, [str(weight) for weight in row]) for name, row in zip([*names, "bias"], [*kernel, bias], strict=True)]
        yield LayerTable("output layer" if place == last else f"hidden layer {place + 1}", activation, units, rows)
        names = units


def outputs(run: Run) -> list[str]:
    """Return a name for each output."""
    return list(run.model.coding.classes) if run.model.coding.softmax else ["output"]


def regions(run: Run) -> list[tuple[str, str]]:
    """Return for each class which output is answered with it; empty for softmax."""
    coding = run.model.coding
    if coding.softmax:
        return []
    ranked = sorted(zip(coding.codes, coding.classes, strict=True), key=lambda pair: pair[0])
    edges = [(low + high) / 2 for (low, _), (high, _) in pairwise(ranked)]
    ends = zip([None, *edges], [*edges, None], strict=True)
    return [(name, _between(low, high)) for (_, name), (low, high) in zip(ranked, ends, strict=True)]


def value_of(feature: Feature, value: float, otherwise: str = NOT_MEASURED) -> str:
    """Return a value of a column for a reader: the text of a category, or a number."""
    return (feature.worded(value) or otherwise) if feature.categories else number(value, otherwise)


def steps(run: Run) -> list[tuple[str, str, float, float]]:
    """Return name, filling, centre and scale of each column, or category, that enters the network or its components."""
    learnt, features = run.model.preprocessor, run.config.data.features
    filled = zip(features.items(), learnt.fill.tolist(), strict=True)
    columns = [(column, value_of(own, fill, "nothing")) for (name, own), fill in filled for column in own.columns(name)]
    scaled = zip(columns, learnt.center.tolist(), learnt.scale.tolist(), strict=True)
    return [(name, fill, center, scale) for (name, fill), center, scale in scaled]


def not_supplied(run: Run, summary: Summary) -> Sequence[str]:
    """Return what a reader would want to know and nobody told, or nobody measured."""
    gone = [label for key, label in CARD.items() if not getattr(summary.card, key)]
    quantities = {name: feature for name, feature in run.config.data.features.items() if not feature.categories}
    for what, key in (("unit", "unit"), ("plausible range", "range")):
        names = [name for name, feature in quantities.items() if getattr(feature, key) is None]
        gone += [f"{what} of {joined(names)}"] * bool(names)
    measured = {
        "accuracy on unseen rows": summary.unseen,
        "AUC, Brier score, log loss and calibration": summary.probabilities,
        "accuracy of subgroups": summary.subgroups,
        "whether Leaky ReLU matters in this run": summary.advice,
    }
    gone += [f"{label} (not measured)" for label, figures in measured.items() if not figures]
    return [*gone, "external validation: rows from another place or time"]


def _between(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "any output" if low is high else f"below {number(high)}" if low is None else f"above {number(low)}"
    return f"from {number(low)} to {number(high)}"
