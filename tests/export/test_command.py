"""The command export: what it says, what it leaves behind, what it refuses, what it imports."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from pipeline.export import onnx_graph
from pipeline.export.agreement import drawn
from pipeline.runs.saved import Scoring, load_scoring
from tests.export.made import own
from tests.rounding import widest
from tests.test_cli import imported

pytestmark = pytest.mark.arithmetic

Call = Callable[..., tuple[int, dict, str]]
ONNX = ("export", "models/latest", "--to", "onnx", "x.onnx")


@pytest.mark.parametrize("kind", ["onnx", "keras", "joblib"])
def test_a_file_is_written_and_checked(kind: str, trained: Path, in_process: Call) -> None:
    code, out, _ = in_process("export", "models/latest", "--to", kind, f"x.{kind}")
    assert code == 0
    assert Path(out["run"]).name == (trained / "models/latest").resolve().name
    assert (out["to"], out["output"], out["checked_rows"]) == (kind, f"x.{kind}", 10_000)
    assert out["bytes"] == Path(f"x.{kind}").stat().st_size
    run = load_scoring("models/latest")
    assert 0 <= out["largest_difference"] <= widest(run.model.network, run.model.preprocessor.transform(drawn(run, 10_000)))
    assert not list(trained.glob(".*"))


def test_onnxruntime_gives_what_the_run_gives(trained: Path, in_process: Call) -> None:
    in_process(*ONNX)
    run = load_scoring("models/latest")
    values = drawn(run, 1000, seed=7)
    (classes,) = onnxruntime.InferenceSession("x.onnx").run(["class"], {"features": values})
    assert np.mean(classes == own(run)(values).classes) > 0.999


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nope", "--to", "onnx", "x.onnx"], "nope: there is no run here"),
        (["models/latest", "--to", "onx", "x.onnx"], 'did you mean "onnx"'),
        (["models/latest", "--to", "keras", "x.h5"], 'ends in ".keras"'),
        (["models/latest", "--to", "onnx", "nowhere/x.onnx"], "nowhere/x.onnx: cannot be written: No such file"),
        (["models/latest", "--to", "joblib", "data"], "data: cannot be written: Is a directory"),
        (["models/latest", "--to", "onnx", ""], "PATH is empty"),
        (["models/latest", "--to", "joblib", "models/latest/preprocessor.joblib"], "stay as they are"),
    ],
)
def test_a_users_mistake_is_one_line_and_nothing_is_left(words: list[str], told: str, trained: Path, in_process: Call) -> None:
    before = sorted(trained.rglob("*"))
    code, out, err = in_process("export", *words)
    assert code == 2
    assert told in err
    assert out == {"error": [err.strip().removeprefix("error: ")]}
    assert sorted(trained.rglob("*")) == before


def test_a_missing_extra_is_one_line(trained: Path, in_process: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.delitem(sys.modules, "pipeline.export.onnx_file")
    code, _, err = in_process(*ONNX)
    assert (code, err) == (2, "error: export: onnxruntime is needed and not installed; pip install '.[onnx]'\n")


def test_what_disagrees_is_not_written_and_an_older_file_stays(
    trained: Path, in_process: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("x.onnx").write_text("older")
    right = onnx_graph.graph

    def wrong(run: Scoring) -> onnx_graph.Part:
        nodes, arrays = right(run)
        return nodes, arrays | {"fill": arrays["fill"] + 1}

    monkeypatch.setattr("pipeline.export.onnx_file.graph", wrong)
    code, _, err = in_process(*ONNX)
    assert code == 2
    assert "error: export --to onnx: the exported model disagrees with the run itself" in err
    assert err.count("\n") == 1
    assert Path("x.onnx").read_text() == "older"
    assert not list(trained.glob(".*"))
    monkeypatch.undo()
    monkeypatch.chdir(trained)
    assert in_process(*ONNX)[0] == 0
    assert Path("x.onnx").read_bytes() != b"older"


@pytest.mark.parametrize("kind", ["onnx", "joblib"])
def test_only_keras_needs_tensorflow(kind: str, trained: Path) -> None:
    modules = imported(["export", "models/latest", "--to", kind, "x"], trained)
    assert f"pipeline.export.{kind}_file" in modules
    assert not {name for name in modules if name.split(".")[0] in ("tensorflow", "keras")}
