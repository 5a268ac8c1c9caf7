"""The networks of a study by cell, split and seed; means, and differences between cells, with what chance leaves open."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from pipeline.config.schema import Config, Features, Output
from pipeline.errors import RunError
from pipeline.judge.bootstrap import weights
from pipeline.machine.arrays import Floats
from pipeline.study.grid import Division, SplitKind

Cell = tuple[Features, Output, float]
"""Features, output and slope."""

_CELL = ("split", "features", "output", "alpha")
COLUMNS = (*_CELL, "split_seed", "seed", "chosen", "test_accuracy", "failed")
"""Of the networks, what the figures are made of."""

_RESAMPLES = 4000


@dataclass(frozen=True)
class Measured:
    """The networks of one kind of splits: of each cell ``size``, of which ``failed`` many failed.

    Attributes:
        accuracies: of each cell, the (splits, seeds) test accuracies of the network that each training would keep.
        overlap: test rows over training rows, the mean over the splits.
        step: one test row as a share of the accuracy, likewise.
    """

    kind: SplitKind
    size: int
    accuracies: Mapping[Cell, Floats]
    failed: dict[Cell, int]
    overlap: float
    step: float


def gather(networks: Iterable[pd.DataFrame], splits: Sequence[Division], config: Config) -> tuple[Measured, ...]:
    """Lay out ``COLUMNS`` of every network, in parts of any size; raise RunError where one of the grid is lacking."""
    study, size = config.study, config.study.splits * config.study.seeds * int(config.training.starts)
    cells = [(features, output, alpha) for output, features, alpha in product(study.outputs, study.features, study.alphas)]
    measured = {}
    for kind in dict.fromkeys(division.kind for division in splits):
        own = [division for division in splits if division.kind == kind]
        accuracies = {cell: np.full((study.splits, study.seeds), np.nan) for cell in cells}
        overlap = float(np.mean([division.test / division.train for division in own]))
        step = float(np.mean([1 / division.test for division in own]))
        measured[kind] = Measured(kind, size, accuracies, dict.fromkeys(cells, 0), overlap, step)
    try:
        for part in networks:
            for key, rows in part.groupby(list(_CELL), sort=False):
                names = cast(tuple[SplitKind, Features, Output, float], key)
                kind, cell, kept = names[0], names[1:], rows[rows["chosen"]]
                places = (kept["split_seed"] - config.split.seed).to_numpy(), (kept["seed"] - config.training.seed).to_numpy()
                measured[kind].accuracies[cell][*places] = kept["test_accuracy"]
                measured[kind].failed[cell] += int(rows["failed"].sum())
        if any(np.isnan(values).any() for part in measured.values() for values in part.accuracies.values()):
            raise LookupError("a network is lacking")
    except LookupError:
        stranger = "networks.parquet lacks networks of this grid; delete the folder of the study, and it trains again"
        raise RunError(stranger) from None
    return tuple(measured.values())


@dataclass(frozen=True)
class Difference:
    """How much more accurate one cell is than another, from paired networks: same split, same seed.

    Attributes:
        mean: over all pairs, in [-1, 1].
        error, freedom: standard error of the mean, above 0, and its degrees of freedom.
        p: two-sided, of no difference.
        effect: the mean divided by the standard deviation of the pairs; NaN where they do not vary.
        better: share of the pairs in which the first is more accurate, ties counted half.
    """

    mean: float
    error: float
    freedom: float
    p: float
    effect: float
    better: float

    def interval(self, level: float) -> tuple[float, float]:
        """Return the interval of the mean, within [-1, 1]."""
        half = float(stdtrit(self.freedom, (1 + level) / 2)) * self.error
        return max(-1.0, self.mean - half), min(1.0, self.mean + half)


@dataclass(frozen=True)
class Comparison:
    """A cell less the reference cell, as ``Difference`` has it; ``p_holm`` is corrected for all cells on all kinds of splits."""

    difference: float
    interval: tuple[float, float]
    p: float
    p_holm: float
    effect: float
    better: float


@dataclass(frozen=True)
class CellFigures:
    """The accuracies of a cell on one kind of splits; ``failed`` is a share, and the reference cell has no comparison."""

    split: SplitKind
    features: Features
    output: Output
    alpha: float
    networks: int
    mean: float
    interval: tuple[float, float]
    spread: float
    best: float
    failed: float
    comparison: Comparison | None


def cell_figures(measured: Sequence[Measured], config: Config) -> tuple[CellFigures, ...]:
    """Return the figures of every cell, and how it compares with the reference cell on the same splits from the same seeds."""
    level, reference = config.evaluation.interval, config.study.reference
    own = (reference.features, reference.output, reference.alpha)
    cells = [(part, cell, values) for part in measured for cell, values in part.accuracies.items()]
    differences = {
        (part.kind, cell): difference(values - part.accuracies[own], part.overlap, part.step)
        for part, cell, values in cells
        if cell != own
    }
    corrected = holm([paired.p for paired in differences.values()])
    comparisons = {
        place: Comparison(paired.mean, paired.interval(level), paired.p, p_holm, paired.effect, paired.better)
        for (place, paired), p_holm in zip(differences.items(), corrected, strict=True)
    }
    return tuple(
        CellFigures(
            part.kind,
            *cell,
            part.size,
            mean=float(values.mean()),
            interval=interval_of_mean(values, level),
            spread=float(values.std(ddof=1)),
            best=float(values.max()),
            failed=part.failed[cell] / part.size,
            comparison=comparisons.get((part.kind, cell)),
        )
        for part, cell, values in cells
    )


def interval_of_mean(accuracies: Floats, level: float) -> tuple[float, float]:
    """Return the percentile interval of the mean of (splits, seeds) accuracies, both resampled together.

    Every split was trained from every seed, so each resample draws splits and seeds and takes the networks where they cross.
    Source: Owen (2007), "The pigeonhole bootstrap". It says how far the mean may lie from that over all splits of these rows
    and all seeds, not over other rows.
    """
    splits, seeds = accuracies.shape
    by_split, start, means = np.concatenate(list(weights(splits, _RESAMPLES, seed=0))), 0, []
    for by_seed in weights(seeds, _RESAMPLES, seed=1):  # in parts, so that memory does not grow with the seeds
        means.append(np.sum(by_split[start : start + len(by_seed)] @ accuracies * by_seed, axis=1))
        start += len(by_seed)
    low, high = np.quantile(np.concatenate(means) / accuracies.size, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def difference(pairs: ArrayLike, overlap: float, step: float) -> Difference:
    """Compare two cells by the (splits, seeds) differences of their accuracies, at least 2 x 2; the rest as in ``Measured``.

    The variance of the mean is that of J splits plus that of S seeds. That of the splits is s^2 (1/J + overlap), as their
    training rows overlap and a mean over many of them varies more than independent ones would: Nadeau and Bengio (2003),
    "Inference for the generalization error". That of the seeds is s^2/S. Each s^2 is of means over the other, so that what
    neither explains counts twice; degrees of freedom by Satterthwaite (1946).

    Pairs that happen not to vary are no certainty. So the variance is at least that of J S independent pairs, and the s^2 of
    the splits at least that of one test row in one of them.
    """
    values = np.asarray(pairs, dtype=np.float64)
    splits, seeds = values.shape
    mean, spread = float(values.mean()), float(values.std(ddof=1)) if np.ptp(values) else 0.0
    between = np.array([max(values.mean(axis=1).var(ddof=1), step**2 / splits), values.mean(axis=0).var(ddof=1)])
    parts = between * np.array([1 / splits + overlap, 1 / seeds])
    freedom = float(parts.sum() ** 2 / np.sum(parts**2 / np.array([splits - 1, seeds - 1])))
    error = max(float(parts.sum()), spread**2 / values.size) ** 0.5
    better = float(np.mean((values > 0) + 0.5 * (values == 0)))
    p = float(2 * stdtr(freedom, -abs(mean) / error))
    return Difference(mean, error, freedom, p, mean / spread if spread else float("nan"), better)


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number: Holm (1979), "A simple sequentially rejective multiple test procedure"."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(np.asarray(p, dtype=np.float64)[order] * np.arange(len(p), 0, -1))
    return [float(value) for value in np.minimum(stepped, 1.0)[np.argsort(order)]]
