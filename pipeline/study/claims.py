"""What the article claims about Leaky ReLU, and what the networks of a study say to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.config.schema import Config, Features, StudySection
from pipeline.findings.registry import find
from pipeline.machine.arrays import Floats
from pipeline.study.compare import Cell, Measured, difference
from pipeline.study.grid import SPLITS, SplitKind

Verdict = Literal["holds", "does not hold", "inconclusive", "inconclusive on unseen profiles"]
HOLDS: Verdict = "holds"
FAILS: Verdict = "does not hold"
OPEN: Verdict = "inconclusive"
UNSEEN: Verdict = "inconclusive on unseen profiles"

Group = tuple[Cell, ...]
"""Cells whose mean counts; their output is that of the reference cell."""

_USUAL = 0.05  # the largest slope that the article calls usual


@dataclass(frozen=True)
class Contrast:
    """A difference of accuracies: the sum of the means of some groups of cells, less that of as many others."""

    name: str
    plus: tuple[Group, ...]
    minus: tuple[Group, ...]

    def pairs(self, accuracies: Mapping[Cell, Floats]) -> Floats:
        """Return the (splits, seeds) differences of cells given as (splits, seeds) accuracies."""
        plus, minus = (
            sum(np.mean([accuracies[cell] for cell in group], axis=0) for group in side) for side in (self.plus, self.minus)
        )
        return np.asarray(plus - minus)


@dataclass(frozen=True)
class Claim:
    """A claim as differences that can be measured; it has none where the grid lacks a cell that they need.

    With ``more`` each difference must be above the margin for the claim to hold; else none of them may be.
    """

    text: str
    contrasts: tuple[Contrast, ...]
    more: bool = True
    lacking: str = ""

    @property
    def cells(self) -> frozenset[Cell]:
        """The cells that the contrasts use."""
        return frozenset(cell for contrast in self.contrasts for group in contrast.plus + contrast.minus for cell in group)


@dataclass(frozen=True)
class Answer:
    """What the splits of one kind say to a claim: the contrast that decides, and an interval that holds with all others."""

    split: SplitKind
    verdict: Verdict
    contrast: str
    difference: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class JudgedClaim:
    """A claim with its verdict, and what the reader must know beside it; ``more`` as in ``Claim``."""

    claim: str
    verdict: Verdict
    evidence: str
    remark: str
    networks: int
    more: bool
    splits: tuple[Answer, ...]


def judged_claims(measured: Sequence[Measured], config: Config, copied: bool = False) -> tuple[JudgedClaim, ...]:
    """Return the article's claims with verdict and evidence, for the kind of output that the reference cell has.

    The intervals of all contrasts on all kinds of splits hold together (Bonferroni). ``copied``: test rows of random splits
    repeat training rows (D205), so that these splits decide nothing.
    """
    stated, remark, judged = claims(config.study), _unreachable(config), []
    count = sum(len(claim.contrasts) for claim in stated) * len(measured)
    level = 1 - (1 - config.evaluation.interval) / max(1, count)
    for claim in stated:
        parts = measured if claim.contrasts else ()
        answers = tuple(answer_claim(claim, part, config.study.margin, level) for part in parts)
        verdict = together(answers, copied)
        evidence = "; ".join(map(_evidence, answers)) or f"the grid lacks {claim.lacking}"
        own_remark = remark if any(alpha == 0 for *_, alpha in claim.cells) else ""
        networks = sum(part.size for part in parts) * len(claim.cells)
        judged.append(JudgedClaim(claim.text, verdict, evidence, own_remark, networks, claim.more, answers))
    return tuple(judged)


def _evidence(answer: Answer) -> str:
    low, high = (100 * end for end in answer.interval)
    points = f"{100 * answer.difference:+.1f} points ({low:+.1f} to {high:+.1f})"
    return f"{SPLITS[answer.split]}: {answer.verdict}, {answer.contrast} {points}"


def _unreachable(config: Config) -> str:
    """Return which classes the reference's output cannot give behind ReLU, as finding C102 says it; an empty text if none."""
    network = config.network.model_copy(update={"output": config.study.reference.output, "alpha": 0.0})
    findings = find("C", config.model_copy(update={"network": network}), ())
    return next((f"C102: {finding.message}" for finding in findings if finding.code == "C102"), "")


def claims(grid: StudySection) -> tuple[Claim, ...]:
    """Return the article's claims, as far as a grid can speak to them, for the output of its reference cell."""
    usual = tuple(alpha for alpha in grid.alphas if 0 < alpha <= _USUAL)
    leaky = f"slope {' and '.join(f'{alpha:g}' for alpha in usual)}"

    def cells(alphas: Sequence[float], *features: Features) -> Group:
        return tuple((name, grid.reference.output, alpha) for name in features for alpha in alphas)

    def over_relu(where: str, *features: Features) -> Contrast:
        return Contrast(f"{leaky} over ReLU{where}", (cells(usual, *features),), (cells([0.0], *features),))

    after, before = over_relu(" after PCA", "pca"), over_relu(" on raw inputs", "raw")
    more_after = Contrast("the same gain after PCA over that on raw inputs", after.plus + before.minus, after.minus + before.plus)
    negative = Contrast(f"{leaky} after PCA over the same on raw inputs", after.plus, before.plus)
    larger = tuple(
        Contrast(f"slope {alpha:g} over {leaky}", (cells([alpha], *grid.features),), (cells(usual, *grid.features),))
        for alpha in grid.alphas
        if _USUAL < alpha < 1
    )
    stated = (
        Claim("A small slope, such as 0.01 or 0.05, does better than ReLU", (over_relu("", *grid.features),)),
        Claim("A small slope is enough: a larger one does no better", larger, more=False),
        Claim("After PCA (negative inputs) Leaky ReLU is better than ReLU", (after,)),
        Claim("Leaky ReLU gains more after PCA than on raw inputs", (more_after,)),
        Claim("On raw positive inputs Leaky ReLU does no better than ReLU", (before,), more=False),
        Claim("With negative inputs (PCA) the same network does better", (negative,)),
    )
    return tuple(_possible(claim, grid, bool(usual)) for claim in stated)


def _possible(claim: Claim, grid: StudySection, usual: bool) -> Claim:
    """Return the claim, without contrasts if the grid lacks a cell of one."""
    features, alphas = {cell[0] for cell in claim.cells}, {cell[2] for cell in claim.cells}
    lacking = [f'features "{name}"' for name in ("raw", "pca") if name in features.difference(grid.features)]
    lacking += ["slope 0, which is ReLU"] if 0.0 in alphas.difference(grid.alphas) else []
    lacking += [] if usual else [f"a slope above 0 and up to {_USUAL}"]
    lacking += [] if claim.contrasts else [f"a slope between {_USUAL} and 1"]
    return Claim(claim.text, () if lacking else claim.contrasts, claim.more, " and ".join(lacking))


def answer_claim(claim: Claim, measured: Measured, margin: float, level: float) -> Answer:
    """Return what splits of one kind say to a claim that has contrasts.

    A difference counts as more where its whole interval of ``level`` lies above the margin, the smallest share that matters,
    and as no more where it lies wholly below. It is inconclusive where most networks of every cell have failed.
    """
    pairs = [contrast.pairs(measured.accuracies) for contrast in claim.contrasts]
    differences = [difference(values, measured.overlap, measured.step) for values in pairs]
    ends = [value.interval(level) for value in differences]
    above, below = [low > margin for low, _ in ends], [high < margin for _, high in ends]
    decides = max(range(len(ends)), key=lambda place: ends[place][0] if any(above) else ends[place][1])
    refuted, shown = (any(below), all(above)) if claim.more else (any(above), all(below))
    hopeless = all(measured.failed[cell] > measured.size / 2 for cell in claim.cells)
    verdict = OPEN if hopeless else FAILS if refuted else HOLDS if shown else OPEN
    return Answer(measured.kind, verdict, claim.contrasts[decides].name, differences[decides].mean, ends[decides])


def together(answers: Sequence[Answer], copied: bool) -> Verdict:
    """Return the verdict over all kinds of splits: that of those which can tell, if they agree; random ones not if ``copied``."""
    clear = {answer.verdict for answer in answers if answer.verdict != OPEN and not (copied and answer.split == "random")}
    if not clear and len(answers) > 1 and any(answer.verdict != OPEN for answer in answers):
        return UNSEEN
    return clear.pop() if len(clear) == 1 else OPEN
