"""What ``study --json`` prints and study.json keeps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Any, cast

import numpy as np
import pandas as pd

from pipeline.config import Config, Features, Output, chosen_loss
from pipeline.data.load import Table
from pipeline.record import class_counts
from pipeline.study.claims import Answer, Claim, answer, claims, together
from pipeline.study.compare import Difference, Floats, difference, holm, interval_of_mean
from pipeline.study.grid import Division, Kind

COLUMNS = ("features", "output", "alpha", "split", "split_seed", "seed", "chosen", "test_accuracy", "failed")
"""Of the networks, what the figures are made of."""

Cell = tuple[Features, Output, float]
REFUSED: Mapping[str, Any] = MappingProxyType(
    {"study": None, "networks": 0, "seconds": 0.0, "networks_per_second": None, "cells": [], "claims": [], "notes": []}
)
"""What is printed where nothing was trained."""
_CELL = ("split", "features", "output", "alpha")
_SPLITS = {"random": "random splits", "unseen": "unseen profiles"}


@dataclass(frozen=True)
class Gathered:
    """The networks of a study, by kind of split and cell.

    Attributes:
        accuracies: (splits, seeds) test accuracy of the network that each training would keep.
        failed: share of the networks that failed.
        size: networks of a cell and kind of split.
    """

    accuracies: Mapping[Kind, Mapping[Cell, Floats]]
    failed: Mapping[Kind, Mapping[Cell, float]]
    size: int


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


def gather(rows: Iterable[pd.DataFrame], made: Sequence[Division], config: Config) -> Gathered:
    """Lay the networks out by cell, split and seed.

    Args:
        rows: ``COLUMNS`` of every network, in parts of any size.
        made: the splits.
        config: names the grid.
    """
    study, seed = config.study, config.training.seed
    kinds = dict.fromkeys(each.kind for each in made)
    cells = [(features, output, alpha) for output, features, alpha in product(study.outputs, study.features, study.alphas)]
    shape = (study.splits, study.seeds)
    accuracies = {kind: {cell: np.full(shape, np.nan) for cell in cells} for kind in kinds}
    failed = {kind: dict.fromkeys(cells, 0) for kind in kinds}
    for part in rows:
        for key, networks in part.groupby(list(_CELL), sort=False):
            kind, *names = cast(tuple[Kind, Features, Output, float], key)
            cell = cast(Cell, tuple(names))
            kept = networks[networks["chosen"]]
            places = kept["split_seed"] - config.split.seed, kept["seed"] - seed
            accuracies[kind][cell][*(each.to_numpy() for each in places)] = kept["test_accuracy"]
            failed[kind][cell] += int(networks["failed"].sum())
    size = study.splits * study.seeds * config.training.starts
    shares = {kind: {cell: count / size for cell, count in each.items()} for kind, each in failed.items()}
    return Gathered(accuracies, shares, size)


def cells_of(gathered: Gathered, made: Sequence[Division], config: Config) -> list[dict[str, Any]]:
    """Return the figures of every cell, and how it compares with the reference cell on the same splits from the same seeds."""
    level, reference = config.evaluation.interval, config.study.reference
    listed = []
    for kind, accuracies in gathered.accuracies.items():
        own = accuracies[reference.features, reference.output, reference.alpha]
        compared = {cell: difference(each - own, overlap(made, kind)) for cell, each in accuracies.items() if each is not own}
        corrected = dict(zip(compared, holm([each.p for each in compared.values()]), strict=True))
        for cell, each in accuracies.items():
            figures = {
                "networks": gathered.size,
                "mean": float(each.mean()),
                "interval": list(interval_of_mean(each, level)),
                "spread": float(each.std(ddof=1)),
                "best": float(each.max()),
                "failed": gathered.failed[kind][cell],
                "comparison": _comparison(compared[cell], corrected[cell], level) if cell in compared else None,
            }
            listed.append(dict(zip(_CELL, (kind, *cell), strict=True)) | figures)
    return listed


def claims_of(gathered: Gathered, made: Sequence[Division], config: Config) -> list[dict[str, Any]]:
    """Return the article's claims with verdict and evidence, for the kind of output that the reference cell has."""
    study, stated = config.study, claims(config.study)
    level = 1 - (1 - config.evaluation.interval) / max(1, sum(len(claim.contrasts) for claim in stated))
    known = {
        kind: {(features, alpha): each for (features, output, alpha), each in cells.items() if output == study.reference.output}
        for kind, cells in gathered.accuracies.items()
    }
    listed = []
    for claim in stated:
        found = {
            kind: answer(claim, cells, overlap(made, kind), study.margin, level)
            for kind, cells in known.items()
            if claim.contrasts
        }
        used = {cell for contrast in claim.contrasts for group in contrast.plus + contrast.minus for cell in group}
        listed.append(
            {
                "claim": claim.text,
                "verdict": together([each.verdict for each in found.values()]),
                "evidence": _evidence(claim, found),
                "networks": gathered.size * len(used) * len(known),
                "more": claim.more,
                "splits": [_answered(kind, each) for kind, each in found.items()],
            }
        )
    return listed


def overlap(made: Sequence[Division], kind: Kind) -> float:
    """Return test rows over training rows, the mean over the splits of a kind."""
    return float(np.mean([each.test / each.train for each in made if each.kind == kind]))


def _comparison(found: Difference, corrected: float, level: float) -> dict[str, Any]:
    return {
        "difference": found.mean,
        "interval": list(found.interval(level)),
        "p": found.p,
        "p_holm": corrected,
        "effect": found.effect,
        "better": found.better,
    }


def _answered(kind: Kind, found: Answer) -> dict[str, Any]:
    return {
        "split": kind,
        "verdict": found.verdict,
        "contrast": found.name,
        "difference": found.difference.mean,
        "interval": list(found.interval),
    }


def _evidence(claim: Claim, found: Mapping[Kind, Answer]) -> str:
    if not found:
        return f"the grid lacks {claim.lacking}"
    told = []
    for kind, each in found.items():
        low, high = (100 * end for end in each.interval)
        points = f"{100 * each.difference.mean:+.1f} points ({low:+.1f} to {high:+.1f})"
        told.append(f"{_SPLITS[kind]}: {each.verdict}, {each.name} {points}")
    return "; ".join(told)
