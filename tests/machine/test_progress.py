"""What a long command is at, where there is no terminal."""

import pytest

from pipeline.machine import progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch):
    """Return a clock that stands still until it is told to go on."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_long_step_is_told_in_lines_with_the_time_that_is_left(clock, capsys):
    steps = progress.Steps()
    with steps.step("reading"):
        clock[0] += 1
    assert capsys.readouterr().err == ""  # a short command says nothing
    clock[0] += 9
    with steps.step("training 8 starts") as advance:
        clock[0] += 10
        advance(0.25)
        clock[0] += 1
        advance(0.25)  # too soon for another line
        clock[0] += 9
        advance(0.25)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["training 8 starts", "training 8 starts: 25%, some 30 s left", "training 8 starts: 75%, some 7 s left"]


def test_nothing_is_told_where_nothing_is_wanted(clock, capsys):
    with progress.Steps(visible=False).step("training") as advance:
        clock[0] += 100
        advance(1.0)
    assert capsys.readouterr() == ("", "")
