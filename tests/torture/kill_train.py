"""Kill ``train`` with SIGKILL at random moments and look at what is left. Usage: kill_train.py [TIMES]

After each kill ``models/latest`` must be a whole run that ``evaluate`` reads, and no half-written run may be listed.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
FEW = ["--set", "training.starts=8", "--set", "training.epochs=20", "--json"]
TRAIN = [sys.executable, "-m", "pipeline", "train", *FEW]


def pipeline(*words: str, folder: Path) -> dict:
    """Run a command that must end well and return its JSON object."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *words, "--json"], cwd=folder, env=environment(), capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def environment() -> dict[str, str]:
    """Return an environment in which the package is found."""
    return os.environ | {"PYTHONPATH": str(ROOT)}


def main() -> None:
    """Kill, look, repeat."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("configs", "data"):
            shutil.copytree(ROOT / part, folder / part)
        started = time.monotonic()
        subprocess.run(TRAIN, cwd=folder, env=environment(), capture_output=True, check=True)
        whole = time.monotonic() - started
        killed = finished = 0
        for _ in range(times):
            process = subprocess.Popen(TRAIN, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            # half of the kills fall into the last fifth of a training, where files are written
            moment = random.uniform(0.8, 1.02) if random.random() < 0.5 else random.uniform(0, 1)
            try:
                process.wait(moment * whole)
                finished += 1
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed += 1
            latest = pipeline("evaluate", folder=folder)
            listed = pipeline("runs", folder=folder)["runs"]
            if any(run["problem"] for run in listed) or latest["accuracy"]["test"] is None:
                raise SystemExit(f"a half-written run is listed: {listed}")
        runs = len(pipeline("runs", folder=folder)["runs"])
    print(f"{times} trainings: {killed} killed, {finished} finished first; {runs} whole runs; latest was whole every time")


if __name__ == "__main__":
    main()
