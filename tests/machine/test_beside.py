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


def test_results_come_in_the_order_of_the_jobs_and_the_shares_sum_to_1():
    shares: list[float] = []
    with beside(powered, 3, range(20)) as wait:
        results = wait(shares.append)
    assert [value for value, _ in results] == [pow(3, exponent) for exponent in range(20)]
    assert sum(shares) == pytest.approx(1)
    if sys.platform == "linux":
        assert os.getpid() not in {process for _, process in results}


def test_what_goes_wrong_in_a_job_is_told_to_whoever_waits():
    with pytest.raises(ValueError, match="2 to the power of 5 is not wanted"), beside(refused, 2, [5]) as wait:
        wait(lambda share: None)


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
