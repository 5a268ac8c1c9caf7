"""Two runs beside one another; the oracle are their own answers as ``predict`` writes them, read by pandas."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss

from pipeline.judge.grouped import grouped_difference
from pipeline.judge.paired import paired_interval
from pipeline.runs.change import since
from tests.conftest import command

Call = Callable[..., tuple[int, dict, str]]
Printed = Callable[..., tuple[int, str, str]]
FEW = ("--set", "training.starts=8", "--set", "training.epochs=20")
QUICK = (*FEW, "--set", "evaluation.unseen=null")


@pytest.fixture(scope="session")
def two_runs(once: Callable[..., Path], small_run: Path) -> Path:
    """A folder with a second run of another slope, whose unseen profiles were dealt to two folds instead of six."""

    def make(folder: Path) -> None:
        shutil.copytree(small_run, folder / "two", symlinks=True)
        done = command("train", *FEW, "--set", "network.alpha=0.3", "--set", "evaluation.unseen.folds=2", folder=folder / "two")
        (folder / "two/train.txt").write_text(done.stdout)

    return once("two runs", make) / "two"


@pytest.fixture
def two(two_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A copy of them as the current folder; their names, the older first."""
    shutil.copytree(two_runs, tmp_path / "two", symlinks=True)
    monkeypatch.chdir(tmp_path / "two")
    return sorted(path.name for path in Path("models").iterdir() if not path.is_symlink())


def scored(run: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Return truth, answers and probabilities of the test rows, and the classes in the order of these."""
    assert command("predict", "data/diabetes.csv", f"{run}.csv", "--run", f"models/{run}").returncode == 0
    with np.load(f"models/{run}/weights.npz") as arrays:
        rows = pd.read_csv(f"{run}.csv").iloc[np.sort(arrays["test_rows"])]
    classes = ["Normal", "Type1", "Type2"]
    odds = rows[[f"probability {name}" for name in classes]].to_numpy()  # of eight digits
    return rows["Type"].to_numpy(), rows["predicted Type"].to_numpy(), odds / odds.sum(axis=1, keepdims=True), classes


def test_each_figure_is_that_of_the_answers_and_the_interval_is_of_pairs(two: list[str], in_process: Call) -> None:
    code, out, err = in_process("compare")
    assert code == 0, err
    assert [Path(run).name for run in out["runs"]] == two
    assert out["settings"] == {"network.alpha": [0.05, 0.3], "evaluation.unseen.folds": [6, 2]}
    (truth, first, odds, classes), (same, second, others, _) = map(scored, two)
    assert (truth == same).all()
    figures = out["figures"]
    for name, figure in {"test": accuracy_score, "balanced_accuracy": balanced_accuracy_score}.items():
        before, now = figure(truth, first), figure(truth, second)
        assert [figures[name][key] for key in ("before", "now")] == pytest.approx([before, now])
        assert figures[name]["difference"] == pytest.approx(now - before)
    change = log_loss(truth, others, labels=classes) - log_loss(truth, odds, labels=classes)
    assert figures["log_loss"]["difference"] == pytest.approx(change, abs=1e-5)
    low, high = figures["log_loss"]["interval"]
    assert low < change < high
    assert figures["test"]["interval"] == list(paired_interval(second == truth, first == truth, None, 0.95))
    assert figures["train"]["interval"] is None
    assert out["notes"] == []


def test_unseen_profiles_are_paired_by_profile_whatever_the_folds(two: list[str], in_process: Call) -> None:
    frame = pd.read_csv("data/diabetes.csv")
    right = []
    for run in two:
        with np.load(f"models/{run}/weights.npz") as arrays:
            answers = arrays["unseen_answers"][arrays["unseen_names"].tolist().index("network")]
            right.append(np.array(["Normal", "Type1", "Type2", ""])[answers] == frame["Type"].to_numpy())
            groups = arrays["unseen_groups"]
    figure = in_process("compare")[1]["figures"]["unseen_profiles"]
    assert figure["difference"] == pytest.approx(right[1].mean() - right[0].mean())
    assert figure["interval"] == list(grouped_difference(right[1], right[0], groups, 0.95))


def test_findings_that_came_and_went_are_those_of_one_run_only(two: list[str], in_process: Call) -> None:
    out = in_process("compare", *two)[1]["findings"]
    listed = [json.loads(Path(f"models/{run}/run.json").read_text())["findings"] for run in two]
    old, new = ({(each["code"], each["level"], each["accepted"]) for each in findings} for findings in listed)
    for name, expected in {"came": new - old, "went": old - new}.items():
        assert {(each["code"], each["level"], each["accepted"]) for each in out[name]} == expected
    for name, findings in zip(("before", "now"), listed, strict=True):
        assert out[name]["warning"] == sum(each["level"] == "warning" for each in findings)


def test_a_run_is_named_by_its_folder_its_name_or_its_last_eight_characters(two: list[str], in_process: Call) -> None:
    expected = in_process("compare")[1]
    assert in_process("compare", *(name[-8:] for name in two))[1] == expected
    assert in_process("compare", f"models/{two[0]}", "models/latest")[1] == expected
    assert in_process("compare", two[0])[1] == expected  # the other one is the newest
    back = in_process("compare", two[1], two[0])[1]
    assert back["settings"]["network.alpha"] == [0.3, 0.05]
    assert back["figures"]["test"]["difference"] == -expected["figures"]["test"]["difference"]
    assert in_process("evaluate", two[0][-8:])[1]["network"]["alpha"] == 0.05


@pytest.mark.parametrize("words", [(), ("models/latest",)])
def test_fewer_than_two_runs_is_one_line(words: tuple[str, ...], trained: Path, in_process: Call) -> None:
    code, out, err = in_process("compare", *words)
    assert code == 2
    assert err == f"error: {out['error'][0]}\n"
    assert "two runs are needed" in err


def test_no_run_an_unknown_run_and_a_damaged_run_are_one_line(two: list[str], in_process: Call) -> None:
    for words, told in ((["nope"], "nope: there is no run here"), ([two[0], "models/nope"], "models/nope")):
        code, _, err = in_process("compare", *words)
        assert (code, err.count("\n")) == (2, 1)
        assert told in err
    weights = Path(f"models/{two[0]}/weights.npz")
    weights.write_bytes(weights.read_bytes()[:-1])
    code, _, err = in_process("compare")
    assert (code, err.count("\n")) == (2, 1)
    assert "weights.npz" in err
    shutil.rmtree("models")
    code, _, err = in_process("compare")
    assert (code, err.count("\n")) == (2, 1)


def test_other_test_rows_have_no_interval_and_it_is_said(two: list[str], in_process: Call) -> None:
    in_process("train", *FEW, "--set", "split.seed=6", "--set", "evaluation.unseen.folds=2")
    out = in_process("compare")[1]
    assert {name for name, figure in out["figures"].items() if figure["interval"]} == {"unseen_profiles"}
    assert out["notes"] == [
        "The two runs have different test rows: part of a change may come from them, so changes on test rows have no interval."
    ]
    assert out["figures"]["test"]["difference"] is not None


def test_without_the_data_the_figures_are_told_without_intervals(two: list[str], in_process: Call) -> None:
    expected = in_process("compare")[1]["figures"]
    with Path("data/diabetes.csv").open("a") as file:
        file.write("50,5.2,5.6,10.2,5.4,32,Normal,0\n")
    for _ in range(2):
        out = in_process("compare")[1]
        assert out["notes"] == ["data/diabetes.csv is gone or was changed after these runs, so no change has an interval."]
        for name, figure in out["figures"].items():
            assert figure == expected[name] | {"interval": None}
        Path("data/diabetes.csv").unlink(missing_ok=True)


def test_other_data_and_other_classes_are_not_paired(two: list[str], in_process: Call) -> None:
    lines = Path("data/diabetes.csv").read_text().splitlines(keepends=True)
    Path("other.csv").write_text("".join(lines[:900]))
    in_process("train", *QUICK, "--data", "other.csv")
    merged = ("data.merge={well: [Normal], ill: [Type1, Type2]}", "data.reference=well", "data.codes={well: 0, ill: 1}")
    in_process("train", *QUICK, *(word for setting in merged for word in ("--set", setting)))
    for other in ("models/latest", sorted(path.name for path in Path("models").iterdir())[2]):
        code, out, err = in_process("compare", two[0], other)
        assert code == 0, err
        assert not any(figure["interval"] for figure in out["figures"].values())
        assert "different data or classes" in out["notes"][0]


def test_classes_in_another_order_are_the_same_classes(two: list[str], in_process: Call) -> None:
    code, _, err = in_process("train", *QUICK, "--set", "data.codes={Type2: -1, Type1: 1, Normal: 0}")
    assert code in (0, 1), err
    out = in_process("compare", two[0], "models/latest")[1]
    (truth, first, *_), (_, second, *_) = scored(two[0]), scored(Path(out["runs"][1]).name)
    assert out["figures"]["test"]["difference"] == pytest.approx(accuracy_score(truth, second) - accuracy_score(truth, first))
    assert out["figures"]["test"]["interval"] == list(paired_interval(second == truth, first == truth, None, 0.95))


def test_train_says_what_changed_since_the_run_before_of_the_same_config(two_runs: Path, two: list[str]) -> None:
    told = " ".join((two_runs / "train.txt").read_text().split())
    figures = json.loads(command("compare", "--json").stdout)["figures"]
    points = {name: f"{100 * figures[name]['difference']:+.1f} points" for name in ("test", "unseen_profiles")}
    changed = "network.alpha 0.05 -> 0.3; evaluation.unseen.folds 6 -> 2"
    assert f"Since the run before, {changed}: test {points['test']}" in told
    assert f"unseen profiles {points['unseen_profiles']}" in told
    sentence = since(f"models/{two[1]}")
    assert sentence in told
    chances = [low <= 0 <= high for low, high in (figures[name]["interval"] for name in points)]
    words = ["within chance" if chance else "more than chance" for chance in chances]
    assert re.findall(r"\((\w+ \w+)\)", sentence) == words[-1:] if len({*words}) == 1 else words


def test_the_first_run_of_a_config_has_none_before(two: list[str], in_process: Call) -> None:
    assert since(None) is None
    Path("configs/mine.yaml").write_bytes(Path("configs/default.yaml").read_bytes())
    mine = in_process("train", "configs/mine.yaml", *QUICK)[1]["run"]
    assert since(mine) is None
    again = in_process("train", "configs/mine.yaml", *QUICK)[1]["run"]
    assert since(again) == "Since the run before, same settings: test +0.0 points (within chance)"
    (Path(mine) / "weights.npz").unlink()
    assert since(again) is None


def test_going_back_to_a_slope_finds_its_run(two: list[str], in_process: Call) -> None:
    out = in_process("train", "--if-changed", *FEW)[1]
    assert Path(out["run"]).name == two[0]
    assert out == json.loads(Path("train.json").read_text())
    out = in_process("train", "--if-changed", *FEW, "--set", "network.alpha=0.3", "--set", "evaluation.unseen.folds=2")[1]
    assert Path(out["run"]).name == two[1]
