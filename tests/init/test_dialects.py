"""Drawn files in every dialect: what ``init`` and ``load`` make of them is what pandas holds."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.read.dialects import by_init, differences


@pytest.mark.parametrize("first", range(0, 60, 15))
def test_a_config_by_init_reads_rows_classes_gaps_and_values_as_pandas_holds_them(first: int, tmp_path: Path) -> None:
    told = {
        seed: (drawn.how, wrong, refused)
        for seed in range(first, first + 15)
        for drawn, wrong, refused in [by_init(seed, tmp_path)]
    }
    assert {seed: each for seed, each in told.items() if each[1] or each[2]} == {}


def test_a_row_or_a_value_that_was_lost_would_be_noticed(tmp_path: Path) -> None:
    from pipeline.config.read import load_config

    drawn, wrong, refused = by_init(0, tmp_path)
    assert (wrong, refused) == ([], "")
    section = load_config(tmp_path / "mine.yaml", data=str(drawn.path)).data
    assert "rows instead of" in differences(replace(drawn, frame=drawn.frame.drop(index=3)), section)[0]
    other = drawn.frame.assign(glucose=drawn.frame["glucose"] + (drawn.frame.index == 3))
    assert differences(replace(drawn, frame=other), section) == [f"{[*section.features][2]} differs"]
