"""The Makefile against a shell: every variable reaches the program as it was typed, and nothing in it is carried out."""

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.making import handed_over, make, stub_make

ODD = 'a "file" $(shell touch made) `touch made`; touch made #\'s.csv'
"""What a shell or make would carry out, if it were let."""
SETTINGS = "split.group_by=[BS pp, Plasma R] card.users='a $HOME $$' card.limits=x'; touch made; '"
DEFAULT, STUDY, NEWEST = "configs/default.yaml", "configs/study.yaml", "models/latest"
COMMON = {"CONFIG": ODD, "DATA": f"1{ODD}", "SET": SETTINGS, "FULL": "1"}
TRAINING = [ODD, "--data", f"1{ODD}", "--set", SETTINGS]
CALLS: list[tuple[str, dict[str, str], list[str]]] = [
    ("train", {}, ["train", DEFAULT]),
    ("train", COMMON, ["train", *TRAINING, "--full"]),
    ("evaluate", {}, ["train", "--if-changed", DEFAULT]),
    ("evaluate", COMMON, ["train", "--if-changed", *TRAINING, "--full"]),
    ("evaluate", {"RUN": ODD, "DATA": "b c", "FULL": "1"}, ["evaluate", ODD, "--data", "b c", "--full"]),
    ("check", {}, ["check", DEFAULT]),
    ("check", COMMON, ["check", *TRAINING, "--full"]),
    ("study", {}, ["study", STUDY]),
    ("study", COMMON | {"DASK": "local:2"}, ["study", *TRAINING, "--dask", "local:2", "--full"]),
    ("report", {}, ["report", NEWEST]),
    ("report", {"RUN": ODD}, ["report", ODD]),
    ("compare", {}, ["compare"]),
    ("compare", {"RUN": ODD}, ["compare", ODD]),
    ("compare", {"RUN": ODD, "WITH": f"2{ODD}"}, ["compare", ODD, f"2{ODD}"]),
    ("runs", {}, ["runs"]),
    ("runs", {"KEEP": "3"}, ["runs", "--keep", "3"]),
    ("explain", {}, ["explain"]),
    ("explain", {"CODE": ODD}, ["explain", ODD]),
    ("init", {}, ["init"]),
    ("init", {"DATA": ODD}, ["init", ODD]),
    (
        "init",
        {"DATA": ODD, "CONFIG": f"1{ODD}", "TARGET": f"2{ODD}", "SET": SETTINGS},
        ["init", ODD, f"1{ODD}", "--target", f"2{ODD}", "--set", SETTINGS],
    ),
    ("predict", {"INPUT": ODD, "OUTPUT": f"1{ODD}"}, ["predict", ODD, f"1{ODD}", "--run", NEWEST]),
    ("predict", {"INPUT": ODD, "OUTPUT": "o", "RUN": f"1{ODD}"}, ["predict", ODD, "o", "--run", f"1{ODD}"]),
    ("export", {"TO": "onnx", "OUTPUT": ODD}, ["export", NEWEST, "--to", "onnx", ODD]),
    ("export", {"TO": "keras", "OUTPUT": "o", "RUN": ODD}, ["export", ODD, "--to", "keras", "o"]),
    ("serve", {}, ["serve", NEWEST]),
    ("serve", {"RUN": ODD, "PORT": "1"}, ["serve", ODD, "--port", "1"]),
    ("synthesize", {"OUTPUT": ODD}, ["synthesize", ODD]),
    ("fetch", {}, ["fetch"]),
]


@pytest.fixture
def stubbed(tmp_path: Path) -> Path:
    """A folder with the Makefile and the stub in the place of Python."""
    stub_make(tmp_path)
    return tmp_path


@pytest.mark.parametrize("place", ["line", "environment"])
@pytest.mark.parametrize(("target", "variables", "words"), CALLS)
def test_make_hands_over_every_character_and_runs_none(
    target: str, variables: dict[str, str], words: list[str], place: str, stubbed: Path
) -> None:
    typed = " ".join(f"{name}={shlex.quote(text)}" for name, text in variables.items())
    line, environment = (f"make {target} {typed}", {}) if place == "line" else (f"make {target}", variables)
    if target in ("study", "init") and "CONFIG" in environment:  # their own defaults go before the environment
        line, environment = f"{line} CONFIG={shlex.quote(ODD if target == 'study' else f'1{ODD}')}", variables
    assert handed_over(stubbed, line, **environment) == words
    assert not (stubbed / "made").exists()


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("make predict INPUT=a.csv", "OUTPUT is missing; type: make predict INPUT=mine.csv OUTPUT=scored.csv"),
        ("make export TO=onnx", "OUTPUT is missing; type: make export TO=onnx OUTPUT=mine.onnx"),
        ("make synthesize", "OUTPUT is missing; type: make synthesize OUTPUT=twin.csv"),
    ],
)
def test_a_variable_that_is_needed_is_asked_for_in_one_line(line: str, remedy: str, stubbed: Path) -> None:
    done = make(stubbed, line)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert remedy in done.stderr


@pytest.mark.parametrize("line", ["make", "make help", "make help ALL=1"])
def test_make_alone_lists_the_targets_for_users_on_one_screen_and_all_of_them_when_asked(line: str, stubbed: Path) -> None:
    done = make(stubbed, line)
    text = (ROOT / "Makefile").read_text()
    phony = " ".join(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)).split()
    targets = re.findall(r"^([a-z-]+):(?! CONFIG)", text, re.MULTILINE)
    listed = re.findall(r"^([a-z-]+) +\S", done.stdout + "\n", re.MULTILINE)
    users = targets.index("install")
    assert done.stdout.startswith("help ")
    assert listed == [name for name in targets[: None if "ALL" in line else users] if name not in ("lint", "types")]
    assert {*phony} == {*targets}
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert len(done.stdout.splitlines()) <= (40 if "ALL" in line else 20)


def test_make_says_how_much_it_installs_before_it_does(stubbed: Path) -> None:
    (stubbed / ".venv/installed").unlink()
    log = stubbed / "log"
    fake = stubbed / "fake"
    fake.write_text(f'#!/bin/sh\nmkdir -p .venv/bin; cp "$0" .venv/bin/python; echo "$@" >> {log}\n')
    fake.chmod(0o755)
    done = make(stubbed, f"make train PYTHON={fake} 2>> {log}")
    assert done.returncode == 0
    first, *others = log.read_text().splitlines()
    assert "3.4 GB, a minute or more" in first
    assert "pip install" in "\n".join(others)
    again = make(stubbed, f"make train PYTHON={fake}")
    assert "GB" not in again.stderr + again.stdout


@pytest.mark.parametrize(("target", "page"), [("report", "models/x/report.html"), ("study", "studies/new/report.html")])
@pytest.mark.parametrize("screen", [True, False])
def test_a_page_is_named_and_opened_where_there_is_a_screen(target: str, page: str, screen: bool, stubbed: Path) -> None:
    (stubbed / ".venv/bin/python").write_text(f"#!/bin/sh\n[ $3 = study ] || echo {page}\n")
    for name, time in (("old", 1_000_000_000), ("new", 1_100_000_000)):
        (stubbed / "studies" / name).mkdir(parents=True)
        (stubbed / "studies" / name / "report.html").touch()
        os.utime(stubbed / "studies" / name / "report.html", (time, time))
    opener = stubbed / "bin/xdg-open"
    opener.parent.mkdir()
    opener.write_text('#!/bin/sh\necho "$1" > opened\n')
    opener.chmod(0o755)
    system = stubbed / "bin/uname"
    system.write_text("#!/bin/sh\necho Linux\n")
    system.chmod(0o755)
    display = {"DISPLAY": ":0" if screen else "", "WAYLAND_DISPLAY": ""}
    done = make(stubbed, f"make {target}", PATH=f"{opener.parent}:{os.environ['PATH']}", **display)
    assert done.stdout.splitlines() == [page]
    opened = stubbed / "opened"
    assert (opened.read_text().strip() if opened.exists() else None) == (page if screen else None)
