"""The command: what it prints, what it keeps, and that nothing is lost when it is stopped."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.conftest import ROOT
from tests.study.small import NETWORKS, arguments, only_study

Call = Callable[..., tuple[int, dict, str]]
TIMES = ("seconds", "networks_per_second")
PAUSING = """
import signal
import time
from pipeline.__main__ import main
from pipeline.study.store import Store

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in what it starts in the background

def add(*given, keep=Store.add, kept=[]):
    keep(*given)
    kept.append(given)
    while len(kept) == 2:
        time.sleep(0.1)

Store.add = add
main()
"""


def timeless(record: dict) -> str:
    """Return a record without what the clock says."""
    return json.dumps({key: value for key, value in record.items() if key not in TIMES})


def kept(folder: Path) -> dict:
    return json.loads((folder / "study.json").read_text(encoding="utf-8"))


def started(folder: Path, *more: str, pausing: bool = False) -> "subprocess.Popen[str]":
    """Start a small study in a process of its own, and return when it has kept two more tasks.

    A pausing one keeps no other task until it is stopped, however long that takes.
    """
    before = len(list(folder.glob("studies/*/parts/[0-9]*.parquet")))
    words = [sys.executable, *(("-c", PAUSING) if pausing else ("-m", "pipeline")), *arguments(), *more]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while (
        len(list(folder.glob("studies/*/parts/[0-9]*.parquet"))) < before + 2
        and process.poll() is None
        and time.monotonic() < deadline
    ):
        time.sleep(0.005)
    return process


def test_the_json_object_holds_what_other_programs_read(studied: Path, in_process: Call):
    code, printed, _ = in_process(*arguments())
    assert code == 0
    assert printed == kept(only_study())
    assert printed["networks"] == NETWORKS
    assert printed["networks_per_second"] == pytest.approx(NETWORKS / printed["seconds"])
    assert len(printed["cells"]) == 3 * 3 * 2 * 2
    assert all({"claim", "verdict", "evidence"} <= claim.keys() for claim in printed["claims"])
    assert {each["verdict"] for each in printed["claims"]} <= {"holds", "does not hold", "inconclusive"}


def test_a_cell_holds_the_figures_of_its_networks(studied: Path):
    table = pq.read_table(only_study() / "networks.parquet").to_pandas()
    cells = {tuple(cell[key] for key in ("split", "features", "output", "alpha")): cell for cell in kept(only_study())["cells"]}
    for key, rows in table.groupby(["split", "features", "output", "alpha"]):
        accuracy, cell = rows["test_accuracy"], cells[key]
        assert cell["networks"] == len(rows) == 6
        assert cell["mean"] == pytest.approx(accuracy.mean())
        assert cell["spread"] == pytest.approx(accuracy.std())
        assert cell["best"] == accuracy.max()
        assert cell["failed"] == pytest.approx(rows["failed"].mean())
        assert cell["interval"][0] <= cell["mean"] <= cell["interval"][1]


def test_comparisons_pair_networks_of_the_same_split_and_seed(studied: Path):
    table = pq.read_table(only_study() / "networks.parquet").to_pandas()
    by = table.pivot(index=["split", "split_seed", "seed"], columns=["features", "output", "alpha"], values="test_accuracy")
    for cell in kept(only_study())["cells"]:
        pairs = (by[cell["features"], cell["output"], cell["alpha"]] - by["standard", "code", 0.05]).loc[cell["split"]]
        if cell["comparison"] is None:
            assert (pairs == 0).all()
            continue
        assert cell["comparison"]["difference"] == pytest.approx(pairs.mean(), abs=1e-12)
        assert cell["comparison"]["better"] == pytest.approx(np.mean((pairs > 0) + 0.5 * (pairs == 0)))
        assert cell["comparison"]["p"] <= cell["comparison"]["p_holm"] <= 1


def test_a_finished_study_is_read_not_trained(studied: Path, in_process: Call, monkeypatch: pytest.MonkeyPatch):
    before = only_study() / "networks.parquet"
    stamp, seconds = before.stat().st_mtime_ns, kept(only_study())["seconds"]
    monkeypatch.setattr("pipeline.study.work.train_task", None)
    code, printed, _ = in_process(*arguments("study.reference.alpha=0", "study.margin=0.05"))
    assert code == 0
    assert before.stat().st_mtime_ns == stamp
    assert printed["seconds"] == seconds
    assert printed["reference"]["alpha"] == 0.0
    assert next(cell for cell in printed["cells"] if cell["comparison"] is None)["alpha"] == 0.0


@pytest.mark.slow
def test_killed_and_interrupted_it_goes_on_to_the_same_table(small_study: Path, workplace: Path, in_process: Call):
    killed = started(workplace, pausing=True)
    killed.kill()
    killed.communicate()
    left = {path: path.stat().st_mtime_ns for path in workplace.glob("studies/*/parts/[0-9]*.parquet")}
    assert 2 <= len(left) < 24
    stopped = started(workplace, pausing=True)
    stopped.send_signal(signal.SIGINT)
    _, said = stopped.communicate(timeout=300)
    assert stopped.returncode == 130
    assert "run the same command again to go on" in said
    assert {path: path.stat().st_mtime_ns for path in left} == left, "a kept task was done again"
    assert len(left) < len(list(workplace.glob("studies/*/parts/[0-9]*.parquet"))) < 24
    code, printed, _ = in_process(*arguments())
    assert code == 0
    (whole,) = (small_study / "studies").iterdir()
    assert (only_study() / "networks.parquet").read_bytes() == (whole / "networks.parquet").read_bytes()
    assert timeless(printed) == timeless(kept(whole))
    assert not list((only_study() / "parts").iterdir())


@pytest.mark.parametrize(
    "damage",
    ["half a file", *(pytest.param(damage, marks=pytest.mark.slow) for damage in ("a byte", "another column", "no session"))],
)
def test_a_damaged_part_is_made_again(studied: Path, in_process: Call, damage: str):
    table = only_study() / "networks.parquet"
    whole, size = table.read_bytes(), pq.ParquetFile(table).read_row_group(3)
    part = only_study() / "parts" / "000003.parquet"
    told = {"session": "0", "elapsed": "1"} if damage != "no session" else None
    made = size.rename_columns({"loss": "los"}) if damage == "another column" else size
    pq.write_table(made.replace_schema_metadata(told), part, write_page_checksum=True)
    content = bytearray(part.read_bytes())
    content[40] ^= 1
    changed = {"a byte": content, "half a file": content[: len(content) // 2]}
    part.write_bytes(changed.get(damage, part.read_bytes()))
    table.unlink()
    code, _, _ = in_process(*arguments())
    assert code == 0
    assert table.read_bytes() == whole


@pytest.mark.parametrize("content", [None, *(pytest.param(content, marks=pytest.mark.slow) for content in ("", "{}"))])
def test_a_finished_study_needs_no_record_beside_its_networks(studied: Path, in_process: Call, content: str | None):
    before = kept(only_study())
    for name in ("study.json", "times.json"):
        (only_study() / name).unlink()
        if content is not None:
            (only_study() / name).write_text(content)
    code, printed, _ = in_process(*arguments())
    assert code == 0
    assert printed["seconds"] is None
    assert printed["networks_per_second"] is None
    assert timeless(printed) == timeless(before)


def test_networks_of_another_grid_are_refused(studied: Path, in_process: Call):
    path = only_study() / "networks.parquet"
    pq.write_table(pq.ParquetFile(path).read_row_group(0), path)
    code, printed, _ = in_process(*arguments())
    assert code == 2
    assert "networks of this grid" in printed["error"][0]


@pytest.mark.slow
def test_a_change_of_the_engine_is_another_study(workplace: Path, in_process: Call, monkeypatch: pytest.MonkeyPatch):
    """Parts of two plans, or of two programs, must not be joined."""
    few = arguments("study.features=[standard]", "study.outputs=[code]")
    before = in_process(*few)[1]
    monkeypatch.setattr("pipeline.study.command.task_size", lambda config, rows: 7)
    code, printed, _ = in_process(*few)
    assert code == 0
    assert printed["study"] != before["study"]
    assert printed["cells"] == before["cells"]


def test_what_relu_cannot_answer_is_said_beside_the_claims(studied: Path, in_process: Call):
    _, printed, _ = in_process(*arguments())
    remarks = {claim["claim"][:12]: claim["remark"] for claim in printed["claims"]}
    assert "Type2" in remarks["A small slop"] or "Type2" in remarks["After PCA (n"]
    assert "C102" in remarks["On raw posit"]
    assert remarks["With negativ"] == ""
    _, printed, _ = in_process(*arguments("study.reference.output=softmax"))
    assert {claim["remark"] for claim in printed["claims"]} == {""}


def test_settings_that_the_grid_replaces_are_noted(studied: Path, in_process: Call):
    code, printed, _ = in_process(*arguments("network.alpha=0", "preprocess.scale=minmax"))
    assert code == 0
    assert printed["notes"] == ["network.alpha and preprocess.scale: not used, because the study sets this itself"]


def test_a_table_of_other_columns_is_refused(studied: Path, in_process: Call):
    path = only_study() / "networks.parquet"
    table = pq.read_table(path)
    for made in (table.drop_columns(["seed"]), table.set_column(5, "seed", table["features"])):
        pq.write_table(made, path)
        code, printed, _ = in_process(*arguments())
        assert code == 2
        assert "networks.parquet" in printed["error"][0]


def test_a_damaged_table_is_named(studied: Path, in_process: Call):
    path = only_study() / "networks.parquet"
    content = bytearray(path.read_bytes())
    content[40] ^= 1  # in the first page
    path.write_bytes(content)
    code, printed, _ = in_process(*arguments())
    assert code == 2
    assert "networks.parquet" in printed["error"][0]


def test_two_processes_do_not_work_on_one_study(studied: Path, in_process: Call):
    import fcntl

    with (only_study() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, printed, _ = in_process(*arguments())
    assert code == 2
    assert "another process" in printed["error"][0]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("training.engine=keras", "training.engine"),
        ("training.loss=ordinal", "study.outputs: softmax"),
        ("study.alphas=[0, 0.05, 0.05]", "is twice"),
        ("study.reference.alpha=0.07", "study.reference.alpha: 0.07 is not in the grid"),
        ("study.seeds=1", "study.seeds"),
        ("split.seed=4294967295", "split.seed: the study counts"),
        ("training.seed=4294967294", "training.seed: the study counts"),
        ("network.hidden=[]", "without hidden layers"),
        ("preprocess.pca=9", "preprocess.pca"),
        ("evaluation.unseen.group_by=[Age, BS Fast, HbA1c, Type]", "Type"),
    ],
)
def test_a_config_that_cannot_be_studied_is_refused_in_one_line(workplace: Path, in_process: Call, setting: str, words: str):
    code, printed, said = in_process(*arguments(setting))
    assert code == 2
    assert words in " ".join(printed["error"])
    assert "Traceback" not in said
    assert not Path("studies").exists()


def test_an_error_among_the_findings_refuses_the_study(workplace: Path, in_process: Call):
    code, printed, _ = in_process(*arguments("training.loss=categorical_crossentropy"))
    assert code == 1
    assert printed["study"] is None
    assert printed["cells"] == printed["claims"] == []
    assert "C101" in {finding["code"] for finding in printed["findings"]}


def test_a_split_that_cannot_be_made_is_named(workplace: Path, in_process: Call):
    table = pd.read_csv("data/diabetes.csv")
    table["BS pp"] = np.where(np.arange(len(table)) < 2, table["BS pp"], np.nan)
    table.to_csv("mine.csv", index=False)
    code, printed, _ = in_process(*arguments("evaluation.unseen=null", "split.test_size=0.9"), "--data", "mine.csv")
    assert code == 2
    assert 'study, random split of seed 5, features raw: mine.csv: column "BS pp" has no usable value' in printed["error"][0]


def test_a_file_in_the_way_is_one_line(workplace: Path, in_process: Call):
    Path("studies").write_text("in the way")
    code, printed, _ = in_process(*arguments())
    assert code == 2
    assert "studies" in printed["error"][0]
    assert Path("studies").read_text() == "in the way"


def test_the_terminal_shows_means_claims_and_the_folder(studied: Path, printed: Callable[..., tuple[int, str, str]]):
    code, shown, err = printed(*arguments())
    assert code == 0, err
    record = kept(only_study())
    for claim in record["claims"]:
        assert claim["verdict"] in shown
    cell = next(each for each in record["cells"] if each["comparison"] is None)
    assert f"{100 * cell['mean']:.1f}*" in shown
    assert f"{NETWORKS:,} networks" in shown.replace("\n", " ")
    assert record["study"] in shown


def test_without_what_draws_the_page_the_figures_are_kept(studied: Path, in_process: Call, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    for name in [
        name for name in sys.modules if name.startswith(("pipeline.report", "pipeline.study.page", "pipeline.study.figures"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    shutil.copy(only_study() / "study.json", "before.json")
    code, printed, _ = in_process(*arguments())
    assert code == 0
    assert "pip install" in printed["notes"][0]
    assert printed["cells"] == json.loads(Path("before.json").read_text())["cells"]
