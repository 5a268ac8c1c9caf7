"""What is typed reaches the program: the settings of SET, and the program's own name."""

import sys

import pytest

from pipeline.machine.started import BY_MAKE, asked, split_settings, started_by


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
        (None, "diabetes-pipeline"),
    ],
)
def test_the_program_is_called_as_it_was_started(started: str | None, typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BY_MAKE, raising=False)
    monkeypatch.setattr(sys, "argv", [started] if started else [])
    assert started_by() == typed
    monkeypatch.setenv(BY_MAKE, "1")
    assert started_by() == "make"
