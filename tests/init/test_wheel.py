"""Whoever installs the package without the repository: each command in an empty folder, from the built wheel alone."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

QUICK = ("--set", "training.starts=4", "--set", "training.epochs=5", "--set", "evaluation.unseen=null")


@pytest.mark.slow
def test_two_commands_work_in_an_empty_folder_from_the_wheel(tmp_path: Path) -> None:
    source, installed, place = tmp_path / "source", tmp_path / "installed", tmp_path / "place"
    kept = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__", "models", "studies", "tests")
    shutil.copytree(ROOT, source, ignore=kept)  # a build leaves its traces in the source
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, source], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", installed, wheel], check=True)
    place.mkdir()
    shutil.copy(ROOT / "tests/init/clinic.csv", place / "mine.csv")
    environment = os.environ | {"PYTHONPATH": str(installed)}

    def run(*words: str) -> dict:
        called = [sys.executable, "-P", "-m", "pipeline", *words, "--json"]
        done = subprocess.run(called, cwd=place, env=environment, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    run("init")
    assert run("train", *QUICK)["data"]["rows"] == 1009
    assert (place / run("report")["report"]).is_file()
    assert run("init", "mine.csv")["target"] == "Diabetes"
    assert run("train", "mine.yaml", *QUICK)["data"]["classes"] == {"no": 184, "yes": 116}
    origin = [sys.executable, "-P", "-c", "import pipeline; print(pipeline.__file__)"]
    printed = subprocess.run(origin, cwd=place, env=environment, capture_output=True, text=True, check=True).stdout
    assert printed.startswith(str(installed))
