"""One-row answers of ``serve`` beside those of a bare FastAPI application that returns a constant.

Both run under the same server with the same settings, each in a process of its own, and are loaded in turns from another one.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.serve.client import Serving, load, serving, trained

ROUNDS = 3
REQUESTS = {1: 3000, 50: 10000}
"""Connections -> requests a round."""

NAMES = ("serve", "bare")


def bare() -> None:
    """Serve a constant with FastAPI, and print where."""
    from fastapi import FastAPI

    from pipeline.serve import command as server

    app = FastAPI()

    @app.post("/predict")
    async def predict() -> dict[str, Any]:
        return {"class": "Normal", "output": [0.1], "probabilities": {"Normal": 1.0, "Type1": 0.0, "Type2": 0.0}, "notes": []}

    with server.listener("127.0.0.1", 0) as taken:
        server.listen(app, taken, "127.0.0.1", lambda url: print(json.dumps({"url": url}), flush=True))


def measure() -> dict[str, Any]:
    """Return how long a start takes, and for each number of connections what each server reaches and their ratio: medians."""
    with tempfile.TemporaryDirectory() as name:
        folder = trained(Path(name))
        start = statistics.median(_start(folder) for _ in range(ROUNDS))
        with serving(folder) as ours, serving(folder, "bare", command=("-m", "tests.bench.serve")) as other:
            servers = dict(zip(NAMES, (ours, other), strict=True))
            for each in servers.values():
                load(f"{each.url}/predict", 10, 1000)  # warm
            found = {str(connections): _rounds(servers, connections) for connections in REQUESTS}
    for each in found.values():
        each["ratio"] = each["serve"]["per_second"] / each["bare"]["per_second"]
        each["cpu_ratio"] = each["bare"]["cpu"] / each["serve"]["cpu"]
    return {"start_seconds": start, "connections": found}


def _start(folder: Path) -> float:
    """Return the seconds from the start of the process to the first answer."""
    started = time.perf_counter()
    with serving(folder) as server, urlopen(f"{server.url}/health") as answer:  # noqa: S310
        assert answer.status == 200
        return time.perf_counter() - started


def _rounds(servers: dict[str, Serving], connections: int) -> dict[str, Any]:
    found: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
    for _ in range(ROUNDS):
        for name, server in servers.items():
            before = _cpu(server)
            counted = load(f"{server.url}/predict", connections, REQUESTS[connections])
            found[name].append(counted | {"cpu": (_cpu(server) - before) / REQUESTS[connections]})
    return {name: {key: statistics.median(each[key] for each in rounds) for key in rounds[0]} for name, rounds in found.items()}


def _cpu(server: Serving) -> float:
    """Return the seconds of processor time that a server has used; unlike the clock, they say little of who else is at work."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    result = measure()
    print(f"first answer {result['start_seconds']:.2f} s after the start of the process")
    for connections, found in result["connections"].items():
        for name in NAMES:
            one = found[name]
            print(
                f"{connections:>3} connections, {name:5}: {one['per_second']:6,.0f} requests a second, "
                f"median {1000 * one['p50']:.2f} ms, 99th percentile {1000 * one['p99']:.2f} ms, "
                f"{1e6 * one['cpu']:.0f} µs of processor time, {one['errors']:.0f} errors"
            )
        times = f"{found['ratio']:.2f} times as many as the bare application"
        print(f"{connections:>3} connections: {times}, {found['cpu_ratio']:.2f} by processor time")


if __name__ == "__main__":
    bare() if "bare" in sys.argv else main()
