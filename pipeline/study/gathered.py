"""The networks of a study, laid out by cell, split and seed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import cast

import numpy as np
import pandas as pd

from pipeline.config.schema import Config, Features, Output
from pipeline.errors import RunError
from pipeline.machine.arrays import Floats
from pipeline.study.grid import Division, SplitKind

CELL = ("split", "features", "output", "alpha")
COLUMNS = (*CELL, "split_seed", "seed", "chosen", "test_accuracy", "failed")
"""Of the networks, what the figures are made of."""

_OTHER = "networks.parquet lacks networks of this grid; delete the folder of the study, and it trains again"

Cell = tuple[Features, Output, float]


@dataclass(frozen=True)
class Gathered:
    """The networks of a study, by kind of split and cell.

    Attributes:
        accuracies: (splits, seeds) test accuracy of the network that each training would keep.
        failed: share of the networks that failed.
        overlap: test rows over training rows, the mean over the splits.
        step: one test row as a share of the accuracy, likewise.
        size: networks of a cell and kind of split.
    """

    accuracies: Mapping[SplitKind, Mapping[Cell, Floats]]
    failed: Mapping[SplitKind, Mapping[Cell, float]]
    overlap: Mapping[SplitKind, float]
    step: Mapping[SplitKind, float]
    size: int


def gather(rows: Iterable[pd.DataFrame], made: Sequence[Division], config: Config) -> Gathered:
    """Lay the networks out by cell, split and seed.

    Args:
        rows: ``COLUMNS`` of every network, in parts of any size.
        made: the splits.
        config: names the grid.

    Raises:
        RunError: they are not the networks of this grid.
    """
    study, seed = config.study, config.training.seed
    kinds = {kind: [each for each in made if each.kind == kind] for kind in dict.fromkeys(each.kind for each in made)}
    cells = [(features, output, alpha) for output, features, alpha in product(study.outputs, study.features, study.alphas)]
    shape = (study.splits, study.seeds)
    accuracies = {kind: {cell: np.full(shape, np.nan) for cell in cells} for kind in kinds}
    failed = {kind: dict.fromkeys(cells, 0) for kind in kinds}
    try:
        for part in rows:
            for key, networks in part.groupby(list(CELL), sort=False):
                kind, *names = cast(tuple[SplitKind, Features, Output, float], key)
                cell = cast(Cell, tuple(names))
                kept = networks[networks["chosen"]]
                places = kept["split_seed"] - config.split.seed, kept["seed"] - seed
                accuracies[kind][cell][*(each.to_numpy() for each in places)] = kept["test_accuracy"]
                failed[kind][cell] += int(networks["failed"].sum())
    except (KeyError, IndexError):
        raise RunError(_OTHER) from None
    if any(np.isnan(each).any() for known in accuracies.values() for each in known.values()):
        raise RunError(_OTHER)
    size = study.splits * study.seeds * config.training.starts
    shares = {kind: {cell: count / size for cell, count in each.items()} for kind, each in failed.items()}
    overlaps = {kind: float(np.mean([each.test / each.train for each in splits])) for kind, splits in kinds.items()}
    steps = {kind: float(np.mean([1 / each.test for each in splits])) for kind, splits in kinds.items()}
    return Gathered(accuracies, shares, overlaps, steps, size)
