"""On clean data no rule may see copies, profiles or leaks."""

from collections import Counter

from builders import clean

from pipeline.findings import find

QUIET = ("D204", "D205", "D206", "D207", "D208")


def alarms(seeds) -> Counter:
    """How often each code fires on clean data sets."""
    findings = [each for seed in seeds for each in find("D", clean(seed), ())]
    return Counter(each.code for each in findings if each.code in QUIET)


def test_no_copy_profile_or_leak_is_seen_in_200_clean_data_sets():
    assert alarms(range(200)) == {}


def test_equal_rows_and_profiles_are_common_in_the_clean_data_sets():
    """So that the rules have something to be silent about."""
    repeats = [clean(seed).table.features.duplicated().sum() for seed in range(60)]
    assert sum(count > 0 for count in repeats) > 10
    assert max(repeats) > 100
