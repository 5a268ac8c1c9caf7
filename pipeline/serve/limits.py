"""What stands between network and application: limits, security headers, errors without a trace, one log line a request."""

import asyncio
import re
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.serve.api import Limits, RequestError, encode

_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"))
_LINGER = 5.0
"""Seconds in which a client that was refused may go on sending, or it would see a broken connection and not the answer."""

INTERNAL = encode({"detail": "internal error"})
"""What an answer with status 500 holds."""


class Guard:
    """ASGI middleware around the whole application.

    Args:
        app: the application; a ``RequestError`` that it raises becomes the answer, any other exception status 500.
        limits: size of a body, and how long it may take.
        hosts: values of the Host header that are answered, without a port; None for every one. A web page that lets its name
            point to this machine (DNS rebinding) cannot name one of them.
        paths: those that a log line may name; any other could hold a value.
        direct: method and path of what is answered past the application, whose layers take longer than a row.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        hosts: frozenset[bytes] | None,
        paths: Iterable[str],
        direct: Mapping[tuple[str, str], ASGIApp],
    ) -> None:
        self._app = app
        self._limits = limits
        self._hosts = hosts
        self._paths = frozenset(paths)
        self._direct = direct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        exchange = _Exchange(scope, receive, send, self._limits)
        try:
            self._check(scope["headers"], exchange)
            app = self._direct.get((scope["method"], scope["path"]), self._app)
            await app(scope, exchange.receive, exchange.send)
        except RequestError as refused:
            if not exchange.status:
                await reply(exchange.send, refused.status, encode({"detail": refused.detail}))
        except ClientDisconnect:
            pass
        except Exception as error:
            _say(f"error: {type(error).__name__} in an answer; please report what was asked")
            if not exchange.status:
                await reply(exchange.send, 500, INTERNAL)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other method"
            path = scope["path"] if scope["path"] in self._paths else "unknown path"
            _say(f"{method} {path} {exchange.status or 'gone'} {1000 * (time.perf_counter() - started):.0f} ms")

    def _check(self, headers: list[tuple[bytes, bytes]], exchange: "_Exchange") -> None:
        """Refuse what the head of a request already tells.

        Raises:
            RequestError: a strange host, or a body that is too large.
        """
        for name, value in headers:
            if name == b"host" and self._hosts is not None and re.sub(rb":\d*$", b"", value).lower() not in self._hosts:
                raise RequestError(400, "this server answers to its own address only; check the Host header")
            if name == b"content-length":
                exchange.count(int(value))
                exchange.size, exchange.unread = 0, value != b"0"
            if name == b"transfer-encoding":
                exchange.unread = True


class _Exchange:
    """One request and its answer.

    Attributes:
        size: bytes of the body that have come.
        unread: whether some of it may still come.
        status: of the answer, 0 before it starts.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Limits) -> None:
        self._receive = receive
        self._send = send
        self._limits = limits
        self._deadline = asyncio.get_running_loop().time() + limits.seconds
        self.size = 0
        self.unread = False
        self.status = 0

    async def receive(self) -> Message:
        """Return the next part of the body.

        Raises:
            RequestError: it takes too long, or the body is too large.
        """
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise RequestError(408, f"the request must arrive within {self._limits.seconds:g} s") from None
        self.unread = message.get("more_body", False)
        self.count(len(message.get("body", b"")))
        return message

    def count(self, size: int) -> None:
        """Add to the size of the body.

        Raises:
            RequestError: it is too large.
        """
        self.size += size
        if self.size > self._limits.size:
            self.unread = True
            raise RequestError(413, f"the body must be at most {self._limits.size:,} bytes")

    async def send(self, message: Message) -> None:
        """Send a part of the answer, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status, headers = message["status"], [*message.get("headers", ()), *_HEADERS]
            if all(name != _POLICY[0] for name, _ in headers):
                headers.append(_POLICY)
            if self.unread:
                headers.append((b"connection", b"close"))
            message = {**message, "headers": headers}
        elif self.unread and not message.get("more_body"):
            await self._send({**message, "more_body": True})
            await self._linger()
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)

    async def _linger(self) -> None:
        """Read on, and forget what comes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER if self.status != 408 else 0):
                while (await self._receive()).get("more_body"):
                    pass


async def read_body(receive: Receive) -> bytes:
    """Return the whole body of a request.

    Raises:
        ClientDisconnect: it ends before.
    """
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def reply(send: Send, status: int, content: bytes) -> None:
    """Answer with JSON."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _say(line: str) -> None:
    with suppress(OSError):  # nobody reads standard error any more
        print(line, file=sys.stderr, flush=True)
