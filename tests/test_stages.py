"""Runs and their config, data and neighbours: evaluate, runs, train --if-changed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import command

Call = Callable[..., tuple[int, dict, str]]
Printed = Callable[..., tuple[int, str, str]]
FEW = ("--set", "training.starts=8", "--set", "training.epochs=20")
FOLDS = (*FEW, "--set", "evaluation.unseen.folds=2")
QUICK = (*FEW, "--set", "evaluation.unseen=null")  # where nothing depends on it: the baselines of the folds take seconds


def edit(path: str, old: str, new: str) -> None:
    text = Path(path).read_text()
    assert old in text
    Path(path).write_text(text.replace(old, new, 1))


def test_evaluate_prints_what_train_printed_to_the_last_bit(trained: Path) -> None:
    printed = command("evaluate", "--json", folder=trained).stdout
    assert "python -m pipeline train " in printed  # as this process was started
    assert printed.replace("python -m pipeline", "diabetes-pipeline") == (trained / "train.json").read_text()


def test_evaluate_says_that_the_config_was_edited_and_keeps_the_old_figures(trained: Path, in_process: Call) -> None:
    before = in_process("evaluate")[1]
    edit("configs/default.yaml", "alpha: 0.05", "alpha: 0.3")
    code, after, _ = in_process("evaluate")
    assert code == 0
    (note,) = after["notes"]
    assert "configs/default.yaml" in note
    assert "network.alpha 0.05 -> 0.3" in note
    assert after["accuracy"] == before["accuracy"]
    assert after["network"]["alpha"] == 0.05


def test_evaluate_says_that_the_config_is_gone(trained: Path, in_process: Call) -> None:
    Path("configs/default.yaml").unlink()
    code, out, _ = in_process("evaluate")
    assert code == 0
    assert "configs/default.yaml" in out["notes"][0]


def test_a_comment_in_the_config_is_no_change(trained: Path, in_process: Call) -> None:
    edit("configs/default.yaml", "network:\n", "# a thought\nnetwork:\n")
    assert in_process("evaluate")[1]["notes"] == []


def test_another_file_has_no_training_rows_and_no_fitted_baseline(trained: Path, in_process: Call) -> None:
    lines = Path("data/diabetes.csv").read_text().splitlines(keepends=True)
    Path("other.csv").write_text("".join(lines[:101]))
    known = in_process("evaluate")[1]
    code, out, _ = in_process("evaluate", "--data", "other.csv")
    assert code in (0, 1)
    assert out["data"]["train"] == 0
    assert out["data"]["test"] == out["data"]["rows"] == 100
    assert out["accuracy"]["train"] is None
    assert out["accuracy"]["unseen_profiles"] is None
    assert out["baselines"]["logistic_regression"] is None
    assert known["baselines"]["logistic_regression"] is not None
    assert out["baselines"]["majority"] == sum("Normal" in line for line in lines[1:101]) / 100
    assert "other.csv" in out["notes"][0]


def test_a_copy_of_the_data_under_another_name_is_the_same_data(trained: Path, in_process: Call) -> None:
    Path("copy.csv").write_bytes(Path("data/diabetes.csv").read_bytes())
    known, copy = in_process("evaluate")[1], in_process("evaluate", "--data", "copy.csv")[1]
    assert copy["accuracy"] == known["accuracy"]
    assert copy["notes"] == [
        "copy.csv is the file of the training: 807 of these 1,009 rows are training rows, so this is no test"
    ]


def test_edited_data_are_said_to_be_edited(trained: Path, in_process: Call) -> None:
    with Path("data/diabetes.csv").open("a") as file:
        file.write("50,5.2,5.6,10.2,5.4,32,Normal,0\n")
    out = in_process("evaluate")[1]
    assert "data/diabetes.csv" in out["notes"][0]
    assert out["data"]["train"] == 0


def test_evaluate_never_changes_a_run(trained: Path, in_process: Call) -> None:
    before = {path: path.stat().st_mtime_ns for path in Path("models").rglob("*")}
    in_process("evaluate")
    assert {path: path.stat().st_mtime_ns for path in Path("models").rglob("*")} == before


def test_if_changed_trains_only_when_config_or_data_changed(trained: Path, in_process: Call) -> None:
    def runs() -> int:
        return len(in_process("runs")[1]["runs"])

    first = json.loads(Path("train.json").read_text())
    assert in_process("train", "--if-changed", *FEW)[1] == first
    assert runs() == 1
    edit("configs/default.yaml", "alpha: 0.05", "alpha: 0.3")
    edit("configs/default.yaml", "unseen: {", "unseen: null # {")
    second = in_process("train", "--if-changed", *FEW)[1]
    assert second["network"]["alpha"] == 0.3
    assert runs() == 2
    assert in_process("train", "--if-changed", *FEW)[1] == second
    with Path("data/diabetes.csv").open("a") as file:
        file.write("50,5.2,5.6,10.2,5.4,32,Normal,0\n")
    third = in_process("train", "--if-changed", *FEW)[1]
    assert third["data"]["rows"] == 1010
    assert runs() == 3


def test_if_changed_looks_at_the_newest_run_of_that_config_only(trained: Path, in_process: Call) -> None:
    Path("configs/mine.yaml").write_bytes(Path("configs/default.yaml").read_bytes())
    first = json.loads(Path("train.json").read_text())
    mine = in_process("train", "configs/mine.yaml", *QUICK)[1]
    assert in_process("evaluate")[1]["run"] == mine["run"]
    assert in_process("train", "--if-changed", *FEW)[1]["run"] == first["run"]


def test_runs_lists_changes_accuracies_and_findings(workplace: Path, in_process: Call) -> None:
    first = in_process("train", *QUICK)[1]
    second = in_process("train", *QUICK, "--set", "network.alpha=0.3")[1]
    listed = in_process("runs")[1]["runs"]
    assert [each["run"] for each in listed] == [first["run"], second["run"]]
    assert listed[1]["changed"] == ["network.alpha 0.05 -> 0.3"]
    assert listed[1]["accuracy"] == second["accuracy"]
    assert "network.alpha 0.05 -> 0.3" in command("runs", folder=workplace).stdout


def test_runs_names_a_damaged_run(trained: Path, in_process: Call) -> None:
    path = Path("models/latest/run.json").resolve()
    path.write_text(path.read_text() + " ")
    (only,) = in_process("runs")[1]["runs"]
    assert "run.json" in only["problem"]


def test_keep_removes_the_older_ones_only_after_a_yes(trained: Path, in_process: Call) -> None:
    newest = in_process("train", *QUICK)[1]["run"]
    unanswered = command("runs", "--keep", "1", folder=trained)  # nobody is there to answer
    assert unanswered.returncode == 2
    assert "--yes" in unanswered.stderr
    assert len(in_process("runs")[1]["runs"]) == 2
    assert in_process("runs", "--keep", "1", "--yes")[0] == 0
    assert [each["run"] for each in in_process("runs")[1]["runs"]] == [newest]


def test_a_refused_training_has_no_run_and_no_accuracy(workplace: Path, in_process: Call) -> None:
    code, out, _ = in_process("train", "--set", "network.alpha=0")
    assert code == 1
    assert out["run"] is None
    assert out["accuracy"] == {
        "train": None,
        "test": None,
        "test_interval": None,
        "unseen_profiles": None,
        "unseen_interval": None,
    }
    (finding,) = [each for each in out["findings"] if each["code"] == "C102"]
    assert "Type2" in finding["message"]
    assert not list(Path("models").glob("*")) if Path("models").exists() else True


def test_an_unsound_run_is_saved_and_ends_with_1_again_and_again(workplace: Path, in_process: Call, printed: Printed) -> None:
    reckless = ("--set", "training.learning_rate=1e30", "--set", "training.optimizer=sgd", *FOLDS)
    code, out, _ = in_process("train", *reckless)
    assert code == 1
    assert out["accuracy"]["test"] == 0.0
    assert out["sound"] is False
    assert json.loads((Path(out["run"]) / "run.json").read_text())["sound"] is False
    assert "unsound" in printed("evaluate")[1]
    assert "unsound" in printed("runs")[1]
    assert "T301" in {each["code"] for each in out["findings"]}
    code, again, _ = in_process("evaluate")
    assert code == 1
    assert again == out


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        ["network.output=softmax", "training.loss=categorical_crossentropy", "network.hidden=[4, 3]", "network.alpha=[0.1, 0.2]"],
        ["preprocess.pca=3", "preprocess.scale=minmax"],
        ["split.stratify=true", "training.optimizer=sgd", "training.schedule=cosine"],
        ["split.group_by=[HbA1c]", "network.hidden=[]"],
    ],
)
def test_every_kind_of_network_is_saved_and_evaluated_alike(settings: list[str], workplace: Path, in_process: Call) -> None:
    words = [word for setting in settings for word in ("--set", setting)]
    code, out, err = in_process("train", *FOLDS, *words)
    assert code in (0, 1), err
    again = in_process("evaluate")
    assert again == (code, out, "")
    softmax = "network.output=softmax" in settings
    assert (out["keras_accuracy"]["test"] is None) == softmax


def test_any_columns_and_any_class_names_will_do(workplace: Path, in_process: Call) -> None:
    rows = "\n".join(f"{i % 7},{(i * 5) % 11},{'yes' if i % 7 > 2 else 'No'}" for i in range(90))
    Path("mine.csv").write_text(f"size of it,b,verdict\n{rows}\n")
    Path("mine.yaml").write_text(
        "data: {path: mine.csv, target: verdict, codes: {No: 0, yes: 1}, features: {size of it: {}, b: {}}}\n"
        "training: {starts: 16, epochs: 60}\n"
    )
    code, out, err = in_process("train", "mine.yaml")
    assert code == 0, err
    assert out["network"]["layers"] == [2, 3, 1]
    assert out["accuracy"]["test"] > 0.9
    assert out["baselines"]["ada_rule"] is None
    assert {key: out["unseen"][key] for key in ("kind", "group_by", "folds", "groups")} == {
        "kind": "rows",
        "group_by": [],
        "folds": 6,
        "groups": 77,
    }
    assert "On unseen rows (rows that were held out with all rows equal to them) the accuracy is " in out["verdict"][1]
    assert out["copies"]["of_training_profiles"] is None
    assert in_process("evaluate")[1] == out


def test_a_damaged_run_does_not_count_among_those_kept(trained: Path, in_process: Call) -> None:
    newest = in_process("train", *QUICK)[1]["run"]
    (Path(newest) / "run.json").write_text("{}")
    in_process("runs", "--keep", "1", "--yes")
    assert len(in_process("runs")[1]["runs"]) == 2


def test_another_file_may_lack_what_only_training_needs(trained: Path, in_process: Call) -> None:
    rows = [line.split(",") for line in Path("data/diabetes.csv").read_text().splitlines()]
    normal = [row for row in rows if row[6] in ("Type", "Normal")]
    Path("few.csv").write_text("".join(",".join(row[:7]) + "\n" for row in normal[:3]))
    code, out, err = in_process("evaluate", "--data", "few.csv")
    assert code in (0, 1), err
    assert out["data"]["rows"] == 2
    assert out["data"]["classes"] == {"Normal": 2, "Type1": 0, "Type2": 0}


def test_a_run_is_evaluated_alike_from_another_folder(trained: Path, in_process: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    here = in_process("evaluate")[1]
    (trained / "elsewhere/configs").mkdir(parents=True)
    (trained / "elsewhere/configs/default.yaml").write_text("data: {}\n")  # a stranger's
    monkeypatch.chdir(trained / "elsewhere")
    code, there, err = in_process("evaluate", trained / "models/latest")
    assert code == 0, err
    assert there["notes"] == []
    assert there["accuracy"] == here["accuracy"]
    assert there["data"]["train"] == here["data"]["train"]


def test_a_config_is_the_same_by_whatever_path(trained: Path, in_process: Call) -> None:
    first = json.loads(Path("train.json").read_text())
    assert in_process("train", trained / "configs/default.yaml", "--if-changed", *FEW)[1]["run"] == first["run"]


def test_a_column_without_a_usable_value_is_refused_before_training(workplace: Path, in_process: Call) -> None:
    code, out, _ = in_process("check", "--set", "data.features.Age.range=[500, 600]")
    assert code == 1
    (finding,) = [each for each in out["findings"] if each["code"] == "D201"]
    assert finding["level"] == "error"
    assert finding["evidence"]["empty"] == ["Age"]


def test_the_widest_interval_is_no_crash(trained: Path, in_process: Call) -> None:
    code, out, err = in_process("train", *FOLDS, "--set", "evaluation.interval=0.998")
    assert code in (0, 1), err
    low, high = out["accuracy"]["test_interval"]
    assert 0 <= low < out["accuracy"]["test"] < high <= 1


def test_a_run_without_a_fitted_baseline_is_opened_again(workplace: Path, in_process) -> None:
    accepted = "findings.accept=[D201,T301,T302,T303,E401]"
    settings = ["preprocess.impute=null", accepted, "training.starts=2", "training.epochs=1", "evaluation.unseen=null"]
    words = [word for setting in settings for word in ("--set", setting)]
    code, trained, err = in_process("train", *words)
    assert code == 0, err
    code, again, err = in_process("evaluate")
    assert code == 0, err
    assert again["accuracy"] == trained["accuracy"]
    assert in_process("predict", "data/diabetes.csv", "out.csv")[0] == 0
