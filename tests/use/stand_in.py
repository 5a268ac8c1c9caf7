"""A small server with the contract of ``serve``, on top of the real scoring."""

import csv
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from pipeline.bundle import Scoring
from pipeline.use.page import page
from pipeline.use.score import notes, score

NONCE = "bm9uY2U"
POLICY = (
    f"default-src 'none'; script-src 'nonce-{NONCE}'; style-src 'nonce-{NONCE}'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass
class StandIn:
    """What the server does, and what it was asked."""

    run: Scoring
    has_report: bool = True
    asked: list[str] = field(default_factory=list)
    address: str = ""
    stop: Callable[[], None] = lambda: None

    def answer(self, row: dict[str, Any]) -> dict[str, Any]:
        names, classes = list(self.run.config.data.features), list(self.run.config.data.codes)
        if row.keys() != set(names):
            raise HTTPException(422, [{"loc": ["body"], "msg": "needs every feature, and no other"}])
        values = np.array([np.nan if row[name] is None else row[name] for name in names])
        scores = score(self.run, values[None])
        number, texts = notes(self.run, scores)
        place, known = int(scores.answers[0]), {}
        if place >= 0:
            known = {name: float(share) for name, share in zip(classes, scores.probabilities[0], strict=True)}
        return {
            "class": classes[place] if place >= 0 else None,
            "output": [None if np.isnan(each) else float(each) for each in scores.output[0]],
            "probabilities": known or dict.fromkeys(classes),
            "notes": texts[number[0]].split("; ") if texts[number[0]] else [],
            "pushes": self.pushes(values, names) if place >= 0 else None,
        }

    def pushes(self, values: Any, names: list[str]) -> dict[str, Any]:
        """Each value put into the median patient alone."""
        reference = self.run.model.preprocessor.fill
        one = np.tile(reference, (len(names), 1))
        np.fill_diagonal(one, np.where(np.isnan(values), reference, values))
        start = self.run.model.output(reference[None])[0]
        moved = self.run.model.output(one) - start
        return {
            "reference": dict(zip(names, reference.tolist(), strict=True)),
            "reference_output": start.tolist(),
            "features": dict(zip(names, moved.tolist(), strict=True)),
        }


def application(server: StandIn) -> FastAPI:
    app = FastAPI()

    @app.get("/")
    def front() -> HTMLResponse:
        return HTMLResponse(page(server.run, NONCE, server.has_report), headers={"Content-Security-Policy": POLICY})

    @app.post("/predict")
    async def predict(request: Request) -> dict[str, Any]:
        server.asked.append(str(request.url))
        return server.answer(await request.json())

    @app.post("/predict.csv")
    async def predict_csv(request: Request, rejected: bool = False) -> Response:
        rows = list(csv.DictReader(io.StringIO((await request.body()).decode())))
        names = list(server.run.config.data.features)
        if not rows or not set(names) <= rows[0].keys():
            raise HTTPException(422, [{"loc": ["body"], "msg": f'the columns must be there; "{names[-1]}" is missing'}])
        good = [row for row in rows if all(row[name].replace(".", "").isdigit() for name in names)]
        bad = [row for row in rows if row not in good]
        text = io.StringIO()
        answers = [{"answer": server.answer({name: float(row[name]) for name in names})["class"]} for row in good]
        shown = bad if rejected else [row | answer for row, answer in zip(good, answers, strict=True)]
        writer = csv.DictWriter(text, list(shown[0]))
        writer.writeheader()
        writer.writerows(shown)
        return Response(text.getvalue(), media_type="text/csv", headers={"X-Rows": str(len(good)), "X-Rejected": str(len(bad))})

    return app


@contextmanager
def served(server: StandIn) -> Iterator[StandIn]:
    """Serve on a free port of this machine."""
    runner = uvicorn.Server(uvicorn.Config(application(server), host="127.0.0.1", port=0, log_level="critical"))
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
