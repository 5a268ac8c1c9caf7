"""Runs on disk: whole or not at all, refused when damaged, loaded without pickle."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import RunError
from pipeline.runs.saved import load_run, load_scoring
from pipeline.runs.weights import check_arrays, model_of
from pipeline.runs.write import prepare_models, save_run
from tests.clinic import FEATURES
from tests.conftest import ROOT
from tests.rounding import within

Call = Callable[..., tuple[int, dict, str]]
FEW = ("--set", "training.starts=2", "--set", "training.epochs=1", "--set", "evaluation.unseen=null")


def newest(folder: Path) -> Path:
    return (folder / "models/latest").resolve()


def test_the_folder_holds_what_the_design_says(trained: Path) -> None:
    run = newest(trained)
    assert {each.name for each in run.iterdir()} == {
        "config.yaml",
        "run.json",
        "weights.npz",
        "network.keras",
        "preprocessor.joblib",
    }
    assert os.readlink(trained / "models/latest") == run.name
    assert not [each for each in (trained / "models").iterdir() if each.name.startswith(".")]


def test_run_json_holds_what_train_printed_and_where_it_came_from(trained: Path) -> None:
    record = json.loads((newest(trained) / "run.json").read_text())
    printed = json.loads((trained / "train.json").read_text())
    assert printed.items() <= record.items()
    assert record["config"] == {
        "path": "configs/default.yaml",
        "settings": ["training.starts=8", "training.epochs=20"],
        "data": None,
    }
    assert {"numpy", "tensorflow", "python"} <= record["versions"].keys()
    assert set(record["files"]) == {"config.yaml", "weights.npz", "network.keras", "preprocessor.joblib"}


def test_weights_npz_opens_without_pickle_and_without_object_arrays(trained: Path) -> None:
    with np.load(newest(trained) / "weights.npz", allow_pickle=False) as arrays:
        assert not [name for name in arrays.files if arrays[name].dtype == object]
        assert arrays["weights"].shape == (8, 25)
        assert arrays["loss_curves"].shape == (20, 8)


@pytest.mark.arithmetic
def test_numbers_that_mean_missing_are_kept_and_a_run_from_before_them_is_read(clinic: Path) -> None:
    run = load_scoring(clinic / "models" / "latest")
    with np.load(clinic / "models" / "latest" / "weights.npz") as kept:
        arrays = dict(kept)
    absent = pd.DataFrame(arrays.pop("absent"), columns=FEATURES)
    assert {name: set(numbers.dropna()) for name, numbers in absent.items() if numbers.notna().any()} == {
        "age": {-9},
        "glucose": {-9, -999, 7.25},
    }
    check_arrays(arrays, run.config, run.record.data.rows)
    assert model_of(arrays).preprocessor.absent is None


def test_the_keras_model_and_the_joblib_pipeline_are_those_of_the_run(trained: Path) -> None:
    import joblib
    import pandas as pd

    from pipeline.network.backend import keras

    run = load_run("models/latest")
    features = pd.read_csv("data/diabetes.csv")[list(run.config.data.features)].astype(float)
    inputs = joblib.load(newest(trained) / "preprocessor.joblib").transform(features)
    np.testing.assert_allclose(np.asarray(inputs), run.model.preprocessor.transform(features), rtol=0, atol=1e-12)
    model = keras().models.load_model(newest(trained) / "network.keras")
    output = model.predict(np.asarray(inputs), verbose=0)
    assert within(run.model.network, inputs, output).all()
    assert within(run.model.network, inputs, run.model.output(features)).all()


@pytest.mark.parametrize("name", ["config.yaml", "run.json", "weights.npz", "network.keras", "preprocessor.joblib"])
@pytest.mark.parametrize("where", [0.0, 0.3, 0.999])
def test_a_flipped_bit_is_refused_with_the_files_name(name: str, where: float, trained: Path, in_process: Call) -> None:
    path = newest(trained) / name
    content = bytearray(path.read_bytes())
    content[int(where * len(content))] ^= 1
    path.write_bytes(content)
    code, _, err = in_process("evaluate")
    assert code == 2
    assert name in err


@pytest.mark.parametrize("name", ["config.yaml", "run.json", "weights.npz", "network.keras"])
def test_a_missing_file_is_refused(name: str, trained: Path, in_process: Call) -> None:
    (newest(trained) / name).unlink()
    code, _, err = in_process("evaluate")
    assert code == 2
    assert len(err.splitlines()) == 1


def test_a_run_that_cannot_be_written_leaves_nothing_behind(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = load_run("models/latest")

    class Full:
        def save(self, path: Path) -> None:
            raise OSError(28, "No space left on device")

    before = sorted(os.listdir("models"))
    with pytest.raises(RunError, match="No space left"):
        save_run(run, "full", {}, Full())
    assert sorted(os.listdir("models")) == before


def test_two_runs_of_the_same_moment_are_both_kept(trained: Path) -> None:
    run = load_run("models/latest")

    class Model:
        def save(self, path: Path) -> None:
            path.write_bytes(b"")

    folders = {save_run(run, "twice", {}, Model()) for _ in range(5)}
    assert len(folders) == 5
    assert newest(trained).name == max(folder.name for folder in folders)


def test_leftovers_of_killed_processes_are_never_listed_and_swept_later(trained: Path, in_process: Call) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    old, young, living = (Path(f"models/.unfinished-{name}") for name in (f"{dead.pid}-1", f"{dead.pid}-2", f"{os.getpid()}-3"))
    for folder in (old, young, living):
        shutil.copytree(newest(trained), folder)
    for folder in (old, living):
        for path in (folder, *folder.iterdir()):
            os.utime(path, (0, 0))
    os.utime(young)  # a copy is as old as what it was made of
    assert len(in_process("runs")[1]["runs"]) == 1
    prepare_models()
    assert [folder.exists() for folder in (old, young, living)] == [False, True, True]


def test_same_seed_same_bytes(trained: Path, in_process: Call) -> None:
    _, first, _ = in_process("train", *FEW)
    _, second, _ = in_process("train", *FEW)
    assert first["run"] != second["run"]
    assert (Path(first["run"]) / "weights.npz").read_bytes() == (Path(second["run"]) / "weights.npz").read_bytes()


def test_another_seed_other_weights(trained: Path, in_process: Call) -> None:
    _, first, _ = in_process("train", *FEW)
    _, second, _ = in_process("train", *FEW, "--set", "training.seed=1")
    assert (Path(first["run"]) / "weights.npz").read_bytes() != (Path(second["run"]) / "weights.npz").read_bytes()


def test_the_models_folder_is_ignored_by_git_but_for_its_readme() -> None:
    assert "/models/*\n!/models/README.md\n" in (ROOT / ".gitignore").read_text()


def test_models_that_cannot_be_written_is_said_before_training(trained: Path, in_process: Call) -> None:
    shutil.rmtree("models")
    Path("models").write_text("a file in the way")
    code, _, err = in_process("train", *FEW)
    assert code == 2
    assert err.startswith("error: models: ")


def test_a_folder_in_the_place_of_latest_is_named(trained: Path, in_process: Call) -> None:
    Path("models/latest").unlink()
    Path("models/latest").mkdir()
    code, _, err = in_process("train", *FEW)
    assert code == 2
    assert "is saved, but models/latest" in err
    assert len(in_process("runs")[1]["runs"]) == 2
    assert not list(Path("models").glob(".*"))


def test_a_run_json_of_another_version_is_one_line(trained: Path, in_process: Call) -> None:
    import hashlib

    path = newest(trained) / "run.json"
    record = {key: value for key, value in json.loads(path.read_text()).items() if key != "config"} | {"digest": "0" * 64}
    text = json.dumps(record)
    path.write_text(text.replace("0" * 64, hashlib.sha256(text.encode()).hexdigest()))
    for words in (["evaluate"], ["train", "--if-changed", *FEW]):
        code, _, err = in_process(*words)
        assert "config" in err if words == ["evaluate"] else code in (0, 1)
    assert any(each["problem"] for each in in_process("runs")[1]["runs"])
