"""The page: whole, safe, the same twice, and for any run."""

import html
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config.schema import CardSection
from pipeline.report.page import report_page
from pipeline.runs.reopen import Reopened
from tests.report.samples import enriched
from tests.report.shapes import LISTED, SHAPES

SOME_SHAPES = [pytest.param(name, marks=[] if name in ("flat", "categories") else pytest.mark.slow) for name in SHAPES]

Call = Callable[..., tuple[int, dict, str]]
Shape = Callable[[str], Reopened]
Page = Callable[[str], str]
Tags = list[tuple[str, dict[str, str | None]]]
SECTIONS = [
    "verdict", "findings", "accuracy", "classes", "probabilities", "unseen", "subgroups", "training", "network", "rules",
    "importance", "features", "leaky", "data", "use", "again", "gone", "words",
]  # fmt: skip


class Reader(HTMLParser):
    """Collects start tags."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Tags = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def outline(text: str) -> Tags:
    reader = Reader()
    reader.feed(text)
    return reader.found


def bare(run: Reopened) -> str:
    return report_page(run.run, run.table, run.summary)


def text_of(page_text: str) -> str:
    """Return what a reader sees, with plain blanks."""
    body = re.sub(r"<style>.*?</style>", "", page_text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_every_section_is_there_in_order(full_page: str) -> None:
    assert [marks["id"] for tag, marks in outline(full_page) if tag == "h2"] == SECTIONS


def test_headings_never_skip_a_level(full_page: str) -> None:
    levels = [int(tag[1]) for tag, _ in outline(full_page) if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", SOME_SHAPES)
def test_every_figure_has_a_title_a_description_and_a_caption(name: str, shape_page: Page) -> None:
    text = shape_page(name)
    tags = outline(text)
    images = [marks for tag, marks in tags if tag == "svg"]
    known = {marks["id"] for _, marks in tags if "id" in marks}
    assert len(images) == sum(tag == "figcaption" for tag, _ in tags) >= 5
    assert all(marks["role"] == "img" and set((marks["aria-labelledby"] or "").split()) <= known for marks in images)
    assert all(len(caption) > 10 for caption in re.findall(r"<figcaption>(.*?)</figcaption>", text, re.DOTALL))


@pytest.mark.parametrize("name", SOME_SHAPES)
def test_identifiers_are_unique_and_all_references_lead_somewhere(name: str, shape_page: Page) -> None:
    text = shape_page(name)
    names = [str(marks["id"]) for _, marks in outline(text) if "id" in marks]
    assert len(names) == len(set(names))
    asked = {each for pair in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text) for each in pair if each}
    assert asked <= set(names)


def test_nothing_is_loaded_and_nothing_is_run(full_page: str) -> None:
    tags = outline(full_page)
    assert not {"script", "link", "iframe", "object", "img", "base", "form"} & {tag for tag, _ in tags}
    addresses = [str(marks[key]) for _, marks in tags for key in ("href", "src", "xlink:href") if key in marks]
    assert all(each.startswith(("#", "data:image/png;base64,")) for each in addresses)
    assert not [key for _, marks in tags for key in marks if key.startswith("on")]
    assert "@import" not in full_page
    assert not re.findall(r"url\((?!#)", full_page)


@pytest.mark.slow
def test_names_are_text(shape: Shape, shape_page: Page) -> None:
    for text in (bare(shape("nasty")), shape_page("nasty")):
        tags = outline(text)
        assert not {"script", "i", "u"} & {tag for tag, _ in tags}
        assert sum(tag == "style" for tag, _ in tags) == 1
        seen = text_of(text)
        assert "<script>alert(1)</script>" in seen
        assert "</style><b>x" in seen
        assert "$x^2$ {{ 7 * 7 }}" in seen
        assert "the <i>class</i>" in seen
        assert "a < b & c.csv" in seen


def test_categories_are_listed_and_shown_by_their_texts(shape: Shape) -> None:
    """pandas, reading the file, says which category fills a gap; names that would be markup are text."""
    run = shape("categories")
    seen, steps = text_of(bare(run)), run.run.model.preprocessor
    rows = pd.read_csv(run.table.path, keep_default_na=False).query("kind != ''").iloc[run.run.split.train]
    columns = run.summary.to_json()["columns"]
    for name in LISTED:
        assert columns[name]["fill"] == rows[name][rows[name] != ""].mode()[0]
        assert columns[name]["gaps"] == int(np.isnan(run.table.column(name)).sum())
    assert columns["age"]["fill"] == rows["age"].median()
    assert run.summary.network.layers == (1 + 1 + 14 + 1, 3, 2)
    assert [*run.summary.advice.inputs["raw"]] == list(steps.columns)
    for each in ("150 rows read", "3 rows excluded 3 without a label", "14 categories", "none (0), some (1), severe (5)", "f, m",
                 "sex=m", "<b>ward</b>=ward 7", "most frequent one"):  # fmt: skip
        assert each in seen
    assert "unit of sex" not in seen
    assert "plausible range of pain" not in seen
    assert not re.search("TRIPOD|[\u202a-\u202e]", seen)
    assert "script" not in {tag for tag, _ in outline(bare(run))}


def test_a_name_cannot_turn_the_line_around(shape_page: Page) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", shape_page("nasty"))


def test_what_was_not_supplied_is_shown_as_such(reopened: Reopened) -> None:
    accuracy = reopened.summary.accuracy.model_copy(update={"unseen_profiles": None, "unseen_interval": None})
    absent = {"accuracy": accuracy, "card": CardSection(), "unseen": None, "probabilities": None, "advice": None}
    summary = reopened.summary.model_copy(update=absent)
    seen = text_of(report_page(reopened.run, reopened.table, summary))
    assert seen.count("not supplied") >= 7
    for each in ("AUC, Brier score, log loss and calibration: not measured", "Accuracy on unseen rows: not measured"):
        assert each in seen
    gone = seen[seen.index("A reader who has to judge") :]
    for each in ("intended use", "intended users", "dates of the data", "external validation"):
        assert each in gone


PARTS = ("unseen", "probabilities", "advice")


@pytest.mark.parametrize("part", PARTS)
def test_every_part_may_be_absent(part: str, reopened: Reopened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.report.page._pictures", lambda run, summary: {})
    monkeypatch.setattr("pipeline.report.page._responses", lambda run, table: [])
    full = enriched(reopened.summary, reopened.table)
    whole, less = (report_page(reopened.run, reopened.table, each) for each in (full, full.model_copy(update={part: None})))
    assert text_of(less).count("not measured") > text_of(whole).count("not measured")


def test_what_a_report_of_a_prediction_model_must_hold_is_there(full_page: str, reopened: Reopened) -> None:
    seen, data = text_of(full_page), reopened.summary.data
    expected = [
        "Not for clinical use", "intended use", "Teaching: how a small network learns.", "intended users", "source of the data",
        "Synthetic <data>", "mmol/L", "2 to 30", "1,009 rows read", "0 rows excluded", "807 rows used for training",
        "202 rows kept for the test", "32.3", "learnt from training rows only", "sensitivity", "specificity",
        "positive predictive value", "negative predictive value", "AUC", "macro F1", "Brier score 0.11 (0.09 to 0.13)",
        "log loss 0.21 (0.17 to 0.25)", "Calibration", "prevalence", "62.5 %", "always the largest class", "Test accuracy by Age",
        "external validation none", "random seeds training 0, split 5", "slope 0.05", "ordinal", data.sha256,
    ]  # fmt: skip
    assert [each for each in expected if each not in seen] == []
    assert not re.search(r"TRIPOD|[Ii]tem \d", seen)


@pytest.mark.parametrize("name", SOME_SHAPES)
def test_every_weight_is_in_the_tables_to_the_last_digit(name: str, shape: Shape, shape_page: Page) -> None:
    text = shape_page(name)
    assert [weight for weight in map(str, shape(name).run.model.network.weights) if f">{weight}</td>" not in text] == []


def test_what_the_probabilities_of_each_model_are_worth_stands_beside_its_accuracy(reopened: Reopened) -> None:
    text = bare(reopened)
    for label, name in {
        "this network": "network",
        "logistic regression": "logistic_regression",
        "the ADA rule": "ada_rule",
    }.items():
        (row,) = re.findall(rf'<tr[^>]*><th scope="row">{label}</th>.*?</tr>', text, re.DOTALL)
        worth = reopened.summary.comparison[name].probabilities
        expected = [f"{figure:.3f}" for figure in (worth.log_loss, worth.brier, worth.macro_auc)] if worth else ["-"] * 3
        assert text_of(row).split()[-3:] == expected
    assert text.count("log loss</th>") == 1


def test_the_figures_are_those_of_the_summary(reopened: Reopened) -> None:
    seen = text_of(bare(reopened))
    accuracy = reopened.summary.accuracy
    for figure in (accuracy.train, accuracy.test, reopened.summary.baselines["majority"], *accuracy.test_interval):
        assert f"{figure * 100:.1f}" in seen
    for finding in reopened.summary.findings:
        assert finding.message in seen


def test_the_verdict_comes_first_and_says_how_it_stands(reopened: Reopened, shape: Shape) -> None:
    full = enriched(reopened.summary, reopened.table)
    seen = text_of(report_page(reopened.run, reopened.table, full))
    assert all(seen.index(sentence) < seen.index("Findings") for sentence in full.verdict)
    assert "read the doubts first" in seen
    assert "errors stand, and were accepted" in text_of(bare(shape("article")))
    assert "unsound" in text_of(report_page(reopened.run, reopened.table, full.model_copy(update={"sound": False})))


def test_a_run_that_answers_nothing_is_shown(shape: Shape) -> None:
    run = shape("article")
    assert run.summary.accuracy.test == 0
    seen = text_of(bare(run))
    for each in ("The output is not a number", "No loss is a number", "no class anywhere", "0 ended with a finite loss"):
        assert each in seen


def test_same_run_same_bytes(reopened: Reopened, full_page: str) -> None:
    assert report_page(reopened.run, reopened.table, enriched(reopened.summary, reopened.table)) == full_page


def test_report_writes_one_file_into_the_run_and_prints_its_path(trained: Path, in_process: Call) -> None:
    kept = {each: each.read_bytes() for each in Path("models").rglob("*") if each.is_file()}
    code, out, _ = in_process("report")
    path = Path(out["report"])
    assert code == 0
    assert out == {"run": json.loads(Path("train.json").read_text())["run"], "report": str(path), "bytes": path.stat().st_size}
    assert path == Path(out["run"]) / "report.html"
    first = path.read_bytes()
    assert in_process("report", out["run"])[1] == out
    assert path.read_bytes() == first
    assert {each: each.read_bytes() for each in kept} == kept
    assert [each.name for each in Path(out["run"]).iterdir() if each.name.startswith(".")] == []
    assert in_process("evaluate")[0] == 0


def test_report_of_an_edited_config_says_so(trained: Path, in_process: Call) -> None:
    config = Path("configs/default.yaml")
    config.write_text(config.read_text().replace("alpha: 0.05", "alpha: 0.3"))
    code, out, _ = in_process("report")
    assert code == 0
    assert "network.alpha 0.05 -> 0.3" in html.unescape(Path(out["report"]).read_text())


def test_report_refuses_data_that_changed(trained: Path, in_process: Call) -> None:
    with Path("data/diabetes.csv").open("a") as file:
        file.write("50,5.2,5.6,10.2,5.4,32,Normal,0\n")
    code, _, err = in_process("report")
    assert code == 2
    assert err.count("\n") == 1
    assert "data/diabetes.csv" in err
    assert "train again" in err
    Path("data/diabetes.csv").unlink()
    assert in_process("report")[0] == 2
    assert not list(Path("models").rglob("report.html"))


def test_report_of_a_damaged_run_or_a_folder_that_cannot_be_written_is_one_line(trained: Path, in_process: Call) -> None:
    run = Path(json.loads(Path("train.json").read_text())["run"])
    (run / "report.html").mkdir()
    code, _, err = in_process("report")
    assert code == 2
    assert "report cannot be written" in err
    assert [each.name for each in run.iterdir() if each.name.startswith(".")] == []
    (run / "weights.npz").write_bytes(b"x")
    code, _, err = in_process("report")
    assert code == 2
    assert "damaged" in err


def test_without_the_packages_one_line_says_what_to_install(
    trained: Path, in_process: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    for name in [each for each in sys.modules if each.startswith(("pipeline.report.", "jinja2"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    code, _, err = in_process("report")
    assert code == 2
    assert err == "error: report: jinja2 is needed and not installed; pip install '.[report]'\n"
