"""Gather the facts that the rules of a stage read, and ask them."""

from dataclasses import replace

import numpy as np

from pipeline.config.remedy import Call, dotted
from pipeline.config.schema import Config
from pipeline.data.split import Split
from pipeline.data.table import Table
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.evaluation_rules import RECALLED
from pipeline.findings.finding import Doubt, Finding
from pipeline.findings.ranking import areas_of_rare
from pipeline.findings.registry import find
from pipeline.findings.training_rules import TrainingFacts
from pipeline.judge.evaluate import Evaluation
from pipeline.machine.arrays import Floats, Integers
from pipeline.model import Model
from pipeline.network.train import Trained

_FAR = 1e6  # half distances of the values from their median
_LARGE = 20_000  # rows, from which on most of the time is spent in sorts, during which another thread can run
_ROWS = 2000  # looked at, evenly spread: enough for a share, few enough for thousands of starts


def audit(config: Config, table: Table, parts: Split, call: Call) -> tuple[Finding, ...]:
    """Return the findings that need no training: about the config, the data and the split."""
    accept, call = config.findings.accept, replace(call, config=config)
    return find("C", config, accept, call) + find("D", DataFacts(table, parts, config), accept, call, _threads(table))


def audit_training(
    config: Config,
    table: Table,
    parts: Split,
    model: Model,
    trained: Trained,
    evaluation: Evaluation,
    call: Call,
    before: tuple[Finding, ...],
) -> tuple[Finding, ...]:
    """Return all findings: those ``before`` the training, and those about it and its figures."""
    dead, agreeing, call = [], np.ones(0), replace(call, config=config)
    if len(parts.train):  # on another file there are no training rows to look at
        dead = [layer.dead for layer in evaluation.advice.layers]
        agreeing = agreement(model, trained, model.preprocessor.transform(table.rows(parts.train)))
    several = len(np.unique(evaluation.truth)) > 1  # else one answer is right
    finite = np.isfinite(trained.final_loss[trained.chosen])
    extreme = None if finite else _extreme(table, config, parts.train)
    answers, accept = evaluation.answers[: None if several else 0], config.findings.accept
    facts = TrainingFacts(trained, answers, dead, agreeing, config, extreme, areas_of_rare(evaluation))
    evaluation = replace(evaluation, recalled=any(finding.code in RECALLED for finding in before))
    return before + find("T", facts, accept, call) + find("E", evaluation, accept, call, _threads(table))


def _threads(table: Table) -> int:
    return 2 if len(table) > _LARGE else 1


def _extreme(table: Table, config: Config, rows: Integers) -> Doubt | None:
    """Return the value that lies farthest out of its column, if that is a million times as far as half of the values lie."""
    values, farthest, doubt = table.usable(config.preprocess.implausible), _FAR, None
    for name, column in zip(table.features, values[rows].T, strict=True):
        if np.isnan(column).all() or config.data.features[name].categories:
            continue
        middle = float(np.nanmedian(column))
        distance = np.abs(column - middle)
        out = distance / (np.nanmedian(distance) or max(abs(middle), 1.0))
        row, others = int(np.nanargmax(out)), column[out < _FAR]
        if out[row] < farthest:
            continue
        low, high, farthest = float(others.min()), float(others.max()), float(out[row])
        number = table.named(rows[[row]])[0]
        message = f'"{name}" holds {column[row]:g} in row {number}, and {low:g} to {high:g} elsewhere'
        ranged = {"preprocess.implausible": "missing", dotted("data", "features", name, "range"): [low, high]}
        doubt = Doubt(message, {"column": name, "row": number}, (f"correct row {number} of the file", ranged))
    return doubt


def agreement(model: Model, trained: Trained, inputs: Floats) -> Floats:
    """Return, for each start, the share of the (rows, inputs) that it answers like the chosen start."""
    inputs = inputs[:: -(-len(inputs) // _ROWS)]
    answers = [model.coding.decode(replace(model.network, weights=start).output(inputs)) for start in trained.weights]
    return np.asarray(np.mean(np.stack(answers) == answers[trained.chosen], axis=1))
