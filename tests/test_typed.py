"""Every command that a text tells to type is typed, in both forms.

Through make, with a stub in the place of Python, and through the program: the same call must come of either. Each different
call is then carried out once, in a folder with a small run and files of the names that the texts use; only what needs
a cluster, a network or minutes of other programs is no more than read.
"""

import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pipeline.cli import app
from pipeline.findings.registry import RULES
from pipeline.machine.started import BY_MAKE, split_settings
from tests.conftest import ROOT
from tests.making import handed_over, make, stub_make

Printed = Callable[..., tuple[int, str, str]]
GROUP: Any = typer.main.get_command(app)
COMMANDS = sorted(GROUP.commands)
RULES_OF_MAKE = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
PROGRAM = r"(?:make|(?:\.venv/bin/)?diabetes-pipeline|python -m pipeline)"
TARGETS = "|".join(sorted({*COMMANDS, *RULES_OF_MAKE}, key=len, reverse=True))
LINE = re.compile(rf"^(?: {{4}})?({PROGRAM} (?:{TARGETS})(?![\w-]).*)$", re.MULTILINE)
QUOTED = re.compile(rf"(?<!`)`({PROGRAM} (?:{TARGETS})(?![\w-])[^`\n]*)`")
POSITIONS = {
    **dict.fromkeys(("train", "check", "study"), ("CONFIG",)),
    **dict.fromkeys(("evaluate", "report", "serve"), ("RUN",)),
    "init": ("DATA", "CONFIG"),
    "explain": ("CODE",),
    "compare": ("RUN", "WITH"),
    "predict": ("INPUT", "OUTPUT"),
    "export": ("RUN", "OUTPUT"),
    "synthesize": ("OUTPUT",),
}
OPTIONS = {f"--{name}": name.upper() for name in ("set", "data", "target", "run", "to", "port", "keep", "dask")}
NOT_OF_MAKE = {"--json", "--strict", "--force", "--yes", "--host", "--if-changed"}
"""Options that the program has and make has not; nor has it the config of synthesize, and standard output."""


def documents() -> Iterator[tuple[str, str]]:
    """Yield each document, and what it tells to type."""
    folders = ("configs", "data", "models", "pipeline", "tests")
    paths = [*ROOT.glob("*.md"), *(path for name in folders for path in (ROOT / name).rglob("*.md"))]
    for path in sorted(paths):
        text = path.read_text(encoding="utf-8")
        if path.name != "CHANGELOG.md":  # which tells of what was
            for line in (*LINE.findall(text), *QUOTED.findall(text)):
                yield str(path.relative_to(ROOT)), re.split(r"\s+#|\s+>", line)[0].strip()


def helps() -> Iterator[tuple[str, str]]:
    """Yield the examples of ``--help``, and of the program without a command."""
    for name, shown in GROUP.commands.items():
        yield from ((name, line.strip()) for line in (shown.epilog or "").splitlines() if "diabetes-pipeline" in line)
    for line in re.findall(r"^  (diabetes-pipeline .*?)  ", GROUP.help, re.MULTILINE):
        yield "no command", line


def pages() -> Iterator[tuple[str, str]]:
    """Yield the commands that ``explain`` names, and those in the comments of the configs and in the list of make."""
    named = re.compile(rf"\b((?:make|diabetes-pipeline) (?:{TARGETS})(?![\w-])(?:[^\"\n]*(?=\")|(?: [A-Z]+=\S+)*))")
    for code, rule in RULES.items():
        yield from ((code, line) for line in named.findall(rule.page))
    for path in [*(ROOT / "configs").glob("*.yaml"), *(ROOT / "pipeline").rglob("*.yaml"), ROOT / "Makefile"]:
        comments = re.findall(r"#.*|echo .*|type: .*|needed,.*", path.read_text(encoding="utf-8"))
        yield from ((path.name, line.rstrip(").,;")) for line in named.findall("\n".join(comments)))


def unique(found: Iterator[tuple[str, str]]) -> list[str]:
    return sorted({line for _, line in found})


def params(words: list[str]) -> tuple[str, dict[str, Any]]:
    """Return what the program understands; SET of make is one word."""
    command = GROUP.commands[words[0]]
    return words[0], dict(command.make_context(words[0], list(words[1:])).params)


def program_words(line: str, folder: Path) -> list[str] | None:
    """Return what a line hands over to the program, in its own form; None for a target of make that is no command."""
    words = shlex.split(re.sub(rf"^{PROGRAM}", "", line))
    if not line.startswith("make"):
        return words
    if words[0] not in COMMANDS:
        return None
    handed = handed_over(folder, line)
    return [word for before, own in zip(["", *handed], handed, strict=False) for word in settings_of(before, own)]


def settings_of(before: str, word: str) -> list[str]:
    """Return a word, but the settings that make hands over as one as one each."""
    if before != "--set":
        return [word]
    return [part for number, setting in enumerate(split_settings(word)) for part in (["--set"] * (number > 0) + [setting])]


def make_line(words: list[str]) -> str | None:
    """Return a call of the program as a line for make; None where it has an option that make has not."""
    name, texts, places, left = words[0], dict[str, list[str]](), list(POSITIONS.get(words[0], ())), list(words[1:])
    while left:
        word = left.pop(0)
        if word in OPTIONS:
            texts.setdefault(OPTIONS[word], []).append(left.pop(0))
        elif word == "--full":
            texts["FULL"] = ["1"]
        elif word in NOT_OF_MAKE or not places:
            return None
        else:
            texts.setdefault(places.pop(0), []).append(word)
    if name == "evaluate" and "RUN" not in texts:
        return None  # of make it trains where something changed
    return " ".join(["make", name, *(f"{key}={shlex.quote(' '.join(given))}" for key, given in texts.items())])


@pytest.fixture
def stubbed(tmp_path: Path) -> Path:
    (tmp_path / "make").mkdir()
    stub_make(tmp_path / "make")
    return tmp_path / "make"


def test_every_command_has_a_target_of_make_and_an_entry_here() -> None:
    assert set(COMMANDS) <= RULES_OF_MAKE
    assert set(POSITIONS) | {"runs", "fetch"} == set(COMMANDS)
    assert len(unique(helps())) >= 2 * len(COMMANDS)
    assert len(unique(documents())) > 20


@pytest.mark.parametrize("line", unique(documents()) + unique(helps()) + unique(pages()))
def test_both_forms_are_the_same_call(line: str, stubbed: Path) -> None:
    words = program_words(line, stubbed)
    if words is None:
        target = line.split()[1]
        assert target in RULES_OF_MAKE
        assert make(stubbed, line.replace("make", "make --dry-run", 1)).returncode == 0
        return
    understood = params(words)
    other = make_line(words)
    if other is not None:
        typed = program_words(other, stubbed)
        assert typed is not None
        assert params(typed) == understood


def test_make_hands_over_the_call_of_a_text_word_for_word(stubbed: Path) -> None:
    assert make_line(["evaluate", "f39c2930", "--full"]) == "make evaluate RUN=f39c2930 FULL=1"
    assert make_line(["check", "--strict"]) is None


CARRIED_OUT = unique(documents()) + unique(helps()) + unique(pages())


@pytest.fixture
def place(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small run, and the files that texts name; nothing is served and nothing fetched, and little is trained."""
    for name in ("mine.csv", "complete.csv", "patients.csv", "other.csv", "data/article.csv"):
        shutil.copy("data/diabetes.csv", name)
    for path in Path("configs").glob("*.yaml"):
        text = re.sub(r"\b(starts|epochs): (auto|\d+)", r"\1: 2", path.read_text())
        text = re.sub(r"\bunseen: {", "unseen: null  # {", text)
        text = re.sub(r"\b(seeds|splits): \d+", r"\1: 2", text)
        path.write_text(re.sub(r"\balphas: \[[^\]]*\]", "alphas: [0, 0.05]", text))
    shutil.copytree("models/latest/", "models/20200101T000000.000Z-default-00000000")
    text = Path("configs/default.yaml").read_text()
    Path("mine.yaml").write_text(text)
    monkeypatch.setattr("pipeline.serve.command.serve", lambda run, host, port, ready: ready(str(run), "http://here"))
    monkeypatch.setattr("pipeline.data.fetch.fetch", lambda path: path)
    return trained


@pytest.mark.slow
def test_every_call_is_carried_out(place: Path, printed: Printed, stubbed: Path) -> None:
    done: set[str] = set()
    for line in CARRIED_OUT:
        words = program_words(line, stubbed)
        if words is None or "--dask" in words or re.search(r"\b[A-Z]{4,}\b|\.\.\.|http:", " ".join(words)):
            continue  # of a cluster or a server of others, or with a word that stands for another
        key = repr(params(words))
        if key in done:
            continue
        done.add(key)
        if words[0] == "runs" and "--keep" in words:
            words = [*words, "--yes"]
        if words[0] == "init" and "--force" not in words:
            words = [*words, "--force"]  # the files of this folder are there
        code, _, err = printed(*words)
        assert code in (0, 1), f"{line}: {err}"
    assert len(done) > 25


NEXT = re.compile(rf"(?<!fix)(?::|;) +({PROGRAM} (?:{'|'.join(COMMANDS)})(?![\w-])[^;]*?)$|\"({PROGRAM} [^\"]*)\"", re.MULTILINE)
"""Commands at the end of a line, or quoted; those of fixes are typed in tests/findings/test_fixes.py."""


@pytest.mark.slow
@pytest.mark.parametrize("program", ["make", "diabetes-pipeline"])
def test_what_a_command_tells_to_type_next_can_be_typed(
    program: str, place: Path, printed: Printed, stubbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if program == "make":
        monkeypatch.setenv(BY_MAKE, "1")
    told: dict[str, None] = {}
    back = (["train"], ["train", "--set", "network.alpha=0.2"], ["train", "--if-changed"])  # to a run that is not the newest
    for words in (*back, ["evaluate"], ["check"], ["init", "mine.csv", "--force"], ["study"], ["init", "--force"]):
        code, out, err = printed(*words)
        assert code in (0, 1), err
        told |= dict.fromkeys("".join(pair) for pair in NEXT.findall(out))
    for words in (["evaluate", "nope"], ["train", "--data", "nope.csv"], ["compare", "models/latest", "models/latest"]):
        code, out, err = printed(*words)
        assert code == 2
        told |= dict.fromkeys("".join(pair) for pair in NEXT.findall(err))
    assert any("models/2" in line for line in told)
    for line in told:
        assert line.startswith(program)
        words = program_words(line, stubbed)
        assert words is not None
        params(words)


def test_every_command_that_a_message_names_is_one_in_both_forms() -> None:
    """The program before it is what was typed: of an f-string, whatever ``started_by`` says."""
    named: set[str] = set()
    for path in [*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "pipeline").rglob("*.html")]:
        text = path.read_text(encoding="utf-8")
        named |= {*re.findall(r"(?:started_by\(\)|\bprogram)\} ([a-z]+)", text)}
        named |= {*re.findall(r"\bdiabetes-pipeline ([a-z]+)\b(?! )", text)}
    assert {"runs", "fetch"} <= named <= {*COMMANDS}
