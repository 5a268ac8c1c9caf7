"""D212 and D217 against pandas: what they name, and what the fix does."""

import numpy as np
import pandas as pd
import pytest

from pipeline.findings.registry import find
from tests.findings.builders import facts
from tests.tables import frame_of

RNG = np.random.default_rng(0)
ROWS = 300
LABELS = ["sick" if flag else "well" for flag in RNG.random(ROWS) < 0.4]
HEIGHT, WEIGHT, SYSTOLIC = (
    np.round(RNG.normal(170, 9, ROWS)),
    np.round(RNG.lognormal(4.3, 0.18, ROWS), 1),
    RNG.normal(120, 15, ROWS),
)
BASE = {"height": HEIGHT, "weight": WEIGHT, "systolic": SYSTOLIC}
GAPS = np.where(RNG.random(ROWS) < 0.1, np.nan, RNG.normal(size=ROWS))


def found(code, columns, **sections):
    return next((each for each in find("D", facts(columns, LABELS, **sections), ()) if each.code == code), None)


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (np.full(ROWS, 3.0), {"constant": 3.0, "others": 0}),
        (np.where(RNG.random(ROWS) < 0.2, np.nan, 3.0), {"constant": 3.0, "others": 0}),
        (np.where(np.arange(ROWS) < 4, 1.0, 3.0), {"constant": 3.0, "others": 4}),
        (np.where(np.arange(ROWS) < 5, 150.0, SYSTOLIC), {"equal": ["systolic"]}),
        (SYSTOLIC.copy(), {"equal": ["systolic"]}),
        (7.50062 * SYSTOLIC + 2, {"sum": ["systolic"]}),
        (np.round((SYSTOLIC + 2 * HEIGHT) / 3, 1), {"sum": ["height", "systolic"]}),
        (np.round(WEIGHT / (HEIGHT / 100) ** 2, 2), {"product": ["height", "weight"]}),
        (HEIGHT * SYSTOLIC, {"product": ["height", "systolic"]}),
    ],
)
def test_d212_names_a_column_that_adds_nothing_and_the_others(column, reason):
    finding = found("D212", BASE | {"more": column})
    assert finding.level == "info"
    assert finding.evidence["columns"] == ["more"]
    details = finding.evidence["details"]["more"]
    assert details.pop("explained", 1) > 0.999
    assert {kind: sorted(others) if isinstance(others, list) else others for kind, others in details.items()} == reason
    assert finding.fix == "diabetes-pipeline train --set '~data.features.more'"
    said = (
        f"is 3 in {'all but 4 rows' if reason['others'] else 'every row'}"
        if "constant" in reason
        else " and ".join(f'"{name}"' for name in next(iter(details.values())))
    )
    assert said in finding.message


def test_d212_is_silent_about_columns_that_go_together_loosely():
    assert found("D212", BASE | {"rough": SYSTOLIC + RNG.normal(0, 1, ROWS), "gaps": GAPS}) is None


def test_d212_takes_an_empty_cell_to_equal_an_empty_cell_only():
    assert found("D212", BASE | {"gaps": GAPS, "copy": GAPS.copy()}).evidence["details"] == {"copy": {"equal": ["gaps"]}}
    filled = np.where(np.isnan(GAPS), 0, GAPS)
    assert found("D212", BASE | {"gaps": GAPS, "filled": filled}).evidence["details"]["filled"]["sum"] == ["gaps"]
    signed = np.where(RNG.random(ROWS) < 0.5, 0.0, 1.0)
    assert found("D212", {"a": signed, "b": np.where(signed == 0, -0.0, 1.0)}).evidence["columns"] == ["b"]


def test_d212_looks_at_the_usable_values():
    spoilt = np.where(np.arange(ROWS) < 30, 999.0, SYSTOLIC)
    ranges = {"spoilt": {"range": [0, 500]}}
    assert found("D212", BASE | {"spoilt": spoilt}, features=ranges).evidence["details"]["spoilt"]["sum"] == ["systolic"]
    kept = found("D212", BASE | {"spoilt": spoilt}, features=ranges, preprocess={"implausible": "keep"})
    assert kept is None


def test_d217_counts_the_cells_without_a_usable_value():
    columns = BASE | {
        "empty": np.where(np.arange(ROWS) < 151, np.nan, SYSTOLIC),
        "half": np.where(np.arange(ROWS) < 150, np.nan, SYSTOLIC),
        "spoilt": np.where(np.arange(ROWS) < 200, 0.0, SYSTOLIC),
        "nothing": np.full(ROWS, np.nan),
    }
    ranges = {"spoilt": {"range": [10, 300]}}
    finding = found("D217", columns, features=ranges)
    frame: pd.DataFrame = frame_of(facts(columns, LABELS).table)
    frame.loc[~frame["spoilt"].between(10, 300), "spoilt"] = np.nan
    lost = frame.isna().sum()
    assert finding.evidence == {"columns": {name: int(lost[name]) for name in ("empty", "spoilt")}}
    assert finding.level == "warning"
    assert "filled with the median" in finding.message
    assert "--set '~data.features.empty' --set '~data.features.spoilt'; or fill" in finding.fix
    kept = found("D217", columns, features=ranges, preprocess={"implausible": "keep", "impute": None})
    assert kept.evidence == {"columns": {"empty": 151}}
    assert "nothing fills them" in kept.message
    assert found("D217", BASE | {"half": columns["half"]}) is None
