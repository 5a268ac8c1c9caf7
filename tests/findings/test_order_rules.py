"""D211 and D215: what they name along a file; the oracle of the p-value is SciPy, and of coincidences a simulation."""

import numpy as np
import pytest
from scipy.stats import kstwobign, rankdata

from pipeline.config.read import load_config
from pipeline.data.load import load
from pipeline.data.split import split
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.registry import find
from tests.conftest import ROOT
from tests.findings.builders import facts

ROWS = 300
RNG = np.random.default_rng(0)
SICK = RNG.random(ROWS) < 0.4
BASE = {"a": RNG.normal(size=ROWS), "b": np.round(RNG.normal(50, 12, ROWS))}


def found(code, columns, labels=None):
    labels = ["sick" if flag else "well" for flag in SICK[: len(next(iter(columns.values())))]] if labels is None else labels
    return next((each for each in find("D", facts(columns, labels), ()) if each.code == code), None)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (np.arange(ROWS), "rises"),
        (-3.7 * np.arange(ROWS), "falls"),
        (np.cumsum(RNG.exponential(size=ROWS)), "rises"),
        (np.sort(RNG.choice(10**6, ROWS, replace=False)), "rises"),
        (RNG.permutation(ROWS), "different"),
        (1000 + 2 * RNG.permutation(ROWS), "different"),
        (RNG.choice(4 * ROWS // 3, ROWS, replace=False), "different"),
    ],
)
def test_d211_names_a_column_that_numbers_the_rows(column, kind):
    finding = found("D211", BASE | {"number": column})
    assert finding.level == "warning"
    assert finding.evidence == {"columns": ["number"], "details": {"number": kind}}
    assert finding.fix == "diabetes-pipeline train --set '~data.features.number'"


GAP = np.arange(ROWS, dtype=float)
GAP[7] = np.nan
SWAPPED = np.arange(ROWS, dtype=float) * 1.5
SWAPPED[[3, 4]] = SWAPPED[[4, 3]]


@pytest.mark.parametrize(
    "column",
    [
        np.sort(BASE["b"]),
        SWAPPED,
        GAP,
        np.round(RNG.normal(3300, 500, ROWS)),
        RNG.choice(10**6, ROWS, replace=False),
        RNG.normal(size=ROWS),
        np.append(RNG.permutation(ROWS - 1), 0),
    ],
)
def test_d211_is_silent_about_measurements(column):
    assert found("D211", BASE | {"number": column}) is None


def test_d211_needs_fifty_rows():
    ages = {"age": np.arange(21.0, 70.0)}
    assert found("D211", ages) is None
    assert found("D211", {"age": np.arange(21.0, 71.0)}).evidence["columns"] == ["age"]


@pytest.mark.slow
def test_d211_does_not_find_chance_in_fine_whole_numbers_without_a_coincidence():
    """Rows all different by chance: the expected coincidences, counted from near ones, must not be many."""
    rng, different = np.random.default_rng(1), 0
    for _ in range(2000):
        values = np.round(rng.normal(0, 400, 60))  # 1.2 equal pairs expected
        if len(np.unique(values)) == 60:
            different += 1
            assert found("D211", {"fine": values}, ["x", "y"] * 30) is None
    assert different > 300


def test_d215_names_sorted_classes_and_a_drifting_column_and_nothing_that_the_classes_explain():
    order = np.argsort(SICK, kind="stable")
    apart = {"a": BASE["a"] + 3 * SICK, "b": BASE["b"]}
    labels = ["sick" if flag else "well" for flag in SICK[order]]
    finding = found("D215", {name: values[order] for name, values in apart.items()}, labels)
    assert finding.level == "warning"
    assert finding.evidence["columns"] == ["Type"]
    assert finding.evidence["details"]["Type"]["row"] == int((~SICK).sum())
    assert finding.fix.startswith("shuffle the rows of the file")
    later = BASE["b"] + np.where(np.arange(ROWS) < 120, 0, 15)
    finding = found("D215", BASE | {"b": later})
    assert finding.evidence["columns"] == ["b"]
    assert abs(finding.evidence["details"]["b"]["row"] - 120) < 15
    assert finding.fix.startswith("diabetes-pipeline train --set '~data.features.b'; or shuffle")
    both = found("D215", {"a": (BASE["a"])[order], "b": later}, labels)
    assert both.evidence["columns"] == ["Type", "b"]


def test_d215_states_the_p_value_of_scipy_after_bonferroni():
    drifting = BASE["a"] + np.linspace(0, 1.5, ROWS)
    drifting[::9] = np.nan
    finding = found("D215", {"a": drifting, "b": BASE["b"]})
    present = ~np.isnan(drifting)
    ranks, sick, squares = rankdata(drifting[present]), SICK[present], 0.0
    for part in (sick, ~sick):
        ranks[part] -= ranks[part].mean()
        squares += part.sum() * ranks[part].var(ddof=1)
    distance = np.abs(np.cumsum(ranks)).max() / np.sqrt(squares)
    assert finding.evidence["details"]["a"]["p_value"] == pytest.approx((2 + 2) * kstwobign.sf(distance), rel=1e-6)


def test_d215_is_silent_about_rows_in_no_order_and_columns_without_values():
    assert found("D215", BASE | {"empty": np.full(ROWS, np.nan), "same": np.ones(ROWS)}) is None


def test_d215_names_the_damaged_column_of_the_real_file(complete):
    config = load_config(ROOT / "configs/default.yaml", data=str(complete))
    table = load(config.data)
    (finding,) = [each for each in find("D", DataFacts(table, split(table, config.split), config), ()) if each.code == "D215"]
    assert finding.evidence["columns"] == ["BS Fast"]
    assert finding.evidence["details"]["BS Fast"]["p_value"] < 1e-9
    assert 158 < finding.evidence["details"]["BS Fast"]["row"] < 250
