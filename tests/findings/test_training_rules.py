"""T304 and T305: what the training did to the hidden units, and whether its starts agree."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.findings.registry import find
from tests.findings.test_rules import SOUND, config, only, spoilt


@pytest.mark.parametrize(
    ("dead", "slopes", "evidence", "fix"),
    [
        ([(), ()], 0.0, None, ""),
        ([(2,), ()], 0.0, {"units": {"layer 1": [2]}, "dead": 1, "of": 3}, "--set network.alpha=0.05"),
        ([(1, 3), ()], 0.1, {"units": {"layer 1": [1, 3]}, "dead": 2, "of": 3}, "--set 'network.hidden=[8]'"),
    ],
)
def test_t304_names_the_dead_units(dead: list, slopes: float, evidence: dict | None, fix: str) -> None:
    facts = replace(SOUND, dead=dead, config=config(network={"alpha": slopes}))
    finding = only(find("T", facts, ()), "T304")
    assert (finding.evidence if finding else None) == evidence
    assert fix in (finding.fix if finding else "")


def test_t304_is_silent_about_a_network_that_is_not_finite() -> None:
    broken = replace(SOUND.trained, weights=spoilt(1, np.nan))
    assert only(find("T", replace(SOUND, dead=[(1, 2, 3), ()], trained=broken), ()), "T304") is None


@pytest.mark.parametrize(
    ("agreement", "median"),
    [([1.0], None), ([0.2], None), ([1.0, 0.9, 0.9], None), ([1.0, 0.89, 0.5], 0.89), ([1.0, 0.7, 0.95, 0.8], 0.875)],
)
def test_t305_looks_at_the_median_start(agreement: list[float], median: float | None) -> None:
    finding = only(find("T", replace(SOUND, agreement=np.array(agreement)), ()), "T305")
    found = finding.evidence if finding else None
    assert found == (None if median is None else {"starts": len(agreement), "median_agreement": median})
