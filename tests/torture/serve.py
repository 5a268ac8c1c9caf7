"""Load ``serve``, starve it, stuff it, feed it nonsense, and look whether it still answers. Usage: serve.py; some two minutes.

No patient value, path or traceback may stand in an error or a log line.
"""

import http.client
import json
import re
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.serve.client import ROOT, ROW, Serving, load, serving, trained

VALUE = "271.8281828"
"""A value that must come back in no error and stand in no log line."""

UNTOLD = (VALUE, tempfile.gettempdir(), str(ROOT), "Traceback")
JSON = {"Content-Type": "application/json"}
CSV = {"Content-Type": "text/csv"}
HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
NONSENSE = [
    *(
        json.dumps(ROW | {"Age": value})
        for value in (VALUE, True, [VALUE], {VALUE: 1}, float("nan"), float("inf"), -float("inf"))
    ),
    json.dumps(ROW | {"HbA1C": float(VALUE)}),
    json.dumps({"Age": float(VALUE)}),
    json.dumps(ROW).replace("45", f"{VALUE}e999"),
    json.dumps(ROW).replace("45", "9" * 5000),
    json.dumps([ROW] * 10_001),
    "[" * 1_000_000,
    f'{{"Age": {VALUE}',
    f'"{VALUE}"',
    "",
    "[]",
    "null",
]


class FailedError(Exception):
    """The server did what it must not."""


def must(holds: bool, what: str) -> None:
    """Stop with what went wrong."""
    if not holds:
        raise FailedError(what)


def ask(server: Serving, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Return status and text of an answer."""
    connection = http.client.HTTPConnection(*server.place, timeout=60)
    connection.request("GET" if body is None else "POST", path, body, headers or {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def many(server: Serving) -> dict[str, Any]:
    """10,000 requests over 50 connections."""
    counted = load(f"{server.url}/predict", 50, 10_000)
    must(counted["errors"] == 0 and counted["requests"] == 10_000, f"load: {counted}")
    return {"requests": counted["requests"], "errors": 0, "per_second": counted["per_second"]}


def parallel(server: Serving) -> dict[str, Any]:
    """1,000 connections at once, open together before the first of them asks."""
    counted = load(f"{server.url}/predict", 1000, 1000)
    must(counted["errors"] == 0 and counted["requests"] == 1000, f"1,000 connections: {counted}")
    return {"connections": 1000, "answered": counted["requests"]}


def slow(server: Serving) -> dict[str, Any]:
    """100 heads and 100 bodies a byte at a time, while others are answered; the bodies are complete at last."""
    text = json.dumps(ROW).encode()
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(
        text
    )
    clients = [socket.create_connection(server.place, 60) for _ in range(200)]
    for client in clients[100:]:
        client.sendall(head)
    others: list[dict[str, float]] = []
    beside = threading.Thread(target=lambda: others.append(load(f"{server.url}/predict", 10, 2000)))
    beside.start()
    for place in range(len(text)):
        for client in clients[:100]:
            client.sendall(head[place : place + 1])
        for client in clients[100:]:
            client.sendall(text[place : place + 1])
        time.sleep(0.02)
    beside.join()
    must(bool(others) and others[0]["errors"] == 0, f"requests beside slow ones: {others}")
    answered = sum(client.recv(12) == b"HTTP/1.1 200" for client in clients[100:])
    must(answered == 100, f"{answered} of 100 slow bodies were answered")
    never = clients[0]
    never.settimeout(90)
    started = time.monotonic()
    try:
        ended = never.recv(100) == b""
    except ConnectionResetError:
        ended = True
    must(ended, "a head that never ends is waited for")
    for client in clients:
        client.close()
    return {"slow": 200, "answered_beside": others[0]["requests"], "seconds_until_a_head_is_given_up": time.monotonic() - started}


def late(server: Serving) -> dict[str, Any]:
    """A body that stops coming is answered with 408."""
    with socket.create_connection(server.place, 60) as client:
        client.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"
        )
        started = time.monotonic()
        must(client.recv(12) == b"HTTP/1.1 408", "a body that stops coming")
        return {"seconds_until_408": time.monotonic() - started}


def pieces(size: int) -> Iterator[bytes]:
    """Yield a body of so many megabytes."""
    for _ in range(size):
        yield b" " * 1_000_000


def huge(server: Serving) -> dict[str, Any]:
    """Bodies of 100 MB, with and without Content-Length, refused without being kept in memory."""
    before = memory(server)
    for path, headers in (("/predict", JSON), ("/predict.csv", CSV), ("/health", JSON), ("/nope", JSON)):
        for length in ({}, {"Content-Length": "100000000"}):
            expected = 404 if path == "/nope" and not length else 405 if path == "/health" and not length else 413
            try:
                status, _ = ask(server, path, pieces(100), headers | length)
            except (BrokenPipeError, ConnectionResetError):
                raise FailedError(f"{path} {length}: the connection broke before the answer") from None
            must(status == expected, f"{path} {length}: status {status}")
    grown = memory(server) - before
    must(grown < 60, f"memory grew by {grown} MB")
    return {"bodies": 8, "megabytes_each": 100, "memory_grown_mb": grown}


def memory(server: Serving) -> int:
    """Return the most memory that the server has used, in MB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text())
    return int(found.group(1)) // 1024 if found else 0


def nonsense(server: Serving) -> dict[str, Any]:
    """Bodies that are no rows: 422 and no value of them in the answer."""
    for body in NONSENSE:
        for path in ("/predict", "/predict?explain=true"):
            status, text = ask(server, path, body.encode(), JSON)
            must(status == 422, f"{body[:60]}: status {status}")
            must(not any(each in text for each in UNTOLD), f"{body[:60]}: the answer tells too much: {text[:200]}")
    for body in ("", VALUE, f"Age\n{VALUE}", "\0", "\xff\xfe", '"'):
        status, text = ask(server, "/predict.csv", body.encode("latin-1"), CSV)
        must(status == 422 and not any(each in text for each in UNTOLD), f"CSV {body[:20]!r}: {status} {text}")
    status, _ = ask(server, f"/{VALUE}?{VALUE}")
    must(status == 404, "a strange path")
    with socket.create_connection(server.place, 60) as client:
        client.sendall(f"{VALUE}\r\n\r\n".encode())
        must(client.recv(12) == b"HTTP/1.1 400", "what is no HTTP")
    return {"bodies": 2 * len(NONSENSE) + 6}


def schemathesis(server: Serving) -> dict[str, Any]:
    """Generated requests against /openapi.json."""
    words = ["run", f"{server.url}/openapi.json", "--seed", "1", "-n", "150", "--no-color"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [Path(sys.executable).with_name("schemathesis"), *words], cwd=folder, capture_output=True, text=True, check=False
        )
    must(done.returncode == 0, done.stdout)
    found = re.search(r"(\d+) generated", done.stdout)
    return {"cases": int(found.group(1)) if found else 0, "failures": 0}


PARTS = (many, parallel, huge, nonsense, schemathesis, late, slow)


def run() -> dict[str, Any]:
    """Return what each part counted.

    Raises:
        FailedError: the server did what it must not.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4096, hard)), hard))  # 1,000 connections are as many files
    with tempfile.TemporaryDirectory() as name, serving(trained(Path(name))) as server:
        found = {}
        for part in PARTS:
            print(part.__name__, file=sys.stderr, flush=True)
            found[part.__name__] = part(server)
        must(ask(server, "/health")[0] == 200, "it no longer answers")
        must(server.stop() == 0, "it did not end with 0")
        check_log(server.log.read_text().splitlines()[1:])
    return found


def check_log(lines: list[str]) -> None:
    """See that each line is method, path, status and time, and nothing else."""
    known = re.compile(r"(other method|[A-Z]+) (/[a-z.]*|unknown path) (\d{3}|gone) \d+ ms")
    strange = [line for line in lines if not known.fullmatch(line)]
    must(not strange, f"strange lines in the log: {strange[:5]}")


if __name__ == "__main__":
    try:
        print(json.dumps(run(), indent=2))
    except FailedError as failed:
        sys.exit(f"failed: {failed}")
