"""What the article claims about Leaky ReLU, and what the networks of a study say to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from pipeline.config.schema import Features, StudySection
from pipeline.machine.arrays import Floats
from pipeline.study.compare import Difference, difference

HOLDS, FAILS, OPEN = "holds", "does not hold", "cannot be told here"

Group = tuple[tuple[Features, float], ...]
"""Cells, by features and slope, whose mean counts; their output is that of the reference cell."""

_USUAL = 0.05
"""The largest slope that the article calls usual."""


@dataclass(frozen=True)
class Contrast:
    """A difference of accuracies: the sum of the means of some groups of cells, less that of others.

    Attributes:
        name: what is more accurate than what.
        plus, minus: as many groups each.
    """

    name: str
    plus: tuple[Group, ...]
    minus: tuple[Group, ...]

    def pairs(self, cells: Mapping[tuple[Features, float], Floats]) -> Floats:
        """Return the (splits, seeds) differences of cells given as (splits, seeds) accuracies."""
        plus, minus = (
            sum(np.mean([cells[cell] for cell in group], axis=0) for group in side) for side in (self.plus, self.minus)
        )
        return np.asarray(plus - minus)


@dataclass(frozen=True)
class Claim:
    """A claim as differences that can be measured.

    Attributes:
        text: what is claimed.
        contrasts: the differences; none where the grid lacks a cell that they need.
        more: whether each difference must be above the margin for the claim to hold; else none of them may be.
        lacking: what the grid lacks, or an empty text.
    """

    text: str
    contrasts: tuple[Contrast, ...]
    more: bool = True
    lacking: str = ""

    @property
    def cells(self) -> frozenset[tuple[Features, float]]:
        """The cells that the contrasts use."""
        return frozenset(cell for contrast in self.contrasts for group in contrast.plus + contrast.minus for cell in group)


@dataclass(frozen=True)
class Answer:
    """What the splits of one kind say to a claim.

    Attributes:
        verdict: HOLDS, FAILS or OPEN.
        name: of the contrast that decides.
        difference: its value.
        interval: its interval, which holds together with those of all other contrasts.
    """

    verdict: str
    name: str
    difference: Difference
    interval: tuple[float, float]


@dataclass(frozen=True)
class Evidence:
    """What the networks of one kind of splits give for a claim.

    Attributes:
        cells: (splits, seeds) accuracies of each cell.
        overlap: test rows over training rows.
        step: one test row as a share of the accuracy.
    """

    cells: Mapping[tuple[Features, float], Floats]
    overlap: float
    step: float


def claims(grid: StudySection) -> tuple[Claim, ...]:
    """Return the article's claims, as far as a grid can speak to them."""
    usual = tuple(alpha for alpha in grid.alphas if 0 < alpha <= _USUAL)
    larger = tuple(alpha for alpha in grid.alphas if _USUAL < alpha < 1)
    every = grid.features
    leaky = f"slope {' and '.join(f'{alpha:g}' for alpha in usual)}"

    def cells(alphas: Sequence[float], *features: Features) -> Group:
        return tuple(product(features, alphas))

    def over_relu(where: str, *features: Features) -> Contrast:
        return Contrast(f"{leaky} over ReLU{where}", (cells(usual, *features),), (cells([0.0], *features),))

    after, before = over_relu(" after PCA", "pca"), over_relu(" on raw inputs", "raw")
    more_after = Contrast("the same gain after PCA over that on raw inputs", after.plus + before.minus, after.minus + before.plus)
    negative = Contrast(f"{leaky} after PCA over the same on raw inputs", after.plus, before.plus)
    larger_ones = tuple(
        Contrast(f"slope {alpha:g} over {leaky}", (cells([alpha], *every),), (cells(usual, *every),)) for alpha in larger
    )
    stated = (
        Claim("A small slope, such as 0.01 or 0.05, does better than ReLU", (over_relu("", *every),)),
        Claim("A small slope is enough: a larger one does no better", larger_ones, more=False),
        Claim("After PCA, which makes inputs negative, Leaky ReLU does better than ReLU", (after,)),
        Claim("Leaky ReLU gains more after PCA than on raw inputs", (more_after,)),
        Claim("ReLU suits raw positive inputs: Leaky ReLU does no better there", (before,), more=False),
        Claim("The accuracy lacked negative inputs: after PCA the same network does better", (negative,)),
    )
    return tuple(_possible(each, grid, bool(usual)) for each in stated)


def _possible(claim: Claim, grid: StudySection, usual: bool) -> Claim:
    """Return the claim, without contrasts if the grid lacks a cell of one."""
    used = {cell for contrast in claim.contrasts for group in contrast.plus + contrast.minus for cell in group}
    lacking = [
        f'features "{name}"' for name in ("raw", "pca") if name not in grid.features and name in {cell[0] for cell in used}
    ]
    lacking += ["slope 0, which is ReLU"] if 0.0 not in grid.alphas and 0.0 in {cell[1] for cell in used} else []
    lacking += [] if usual else [f"a slope above 0 and up to {_USUAL}"]
    lacking += [] if claim.contrasts else [f"a slope between {_USUAL} and 1"]
    return Claim(claim.text, () if lacking else claim.contrasts, claim.more, " and ".join(lacking))


def answer(claim: Claim, evidence: Evidence, margin: float, level: float) -> Answer:
    """Return what splits of one kind say to a claim that has contrasts.

    A difference counts as more where its whole interval lies above the margin, the smallest difference that matters, and as
    no more where it lies wholly below.

    Args:
        claim: with at least one contrast.
        evidence: of the splits.
        margin: as a share.
        level: of the interval of each contrast.
    """
    pairs = [(contrast.name, contrast.pairs(evidence.cells)) for contrast in claim.contrasts]
    found = [(name, difference(each, evidence.overlap, evidence.step)) for name, each in pairs]
    ends = [each.interval(level) for _, each in found]
    above, below = [low > margin for low, _ in ends], [high < margin for _, high in ends]
    decides = max(range(len(found)), key=lambda place: ends[place][0] if any(above) else ends[place][1])
    refuted, shown = (any(below), all(above)) if claim.more else (any(above), all(below))
    verdict = FAILS if refuted else HOLDS if shown else OPEN
    return Answer(verdict, *found[decides], ends[decides])


def together(verdicts: Sequence[str]) -> str:
    """Return the verdict over all kinds of splits: that of those which can tell, if they agree."""
    told = set(verdicts) - {OPEN}
    return told.pop() if len(told) == 1 else OPEN
