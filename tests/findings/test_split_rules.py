"""D209 against SciPy's Wilson interval; its settings are typed and tried."""

import shlex
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact, ks_2samp, kstwobign

from pipeline.config.read import load_config
from pipeline.data.load import load
from pipeline.data.split import split
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.registry import find
from tests.conftest import ROOT
from tests.findings.builders import facts

DEFAULT = ROOT / "configs/default.yaml"


def found(given: DataFacts):
    return next((each for each in find("D", given, ()) if each.code == "D209"), None)


def classes(tested=None, columns=None, **counts: int) -> DataFacts:
    """So many rows of each class."""
    labels = [name for name, count in counts.items() for _ in range(count)]
    return facts(columns or {"a": np.random.default_rng(0).normal(size=len(labels))}, labels, tested=tested)


def typed(given: DataFacts, fix: str, path) -> DataFacts:
    """The facts after the settings of a fix."""
    path.write_text(given.config.to_yaml())
    words = [word.rstrip(",") for word in shlex.split(fix) if "=" in word]
    config = load_config(path, words)
    return DataFacts(given.table, split(given.table, config.split), config)


@pytest.mark.parametrize(
    ("counts", "small"),
    [
        ({"A": 20, "B": 20, "C": 20}, None),
        ({"A": 50, "B": 19, "C": 20}, {"B": 19}),
        ({"A": 50, "B": 1, "C": 7}, {"B": 1, "C": 7}),
    ],
)
def test_classes_with_fewer_than_20_test_rows_are_named_with_their_interval(counts, small):
    finding = found(classes(tested=range(sum(counts.values())), **counts))
    assert (finding.evidence if finding else None) == ({"classes": small} if small else None)
    for name, count in (small or {}).items():
        low = binomtest(count, count).proportion_ci(0.95, method="wilson").low
        assert f'"{name}" has {count} (95% interval from {low:.1%} even if all are classified correctly)' in finding.message


def test_a_class_of_the_codes_without_any_row_is_named():
    given = classes(tested=range(60), A=30, B=30)
    codes = given.config.data.model_copy(update={"codes": {"A": 0.0, "B": 1.0, "C": 2.0}})
    given = replace(
        given, config=given.config.model_copy(update={"data": codes}), table=replace(given.table, classes=("A", "B", "C"))
    )
    assert found(given).evidence == {"classes": {"C": 0}}
    assert '"C" has 0' in found(given).message
    assert found(given).fix == 'score a file with 20 more rows of "C"'


def test_the_coverage_is_that_of_the_config():
    given = classes(tested=range(40), A=30, B=10)
    evaluation = given.config.evaluation.model_copy(update={"interval": 0.999})
    given = replace(given, config=given.config.model_copy(update={"evaluation": evaluation}))
    low = binomtest(10, 10).proportion_ci(0.999, method="wilson").low
    assert f'"B" has 10 (99.9% interval from {low:.1%}' in found(given).message


def test_test_rows_count_and_the_setting_is_enough(tmp_path):
    given = classes(A=300, B=50, C=60)
    finding = found(given)
    assert finding.evidence == {"classes": {"B": 10, "C": 12}}
    assert finding.fix == "diabetes-pipeline train --set split.test_size=0.42 --set split.stratify=true"
    assert found(typed(given, finding.fix, tmp_path / "some.yaml")) is None


def test_rows_are_asked_for_where_no_split_is_large_enough():
    asked = 'add 75 more rows of "B", then diabetes-pipeline train --set split.stratify=true'
    assert found(classes(A=300, B=30, C=100)).fix == asked


def test_groups_that_left_a_class_out_get_a_seed_that_does_not(tmp_path):
    """Six groups a class; the first twelve groups are of A and B."""
    columns = {"site": np.arange(360) // 20, "a": np.random.default_rng(0).normal(size=360)}
    given = classes(tested=range(240), columns=columns, A=120, B=120, C=120)
    section = given.config.split.model_copy(update={"group_by": ("site",)})
    given = replace(given, config=given.config.model_copy(update={"split": section}))
    finding = found(given)
    assert finding.evidence == {"classes": {"C": 0}}
    assert "train --set split.seed=" in finding.fix
    assert found(typed(given, finding.fix, tmp_path / "some.yaml")) is None


def test_groups_of_which_no_split_is_large_enough_ask_for_rows():
    columns = {"site": np.arange(120) // 60, "a": np.random.default_rng(0).normal(size=120)}
    given = classes(tested=range(60), columns=columns, A=60, B=60)
    section = given.config.split.model_copy(update={"group_by": ("site",)})
    given = replace(given, config=given.config.model_copy(update={"split": section}))
    assert found(given).fix == 'add 140 more rows of "B", each of a group of its own'


def test_the_real_file_has_enough_test_rows_and_grouped_by_profile_it_gets_a_seed(complete, tmp_path):
    config = load_config(DEFAULT, data=str(complete))
    table = load(config.data)
    assert found(DataFacts(table, split(table, config.split), config)) is None
    grouped = load_config(DEFAULT, ["split.group_by=[BS pp, Plasma R, Plasma F, HbA1c]"], str(complete))
    given = DataFacts(table, split(table, grouped.split), grouped)
    assert found(given).evidence == {"classes": {"Normal": 0}}
    again = typed(given, found(given).fix, tmp_path / "some.yaml")
    assert found(again) is None
    assert {"D205", "D209"}.isdisjoint(each.code for each in find("D", again, ()))


ROWS = 400
SICK = np.random.default_rng(1).random(ROWS) < 0.4
TESTED = np.arange(ROWS) % 5 == 0


def unlike(columns, sick=SICK, tested=TESTED, **sections):
    given = facts(columns, ["sick" if flag else "well" for flag in sick], tested=np.flatnonzero(tested), **sections)
    return given, next((each for each in find("D", given, ()) if each.code == "D216"), None)


def test_a_column_that_differs_between_the_parts_is_named_with_the_p_value_of_scipy(tmp_path):
    rng = np.random.default_rng(0)
    columns = {"a": rng.normal(size=ROWS) + 1.2 * TESTED, "b": rng.integers(0, 9, ROWS)}
    given, finding = unlike(columns)
    assert finding.level == "warning"
    assert finding.evidence["columns"] == ["a"]
    distance = ks_2samp(columns["a"][TESTED], columns["a"][~TESTED]).statistic * np.sqrt(80 * 320 / 400)
    assert finding.evidence["details"]["a"]["p_value"] == pytest.approx((2 + 2) * kstwobign.sf(distance), rel=1e-6)
    assert "D216" not in {each.code for each in find("D", typed(given, finding.fix, tmp_path / "some.yaml"), ())}


def test_the_shares_of_the_classes_are_tested_exactly():
    rng = np.random.default_rng(0)
    sick = np.where(TESTED, rng.random(ROWS) < 0.8, SICK)
    finding = unlike({"a": rng.normal(size=ROWS)}, sick)[1]
    assert finding.evidence["columns"] == ["Type"]
    table = [
        [int((TESTED & sick).sum()), int((TESTED & ~sick).sum())],
        [int((~TESTED & sick).sum()), int((~TESTED & ~sick).sum())],
    ]
    tails = [fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    assert finding.evidence["details"]["Type"]["p_value"] == pytest.approx((1 + 2) * 2 * min(tails), rel=1e-6)


def test_parts_that_are_alike_and_files_that_are_only_scored_are_left_alone():
    rng = np.random.default_rng(0)
    columns = {"a": rng.normal(size=ROWS), "b": np.where(TESTED, 9.0, rng.normal(size=ROWS))}
    assert unlike(columns)[1].evidence["columns"] == ["b"]
    assert unlike({"a": columns["a"]})[1] is None
    assert unlike(columns, tested=np.ones(ROWS, dtype=bool))[1] is None
    usable = unlike({"a": columns["a"], "b": np.where(TESTED, 9.0, 1.0)}, features={"b": {"range": [0, 2]}})[1]
    assert usable is None  # what is taken out is not compared


def test_groups_of_which_each_is_unlike_the_others_ask_for_more():
    site = np.arange(ROWS) // 200
    _, finding = unlike(
        {"site": site, "a": np.random.default_rng(0).normal(size=ROWS)}, tested=site == 1, split={"group_by": ["site"]}
    )
    assert finding.evidence["columns"] == ["site"]
    assert finding.fix == 'rows of more groups than "site" has, or another split.group_by'
