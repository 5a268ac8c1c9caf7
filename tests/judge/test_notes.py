"""What is said of the intervals' coverage is what the simulation found."""

import json
from pathlib import Path

from pipeline.judge.bootstrap import GROUPS_21, LEVEL, ROWS_200, ROWS_1000, groups_note, rows_note

SIMULATED = json.loads((Path(__file__).parents[1] / "simulation/coverage.json").read_text(encoding="utf-8"))
KEPT = SIMULATED["figures"]


def test_the_sentences_hold_the_lowest_and_the_highest_coverage_of_the_simulation() -> None:
    for sample, told in (("1000 rows", ROWS_1000), ("200 rows", ROWS_200), ("21 groups", GROUPS_21)):
        found = [each["coverage"] for each in KEPT[sample].values()]
        assert told == (min(found), max(found))
    assert all(f"{share:.1%}" in rows_note(LEVEL) for share in (*ROWS_1000, *ROWS_200))
    assert all(f"{share:.1%}" in groups_note(LEVEL) for share in GROUPS_21)


def test_nothing_is_said_of_a_level_that_was_not_simulated() -> None:
    assert SIMULATED["level"] == LEVEL
    assert rows_note(0.9) == groups_note(0.9) == rows_note(0.99) == groups_note(0.99) == ""
