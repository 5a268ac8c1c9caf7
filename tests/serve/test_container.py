"""The container: where Docker is not at hand, the steps of its Dockerfile are run in a fresh virtual environment."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.runs.saved import load_scoring
from tests.conftest import ROOT
from tests.serve.client import ROW

ROOM = ROOT / "pipeline" / "serve"
SUPPORTED = "import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))"


def steps() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, each with its words."""
    text = re.sub(r"^#.*\n", "", (ROOM / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line]


def pins(path: Path) -> dict[str, list[str]]:
    """Return the hashes of every pin, by name and version."""
    parts = re.split(r"^(?=[a-z0-9])", path.read_text(), flags=re.MULTILINE | re.IGNORECASE)
    return {found[0]: re.findall(r"sha256:\w+", part) for part in parts if (found := re.match(r"[\w.-]+==[\w.]+", part))}


def test_its_packages_are_those_of_the_lock_and_tensorflow_is_not_among_them() -> None:
    own, whole = pins(ROOM / "requirements.lock"), pins(ROOT / "requirements.lock")
    assert own.items() <= whole.items()
    names = {pin.partition("==")[0] for pin in own}
    assert not names & {"tensorflow", "keras", "scikit-learn", "scipy", "pandas", "matplotlib"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {re.split(r"[>=\[]", line)[0] for line in project["project"]["optional-dependencies"]["serve"]}
    assert wanted <= set(project["dependency-groups"]["container"]) <= names


def test_what_is_copied_is_sent_and_nothing_else() -> None:
    lines = (ROOM / "Dockerfile.dockerignore").read_text().splitlines()
    sources = {words.split()[0] for name, words in steps() if name == "COPY"}
    assert lines[1] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == {source.split("/")[0] for source in sources}


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can read."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def interpreter(rights: dict[str, Any]) -> str | None:
    """Return a Python that a user with these rights can start: root's own may lie where nobody else can look."""
    for path in (sys.executable, "/usr/bin/python3"):
        with suppress(OSError):
            if subprocess.run([path, "-c", SUPPORTED], **rights).returncode == 0:
                return path
    return None


@pytest.mark.slow
def test_its_steps_serve_a_run_as_a_user_without_rights(place: Path, small_run: Path) -> None:
    work, environment, known = place / "srv", place / "environment", dict(steps())
    user = int(known["USER"].split(":")[0])
    assert user > 0
    rights: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if os.getuid() == 0 else {}
    python = interpreter(rights)
    rights = rights if python else {}
    subprocess.run([python or sys.executable, "-m", "venv", environment], check=True)
    variables = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    variables["PATH"] = f"{environment / 'bin'}:{variables['PATH']}"
    for name, words in steps():
        if name == "WORKDIR":
            work.mkdir()
        elif name == "COPY":
            source, target = words.split()
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, work / target)
        elif name == "RUN":
            subprocess.run(["sh", "-ec", words], cwd=work, env=variables, check=True)
    shutil.copytree(small_run / "models", work / "models", symlinks=True)
    words = json.loads(known["ENTRYPOINT"]) + json.loads(known["CMD"].replace("0.0.0.0", "127.0.0.1"))  # noqa: S104
    with subprocess.Popen(
        [*words, "--port", "0", "--json"],
        cwd=work,
        env=variables,
        stdout=subprocess.PIPE,
        text=True,
        **rights,
    ) as process:
        try:
            assert process.stdout
            url = json.loads(process.stdout.readline())["url"]
            check(url, small_run)
            health = json.loads(known["HEALTHCHECK"].removeprefix("CMD ").replace("http://127.0.0.1:8000", url))
            subprocess.run(health, env=variables, check=True)
        finally:
            process.terminate()
    assert process.returncode == 0
    packages = {path.name.split("-")[0].lower() for path in environment.glob("lib/python*/site-packages/*.dist-info")}
    assert {"fastapi", "numpy"} <= packages
    assert not {"tensorflow", "keras", "scikit_learn", "matplotlib"} & packages
    size = sum(path.lstat().st_size for path in place.rglob("*")) / 1e6
    print(f"the container adds {size:.0f} MB to its base image")
    (told,) = re.findall(r"adds (\d+) MB", (ROOM / "README.md").read_text())
    assert size < 1.2 * int(told)


def check(url: str, small_run: Path) -> None:
    """Ask a row, a file and the page: the answers are those of the whole installation."""
    from pipeline.serve.models import answers

    (own,) = answers(load_scoring(small_run / "models" / "latest"), [list(ROW.values())], explain=False)
    answer = httpx.post(f"{url}/predict", json=ROW).json()
    assert {"class": answer["class"], "possible": answer["possible"]} == {"class": own["class"], "possible": own["possible"]}
    assert answer["output"] == pytest.approx(own["output"], rel=1e-5)
    scored = httpx.post(f"{url}/predict.csv", files={"file": (ROOT / "data" / "diabetes.csv").read_bytes()})
    assert len(list(csv.reader(scored.text.splitlines()))) == 1010
    assert "<h1>" in httpx.get(f"{url}/").text
