"""Everything that a run says, gathered into its summary."""

from math import isnan

import numpy as np

from pipeline.config.schema import Config
from pipeline.data.split import Split
from pipeline.data.table import Labels, Table
from pipeline.findings import Finding
from pipeline.findings.verdict import verdict
from pipeline.judge.bootstrap import groups_note, rows_note
from pipeline.judge.evaluate import Evaluation
from pipeline.judge.metrics import Scores
from pipeline.judge.probability import ClassProbability
from pipeline.network.layers import parameters
from pipeline.runs.summary import (
    ClassProbabilities,
    ColumnSummary,
    CurvePoint,
    DataSummary,
    EstimateSummary,
    FindingSummary,
    Fold,
    NetworkSummary,
    ScoresSummary,
    Seconds,
    Summary,
    UnseenSummary,
)


def summarise(
    config: Config,
    table: Table,
    parts: Split,
    evaluation: Evaluation | None,
    findings: tuple[Finding, ...],
    seconds: Seconds,
    notes: tuple[str, ...] = (),
) -> Summary:
    """Return what ``train`` and ``evaluate`` print, without the folder.

    Args:
        config: resolved.
        table: the rows that were read.
        parts: training and test rows.
        evaluation: None where training was refused.
        findings: all of them.
        seconds: of load, of fit, and in total up to the moment when the run is saved.
        notes: what the reader must know about these figures.
    """
    level, sizes = config.evaluation.interval, _sizes(config)
    gaps, implausible = table.features.isna().sum(), table.implausible.sum()
    fill = evaluation.fill if evaluation else {}
    refused = Summary(
        verdict=verdict(evaluation, findings, level),
        interval_note=rows_note(level),
        engine=config.training.engine,
        data=DataSummary(
            path=table.path,
            sha256=table.sha256,
            rows=len(table),
            train=len(parts.train),
            test=len(parts.test),
            classes=class_counts(table.target),
        ),
        network=NetworkSummary(layers=sizes, alpha=config.network.alpha, parameters=parameters(sizes)),
        columns={
            name: ColumnSummary(**dict(feature), gaps=int(gaps[name]), implausible=int(implausible[name]), fill=fill.get(name))
            for name, feature in config.data.features.items()
        },
        card=config.card,
        findings=tuple(map(FindingSummary.model_validate, findings)),
        sound=not any(finding.blocks for finding in findings),
        seconds=seconds,
        notes=notes,
    )
    return _judged(refused, evaluation, config) if evaluation else refused


def class_counts(target: Labels) -> dict[str, int]:
    """Return the number of rows of each class, in the order of the codes."""
    return {str(name): int(count) for name, count in target.value_counts(sort=False).items()}


def _sizes(config: Config) -> tuple[int, ...]:
    inputs = config.preprocess.pca or len(config.data.features)
    return (inputs, *config.network.hidden, len(config.data.codes) if config.network.output == "softmax" else 1)


def _judged(refused: Summary, evaluation: Evaluation, config: Config) -> Summary:
    """Return the summary with the figures of an evaluation."""
    train, test, standings = evaluation.train, evaluation.test, evaluation.standings
    network, probabilities = standings["network"], evaluation.probabilities
    figures = {
        "accuracy": {
            "train": train and train.accuracy,
            "test": test.accuracy,
            "test_interval": test.interval,
            "unseen_profiles": network.unseen,
            "unseen_interval": network.unseen_interval,
        },
        "keras_accuracy": {"train": evaluation.keras_train, "test": evaluation.keras_test},
        "metrics": {"train": train and _scores(train), "test": _scores(test)},
        "baselines": {name: standing.test for name, standing in standings.items() if name != "network"},
        "comparison": standings,
        "unseen": _unseen(evaluation, config),
        "probabilities": None
        if isnan(probabilities.log_loss.value)
        else {
            "spread": evaluation.spread,
            "rows": probabilities.rows,
            "classes": dict(zip(probabilities.classes, map(_class_probabilities, probabilities.per_class), strict=True)),
            "macro_auc": probabilities.macro_auc,
            "brier": probabilities.brier,
            "log_loss": probabilities.log_loss,
        },
        "subgroups": evaluation.subgroups,
        "advice": evaluation.advice,
    }
    return Summary.model_validate(dict(refused) | figures)


def _scores(scores: Scores) -> ScoresSummary:
    figures = {
        name: dict(zip(scores.classes, value.tolist(), strict=True)) if isinstance(value, np.ndarray) else value
        for name, value in vars(scores).items()
        if name in ScoresSummary.model_fields
    }
    answers = (*scores.classes, "no class")
    confusion = {truth: dict(zip(answers, rows, strict=True)) for truth, rows in figures["confusion"].items()}
    return ScoresSummary(**figures | {"confusion": confusion})


def _unseen(evaluation: Evaluation, config: Config) -> UnseenSummary | None:
    unseen, section = evaluation.unseen, config.evaluation.unseen
    if unseen is None or section is None:
        return None
    right = unseen.answers["network"] == evaluation.truth
    folds = [unseen.folds == number for number in range(section.folds)]
    return UnseenSummary(
        **dict(section),
        groups=len(np.unique(unseen.groups)),
        rows=len(right),
        interval_note=groups_note(config.evaluation.interval),
        per_fold=tuple(
            Fold(rows=int(fold.sum()), groups=len(np.unique(unseen.groups[fold])), accuracy=float(right[fold].mean()))
            for fold in folds
        ),
    )


def _class_probabilities(scores: ClassProbability) -> ClassProbabilities:
    names = list(CurvePoint.model_fields)
    bins = zip(*(getattr(scores.curve, name).tolist() for name in names), strict=True)
    estimate = EstimateSummary.model_validate
    return ClassProbabilities(
        auc=estimate(scores.auc),
        calibration_slope=estimate(scores.slope),
        calibration_intercept=estimate(scores.intercept),
        calibration_in_the_large=estimate(scores.in_the_large),
        curve=tuple(CurvePoint(**dict(zip(names, values, strict=True))) for values in bins),
    )
