"""What is typed reaches the program: SET of make against a shell, and the program's own name."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.machine.started import BY_MAKE, asked, split_settings, started_by
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("network.alpha=0.2", ["network.alpha=0.2"]),
        ("  network.alpha=0.2   training.l2=0.01 ", ["network.alpha=0.2", "training.l2=0.01"]),
        ("split.group_by=[BS pp, Plasma R]", ["split.group_by=[BS pp, Plasma R]"]),
        ("split.group_by=[BS pp, Plasma R] split.seed=1", ["split.group_by=[BS pp, Plasma R]", "split.seed=1"]),
        ("card.limits=few rows, see a b split.seed=1", ["card.limits=few rows, see a b", "split.seed=1"]),
        ("card.users=it's for nurses' use split.seed=1", ["card.users=it's for nurses' use", "split.seed=1"]),
        ("card.users='a split.seed=2 b' split.seed=1", ["card.users='a split.seed=2 b'", "split.seed=1"]),
        ('card.users="a \\" split.seed=2 b" split.seed=1', ['card.users="a \\" split.seed=2 b"', "split.seed=1"]),
        (
            'data.features."BS pp".range=[2, 30] data.features."a.b [x".unit=mmol/L',
            ['data.features."BS pp".range=[2, 30]', 'data.features."a.b [x".unit=mmol/L'],
        ),
        (
            '~data.features."BS pp" split.seed=1 ~evaluation.subgroups.Age',
            ['~data.features."BS pp"', "split.seed=1", "~evaluation.subgroups.Age"],
        ),
        ("data.codes={a: 0, b x.y=1: 2} split.seed=1", ["data.codes={a: 0, b x.y=1: 2}", "split.seed=1"]),
        ("", []),
    ],
)
def test_a_line_is_split_before_the_keys_outside_quotes_and_brackets(line: str, settings: list[str]) -> None:
    assert split_settings(line) == settings


def test_only_make_hands_several_settings_over_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BY_MAKE, raising=False)
    assert asked(["card.limits=see a.b=1"]) == ["card.limits=see a.b=1"]
    assert asked(None) == []
    monkeypatch.setenv(BY_MAKE, "1")
    assert asked(["card.limits=see a.b=1", "split.seed=1"]) == ["card.limits=see", "a.b=1", "split.seed=1"]


@pytest.mark.parametrize(
    ("started", "typed"),
    [
        ("/usr/bin/diabetes-pipeline", "diabetes-pipeline"),
        ("/somewhere/pipeline/__main__.py", "python -m pipeline"),
        ("/somewhere/pytest/__main__.py", "diabetes-pipeline"),
    ],
)
def test_the_program_is_called_as_it_was_started(started: str, typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BY_MAKE, raising=False)
    monkeypatch.setattr(sys, "argv", [started])
    assert started_by() == typed
    monkeypatch.setenv(BY_MAKE, "1")
    assert started_by() == "make"


TEXTS = {
    "CONFIG": "my configs/it's.yaml",
    "DATA": 'a "file" $(shell touch made) `touch made`; touch made #.csv',
    "SET": "split.group_by=[BS pp, Plasma R] card.users='a $HOME $$' card.limits=x'; touch made; '",
}


@pytest.mark.parametrize("place", ["line", "environment"])
def test_make_hands_over_every_character_and_runs_none(place: str, tmp_path: Path) -> None:
    """The stub in the place of Python prints its words, each with a NUL behind it."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.lock").touch()
    (tmp_path / ".venv/bin").mkdir(parents=True)
    stub = tmp_path / ".venv/bin/python"
    stub.write_text('#!/bin/sh\nprintf \'%s\\0\' "$DIABETES_PIPELINE_MAKE" "$@"\n')
    stub.chmod(0o755)
    (tmp_path / ".venv/installed").touch()
    words = " ".join(f"{name}={shlex.quote(text)}" for name, text in TEXTS.items())
    make = "make --no-print-directory train"  # of which the tests may be run by another
    line, environment = (f"{make} {words}", {}) if place == "line" else (make, TEXTS)
    done = subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, env=os.environ | environment, capture_output=True, text=True, check=True
    )
    expected = ["1", "-m", "pipeline", "train", TEXTS["CONFIG"], "--data", TEXTS["DATA"], "--set", TEXTS["SET"]]
    assert done.stdout.split("\0")[:-1] == expected
    assert not (tmp_path / "made").exists()
