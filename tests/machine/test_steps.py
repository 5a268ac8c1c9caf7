"""What a long command is at: lines where there is no terminal, and on one a clock that moves whatever the interpreter does."""

import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from pipeline.machine import steps
from tests.conftest import ROOT

HELD = """
import ctypes, time
from pipeline.machine.steps import Steps
shown = Steps(after=0)
shown.start()
with shown.step("importing") as advance:
    ctypes.PyDLL(None).sleep(3)  # keeps the interpreter, as loading a library does
    advance(0.25)
    time.sleep(1)
shown.stop()
print("done")
"""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a clock that stands still until it is told to go on."""
    now = [100.0]
    monkeypatch.setattr(steps.time, "monotonic", lambda: now[0])
    return now


def test_a_long_step_is_told_in_lines_with_the_time_that_is_left(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    shown = steps.Steps()
    shown.start()  # not a terminal
    with shown.step("reading"):
        clock[0] += 1
    assert capsys.readouterr().err == ""  # a short command says nothing
    clock[0] += 9
    with shown.step("training 8 starts") as advance:
        clock[0] += 9
        advance(0.01)  # what starting took tells nothing of the rest
        clock[0] += 6
        advance(0.24)
        clock[0] += 1
        advance(0.25)  # too soon for another line
        clock[0] += 9
        advance(0.25)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "training 8 starts",
        "training 8 starts: 1%",
        "training 8 starts: 25%, about 45 s left",
        "training 8 starts: 75%, about 8 s left",
    ]


def test_nothing_is_told_where_nothing_is_wanted(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with steps.Steps(visible=False).step("training") as advance:
        clock[0] += 100
        advance(1.0)
    assert capsys.readouterr() == ("", "")


def on_a_terminal(script: str, columns: int, tmp_path: Path) -> str:
    """Return what a script shows on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm"}
    process = subprocess.Popen([sys.executable, "-c", script], stdout=theirs, stderr=theirs, cwd=tmp_path, env=environment)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # the terminal is closed
        pass
    assert process.wait() == 0
    return shown.decode()


def test_the_clock_of_a_terminal_moves_while_the_interpreter_is_held_and_leaves_nothing(tmp_path: Path) -> None:
    shown = on_a_terminal(HELD, 70, tmp_path)
    drawn = shown.split("\r\x1b[2K")
    assert {"importing  0:00", "importing  0:01", "importing  0:02"} <= set(drawn)
    assert any(re.fullmatch(r"importing  \[#####\.{15}\] 25%  0:0\d, about 0:\d\d left", line) for line in drawn)
    assert all(len(line) < 70 for line in drawn)
    assert drawn[-1].split() == ["done"]


def test_a_single_step_has_the_same_clock_and_a_name_of_any_kind(tmp_path: Path) -> None:
    script = r"""
import time
from pipeline.machine.steps import clocked
with clocked("scoring a\tb\nc", True) as advance:
    advance(0.25)
    time.sleep(1)
"""
    drawn = on_a_terminal(script, 80, tmp_path).split("\r\x1b[2K")
    assert any(re.fullmatch(r"scoring a b c  \[#####\.{15}\] 25%  0:0\d, about 0:\d\d left", line) for line in drawn)
    assert not drawn[-1].split()


def test_a_single_step_is_told_on_a_terminal_only(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_QUIET", -1.0)
    with steps.clocked("scoring", True) as advance:
        advance(0.5)
    assert capfd.readouterr() == ("", "")


def test_the_bar_gives_way_to_the_words(tmp_path: Path) -> None:
    drawn = on_a_terminal(HELD, 52, tmp_path).split("\r\x1b[2K")
    assert any(re.fullmatch(r"importing  \[###\.{8}\] 25%  0:0\d, about 0:\d\d left", line) for line in drawn)


def test_the_clock_fits_in_a_narrow_terminal(tmp_path: Path) -> None:
    assert max(map(len, on_a_terminal(HELD, 20, tmp_path).split("\r\x1b[2K"))) == 19


def test_a_short_command_shows_no_clock(tmp_path: Path) -> None:
    quick = HELD.replace("after=0", "after=60").replace("sleep(3)", "sleep(1)")
    assert on_a_terminal(quick, 60, tmp_path).split() == ["done"]
