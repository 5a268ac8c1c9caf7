"""The order of the stages."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.config.schema import Config
from pipeline.data.load import load
from pipeline.data.split import Split, split
from pipeline.data.table import Table
from pipeline.errors import DataError
from pipeline.findings import Finding
from pipeline.findings.audit import audit, audit_training
from pipeline.judge.baselines import ada_rule, answer_all, majority_rule
from pipeline.judge.evaluate import Yardsticks, evaluate
from pipeline.judge.unseen import Unseen, folds_of, profiles_of, unseen_answers
from pipeline.machine.arrays import Integers
from pipeline.model import Model, Prepared, fit, prepare
from pipeline.network.train import Trained
from pipeline.runs.run_json import unsaved_record
from pipeline.runs.saved import Run
from pipeline.runs.summarise import class_counts, summarise
from pipeline.runs.summary import Origin, Seconds, Summary
from pipeline.runs.write import prepare_models, save_run
from pipeline.track.command import track


def check(config: Config) -> tuple[Finding, ...]:
    """Read the data and return the findings that need no training."""
    table = load(config.data, config.split.group_by or ())
    if config.evaluation.unseen:
        profiles_of(table, config.evaluation.unseen)  # says now what training would say
    return audit(config, table, split(table, config.split))


def train(config: Config, origin: Origin, verbose: bool = False) -> Summary:
    """Run all stages, save the run, log it where the config says, and return its summary.

    An error among C and D that is not accepted stops before training.
    """
    started = time.perf_counter()
    table = load(config.data, config.split.group_by or ())
    parts = split(table, config.split)
    loaded = time.perf_counter()
    doubts = audit(config, table, parts)
    if any(finding.blocks for finding in doubts):
        return summarise(config, table, parts, None, doubts, _seconds(started, loaded, loaded))
    folds = folds_of(table, config.evaluation.unseen) if config.evaluation.unseen else ()
    prepare_models()

    prepared = [prepare(table, parts, config), *_prepare_folds(table, folds, config)]
    with ThreadPoolExecutor(1) as beside:  # the baselines are done while TensorFlow is still being imported
        baselines = beside.submit(answer_all, [each.task for each in prepared], config)
        fits = [fit(each, config, verbose) for each in prepared]
    answered = baselines.result()
    model, trained = fits[0]
    counts = class_counts(table.target.iloc[parts.train])
    yardsticks = Yardsticks(counts, answered[0], _unseen(table, folds, fits[1:], answered[1:], config))
    fitted = time.perf_counter()

    evaluation = evaluate(model, table, parts, yardsticks, config)
    findings = doubts + audit_training(config, table, parts, model, trained, evaluation)
    summary = summarise(config, table, parts, evaluation, findings, _seconds(started, loaded, fitted))
    run = Run(config, model, unsaved_record(summary, config, origin), trained, parts, yardsticks)
    from pipeline.network.keras_model import build

    folder = save_run(run, Path(origin.path).stem, prepared[0].steps, build(model.network))
    return summary.model_copy(update={"run": str(folder), "tracking": track(config.tracking, folder)})


def _prepare_folds(table: Table, folds: Sequence[Split], config: Config) -> Iterator[Prepared]:
    for number, fold in enumerate(folds, 1):
        try:
            yield prepare(table, fold, config)
        except DataError as error:
            remedy = "choose other evaluation.unseen columns or folds, or set evaluation.unseen=null"
            raise DataError(*(f"fold {number} of {len(folds)}: {each}; {remedy}" for each in error.problems)) from None


def _unseen(
    table: Table,
    folds: Sequence[Split],
    fits: Sequence[tuple[Model, Trained]],
    baselines: Sequence[dict[str, Integers]],
    config: Config,
) -> Unseen | None:
    """Gather what the folds' networks and baselines answer to the rows that they never saw."""
    section = config.evaluation.unseen
    if section is None:
        return None
    answers = []
    for fold, (model, _), fitted in zip(folds, fits, baselines, strict=True):
        counts = class_counts(table.target.iloc[fold.train])
        network = model.answers(model.output(table.features.iloc[fold.test]), tuple(config.data.codes))
        rules = {"majority": majority_rule(fold.test, counts, config), "ada_rule": ada_rule(table, fold.test, counts, config)}
        answers.append({"network": network} | {name: rule for name, rule in rules.items() if rule is not None} | fitted)
    return unseen_answers(table, section, folds, answers)


def _seconds(started: float, loaded: float, fitted: float) -> Seconds:
    return {"load": loaded - started, "fit": fitted - loaded, "total": time.perf_counter() - started}
