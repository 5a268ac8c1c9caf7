"""The server: it listens, says so, and ends quietly."""

import ipaddress
import logging
import signal
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import h11
import uvicorn

from pipeline.errors import PipelineError
from pipeline.machine.interrupt import handled
from pipeline.runs.place import resolve_run
from pipeline.runs.saved import load_scoring
from pipeline.serve.application import application

_BACKLOG = 2048
_STALLED = 300  # ticks of a tenth of a second between two looks at connections that do not move


def serve(path: Path, host: str, port: int, ready: Callable[[str, str], None]) -> None:
    """Serve a run over HTTP until Ctrl-C or SIGTERM; ``ready`` gets its folder and the URL once requests are answered.

    Port 0 takes a free one. PipelineError tells that the run is damaged or not there, or why nothing can listen.
    """
    run, folder = load_scoring(path), resolve_run(path)
    with listener(host, port) as taken:
        address = taken.getsockname()[0]
        names = [_named(name) for name in ("localhost", "127.0.0.1", "::1", host, address)]
        app = application(run, folder, names if ipaddress.ip_address(address).is_loopback else ["*"])
        listen(app, taken, host, lambda url: ready(str(folder), url))


def listen(app: Any, taken: socket.socket, host: str, ready: Callable[[str], None]) -> None:
    """Let an ASGI application answer on a socket that listens, until Ctrl-C or SIGTERM; ``host`` is its name in the URL."""
    config = uvicorn.Config(
        app,
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="off",
        backlog=_BACKLOG,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    url = f"http://{_named(host)}:{taken.getsockname()[1]}"
    logging.disable()  # lines of libraries may hold paths and values; ``Guard`` tells of every request
    try:
        with warnings.catch_warnings(action="ignore"):
            _Server(config, lambda: ready(url)).run(sockets=[taken])
    finally:
        logging.disable(logging.NOTSET)


class _Server(uvicorn.Server):
    """Says when it listens, ends without an error, and drops whoever does not move."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._still: dict[Any, Any] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with handled():
                yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def on_tick(self, counter: int) -> bool:
        """Break off connections that, since the last look, have not ended the head of a request or taken any of the answer."""
        if counter % _STALLED == 0:
            before, self._still = self._still, {}
            connection: Any
            for connection in set(self.server_state.connections):
                unsent = connection.transport.get_write_buffer_size()
                if unsent or connection.conn.their_state is h11.IDLE:
                    self._still[connection] = (connection.cycle, unsent)
                    if before.get(connection) == self._still[connection]:
                        connection.transport.abort()
        return await super().on_tick(counter)


@contextmanager
def listener(host: str, port: int) -> Iterator[socket.socket]:
    """Give a socket that listens, or raise PipelineError if the address is taken, unknown or not allowed."""
    with ExitStack() as stack:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            taken = stack.enter_context(socket.socket(family, kind, protocol))
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(address)
            taken.listen(_BACKLOG)
        except OSError as error:
            text = f"serve: cannot listen on {_named(host)}:{port}: {error.strerror or error}"
            raise PipelineError(f"{text}; choose another --port (0 takes a free one) or --host") from None
        yield taken


def _named(host: str) -> str:
    return f"[{host}]" if ":" in host else host
