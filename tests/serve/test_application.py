"""The HTTP API, without and with a server: the numbers are those of ``score``; httpx, http.client and schemathesis speak HTTP."""

import asyncio
import csv
import errno
import http.client
import io
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from pipeline.errors import PipelineError
from pipeline.predict.score import notes, score_rows, sets
from pipeline.runs.saved import load_scoring
from pipeline.serve import pushes as pushes_module
from pipeline.serve.application import application
from pipeline.serve.limits import Limits
from tests.conftest import command
from tests.serve.client import ROOT, ROW, Serving, load, serving

Call = Callable[..., tuple[int, dict, str]]
SECRET = 31.4159265


class Client:
    """Asks an application, without a server."""

    def __init__(self, app: Callable) -> None:
        self.transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def get(self, path: str, **more: object) -> httpx.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: object) -> httpx.Response:
        return self.ask("POST", path, **more)

    def ask(self, method: str, path: str, **more: object) -> httpx.Response:
        async def go() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.transport, base_url="http://localhost") as client:
                return await client.request(method, path, **more)

        return asyncio.run(go())


@pytest.fixture(scope="module")
def folder(small_run: Path) -> Path:
    return small_run / "models" / "latest"


@pytest.fixture(scope="module")
def api(folder: Path) -> Client:
    return Client(application(load_scoring(folder), folder, limits=Limits(size=100_000, rows=50, explained=64 * 3)))


@pytest.fixture(scope="module")
def server(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    place = tmp_path_factory.mktemp("served") / "small"  # a copy, for whoever asks for the report makes one
    with serving(shutil.copytree(small_run, place, symlinks=True)) as found:
        yield found


def rows() -> list[dict[str, float | None]]:
    """The twin's first rows and some doubtful ones."""
    with (ROOT / "data" / "diabetes.csv").open() as file:
        known = [{name: float(row[name]) if row[name] else None for name in ROW} for row in list(csv.DictReader(file))[::50]]
    return [*known, ROW | {"HbA1c": None}, ROW | {"BS Fast": 0, "Age": 119}, dict.fromkeys(ROW)]


def test_answers_are_those_of_score(api: Client, folder: Path) -> None:
    run, sent = load_scoring(folder), rows()
    values = np.array([[np.nan if value is None else value for value in row.values()] for row in sent])
    scores = score_rows(run, values)
    (numbers, texts), (places, known) = notes(run, scores), sets(run, scores)
    answered = api.post("/predict", json=sent).json()
    assert [each["output"] for each in answered] == scores.output.tolist()
    assert [list(each["probabilities"].values()) for each in answered] == scores.probabilities.tolist()
    assert [each["class"] for each in answered] == [list(run.config.data.codes)[each] for each in scores.answers]
    assert [" or ".join(each["possible"]) for each in answered] == [known[each] for each in places]
    assert ["; ".join(each["notes"]) for each in answered] == [texts[each] for each in numbers]
    for row, value in zip(sent, values, strict=True):
        one = api.post("/predict", json=row).json()
        assert one["output"] == score_rows(run, value[None]).output[0].tolist()
        assert set(one) == {"class", "output", "probabilities", "possible", "notes"}


def test_explain_adds_pushes(api: Client, folder: Path) -> None:
    (answer,) = api.post("/predict?explain=true", json=[ROW]).json()
    told = pushes_module.pushes(load_scoring(folder), np.array([list(ROW.values())], dtype=float))
    assert answer["pushes"]["reference"] == dict(zip(ROW, told.reference.tolist(), strict=True))
    assert answer["pushes"]["reference_output"] == told.reference_output.tolist()
    assert list(answer["pushes"]["features"].values()) == told.pushes[0].tolist()
    refused = api.post("/predict?explain=true", json=[ROW] * 4)
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["query", "explain"]


def test_what_no_number_comes_of_is_null(folder: Path) -> None:
    run = load_scoring(folder)
    steps = replace(run.model.preprocessor, fill=np.full(6, np.nan))
    client = Client(application(replace(run, model=replace(run.model, preprocessor=steps)), folder))
    answer = client.post("/predict?explain=true", json=ROW | {"Age": None}).json()
    assert answer["class"] is None
    assert answer["output"] == [None]
    assert set(answer["probabilities"].values()) == {None}
    assert answer["possible"] == ["Normal", "Type1", "Type2"]
    assert answer["pushes"]["features"]["Age"] == [None]
    assert answer["notes"] == ["Age missing, so there is no answer"]
    assert client.get("/model").json()["features"]["Age"]["fill"] is None


@pytest.mark.parametrize(
    ("body", "place", "told"),
    [
        (ROW | {"Age": True}, ["body", "Age"], "finite number"),
        (ROW | {"Age": "31"}, ["body", "Age"], "finite number"),
        (ROW | {"Age": [31]}, ["body", "Age"], "finite number"),
        (json.dumps(ROW).replace("45", "NaN"), ["body", "Age"], "finite number"),
        (json.dumps(ROW).replace("45", "-Infinity"), ["body", "Age"], "finite number"),
        (json.dumps(ROW).replace("45", "1e999"), ["body", "Age"], "finite number"),
        (json.dumps(ROW).replace("45", "1" + "0" * 400), ["body", "Age"], "finite number"),
        (json.dumps(ROW).replace("45", "1" * 5000), ["body"], "digits"),
        (json.dumps(ROW).replace("Age", "HbA1c"), ["body", "HbA1c"], "twice"),
        ({name: 1 for name in ROW if name != "HbA1c"}, ["body", "HbA1c"], "missing"),
        (ROW | {"hba1": 1}, ["body", "hba1"], 'did you mean "HbA1c"'),
        (ROW | {"\ud800": 1}, ["body"], "unicode"),
        ([ROW, ROW | {"Age": "x"}], ["body", 1, "Age"], "finite number"),
        ([ROW, 7], ["body", 1], "object"),
        ([], ["body"], "1 to 50 rows"),
        ([ROW] * 51, ["body"], "1 to 50 rows"),
        ("", ["body"], "JSON"),
        ('{"Age": 1', ["body"], "line 1 column 10"),
        ("[" * 90_000, ["body"], "recursion"),
        (b'{"Age": "\xff"}', ["body"], "UTF-8"),
        ("null", ["body"], "object"),
    ],
)
def test_what_is_no_row_is_told_by_its_place(api: Client, body: object, place: list[str | int], told: str) -> None:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    answer = api.post("/predict", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    problems = answer.json()["detail"]
    assert [problem for problem in problems if problem["loc"] == place and told in problem["msg"]]
    assert all(set(problem) == {"loc", "msg", "type"} for problem in problems)


def test_no_more_than_a_hundred_problems_are_told(api: Client) -> None:
    answer = api.post("/predict", json=[{}] * 50)
    assert len(answer.json()["detail"]) == 100


async def pieces() -> AsyncIterator[bytes]:
    for _ in range(2):
        yield b" " * 60_000


def test_statuses_of_what_is_asked_wrongly(api: Client) -> None:
    assert api.post("/predict", content=json.dumps(ROW)).status_code == 415
    assert api.post("/predict.csv", json=ROW).status_code == 415
    assert api.post("/predict?explain=1", json=ROW).status_code == 422
    assert api.get("/nope").status_code == 404
    wrong = api.get("/predict")
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "POST"
    assert api.post("/predict", content=b" " * 100_001, headers={"Content-Type": "application/json"}).status_code == 413
    assert api.post("/predict.csv", content=pieces(), headers={"Content-Type": "text/csv"}).status_code == 413


def test_csv_comes_back_scored_and_rejected_rows_are_told(api: Client) -> None:
    head = [*ROW, "Type"]
    text = "\n".join([",".join(head), "45,6,8,11.9,8,55,Type1", "45,6,8,11.9,8,secret,Type1", ",,,,,,Normal"])
    answer = api.post("/predict.csv", content=text, headers={"Content-Type": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert (answer.headers["x-rows"], answer.headers["x-rejected"]) == ("2", "1")
    table = list(csv.DictReader(io.StringIO(answer.text)))
    one = api.post("/predict", json=[ROW, dict.fromkeys(ROW)]).json()
    assert [row["predicted Type"] for row in table] == [each["class"] for each in one]
    assert float(answer.headers["x-accuracy"]) == np.mean([row["predicted Type"] == row["Type"] for row in table])
    upload = {"file": ("../my rows.csv", text)}
    for wanted, name in (("", "my-rows-scored.csv"), ("?rejected=true", "my-rows-rejected.csv")):
        sent = api.post(f"/predict.csv{wanted}", files=upload)
        assert sent.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert (sent.text == answer.text) is not bool(wanted)
    (rejected,) = csv.DictReader(io.StringIO(sent.text))
    assert rejected["line"] == "3"
    assert "HbA1c" in rejected["reason"]


def test_a_csv_that_cannot_be_used_is_told_without_a_path(api: Client) -> None:
    answer = api.post("/predict.csv", content="Age,x\n1,2\n", headers={"Content-Type": "text/csv"})
    assert answer.status_code == 422
    text = answer.json()["detail"][0]["msg"]
    assert text.endswith('it lacks "BS Fast", "BS pp", "Plasma R", "Plasma F" and "HbA1c"')
    headless = api.post("/predict.csv", content=f"{SECRET},1,1,{SECRET}\n", headers={"Content-Type": "text/csv"})
    assert headless.status_code == 422
    assert str(SECRET) not in headless.text
    names = ",".join(ROW)
    for content in ('John "Smith" x,5\n', f'{names},Age,"Smith"\n1,2\n', "Smith;5\n", f'"Smith{"x" * 99_000}\n', ""):
        refused = api.post("/predict.csv", content=content, headers={"Content-Type": "text/csv"})
        assert refused.status_code == 422
        assert "Smith" not in refused.text
    assert api.post("/predict.csv", files={"other": "x"}).json()["detail"][0]["loc"] == ["body", "file"]
    boundless = api.post("/predict.csv", content="x", headers={"Content-Type": "multipart/form-data"})
    assert boundless.status_code == 400


def test_a_full_disk_is_told_without_a_path(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (OSError(errno.ENOSPC, "full", "secret/x"), PipelineError("secret/x: cannot be written")):

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr("pipeline.serve.application.scored_csv", fail)
        answer = api.post("/predict.csv", content="Age\n", headers={"Content-Type": "text/csv"})
        assert answer.status_code == 507
        assert answer.json() == {"detail": "the server cannot write its temporary files; is its disk full?"}
    assert "507" in api.get("/openapi.json").json()["paths"]["/predict.csv"]["post"]["responses"]


def test_model_health_page_and_report(api: Client, folder: Path, small_run: Path) -> None:
    run = load_scoring(folder)
    assert api.get("/health").json() == {"status": "ok", "run": run.record.run}
    told = api.get("/model").json()
    assert list(told["features"]) == list(ROW)
    assert told["features"]["HbA1c"]["seen"] == run.model.preprocessor.seen[:, 5].tolist()
    assert told["features"]["HbA1c"]["fill"] == run.model.preprocessor.fill[5]
    assert told["network"] == {"layers": [6, 3, 1], "slopes": [0.05, 0.05], "output": "code", "parameters": 25}
    assert {each["code"] for each in told["findings"]} == {finding.code for finding in run.record.findings}
    assert "Not for clinical use" in told["intended"]
    page = api.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "nonce-" in page.headers["content-security-policy"]


def test_the_document_asks_what_is_answered(api: Client) -> None:
    text = (ROOT / "pipeline" / "serve" / "README.md").read_text()
    told = {path.partition("?")[0] for path in re.findall(r"`(?:GET|POST) (/\S*)`", text)}
    assert told == {*api.get("/openapi.json").json()["paths"], "/openapi.json"}
    (line,) = re.findall(r"^    (curl .*)$", text, re.MULTILINE)
    _, _, url, _, header, _, body = shlex.split(line)
    answer = api.post(httpx.URL(url).path, content=body, headers=[header.split(": ")])
    assert answer.status_code == 200
    assert answer.json()["notes"] == ["HbA1c missing, filled with 40"]


def test_the_report_is_shown_once_there_is_one(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("<p>told</p>")
    client = Client(application(load_scoring(folder), tmp_path))
    assert client.get("/report").text == "<p>told</p>"
    assert 'href="report"' in client.get("/").text


@pytest.mark.slow
def test_a_report_is_made_once_for_all_who_ask(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, start = [], asyncio.create_subprocess_exec

    async def counted(*words: str, **more: Any) -> Any:
        made.append(words)
        return await start(*words, **more)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", counted)
    app = application(load_scoring("models/latest"), Path("models/latest"))

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", timeout=60) as client:
            return await asyncio.gather(*(client.get("/report") for _ in range(3)))

    answers = asyncio.run(ask())
    assert len(made) == 1
    Path("models/latest/report.html").unlink()
    written = json.loads(command("report", "--json", folder=trained).stdout)["report"]
    expected = (trained / written).read_bytes()
    assert [(answer.status_code, answer.content == expected) for answer in answers] == [(200, True)] * 3


def test_why_there_is_no_report_is_one_line(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(application(load_scoring("models/latest"), Path("models/latest")))
    twin = Path("data/diabetes.csv")
    twin.write_text(twin.read_text().replace("40", "41", 1))
    answer = client.get("/report")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("data/diabetes.csv: a report needs the data that the run was trained on")
    assert "\n" not in answer.text
    Path("matplotlib.py").write_text("raise ModuleNotFoundError(name='matplotlib')")
    monkeypatch.syspath_prepend(trained)
    assert client.get("/report").text == "report: matplotlib is needed and not installed; pip install '.[report]'"
    assert 'href="report"' in client.get("/").text
    monkeypatch.setattr("pipeline.serve.asked_report.find_spec", lambda name: None)
    assert 'href="report"' not in client.get("/").text


def test_no_report_but_a_regular_file_is_shown(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.serve.asked_report.find_spec", lambda name: None)
    (tmp_path / "secret").write_text("secret")
    client, report = Client(application(load_scoring(folder), tmp_path)), tmp_path / "report.html"
    for make in (lambda: report.symlink_to("secret"), lambda: os.mkfifo(report), report.mkdir):
        make()
        assert client.get("/report").status_code == 404
        assert 'href="report"' not in client.get("/").text
        report.rmdir() if report.is_dir() else report.unlink()


def test_every_answer_has_the_headers_and_only_known_hosts_are_answered(folder: Path) -> None:
    client = Client(application(load_scoring(folder), folder, ["localhost"]))
    for path, host, status in (("/health", "LOCALHOST:80", 200), ("/nope", "localhost", 404), ("/health", "evil.example", 400)):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == status
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_an_error_of_ours_tells_neither_value_nor_path(
    api: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pipeline.serve.application.answers", lambda run, values, explain: [][int(values[0, 0])])
    answer = api.post("/predict", json=ROW | {"Age": SECRET})
    assert answer.status_code == 500
    assert answer.json() == {"detail": "internal error"}
    api.get(f"/Age={SECRET}")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: IndexError in an answer; please report what was asked"
    assert [line.rsplit(" ", 2)[0] for line in lines[1:]] == ["POST /predict 500", "GET unknown path 404"]


def test_a_body_that_does_not_come_ends_with_408(folder: Path) -> None:
    app = application(load_scoring(folder), folder, limits=Limits(seconds=0.05))
    sent: list[dict] = []

    async def receive() -> dict:
        await asyncio.sleep(5)
        raise AssertionError

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "headers": [(b"content-length", b"9")]}
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


def test_a_server_answers_while_slow_and_huge_ones_are_served(server: Serving) -> None:
    with socket.create_connection(server.place, 10) as head, socket.create_connection(server.place, 10) as body:
        head.sendall(b"POST /predict HTTP/1.1\r\nHo")
        text = json.dumps(ROW).encode()
        length = str(len(text)).encode()
        body.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " + length)
        for byte in (b"\r\n\r\n" + text)[:20]:
            body.sendall(bytes([byte]))
        assert load(f"{server.url}/predict", 10, 200)["errors"] == 0
        for sized in (True, False):
            huge = http.client.HTTPConnection(*server.place, timeout=30)
            content = (b" " * 1_000_000 for _ in range(12))
            length_header = {"Content-Length": "12000000"} if sized else {}
            huge.request("POST", "/predict", content, {"Content-Type": "application/json"} | length_header)
            assert huge.getresponse().status == 413
            huge.close()
        body.sendall((b"\r\n\r\n" + text)[20:])
        assert body.recv(100).startswith(b"HTTP/1.1 200 OK")
    assert "Traceback" not in server.log.read_text()


def test_many_connections_at_once_are_answered(server: Serving) -> None:
    counted = load(f"{server.url}/predict", 300, 300)
    assert (counted["requests"], counted["errors"]) == (300, 0)


@pytest.mark.slow
def test_schemathesis_finds_nothing(server: Serving, tmp_path: Path) -> None:
    words = ["run", f"{server.url}/openapi.json", "--seed", "1", "-n", "5", "--no-color"]
    script = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run([script, *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly_and_a_taken_port_is_one_line(how: signal.Signals, small_run: Path) -> None:
    with serving(small_run) as found:
        taken = command("serve", "--port", found.place[1], folder=small_run)
        with socket.create_connection(found.place, 10) as waiting:
            waiting.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert waiting.recv(100).startswith(b"HTTP/1.1 200 OK")
            assert found.stop(how) == 0
        run = (small_run / "models" / "latest").readlink().name
        first, *others = found.log.read_text().splitlines()
        assert first == f"serving models/{run} on {found.url} (Ctrl-C stops)"
        assert [line.rsplit(" ", 2)[0] for line in others] == ["GET /health 200"]
    assert taken.returncode == 2
    assert taken.stderr.startswith(f"error: serve: cannot listen on 127.0.0.1:{found.place[1]}: Address already in use; choose")
    assert taken.stderr.count("\n") == 1


def test_serve_without_a_run_or_a_host_is_one_line(workplace: Path, small_run: Path, in_process: Call) -> None:
    code, out, _ = in_process("serve")
    assert (code, out) == (2, {"error": ["models/latest: there is no run here; train first"]})
    code, out, _ = in_process("serve", small_run / "models" / "latest", "--host", "256.1.1.1")
    assert code == 2
    assert "cannot listen on 256.1.1.1:8000" in out["error"][0]


def test_a_missing_extra_is_one_line(trained: Path, in_process: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pipeline.serve.command", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    code, out, _ = in_process("serve")
    assert code == 2
    assert out == {"error": ["serve: uvicorn is needed and not installed; pip install '.[serve]'"]}


def test_serve_imports_no_estimators_and_no_pandas(trained: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom pipeline.serve import command as server\n"
        "def ready(run, url):\n    print(*sys.modules)\n    raise SystemExit\n"
        "server.serve(Path('models/latest'), '127.0.0.1', 0, ready)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    modules = {name.split(".")[0] for name in done.stdout.split()}
    assert {"fastapi", "numpy"} <= modules
    assert not {"tensorflow", "keras", "sklearn", "scipy", "pandas", "pyarrow"} & modules


def test_a_connection_that_does_not_move_is_broken_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.serve import command as module

    monkeypatch.setattr(module, "_STALLED", 1)
    found: list[bytes] = []

    def stall(url: str) -> None:
        place = (url.split("//")[1].split(":")[0], int(url.rsplit(":", 1)[1]))

        def talk() -> None:
            with socket.create_connection(place, 10) as client:
                client.sendall(b"GET /hea")
                try:
                    found.append(client.recv(100))
                except ConnectionResetError:
                    found.append(b"")
            signal.raise_signal(signal.SIGTERM)

        threading.Thread(target=talk).start()

    with module.listener("127.0.0.1", 0) as taken:
        module.listen(application(load_scoring(folder), folder), taken, "127.0.0.1", stall)
    assert found == [b""]
