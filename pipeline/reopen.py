"""A saved run, read again: its figures, and its report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import bundle
from pipeline.audit import audit, audit_training
from pipeline.data.load import Table, load
from pipeline.data.split import Split
from pipeline.errors import DataError, PipelineError, RunError
from pipeline.history import changes, located
from pipeline.judge.evaluate import Yardsticks, evaluate
from pipeline.record import summary


@dataclass(frozen=True)
class Reopened:
    """A saved run, read once, with its figures computed again.

    Attributes:
        run: as it is kept.
        table: the data that the figures are of.
        summary: what ``evaluate`` prints.
    """

    run: bundle.Run
    table: Table
    summary: dict[str, Any]


def reopen(path: Path | str, data: str | None = None) -> Reopened:
    """Compute the figures of a saved run again, on its own data or on another file; nothing is trained."""
    run, folder = bundle.load(path), bundle.resolve(path)
    section = run.config.data.model_copy(update={"path": data or located(folder, run.config.data.path)})
    config, record = run.config.model_copy(update={"data": section}), run.record
    table = load(section, only_score=True)
    same = table.sha256 == record["data"]["sha256"]
    if same and len(table) != record["data"]["rows"]:
        raise RunError(
            f"{folder / 'run.json'}: this run was not written by this version: {table.path} has other rows; train again"
        )
    parts = run.split if same else Split(train=np.arange(0), test=np.arange(len(table)))
    yardsticks = run.yardsticks if same else Yardsticks(run.yardsticks.counts, {})
    evaluation = evaluate(run.model, table, parts, yardsticks, config)
    findings = audit(config, table, parts) + audit_training(config, table, parts, run.model, run.trained, evaluation)
    notes = changes(folder, run.config, record)
    if not same:
        stranger = f"{table.path} is not the file that the run was trained on"
        notes += (f"{stranger}: every row counts as a test row, and baselines that need fitting are left out",)
    result = summary(config, table, parts, evaluation, findings, record["seconds"], notes)
    return Reopened(run, table, result | {"run": str(folder)})


def report(path: Path | str) -> dict[str, Any]:
    """Write the HTML report of a saved run into its folder and return what ``--json`` prints.

    Raises:
        RunError: no run there, it is damaged, or its folder cannot be written.
        DataError: its data are gone or are no longer those that it was trained on.
        PipelineError: what draws the report is not installed.
    """
    try:
        from pipeline.report.page import page
    except ModuleNotFoundError as error:
        raise PipelineError(f"report: {error.name} is needed and not installed; pip install '.[report]'") from None
    again = reopen(path)
    if again.summary["data"]["sha256"] != again.run.record["data"]["sha256"]:
        what = f"{again.table.path}: a report needs the data that the run was trained on, and this file has changed since"
        raise DataError(f"{what} (its SHA-256 differs); restore the file or train again")
    folder = bundle.resolve(path)
    written = bundle.add_report(folder, page(again.run, again.table, again.summary))
    return {"run": str(folder), "report": str(written), "bytes": written.stat().st_size}
