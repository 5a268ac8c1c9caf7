"""Everything that a run says, gathered into its summary."""

from dataclasses import replace
from math import isnan

import numpy as np

from pipeline.config.schema import Config, EvaluationSection, UnseenSection
from pipeline.data.split import Split
from pipeline.data.table import Table
from pipeline.findings.copy_rules import copies_of
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.finding import Finding
from pipeline.findings.verdict import by_consequence, verdict
from pipeline.judge.baselines import MOST_ROWS
from pipeline.judge.bootstrap import groups_note, rows_note
from pipeline.judge.evaluate import Evaluation
from pipeline.judge.metrics import Scores
from pipeline.judge.probability import ClassProbability
from pipeline.judge.sets import SetScores, score_sets
from pipeline.judge.unseen import folds_note
from pipeline.network.layers import layer_sizes, parameters
from pipeline.runs.parts import Accuracy, ScoresSummary, Seconds, Sides
from pipeline.runs.summary import Summary

_NO_SIDES = dict.fromkeys(Sides.model_fields)
_REFUSED: dict[str, object] = dict.fromkeys(("unseen", "probabilities", "advice"))
_REFUSED |= {"accuracy": dict.fromkeys(Accuracy.model_fields), "keras_accuracy": _NO_SIDES, "metrics": _NO_SIDES}
_REFUSED |= {"baselines": {}, "comparison": {}, "subgroups": {}}
"""The figures where training was refused."""


def summarise(
    config: Config,
    table: Table,
    parts: Split,
    evaluation: Evaluation | None,
    findings: tuple[Finding, ...],
    seconds: Seconds,
    notes: tuple[str, ...] = (),
) -> Summary:
    """Return what ``train`` and ``evaluate`` print, but for the folder; ``evaluation`` is None where training was refused.

    ``seconds`` are of load, of fit, and in total until the run is saved.
    """
    level = config.evaluation.interval
    planned = layer_sizes(
        config.preprocess.pca or sum(config.data.widths()), config.network, len(np.unique(table.truth[parts.train]))
    )
    sizes = evaluation.sizes if evaluation else planned
    data = {"path": table.path, "sha256": table.sha256, "rows": len(table), "unlabelled": table.unlabelled, "read": table.read}
    gaps, implausible = (table.count(flags) for flags in (np.isnan(table.values), table.implausible))
    fill = evaluation.fill if evaluation else {}
    columns = {
        name: dict(feature)
        | {"gaps": gaps[name], "implausible": implausible[name]}
        | {"fill": feature.worded(fill[name]) if feature.categories and fill else fill.get(name)}
        for name, feature in config.data.features.items()
    }
    judged = verdict(evaluation, findings)
    facts = {
        "run": None,
        "verdict": judged.sentences,
        "clear": judged.clear,
        "interval_note": rows_note(level),
        "engine": config.training.engine,
        "data": data | {"classes": table.counts(), "train": len(parts.train), "test": len(parts.test)},
        "network": {"layers": sizes, "alpha": config.network.alpha, "parameters": parameters(sizes)},
        **(_figures(evaluation, config) if evaluation else _REFUSED),
        "copies": copies_of(DataFacts(table, parts, config)),
        "columns": columns,
        "card": config.card,
        "findings": by_consequence(findings),
        "sound": not any(finding.blocks for finding in findings),
        "seconds": seconds,
        "notes": (*table.told, *notes, *_bounded_notes(evaluation, config, len(parts.train))),
        "tracking": None,
    }
    return Summary.model_validate(facts)


def _figures(evaluation: Evaluation, config: Config) -> dict[str, object]:
    train, test, network = evaluation.train, evaluation.test, evaluation.standings["network"]
    return {
        "accuracy": {
            "train": train and train.accuracy,
            "test": test.accuracy,
            "test_interval": test.interval,
            "unseen_profiles": network.unseen,
            "unseen_interval": network.unseen_interval,
        },
        "keras_accuracy": {"train": evaluation.keras_train, "test": evaluation.keras_test},
        "metrics": {"train": train and _scores(train), "test": _scores(test)},
        "baselines": {name: standing.test for name, standing in evaluation.standings.items() if name != "network"},
        "comparison": evaluation.standings,
        "unseen": _unseen(evaluation, config.evaluation),
        "probabilities": None if isnan(evaluation.probabilities.log_loss.value) else _probabilities(evaluation),
        "choice": evaluation.choice,
        "sets": _sets(evaluation, config.evaluation),
        "subgroups": evaluation.subgroups,
        "advice": evaluation.advice,
    }


def _scores(scores: Scores) -> dict[str, object]:
    figures = {
        name: dict(zip(scores.classes, value.tolist(), strict=True)) if isinstance(value, np.ndarray) else value
        for name, value in vars(scores).items()
        if name in ScoresSummary.model_fields
    }
    answers = (*scores.classes, "no class")
    confusion = {truth: dict(zip(answers, rows, strict=True)) for truth, rows in figures["confusion"].items()}
    return figures | {"confusion": confusion}


def _unseen(evaluation: Evaluation, section: EvaluationSection) -> dict[str, object] | None:
    unseen = evaluation.unseen
    if unseen is None:
        return None
    right = unseen.answers["network"] == evaluation.truth
    per_fold = []
    for number in range(int(unseen.folds.max()) + 1):
        fold = unseen.folds == number
        groups = len(np.unique(unseen.groups[fold]))
        per_fold.append({"rows": int(fold.sum()), "groups": groups, "accuracy": float(right[fold].mean())})
    seed = section.unseen.seed if isinstance(section.unseen, UnseenSection) else 0
    made = {"kind": unseen.kind, "group_by": section.profile, "folds": len(per_fold), "seed": seed, "per_fold": per_fold}
    return made | {"groups": len(np.unique(unseen.groups)), "rows": len(right), "interval_note": groups_note(section.interval)}


def _bounded_notes(evaluation: Evaluation | None, config: Config, rows: int) -> list[str]:
    """Return what a reader must know of folds and baselines that are not the usual ones."""
    if evaluation is None or evaluation.train is None:
        return []
    notes = [f"the fitted baselines learnt from {MOST_ROWS:,} of the {rows:,} training rows"] if rows > MOST_ROWS else []
    folds = folds_note(evaluation.unseen, len(evaluation.truth)) if config.evaluation.unseen == "auto" else ""
    return [*notes, folds] if folds else notes


def _probabilities(evaluation: Evaluation) -> dict[str, object]:
    scores = dict(vars(evaluation.probabilities))
    per_class = zip(scores["classes"], map(_of_class, scores.pop("per_class")), strict=True)
    return scores | {"classes": dict(per_class)}


def _sets(evaluation: Evaluation, section: EvaluationSection) -> SetScores | None:
    """Return what the sets of possible classes are worth, on test rows and on those that the folds held out."""
    unseen, levels, test = evaluation.unseen, (section.interval, section.confidence), evaluation.tested
    if evaluation.possible is None:
        return None
    further = None
    if unseen and unseen.possible is not None:
        further = score_sets(evaluation.truth, unseen.possible, unseen.groups, *levels)
    own = score_sets(evaluation.truth[test], evaluation.possible, evaluation.together[test], *levels)
    return replace(own, unseen=further)


def _of_class(scores: ClassProbability) -> dict[str, object]:
    curve = vars(scores.curve)
    bins = zip(*(values.tolist() for values in curve.values()), strict=True)
    return {
        "auc": scores.auc,
        "calibration_slope": scores.slope,
        "calibration_intercept": scores.intercept,
        "calibration_in_the_large": scores.in_the_large,
        "curve": [dict(zip(curve, values, strict=True)) for values in bins],
    }
