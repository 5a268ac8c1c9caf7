"""The oracle is a real MLflow server, asked through its REST API, and dead ones; the model is loaded where only MLflow is."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

from pipeline.config.schema import TrackingSection
from pipeline.predict.score import notes, score_rows, sets
from pipeline.runs.place import LATEST, resolve_run
from pipeline.runs.saved import load_scoring, read_config, read_record
from pipeline.track.command import track, tracking_lines
from pipeline.track.mlflow_log import metrics, params
from pipeline.track.mlflow_model import ScoringModel
from tests.clinic import FEATURES, clinic_rows
from tests.conftest import ROOT

Call = Callable[..., tuple[int, dict, str]]
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def ask(server: str, path: str) -> Any:
    """Call MLflow's REST API."""
    return httpx.get(f"{server}/api/2.0/mlflow/{path}", timeout=60).raise_for_status().json()


@pytest.fixture(scope="module")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a running MLflow server, and the folder of its artifacts."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    words = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    words += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/artifacts"]
    environment = os.environ | QUIET | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(words, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1200):
            assert process.poll() is None, (folder / "log").read_text()
            try:
                ask(address, "experiments/get?experiment_id=0")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address, folder / "artifacts"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def logged(
    mlflow_server: tuple[str, Path], small_run: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path]:
    """What ``track`` returned for a copy of the small run, and the copy's folder: another process may log the same run."""
    place = shutil.copytree(small_run, tmp_path_factory.mktemp("logged") / "place", symlinks=True)
    run = place / "models" / (small_run / "models" / "latest").resolve().name
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
        told = track(TrackingSection(mlflow=mlflow_server[0]), run)
    assert told is not None
    assert "run_id" in told, told
    return told, run


def test_a_run_is_logged_with_settings_figures_findings_and_files(
    mlflow_server: tuple[str, Path], logged: tuple[dict[str, Any], Path]
) -> None:
    told, folder = logged
    record = read_record(folder)
    run = ask(mlflow_server[0], f"runs/get?run_id={told['run_id']}")["run"]
    found = {kind: {each["key"]: each["value"] for each in run["data"][kind]} for kind in ("params", "metrics", "tags")}
    assert run["info"]["run_name"] == folder.name
    assert run["info"]["status"] == "FINISHED"
    assert told["notes"] == []
    assert ask(mlflow_server[0], f"experiments/get?experiment_id={run['info']['experiment_id']}")["experiment"]["name"] == (
        "diabetes-pipeline"
    )
    assert found["params"].items() >= {"network.alpha": "0.05", "training.epochs": "20", "data.codes.Type2": "-1.0"}.items()
    assert found["metrics"]["accuracy.test"] == record.accuracy.test
    assert found["metrics"]["metrics.test.recall.Type2"] == record.metrics.test.recall["Type2"]
    assert found["metrics"]["accuracy.unseen_interval.low"] == record.accuracy.unseen_interval[0]
    assert all(np.isfinite(value) for value in found["metrics"].values())
    codes = {finding.code: finding.level for finding in record.findings}
    assert {key: value for key, value in found["tags"].items() if key.startswith("finding.")} == {
        f"finding.{code}": level for code, level in codes.items()
    }
    assert found["tags"]["data.sha256"] == record.data.sha256
    assert not [key for key in found["tags"] if "git" in key]
    names = {each["path"] for each in ask(mlflow_server[0], f"artifacts/list?run_id={told['run_id']}")["files"]}
    assert names >= {"findings.json", "report.html", "run"}


def test_nothing_that_is_uploaded_is_a_pickle_or_a_row_of_the_data(
    mlflow_server: tuple[str, Path], logged: tuple[dict[str, Any], Path], small_run: Path
) -> None:
    files = [each for each in mlflow_server[1].rglob("*") if each.is_file()]
    assert {"MLmodel", "weights.npz", "run.json", "network.keras", "mlflow_model.py"} <= {each.name for each in files}
    assert not [each for each in files if each.suffix in (".pkl", ".joblib", ".pickle") or each.read_bytes()[:1] == b"\x80"]
    for each in files:
        if each.suffix == ".npz":
            with np.load(each, allow_pickle=False) as arrays:
                assert all(array.dtype != object for array in arrays.values())
    (example,) = (json.loads(each.read_text()) for each in files if each.name == "input_example.json")
    rows = pd.read_csv(small_run / "data" / "diabetes.csv")[example["columns"]].to_numpy()
    assert len(example["data"]) == 1
    assert not (rows == example["data"][0]).all(axis=1).any()


def test_the_model_loads_where_the_package_is_not_and_scores_as_the_pipeline_does(
    mlflow_server: tuple[str, Path], logged: tuple[dict[str, Any], Path], small_run: Path, tmp_path: Path
) -> None:
    told, folder = logged
    rows = pd.read_csv(small_run / "data" / "diabetes.csv").head(300)
    rows.loc[3, "HbA1c"] = 1e6
    rows.to_csv(tmp_path / "rows.csv", index=False)
    script = (
        "import sys, mlflow, pandas as pd\n"
        "model = mlflow.pyfunc.load_model(sys.argv[1])\n"
        "model.predict(pd.read_csv('rows.csv').iloc[:, ::-1]).to_parquet('scores.parquet')\n"
        "print(sys.modules['pipeline'].__file__, *[each for each in ('tensorflow', 'sklearn') if each in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, f"runs:/{told['run_id']}/model"],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        | QUIET
        | {"MLFLOW_TRACKING_URI": mlflow_server[0]},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("code/pipeline/__init__.py"), done.stdout  # its own copy, and no TensorFlow
    scored = pd.read_parquet(tmp_path / "scores.parquet")
    run = load_scoring(folder)
    classes = list(run.config.data.codes)
    expected = score_rows(run, rows[list(run.config.data.features)])
    (numbers, texts), (places, known) = notes(run, expected), sets(run, expected)
    assert list(scored.columns) == ["class", *(f"probability {name}" for name in classes), "possible", "note"]
    assert scored["class"].tolist() == [classes[each] for each in expected.answers]
    np.testing.assert_array_equal(scored.iloc[:, 1:-2].to_numpy(), expected.probabilities)
    assert scored["possible"].tolist() == [known[each] for each in places]
    assert scored["note"].tolist() == [texts[each] for each in numbers]
    assert "plausible" in scored["note"][3]


def test_a_dead_server_costs_no_run(workplace: Path, in_process: Call) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    words = ("training.starts=2", "training.epochs=1", "evaluation.unseen=null", f"tracking.mlflow={address}")
    code, out, err = in_process("train", *(part for word in words for part in ("--set", word)))
    assert code == (0 if out["sound"] else 1)
    assert set(out["tracking"]) == {"mlflow", "error"}
    (line,) = (line for line in err.splitlines() if line.startswith("tracking: "))
    assert line == f"tracking: {address}: connection refused; is the server running?; the run is saved in {out['run']}"
    assert (Path(out["run"]) / "weights.npz").is_file()
    again = in_process("evaluate")[1]
    assert again == out | {"tracking": None}


class Bad(BaseHTTPRequestHandler):
    """Answers every request with ``status``, or the first ``left`` ones as the ``real`` server does and then none."""

    server: Any

    def do_GET(self) -> None:
        if self.server.real is None:
            self.reply(self.server.status, b"<html>oh</html>")
            return
        self.server.left -= 1
        if self.server.left < 0:
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {"Content-Type": self.headers.get("Content-Type", "application/octet-stream")}
        answer = httpx.request(self.command, self.server.real + self.path, content=body, headers=headers, timeout=60)
        self.reply(answer.status_code, answer.content)

    do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815

    def reply(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bad_server() -> Iterator[Callable[..., str]]:
    """Start a server that is no good, and return its address."""
    started = []

    def start(status: int = 200, real: str | None = None, left: int = 0) -> str:
        each = ThreadingHTTPServer(("127.0.0.1", 0), Bad)
        each.status, each.real, each.left = status, real, left  # type: ignore[attr-defined]
        threading.Thread(target=each.serve_forever, daemon=True).start()
        started.append(each)
        return f"http://127.0.0.1:{each.server_port}"

    yield start
    for each in started:
        each.shutdown()
        each.server_close()


@pytest.mark.parametrize(("status", "told"), [(500, "HTTP 500"), (401, "MLFLOW_TRACKING_USERNAME"), (200, "not MLflow")])
def test_a_server_that_is_not_well_or_no_mlflow_is_named(
    status: int, told: str, bad_server: Callable[..., str], trained: Path
) -> None:
    (line,) = lines(bad_server(status))
    assert told in line


def lines(address: str) -> list[str]:
    """Return what a person is told about logging the newest run."""
    run = resolve_run(LATEST)
    found = tracking_lines(track(TrackingSection(mlflow=address), run), str(run))
    assert found[0].startswith(f"tracking: {address}: ")
    assert found[0].endswith(f"; the run is saved in {run}")
    assert len(found[0]) < 500
    return found


def test_a_server_that_never_answers_is_given_up(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (line,) = lines(f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert "does not answer in time" in line


def test_a_server_that_dawdles_is_given_up(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.track.command._DEADLINE", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (line,) = lines(f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert "not done after 1 seconds" in line


def test_a_server_that_dies_half_way_costs_no_run(
    mlflow_server: tuple[str, Path], bad_server: Callable[..., str], trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
    (line,) = lines(bad_server(real=mlflow_server[0], left=6))
    assert "connection" in line.lower()


def test_without_mlflow_the_extra_is_named(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mlflow.py").write_text("raise ModuleNotFoundError('no', name='mlflow')")
    monkeypatch.syspath_prepend(tmp_path)
    (line,) = lines("http://127.0.0.1:1")
    assert "mlflow is needed and not installed; pip install '.[mlflow]'" in line


def test_without_what_draws_the_report_it_is_left_out_with_a_note() -> None:
    told = {"mlflow": "http://h", "run_id": "1", "experiment": "e", "notes": ["left out: report: jinja2 is needed"]}
    assert tracking_lines(told, "models/x") == [
        "tracking: logged to http://h, experiment e, run 1",
        "tracking: left out: report: jinja2 is needed",
    ]


def test_no_address_means_no_tracking(trained: Path) -> None:
    assert track(TrackingSection(), LATEST) is None
    assert tracking_lines(None, "models/x") == []


def test_any_name_becomes_one_that_mlflow_takes_and_none_is_lost(trained: Path) -> None:
    from mlflow.utils.validation import _validate_metric_name

    record, config = read_record(LATEST), read_config(LATEST)
    names = ["a/../b", "a:..:b", "größe", "x" * 300, "x" * 301, "\u2028", "."]
    found = metrics(record.model_copy(update={"baselines": dict.fromkeys(names, 0.5)}))
    assert sum(name.startswith("baselines.") for name in found) == len(names)
    for name in found:
        _validate_metric_name(name)
    assert len(params(config)) == sum(not key.startswith(("study.", "tracking.")) for key in config.settings())


@pytest.mark.slow
def test_a_model_with_categories_has_a_typed_signature_and_scores_texts(clinic: Path, tmp_path: Path) -> None:
    place = shutil.copytree(clinic, tmp_path / "place", symlinks=True)
    folder, uri = (place / "models" / "latest").resolve(), f"sqlite:///{tmp_path}/mlflow.db"
    script = (
        "import json, sys, pathlib; from pipeline.errors import PipelineError; from pipeline.report import command\n"
        "from pipeline.track.mlflow_log import log\n"
        "def none(folder): raise PipelineError('not drawn')\n"
        "command.report = none\n"
        "print(json.dumps(log(sys.argv[1], pathlib.Path(sys.argv[2]))))"
    )
    environment = os.environ | QUIET | {"PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", script, uri, str(folder)]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = clinic_rows(50, seed=4)[FEATURES].astype({"age": float})
    rows["glucose"] = pd.to_numeric(rows["glucose"].replace("", None))
    rows.loc[3, "smoking"] = "a pipe"
    rows.loc[4, "sex"] = None
    rows.drop(columns="pain").to_pickle(tmp_path / "rows.pickle")
    script = (
        "import json, sys, mlflow, pandas as pd\n"
        "mlflow.set_tracking_uri(sys.argv[1])\n"
        "model = mlflow.pyfunc.load_model(sys.argv[2])\n"
        "model.predict(pd.read_pickle('rows.pickle')).to_parquet('scores.parquet')\n"
        "inputs = model.metadata.get_input_schema()\n"
        "print(json.dumps([[each.name, str(each.type), each.required] for each in inputs.inputs]))\n"
        "print(json.dumps(model.input_example.to_dict('records')))"
    )
    words = [sys.executable, "-c", script, uri, f"runs:/{json.loads(done.stdout.splitlines()[-1])['run_id']}/model"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    inputs, example = map(json.loads, done.stdout.splitlines()[-2:])
    kinds = {name: (kind.split(".")[-1], required) for name, kind, required in inputs}
    expected_kinds = dict.fromkeys(("age", "glucose"), ("Any", True)) | {"visits": ("Any", False)}
    assert kinds == expected_kinds | dict.fromkeys(("sex", "smoking", "pain"), ("string", False))
    assert example[0]["smoking"] == "never"
    run = load_scoring(folder)
    scored, expected = pd.read_parquet(tmp_path / "scores.parquet"), ScoringModel(run).predict(rows.assign(pain=None))
    pd.testing.assert_frame_equal(scored, expected)
    assert "smoking of an unknown category" in scored["note"][3]
    assert scored["note"].str.startswith("sex missing").sum() == (rows["sex"].fillna("") == "").sum()
    assert scored["note"].str.contains("pain missing").all()
