"""A saved run, read again: its figures, and its report."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.config.remedy import Call
from pipeline.data.load import load
from pipeline.data.split import Split
from pipeline.data.table import Table
from pipeline.errors import RunError
from pipeline.findings.audit import audit, audit_training
from pipeline.judge.baselines import Yardsticks
from pipeline.judge.evaluate import evaluate
from pipeline.runs.history import changes, located
from pipeline.runs.place import resolve_run
from pipeline.runs.saved import Run, load_run
from pipeline.runs.summarise import summarise
from pipeline.runs.summary import Summary


@dataclass(frozen=True)
class Reopened:
    """A saved run, the data that its figures are of, what ``evaluate`` prints, and the call that trains the same config."""

    run: Run
    table: Table
    summary: Summary
    call: Call


def reopen(path: Path | str, data: str | None = None) -> Reopened:
    """Compute the figures of a saved run again, on its own data or on another file; nothing is trained.

    The fixes are commands that train the same config anew.
    """
    run, folder = load_run(path), resolve_run(path)
    section = run.config.data.model_copy(update={"path": data or located(folder, run.config.data.path)})
    config, record = run.config.model_copy(update={"data": section}), run.record
    table = load(section, config.split.group_by or (), only_score=True, like=run.record.data.read)
    notes = changes(folder, run.config, record.config)
    if table.sha256 == record.data.sha256:
        if len(table) != record.data.rows:
            problem = f"this run is of another version of the program, which read {table.path} differently; train again"
            raise RunError(f"{folder / 'run.json'}: {problem}")
        odds = {name: row.probabilities for name, row in record.comparison.items() if row.probabilities}
        parts, yardsticks = run.split, replace(run.yardsticks, probabilities=odds, choice=record.choice)
        if data is not None:
            trained = f"{record.data.train:,} of these {len(table):,} rows are training rows, so this is no test"
            notes += (f"{table.path} is the file of the training: {trained}",)
    else:
        parts, yardsticks = Split(train=np.arange(0), test=np.arange(len(table))), Yardsticks(run.yardsticks.counts, {})
        stranger = f"{table.path} is not the file that the run was trained on"
        apart = "every row counts as a test row (not checked: whether some are training rows)"
        notes += (f"{stranger}: {apart}; models that would have to be fitted are left out",)
    evaluation = evaluate(run.model, table, parts, yardsticks, config.data, config.preprocess, config.evaluation)
    call = record.config.call()
    findings = audit(config, table, parts, call)
    findings = audit_training(config, table, parts, run.model, run.trained, evaluation, call, findings)
    summary = summarise(config, table, parts, evaluation, findings, record.seconds, notes)
    return Reopened(run, table, summary.model_copy(update={"run": str(folder)}), call)
