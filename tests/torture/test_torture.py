"""A small part of each torture, and the tools of ``make torture``."""

import random
from pathlib import Path

import crafted
import damage
import pytest


@pytest.fixture
def seeded() -> random.Random:
    return random.Random(0)


def test_a_flipped_byte_of_any_file_is_refused_with_its_name(trained: Path, seeded: random.Random) -> None:
    assert damage.flips(trained, 50, seeded) == {"flipped bytes": 50, "failed": 0}


def test_what_no_command_loads_does_no_harm(trained: Path) -> None:
    mark = trained / "owned"
    for name, harm in crafted.never_loaded(mark).items():
        done, outside = damage.harmed(trained, harm, ("evaluate",))
        assert (done.wrong(), done.code, outside, mark.exists()) == ("", 0, [], False), name


@pytest.mark.parametrize("kind", ["weights.npz", "run.json", "network.keras", "preprocessor.joblib", "config.yaml"])
def test_a_run_that_was_made_to_do_harm_is_refused_in_one_line(kind: str, trained: Path) -> None:
    cases = {name: harm for name, harm in crafted.refused(trained / "owned").items() if name.startswith(kind)}
    for name, harm in cases.items():
        if name != "weights.npz: a bomb":  # it takes seconds to make
            done, outside = damage.harmed(trained, harm, ("evaluate",))
            assert (done.wrong(), done.code, outside) == ("", 2, []), name
            assert done.err.count("\n") == 1, name
            assert kind in done.err or "there is no run here" in done.err, done.err


def test_a_record_with_values_of_other_types_never_crashes(trained: Path, seeded: random.Random) -> None:
    assert damage.retyped(trained, 12, seeded) == {"records with values of other types": 12, "failed": 0}


def test_a_link_elsewhere_in_the_place_of_latest_is_refused_and_nothing_is_written(trained: Path) -> None:
    assert damage.latest(trained)["failed"] == 0
