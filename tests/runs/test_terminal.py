"""``runs`` and ``compare`` in a narrow terminal: nothing is cut, no text breaks within a word, and counts stand for lists."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.findings.finding import Finding
from pipeline.runs.change import Change, compare
from pipeline.runs.history import Entry
from pipeline.runs.parts import Accuracy
from pipeline.runs.terminal import show_change, show_runs
from tests.conftest import ROOT

LONG = (
    "network.alpha 0.05 -> 0.2",
    "evaluation.unseen.group_by [BS pp, Plasma R, Plasma F, HbA1c] -> [BS pp, Plasma R]",
    "data.features.Plasma R.range [2, 40] -> [2.5, 38.5]",
)


SHARES = {"train": "training", "test": "test", "unseen_profiles": "unseen", "balanced_accuracy": "balanced"}
ODDS = {"macro_auc": "AUC", "brier": "Brier score", "log_loss": "log loss"}


def finding(code: str, level: str, accepted: bool = False) -> Finding:
    return Finding(code=code, level=level, message="m", evidence={}, fix="f", accepted=accepted)


def entry(second: int, changed: tuple[str, ...], *findings: Finding) -> Entry:
    accuracy = Accuracy(train=0.93564, test=1.0, test_interval=(0.98, 1), unseen_profiles=None, unseen_interval=None)
    name = Path(f"models/20261129T0251{second}.989Z-default-f39c29{second}")
    return Entry(run=name, changed=changed, created="now", accuracy=accuracy, findings=findings)


def shown(draw: Callable[[Console], None], width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    draw(console)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_runs_fit_and_no_word_of_a_setting_is_cut(width: int) -> None:
    runs = [
        entry(10, (), finding("D201", "warning"), finding("D202", "warning"), finding("D203", "info")),
        entry(11, LONG, finding("T301", "error"), finding("E401", "error", True), *[finding("D201", "warning")] * 12),
    ]
    lines = shown(lambda console: show_runs(console, runs), width)
    assert max(map(len, lines)) <= width
    assert lines[1].split() == ["f39c2910", "29", "Nov", "02:51", "93.6%", "100.0%", "-", "2", "warnings"]
    assert lines[3].split()[-3:] == ["unsound,", "12", "warnings"]
    assert "\n".join(lines).count("f39c2911") == 1
    assert " ".join(" ".join(lines[4:]).split()) == ", ".join(["default", *LONG])  # which breaks only where a space is
    assert not re.search(r"[A-Z]\d{3}", "\n".join(lines[1:]))  # no codes


def test_a_damaged_run_is_listed_by_its_whole_name_with_its_problem() -> None:
    name = "20261129T025110.989Z-default-f39c2910"
    lines = shown(lambda console: show_runs(console, [Entry(run=Path("models") / name, problem="run.json: torn")]), 80)
    assert lines[1:] == [name, "          run.json: torn"]
    assert shown(lambda console: show_runs(console, []), 80) == ["No run yet; train one."]


@pytest.fixture(scope="module")
def change(small_run: Path) -> Change:
    """The small run beside itself, with figures and settings as wide as they may be."""
    run = small_run / "models" / "latest"
    own = compare(run, run)
    wide = {
        name: figure.model_copy(update={"difference": -1.0, "interval": (-1.0, -0.9999)}) for name, figure in own.figures.items()
    }
    settings = {text.split(" [")[0]: (text.split(" -> ")[0], text.split(" -> ")[1]) for text in LONG}
    return own.model_copy(update={"figures": wide, "settings": settings, "runs": (str(run), str(run.resolve()))})


@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_table_of_changes_fits_and_every_number_stands_in_it(width: int, change: Change) -> None:
    lines = shown(lambda console: show_change(console, change), width)
    assert "…" not in "\n".join(lines)
    rows = {line.split("  ")[0]: line for line in lines}
    for name, title in {
        "train": "training",
        "test": "test",
        "unseen_profiles": "unseen",
        "balanced_accuracy": "balanced",
    }.items():
        figure = change.figures[name]
        assert re.findall(r"\S+%|[-+]\d+\.\d", rows[title]) == [
            f"{figure.before:.1%}",
            f"{figure.now:.1%}",
            "-100.0",
            "-100.0",
            "-100.0",
        ]
        assert rows[title].rstrip().endswith("worse")
    for name, title in ODDS.items():
        figure = change.figures[name]
        assert re.findall(r"[-+]?\d\.\d{3}", rows[title]) == [
            f"{figure.before:.3f}",
            f"{figure.now:.3f}",
            "-1.000",
            "-1.000",
            "-1.000",
        ]
        assert rows[title].rstrip().endswith("worse" if name == "macro_auc" else "better")
    assert max(len(line.rstrip()) for line in lines if not line.startswith(("before", "now "))) <= width


def test_a_change_of_which_chance_may_be_the_reason_says_so(small_run: Path) -> None:
    run = small_run / "models" / "latest"
    lines = shown(lambda console: show_change(console, compare(run, run)), 80)
    (test,) = [line for line in lines if line.startswith("test ")]
    assert "+0.0 points" in test
    assert test.rstrip().endswith("within chance")
    assert "        no setting changed" in lines
    assert "gone" not in lines[-1]
    assert lines[-1].startswith("Findings: ")


def test_a_terminal_of_80_columns_shows_both_without_breaking_a_line(trained: Path) -> None:
    """A pseudo-terminal, whose width the program asks for."""
    subprocess.run(["cp", "-r", "models/latest/", "models/20200101T000000.000Z-default-00000000"], check=True)
    for words, expected in ((["runs"], "00000000  01 Jan 00:00"), (["compare"], "no setting changed")):
        control, screen = pty.openpty()
        fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | {"PYTHONPATH": str(ROOT)}
        done = subprocess.Popen([sys.executable, "-m", "pipeline", *words], stdout=screen, env=environment | {"TERM": "xterm"})
        os.close(screen)
        text = b""
        while True:
            try:
                part = os.read(control, 65536)
            except OSError:
                break
            if not part:
                break
            text += part
        assert done.wait() == 0
        lines = re.sub(r"\x1b\[[0-9;]*m", "", text.decode()).splitlines()
        assert any(expected in line for line in lines)
        assert max(map(len, lines)) <= 80


def test_other_columns_are_counted_and_the_other_settings_listed(change: Change) -> None:
    other = {f"data.features.c{place}.unit": ("g", None) for place in range(4)}
    few = {"data.codes.ill": (1, None), "network.alpha": (0.05, 0.2)}
    changed = change.model_copy(update={"settings": {**few, **other}})
    lines = shown(lambda console: show_change(console, changed), 80)
    assert [line.strip() for line in lines[2 : lines.index("")]][-3:] == [
        "data.codes.ill 1 -> null",
        "network.alpha 0.05 -> 0.2",
        "data.features: 4 settings differ",
    ]
    texts = ("network.alpha 0.05 -> 0.2", *(f"data.codes.class {place} null -> {place}" for place in range(4)))
    lines = shown(lambda console: show_runs(console, [entry(10, texts, finding("D201", "warning"))]), 80)
    assert lines[-1].strip() == "default, network.alpha 0.05 -> 0.2, data.codes: 4 settings differ"
