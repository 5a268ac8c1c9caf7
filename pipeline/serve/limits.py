"""What stands between network and application: limits, security headers, no trace of an error, one log line a request."""

import asyncio
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

from fastapi import HTTPException
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
}
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"))
_LINGER = 5.0  # seconds that a refused client may go on sending, or it would see a broken connection and not the answer


@dataclass(frozen=True)
class Limits:
    """What one request may ask for."""

    size: int = 10_000_000  # bytes of a body
    rows: int = 10_000  # of a JSON body
    explained: int = 16_000_000  # rows that the network must answer to explain those of a body; see ``pushes.cost``
    seconds: float = 30.0  # until a body has arrived


@dataclass(frozen=True)
class Guard:
    """ASGI middleware around the whole application, which itself answers every error."""

    app: ASGIApp
    limits: Limits
    paths: set[str]  # those that a log line may name; any other could hold a value

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.perf_counter()
        exchange = _Exchange(scope, receive, send, self.limits)
        try:
            app = JSONResponse({"detail": exchange.too_large}, 413) if exchange.announced > self.limits.size else self.app
            await app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            exchange.status = None
        except Exception as error:
            _log(f"error: {type(error).__name__} in an answer; please report what was asked")
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other method"
            path = scope["path"] if scope["path"] in self.paths else "unknown path"
            _log(f"{method} {path} {exchange.status or 'gone'} {1000 * (time.perf_counter() - started):.0f} ms")


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Limits) -> None:
        self._receive, self._send, self._limits = receive, send, limits
        self._deadline = asyncio.get_running_loop().time() + limits.seconds
        headers = dict(scope["headers"])
        self.announced = int(headers.get(b"content-length", 0))  # bytes of the body
        self.status: int | None = None  # of the answer, None before it starts
        self.too_large = f"the body must be at most {limits.size:,} bytes"
        self._size, self._unread = 0, self.announced > 0 or b"transfer-encoding" in headers

    async def receive(self) -> Message:
        """Return the next part of the body, or raise HTTPException if it takes too long or the body is too large."""
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, f"the request must arrive within {self._limits.seconds:g} s") from None
        self._unread = message.get("more_body", False)
        self._size += len(message.get("body", b""))
        if self._size > self._limits.size:
            self._unread = True
            raise HTTPException(413, self.too_large)
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = _HEADERS | dict(message["headers"]) | ({b"connection": b"close"} if self._unread else {})
            message = {**message, "headers": list(headers.items())}
        elif self._unread and not message.get("more_body"):
            await self._send({**message, "more_body": True})
            with suppress(TimeoutError):  # read on, and forget what comes
                async with asyncio.timeout(_LINGER if self.status != 408 else 0):
                    while (await self._receive()).get("more_body"):
                        pass
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)


def _log(line: str) -> None:
    with suppress(OSError):  # nobody reads standard error any more
        print(line, file=sys.stderr, flush=True)
