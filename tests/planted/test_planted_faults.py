"""The tables are clean, every fault is in them as said, and a few of each go through the pipeline."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression

from pipeline.data.load import load
from pipeline.data.split import split
from tests.planted import copies, sweep
from tests.planted.asked import checked, counts, outcome_of
from tests.planted.asked import written as write
from tests.planted.clean import FARTHEST, KINDS, TARGET, clean, fresh
from tests.planted.faults import FAULTS, Soil, planted
from tests.planted.fresh_rows import contradictions, tried
from tests.planted.planted_faults import FACTS, PARTS
from tests.planted.results_page import SHOWN, page

MORE = pytest.param(range(10, 60), marks=pytest.mark.slow)


def changed(name: str, strong: bool, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a fault's table and the same table without the fault."""
    fault, case = FAULTS[name], planted(name, strong, seed).case
    place = list(FAULTS).index(name)
    apart = np.random.default_rng((seed, place)).uniform(1.5, 2.5)
    return case.frame, clean(1_000_000 + 100 * seed + place, fault.kinds[seed % len(fault.kinds)], apart).frame


@pytest.mark.parametrize("seed", range(6))
def test_fresh_rows_are_of_the_same_population_and_none_of_the_table(seed):
    """Kolmogorov-Smirnov within each class, from SciPy."""
    case = clean(seed)
    other = fresh(case, 20_000, seed)
    for label in case.population.classes:
        for column in case.population.columns:
            mine, others = (rows.loc[rows[TARGET] == label, column.name].dropna() for rows in (case.frame, other))
            assert stats.ks_2samp(mine, others).pvalue > 1e-6
    fine = [column.name for column in case.population.columns if column.fine]
    if len(fine) > 3:
        assert len(case.frame[fine].merge(other[fine].dropna(), how="inner")) <= 0.02 * len(case.frame)


def test_the_tables_are_of_every_kind_correlated_and_up_to_three_standard_deviations_apart():
    cases = [clean(seed) for seed in range(30)]
    assert {case.population.kind for case in cases} == set(KINDS)
    assert {len(case.population.classes) for case in cases} == {2, 3}
    assert all(600 <= len(case.frame) <= 2000 for case in cases)
    assert np.mean([case.frame.isna().any().any() for case in cases]) > 0.5
    for case in cases:
        means = case.population.means
        assert np.ptp(means, axis=0).max() <= FARTHEST + 1e-9
        names = [column.name for column in case.population.columns if column.fine]
        within = case.frame[names].sub(case.frame.groupby(TARGET)[names].transform("mean")).corr().to_numpy()
        loadings = case.population.loadings[[column.fine for column in case.population.columns]]
        expected = loadings @ loadings.T
        upper = np.triu_indices(len(names), 1)
        if len(names) > 4:
            assert np.corrcoef(within[upper], expected[upper])[0, 1] > 0.8


@pytest.mark.parametrize("seeds", [range(6), pytest.param(range(6, 120), marks=pytest.mark.slow)])
def test_no_code_is_given_to_clean_tables(workplace, seeds):
    codes = [(seed, finding.code) for seed in seeds for finding in checked(clean(seed)) if counts(finding)]
    assert [(seed, code) for seed, code in codes if code not in FACTS] == []


def test_there_are_35_kinds_and_each_changes_its_table_or_its_configuration():
    assert len(FAULTS) == 35
    for name in FAULTS:
        strong, weak = (planted(name, side, 1).case for side in (True, False))
        own, untouched = changed(name, True)
        same = own.equals(untouched) and strong.config.keys() == {"data", "network", "evaluation"}
        assert not same, name
        assert not (strong.frame.equals(weak.frame) and strong.config == weak.config), name


def test_copies_are_where_their_names_say():
    for name, both in (("copies in training", False), ("copies across the split", True)):
        frame = planted(name, True, 1).case.frame.drop(columns="Record", errors="ignore")
        features = [column for column in frame.columns if column not in ("Ward", "Doctor")]
        drawn = np.random.RandomState(5).permutation(len(frame))
        tested, groups = drawn[: -(-len(frame) // 5)], frame.groupby(features, dropna=False).ngroup().to_numpy()
        seen = np.isin(groups[tested], groups[np.setdiff1d(drawn, tested)])
        assert (seen.mean() > 0.25) == both
        assert len(np.unique(groups)) < 0.96 * len(frame)


def test_the_rows_of_the_test_are_those_that_the_split_draws(workplace):
    from pipeline.config.read import load_config

    case = planted("batch effect in the test", True, 1).case
    write(case)
    config = load_config("table.yaml")
    parts = split(load(config.data), config.split)
    train, test = Soil(case, np.random.default_rng(0)).parts()
    assert np.array_equal(parts.test, test)
    assert np.array_equal(parts.train, train)


@pytest.mark.parametrize(("name", "shares"), [("wrong labels", (0.15, 0.05)), ("near-copies, jittered", (0.2, 0.05))])
def test_a_fault_is_in_as_many_rows_as_said(name, shares):
    for strong, share in zip((True, False), shares, strict=True):
        frame, untouched = changed(name, strong)
        differs = (frame.fillna(-1) != untouched.fillna(-1)).any(axis=1)
        assert differs.mean() == pytest.approx(share, abs=0.001)


def test_a_leak_tells_and_noise_does_not():
    """By scikit-learn's logistic regression on the new columns alone."""
    for name, low, high in (("leak with noise", 0.95, 1), ("columns of noise", 0, 0.75)):
        frame, columns = planted(name, True, 0).case.frame, planted(name, True, 0).columns
        right = LogisticRegression().fit(frame[[*columns]], frame[TARGET]).score(frame[[*columns]], frame[TARGET])
        assert low <= right <= high


def test_patients_are_alike_in_their_visits():
    frame = planted("patients on both sides", True, 1).case.frame
    visits = frame.groupby("Patient")
    assert visits[TARGET].nunique().max() == 1
    assert visits.size().median() == 4
    assert visits["Glucose"].std().mean() < 0.3 * frame["Glucose"].std()


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["copies in training", "telling gaps", "row number", "drift along the file", "text cells"])
def test_a_strong_fault_is_caught(workplace, name, seed):
    assert outcome_of(planted(name, True, seed), FAULTS[name])["caught"]


def test_a_code_that_names_another_column_is_no_catch(workplace):
    from dataclasses import replace

    elsewhere = replace(planted("row number", True, 0), columns=("Age",))
    assert not outcome_of(elsewhere, FAULTS["row number"])["caught"]


def test_whole_copies_of_coarse_rows_are_found_and_their_share_is_as_said(workplace):
    case = copies.copied("steps and 12", 1.0, "none", 0)
    assert len(case.frame) == 2 * copies.ROWS
    assert (case.frame.groupby([*case.frame.columns]).transform("size") % 2 == 0).all()
    assert copies.judged(checked(case)) == "found"


def test_the_sweep_goes_from_balanced_to_one_in_200():
    cases = [sweep.table_of_sweep(seed) for seed in range(64)]
    assert {kind["rows"] for _, kind in cases} == set(sweep.SIZES)
    assert max(kind["rows"] / kind["rare"] for _, kind in cases) == 200
    for case, kind in cases:
        counts = case.frame[TARGET].value_counts(normalize=True)
        assert counts[list(case.population.classes)].tolist() == pytest.approx(case.population.shares.tolist())
        assert (case.population.means[1] == 0).all() != kind["signal"]


def test_the_page_shows_every_part():
    assert list(SHOWN) == list(PARTS)
    figures = {"caught": 4, "of": 5, "given": {"D206": 4, "D215": 1}}
    fault = {"codes": ["D206"], "reasons": {"weak": "why"}, "strong": figures, "weak": figures | {"caught": 3}}
    part = {"figures": {"a leak": fault}, "seconds": 60.0, "date": "2026-01-01"}
    described = {
        "packages": {},
        **dict.fromkeys(("processor", "cores", "memory_gib", "system", "load_before", "python", "date"), 1),
    }
    text = page({"parts": {"faults": part}, "machine": described})
    assert "Caught: 1 of 1 kinds strong, 0 weak." in text
    assert "| a leak | D206 | 4 of 5 | 3 of 5 | D215 |" in text
    assert "- a leak, weak: why" in text


@pytest.mark.slow
def test_fresh_rows_contradict_what_is_not_so_and_nothing_else(workplace):
    from dataclasses import replace

    trial = tried(planted("overfitting", True, 0).case, 0)
    assert not trial.one_answer
    assert dict(contradictions(trial))["E404"] is False
    perfect = replace(trial, answers=trial.table.truth)
    assert dict(contradictions(perfect)) == dict.fromkeys(dict(contradictions(trial)), True)
