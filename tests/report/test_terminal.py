"""The first screen and all that there is, at every width of a terminal: nothing is broken, and all figures are the summary's."""

import io
import json
import os
import pty
import re
import shlex
import subprocess
import sys
import termios
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.config.remedy import Call
from pipeline.findings.finding import Finding, headline
from pipeline.network.recipe import PenaltyPath
from pipeline.report.terminal import show_summary
from pipeline.runs.summary import Summary
from tests.conftest import ROOT, command

NAMES = {
    "the network": "network",
    "always the largest class": "majority",
    "the ADA rule": "ada_rule",
    "logistic regression": "logistic_regression",
    "a decision tree of depth 3": "decision_tree",
    "a random forest": "random_forest",
    "histogram gradient boosting": "gradient_boosting",
    "scikit-learn's MLP": "mlp",
}
SINCE = "since the run before: network.alpha 0.05 -> 0.2: test +0.5 points, unseen profiles +17.2 points, within chance"
FIGURE = re.compile(r"\d+\.\d%|\(\d+\.\d to \d+\.\d\)")


@pytest.fixture
def summary(small_run: Path) -> Summary:
    return Summary.model_validate_json((small_run / "train.json").read_text())


def shown(summary: Summary, width: int, full: bool = False, **asked: object) -> list[str]:
    """Return the lines of the screen, without spaces at their ends."""
    console = Console(file=io.StringIO(), width=width)
    show_summary(console, summary, full=full, **asked)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def figures(share: float | None, interval: tuple[float, float] | None) -> list[str]:
    """Return a share and its interval as they are to be written."""
    return [f"{share:.1%}", f"({100 * interval[0]:.1f} to {100 * interval[1]:.1f})"] if share is not None else []


def rows(lines: list[str], first: str) -> dict[str, str]:
    """Return the rows of a table that begins with a word, by their names."""
    start = next(place for place, line in enumerate(lines) if line.startswith(first))
    found = {}
    for line in lines[start + 1 :]:
        name = next((name for name in NAMES if line.startswith(name)), None)
        if name is None:
            break
        found[name] = line.removeprefix(name)
    return found


@pytest.mark.parametrize("since", [None, SINCE])
@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_first_screen_has_20_lines_with_the_accuracies_and_the_next_command_last(
    width: int, since: str | None, summary: Summary
) -> None:
    lines = shown(summary, width, since=since)
    assert len(lines) <= 20
    assert all(len(line) <= width for line in lines)
    assert (since is None) or "within chance" in " ".join(lines)
    most = 2 if since and width == 80 else 3  # of twelve findings, whose verdict takes six lines
    for place, finding in enumerate(summary.findings[:most]):
        (line,) = [line for line in lines if line.startswith(finding.code)]
        assert line == f"{finding.code} {finding.level}".ljust(14) + headline(finding.message)
        assert lines.index(line) == place + next(n for n, line in enumerate(lines) if line.startswith(summary.findings[0].code))
    table = rows(lines, "accuracy")
    best = max(set(NAMES.values()) - {"network", "majority"}, key=lambda name: summary.comparison[name].test)
    assert [NAMES[name] for name in table][::2] == ["network", "majority"]
    assert summary.comparison[[NAMES[name] for name in table][1]].test == summary.comparison[best].test
    for name, line in table.items():
        standing = summary.comparison[NAMES[name]]
        own = [f"{summary.accuracy.train:.1%}"] if name == "the network" else []
        pairs = (standing.test, standing.test_interval), (standing.unseen, standing.unseen_interval)
        assert FIGURE.findall(line) == own + [figure for pair in pairs for figure in figures(*pair)]
    end = " ".join(lines[next(place for place, line in enumerate(lines) if line.startswith("always")) + 1 :])
    assert end.strip().startswith(" ".join(summary.verdict))
    assert lines[-2:] == [
        "Another slope:  diabetes-pipeline train --set network.alpha=0.2",
        "Write a report: diabetes-pipeline report",
    ]


def test_what_is_left_out_is_counted(summary: Summary) -> None:
    kinds = [finding.level for finding in summary.findings[3:]]
    doubts = [finding for finding in summary.findings if finding.level != "info"]
    mended = [finding for finding in doubts if re.search(r"(^|; or )diabetes-pipeline train [^;]*($|; or)", finding.fix)]
    assert 0 < len(mended) < len(doubts)
    (line,) = [line for line in shown(summary, 140) if line.startswith("And ")]
    assert line == (
        f"And {kinds.count('warning')} more warnings and {kinds.count('info')} notes; "
        f"one command each fixes {len(mended)} of the {len(doubts)} warnings."
    )


@pytest.mark.parametrize(
    ("call", "run", "again", "report"),
    [
        (
            Call("make", path="a b.yaml", settings=("x.y=1",)),
            (),
            "make evaluate CONFIG='a b.yaml' SET=x.y=1 FULL=1",
            "make report",
        ),
        (Call("python -m pipeline", path="a.yaml"), (), "python -m pipeline evaluate --full", "python -m pipeline report"),
        (
            Call(),
            ("models/one two", "--data", "x.csv"),
            "diabetes-pipeline evaluate 'models/one two' --data x.csv --full",
            "diabetes-pipeline report 'models/one two'",
        ),
    ],
)
def test_commands_are_told_as_the_program_was_started(
    call: Call, run: tuple[str, ...], again: str, report: str, summary: Summary
) -> None:
    lines = shown(summary, 80, call=call, run=run)
    assert f"Every finding and its fix: {again}" in lines
    assert lines[-1] == f"Write a report: {report}"
    assert lines[-2] == f"Another slope:  {call.with_settings({'network.alpha': 0.2})}"


@pytest.mark.parametrize("width", [80, 90, 100, 120, 140, 200])
def test_in_full_no_number_is_broken_and_no_column_cut(width: int, summary: Summary) -> None:
    lines = shown(summary, width, full=True)
    assert "…" not in "".join(lines)
    accuracies, odds = rows(lines, "accuracy"), rows(lines, "probabilities")
    assert {NAMES[name] for name in accuracies} == {NAMES[name] for name in odds} == set(summary.comparison)
    for name, line in accuracies.items():
        standing = summary.comparison[NAMES[name]]
        pairs = (standing.test, standing.test_interval), (standing.unseen, standing.unseen_interval)
        assert FIGURE.findall(line)[-4:] == [figure for pair in pairs for figure in figures(*pair)]
        worth = standing.probabilities
        three = [f"{figure:.3f}" for figure in (worth.log_loss, worth.brier, worth.macro_auc)] if worth else ["-"] * 3
        assert odds[name].split() == ([] if standing.p is None else [f"{standing.p:.2g}"]) + three
    for name, row in summary.metrics.test.confusion.items():
        (line,) = [line for line in lines if line.startswith(f"{name} ") and "%" in line]
        rates = summary.metrics.test.recall[name], summary.metrics.test.precision[name]
        assert line.split()[1:] == [*map(str, row.values()), *("-" if rate is None else f"{rate:.1%}" for rate in rates)]


LONG = {"Normal": "Healthy plant leaf", "Type1": "Nutrient deficiency (nitrogen)", "Type2": "Powdery mildew infestation"}


@pytest.mark.parametrize(("width", "numbered"), [(80, True), (160, False)])
def test_classes_of_long_names_are_whole_and_numbered_where_their_names_have_no_room(
    width: int, numbered: bool, summary: Summary
) -> None:
    scores = summary.metrics.test
    confusion = {LONG[true]: {LONG.get(name, name): rows for name, rows in row.items()} for true, row in scores.confusion.items()}
    rates = {key: {LONG[name]: rate for name, rate in getattr(scores, key).items()} for key in ("recall", "precision")}
    metrics = summary.metrics.model_copy(update={"test": scores.model_copy(update={"confusion": confusion, **rates})})
    lines = shown(summary.model_copy(update={"metrics": metrics}), width, full=True)
    start = next(place for place, line in enumerate(lines) if line.startswith("test rows "))
    heads = ["1", "2", "3"] if numbered else [*LONG.values()]
    table = lines[start : next(place for place, line in enumerate(lines) if line.startswith("A line is"))]
    assert re.findall(r"-> (.*?)(?:  |$)", table[0]) == [*heads, "no class"]
    words = " ".join(table)
    for place, (name, row) in enumerate(confusion.items(), 1):
        first = f"{place} {name}" if numbered else name
        (line,) = [line for line in table if line.startswith(first.split("(")[0].rsplit(" ", 1)[0])]
        assert re.findall(r"(?<= )\d+(?= )", line.removeprefix(f"{place} "))[: len(row)] == [*map(str, row.values())]
        assert all(word in words for word in name.split())


def test_counts_of_many_rows_do_not_squeeze_the_names_of_classes(summary: Summary) -> None:
    names = ("healthy", "anaemia", "sarcoma", "myeloma", "typhoid")
    counts = {name: dict.fromkeys([*names, "no class"], 123456) for name in names}
    rates = {key: dict.fromkeys(names, 0.5) for key in ("recall", "precision")}
    metrics = summary.metrics.model_copy(update={"test": summary.metrics.test.model_copy(update={"confusion": counts, **rates})})
    lines = shown(summary.model_copy(update={"metrics": metrics}), 80, full=True)
    for name in names:
        assert [line.split() for line in lines if name in line] == [[name, "50.0%", "50.0%"]]


def test_without_criteria_there_is_no_line_of_the_ada_rule(summary: Summary) -> None:
    gone = summary.comparison["ada_rule"].model_copy(update={"test": None, "unseen": None})
    lines = shown(summary.model_copy(update={"comparison": summary.comparison | {"ada_rule": gone}}), 80, full=True)
    assert not any(line.startswith("the ADA rule ") for line in lines)


@pytest.mark.parametrize(("width", "answers"), [(80, False), (200, True)])
def test_a_confusion_matrix_is_shown_whole_or_left_out(width: int, answers: bool, summary: Summary) -> None:
    names = [f"tumour of the {organ}" for organ in ("lung", "colon", "skin", "liver", "brain", "bone")]
    scores = summary.metrics.test
    same = {field: dict.fromkeys(names, 0.5) for field in ("recall", "precision")}
    counts = {name: {other: 7 * (name == other) for other in [*names, "no class"]} for name in names}
    test = scores.model_copy(update=same | {"confusion": counts})
    lines = shown(summary.model_copy(update={"metrics": summary.metrics.model_copy(update={"test": test})}), width, full=True)
    assert "…" not in "".join(lines)
    for name in names:
        (line,) = [line for line in lines if line.startswith(f"{name} ")]
        expected = [*map(str, counts[name].values())] * answers + ["50.0%", "50.0%"]
        assert line.removeprefix(name).split() == expected


@pytest.mark.parametrize("width", [80, 100, 140])
def test_in_full_findings_are_indented_and_what_is_typed_is_one_line(width: int, summary: Summary) -> None:
    lines = shown(summary, width, full=True)
    typed = [step for finding in summary.findings if finding.level != "info" for step in re.split("; or |, then ", finding.fix)]
    for step in (step for step in typed if step.startswith("diabetes-pipeline ") or ", under " in step):
        assert any(line.endswith(f": {step}") for line in lines)
    for finding in summary.findings:
        start = next(place for place, line in enumerate(lines) if line.startswith(finding.code))
        said = [lines[start][14:]]
        for line in lines[start + 1 :]:
            if not line.startswith(" " * 14):
                break
            said.append(line[14:])
        assert " ".join(said) == finding.message
        assert all(len(line) <= width - 14 for line in said)
    (explained,) = [line for line in lines if line.startswith("What a finding means and why it matters: ")]
    assert explained.split()[-2:] == ["explain", next(each.code for each in summary.findings if each.level != "info")]


@pytest.mark.parametrize(("columns", "width"), [("", 80), ("60", 60), ("100", 100), ("0", 80), ("wide", 80)])
def test_a_file_is_as_wide_as_columns_says_or_80_and_no_line_ends_with_a_blank(columns: str, width: int) -> None:
    words, environment = [sys.executable, "-m", "pipeline", "explain"], os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": columns}
    done = subprocess.run([*words, "D204"], env=environment, capture_output=True, text=True, check=True)
    page = subprocess.run([*words, "D204", "--json"], env=environment, capture_output=True, text=True, check=True)
    title, *paragraphs = json.loads(page.stdout)["page"].split("\n")
    expected = textwrap.wrap(f"D204 warning  {title.removesuffix('.')}", width, subsequent_indent=" " * 14)
    expected += [line for each in paragraphs for line in textwrap.wrap(each, width, break_on_hyphens=False) or [""]]
    assert done.stdout.splitlines() == expected


def test_a_run_that_is_unsound_says_so_beside_its_accuracy(summary: Summary) -> None:
    bad = Finding(code="T303", level="error", message="all rows: x", evidence={}, fix="look, then stop", accepted=False)
    verdict = ("93% are right.", "This means nothing: all rows (T303).", "Do this first: look, then stop")
    unsound = summary.model_copy(update={"sound": False, "findings": (bad, *summary.findings), "verdict": verdict})
    lines = shown(unsound, 80)
    assert len(lines) <= 20
    assert any(line.startswith("the network (unsound) ") for line in lines)
    assert [line.strip() for line in lines[-3:]] == [
        "Do this first: look",
        "then: stop",
        "Write a report: diabetes-pipeline report",
    ]


def test_a_training_that_was_refused_ends_with_what_to_do(workplace: Path, printed) -> None:
    code, out, _ = printed("train", "--set", "network.alpha=0", "--data", "data/diabetes.csv")
    lines = out.splitlines()
    assert code == 1
    assert len(lines) <= 20
    assert lines[0].startswith("6-3-1 Leaky ReLU network, slope 0.0: not trained on data/diabetes.csv")
    assert 'Nothing was trained: "Type2" can never be predicted (C102).' in out
    assert lines[-2].rstrip() == ("Do this first: diabetes-pipeline train --data data/diabetes.csv --set network.alpha=0.05")
    assert (
        lines[-1].strip().startswith("or: diabetes-pipeline train --data data/diabetes.csv --set network.alpha=0 --set network.")
    )


def test_long_notes_and_names_leave_the_accuracies_in_sight(summary: Summary) -> None:
    notes = tuple(f"note {number} {'that says much ' * 20}" for number in range(8))
    data = summary.data.model_copy(update={"path": "data/" * 60 + "x.csv"})
    lines = shown(summary.model_copy(update={"notes": notes, "data": data}), 80, since=SINCE)
    assert len(lines) <= 20
    assert FIGURE.findall(next(line for line in lines if line.startswith("the network")))
    assert lines[-1] == "Write a report: diabetes-pipeline report"


def test_a_choice_by_some_of_the_rows_says_so(summary: Summary) -> None:
    path = PenaltyPath(0.03, (0.01, 0.03), (0.5, 0.4), (0.2, 0.1), summary.data.train, 64)

    def line(choice: PenaltyPath) -> str:
        lines = shown(summary.model_copy(update={"choice": choice}), 200, full=True)
        return next(line for line in lines if "penalties" in line)

    assert line(path) == "Of 2 penalties tried (l2), 0.03 did best on held-out training rows."
    rows = summary.data.train
    drawn, counts = rows // 2, 0.03 * (rows // 2) / rows
    said = f"Of 2 penalties tried (l2), 0.03 did best on held-out training rows, of which {drawn:,} were drawn"
    assert line(replace(path, rows=drawn, l2=counts)) == f"{said}; for all {rows:,} it counts {counts:.2g}."


@pytest.mark.parametrize("words", [["evaluate"], ["check"], ["train", "--if-changed"]])
def test_on_a_terminal_of_80_by_24_all_is_in_sight_and_colour_only_where_it_is_wanted(words: list[str], trained: Path) -> None:
    if words[0] == "train":
        words = [*words, "--set", "training.starts=8", "--set", "training.epochs=20"]

    def screen(**environment: str) -> str:
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        given = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")}
        given |= {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"} | environment
        line = shlex.join([sys.executable, "-m", "pipeline", *words])
        process = subprocess.Popen(["bash", "-c", f"{line} 2>/dev/null"], stdin=theirs, stdout=theirs, cwd=trained, env=given)
        os.close(theirs)
        text = b""
        try:
            while part := os.read(ours, 65536):
                text += part
        except OSError:  # the terminal is closed
            pass
        assert process.wait() == 0
        return text.decode()

    coloured, plain = screen(), screen(NO_COLOR="1")
    assert "\x1b[33m" in coloured
    assert not re.search(r"\x1b\[[\d;]*3\d", plain)
    lines = re.sub(r"\x1b\[[\d;]*m", "", plain).replace("\r", "").splitlines()
    assert len(lines) <= 20
    assert sum(max(1, -(-len(line.rstrip()) // 80)) for line in lines) <= 20
    assert lines[-1].split(": ")[1].startswith("python -m pipeline ")
    if words[0] != "check":
        accuracy = json.loads((trained / "train.json").read_text())["accuracy"]
        (line,) = [line for line in lines if line.startswith("the network")]
        assert [f"{accuracy[name]:.1%}" in line for name in ("train", "test", "unseen_profiles")] == [True] * 3
    out = command(*words, folder=trained).stdout  # no terminal
    assert "\x1b" not in out
    assert all(line == line.rstrip() for text in (out, plain) for line in text.replace("\r", "").splitlines())
