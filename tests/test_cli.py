"""The command line: what it prints, what it imports, how it ends."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import get_args

import pytest

from pipeline.config.schema import Code
from tests.conftest import ROOT, command

COMMANDS = ("train", "evaluate", "report", "serve", "export", "check", "init", "explain", "runs", "synthesize", "fetch")
WARNINGS = ["D201", "D202", "D204", "D205", "D206", "D207", "D215"]  # of the twin
Call = Callable[..., tuple[int, dict, str]]
Printed = Callable[..., tuple[int, str, str]]


def imported(words: list[str], folder: Path) -> set[str]:
    """Return the modules that a command has imported when it ends."""
    script = (
        "import sys\nfrom pipeline.cli import app\n"
        f"try: app({words!r}, standalone_mode=False)\nexcept SystemExit: pass\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    return set(done.stderr.split())


def test_the_version_is_that_of_the_package() -> None:
    assert command("--version").stdout.strip() == metadata.version("diabetes-pipeline")


def test_help_names_every_command() -> None:
    done = command("--help")
    assert done.returncode == 0
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_an_example_and_takes_json(name: str) -> None:
    text = command(name, "--help").stdout
    assert f"\n    python -m pipeline {name}" in text
    assert "--json" in text


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["check"],
        ["explain", "C101"],
        ["runs"],
        ["predict", "data/diabetes.csv", "a.csv"],
        ["init", "data/diabetes.csv"],
    ],
)
def test_what_does_not_train_imports_neither_tensorflow_nor_estimators_nor_pandas(words: list[str], trained: Path) -> None:
    modules = imported(words, trained)
    assert "pipeline.cli" in modules
    assert not {name for name in modules if name.split(".")[0] in ("tensorflow", "keras", "sklearn", "scipy", "pandas")}


def test_check_imports_neither_what_reads_runs_nor_what_reads_parquet(trained: Path) -> None:
    modules = imported(["check"], trained)
    assert "pipeline.findings.audit" in modules
    assert not {name for name in modules if name.startswith(("pipeline.runs", "pipeline.track", "pyarrow.parquet"))}


def test_nothing_is_collected_as_the_process_ends_and_no_plugins_are_looked_for(trained: Path) -> None:
    script = (
        "import atexit, gc, os, sys\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 10_000, os.environ['PYDANTIC_DISABLE_PLUGINS']))\n"
        "sys.argv[1:] = ['explain', 'C101']\nfrom pipeline.__main__ import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=trained, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "True 1"


def test_help_imports_no_numpy(workplace: Path) -> None:
    modules = imported(["--help"], workplace)
    assert "pipeline.cli" in modules
    assert "numpy" not in modules


@pytest.mark.parametrize("name", ["evaluate", "report"])
def test_what_reads_a_run_imports_no_tensorflow(name: str, trained: Path) -> None:
    modules = imported([name], trained)
    assert "pipeline.judge.evaluate" in modules
    assert not {name for name in modules if name.split(".")[0] in ("tensorflow", "keras")}


def test_evaluate_imports_neither_estimators_nor_pandas(trained: Path) -> None:
    modules = imported(["evaluate"], trained)
    assert not {name for name in modules if name.split(".")[0] in ("sklearn", "scipy", "pandas")}


def test_importing_the_package_does_nothing() -> None:
    script = "import sys, pipeline; print(*[m for m in sys.modules if m.split('.')[0] in ('numpy', 'sklearn', 'tensorflow')])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_json_is_one_object_and_everything_else_is_on_standard_error(trained: Path) -> None:
    done = command("evaluate", "--json", folder=trained)
    assert json.loads(done.stdout)["accuracy"]["test"] > 0
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train", "nope.yaml"], "nope.yaml"),
        (["train", "--data", "nope.csv"], "nope.csv"),
        (["train", "--set", "network.alhpa=1"], 'did you mean "alpha"'),
        (["check", "--set", "training.epochs=0"], "training.epochs"),
        (["evaluate", "nope"], "nope"),
        (["evaluate"], "train first"),
        (["report"], "train first"),
        (["report", "nope"], "nope"),
        (["explain", "C1O1"], 'did you mean "C101"'),
        (["train", "--set", "data.path=x", "--data", "y"], "no effect beside --data"),
        (["synthesize", "nowhere/twin.csv"], "nowhere"),
        (["synthesize", ""], "cannot be written"),
        (["synthesize", "twin.csv", "configs/default.yaml"], "configs/default.yaml"),
    ],
)
def test_a_users_mistake_is_one_line_and_exit_code_2(words: list[str], told: str, workplace: Path, in_process: Call) -> None:
    code, out, err = in_process(*words)
    assert code == 2
    assert all(line.startswith("error: ") for line in err.splitlines())
    assert told in err
    assert out == {"error": [line.removeprefix("error: ") for line in err.splitlines()]}


def test_an_unknown_command_or_option_is_exit_code_2_without_a_traceback(workplace: Path) -> None:
    for words in (["trian"], ["train", "--nope"]):
        done = command(*words, folder=workplace)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_check_prints_findings_and_strict_makes_warnings_errors(workplace: Path, in_process: Call) -> None:
    code, out, _ = in_process("check")
    assert code == 0
    assert {each["code"]: each["level"] for each in out["findings"]} == {
        "C103": "info",
        "D201": "warning",
        "D202": "warning",
        "D203": "info",
        "D204": "warning",
        "D205": "warning",
        "D206": "warning",
        "D207": "warning",
        "D215": "warning",
    }
    code, out, _ = in_process("check", "--strict")
    assert code == 1
    assert sorted(each["code"] for each in out["findings"] if each["level"] == "error") == WARNINGS
    assert [each["code"] for each in out["findings"]][:3] == ["D205", "D206", "D207"]  # in the order of their consequence
    code, _, _ = in_process("check", "--strict", "--set", f"findings.accept=[{', '.join(WARNINGS)}]")
    assert code == 0


def test_explain_lists_every_code_and_shows_a_page(in_process: Call) -> None:
    _, out, _ = in_process("explain")
    codes = [each["code"] for each in out["findings"]]
    assert codes == sorted(get_args(Code))
    code, out, _ = in_process("explain", "c101")
    assert code == 0
    assert "How to fix: " in out["page"]


def test_the_terminal_shows_the_figures_of_the_json(trained: Path) -> None:
    summary = json.loads((trained / "train.json").read_text())
    done = command("evaluate", "--full", folder=trained)
    for figure in (summary["accuracy"]["train"], summary["accuracy"]["test"], summary["keras_accuracy"]["test"]):
        assert f"{figure:.1%}" in done.stdout
    for finding in summary["findings"]:
        assert finding["code"] in done.stdout
    assert Path(summary["run"]).name in done.stdout


@pytest.mark.parametrize(("columns", "shown"), [("100", ("-> [red]2[/]", "\n[red]2[/] ")), ("80", ("-> 3 ", "\n3 [red]2[/] "))])
def test_a_name_with_markup_is_text(
    columns: str, shown: tuple[str, str], workplace: Path, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for name in ("configs/default.yaml", "data/diabetes.csv"):
        Path(name).write_text(Path(name).read_text().replace("Type2", "[red]2[/]"))
    text = Path("configs/default.yaml").read_text().replace("[red]2[/]: -1", '"[red]2[/]": -1')
    Path("configs/default.yaml").write_text(text)
    quick = (word for each in ("training.starts=2", "training.epochs=1", "evaluation.unseen=null") for word in ("--set", each))
    code, out, err = printed("train", "--full", *quick)
    assert code in (0, 1), err
    assert all(text in out for text in shown)


def test_a_reader_that_has_seen_enough_is_no_error(trained: Path) -> None:
    line = f"{sys.executable} -m pipeline evaluate | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=trained, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[1:] == ["0"]
    assert done.stdout.startswith("6-3-1 Leaky ReLU network")
    assert done.stderr == ""


def test_a_full_disk_behind_standard_output_is_one_line(trained: Path) -> None:
    for words in ("evaluate", "check --json"):
        line = f"{sys.executable} -m pipeline {words} > /dev/full"
        done = subprocess.run(
            ["bash", "-c", line], cwd=trained, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
        )
        assert done.returncode == 2
        assert done.stderr == "error: the output cannot be written: No space left on device\n"


@pytest.mark.slow
def test_many_classes_fit_on_a_screen(workplace: Path, printed: Printed) -> None:
    names = [f"class {number}" for number in range(30)]
    Path("many.csv").write_text("x,label\n" + "".join(f"{row % 30},{names[row % 30]}\n" for row in range(300)))
    codes = ", ".join(f"{name}: {number}" for number, name in enumerate(names))
    Path("many.yaml").write_text(
        f"data: {{path: many.csv, target: label, codes: {{{codes}}}, features: {{x: {{}}}}}}\n"
        "training: {starts: 2, epochs: 1}\n"
    )
    code, out, err = printed("train", "many.yaml", "--full")
    assert code in (0, 1), err
    assert all(name in out for name in names)


def test_too_little_memory_is_one_line(workplace: Path, in_process: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def hungry(*given: object) -> None:
        raise MemoryError

    monkeypatch.setattr("pipeline.stages.check", hungry)
    code, _, err = in_process("check")
    assert code == 2
    assert err.startswith("error: this needs more memory than there is")
