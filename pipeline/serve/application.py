"""The HTTP application: which address answers what."""

import asyncio
import csv
import io
import re
import secrets
import tempfile
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from starlette.datastructures import QueryParams
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pipeline import __version__
from pipeline.config.schema import DataSection
from pipeline.errors import DataError, PipelineError, listing
from pipeline.machine.files import regular
from pipeline.runs.place import REPORT
from pipeline.runs.saved import Scoring
from pipeline.serve import schema
from pipeline.serve.api import NOT_CLINICAL, Limits, RequestError, about, answers, encode, read_rows, unprocessable
from pipeline.serve.limits import INTERNAL, Guard, read_body, reply
from pipeline.serve.page import serve_page
from pipeline.serve.pushes import cost

_LARGE = 2**16
"""Bytes of a body from which on it is answered beside the event loop, so that others are answered meanwhile."""
_REPORT_MOST = 2**28
_NO_ROOM = "the server cannot write its temporary files; is its disk full?"

_PLAIN: dict[str, Any] = {"response_class": Response, "response_model": None}
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'nonce-{0}'; style-src 'nonce-{0}'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def application(run: Scoring, folder: Path, hosts: frozenset[bytes] | None = None, limits: Limits | None = None) -> Guard:
    """Return the API of a run as an ASGI application.

    Args:
        run: what answers.
        folder: of the run, where its report may lie.
        hosts: see ``Guard``.
        limits: of a request.
    """
    limits, turns = limits or Limits(), asyncio.Semaphore(2)
    app = FastAPI(title="diabetes-pipeline", version=__version__, description=NOT_CLINICAL, docs_url=None, redoc_url=None)
    app.add_exception_handler(RequestError, _refused)
    app.add_exception_handler(Exception, _refused)
    predict = Predict(run, limits, turns)
    app.router.routes.append(Route("/predict", predict, methods=["POST"]))
    _describe(app, "/predict", schema.predict(run, limits.rows, predict.explained))
    _add_csv(app, run, turns)
    _add_reading(app, run, folder / REPORT)
    paths = {str(getattr(route, "path", "")) for route in app.routes}
    return Guard(app, limits, hosts, paths, {("POST", "/predict"): predict})


class Predict:
    """The ASGI application behind ``POST /predict``: rows in, answers out.

    Args:
        run: what answers.
        limits: of a request.
        turns: taken by what is answered beside the event loop.

    Attributes:
        explained: rows that one request may have explained.
    """

    def __init__(self, run: Scoring, limits: Limits, turns: asyncio.Semaphore) -> None:
        self._run = run
        self._features = tuple(run.config.data.features)
        self._most = limits.rows
        self._turns = turns
        self.explained = min(limits.rows, limits.explained // cost(len(self._features)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await read_body(receive)  # first, for an answer before the body has come would end the connection
        explain = _switch(scope, "explain")
        _must_be(scope, "application/json")
        if len(body) > _LARGE:
            async with self._turns:
                answer = await asyncio.to_thread(self._answer, body, explain)
        else:
            answer = self._answer(body, explain)
        await reply(send, 200, answer)

    def _answer(self, body: bytes, explain: bool) -> bytes:
        values, several = read_rows(body, self._features, self._most)
        if explain and len(values) > self.explained:
            text = f"takes at most {self.explained:,} rows; got {len(values):,}"
            raise unprocessable(("query", "explain"), text, "too_long")
        found = answers(self._run, values, explain)
        return encode(found if several else found[0])


def _describe(app: FastAPI, path: str, operation: dict[str, Any]) -> None:
    """Add what FastAPI does not know of a route of Starlette's to /openapi.json."""
    known = app.openapi

    def openapi() -> dict[str, Any]:
        told = known()
        told["paths"].setdefault(path, {"post": operation})
        return told

    app.openapi = openapi  # type: ignore[method-assign]


def _add_csv(app: FastAPI, run: Scoring, turns: asyncio.Semaphore) -> None:
    @app.post("/predict.csv", openapi_extra=schema.predict_csv(run), **_PLAIN)
    async def predict_csv(request: Request) -> Response:
        """Score a CSV file."""
        await request.body()
        rejected = _switch(request.scope, "rejected")
        try:
            name, content = await _upload(request)
            async with turns:
                return await asyncio.to_thread(_scored, run, name, content, rejected)
        except (PipelineError, OSError):
            raise RequestError(507, _NO_ROOM) from None


def _add_reading(app: FastAPI, run: Scoring, report: Path) -> None:
    told, healthy = encode(about(run)), encode({"status": "ok", "run": run.record.run})
    table, text = {"type": "object"}, {"type": "string"}

    @app.get("/model", openapi_extra=schema.read("What answers.", "application/json", table), **_PLAIN)
    async def model() -> Response:
        """Tell what the model is, how well it does, and what is doubtful about it."""
        return _json(told)

    @app.get("/health", openapi_extra=schema.read("The server works.", "application/json", table), **_PLAIN)
    async def health() -> Response:
        """Tell that the server works."""
        return _json(healthy)

    @app.get("/report", openapi_extra=schema.read("The report.", "text/html", text, s404="There is none."), **_PLAIN)
    def show_report() -> Response:
        """Show the report of the run."""
        try:
            with regular(report, _REPORT_MOST) as file:
                return Response(file.read(), media_type="text/html", headers={"content-security-policy": _REPORT_POLICY})
        except OSError:
            hint = "this run has no report yet; run: diabetes-pipeline report"
            raise HTTPException(404, hint) from None

    @app.get("/", openapi_extra=schema.read("The page.", "text/html", text), **_PLAIN)
    def show_page() -> Response:
        """Show the page."""
        nonce = secrets.token_urlsafe(16)
        policy = {"content-security-policy": _PAGE_POLICY.format(nonce)}
        return Response(serve_page(run, nonce, _opens(report)), media_type="text/html", headers=policy)


def _opens(path: Path) -> bool:
    """Return whether ``/report`` would show this file."""
    try:
        with regular(path, _REPORT_MOST):
            return True
    except OSError:
        return False


def score_csv(run: Scoring, source: Path, target: Path) -> dict[str, Any]:
    """Score a CSV file into another one and return the counts, and which file holds the rejected rows, if there are any."""
    from pipeline.predict.file import predict, rejected_path

    counts = predict(run, source, target)
    accuracy = counts.right / counts.known if counts.known else None
    return {"rows": counts.rows, "rejected": counts.rejected, "accuracy": accuracy, "rejections": rejected_path(target)}


def _scored(run: Scoring, name: str, content: bytes, rejected: bool) -> Response:
    """Answer with what became of a CSV file; it lies on the disk only meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / f"{name}.csv", Path(folder) / f"{name}-scored.csv"
        source.write_bytes(content)
        try:
            counts = score_csv(run, source, target)
        except DataError:
            raise unprocessable(("body",), _unusable(content, run.config.data), "csv") from None
        wanted = counts["rejections"] if rejected else target
        found = wanted.read_bytes() if wanted.exists() else b""
    headers = {"x-rows": str(counts["rows"]), "x-rejected": str(counts["rejected"])}
    if counts["accuracy"] is not None:
        headers["x-accuracy"] = str(counts["accuracy"])
    headers["content-disposition"] = f'attachment; filename="{name}-{"rejected" if rejected else "scored"}.csv"'
    return Response(found, media_type="text/csv", headers=headers)


def _unusable(content: bytes, section: DataSection) -> str:
    """Return why a CSV file cannot be used, without a word of it: where the header should be there may be a patient."""
    try:
        lines = csv.reader(io.StringIO(content.decode("utf-8-sig", errors="replace"), newline=""))
        present = {name.strip() for name in next(filter(None, lines), [])}
    except csv.Error:
        present = set()
    text = "the first line must be a header in UTF-8, with commas between the names"
    if missing := [name for name in section.features if name not in present]:
        return f"{text}; it lacks {listing(missing)}"
    return f"{text}, no name twice, and none that scoring adds; complete rows must follow"


async def _upload(request: Request) -> tuple[str, bytes]:
    """Return name and content of the CSV file in a request."""
    if _must_be(request.scope, "text/csv", "multipart/form-data") == "text/csv":
        return "rows", await request.body()
    async with request.form(max_files=1, max_fields=1) as form:
        file = form.get("file")
        if file is None:
            raise unprocessable(("body", "file"), "is missing; it must hold the CSV file", "missing")
        if isinstance(file, str):  # a field without a file name
            return "rows", file.encode()
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(file.filename or "").stem).strip("-.")[:80]
        return name or "rows", await file.read()


def _must_be(scope: Scope, *kinds: str) -> str:
    given = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    kind = str(given.partition(b";")[0].strip().lower(), "latin-1")
    if kind not in kinds:
        raise RequestError(415, f"the Content-Type must be {' or '.join(kinds)}")
    return kind


def _switch(scope: Scope, name: str) -> bool:
    if not scope["query_string"]:
        return False
    given = QueryParams(scope["query_string"]).getlist(name)
    if given not in ([], ["true"], ["false"]):
        raise unprocessable(("query", name), "must be true or false", "bool_parsing")
    return given == ["true"]


def _refused(request: Request, error: Exception) -> Response:
    """Answer in the place of Starlette, which would do so in plain text; ``Guard`` tells of what was not meant to happen."""
    if isinstance(error, RequestError):
        return Response(encode({"detail": error.detail}), error.status, media_type="application/json")
    return Response(INTERNAL, 500, media_type="application/json")


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")
