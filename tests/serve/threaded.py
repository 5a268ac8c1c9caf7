"""The application of ``serve`` in a thread of this process, for runs that are nowhere on the disk."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn

from pipeline.runs.saved import Scoring
from pipeline.serve.application import application
from pipeline.serve.models import answers


@dataclass
class Threaded:
    """Where it answers, and what it was asked."""

    run: Scoring
    asked: list[str] = field(default_factory=list)
    address: str = ""
    stop: Callable[[], None] = lambda: None

    def answer(self, *texts: str) -> dict[str, Any]:
        """Return what it must answer to the texts in the fields."""
        (answer,) = answers(self.run, np.array([[float(text or "nan") for text in texts]]), explain=True)
        return answer


@contextmanager
def served(run: Scoring) -> Iterator[Threaded]:
    """Serve a run on a free port of this machine."""
    server, answering = Threaded(run), application(run, Path("nowhere"))

    async def told(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "POST":
            server.asked.append(f"{scope['path']}?{scope['query_string'].decode()}")
        await answering(scope, receive, send)

    runner = uvicorn.Server(uvicorn.Config(told, host="127.0.0.1", port=0, http="h11", lifespan="off", log_config=None))
    thread = threading.Thread(target=runner.run, daemon=True)
    thread.start()
    while not runner.started:
        thread.join(0.01)
        assert thread.is_alive()

    def stop() -> None:
        runner.should_exit = True
        thread.join(10)

    server.stop = stop
    server.address = f"http://127.0.0.1:{runner.servers[0].sockets[0].getsockname()[1]}/"
    try:
        yield server
    finally:
        stop()
