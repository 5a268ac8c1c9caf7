"""On clean data no rule may see copies, profiles or leaks."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config.read import load_config
from pipeline.findings.registry import find
from pipeline.runs.summary import Origin
from pipeline.stages import train
from tests.findings.builders import KINDRED, categorical, clean, kindred, laboratory
from tests.tables import frame_of

QUIET = ("D204", "D205", "D206", "D207", "D208")
UNSPOILT = ("D210", "D211", "D212", "D213", "D214", "D215", "D216", "D217")


def alarms(made, seeds, codes=QUIET) -> Counter:
    """How often each code warns, or D212 tells, on clean data sets."""
    findings = [each for seed in seeds for each in find("D", made(seed), ())]
    return Counter(each.code for each in findings if each.code in codes and (each.level != "info" or each.code == "D212"))


@pytest.mark.parametrize("seeds", [range(25), pytest.param(range(25, 200), marks=pytest.mark.slow)], ids=["25", "200"])
@pytest.mark.parametrize("made", [clean, kindred, categorical])
def test_no_copy_profile_or_leak_is_seen_in_clean_data_sets(made, seeds):
    assert alarms(made, seeds) == {}


@pytest.mark.parametrize("seeds", [range(20), pytest.param(range(20, 400), marks=pytest.mark.slow)], ids=["20", "400"])
@pytest.mark.parametrize("made", [clean, kindred, laboratory, categorical])
def test_no_damage_is_seen_in_clean_data_sets(made, seeds):
    """A body mass index beside height and weight, which follows from them, is told, and nothing else."""
    derived = [seed for seed in seeds if made is kindred and KINDRED[seed % len(KINDRED)] == "derived"]
    assert alarms(made, derived, UNSPOILT) == Counter(D212=len(derived))
    assert alarms(made, sorted(set(seeds) - set(derived)), UNSPOILT) == {}


def test_equal_rows_and_profiles_are_common_in_the_clean_data_sets():
    """So that the rules have something to be silent about."""
    repeats = [frame_of(clean(seed).table).duplicated().sum() for seed in range(60)]
    assert sum(count > 0 for count in repeats) > 10
    assert max(repeats) > 100


@pytest.mark.parametrize("kind", KINDRED)
def test_equal_rows_are_common_in_every_kind_of_correlated_columns(kind):
    first = KINDRED.index(kind)
    repeats = [frame_of(kindred(seed).table).duplicated().sum() for seed in range(first, first + 100, len(KINDRED))]
    assert sum(count > 0 for count in repeats) >= 5


@pytest.mark.slow
def test_trainings_on_clean_data_raise_few_doubts_about_their_figures(workplace: Path):
    """Two overlapping classes that a line parts best, 300 rows in 20 groups that mean nothing: chance may raise one in 20."""
    Path("clean.yaml").write_text(
        "data: {path: clean.csv, target: kind, codes: {no: 0, yes: 1}, features: {x: {}, y: {}, group: {}}}\n"
        "evaluation: {unseen: {group_by: [group], folds: 5}}\n"
        "training: {starts: 16, epochs: 100}\n"
    )
    found: Counter = Counter()
    for seed in range(20):
        random = np.random.default_rng(seed)
        kind = random.integers(2, size=300)
        x, y = random.normal(kind, 1.0), random.normal(0.5 * kind, 1.0)
        rows = {"x": x.round(2), "y": y.round(2), "group": random.integers(20, size=300), "kind": np.array(["no", "yes"])[kind]}
        pd.DataFrame(rows).to_csv("clean.csv", index=False)
        summary = train(load_config("clean.yaml"), Origin("clean.yaml"))
        found.update(finding.code for finding in summary.findings if finding.level != "info")
    print("findings in 20 clean trainings:", dict(found))
    assert max(found.values(), default=0) <= 2
