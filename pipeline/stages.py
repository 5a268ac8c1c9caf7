"""The order of the stages."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config.remedy import TRAIN, Call
from pipeline.config.schema import Config, UnseenSection
from pipeline.data.load import load
from pipeline.data.profiles import Copies
from pipeline.data.split import split
from pipeline.errors import counted
from pipeline.findings.audit import audit, audit_training
from pipeline.findings.copy_rules import copies_of
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.finding import Finding
from pipeline.findings.verdict import by_consequence
from pipeline.judge.baselines import fitting, yardsticks_of
from pipeline.judge.evaluate import evaluate
from pipeline.judge.unseen import held_out, profiles_of
from pipeline.machine.arrays import Integers
from pipeline.machine.steps import Steps
from pipeline.model import Fitted, Prepared, fit, prepare
from pipeline.network.backend import tensorflow
from pipeline.network.compiled import in_threads
from pipeline.network.keras_model import build
from pipeline.network.recipe import Progress, sized

if TYPE_CHECKING:  # and what reads and writes runs is none of a check
    from pipeline.runs.parts import Seconds
    from pipeline.runs.summary import Origin, Summary


def check(config: Config, call: Call = TRAIN, strict: bool = False) -> tuple[tuple[Finding, ...], Copies]:
    """Read the data and return the findings that need no training, and how many test rows training rows tell.

    ``strict`` makes errors of the warnings.
    """
    table = load(config.data, config.split.group_by or ())
    if isinstance(config.evaluation.unseen, UnseenSection):
        profiles_of(table, config.evaluation.unseen)  # says now what training would say
    parts = split(table, config.split)
    findings = audit(config, table, parts, call)
    if strict:
        findings = tuple(replace(finding, level="error") if finding.level == "warning" else finding for finding in findings)
    return by_consequence(findings), copies_of(DataFacts(table, parts, config))


def train(config: Config, origin: Origin, steps: Steps | None = None) -> Summary:
    """Load, drop the redundant output, encode, split 80/20, build, train, and say how accurate that is on either part.

    The run is saved, and logged where the config says. An error among C and D that is not accepted stops before training.
    ``steps`` shows how far it is.
    """
    from pipeline.runs.run_json import unsaved_record
    from pipeline.runs.saved import Run
    from pipeline.runs.summarise import summarise
    from pipeline.runs.write import prepare_models, save_run
    from pipeline.track.command import track

    started, call = time.perf_counter(), origin.call()
    data, preprocess, steps = config.data, config.preprocess, steps or Steps(visible=False)
    with steps.step(f"reading {data.path}"):
        table = load(data, config.split.group_by or ())
    parts = split(table, config.split)
    loaded = time.perf_counter()
    with steps.step(f"checking {len(table):,} rows"):
        doubts = audit(config, table, parts, call)
    if any(finding.blocks for finding in doubts):
        return summarise(config, table, parts, None, doubts, _seconds(started, loaded, loaded))
    prepare_models()

    with steps.step("preparing rows, folds and baselines"):
        held = held_out(table, config)
        learnt, prepared = [parts, *held.folds], [prepare(table, parts, data, preprocess), *held.prepared]
    with fitting([rows.task for rows in prepared], config.network.hidden, config.training.seed) as baselines:
        with steps.step("importing TensorFlow"):
            tensorflow()
        together = [held.together(table, part.train, config.split) for part in learnt]
        own, *of_folds = _fit_all(prepared, together, config, steps)
        with steps.step("training the baselines") as advance:
            answers = baselines(advance)
    yardsticks = yardsticks_of(table, parts, held, [fold.model for fold in of_folds], answers, data, preprocess)
    yardsticks = replace(yardsticks, choice=own.choice.path)
    fitted = time.perf_counter()

    with steps.step("evaluating and saving"):
        evaluation = evaluate(own.model, table, parts, yardsticks, data, preprocess, config.evaluation)
        findings = audit_training(config, table, parts, own.model, own.trained, evaluation, call, doubts)
        summary = summarise(config, table, parts, evaluation, findings, _seconds(started, loaded, fitted))
        run = Run(config, own.model, unsaved_record(summary, config, origin), own.trained, parts, yardsticks)
        folder = save_run(run, Path(origin.path).stem, prepared[0].steps, build(own.model.network))
        return summary.model_copy(update={"run": str(folder), "tracking": track(config.tracking, folder)})


def _fit_all(prepared: Sequence[Prepared], together: Sequence[Integers], config: Config, steps: Steps) -> list[Fitted]:
    """Train on the training rows, and on those of each fold, at the same time."""
    training, fits = sized(config.training, len(prepared[0].labels)), dict[int, Fitted]()

    def one(number: int, progress: Progress) -> None:
        sections = config.data.codes, config.network, config.training, config.evaluation.confidence
        fits[number] = fit(prepared[number], together[number], *sections, progress)

    folds = f", and {counted(len(prepared) - 1, 'fold')}" if len(prepared) > 1 else ""
    title = f"training {counted(int(training.starts), 'start')} on {counted(len(prepared[0].labels), 'row')}{folds}"
    with steps.step(title) as advance:
        in_threads(one, range(len(prepared)), advance, 1 if config.training.engine == "keras" else None)  # Keras has globals
    return [fits[number] for number in sorted(fits)]


def _seconds(started: float, loaded: float, fitted: float) -> Seconds:
    return {"load": loaded - started, "fit": fitted - loaded, "total": time.perf_counter() - started}
