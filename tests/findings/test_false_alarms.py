"""On clean data no rule may see copies, profiles or leaks."""

from collections import Counter

import pytest
from builders import KINDRED, clean, kindred

from pipeline.findings import find

QUIET = ("D204", "D205", "D206", "D207", "D208")


def alarms(made, seeds) -> Counter:
    """How often each code fires on clean data sets."""
    findings = [each for seed in seeds for each in find("D", made(seed), ())]
    return Counter(each.code for each in findings if each.code in QUIET)


@pytest.mark.parametrize("made", [clean, kindred])
def test_no_copy_profile_or_leak_is_seen_in_200_clean_data_sets(made):
    assert alarms(made, range(200)) == {}


def test_equal_rows_and_profiles_are_common_in_the_clean_data_sets():
    """So that the rules have something to be silent about."""
    repeats = [clean(seed).table.features.duplicated().sum() for seed in range(60)]
    assert sum(count > 0 for count in repeats) > 10
    assert max(repeats) > 100


@pytest.mark.parametrize("kind", KINDRED)
def test_equal_rows_are_common_in_every_kind_of_correlated_columns(kind):
    first = KINDRED.index(kind)
    repeats = [kindred(seed).table.features.duplicated().sum() for seed in range(first, first + 100, len(KINDRED))]
    assert sum(count > 0 for count in repeats) >= 5
