"""The order of the stages."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pipeline.config.schema import Config
from pipeline.data.load import load
from pipeline.data.split import Split, split
from pipeline.data.table import Table
from pipeline.errors import DataError
from pipeline.findings import Finding
from pipeline.findings.audit import audit, audit_training
from pipeline.judge.baselines import answer_all
from pipeline.judge.evaluate import evaluate
from pipeline.judge.rivals import yardsticks_of
from pipeline.judge.unseen import folds_of, profiles_of
from pipeline.model import Prepared, fit, prepare
from pipeline.runs.saved import Run
from pipeline.runs.summary import Origin, provenance, summary
from pipeline.runs.write import prepare_models, save_run
from pipeline.track.command import track


def check(config: Config) -> tuple[Finding, ...]:
    """Read the data and return the findings that need no training."""
    table = load(config.data, config.split.group_by or ())
    if config.evaluation.unseen:
        profiles_of(table, config.evaluation.unseen)  # says now what training would say
    return audit(config, table, split(table, config.split))


def train(config: Config, origin: Origin, verbose: bool = False) -> dict[str, Any]:
    """Run all stages, save the run, log it where the config says, and return its summary.

    An error among C and D that is not accepted stops before training.
    """
    started = time.perf_counter()
    table = load(config.data, config.split.group_by or ())
    parts = split(table, config.split)
    loaded = time.perf_counter()
    doubts = audit(config, table, parts)
    if any(finding.blocks for finding in doubts):
        return summary(config, table, parts, None, doubts, _seconds(started, loaded, loaded))
    folds = folds_of(table, config.evaluation.unseen) if config.evaluation.unseen else ()
    prepare_models()

    prepared = [prepare(table, parts, config), *_prepare_folds(table, folds, config)]
    with ThreadPoolExecutor(1) as beside:  # the baselines are done while TensorFlow is still being imported
        tasks = [each.task for each in prepared]
        baselines = beside.submit(answer_all, tasks, config.network.hidden, config.training.seed)
        (model, trained), *of_folds = (fit(each, config, verbose) for each in prepared)
    models = [fold_model for fold_model, _ in of_folds]
    yardsticks = yardsticks_of(
        table, parts, folds, models, baselines.result(), config.data, config.preprocess, config.evaluation.unseen
    )
    fitted = time.perf_counter()

    evaluation = evaluate(model, table, parts, yardsticks, config.data, config.preprocess, config.evaluation)
    findings = doubts + audit_training(config, table, parts, model, trained, evaluation)
    record = summary(config, table, parts, evaluation, findings, _seconds(started, loaded, fitted))
    run = Run(config, model, record | provenance(config, origin), trained, parts, yardsticks)
    from pipeline.network.keras_model import build

    folder = save_run(run, Path(origin.path).stem, prepared[0].steps, build(model.network))
    return record | {"run": str(folder), "tracking": track(config.tracking, folder)}


def _prepare_folds(table: Table, folds: Sequence[Split], config: Config) -> Iterator[Prepared]:
    for number, fold in enumerate(folds, 1):
        try:
            yield prepare(table, fold, config)
        except DataError as error:
            remedy = "choose other evaluation.unseen columns or folds, or set evaluation.unseen=null"
            raise DataError(*(f"fold {number} of {len(folds)}: {each}; {remedy}" for each in error.problems)) from None


def _seconds(started: float, loaded: float, fitted: float) -> dict[str, float]:
    return {"load": loaded - started, "fit": fitted - loaded, "total": time.perf_counter() - started}
