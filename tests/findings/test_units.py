"""Mixtures of units, planted with the published conversions, and two clumps that are none; SciPy is the oracle of the p-value."""

import numpy as np
import pytest
from scipy.stats import binom, ks_2samp

from pipeline.findings.units import CONVERSIONS, mixture

RNG = np.random.default_rng(0)
ROWS = 800
CLASSES = RNG.integers(0, 2, ROWS)
SICK = 0.5 * CLASSES + RNG.normal(size=ROWS)
COLUMNS = {
    "glucose": (np.round(np.exp(1.7 + 0.2 * SICK), 1), lambda x: np.round(18.016 * x)),
    "cholesterol": (np.round(5 + SICK, 1).clip(2), lambda x: np.round(38.67 * x)),
    "triglycerides": (np.round(np.exp(0.4 + 0.35 * SICK), 2), lambda x: np.round(88.57 * x)),
    "creatinine": (np.round(np.exp(0.25 * SICK), 2), lambda x: np.round(88.42 * x)),
    "HbA1c": (np.round(5.8 + 0.7 * SICK, 1).clip(4), lambda x: np.round(10.929 * (x - 2.15))),
    "weight": (np.round(3.4 + 0.25 * SICK, 2), lambda x: np.round(2.2046 * x, 2)),
    "length": (np.round(66 + 3 * SICK, 1), lambda x: np.round(2.54 * x, 1)),
    "temperature": (np.round(36.9 + 0.5 * SICK, 1), lambda x: np.round(1.8 * x + 32, 1)),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("greater", [True, False])
@pytest.mark.parametrize("share", [0.3, 0.1, 0.05])
def test_a_part_in_another_unit_is_found_with_its_rows(name, greater, share):
    values, convert = COLUMNS[name]
    mixed = np.random.default_rng(1).random(ROWS) < share
    found = mixture(np.where(mixed == greater, convert(values), values), CLASSES)
    assert found.p_value < 1e-6
    assert found.greater == greater
    assert (np.isin(np.arange(ROWS), found.rows) == mixed).mean() > 0.99
    near = {"triglycerides", "creatinine"}  # 88.57 and 88.42 are the same on a few hundred rows
    assert found.conversion.quantity == name or {name, found.conversion.quantity} <= near


@pytest.mark.parametrize("name", ["glucose", "cholesterol", "triglycerides", "creatinine", "HbA1c"])
def test_nearly_half_in_another_unit_is_found_where_units_are_far_apart(name):
    values, convert = COLUMNS[name]
    mixed = np.random.default_rng(1).random(ROWS) < 0.42
    found = mixture(np.where(mixed, convert(values), values), CLASSES)
    assert found.p_value < 1e-6
    assert (np.isin(np.arange(ROWS), found.rows) == mixed).mean() > 0.99


def alarm(values, classes=CLASSES) -> float:
    found = mixture(values, classes)
    return found.p_value if found else 1.0


@pytest.mark.parametrize("seed", range(5))
def test_two_clumps_that_no_factor_makes_are_no_units(seed):
    rng = np.random.default_rng(seed)
    few = rng.random(ROWS) < 0.1
    values = np.exp(rng.normal(1.5, 0.2, ROWS))
    three = np.round(100 + 10 * (rng.normal(size=ROWS) + 3 * CLASSES))
    assert alarm(values) > 1e-3  # one clump
    assert alarm(three) > 1e-3  # classes three standard deviations apart
    assert alarm(three, np.zeros(ROWS, dtype=int)) > 1e-3  # nor if they are not told
    assert alarm(np.where(few, 9 * values, values)) > 1e-3  # no such factor
    assert alarm(np.where(rng.random(ROWS) < 0.4, 2.2 * values**0.3, values**0.3)) > 1e-3  # two kinds of people
    assert alarm(np.where(few, 80.0, values)) > 1e-3  # a code, though about 18 times as large as the values
    assert alarm(np.exp(rng.normal(0, 1.2, ROWS))) > 1e-3  # skewed
    assert alarm(np.round(np.exp(rng.normal(-1, 1, ROWS)), 1)) > 1e-3  # skewed and coarse
    assert alarm(rng.integers(0, 11, ROWS).astype(float)) == 1


def test_a_class_that_is_all_in_one_unit_is_left_to_the_rules_about_classes():
    values, convert = COLUMNS["glucose"]
    assert alarm(np.where(CLASSES == 1, convert(values), values)) == 1


def test_the_probability_is_binomial_with_the_share_of_the_widths():
    """One class and no rounding, so that clumps, interval and valley can be counted here."""
    values = np.exp(np.random.default_rng(5).normal(1.5, 0.2, 300))
    values[:40] *= 18.016
    found = mixture(values, np.zeros(300, dtype=int))
    scaled, shift = np.log(values) - np.median(np.log(values)), np.log(18.016)
    large, small = scaled[scaled < shift / 2], scaled[scaled > shift / 2] - shift
    low, high = np.quantile(large, [0.05, 0.95])
    inside, width, tails = int(((small >= low) & (small <= high)).sum()), high - low, []
    for reach in (1, 1.5, 2):
        start, end = reach * high, shift + reach * low
        trials = inside + int(((scaled > start) & (scaled < end)).sum())
        tails.append(binom.sf(inside - 1, trials, width / (width + end - start)))
    assert found.p_value == pytest.approx(2 * len(CONVERSIONS) * 3 * min(tails))
    assert found.distance == pytest.approx(ks_2samp(large, small).statistic)
    assert list(found.rows) == list(range(40))


def test_the_fixed_points_are_the_same_in_both_units():
    zero = {conversion.quantity: conversion.zero for conversion in CONVERSIONS}
    assert 10.929 * (zero["HbA1c"] - 2.15) == pytest.approx(zero["HbA1c"])
    assert 1.8 * zero["temperature"] + 32 == zero["temperature"]


def test_gaps_and_columns_without_a_value_do_no_harm():
    values, convert = COLUMNS["glucose"]
    gaps = np.where(np.arange(ROWS) % 3 == 0, np.nan, values)
    assert alarm(gaps) == alarm(np.full(ROWS, np.nan)) == alarm(-values) == 1
    gaps[1:120:3] = convert(values[1:120:3])
    assert list(mixture(gaps, CLASSES).rows) == list(range(1, 120, 3))
