"""Whether a GPU pays: the same study and the same trainings with and without it, in under ten minutes.

``python -m tests.bench.gpu``, where TensorFlow sees a GPU (``pip install 'tensorflow[and-cuda]'``). It prints as JSON the claims
of a small study on either, seconds for growing numbers of networks, and the number from which the GPU is faster.
It has not been run yet, for want of a GPU; without one it says so and ends with 1.
"""

import json
import os
import subprocess
import sys
from typing import Any

from tests.bench.use_predict import ROOT

SIZES = (256, 1024, 4096, 16384)
STUDY = ("study.splits=2", "study.seeds=8")
LIMIT = 240  # seconds a part

_SIZES = """
import json, sys, time
from dataclasses import replace
from tests.training import train_network
from tests.bench.task import RECIPE, arrays
x, y = arrays()
found = {}
for size in map(int, sys.argv[1:]):
    recipe = replace(RECIPE, epochs=10, starts=size)
    train_network(x, y, recipe)
    begun = time.perf_counter()
    train_network(x, y, recipe)
    found[size] = time.perf_counter() - begun
print(json.dumps(found))
"""


def on(device: str, *words: str) -> Any:
    """Run Python with the GPUs of this number, or none, and return the JSON that it prints last."""
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": device, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=LIMIT)
    return json.loads(done.stdout.splitlines()[-1])


def measure() -> dict[str, Any]:
    """Return the claims, the speed of the study and the seconds of each size, on the processor and on the GPU."""
    study = ("-m", "pipeline", "study", "--json", *(word for setting in STUDY for word in ("--set", setting)))
    studies = {name: on(device, *study) for name, device in (("processor", ""), ("gpu", "0"))}
    seconds = {name: on(device, "-c", _SIZES, *map(str, SIZES)) for name, device in (("processor", ""), ("gpu", "0"))}
    claims = {name: {claim["claim"]: claim["verdict"] for claim in found["claims"]} for name, found in studies.items()}
    faster = [size for size in SIZES if seconds["gpu"][str(size)] < seconds["processor"][str(size)]]
    return {
        "same_claims": claims["processor"] == claims["gpu"],
        "claims": claims,
        "networks_per_second": {name: found["networks_per_second"] for name, found in studies.items()},
        "seconds": seconds,
        "pays_from": min(faster, default=None),
    }


def main() -> None:
    """Measure and print, if there is a GPU."""
    devices = "import json, tensorflow as tf; print(json.dumps(len(tf.config.list_physical_devices('GPU'))))"
    if not on("0", "-c", devices):
        raise SystemExit("TensorFlow sees no GPU here")
    print(json.dumps(measure(), indent=2))


if __name__ == "__main__":
    main()
