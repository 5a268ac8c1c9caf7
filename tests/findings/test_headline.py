"""A finding's headline: where it ends, and that it is short however many columns or classes there are, and however long named."""

import numpy as np
import pytest

from pipeline.config.schema import Config
from pipeline.findings.finding import headline
from pipeline.findings.registry import find
from tests.findings.builders import facts
from tests.findings.conftest import LONGEST


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("66 of 202 test rows repeat a training row: 202 share", "66 of 202 test rows repeat a training row"),
        ("half is empty; nothing fills it: a", "half is empty"),
        ('"Glucose: fasting; mg" numbers the rows: it rises', '"Glucose: fasting; mg" numbers the rows'),
        ("all is one sentence", "all is one sentence"),
        ("", ""),
    ],
)
def test_a_headline_ends_at_the_first_colon_or_semicolon_outside_quotes(message: str, said: str) -> None:
    assert headline(message) == said


@pytest.mark.parametrize("name", ["x", "the glucose in the plasma, two hours after breakfast: mg/dL"])
@pytest.mark.parametrize("columns", [1, 12])
def test_a_headline_is_short_whatever_columns_are_called(name: str, columns: int) -> None:
    rng = np.random.default_rng(0)
    telling = np.arange(100) % 2 * 100.0
    values = {f"{name} {number}": telling + np.round(rng.normal(size=100), 1) for number in range(columns)}
    values |= {
        f"{name} empty {number}": np.where(rng.random(100) < 0.7, np.nan, rng.normal(size=100)) for number in range(columns)
    }
    values |= {f"{name} constant {number}": np.ones(100) for number in range(columns)}
    values |= {f"{name} rising {number}": np.arange(100.0) for number in range(columns)}
    found = find("D", facts(values, np.where(telling > 50, "B", "A")), ())
    assert {finding.code for finding in found} >= {"D201", "D206", "D211", "D212", "D217"}
    assert all(len(headline(finding.message)) <= LONGEST for finding in found)


@pytest.mark.parametrize("name", ["ill", "diabetes mellitus of type 2, not yet treated with insulin"])
def test_a_headline_is_short_whatever_classes_are_called(name: str) -> None:
    data = {"path": "x.csv", "target": "Type", "codes": {"well": 0, name: -1}, "features": {"a": {}}}
    sections = {"network": {"output": "code", "alpha": 0.0}, "training": {"loss": "binary_crossentropy"}}
    found = find("C", Config.model_validate({"data": data, **sections}), ())
    assert [finding.code for finding in found] == ["C102", "C103", "C104"]
    assert all(len(headline(finding.message)) <= LONGEST for finding in found)
