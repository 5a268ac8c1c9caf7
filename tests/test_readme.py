"""The documents tell the truth: their commands run, their links lead somewhere, and no key or command is missing."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from pipeline.cli import app
from pipeline.config.data_section import Feature
from pipeline.config.schema import Config
from tests.conftest import ROOT, command
from tests.documents import DOCUMENTS, examples, typed_lines
from tests.torture.torture import PARTS

Printed = Callable[..., tuple[int, str, str]]
README, CONFIGS, MODELS = (DOCUMENTS[name] for name in ("README.md", "configs/README.md", "models/README.md"))
TYPED = sorted({line for text in DOCUMENTS.values() for line in typed_lines(text)})


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


def test_the_readme_is_short() -> None:
    assert len(README.split()) <= 1_100


def test_every_config_key_is_explained() -> None:
    assert [key for key in keys(Config) if f"`{key}`" not in CONFIGS] == []


def test_every_default_that_is_told_is_that_of_the_schema() -> None:
    told = dict(re.findall(r"^\| `([a-z0-9_.]+)` \| ([^|]+?) \|", CONFIGS, re.MULTILINE))
    for name, field in Config.model_fields.items():
        if name in ("data", "study", "findings", "card"):
            continue
        for key, inner in type(field.default).model_fields.items():
            default = inner.default
            plain = "null" if default is None else str(list(default) if isinstance(default, tuple) else default)
            assert told[f"{name}.{key}"].lower() == plain.lower()


def test_the_readme_has_every_command_with_every_option(printed: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    told = {line.split()[0]: line for line in re.findall(r"^\| `([a-z]+\b[^`]*)` \|", README, re.MULTILINE)}
    assert set(told) == {command.name for command in app.registered_commands}
    for name, line in told.items():
        _, page, _ = printed(name, "--help")
        options = set(re.findall(r"^  (--[a-z-]+)", page, re.MULTILINE))
        assert {"--help", "--json"} <= options
        assert set(re.findall(r"--[a-z-]+", line)) == options - {"--help", "--json"}, name


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_to_a_file_and_a_heading(name: str) -> None:
    for path, heading in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", DOCUMENTS[name]):
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), path
        if heading:
            titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, heading


def test_no_document_stands_alone() -> None:
    linked = {
        ((ROOT / name).parent / path).resolve()
        for name, text in DOCUMENTS.items()
        for path in re.findall(r"\]\((?!https?:)([^)#]+)", text)
    }
    assert {name for name in DOCUMENTS if (ROOT / name) not in linked} == {"README.md"}


@pytest.mark.parametrize("line", [line for line in TYPED if line.startswith("diabetes-pipeline") and " serve" not in line])
def test_the_commands_of_the_documents_run(line: str, trained: Path, printed: Printed) -> None:
    words = line.split()[1:]
    if words[0] == "train":
        words += ["--set", "training.starts=8", "--set", "training.epochs=5", "--set", "evaluation.unseen=null"]
    if words == ["init"]:  # else it refuses to replace what lies here
        for file in ("configs/default.yaml", "configs/article.yaml", "configs/study.yaml", "data/diabetes.csv"):
            Path(file).unlink()
    code, _, err = printed(*words)
    assert code == 0, err


def test_init_prints_what_the_document_says(workplace: Path, printed: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIABETES_PIPELINE_MAKE", "1")
    shutil.copy(ROOT / "tests/init/clinic.csv", "mine.csv")
    code, out, _ = printed("init", "mine.csv")
    assert code == 0
    (shown,) = re.findall(r"^    mine\.yaml: (?:.+\n)+", CONFIGS, re.MULTILINE)
    start, end = (textwrap.dedent(part).strip() for part in shown.split("    ...\n"))
    assert out.startswith(start)
    assert out.strip().endswith(end)


def test_a_run_prints_every_figure_that_the_document_names(small_run: Path) -> None:
    (told,) = re.findall(r"print every figure unrounded: (.*?)\. A figure", MODELS, re.DOTALL)
    missing = set(re.findall(r"`(\w+)`", told)) - set(json.loads((small_run / "train.json").read_text()))
    assert missing == set()


def test_the_document_on_torture_has_its_parts() -> None:
    rows = re.findall(r"^\| (`.*?`) \|", DOCUMENTS["tests/torture/README.md"], re.MULTILINE)
    assert re.findall(r"`(\w+)`", " ".join(rows)) == list(PARTS)


def alone(line: str) -> bool:
    """Whether a make line ends by itself, needs no network nor a file that is not here, and takes no minutes."""
    here = {"train", "evaluate", "report", "compare", "explain", "study", "check", "runs", "help", "predict", "export"}
    others = ("mine", "complete", "article", "DASK")
    return line.startswith("make ") and line.split()[1] in here and not any(word in line for word in others)


def train_little() -> None:
    """Let the default config train few starts, as the small run does, and no folds."""
    path = Path("configs/default.yaml")
    text = path.read_text()
    for old, new in ((r"\bstarts: auto", "starts: 8"), (r"\bepochs: auto", "epochs: 20"), (r"\bunseen: {", "unseen: null  # {")):
        text, count = re.subn(old, new, text)
        assert count == 1
    path.write_text(text)


@pytest.mark.slow
@pytest.mark.parametrize("line", [line for line in TYPED if alone(line) and line != "make train"])  # SET may be left out
def test_the_make_lines_of_the_documents_run(line: str, trained: Path) -> None:
    study = "training.epochs=1 study.seeds=2 study.splits=2 study.alphas=[0,0.05] study.features=[standard]"
    settings = study if "study" in line else "training.starts=8 training.epochs=20"
    environment = with_make() | {"SET": settings}  # the latter as the run that is there already
    if "compare" in line:
        subprocess.run(["make", "train"], env=environment, capture_output=True, check=True)
    if line.startswith("make train"):
        train_little()
    done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_commands_for_a_file_of_ones_own_work_in_their_order(workplace: Path) -> None:
    shutil.copy(ROOT / "tests/init/clinic.csv", "mine.csv")
    environment = with_make()
    lines = [line for line in typed_lines(README) if "mine" in line]
    assert len(lines) == 4
    for line in lines:
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


def printed_by(text: str, folder: Path) -> str:
    """Run the only example in Python of a document in a folder and return what it prints."""
    (example,) = examples(text)
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_estimator_of_the_documents_runs(tmp_path: Path) -> None:
    assert float(printed_by(DOCUMENTS["pipeline/README.md"], tmp_path).split()[-1]) > 0.9


def test_the_exported_file_of_the_documents_is_read(trained: Path) -> None:
    assert command("export", "models/latest", "--to", "onnx", "diabetes.onnx").returncode == 0
    assert printed_by(MODELS, trained).count("array(") == 3


def test_every_make_line_is_a_rule_of_the_makefile() -> None:
    rules = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {rule for text in DOCUMENTS.values() for rule in re.findall(r"(?:`|^    )make ([a-z-]+)", text, re.MULTILINE)}
    assert {"train", "test", "evaluate", "report", "init", "study", "fetch", "bench"} <= told
    assert told - rules == set()


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
