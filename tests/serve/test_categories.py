"""Categories over HTTP and on the page: what comes back is what ``score_rows`` says of the numbers that they stand for."""

import csv
import dataclasses
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.predict.file import predict
from pipeline.predict.score import notes, score_rows
from pipeline.runs.saved import Scoring, load_scoring
from pipeline.serve import pushes as pushes_module
from pipeline.serve.application import application
from pipeline.track.mlflow_model import ScoringModel
from tests.browsing import barriers, visited
from tests.clinic import ADDED, clinic_rows
from tests.predict.test_kinds_of_file import sheet, typed, with_commas
from tests.serve.test_application import Client
from tests.serve.test_page import settled
from tests.serve.threaded import Threaded, served

ROW = {"age": 50, "glucose": 6.5, "sex": "m", "smoking": "former", "pain": "some", "visits": "2"}
VALUES = [50, 6.5, 1, 1, 1, 1]
UNKNOWN = -np.inf


@pytest.fixture(scope="module")
def run(clinic: Path) -> Scoring:
    return load_scoring(clinic / "models" / "latest")


@pytest.fixture(scope="module")
def api(run: Scoring, clinic: Path) -> Client:
    return Client(application(run, clinic / "models" / "latest"))


@pytest.fixture(scope="module")
def server(run: Scoring) -> Iterator[Threaded]:
    with served(run) as started:
        yield started


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ({"visits": 2}, {}),
        ({"visits": 2.0}, {}),
        ({"visits": " 2.0 "}, {}),
        ({"visits": 7}, {5: UNKNOWN}),
        ({"visits": True}, {5: UNKNOWN}),
        ({"smoking": None}, {3: np.nan}),
        ({"smoking": ""}, {3: np.nan}),
        ({"smoking": "of old, yes"}, {3: 3}),
        ({"smoking": "Former"}, {3: UNKNOWN}),
        ({"smoking": "\ud800"}, {3: UNKNOWN}),
        ({"sex": "x", "pain": "severe"}, {2: UNKNOWN, 4: 2}),
    ],
)
def test_a_text_stands_for_its_number_and_an_unknown_one_is_told(
    api: Client, run: Scoring, cell: dict[str, Any], value: dict[int, float]
) -> None:
    values = np.array([[value.get(place, number) for place, number in enumerate(VALUES)]])
    scores = score_rows(run, values)
    (number,), texts = notes(run, scores)
    answer = api.post(
        "/predict?explain=true", content=json.dumps(ROW | cell), headers={"Content-Type": "application/json"}
    ).json()
    assert answer["output"] == scores.output[0].tolist()
    assert "; ".join(answer["notes"]) == texts[number]
    moved = pushes_module.pushes(run, values)
    assert list(answer["pushes"]["features"].values()) == moved.pushes[0].tolist()
    for place, number in value.items():
        if np.isnan(number) or np.isinf(number):
            assert answer["pushes"]["features"][list(ROW)[place]] == [0, 0]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("age", -9),
        ("glucose", -9.0),
        ("glucose", -999),
        ("glucose", 7.25),
        ("visits", 99),
        ("visits", "99.0"),
        ("visits", -9),
        ("sex", "-9.00"),
        ("smoking", "N/A"),
        ("pain", "Not asked"),
    ],
)
def test_what_means_missing_is_missing_at_every_door(
    api: Client, run: Scoring, tmp_path: Path, name: str, cell: float | str
) -> None:
    named, empty = ROW | {name: cell}, ROW | {name: None}
    answer, same = (api.post("/predict?explain=true", json=[row]).json() for row in (named, empty))
    assert answer == same
    assert answer[0]["notes"][0].startswith(f"{name} missing, filled with ")
    tables = [pd.DataFrame([row]) for row in (named, empty)]
    tracked = [ScoringModel(run).predict(table) for table in tables]
    pd.testing.assert_frame_equal(*tracked)
    for number, table in enumerate(tables):
        table.to_csv(tmp_path / f"{number}.csv", index=False)
        predict(run, tmp_path / f"{number}.csv", tmp_path / f"{number}-out.csv")
    scored = [pd.read_csv(tmp_path / f"{number}-out.csv")[ADDED] for number in range(2)]
    pd.testing.assert_frame_equal(*scored)
    assert scored[0]["notes"][0] == tracked[0]["note"][0] == "; ".join(answer[0]["notes"])


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ({"sex": ["m"]}, "a category as text"),
        ({"sex": {}}, "a category as text"),
        ({"age": "50"}, "finite number"),
        ({"age": True}, "finite number"),
    ],
)
def test_what_can_be_no_cell_is_refused(api: Client, cell: dict[str, Any], told: str) -> None:
    refused = api.post("/predict", json=[ROW, ROW | cell])
    assert refused.status_code == 422
    (problem,) = refused.json()["detail"]
    assert problem["loc"] == ["body", 1, *cell]
    assert told in problem["msg"]


def test_facts_and_reference_are_texts(api: Client, run: Scoring) -> None:
    features = api.get("/model").json()["features"]
    assert features["smoking"]["seen"] == ["never", "former", "current"]
    assert features["smoking"]["fill"] == "never"
    assert features["pain"]["categories"] == {"none": 0, "some": 1, "severe": 2}
    assert features["visits"]["seen"] == ["1", "2", "3"]
    reference = api.post("/predict?explain=true", json=ROW).json()["pushes"]["reference"]
    assert reference["smoking"] == "never"
    assert reference["age"] == run.model.preprocessor.fill[0]
    schema = api.get("/openapi.json").json()["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    smoking = schema["oneOf"][0]["properties"]["smoking"]
    assert [kind["type"] for kind in smoking["anyOf"]] == ["string", "null"]
    assert smoking["examples"] == ["never", "former", "current", "of old, yes", None]
    assert '"never", "former", "current" and "of old, yes"' in smoking["description"]


def test_where_nothing_fills_the_reference_is_a_category_that_occurs(run: Scoring) -> None:
    steps = dataclasses.replace(run.model.preprocessor, fill=np.full(6, np.nan))
    bare = dataclasses.replace(run, model=dataclasses.replace(run.model, preprocessor=steps))
    low, high = steps.seen
    reference = pushes_module.pushes(bare, np.array([VALUES], dtype=float)).reference
    np.testing.assert_array_equal(reference, [*(low[:2] / 2 + high[:2] / 2), 0, 0, 0, 0])


FILES = {"rows.csv": (lambda rows, path: rows.to_csv(path, index=False, sep=";"), with_commas), "rows.xlsx": (sheet, typed)}
FILES["rows.parquet"] = (lambda rows, path: rows.to_parquet(path), typed)


@pytest.mark.parametrize("kind", ["text/csv", "application/octet-stream", "application/vnd.apache.parquet", None])
@pytest.mark.parametrize("name", FILES)
def test_an_upload_of_any_kind_comes_back_as_predict_scores_it(
    api: Client, run: Scoring, tmp_path: Path, name: str, kind: str | None
) -> None:
    write, change = FILES[name]
    write(change(clinic_rows(20)), tmp_path / name)
    counts = predict(run, tmp_path / name, tmp_path / "out.csv", called="rows")
    content = (tmp_path / name).read_bytes()
    sent = {"content": content, "headers": {"Content-Type": kind}} if kind else {"files": {"file": (name, content)}}
    answer = api.post("/predict.csv", **sent)
    assert answer.content == (tmp_path / "out.csv").read_bytes()
    assert answer.headers["x-rows"] == "20"
    assert json.loads(answer.headers.get("x-notes", "[]")) == list(counts.told)
    assert 'filename="rows-scored.csv"' in answer.headers["content-disposition"]


@pytest.mark.parametrize("content", [b"PK\x03\x04Smith", b"PAR1Smith", b"\x1f\x8bSmith", b"age;Smith\n1,5;2\n", b"\xff\xfeS\x00"])
def test_a_damaged_upload_is_refused_without_a_word_of_it(api: Client, content: bytes) -> None:
    refused = api.post("/predict.csv", content=content, headers={"Content-Type": "application/octet-stream"})
    assert refused.status_code == 422
    assert "Smith" not in refused.text
    assert "tmp" not in refused.text


def test_the_page_has_a_choice_for_each_category(browser: Any, server: Threaded) -> None:
    with visited(browser, server.address, reduced_motion="reduce") as shown:
        assert shown.locator("#value-3 option").all_inner_texts() == ["missing", "never", "former", "current", "of old, yes"]
        assert shown.inner_text("#hint-3") == "trained on never, former, current only"
        usual = [float(server.run.model.preprocessor.fill[place]) for place in range(6)]
        chosen = [shown.locator(f"#value-{place} option:checked").inner_text() for place in (2, 3, 4, 5)]
        features = list(server.run.config.data.features.values())
        assert chosen == [features[place].worded(usual[place]) for place in (2, 3, 4, 5)]
        assert shown.inner_text("#answer-title") == "Answer to the example"
        shown.click("#clear")
        settled(shown)
        assert shown.inner_text("#said-3") == "empty, will be filled with never"
        for place, text in enumerate(("50", "6,5")):
            shown.fill(f"#value-{place}", text)
        for place, text in {2: "m", 3: "of old, yes", 5: "2"}.items():
            shown.select_option(f"#value-{place}", label=text)
        headline = settled(shown)
        values = np.array([[50, 6.5, 1, 3, np.nan, 1]])
        scores = score_rows(server.run, values)
        (number,), texts = notes(server.run, scores)
        assert list(server.run.config.data.codes)[scores.answers[0]] in headline
        assert shown.locator("#notes li").all_inner_texts() == texts[number].split("; ")
        assert shown.inner_text("#said-3").startswith("of a category that no training row has")
        under = shown.locator(".pushes .under").all_inner_texts()
        assert under[3] == "of old, yes, most frequent never"
        assert under[4].startswith("missing, most frequent ")
        assert barriers(shown) == []
        shown.click("#clear")
        shown.locator("#headline", has_text="Type a value").wait_for()


def test_a_workbook_dropped_on_the_page_comes_back_scored(browser: Any, server: Threaded, tmp_path: Path) -> None:
    sheet(typed(clinic_rows(20)), tmp_path / "my rows.xlsx")
    with visited(browser, server.address) as shown:
        with shown.expect_download() as coming:
            shown.set_input_files("#file", tmp_path / "my rows.xlsx")
        assert coming.value.suggested_filename == "my rows-scored.csv"
        rows = list(csv.reader(io.StringIO(Path(coming.value.path()).read_text())))
        assert len(rows) == 21
        assert rows[0][-5:] == ADDED
        assert 'sheet "Sheet1"' in shown.inner_text("#scored")
