"""A small part of each torture, and the tools of ``make torture``."""

import os
import random
from pathlib import Path

import pytest

from tests.torture import crafted, csvs, damage, disks, kills, kinds, yamls


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
    cases = [(name, harm) for name, harm in crafted.refused(trained / "owned").items() if name.startswith(kind)]
    for name, harm in cases[::3] if kind == "weights.npz" else cases:
        if name != "weights.npz: a bomb":  # it takes seconds to make
            done, outside = damage.harmed(trained, harm, ("evaluate",))
            assert (done.wrong(), done.code, outside) == ("", 2, []), name
            assert done.err.count("\n") == 1, name
            assert kind in done.err or "there is no run here" in done.err, done.err


@pytest.mark.slow
def test_a_record_with_values_of_other_types_never_crashes(trained: Path, seeded: random.Random) -> None:
    assert damage.retyped(trained, 12, seeded) == {"records with values of other types": 12, "failed": 0}


def test_a_link_elsewhere_in_the_place_of_latest_is_refused_and_nothing_is_written(trained: Path) -> None:
    assert damage.latest(trained)["failed"] == 0


def test_spoiled_data_are_refused_in_a_line_or_read_row_by_row_as_python_reads_them(trained: Path) -> None:
    assert {number: problem for number in range(40) if (problem := csvs.case(number)[1])} == {}


def test_spoiled_files_of_other_kinds_are_refused_in_a_line_or_read_whole(trained: Path) -> None:
    assert {number: problem for number in range(12) if (problem := kinds.case(number)[1])} == {}


def test_a_row_that_was_lost_would_be_noticed(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, read = Path("data/diabetes.csv"), csvs.rows
    assert csvs.other_rows(path) == csvs.predicted(path) == ""
    monkeypatch.setattr(csvs, "rows", lambda path: read(path)[:-1] if path.name == "diabetes.csv" else read(path))
    assert csvs.other_rows(path) == "1009 rows of 1008"
    assert csvs.predicted(path) == "predict: 1009 and 0 rows of 1008"


def test_a_spoiled_config_is_read_or_refused_in_lines(trained: Path) -> None:
    yamls.prepare(trained)
    assert {number: problem for number in range(40) if (problem := yamls.case(number)[1])} == {}


def test_a_link_in_the_place_of_an_output_is_replaced_and_its_target_stays(small_run: Path, tmp_path: Path) -> None:
    before = os.getcwd()
    try:
        assert disks.links(small_run, tmp_path / "links") == []
    finally:
        os.chdir(before)


@pytest.mark.slow
def test_a_killed_prediction_leaves_the_old_file(small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kills, "COMMANDS", {"predict": kills.COMMANDS["predict"]})
    monkeypatch.chdir(tmp_path)
    told = kills.run(small_run, tmp_path / "kills", 4)
    assert told["killed"] + told["ended before"] == 2
    assert told["failed"] == 0
