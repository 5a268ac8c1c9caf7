"""What once went wrong, or was accepted, or was told so that nobody could mend it: the smallest input that showed it."""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.cli import app
from tests.conftest import ROOT

Call = Callable[..., tuple[int, dict, str]]
Printed = Callable[..., tuple[int, str, str]]
RANDOM = np.random.default_rng(3)
QUICK = {"starts": 4, "epochs": 20}


def written(
    rows: int = 90, codes: dict[str, float] | None = None, columns: dict[str, list] | None = None, **sections: dict
) -> Path:
    """Write a small file whose class follows from its first column, and its config, into the current folder."""
    codes = codes or {"no": 0, "yes": 1}
    first, names = RANDOM.normal(5, 2, rows).round(3), list(codes)
    frame = pd.DataFrame({"a": first, "b": RANDOM.normal(5, 2, rows).round(3)})
    frame["label"] = [names[min(int(value // 5), len(names) - 1) if value > 0 else 0] for value in first]
    for name, values in (columns or {}).items():
        frame[name] = values
    frame.to_csv("mine.csv", index=False)
    data = {"path": "mine.csv", "target": "label", "codes": codes, "features": {"a": {}, "b": {}}} | sections.pop("data", {})
    evaluation = {"unseen": None} | sections.pop("evaluation", {})
    config = {"data": data, "training": QUICK | sections.pop("training", {}), "evaluation": evaluation, **sections}
    Path("mine.yaml").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    return Path("mine.yaml")


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def edit(**columns: list) -> pd.DataFrame:
    frame = pd.read_csv("mine.csv").assign(**columns)
    frame.to_csv("mine.csv", index=False)
    return frame


def test_a_split_may_be_grouped_by_a_column_that_is_no_feature(in_process: Call) -> None:
    written(60, columns={"site": [f"site {row % 12}" for row in range(60)]}, split={"group_by": ["site"], "test_size": 0.1})
    code, out, err = in_process("train", "mine.yaml")
    assert code in (0, 1), err
    assert "D209" in {finding["code"] for finding in out["findings"]}
    assert in_process("evaluate")[:2] == (code, out)
    assert in_process("report")[0] == 0
    pd.read_csv("mine.csv").drop(columns="site").to_csv("other.csv", index=False)
    assert in_process("evaluate", "--data", "other.csv")[0] in (0, 1)


def test_codes_too_far_apart_to_be_learnt_are_refused(in_process: Call) -> None:
    code, out, _ = in_process("check", written(codes={"no": 0, "yes": 1_000_000}))
    assert code == 2
    assert "data.codes.yes: must be less than or equal to 1000" in out["error"][0]


def test_the_widest_codes_that_are_taken_can_be_learnt(in_process: Call) -> None:
    out = in_process("train", written(codes={"no": 0, "yes": 1000}, training={"starts": 16, "epochs": 300}))[1]
    assert out["accuracy"]["train"] > 0.9


def test_a_class_that_training_never_saw_has_no_output(in_process: Call) -> None:
    written(codes={"no": 0, "yes": 1, "rare": 2}, network={"output": "softmax"}, split={"seed": 5})
    tested = np.random.RandomState(5).permutation(90)[0]  # as ShuffleSplit draws
    edit(label=["rare" if row == tested else "yes" if row % 2 else "no" for row in range(90)])
    out = in_process("train", "mine.yaml")[1]
    assert len(np.load(Path(out["run"]) / "weights.npz")["weights"][0]) == 17
    assert out["network"] == {"layers": [2, 3, 2], "alpha": 0.05, "parameters": 17}


def test_a_run_below_the_root_has_a_place_for_its_paths() -> None:
    from pipeline.runs.history import located

    assert located(Path("/run"), "no/such/file") == "no/such/file"


def test_dead_units_are_not_told_of_too_few_rows(in_process: Call) -> None:
    in_process("train", written())
    pd.read_csv("mine.csv").iloc[:1].to_csv("one.csv", index=False)
    advice = in_process("evaluate", "--data", "one.csv")[1]["advice"]
    assert [layer["dead"] for layer in advice["layers"]] == [[], []]
    assert "1 row too few" in advice["recommendation"]


@pytest.mark.parametrize(("level", "code"), [(0.998, 0), (0.9981, 2), (0.9999, 2)])
def test_an_interval_is_refused_that_the_resamples_cannot_give(level: float, code: int, in_process: Call) -> None:
    answer, out, _ = in_process("check", written(evaluation={"interval": level}))
    assert answer == code, out
    if code:
        assert "evaluation.interval: must be less than or equal to 0.998" in out["error"][0]


@pytest.mark.parametrize("name", ["notes", "probability no", "predicted label", "possible label"])
def test_no_feature_is_called_like_what_scoring_adds(name: str, in_process: Call, printed: Printed) -> None:
    written(columns={name: list(range(90))}, data={"features": {"a": {}, name: {}}})
    for word in ("train", "check"):
        code, out, _ = in_process(word, "mine.yaml")
        assert code == 2
        assert f'"{name}"' in out["error"][0]
    written(columns={name: list(range(90))})
    assert printed("train", "mine.yaml")[0] == 0


@pytest.mark.slow
def test_a_terminal_without_a_character_gets_another() -> None:
    written(data={"path": "mine.csv"}, codes={"no": 0, "да": 1})
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "cp1252"}
    words = [sys.executable, "-m", "pipeline", "train", "mine.yaml"]
    done = subprocess.run(words, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    steps = ("reading", "checking", "importing TensorFlow", "training", "evaluating")
    assert all(line.startswith(steps) for line in done.stderr.decode().splitlines()), done.stderr  # nothing but what it is at
    assert b"??" in done.stdout


def test_a_missing_value_of_pandas_is_one_to_the_exported_pipeline(in_process: Call) -> None:
    import joblib

    in_process("train", written())
    assert in_process("export", "models/latest", "--to", "joblib", "mine.joblib")[0] == 0
    pipeline, frame = joblib.load("mine.joblib"), pd.read_csv("mine.csv")
    expected = pipeline.predict(frame.assign(a=np.nan))
    np.testing.assert_array_equal(pipeline.predict(frame.assign(a=pd.Series([pd.NA] * 90, dtype=object))), expected)
    np.testing.assert_array_equal(pipeline.predict(frame.assign(a=pd.array([None] * 90, dtype="Float64"))), expected)
    np.testing.assert_array_equal(pipeline.predict(np.array([[pd.NA, value] for value in frame["b"]], dtype=object)), expected)
    np.testing.assert_array_equal(pipeline.predict(pa.table(frame)), pipeline.predict(frame))


def test_a_missing_value_of_pandas_is_one_to_the_model_of_mlflow(in_process: Call) -> None:
    from pipeline.track.mlflow_model import _load_pyfunc

    in_process("train", written())
    model, frame = _load_pyfunc("models/latest"), pd.read_csv("mine.csv")
    missing = frame.assign(a=pd.Series([pd.NA] * 90, dtype=object))
    pd.testing.assert_frame_equal(model.predict(missing), model.predict(frame.assign(a=np.nan)))


def test_a_file_of_which_every_row_was_rejected_is_a_failure(in_process: Call) -> None:
    in_process("train", written())
    Path("bad.csv").write_text("a,b\nx,1\ny,2\n")
    code, out, _ = in_process("predict", "bad.csv", "out.csv")
    assert (code, out["rows"], out["rejected"]) == (1, 0, 2)


def test_one_value_out_of_all_range_is_named_with_its_row(in_process: Call) -> None:
    written()
    edit(a=[1e300 if row == 7 else float(row % 10) for row in range(90)])
    code, out, err = in_process("train", "mine.yaml")
    assert (code, err) == (1, "")
    (finding,) = [finding for finding in out["findings"] if finding["code"] == "T301"]
    assert finding["evidence"]["column"] == "a"
    assert finding["evidence"]["row"] == 8
    assert "--set 'data.features.a.range=[0.0, 9.0]'" in finding["fix"]
    mended = in_process("train", "mine.yaml", "--set", 'data.features."a".range=[0, 9]')[1]
    assert "T301" not in {finding["code"] for finding in mended["findings"]}


def test_a_value_too_large_for_a_tree_costs_no_training(in_process: Call) -> None:
    written()
    tested = np.random.RandomState(5).permutation(90)[0]  # as ShuffleSplit draws
    edit(a=[1e300 if row == tested else float(row % 10) for row in range(90)])
    code, out, err = in_process("train", "mine.yaml")
    assert code in (0, 1), err
    assert out["baselines"]["random_forest"] is None


def test_names_are_compared_by_what_is_seen(in_process: Call) -> None:
    written(data={"features": {"Größe x": {}, "b": {}}, "codes": {" no": 0, "yes ": 1}})
    frame = pd.read_csv("mine.csv").rename(columns={"a": "Gro\u0308ße\u00a0x"})
    frame.to_csv("mine.csv", index=False)
    code, out, err = in_process("train", "mine.yaml")
    assert code == 0, err
    assert out["data"]["classes"].keys() == {"no", "yes"}
    assert in_process("predict", "mine.csv", "out.csv")[1]["known"] == 90


def test_a_character_that_nobody_sees_is_named(in_process: Call) -> None:
    written(columns={"glucose": [5.0] * 90}, data={"features": {"a": {}, "glucose": {}}})
    pd.read_csv("mine.csv").rename(columns={"a": "a\u200b", "glucose": "gluc\u043ese"}).to_csv("mine.csv", index=False)
    (hidden, cyrillic) = in_process("check", "mine.yaml")[1]["error"]
    assert "U+200B ZERO WIDTH SPACE" in hidden
    assert "U+043E CYRILLIC SMALL LETTER O" in cyrillic


def test_a_letter_that_both_names_have_is_not_called_a_difference(in_process: Call) -> None:
    written(columns={"\u0413\u043b\u044e\u043a": [5.0] * 90}, data={"features": {"a": {}, "\u0413\u043b\u044e\u043ao": {}}})
    (told,) = in_process("check", "mine.yaml")[1]["error"]
    assert told.endswith('did you mean "\u0413\u043b\u044e\u043a"?')


def test_two_names_that_look_equal_stand_twice(in_process: Call) -> None:
    code, out, _ = in_process("check", written(data={"features": {"a": {}, "a ": {}}}))
    assert code == 2
    assert 'duplicate key "a"' in out["error"][0]


def test_columns_that_no_setting_names_may_share_a_name(in_process: Call) -> None:
    written()
    text = Path("mine.csv").read_text().splitlines()
    Path("mine.csv").write_text("\n".join([text[0] + ",x,x,,", *(line + ",1,2,," for line in text[1:])]))
    assert in_process("train", "mine.yaml")[0] == 0
    assert in_process("predict", "mine.csv", "out.csv")[1]["rows"] == 90
    assert Path("out.csv").read_text().startswith("a,b,label,x,x,,,predicted label,")
    table = pa.table([RANDOM.normal(size=9), RANDOM.normal(size=9), [1] * 9, [2] * 9], names=["a", "b", "x", "x"])
    pq.write_table(table, "mine.parquet")
    assert in_process("predict", "mine.parquet", "out.csv")[1]["rows"] == 9
    Path("mine.csv").write_text(Path("mine.csv").read_text().replace("b,label", "a,label", 1))
    assert '"a" is twice' in in_process("check", "mine.yaml")[1]["error"][0]


def test_an_unsound_run_is_said_to_be_one_by_whoever_uses_it(in_process: Call, printed: Printed) -> None:
    in_process("train", written(training={"learning_rate": 1e30, "optimizer": "sgd"}))
    code, _, err = printed("export", "models/latest", "--to", "joblib", "mine.joblib")
    assert code == 0
    assert "unsound" in err
    assert in_process("export", "models/latest", "--to", "joblib", "mine.joblib")[1]["sound"] is False


def test_a_run_is_found_by_its_name(in_process: Call) -> None:
    run = in_process("train", written())[1]["run"]
    assert in_process("evaluate", Path(run).name)[1]["run"] == run
    assert in_process("predict", "mine.csv", "out.csv", "--run", Path(run).name)[0] == 0
    assert in_process("report", Path(run).name)[0] == 0


def test_a_switch_is_true_or_false(in_process: Call) -> None:
    error = in_process("check", written(split={"stratify": "yes"}))[1]["error"][0]
    assert "split.stratify: must be true or false; got 'yes'" in error


def test_one_row_is_not_told_as_rows(printed: Printed) -> None:
    printed("train", written())
    pd.read_csv("mine.csv").iloc[:1].to_csv("one.csv", index=False)
    assert "1 row scored in" in printed("predict", "one.csv", "out.csv")[1]
    text = printed("evaluate", "--data", "one.csv")[1]
    assert "1 row " in text
    assert "1 test row " in text
    assert "1 rows" not in text
    assert "1 test rows" not in text


def _csv(*rows: str, header: str = "a,b,label") -> bytes:
    return "\n".join([header, *rows, ""]).encode()


FINE = [f"{number % 7},{number % 5},{'yes' if number % 7 > 3 else 'no'}" for number in range(60)]
INPUTS: dict[str, bytes | None] = {
    "no file": None,
    "a folder": None,
    "a loop of links": None,
    "an empty file": b"",
    "another kind of file": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00",
    "UTF-16": "a,b,label\n1,2,no\n".encode("utf-16"),
    "Latin-1": _csv(*FINE).replace(b"yes", "y\u00e9s".encode("latin-1")),
    "no such column": _csv(*FINE, header="a,c,label"),
    "no such class": _csv(*FINE, "1,2,maybe"),
    "a text for a number": _csv(*FINE, "1,two,no"),
    "infinity": _csv(*FINE, "1,inf,no"),
    "NaN": _csv(*FINE, "1,NaN,no"),
    "1e300": _csv(*FINE, "1e300,2,no"),
    "one row": _csv(FINE[0]),
    "two rows": _csv(FINE[0], FINE[5]),
    "one class": _csv(*(row for row in FINE if row.endswith("no"))),
    "a header alone": _csv(),
}
UNREADABLE = {"no file", "a folder", "a loop of links", "an empty file", "another kind of file", "no such column"}
WRONG = UNREADABLE | {"Latin-1", "no such class", "a text for a number", "infinity", "a header alone"}
UNTRAINABLE = WRONG | {"UTF-16", "one row", "two rows", "one class"}
REFUSES = {"train": UNTRAINABLE, "check": UNTRAINABLE, "study": UNTRAINABLE, "evaluate": WRONG, "predict": UNREADABLE}
WORDS = {
    "train": ("train", "mine.yaml", "--data", "input.csv"),
    "check": ("check", "mine.yaml", "--data", "input.csv"),
    "study": ("study", "mine.yaml", "--data", "input.csv"),
    "evaluate": ("evaluate", "--data", "input.csv"),
    "predict": ("predict", "input.csv", "out.csv"),
}
GRID = {"alphas": [0.05, 0.1], "features": ["standard"], "outputs": ["code"], "seeds": 2, "splits": 2}


def put(kind: str) -> None:
    """Put an input of a kind into the current folder."""
    path = Path("input.csv")
    if content := INPUTS[kind]:
        path.write_bytes(content)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a loop of links":
        path.symlink_to(path)
    elif kind == "an empty file":
        path.touch()


@pytest.fixture
def quick(once: Callable[..., Path], tmp_path: Path) -> None:
    """The current folder has mine.csv, mine.yaml and a run of it."""

    def make(folder: Path) -> None:
        written(60, study=GRID, training={"starts": 2, "epochs": 2})
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
            app(["train", "mine.yaml"], standalone_mode=False)

    shutil.copytree(once("edges", make), tmp_path, symlinks=True, dirs_exist_ok=True)


def refused(printed: Printed, name: str, *words: str) -> None:
    """Run a command that must refuse what is called ``name`` in up to three lines."""
    code, out, err = printed(*words)
    assert (code, out) == (2, ""), err
    lines = err.splitlines()
    assert 1 <= len(lines) <= 3
    assert all(line.startswith("error: ") and len(line) < 400 for line in lines), lines
    assert name in err


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("name", WORDS)
@pytest.mark.usefixtures("quick")
def test_any_input_is_used_or_refused_in_a_line(name: str, kind: str, printed: Printed) -> None:
    put(kind)
    if kind in REFUSES[name]:
        refused(printed, "input.csv", *WORDS[name])
    else:
        code, _, err = printed(*WORDS[name])
        assert code in (0, 1), err
        assert "Warning" not in err


@pytest.mark.parametrize("kind", ["no file", "a folder", "a loop of links", "an empty file", "another kind of file", "UTF-16"])
@pytest.mark.parametrize("word", ["train", "check", "study", "synthesize"])
def test_any_config_is_refused_in_a_line(word: str, kind: str, printed: Printed) -> None:
    put(kind)
    refused(printed, "input.csv", word, *(["twin.csv"] if word == "synthesize" else []), "input.csv")


@pytest.mark.parametrize("kind", ["no file", "a folder", "a loop of links", "an empty file", "another kind of file"])
@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "RUN"),
        ("report", "RUN"),
        ("serve", "RUN", "--port", "0"),
        ("predict", "mine.csv", "out.csv", "--run", "RUN"),
        *(("export", "RUN", "--to", kind, f"out.{kind}") for kind in ("onnx", "keras", "joblib")),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("quick")
def test_any_run_is_refused_in_a_line(words: tuple[str, ...], kind: str, printed: Printed) -> None:
    put(kind)
    refused(printed, "input.csv", *("input.csv" if word == "RUN" else word for word in words))


def test_a_study_is_judged_by_the_slope_of_its_reference_and_not_by_one_that_its_grid_replaces(in_process: Call) -> None:
    grid = {"alphas": [0.05, 0.2], "features": ["standard"], "outputs": ["code"], "seeds": 2, "splits": 2}
    code, out, err = in_process("study", written(codes={"no": -1, "yes": 1}, network={"alpha": 0.0}, study=grid))
    assert code == 0, err
    assert "C101" not in {finding["code"] for finding in out["findings"]}
    assert out["notes"] == ["network.alpha: not used, because the study sets this itself"]
