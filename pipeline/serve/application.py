"""The HTTP application: which address answers what."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline import __version__
from pipeline.errors import PipelineError
from pipeline.runs.saved import Scoring
from pipeline.serve.asked_report import AskedReport
from pipeline.serve.csv_upload import CSV_ANSWER, KINDS, csv_schema, scored_csv, uploaded_csv
from pipeline.serve.json_rows import JsonRows
from pipeline.serve.limits import Guard, Limits
from pipeline.serve.models import NOT_CLINICAL, Answer, Refusal, about, answers, content_type, unprocessable
from pipeline.serve.pushes import cost

_LARGE = 2**16  # bytes of a body from which on it is answered beside the event loop, so that others are answered meanwhile
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'nonce-{0}'; style-src 'nonce-{0}'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def application(run: Scoring, folder: Path, hosts: Sequence[str] = ("*",), limits: Limits | None = None) -> Guard:
    """Return the API of a run, in whose folder its report lies or is made, as an ASGI application.

    The Host header may name one of ``hosts``, "*" for anything. A web page that lets its own name lead to this machine (DNS
    rebinding) cannot name one of them.
    """
    limits, turns = limits or Limits(), asyncio.Semaphore(2)
    app = FastAPI(
        title="diabetes-pipeline",
        version=__version__,
        description=NOT_CLINICAL,
        docs_url=None,
        redoc_url=None,
        exception_handlers={HTTPException: _refused, Exception: _failed},
        responses=_errors(400, 500),
    )
    predict = _add_predict(app, run, limits, turns)
    _add_csv(app, run, turns)
    _add_reading(app, run, AskedReport(folder))

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        answering: ASGIApp = app
        if scope["method"] == "POST" and scope["path"] == "/predict":  # FastAPI's layers take as long as scoring a row
            request = Request(scope, receive)
            try:
                answering = await predict(request)
            except HTTPException as error:
                answering = await _refused(request, error)
        await answering(scope, receive, send)

    hosted = TrustedHostMiddleware(dispatch, hosts, www_redirect=False)
    return Guard(ServerErrorMiddleware(hosted, _failed), limits, {getattr(route, "path", "") for route in app.routes})


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe refusals, which are JSON whatever else a route answers with; what is no HTTP is refused before it comes here."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    plain = {"text/plain": {"schema": {"type": "string"}}}
    return {status: {"model": Refusal, "content": content | (plain if status == 400 else {})} for status in statuses}


async def _refused(request: Request, error: HTTPException) -> Response:
    """Answer in ASCII, for a name may be no Unicode."""
    return Response(json.dumps({"detail": error.detail}), error.status_code, error.headers, "application/json")


async def _failed(request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": "internal error"}, 500)


def _add_predict(app: FastAPI, run: Scoring, limits: Limits, turns: asyncio.Semaphore) -> Callable[..., Awaitable[Response]]:
    rows = JsonRows(run, limits.rows)
    explained = min(limits.rows, limits.explained // cost(len(run.config.data.features)))
    meaning = f"Add to each answer what pushes it; at most {explained:,} rows."

    def answer(body: bytes, explain: bool) -> Response:
        values, several = rows.read(body)
        if explain and len(values) > explained:
            text = f"takes at most {explained:,} rows; got {len(values):,}"
            raise unprocessable(("query", "explain"), text, "too_long")
        given = answers(run, values, explain)
        return Response(to_json(given if several else given[0], inf_nan_mode="null"), media_type="application/json")

    @app.post(
        "/predict",
        response_model=Answer | list[Answer],
        responses=_errors(408, 413, 415, 422),
        openapi_extra=_request({"application/json": rows.schema}, "explain", meaning),
    )
    async def predict(request: Request) -> Response:
        """Score one row or several."""
        body = await request.body()  # first, for an answer before the body has come would end the connection
        explain = _switched(request, "explain")
        content_type(request, "application/json")
        if len(body) <= _LARGE:
            return answer(body, explain)
        async with turns:
            return await asyncio.to_thread(answer, body, explain)

    return predict


def _add_csv(app: FastAPI, run: Scoring, turns: asyncio.Semaphore) -> None:
    file = csv_schema(list(run.config.data.features))
    form = {"type": "object", "properties": {"file": file}, "required": ["file"], "additionalProperties": False}
    meaning = "Answer with the rejected rows and why, not with the scored ones."

    @app.post(
        "/predict.csv",
        response_class=Response,
        responses=_errors(400, 408, 413, 415, 422, 507) | {200: CSV_ANSWER},
        openapi_extra=_request(dict.fromkeys(KINDS[:2], file) | {"multipart/form-data": form}, "rejected", meaning),
    )
    async def predict_csv(request: Request) -> Response:
        """Score a CSV, Excel or Parquet file, also compressed; the answer is CSV."""
        await request.body()
        rejected = _switched(request, "rejected")
        try:
            name, content = await uploaded_csv(request)
            async with turns:
                return await asyncio.to_thread(scored_csv, run, name, content, rejected)
        except (PipelineError, OSError):
            raise HTTPException(507, "the server cannot write its temporary files; is its disk full?") from None


def _request(bodies: dict[str, Any], switch: str, meaning: str) -> dict[str, Any]:
    """Return what OpenAPI says of a request: the schema of a body of each type, and a switch in the query."""
    query = {"name": switch, "in": "query", "description": meaning, "schema": {"type": "boolean", "default": False}}
    content = {kind: {"schema": body} for kind, body in bodies.items()}
    return {"parameters": [query], "requestBody": {"required": True, "content": content}}


def _switched(request: Request, name: str) -> bool:
    words = request.query_params.getlist(name) if request.scope["query_string"] else []
    if words not in ([], ["true"], ["false"]):
        raise unprocessable(("query", name), "must be true or false", "bool_parsing")
    return words == ["true"]


def _add_reading(app: FastAPI, run: Scoring, report: AskedReport) -> None:
    facts = to_json(about(run), inf_nan_mode="null")

    @app.get("/model", response_model=dict[str, Any])
    async def model() -> Response:
        """Tell what the model is, how well it does, and what is doubtful about it."""
        return Response(facts, media_type="application/json")

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Tell that the server works."""
        return {"status": "ok", "run": run.record.run}

    plain = {"description": "Why there is none, in one line.", "content": {"text/plain": {"schema": {"type": "string"}}}}

    @app.get("/report", response_class=HTMLResponse, responses={404: plain})
    async def show_report() -> Response:
        """Show the report of the run, which is made if there is none."""
        content, problem = await report.content()
        if content is None:
            return PlainTextResponse(problem, 404)
        return HTMLResponse(content, headers={"content-security-policy": _REPORT_POLICY})

    @app.get("/", response_class=HTMLResponse)
    def show_page() -> Response:
        """Show the page."""
        from pipeline.serve.page import serve_page  # it explains the findings, whose rules take a while to import

        nonce = secrets.token_urlsafe(16)
        page = serve_page(run, nonce, report.offered())
        return HTMLResponse(page, headers={"content-security-policy": _PAGE_POLICY.format(nonce)})
