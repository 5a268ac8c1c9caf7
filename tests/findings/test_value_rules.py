"""D213 and D214: what they name; the settings of D213 are typed, and the finding is gone."""

import shlex
from dataclasses import replace

import numpy as np
import pytest

from pipeline.config.read import load_config
from pipeline.findings.registry import find
from tests.findings.builders import facts

ROWS = 500
RNG = np.random.default_rng(0)
LABELS = ["sick" if flag else "well" for flag in RNG.random(ROWS) < 0.4]
BMI, PRESSURE = np.round(RNG.normal(28, 4, ROWS), 1), np.round(RNG.normal(125, 15, ROWS))
GLUCOSE = np.round(RNG.lognormal(1.7, 0.2, ROWS), 1)
CODED = RNG.random(ROWS) < 0.1


def found(code, given):
    return next((each for each in find("D", given, ()) if each.code == code), None)


def typed(given, fix, path):
    """The facts after the settings of a fix."""
    path.write_text(given.config.to_yaml())
    config = load_config(path, [word for word in shlex.split(fix) if "=" in word])
    low, high = config.data.bounds()
    outside = (given.table.values < low) | (given.table.values > high)
    return replace(given, config=config, table=replace(given.table, implausible=outside))


@pytest.mark.parametrize("code", [0.0, -1.0, 99.0, 999.0])
@pytest.mark.parametrize("features", [{}, {"bmi": {"range": [-10, 1200]}}])
@pytest.mark.parametrize("implausible", ["missing", "keep"])
def test_d213_names_the_range_that_leaves_a_code_out(code, features, implausible, tmp_path):
    columns = {"bmi": np.where(CODED, code, BMI), "pressure": PRESSURE}
    given = facts(columns, LABELS, features, preprocess={"implausible": implausible})
    finding = found("D213", given)
    assert finding.level == "warning"
    assert finding.evidence["columns"] == {"bmi": int(CODED.sum())}
    assert finding.evidence["details"]["bmi"]["value"] == code
    assert finding.evidence["details"]["bmi"]["p_value"] < 1e-4
    assert f'"bmi" is {code:g} in {CODED.sum()} rows' in finding.message
    again = typed(given, finding.fix, tmp_path / "some.yaml")
    assert again.config.preprocess.implausible == "missing"
    assert again.table.implausible[:, 0].tolist() == CODED.tolist()
    assert found("D213", again) is None


def test_d213_asks_to_clear_the_cells_of_a_code_that_no_range_leaves_out():
    columns = {"bmi": np.where(RNG.random(ROWS) < 0.25, 27.32, BMI), "pressure": np.where(CODED, 0.0, PRESSURE)}
    finding = found("D213", facts(columns, LABELS))
    count = int((columns["bmi"] == 27.32).sum())
    assert finding.evidence["columns"] == {"bmi": count, "pressure": int(CODED.sum())}
    setting, cells = finding.fix.split(", then ")
    assert setting.startswith("diabetes-pipeline train --set 'data.features.pressure.range=[")
    assert cells == f'clear the {count} cells of "bmi" that hold 27.32'


def test_d213_is_silent_about_values_outside_the_range_and_clean_columns():
    columns = {"bmi": np.where(CODED, 0.0, BMI), "pressure": PRESSURE}
    assert found("D213", facts(columns, LABELS, {"bmi": {"range": [10, 80]}})) is None
    assert found("D213", facts({"bmi": BMI, "pressure": PRESSURE, "empty": np.full(ROWS, np.nan)}, LABELS)) is None


@pytest.mark.parametrize("features", [{}, {"glucose": {"range": [2, 30]}}, {"glucose": {"range": [0, 600]}}])
def test_d214_names_units_and_rows_inside_and_outside_the_range(features):
    mixed = np.where(CODED, np.round(18.016 * GLUCOSE), GLUCOSE)
    given = facts({"glucose": mixed, "bmi": BMI}, LABELS, features)
    finding = found("D214", given)
    assert finding.level == "warning"
    assert finding.evidence["columns"] == ["glucose"]
    details = finding.evidence["details"]["glucose"]
    assert details["rows"] == CODED.sum()
    assert details["examples"] == [int(row) + 1 for row in np.flatnonzero(CODED)[:5]]
    assert (details["units"], details["factor"]) == (["mmol/L", "mg/dL"], 18.016)
    assert details["p_value"] < 1e-4
    shown = ", ".join(map(str, details["examples"]))
    assert finding.fix == f'in the file, of "glucose" divide rows {shown}, ... ({CODED.sum()} in all) by 18.016'
    assert f"{CODED.sum()} rows look like mg/dL among values in mmol/L" in finding.message


def test_d214_tells_the_other_direction_and_units_with_another_zero():
    mixed = np.where(CODED, GLUCOSE, np.round(18.016 * GLUCOSE))
    finding = found("D214", facts({"glucose": mixed}, LABELS))
    assert "look like mmol/L among values in mg/dL" in finding.message
    assert "multiply rows" in finding.fix
    assert finding.fix.endswith("by 18.016")
    warm = np.round(RNG.normal(37, 0.6, ROWS), 1)
    finding = found("D214", facts({"warm": np.where(CODED, np.round(1.8 * warm + 32, 1), warm)}, LABELS))
    assert finding.fix.endswith("from Fahrenheit to Celsius (temperature)")


def test_d214_is_silent_about_one_unit_and_codes():
    assert found("D214", facts({"glucose": GLUCOSE, "coded": np.where(CODED, 99.0, GLUCOSE)}, LABELS)) is None
