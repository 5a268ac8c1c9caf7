"""Claims become differences with the right cells, and verdicts with the right side of the margin."""

from collections.abc import Mapping

import numpy as np
import pytest

from pipeline.config.schema import StudySection
from pipeline.study.claims import FAILS, HOLDS, OPEN, UNSEEN, Answer, Claim, Contrast, answer_claim, claims, together
from pipeline.study.compare import Cell, Measured
from pipeline.study.grid import SPLITS

GRID = StudySection()
CELLS = {
    (features, "code", alpha): np.random.default_rng(place).uniform(size=(3, 4))
    for place, (features, alpha) in enumerate((features, alpha) for features in GRID.features for alpha in GRID.alphas)
}


def mean(features: str, *alphas: float) -> float:
    return float(np.mean([CELLS[features, "code", alpha].mean() for alpha in alphas]))


def every(*alphas: float) -> float:
    return float(np.mean([mean(features, *alphas) for features in GRID.features]))


USUAL = (0.01, 0.05)
EXPECTED = {
    "A small slope, such as": [every(*USUAL) - every(0.0)],
    "A small slope is enough": [every(alpha) - every(*USUAL) for alpha in (0.09, 0.1, 0.2, 0.3, 0.5)],
    "After PCA": [mean("pca", *USUAL) - mean("pca", 0.0)],
    "Leaky ReLU gains more": [mean("pca", *USUAL) - mean("pca", 0.0) - mean("raw", *USUAL) + mean("raw", 0.0)],
    "On raw positive inputs": [mean("raw", *USUAL) - mean("raw", 0.0)],
    "With negative inputs": [mean("pca", *USUAL) - mean("raw", *USUAL)],
}


@pytest.mark.parametrize("start", EXPECTED)
def test_each_claim_compares_the_cells_that_it_speaks_of(start: str):
    (claim,) = [claim for claim in claims(GRID) if claim.text.startswith(start)]
    assert [contrast.pairs(CELLS).mean() for contrast in claim.contrasts] == pytest.approx(EXPECTED[start])


def cell(slope: float) -> Cell:
    return ("raw", "code", slope)


def contrast(slope: float) -> Contrast:
    return Contrast(f"{slope:g} over 0", ((cell(slope),),), ((cell(0.0),),))


def measured(accuracies: Mapping[Cell, np.ndarray], overlap: float, step: float, failed: int = 0) -> Measured:
    return Measured("random", 10, accuracies, dict.fromkeys(accuracies, failed), overlap, step)


def verdict(more: bool, *differences: float, failed: int = 0) -> str:
    """Return the verdict on a claim whose contrasts have these differences, which hardly vary."""
    noise = np.random.default_rng(0).normal(0, 1e-4, size=(4, 5))
    accuracies = {cell(0.0): 0.5 + noise}
    accuracies |= {cell(place): 0.5 + value + noise + noise.T.reshape(4, 5) for place, value in enumerate(differences, start=1)}
    claim = Claim("claim", tuple(contrast(place) for place in range(1, len(accuracies))), more)
    return answer_claim(claim, measured(accuracies, 0.25, 1e-4, failed), margin=0.01, level=0.95).verdict


@pytest.mark.parametrize(
    ("more", "differences", "expected"),
    [
        (True, [0.05], HOLDS),
        (True, [0.005], FAILS),  # certain, and too small to matter
        (True, [-0.05], FAILS),
        (True, [0.01], OPEN),  # the interval lies on both sides
        (False, [0.05], FAILS),
        (False, [0.005], HOLDS),
        (False, [-0.05], HOLDS),
        (False, [0.01], OPEN),
        (False, [0.0, 0.05, -0.1], FAILS),  # one that does more is enough against "no more"
        (False, [0.0, 0.01], OPEN),
        (False, [0.0, 0.002], HOLDS),
    ],
)
def test_the_margin_decides(more: bool, differences: list[float], expected: str):
    assert verdict(more, *differences) == expected
    assert verdict(more, *differences, failed=5) == expected
    assert verdict(more, *differences, failed=6) == OPEN


@pytest.mark.parametrize(
    ("grid", "lacking"),
    [
        ({"alphas": [0.05, 0.3]}, {"A small slope, such as": "slope 0, which is ReLU"}),
        ({"alphas": [0, 0.3]}, {"A small slope is enough": "a slope above 0 and up to 0.05"}),
        ({"alphas": [0, 0.05]}, {"A small slope is enough": "a slope between 0.05 and 1", "After PCA": ""}),
        (
            {"features": ["standard"]},
            {"After PCA": 'features "pca"', "On raw positive inputs": 'features "raw"', "A small slope, such": ""},
        ),
    ],
)
def test_what_the_grid_lacks_is_said(grid: Mapping[str, object], lacking: dict[str, str]):
    stated = claims(StudySection.model_validate(dict(grid)))
    for start, expected in lacking.items():
        (claim,) = [claim for claim in stated if claim.text.startswith(start)]
        assert claim.lacking == expected
        assert bool(claim.contrasts) == (not expected)


@pytest.mark.parametrize(
    ("verdicts", "expected", "where_copies_are_tested"),
    [
        ([HOLDS], HOLDS, OPEN),
        ([HOLDS, HOLDS], HOLDS, HOLDS),
        ([HOLDS, OPEN], HOLDS, UNSEEN),
        ([OPEN, FAILS], FAILS, FAILS),
        ([HOLDS, FAILS], OPEN, FAILS),
        ([FAILS, HOLDS], OPEN, HOLDS),
        ([OPEN, OPEN], OPEN, OPEN),
        ([], OPEN, OPEN),
    ],
)
def test_kinds_of_splits_are_taken_together(verdicts: list[str], expected: str, where_copies_are_tested: str):
    answers = [Answer(kind, verdict, "", 0, (0, 0)) for kind, verdict in zip(SPLITS, verdicts, strict=False)]
    assert together(answers, copied=False) == expected
    assert together(answers, copied=True) == where_copies_are_tested


@pytest.mark.parametrize(("effect", "allowed"), [(0.01, (0, 0.06)), (0.0, (0, 0.01)), (0.04, (0.95, 1))])
def test_how_often_a_claim_of_more_holds(effect: float, allowed: tuple[float, float]):
    """At the margin it may do so in one of forty; splits and seeds have effects of their own, as large as on the real file."""
    random = np.random.default_rng(9)
    claim = Claim("claim", (contrast(1.0),))
    verdicts = []
    for _ in range(400):
        noise = random.normal(0, 0.01, (10, 1)) + random.normal(0, 0.02, (1, 28)) + random.normal(0, 0.05, (10, 28))
        accuracies = {cell(0.0): np.full((10, 28), 0.8), cell(1.0): 0.8 + effect + noise}
        verdicts.append(answer_claim(claim, measured(accuracies, 0.0, 0.005), margin=0.01, level=0.95).verdict)
    share = verdicts.count(HOLDS) / 400
    assert allowed[0] <= share <= allowed[1]
