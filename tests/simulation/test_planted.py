"""The committed share of planted truths that a study finds, and that a short run of the script still finds them."""

import json
from pathlib import Path

import pytest

from tests.simulation.planted import REPETITIONS, ROWS, TRUTHS, measure

KEPT = json.loads(Path(__file__).with_name("planted.json").read_text(encoding="utf-8"))


def test_the_figures_are_those_of_the_script():
    assert (KEPT["repetitions"], KEPT["rows"], set(KEPT["data"])) == (REPETITIONS, ROWS, set(TRUTHS))


def test_the_verdicts_are_right_in_95_percent_of_the_repetitions():
    assert {name: each["right"] for name, each in KEPT["data"].items() if each["right"] < 0.95} == {}


@pytest.mark.slow
def test_a_short_run_finds_them_too():
    assert {name: each["right"] for name, each in measure(2, seed=1000).items()} == dict.fromkeys(TRUTHS, 1.0)
