"""The typed summary is the JSON: keys, order and values; what is not finite is null (Python's json is the oracle)."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.runs.parts import DataSummary, EstimateSummary, finite
from pipeline.runs.saved import read_record
from pipeline.runs.summary import Summary

NUMBERS = st.floats() | st.integers() | st.text() | st.none()
ANY = st.recursive(NUMBERS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(ANY)
def test_what_is_finite_stays_and_all_else_is_null(value: object) -> None:
    text = json.dumps(finite(value), allow_nan=False)
    assert json.loads(text) == json.loads(json.dumps(value), parse_constant=lambda name: None)


def test_reading_and_writing_a_record_changes_nothing(small_run: Path) -> None:
    path = small_run / "models/latest/run.json"
    record = read_record(path.parent)
    assert json.dumps(record.to_json(), indent=2) == path.read_text()


def test_a_summary_is_read_as_it_was_printed(small_run: Path) -> None:
    printed = (small_run / "train.json").read_text()
    assert json.dumps(Summary.model_validate_json(printed, strict=True).to_json()) == printed.strip()


def test_a_figure_that_is_not_finite_is_none() -> None:
    estimate = EstimateSummary(value=math.inf, interval=(math.nan, 1.0))
    assert estimate.to_json() == {"value": None, "interval": [None, 1.0]}


def test_a_summary_is_closed_and_frozen() -> None:
    data = DataSummary(path="a.csv", sha256="0", rows=1, train=1, test=0, classes={"a": 1})
    with pytest.raises(ValueError, match="frozen"):
        data.rows = 2
    with pytest.raises(ValueError, match="more"):
        DataSummary.model_validate(data.to_json() | {"more": 1})
