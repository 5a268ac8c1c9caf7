"""The README tells the truth: its commands run, and no key or command is missing from it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from pipeline.cli import app
from pipeline.config.data_section import Feature
from pipeline.config.schema import Config
from tests.conftest import ROOT, command

Printed = Callable[..., tuple[int, str, str]]
README = (ROOT / "README.md").read_text()


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the dotted keys of the schema; the features' own keys under ``data.features.*``."""
    for name, field in model.model_fields.items():
        inner = next(sections(field.annotation), None)
        if inner is Feature:
            yield prefix + name
            yield from keys(Feature, f"{prefix}{name}.*.")
        elif inner is not None:
            yield from keys(inner, f"{prefix}{name}.")
        else:
            yield prefix + name


def sections(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from sections(argument)


def indented() -> list[str]:
    """Return the command lines of the README, without their comments."""
    lines = re.findall(r"^    ((?:make|diabetes-pipeline) .*)$", README, re.MULTILINE)
    return [line.split("#")[0].strip() for line in lines]


def test_every_config_key_is_in_the_readme() -> None:
    missing = [key for key in keys(Config) if f"`{key}`" not in README]
    assert missing == []


def test_every_default_in_the_readme_is_that_of_the_schema() -> None:
    told = dict(re.findall(r"^\| `([a-z0-9_.]+)` \| ([^|]+?) \|", README, re.MULTILINE))
    for name, field in Config.model_fields.items():
        if name in ("data", "study", "findings", "card"):
            continue
        for key, inner in type(field.default).model_fields.items():
            default = inner.default
            plain = "null" if default is None else str(list(default) if isinstance(default, tuple) else default)
            assert told[f"{name}.{key}"].lower() == plain.lower()


def test_every_command_and_option_is_in_the_readme(printed: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    for each in app.registered_commands:
        name = each.name
        assert f"| `{name}" in README
        _, page, _ = printed(name, "--help")
        assert "--help" in page
        for option in re.findall(r"--[a-z-]+", page):
            assert option in README or option == "--help"


@pytest.mark.parametrize("line", [line for line in indented() if line.startswith("diabetes-pipeline")])
def test_the_commands_of_the_readme_run(line: str, trained: Path, printed: Printed) -> None:
    words = line.split()[1:]
    if words[0] == "train":
        words += ["--set", "training.starts=8", "--set", "training.epochs=5", "--set", "evaluation.unseen=null"]
    code, _, err = printed(*words)
    assert code == 0, err


def alone(line: str) -> bool:
    """Whether a make line of the README ends by itself, needs no network, and is not this very test."""
    long = {"test", "fetch", "bench", "torture", "planted", "planted-faults", "peers", "DASK=local:2"}
    return line.startswith("make ") and not long & set(line.split()) and "mine" not in line and "complete" not in line


def train_little() -> None:
    """Let the default config train few starts, as the small run does, and no folds."""
    path = Path("configs/default.yaml")
    text = path.read_text()
    for old, new in ((r"\bstarts: auto", "starts: 8"), (r"\bepochs: auto", "epochs: 20"), (r"\bunseen: {", "unseen: null  # {")):
        text, count = re.subn(old, new, text)
        assert count == 1
    path.write_text(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [line for line in indented() if alone(line) and "article" not in line and line != "make train"],  # SET may be left out
)
def test_the_make_lines_of_the_readme_run(line: str, trained: Path) -> None:
    study = "training.epochs=1 study.seeds=2 study.splits=2 study.alphas=[0,0.05] study.features=[standard]"
    settings = study if "study" in line else "training.starts=8 training.epochs=20"
    environment = with_make() | {"SET": settings}  # the latter as the run that is there already
    if line.startswith("make train"):
        train_little()
    done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def with_make() -> dict[str, str]:
    """Put the Makefile into the current folder, with this interpreter in the place of .venv."""
    shutil.copy(ROOT / "Makefile", "Makefile")
    shutil.copy(ROOT / "requirements.lock", "requirements.lock")
    Path(".venv/bin").mkdir(parents=True)
    Path(".venv/bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    Path(".venv/bin/python").chmod(0o755)
    Path(".venv/installed").touch()
    return os.environ | {"PYTHONPATH": str(ROOT)}


def example(section: str, folder: Path) -> str:
    """Run the Python example of a section in a folder and return what it prints."""
    (text,) = re.findall(r"```python\n(.*?)```", README.split(f"\n## {section}\n")[1].split("\n## ")[0], re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_estimator_of_the_readme_runs(tmp_path: Path) -> None:
    assert float(example("As a scikit-learn estimator", tmp_path).split()[-1]) > 0.9


def test_the_exported_file_of_the_readme_is_read(trained: Path) -> None:
    assert command("export", "models/latest", "--to", "onnx", "diabetes.onnx").returncode == 0
    assert example("Export", trained).count("array(") == 3


def test_the_make_lines_of_the_readme_are_rules_of_the_makefile() -> None:
    rules = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert {"train", "test", "evaluate", "fetch", "bench", "check"} <= told
    assert told - rules <= {"and"}


@pytest.mark.slow
def test_make_evaluate_trains_where_the_config_changed(trained: Path) -> None:
    environment = with_make() | {"SET": "training.starts=8 training.epochs=20"}

    def make(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["make", *words], env=environment, capture_output=True, text=True, check=True)

    first = make("evaluate")
    assert "evaluating" in first.stderr
    train_little()
    text = Path("configs/default.yaml").read_text()
    Path("configs/default.yaml").write_text(text.replace("alpha: 0.05", "alpha: 0.3"))
    second = make("evaluate")
    assert "training" in second.stderr
    assert "slope 0.3" in second.stdout
    third = make("evaluate")
    assert "evaluating" in third.stderr
    assert third.stdout == second.stdout


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-bench.lock"])
def test_a_lock_names_no_index_and_every_package_has_a_hash(name: str) -> None:
    lock = (ROOT / name).read_text()
    assert "://" not in lock
    pins = re.findall(r"^([a-z0-9._-]+)==[^\n]*\\\n    --hash=sha256:", lock, re.MULTILINE | re.IGNORECASE)
    assert len(pins) == len(re.findall(r"^[a-z0-9._-]+==", lock, re.MULTILINE | re.IGNORECASE)) > 30
