"""The page: whole, safe, the same twice, and for any run."""

import base64
import html
import io
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from markupsafe import Markup

from pipeline.config.schema import CardSection
from pipeline.judge.baselines import RIVAL_NAMES
from pipeline.machine.started import BY_MAKE
from pipeline.report.canvas import Picture
from pipeline.report.page import report_page
from pipeline.report.sections import next_calls
from pipeline.report.words import status
from pipeline.runs.reopen import Reopened
from pipeline.runs.summary import Origin
from tests.report.samples import enriched
from tests.report.shapes import LISTED, SHAPES

SOME_SHAPES = [pytest.param(name, marks=[] if name in ("flat", "categories") else pytest.mark.slow) for name in SHAPES]

Call = Callable[..., tuple[int, dict, str]]
Shape = Callable[[str], Reopened]
Page = Callable[[str], str]
Tags = list[tuple[str, dict[str, str | None]]]
SECTIONS = [
    "verdict", "findings", "next", "accuracy", "classes", "probabilities", "sets", "unseen", "subgroups", "training", "network",
    "rules", "importance", "features", "leaky", "data", "use", "again", "gone", "words",
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
    drawings = [figure.count("<svg") for figure in re.findall(r"<figure>.*?</figure>", text, re.DOTALL)]
    assert set(drawings) <= {1, 2}  # the second is for a telephone
    assert sum(drawings) == len(images)
    assert len(drawings) == sum(tag == "figcaption" for tag, _ in tags) >= 5
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
    kinds = ("#", "data:image/png;base64,", "data:image/svg+xml;base64,", "data:text/csv;charset=utf-8;base64,")
    assert all(each.startswith(kinds) for each in addresses)
    assert not [key for _, marks in tags for key in marks if key.startswith("on")]
    assert "@import" not in full_page
    assert not re.findall(r"url\((?!#)", full_page)


def saved(text: str) -> dict[str, bytes]:
    """Return the files that a page offers to save, by their names."""
    links = [marks for tag, marks in outline(text) if tag == "a" and "download" in marks]
    return {str(marks["download"]): base64.b64decode(str(marks["href"]).partition(",")[2]) for marks in links}


def frame_of_csv(file: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(file), keep_default_na=True)


def test_each_figure_can_be_saved_as_a_drawing_that_stands_alone_and_as_a_table(full_page: str) -> None:
    files, figures = saved(full_page), full_page.count("<figure>")
    assert figures >= 14
    assert [sum(name.endswith(end) for name in files) for end in (".svg", ".csv")] == [figures] * 2
    for name, content in files.items():
        if name.endswith(".svg"):
            root = ElementTree.fromstring(content)  # noqa: S314 - our own page
            assert root.tag == "{http://www.w3.org/2000/svg}svg"
            assert b"var(" not in content
        else:
            assert len(frame_of_csv(content).columns) >= 3


def test_the_tables_to_save_hold_the_figures_of_the_summary(full_page: str, reopened: Reopened) -> None:
    full, files = enriched(reopened.summary, reopened.table), saved(full_page)
    seen = frame_of_csv(files["accuracies.csv"]).set_index("model")
    names = {"network": "this network"} | {key: name for key, name in RIVAL_NAMES.items() if key != "network"}
    for key, standing in full.comparison.items():
        expected = [standing.test, *(standing.test_interval or (None, None)), standing.unseen]
        figures = [np.nan if end is None else end for end in (*expected, *(standing.unseen_interval or (None, None)))]
        assert seen.loc[names[key]].tolist() == pytest.approx(figures, nan_ok=True)
    counts = full.metrics.test.confusion
    assert frame_of_csv(files["confusion.csv"]).set_index("true class").T.to_dict() == counts
    weights = frame_of_csv(files["network.csv"])
    assert weights.weight.to_numpy(np.float32).tolist() == reopened.run.model.network.weights.tolist()
    losses = frame_of_csv(files["losses.csv"])
    starts = reopened.run.trained
    assert losses["chosen start"].iloc[-1] == pytest.approx(starts.loss_curves[-1, starts.chosen])
    assert losses.highest.iloc[-1] == pytest.approx(starts.loss_curves[-1].max())
    points = next(iter(full.probabilities.classes.values())).curve
    assert frame_of_csv(files["calibration0.csv"]).predicted.tolist() == [point.predicted for point in points]


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
    gone = re.search(r'<h2 id="gone">.*?</ul>', bare(run), re.DOTALL)
    assert gone
    assert not {"sex", "pain", "kind"} & set(re.findall(r"\w+", text_of(gone[0])))
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
    blank = Picture(Markup("<svg></svg>"), "a figure", "figure", [["a", "b"]])
    drawn = dict.fromkeys(("accuracies", "losses", "activations", "confusion", "network"), blank)
    monkeypatch.setattr("pipeline.report.page._pictures", lambda run, summary: drawn)
    monkeypatch.setattr("pipeline.report.page._calibrations", lambda run, table, summary: [])
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
        "positive predictive value", "negative predictive value", "AUC", "macro F1", "Brier score 0.110 (0.090 to 0.130)",
        "log loss 0.210 (0.170 to 0.250)", "Calibration", "prevalence", "62.5%", "always the largest class",
        "Test accuracy by Age",
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
    assert all(seen.index(sentence) < seen.index("A finding is a doubt") for sentence in full.verdict)
    article = shape("article")
    errors = sum(finding.level == "error" for finding in article.summary.findings)
    assert f"Verdict: {errors} errors, accepted by the config" in text_of(bare(article))
    assert "unsound" in text_of(report_page(reopened.run, reopened.table, full.model_copy(update={"sound": False})))


@pytest.mark.parametrize("clear", [True, False])
@pytest.mark.parametrize("levels", [(), ("info",), ("warning", "info"), ("warning", "warning")])
def test_the_box_never_contradicts_the_list_below(levels: tuple[str, ...], clear: bool, reopened: Reopened) -> None:
    template = reopened.summary.findings[0]
    findings = tuple(replace(template, level=level) for level in levels)
    heading = status(reopened.summary.model_copy(update={"findings": findings, "clear": clear, "sound": True}))
    warnings = levels.count("warning")
    assert ("warning" in heading[1]) == (warnings > 0)
    assert str(warnings) in heading[1] or not warnings
    assert ("nothing speaks against" in heading[1]) == (heading[0] == "good") == (clear and not warnings)


def test_findings_are_one_line_each_in_the_order_of_the_summary_with_their_details_below(reopened: Reopened) -> None:
    text, findings = bare(reopened), reopened.summary.findings
    folded = re.findall(r'<details class="finding">\s*<summary>(.*?)</summary>(.*?)</details>', text, re.DOTALL)
    lines = [text_of(line) for line, _ in folded]
    assert [line.split()[0] for line in lines] == [finding.code for finding in findings]
    for line, (_, below), finding in zip(lines, folded, findings, strict=True):
        assert len(line) < 90
        assert finding.message in text_of(below)
        assert finding.level == "info" or all(part in text_of(below) for part in finding.fix.split("; or "))


def test_what_to_do_next_can_be_typed(trained: Path, in_process: Call) -> None:
    """The command trains with the other slope, and changes nothing else."""
    code, out, _ = in_process("report")
    listed = re.search(r'<h2 id="next">.*?</section>', Path(out["report"]).read_text(encoding="utf-8"), re.DOTALL)
    assert listed
    again, compare = map(text_of, re.findall(r"<code>(diabetes-pipeline .*?)</code>", listed[0])[-2:])
    code, run, _ = in_process(*shlex.split(again)[1:])
    assert (code, run["network"]["alpha"]) == (0, 0.2)
    assert run["accuracy"]["test"] != json.loads(Path("train.json").read_text())["accuracy"]["test"]
    assert compare == "diabetes-pipeline compare"


@pytest.mark.parametrize(
    ("by_make", "expected"),
    [
        ("1", ["make train SET=network.alpha=0.2", "make compare"]),
        ("", ["python -m pipeline train --set network.alpha=0.2", "python -m pipeline compare"]),
    ],
)
def test_commands_have_the_form_in_which_the_program_was_started(
    by_make: str, expected: list[str], reopened: Reopened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BY_MAKE, by_make)
    monkeypatch.setattr("sys.argv", ["/somewhere/pipeline/__main__.py"])
    origin = Origin("configs/default.yaml")
    run = replace(reopened.run, record=reopened.run.record.model_copy(update={"config": origin}))
    assert next_calls(run) == expected
    other = replace(run, model=replace(run.model, network=replace(run.model.network, slopes=(0.2, 0.2))))
    assert next_calls(other)[0] == expected[0].replace("0.2", "0.05")


def test_a_run_that_answers_nothing_is_shown(shape: Shape) -> None:
    run = shape("article")
    assert run.summary.accuracy.test == 0
    seen = text_of(bare(run))
    for each in (
        "The output is not a number",
        "No start ended with a finite loss: nothing was learnt",
        "no class anywhere",
        "0 ended with a finite loss",
    ):
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
