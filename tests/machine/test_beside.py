"""Work in copies of the process."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.machine.beside import beside

ROOT = Path(__file__).parents[2]


def powered(base: int, exponent: int) -> tuple[int, int]:
    return base**exponent, os.getpid()


def refused(base: int, exponent: int) -> int:
    raise ValueError(f"{base} to the power of {exponent} is not wanted")


def ended(first: int, job: int) -> int:
    if os.getpid() != first:
        os._exit(1)
    return job


COPIES = "import sys; sys.path.insert(0, {tests!r}); import test_beside as own; own.{what}()"


def in_a_new_process(what: str) -> None:
    """Call a function of this module where no engine was imported: there, copies are made."""
    words = [sys.executable, "-c", COPIES.format(tests=str(Path(__file__).parent), what=what)]
    done = subprocess.run(
        words, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def check_order() -> None:
    shares: list[float] = []
    with beside(powered, 3, range(20)) as wait:
        results = wait(shares.append)
    assert [value for value, _ in results] == [pow(3, exponent) for exponent in range(20)]
    assert sum(shares) == pytest.approx(1)
    copies = sys.platform == "linux" and "tensorflow" not in sys.modules
    assert (os.getpid() in {process for _, process in results}) is not copies


def check_refusal() -> None:
    with pytest.raises(ValueError, match="2 to the power of 5 is not wanted"), beside(refused, 2, [5]) as wait:
        wait(lambda share: None)


def check_end() -> None:
    with beside(ended, os.getpid(), range(5)) as wait:
        assert wait(lambda share: None) == [*range(5)]


@pytest.mark.parametrize("what", ["check_order", "check_refusal", "check_end"])
def test_copies_give_results_in_order_tell_what_goes_wrong_and_may_be_ended(what):
    in_a_new_process(what)


@pytest.mark.parametrize("check", [check_order, check_refusal, check_end])
def test_beside_an_engine_nothing_is_copied(check, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    check()


SLEEPER = """
import os, sys, time
from pipeline.machine.beside import beside
def sleep(shared, job):
    print(os.getpid(), flush=True)
    time.sleep(60)
with beside(sleep, None, [0]) as wait:
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there are no copies")
def test_copies_end_when_the_process_is_killed():
    with subprocess.Popen([sys.executable, "-c", SLEEPER], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        copy = int(process.stdout.readline())
        process.kill()
    for _ in range(100):
        try:
            os.kill(copy, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the copy goes on")
