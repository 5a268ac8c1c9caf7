"""A real server in a process of its own, and a client that loads it from another one: client.py URL CONNECTIONS REQUESTS BODY"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
ROW = {"Age": 45, "BS Fast": 6, "BS pp": 8, "Plasma R": 11.9, "Plasma F": 8, "HbA1c": 55}


@dataclass(frozen=True)
class Serving:
    """A server that listens: its address, its process, and the file that its log goes to."""

    url: str
    process: subprocess.Popen
    log: Path

    @property
    def place(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname
        assert parts.port
        return parts.hostname, parts.port

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(20)


@contextmanager
def serving(folder: Path, *words: object, command: tuple[str, ...] = ("-m", "pipeline", "serve", "--json")) -> Iterator[Serving]:
    """Start a command that prints a JSON object with its URL once it listens; it is ended, if it still runs, at the end."""
    with tempfile.TemporaryDirectory() as name:
        log = Path(name) / "log"
        with log.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, *command, *map(str, words), "--port", "0"],
                cwd=folder,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
            )
        try:
            assert process.stdout
            line = process.stdout.readline()
            if not line:
                raise AssertionError(f"no server: {log.read_text()}")
            yield Serving(json.loads(line)["url"], process, log)
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


def trained(folder: Path, *settings: str) -> Path:
    """Train a run on the twin in a folder, a small one unless settings say otherwise, and return the folder."""
    for part in ("configs", "data"):
        shutil.copytree(ROOT / part, folder / part)
    words = ["train", *(settings or ("--set", "training.starts=8", "--set", "training.epochs=20")), "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", "pipeline", *words], cwd=folder, env=environment, capture_output=True, check=True)
    return folder


def load(url: str, connections: int, requests: int, body: str = json.dumps(ROW)) -> dict[str, float]:
    """Send requests from a second process, over connections that are kept, and return what it counted."""
    words = [sys.executable, "-m", "tests.serve.client", url, str(connections), str(requests), body]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


async def _send(url: str, connections: int, requests: int, body: str) -> dict[str, float]:
    parts, left, seconds, errors = urlsplit(url), iter(range(requests)), [], 0
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    request = f"{head}\r\n\r\n{body}".encode()

    async def talk() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for _ in left:
            started = time.perf_counter()
            writer.write(request)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(answer.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            errors += not answer.startswith(b"http/1.1 200 ")
            seconds.append(time.perf_counter() - started)
        writer.close()

    started = time.perf_counter()
    ends = await asyncio.gather(*(talk() for _ in range(connections)), return_exceptions=True)
    whole = time.perf_counter() - started
    seconds.sort()
    middle, late = (seconds[int(share * len(seconds))] if seconds else 0.0 for share in (0.5, 0.99))
    errors += sum(end is not None for end in ends)
    return {"requests": len(seconds), "errors": errors, "per_second": len(seconds) / whole, "p50": middle, "p99": late}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_send(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))))
