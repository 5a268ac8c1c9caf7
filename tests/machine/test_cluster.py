"""The same study on a Dask cluster, with one of its two workers killed in the middle."""

import sys
from pathlib import Path

import psutil
import pytest

from tests.study.small import arguments
from tests.study.test_command import kept, started, timeless


def workers(process: psutil.Process) -> list[psutil.Process]:
    """Return the processes that train."""
    return [each for each in process.children(recursive=True) if "spawn_main" in " ".join(each.cmdline())]


@pytest.mark.slow
def test_two_workers_one_of_them_killed_give_the_same_table_to_the_last_bit(small_study: Path, workplace: Path):
    process = started(workplace, "--dask", "local:2")
    running = workers(psutil.Process(process.pid))
    assert len(running) == 2
    running[0].kill()
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    (whole,), (here,) = (small_study / "studies").iterdir(), (workplace / "studies").iterdir()
    assert (here / "networks.parquet").read_bytes() == (whole / "networks.parquet").read_bytes()
    assert timeless(kept(here)).replace("python -m pipeline", "diabetes-pipeline") == timeless(kept(whole))


@pytest.mark.parametrize("address", ["local:0", "local:", "local:two", "local:99999"])
def test_a_wrong_number_of_workers_is_one_line(workplace: Path, in_process, address: str):
    code, printed, _ = in_process(*arguments(), "--dask", address)
    assert code == 2
    assert "local:N" in printed["error"][0]


def test_as_many_workers_are_started_as_were_asked_for(workplace: Path, in_process, monkeypatch: pytest.MonkeyPatch):
    from distributed import LocalCluster

    started: list[int] = []

    def counted(**options: object) -> None:
        with LocalCluster(**{**options, "processes": False, "host": None, "dashboard_address": "127.0.0.1:0"}) as local:
            started.append(len(local.workers))
        raise OSError("counted")

    monkeypatch.setattr("distributed.LocalCluster", counted)
    code, printed, _ = in_process(*arguments(), "--dask", "local:3")
    assert (code, started) == (2, [3])
    assert "the cluster failed: counted; what is done is kept" in printed["error"][0]


def test_no_scheduler_is_one_line(workplace: Path, in_process, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pipeline.machine.cluster._PATIENCE", 0.5)
    code, printed, _ = in_process(*arguments(), "--dask", "tcp://127.0.0.1:9")
    assert code == 2
    assert "tcp://127.0.0.1:9" in printed["error"][0]
    assert "local:2" in printed["error"][0]


def test_without_dask_the_extra_is_named(workplace: Path, in_process, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, printed, _ = in_process(*arguments(), "--dask", "local:2")
    assert code == 2
    assert "pip install '.[dask]'" in printed["error"][0]


def test_a_worker_with_other_versions_is_refused():
    from pipeline.errors import PipelineError
    from pipeline.machine.cluster import Work, _carry_out
    from pipeline.study.work import versions

    work = Work(lambda shared, task: task, None, versions, "")
    assert _carry_out((work, versions()), "done") == "done"
    with pytest.raises(PipelineError, match=r"tensorflow .* instead of 1\.0"):
        _carry_out((work, versions() | {"tensorflow": "1.0"}), None)
