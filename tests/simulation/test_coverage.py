"""The committed coverage: what it has to be, and that a short run of the script still finds it."""

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from tests.simulation.coverage import CLASSES, LEVEL, REPETITIONS, SEED, measure

KEPT = json.loads(Path(__file__).with_name("coverage.json").read_text(encoding="utf-8"))
NOISE = np.sqrt(LEVEL * (1 - LEVEL) / KEPT["repetitions"])  # standard error of a coverage, 0.5 %


def by_kind(sample: str) -> dict[str, float]:
    """Return the coverage of each kind of figure, the mean over the classes where there is one a class."""
    kinds = defaultdict(list)
    for name, each in KEPT["figures"][sample].items():
        kinds[" ".join(word for word in name.split() if word not in CLASSES)].append(each["coverage"])
    return {kind: float(np.mean(each)) for kind, each in kinds.items()}


def test_the_figures_are_those_of_the_script():
    assert (KEPT["level"], KEPT["seed"], KEPT["repetitions"]) == (LEVEL, SEED, REPETITIONS)


def test_of_1000_rows_every_kind_of_interval_holds_the_truth_in_94_to_96_percent():
    assert not {kind: share for kind, share in by_kind("1000 rows").items() if not 0.94 <= share <= 0.96}


@pytest.mark.parametrize("sample", ["1000 rows", "200 rows"])
def test_no_single_figure_is_farther_from_95_percent_than_the_noise_of_sixty_of_them(sample):
    """3.3 standard errors, 1.6 %: the largest of 60 coverages that are exactly 95 % stays within it 94 times of 100."""
    outside = {name: each["coverage"] for name, each in KEPT["figures"][sample].items()}
    assert not {name: share for name, share in outside.items() if abs(share - LEVEL) > 3.3 * NOISE}


def test_intervals_over_groups_are_cautious_but_not_endless_whether_groups_vary_a_little_or_are_known_or_missed():
    figures = KEPT["figures"]["21 groups"].values()
    assert len(figures) == 6
    assert all(each["coverage"] >= LEVEL for each in figures)
    assert all(each["width"] < 0.33 for each in figures)


def test_a_difference_is_seldom_claimed_of_two_that_are_equally_good():
    for each in KEPT["figures"]["21 groups, difference"].values():
        assert each["coverage"] >= LEVEL - 3.3 * NOISE
        assert each["truth"] != 0 or each["above"] + each["below"] < 1 - LEVEL


@pytest.mark.slow
def test_a_short_run_finds_the_same():
    repetitions = 60
    for sample, figures in measure(repetitions, processes=1).items():
        for name, each in figures.items():
            kept = KEPT["figures"][sample][name]
            assert each["truth"] == pytest.approx(kept["truth"], abs=1e-6)
            assert each["width"] == pytest.approx(kept["width"], rel=0.25)
            assert abs(each["coverage"] - kept["coverage"]) < 5 * np.sqrt(0.95 * 0.05 / repetitions)
