"""What the tests share: the real files where they lie, a folder to work in, and a run that is trained once."""

import contextlib
import fcntl
import functools
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests.browsing import BROWSERS, chromium, installed_browser

if TYPE_CHECKING:
    from pipeline.data.preprocess import Task
    from pipeline.runs.reopen import Reopened

ROOT = Path(__file__).parent.parent

# the same on every machine: by itself hypothesis has limits of time here, and others where the variable CI is set
settings.register_profile("house", settings.get_profile("default"), deadline=None)
settings.load_profile("house")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out of ``make test`` what drives a browser or a server of MLflow, which take long to start and to answer."""
    for item in items:
        if isinstance(item, pytest.Function) and {"browser", "mlflow_server"} & set(item.fixturenames):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with article.csv and complete.csv."""
    folder = os.environ.get("DIABETES_DATA_DIR")
    if not folder:
        pytest.skip("DIABETES_DATA_DIR is not set: the real files carry no licence and are not shipped")
    return Path(folder)


@pytest.fixture(scope="session")
def article(real_data: Path) -> Path:
    """The article's file, with gaps."""
    return real_data / "article.csv"


@pytest.fixture(scope="session")
def complete(real_data: Path) -> Path:
    """The same rows without gaps."""
    return real_data / "complete.csv"


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with the configs and the twin."""
    with_twin(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(*arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    words = [sys.executable, "-m", "pipeline", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def fitted_once() -> Callable[..., list[dict[str, Any]]]:
    """What fits the baselines, but not a second time to the same rows: many tests train on the twin."""
    import joblib

    from tests.tables import answer_all

    kept: dict[str, dict[str, Any]] = {}

    def call(tasks: list["Task"], hidden: tuple[int, ...], seed: int) -> list[dict[str, Any]]:
        names = [joblib.hash((task, hidden, seed)) for task in tasks]
        new = {name: task for name, task in zip(names, tasks, strict=True) if name not in kept}
        kept.update(zip(new, answer_all([*new.values()], hidden, seed), strict=True))
        return [dict(kept[name]) for name in names]

    return call


@pytest.fixture
def printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, fitted_once: Callable[..., list[dict[str, Any]]]
) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process: exit code, standard output, standard error."""
    from pipeline.cli import app

    monkeypatch.setattr("pipeline.stages.fitting", lambda *asked: nullcontext(lambda progress: fitted_once(*asked)))

    def call(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = app([*map(str, arguments)], standalone_mode=False) or 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def in_process(printed: Callable[..., tuple[int, str, str]]) -> Callable[..., tuple[int, dict, str]]:
    """Run the command line in this process: exit code, JSON object, standard error."""

    def call(*arguments: object) -> tuple[int, dict, str]:
        code, out, err = printed(*arguments, "--json")
        return code, json.loads(out), err

    return call


@pytest.fixture(scope="session")
def once(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a folder of a name by a function that is called in it, once, however many workers of pytest-xdist there are."""
    shared = tmp_path_factory.getbasetemp()
    if hasattr(pytestconfig, "workerinput"):
        shared = shared.parent

    def call(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = shared / f"made {name}", shared / f"made {name}.done"
        with (shared / f"made {name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed
                folder.mkdir()
                with contextlib.chdir(folder):
                    make(folder)
                done.touch()
        return folder

    return call


def with_twin(folder: Path) -> None:
    """Copy the configs and the twin into a folder."""
    for name in ("configs", "data"):
        shutil.copytree(ROOT / name, folder / name)


@pytest.fixture(scope="session")
def small_run(once: Callable[..., Path]) -> Path:
    """A folder in which a small network was trained on the twin, once; copy it before changing anything in it."""
    from pipeline.cli import app

    def make(folder: Path) -> None:
        with_twin(folder)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            words = ["train", "--set", "training.starts=8", "--set", "training.epochs=20", "--json"]
            assert not app(words, standalone_mode=False)
        Path("train.json").write_text(printed.getvalue())

    return once("small", make)


@pytest.fixture(scope="session")
def clinic(once: Callable[..., Path]) -> Path:
    """A folder in which a small network was trained on a table with categories, once; copy it before changing anything in it."""
    from tests.clinic import train_clinic

    return once("clinic", train_clinic)


@pytest.fixture
def trained(small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``small_run`` as the current folder."""
    folder = tmp_path / "trained"
    shutil.copytree(small_run, folder, symlinks=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def small_study(once: Callable[..., Path]) -> Path:
    """A folder in which a small study of the twin was carried out, once; copy it before changing anything in it."""
    from pipeline.config.read import load_config
    from pipeline.runs.summary import Origin
    from pipeline.study.command import study
    from tests.study.small import SETTINGS

    def make(folder: Path) -> None:
        with_twin(folder)
        study(load_config("configs/study.yaml", SETTINGS), Origin("configs/study.yaml", SETTINGS))

    return once("study", make)


@pytest.fixture
def studied(small_study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``small_study`` as the current folder."""
    folder = tmp_path / "studied"
    shutil.copytree(small_study, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def reopened(small_run: Path) -> "Reopened":
    """The small run, read again."""
    from pipeline.runs.reopen import reopen

    return reopen(small_run / "models" / "latest")


@pytest.fixture(scope="session")
def full_page(reopened: "Reopened") -> str:
    """The report of the small run with everything supplied."""
    from pipeline.report.page import report_page
    from tests.report.samples import enriched

    return report_page(reopened.run, reopened.table, enriched(reopened.summary, reopened.table))


@pytest.fixture(scope="session")
def shape(once: Callable[..., Path]) -> Callable[[str], "Reopened"]:
    """Train a run of a named shape, once, and open it; see tests/report/shapes.py."""
    from pipeline.runs.reopen import reopen
    from tests.report.shapes import train_shape

    return functools.cache(lambda name: reopen(once(f"shape {name}", functools.partial(train_shape, name)) / "models" / "latest"))


@pytest.fixture(scope="session")
def shape_page(shape: Callable[[str], "Reopened"]) -> Callable[[str], str]:
    """The report of a run of a named shape with everything supplied, made once."""
    from pipeline.report.page import report_page
    from tests.report.samples import enriched

    def call(name: str) -> str:
        run = shape(name)
        return report_page(run.run, run.table, enriched(run.summary, run.table))

    return functools.cache(call)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium of this machine; closed after each module, for while it is open asyncio thinks that a loop is running."""
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed, so no browser can be driven")
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    if not installed_browser():
        pytest.skip(f"no browser is installed ({', '.join(BROWSERS)}): the pages are not looked at")
    with chromium() as opened:
        yield opened
