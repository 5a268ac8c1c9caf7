"""D206 and D207 on columns built for it, and on the real files."""

import json
from dataclasses import asdict, replace
from itertools import combinations_with_replacement, pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from pipeline.config.read import load_config
from pipeline.data.load import load
from pipeline.data.split import split
from pipeline.findings.association import ranked
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.registry import find
from pipeline.findings.separation import by_levels
from tests.conftest import ROOT
from tests.findings.builders import facts

DEFAULT = ROOT / "configs/default.yaml"
LABELS = np.repeat(["A", "B", "C"], (50, 30, 20))
GLUCOSE = {"unit": "mmol/L", "criterion": "random"}


def found(given: DataFacts, code: str):
    return next((each for each in find("D", given, ()) if each.code == code), None)


def noise(seed=0) -> np.ndarray:
    return np.round(np.random.default_rng(seed).normal(10, 2, 100), 1)


def spoilt(value: float, **shares: float) -> np.ndarray:
    """A column of noise with the value in the first rows of each class."""
    values = noise()
    for label, share in shares.items():
        rows = np.flatnonzero(label == LABELS)
        values[rows[: round(share * len(rows))]] = value
    return values


@pytest.mark.parametrize(("value", "kind"), [(np.nan, "empty"), (-1.5, "implausible")])
def test_d206_names_the_class_that_gaps_or_implausible_values_go_with(value, kind):
    columns = {"quiet": noise(1), "loud": spoilt(value, B=0.6, A=0.04)}
    finding = found(facts(columns, LABELS, {"loud": {"range": [0, 99]}}), "D206")
    assert finding.evidence["columns"] == ["loud"]
    (sign,) = finding.evidence["details"]["loud"].values()
    assert list(finding.evidence["details"]["loud"]) == [kind]
    assert (sign["class"], sign["share"], sign["others"]) == ("B", 18 / 30, 2 / 70)
    assert sign["p_value"] == pytest.approx(
        2 * 3 * 2 * hypergeom(100, 20, 30).sf(17), rel=1e-9
    )  # six tests: this flag and the whole numbers of a column, three classes
    assert sign["phi"] == pytest.approx((18 * 68 - 2 * 12) / np.sqrt(20 * 80 * 30 * 70))
    assert f'is {kind} in 60.0% of "B" and 2.9% of the rest' in finding.message
    assert "'~data.features.loud'" in finding.fix


def test_d206_sees_a_class_that_alone_has_no_gaps():
    (sign,) = found(facts({"a": spoilt(np.nan, B=0.7, C=0.7)}, LABELS), "D206").evidence["details"]["a"].values()
    assert (sign["class"], sign["share"]) == ("A", 0)
    assert sign["phi"] < -0.2


@pytest.mark.parametrize(
    "shares",
    [{"A": 0.2, "B": 0.2, "C": 0.2}, {"A": 1, "B": 1, "C": 1}, {}, {"A": 0.1, "B": 0.2}, {"C": 0.15}],
    ids=["every class alike", "empty", "none", "a small effect", "few"],
)
@pytest.mark.parametrize("value", [np.nan, -1.0])
def test_d206_is_silent_on_gaps_that_tell_nothing(shares, value):
    assert found(facts({"a": spoilt(value, **shares), "b": noise(3)}, LABELS, {"a": {"range": [0, 99]}}), "D206") is None


def test_d206_asks_for_more_than_significance():
    """40,000 rows make any difference significant; phi is below 0.2."""
    labels = np.repeat(["A", "B"], 20_000)
    values = np.random.default_rng(0).normal(size=40_000)
    values[:1000] = np.nan
    assert found(facts({"a": values, "b": values[::-1]}, labels), "D206") is None


SIGNS = {
    "from 12 on": np.where(LABELS == "B", noise() + 100, noise()).round(1),
    "up to": np.where(LABELS == "B", noise() - 100, noise()).round(1),
    "up to, of three": np.select([LABELS == "A", LABELS == "B"], [noise() - 100, noise()], noise() + 100).round(1),
    "outside": np.where(LABELS == "B", noise() + np.where(np.arange(100) % 2, 100, -100), noise()).round(1),
}


@pytest.mark.parametrize("kind", SIGNS)
def test_d206_names_a_column_without_criterion_that_tells_a_class_alone(kind):
    given = facts({"a": noise(1), "b": SIGNS[kind]}, LABELS)
    finding = found(given, "D206")
    assert finding.evidence["columns"] == ["b"]
    sign = finding.evidence["details"]["b"]["interval"]
    assert sign["balanced_accuracy"] == 1
    assert kind.split()[0] in finding.message
    values = given.table.column("b")
    inside = (values >= (-np.inf if sign["low"] is None else sign["low"])) & (
        values <= (np.inf if sign["high"] is None else sign["high"])
    )
    assert (inside == ((sign["class"] == LABELS) == sign["inside"])).all()


def test_d206_leaves_a_column_with_a_criterion_to_d207():
    given = facts({"a": SIGNS["from 12 on"]}, LABELS, {"a": GLUCOSE}, reference="A")
    assert found(given, "D206") is None


@pytest.mark.parametrize(("mistakes", "fires"), [(0, True), (5, True), (25, False)])
def test_d206_needs_a_balanced_accuracy_surely_above_095(mistakes, fires):
    """Classes three standard deviations apart reach 0.93: strong is not leaky."""
    labels = np.repeat(["A", "B"], 500)
    values = np.where(labels == "B", 20.0, 10.0)
    values[:mistakes], values[500 : 500 + mistakes] = 20.0, 10.0
    assert (found(facts({"a": values}, labels), "D206") is not None) == fires
    assert found(facts({"a": values[480:520]}, labels[480:520]), "D206") is None  # too few to be sure


def test_d206_is_silent_on_classes_three_standard_deviations_apart():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        labels = rng.choice(["A", "B"], 800)
        values = rng.normal(3.0 * (labels == "B")).round(1)
        assert found(facts({"a": values, "b": rng.normal(size=800)}, labels), "D206") is None


def test_d206_names_whole_numbers_in_one_class_only():
    values = noise(2) + 0.05
    values[LABELS == "B"] = values[LABELS == "B"].round()
    sign = found(facts({"a": values, "b": noise(3)}, LABELS), "D206").evidence["details"]["a"]["a whole number"]
    assert (sign["class"], sign["share"], sign["others"]) == ("B", 1, 0)
    assert found(facts({"a": values.round(), "b": noise(3)}, LABELS), "D206") is None  # all of them are


def test_d206_names_levels_that_jump_between_classes():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 12, 600) * 0.5 + 4
    labels = np.where(rng.random(600) < 0.05, "A", np.array(["A", "B", "A", "C"] * 3)[((values - 4) * 2).astype(int)])
    levels = found(facts({"a": values, "b": rng.normal(size=600)}, labels), "D206").evidence["details"]["a"]["levels"]
    assert levels["alone"] > 0.9 > levels["ordered"]
    labels = np.where(values > 7, "A", "B")  # in the order of the numbers, which an interval tells
    assert "levels" not in found(facts({"a": values}, labels), "D206").evidence["details"]["a"]


@pytest.mark.parametrize("seed", range(20))
def test_levels_are_counted_as_one_by_one(seed):
    rng = np.random.default_rng(seed)
    values, truth = rng.integers(0, 5, 80).astype(float), rng.integers(0, 3, 80)
    levels = by_levels(ranked(values), truth, 3)
    right = np.zeros(80, dtype=bool)
    for row in range(80):
        others = (values == values[row]) & (np.arange(80) != row)
        counts = np.bincount(truth[others], minlength=3)
        right[row] = counts[truth[row]] > np.delete(counts, truth[row]).max()
    assert levels.alone == pytest.approx(np.mean([right[truth == k].mean() for k in range(3)]))
    cuts = [[0, *inner, 5] for inner in combinations_with_replacement(range(6), 3)]
    names = np.array([[np.mean(values[truth == k] == level) for k in range(3)] for level in range(5)])
    best = max(sum(names[low:high].sum(axis=0).max() for low, high in pairwise(cut)) for cut in cuts)
    assert levels.ordered == pytest.approx(best / 3)


def limited(rng: np.random.Generator, rows=1200) -> tuple[dict, np.ndarray]:
    """A quarter of the ill are ill by a limit of the first column, the others by something that is correlated with it."""
    shared = rng.normal(size=rows)
    first = (5.6 + 0.7 * (0.5 * shared + rng.normal(size=rows) * 0.85)).round(1)
    ill = (shared + rng.normal(size=rows) > 2.0) | (first >= 6.5)
    return {"a": first, "b": (shared + rng.normal(size=rows)).round(2)}, np.where(ill, "ill", "well")


def test_d206_names_a_limit_beyond_which_all_are_ill():
    for seed in range(10):
        columns, labels = limited(np.random.default_rng(seed))
        evidence = found(facts(columns, labels), "D206").evidence
        assert evidence["columns"] == ["a"]
        sign = evidence["details"]["a"]["limit"]
        assert (sign["class"], sign["limit"], sign["above"]) == ("ill", 6.5, True)
        assert sign["rows"] == (columns["a"] >= 6.5).sum()
        columns["a"] = -columns["a"]
        assert found(facts(columns, labels), "D206").evidence["details"]["a"]["limit"]["above"] is False


@pytest.mark.parametrize(("small", "fires"), [(9, False), (300, True)])
def test_d206_needs_ten_rows_of_the_class_and_ten_others(small, fires):
    labels, values = ["A"] * small + ["B"] * 500, [99.5] * small + [*np.tile(noise(), 5)]
    assert (found(facts({"a": values}, labels), "D206") is not None) == fires


def test_d206_counts_a_missing_value_in_no_interval():
    values = SIGNS["from 12 on"].copy()
    values[50:60] = np.nan  # a third of B
    sign = found(facts({"a": values}, LABELS), "D206").evidence["details"]["a"]
    assert "interval" not in sign
    assert sign["empty"]["class"] == "B"


def test_d206_and_d207_are_silent_where_there_is_one_class():
    given = facts({"a": np.where(np.arange(100) < 50, np.nan, 12.0)}, ["A"] * 99 + ["B"], {"a": GLUCOSE}, reference="B")
    alone = replace(given, table=replace(given.table, truth=np.zeros(100, dtype=np.int64)))
    assert found(alone, "D206") is None
    assert found(alone, "D207") is None


def diagnosed(healthy, diabetic, feature=GLUCOSE, **sections) -> DataFacts:
    labels = ["well"] * len(healthy) + ["sick"] * len(diabetic)
    return facts({"a": [*healthy, *diabetic]}, labels, {"a": feature}, reference="well", **sections)


def test_d207_names_a_criterion_that_decides():
    finding = found(diagnosed([9.0] * 39 + [11.1], [11.1] * 19 + [11.0]), "D207")
    details = {"criterion": "random", "threshold": 11.1, "unit": "mmol/L", "balanced_accuracy": (39 / 40 + 19 / 20) / 2}
    assert finding.evidence == {"columns": ["a"], "details": {"a": pytest.approx(details)}}
    assert '"a" >= 11.1 mmol/L' in finding.message


@pytest.mark.parametrize(
    ("healthy", "diabetic"),
    [
        ([9.0] * 38 + [11.1] * 2, [11.1] * 18 + [11.0] * 2),
        ([12.0] * 20, [12.0] * 20),
        ([12.0] * 20, [9.0] * 20),
        ([np.nan] * 20, [12.0] * 20),
    ],
    ids=["balanced accuracy below 0.95", "met by all", "the wrong way round", "no healthy value"],
)
def test_d207_is_silent_where_the_criterion_does_not_decide(healthy, diabetic):
    assert found(diagnosed(healthy, diabetic), "D207") is None


@pytest.mark.parametrize(("healthy", "diabetic", "fires"), [(50, 1, False), (50, 9, False), (9, 50, False), (10, 10, True)])
def test_d207_needs_ten_rows_of_each_kind_that_have_the_value(healthy, diabetic, fires):
    given = diagnosed([9.0] * healthy + [np.nan] * 20, [12.0] * diabetic + [np.nan] * 20)
    assert (found(given, "D207") is not None) == fires


def test_d207_leaves_out_missing_values_and_implausible_ones_where_those_count_as_missing():
    feature = GLUCOSE | {"range": [2, 40]}
    healthy, diabetic = [9.0] * 10 + [99.0, np.nan], [12.0] * 10 + [0.0, np.nan]
    assert found(diagnosed(healthy, diabetic, feature), "D207").evidence["details"]["a"]["balanced_accuracy"] == 1
    assert found(diagnosed(healthy, diabetic, feature, preprocess={"implausible": "keep"}), "D207") is None


def test_d207_knows_each_criterion_in_its_unit():
    feature = {"unit": "mg/dL", "criterion": "fasting"}
    assert found(diagnosed([125.0] * 10, [126.0] * 10, feature), "D207").evidence["details"]["a"]["threshold"] == 126


def filled(seed: int, share: float, by_class: bool, rows: int = 768) -> DataFacts:
    """A column of which a share is filled with the median, of the row's class or of all; it tells the classes a little."""
    random = np.random.default_rng(seed)
    sick = random.random(rows) < 0.35
    values = pd.Series(random.lognormal(4.5, 0.5, rows) + 25 * sick).round(2)
    gaps = random.random(rows) < share
    known = values.mask(gaps)
    with_median = known.groupby(sick).transform("median") if by_class else known.median()
    return facts({"a": known.fillna(with_median)}, np.where(sick, "sick", "well"))


@pytest.mark.parametrize("seed", range(5))
def test_d206_sees_gaps_that_were_filled_with_the_median_of_each_class(seed):
    for share in (0.25, 0.5):
        given = filled(seed, share, True)
        finding, table = found(given, "D206"), given.table
        told = finding.evidence["details"]["a"]["values"]["values"]
        assert len(told) == 2
        for value, name, count in told:
            classes = table.truth[table.values[:, 0] == value]
            assert len(classes) == count > 30
            assert set(classes.tolist()) == {table.classes.index(name)}
        assert "were gaps filled with a value for each class?" in finding.message
    assert found(filled(seed, 0.5, False), "D206") is None
    assert found(filled(seed, 0.01, True), "D206") is None


TWO = {"a": {"unit": "mg/dL", "criterion": "fasting"}, "b": {"unit": "mg/dL", "criterion": "two_hour"}}


def two_tests(seed: int, rows: int, noise: float) -> DataFacts:
    """Two tests of sugar of whom either decides; ``noise`` is the share of labels that are decided by something else."""
    random = np.random.default_rng(seed)
    fasting, later = random.normal(108, 16, rows).round(), random.normal(150, 40, rows).round()
    sick = (fasting >= 126) | (later >= 200)
    sick = np.where(random.random(rows) < noise, random.random(rows) < 0.5, sick)
    return facts({"a": fasting, "b": later}, np.where(sick, "sick", "well"), TWO, reference="well")


def test_d207_names_criteria_that_decide_together_where_none_does_alone():
    finding = found(two_tests(1, 800, 0), "D207")
    assert finding.evidence["columns"] == ["a", "b"]
    assert all(detail["balanced_accuracy"] < 0.95 for detail in finding.evidence["details"].values())
    told = '"a" >= 126 mg/dL or "b" >= 200 mg/dL with a balanced accuracy of 100.0%'
    assert f'together they separate "well" from the rest, {told}' in finding.message
    assert found(two_tests(1, 800, 0.1), "D207") is None
    assert found(two_tests(1, 60, 0), "D207") is None  # too few to be sure


def test_d207_leaves_out_a_criterion_that_no_row_has():
    given = two_tests(1, 800, 0)
    columns = dict(zip("abc", [*given.table.values.T, np.full(800, np.nan)], strict=True))
    labels = np.array(given.table.classes)[given.table.truth]
    features = {**TWO, "c": {"unit": "%", "criterion": "hba1c"}}
    assert found(facts(columns, labels, features, reference="well"), "D207").evidence["columns"] == ["a", "b"]


def test_d207_is_silent_where_two_tests_are_good_but_decide_nothing():
    """Classes three standard deviations apart in both, the limits where both together tell them best."""
    for seed in range(100):
        random = np.random.default_rng(seed)
        sick = random.random(2000) < 0.4
        values = random.normal(0, 1, (2, 2000)) + 3 * sick - 2.1
        columns = {"a": 126 + 10 * values[0], "b": 200 + 20 * values[1]}
        assert found(facts(columns, np.where(sick, "sick", "well"), TWO, reference="well"), "D207") is None


@pytest.mark.parametrize("name", ["complete", "article"])
def test_the_real_files_give_the_label_away_as_was_seen(name, real_data):
    """FACTS, section 3: damage in Normal rows only; Plasma R separates without an error; gaps know no class."""
    config = load_config(DEFAULT, data=str(real_data / f"{name}.csv"))
    table = load(config.data)
    given = DataFacts(table, split(table, config.split), config)
    evidence = found(given, "D206").evidence
    assert evidence["columns"] == ["BS Fast", "BS pp"]
    assert list(evidence["details"]["BS pp"]) == ["levels"]
    assert evidence["details"]["BS Fast"]["a whole number"]["others"] == 0
    assert evidence["details"]["BS Fast"]["implausible"]["share"] == 267 / 631
    assert evidence["details"]["BS Fast"]["interval"]["class"] == "Normal"
    assert (evidence["details"]["BS Fast"]["interval"]["low"], evidence["details"]["BS Fast"]["interval"]["high"]) == (5.6, 6.9)
    evidence = found(given, "D207").evidence
    assert evidence["columns"] == ["Plasma R", "Plasma F", "HbA1c"]
    assert evidence["details"]["Plasma R"]["balanced_accuracy"] == 1
    json.dumps([asdict(each) for each in find("D", given, ())], allow_nan=False)
