"""The order of the stages."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline import bundle
from pipeline.config import Config
from pipeline.data.load import Labels, Table, load
from pipeline.data.preprocess import fit_pipeline, from_pipeline
from pipeline.data.split import Split, split
from pipeline.errors import DataError, PipelineError
from pipeline.findings import Finding, find
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.training_rules import TrainingFacts
from pipeline.history import changes, located
from pipeline.judge.baselines import logistic_regression
from pipeline.judge.evaluate import Evaluation, Yardsticks, evaluate
from pipeline.model import Model
from pipeline.network.train import Trained
from pipeline.record import Origin, class_counts, provenance, summary


def check(config: Config) -> tuple[Finding, ...]:
    """Read the data and return the findings that need no training."""
    return _doubts(config, load(config.data, config.split.group_by or ()))


def train(config: Config, origin: Origin, verbose: bool = False) -> dict[str, Any]:
    """Run all stages, save the run and return its summary. An error among C and D that is not accepted stops before training."""
    started = time.perf_counter()
    table = load(config.data, config.split.group_by or ())
    parts = split(table, config.split)
    loaded = time.perf_counter()
    doubts = _doubts(config, table)
    if any(finding.blocks for finding in doubts):
        return summary(config, table, parts, None, doubts, _seconds(started, loaded, loaded))
    bundle.prepare()

    steps = fit_pipeline(table.features.iloc[parts.train], config)
    preprocessor = from_pipeline(steps, tuple(config.data.features))
    inputs = pd.DataFrame(preprocessor.transform(table.features), columns=list(preprocessor.inputs))
    classifier = _fit(config, inputs.iloc[parts.train], table.target.iloc[parts.train], verbose)
    fitted = time.perf_counter()

    model = Model(preprocessor, classifier.network_, classifier.coding_)
    yardsticks = _yardsticks(table, parts, inputs.to_numpy())
    evaluation = evaluate(model, table, parts, yardsticks, config)
    findings = doubts + _judged(config, evaluation, parts, classifier.trained_)
    record = summary(config, table, parts, evaluation, findings, _seconds(started, loaded, fitted))
    run = bundle.Run(config, model, classifier.trained_, parts, record | provenance(config, origin, yardsticks))
    from pipeline.network.build import build

    return record | {"run": str(bundle.save(run, Path(origin.path).stem, steps, build(model.network)))}


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


def reevaluate(path: Path | str, data: str | None = None) -> dict[str, Any]:
    """Compute the figures of a saved run again, on its own data or on another file; nothing is trained."""
    return reopen(path, data).summary


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


def reopen(path: Path | str, data: str | None = None) -> Reopened:
    """Read a saved run and compute its figures again; see ``reevaluate``."""
    run, folder = bundle.load(path), bundle.resolve(path)
    section = run.config.data.model_copy(update={"path": data or located(folder, run.config.data.path)})
    config, record = run.config.model_copy(update={"data": section}), run.record
    table = load(section, only_score=True)
    same = table.sha256 == record["data"]["sha256"]
    parts = run.split if same else Split(train=np.arange(0), test=np.arange(len(table)))
    evaluation = evaluate(run.model, table, parts, _recorded(record, same), config)
    findings = _doubts(config, table) + _judged(config, evaluation, parts, run.trained)
    notes = changes(folder, run.config, record)
    if not same:
        stranger = f"{table.path} does not hold the data that the run was trained on"
        notes += (f"{stranger}: every row counts as a test row, and baselines that need fitting are left out",)
    result = summary(config, table, parts, evaluation, findings, record["seconds"], notes)
    return Reopened(run, table, result | {"run": str(folder)})


def _doubts(config: Config, table: Table) -> tuple[Finding, ...]:
    accept = config.findings.accept
    return find("C", config, accept) + find("D", DataFacts(table, config), accept)


def _judged(config: Config, evaluation: Evaluation, parts: Split, trained: Trained) -> tuple[Finding, ...]:
    answers = evaluation.answers[np.concatenate([parts.train, parts.test])]
    facts = TrainingFacts(trained, answers, config)
    return find("T", facts, config.findings.accept) + find("E", evaluation, config.findings.accept)


def _fit(config: Config, inputs: pd.DataFrame, labels: Labels, verbose: bool) -> Any:
    """Train the estimator as the config says. Missing values pass: where D201 was accepted, T301 tells what they do."""
    from pipeline.network.classifier import LeakyReLUClassifier

    training = config.training.model_dump()
    classifier = LeakyReLUClassifier(
        **config.network.model_dump(),
        codes=config.data.codes,
        random_state=training.pop("seed"),
        **training,
        allow_nan=True,
        verbose=verbose,
    )
    return classifier.fit(inputs, labels.astype(str).to_numpy())


def _yardsticks(table: Table, parts: Split, inputs: Any) -> Yardsticks:
    truth = table.class_indices()
    answers = logistic_regression(inputs[parts.train], truth[parts.train], inputs[parts.test])
    accuracy = None if answers is None else float(np.mean(answers == truth[parts.test]))
    return Yardsticks(class_counts(table.target.iloc[parts.train]), {"logistic_regression": accuracy})


def _recorded(record: dict[str, Any], same: bool) -> Yardsticks:
    """Return the yardsticks of a saved run; those that belong to its test rows are None on another file."""
    fitted = {name: record["baselines"][name] if same else None for name in record["fitted_baselines"]}
    return Yardsticks(record["train_classes"], fitted, record["accuracy"]["unseen_profiles"] if same else None)


def _seconds(started: float, loaded: float, fitted: float) -> dict[str, float]:
    return {"load": loaded - started, "fit": fitted - loaded, "total": time.perf_counter() - started}
