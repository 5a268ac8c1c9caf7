"""A fix reaches the program as it was meant, whatever is in it: a shell, and make, are the oracle."""

import shlex
import subprocess
from typing import Any

import pytest

from pipeline.config.remedy import OUT, Call, Line, dotted
from pipeline.config.yaml_text import override, read_yaml
from pipeline.machine.started import split_settings

NAMES = ["BS pp", "x: y", "it's", 'say "so"', "a.b", "a = b", "No]", "$HOME `ls`", "ü", "back\\slash"]
SETTINGS = {"split.group_by": NAMES, "split.seed": 3, "data.reference": None, dotted("data", "features", "BS pp"): OUT}
OWN = ("card.users='nurses: it''s a.b=1 of $HOME'", "split.seed=2")
BEFORE = "data: {features: {BS pp: {unit: mmol/L}, HbA1c: }}"


def words_of(line: str) -> list[str]:
    """The words that bash makes of a line, but for the command."""
    printed = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, text=True, check=True).stdout
    return printed.split("\0")[:-1]


def applied(settings: list[str]) -> dict[str, Any]:
    source = read_yaml(BEFORE, "some.yaml")
    override(source, settings)
    assert source.problems == []
    return source.values


@pytest.mark.parametrize("program", ["make", "diabetes-pipeline", "python -m pipeline"])
def test_a_command_survives_the_shell_and_keeps_what_was_set(program: str) -> None:
    call = Call(program, "train", "some configs/it's.yaml", OWN, "a file.csv")
    line = call.told(SETTINGS)
    assert line.startswith(f"{program} train ")
    words = words_of(line)[len(program.split()) + 1 :]
    if program == "make":
        given = dict(word.split("=", 1) for word in words)
        assert (given["CONFIG"], given["DATA"]) == (call.path, call.data)
        settings = split_settings(given["SET"])
    else:
        assert words[:3] == [call.path, "--data", call.data]
        settings = [word for word in words[3:] if word != "--set"]
    assert settings[0] == OWN[0]
    assert "split.seed=2" not in settings
    values = applied(settings)
    assert values["split"] == {"group_by": NAMES, "seed": 3}
    assert values["data"] == {"features": {"HbA1c": None}, "reference": None}


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (Call(), "diabetes-pipeline train --set a.b=1"),
        (Call("make", "check"), "make check SET=a.b=1"),
        (Call("make", "train", settings=("c.d=[x, y]",)), "make train SET='c.d=[x, y] a.b=1'"),
        (Call(command="study", path="configs/study.yaml"), "diabetes-pipeline study --set a.b=1"),
        (Call(command="study"), "diabetes-pipeline study configs/default.yaml --set a.b=1"),
    ],
)
def test_what_the_command_takes_anyway_is_not_written(call: Call, line: str) -> None:
    assert call.told({"a.b": 1}) == line


def test_choices_and_steps_are_told_in_words() -> None:
    line = Line("data.features", "BS pp", {"range": [2, 30]})
    assert Call(path="x.yaml").told((["bring rows", line], "", "no more")) == (
        "bring rows, then in x.yaml, under data.features: BS pp: {range: [2, 30]}; or no more"
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_key_is_read_as_it_was_written(name: str) -> None:
    (setting,) = shlex.split(shlex.quote(f"{dotted('data', 'features', name, 'unit')}=x"))
    assert applied([setting])["data"]["features"][name] == {"unit": "x"}


@pytest.mark.parametrize("setting", ["~data.features.Age", "~data.features", "~split.seed.x"])
def test_only_what_is_there_is_taken_out(setting: str) -> None:
    source = read_yaml("data: {features: {a: }}\nsplit: {seed: 1}", "some.yaml")
    override(source, [setting])
    assert (source.problems == []) == (setting == "~data.features")
