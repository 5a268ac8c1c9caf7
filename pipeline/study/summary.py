"""What ``study --json`` prints and study.json keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pipeline.config.schema import Config, Output, chosen_loss
from pipeline.data.table import Table
from pipeline.findings import find
from pipeline.runs.summarise import class_counts
from pipeline.study.claims import OPEN, Answer, Claim, Evidence, answer, claims, together
from pipeline.study.compare import Difference, difference, holm, interval_of_mean
from pipeline.study.gathered import CELL, Gathered
from pipeline.study.grid import SPLITS, Division, SplitKind

REFUSED: Mapping[str, Any] = MappingProxyType(
    {"study": None, "networks": 0, "seconds": 0.0, "networks_per_second": None, "cells": [], "claims": [], "notes": []}
)
"""What is printed where nothing was trained."""


def grid_of(config: Config, made: Sequence[Division]) -> dict[str, Any]:
    """Return what was trained, as plain values."""
    study, training = config.study, config.training
    loss = {output: chosen_loss(config.network.model_copy(update={"output": output}), training) for output in study.outputs}
    return {
        "grid": {
            "alphas": list(study.alphas),
            "features": list(study.features),
            "outputs": list(study.outputs),
            "seeds": study.seeds,
            "starts": training.starts,
            "splits": [{"kind": each.kind, "seed": each.section.seed, "train": each.train, "test": each.test} for each in made],
        },
        "reference": study.reference.model_dump(),
        "recipe": {
            "hidden": list(config.network.hidden),
            **training.model_dump(include={"epochs", "batch_size", "learning_rate", "schedule", "optimizer", "l2"}),
            "loss": loss,
        },
        "level": config.evaluation.interval,
        "margin": study.margin,
    }


def data_of(table: Table) -> dict[str, Any]:
    """Return which rows were used."""
    return {"path": table.path, "sha256": table.sha256, "rows": len(table), "classes": class_counts(table.target)}


def cells_of(gathered: Gathered, config: Config) -> list[dict[str, Any]]:
    """Return the figures of every cell, and how it compares with the reference cell on the same splits from the same seeds.

    The p-values are corrected for all cells on all kinds of splits.
    """
    level, study = config.evaluation.interval, config.study
    reference = (study.reference.features, study.reference.output, study.reference.alpha)
    compared = {
        (kind, cell): difference(each - cells[reference], gathered.overlap[kind], gathered.step[kind])
        for kind, cells in gathered.accuracies.items()
        for cell, each in cells.items()
        if cell != reference
    }
    corrected = dict(zip(compared, holm([each.p for each in compared.values()]), strict=True))
    listed = []
    for kind, cells in gathered.accuracies.items():
        for cell, each in cells.items():
            found = compared.get((kind, cell))
            figures = {
                "networks": gathered.size,
                "mean": float(each.mean()),
                "interval": list(interval_of_mean(each, level)),
                "spread": float(each.std(ddof=1)),
                "best": float(each.max()),
                "failed": gathered.failed[kind][cell],
                "comparison": _comparison(found, corrected[kind, cell], level) if found else None,
            }
            listed.append(dict(zip(CELL, (kind, *cell), strict=True)) | figures)
    return listed


def claims_of(gathered: Gathered, config: Config) -> list[dict[str, Any]]:
    """Return the article's claims with verdict and evidence, for the kind of output that the reference cell has.

    The intervals of all contrasts on all kinds of splits hold together (Bonferroni).
    """
    output, margin, stated = config.study.reference.output, config.study.margin, claims(config.study)
    count = sum(len(claim.contrasts) for claim in stated) * len(gathered.accuracies)
    level = 1 - (1 - config.evaluation.interval) / max(1, count)
    unreachable, listed = lost(config, output), []
    for claim in stated:
        found = {kind: _answer(claim, gathered, kind, output, margin, level) for kind in gathered.accuracies if claim.contrasts}
        listed.append(
            {
                "claim": claim.text,
                "verdict": together([each.verdict for each in found.values()]),
                "evidence": _evidence(claim, found),
                "remark": unreachable if any(alpha == 0 for _, alpha in claim.cells) else "",
                "networks": gathered.size * len(claim.cells) * len(found),
                "more": claim.more,
                "splits": [_answered(kind, each) for kind, each in found.items()],
            }
        )
    return listed


def lost(config: Config, output: Output) -> str:
    """Return which classes an output behind ReLU can never give, as finding C102 says it; an empty text if none."""
    network = config.network.model_copy(update={"output": output, "alpha": 0.0})
    found = [each.message for each in find("C", config.model_copy(update={"network": network}), ()) if each.code == "C102"]
    return f"C102: {found[0]}" if found else ""


def _answer(claim: Claim, gathered: Gathered, kind: SplitKind, output: Output, margin: float, level: float) -> Answer:
    """Return what one kind of splits says; nothing can be told where most networks of every cell have failed."""
    cells = {(features, alpha): each for (features, own, alpha), each in gathered.accuracies[kind].items() if own == output}
    found = answer(claim, Evidence(cells, gathered.overlap[kind], gathered.step[kind]), margin, level)
    failed = gathered.failed[kind]
    hopeless = all(failed[features, output, alpha] > 0.5 for features, alpha in claim.cells)
    return replace(found, verdict=OPEN) if hopeless else found


def _comparison(found: Difference, corrected: float, level: float) -> dict[str, Any]:
    return {
        "difference": found.mean,
        "interval": list(found.interval(level)),
        "p": found.p,
        "p_holm": corrected,
        "effect": found.effect,
        "better": found.better,
    }


def _answered(kind: SplitKind, found: Answer) -> dict[str, Any]:
    return {
        "split": kind,
        "verdict": found.verdict,
        "contrast": found.name,
        "difference": found.difference.mean,
        "interval": list(found.interval),
    }


def _evidence(claim: Claim, found: Mapping[SplitKind, Answer]) -> str:
    if not found:
        return f"the grid lacks {claim.lacking}"
    told = []
    for kind, each in found.items():
        low, high = (100 * end for end in each.interval)
        points = f"{100 * each.difference.mean:+.1f} points ({low:+.1f} to {high:+.1f})"
        told.append(f"{SPLITS[kind]}: {each.verdict}, {each.name} {points}")
    return "; ".join(told)
