"""A CSV file in a request, and what becomes of it."""

import csv
import io
import re
import tempfile
from pathlib import Path
from typing import Any

from fastapi import Request, Response

from pipeline.config.data_section import DataSection
from pipeline.config.yaml_text import canonical
from pipeline.errors import DataError, listing
from pipeline.runs.saved import Scoring
from pipeline.serve.models import content_type, unprocessable

_HEADERS = {
    "X-Rows": {"description": "Rows that were scored.", "required": True, "schema": {"type": "integer"}},
    "X-Rejected": {"description": "Rows that cannot be read.", "required": True, "schema": {"type": "integer"}},
    "X-Accuracy": {"description": "Share of right ones, where the file holds the class.", "schema": {"type": "number"}},
}
CSV_ANSWER = {"headers": _HEADERS, "content": {"text/csv": {"schema": {"type": "string"}}}}  # as OpenAPI describes it


def scored_csv(run: Scoring, name: str, content: bytes, rejected: bool) -> Response:
    """Answer with what became of a CSV file; it lies on the disk only meanwhile."""
    from pipeline.predict.file import predict, rejected_path  # pyarrow, which rows in JSON do without

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / f"{name}.csv", Path(folder) / f"{name}-scored.csv"
        source.write_bytes(content)
        try:
            counts = predict(run, source, target)
        except DataError:
            raise unprocessable(("body",), _unusable(content, run.config.data), "csv") from None
        wanted = rejected_path(target) if rejected else target
        table = wanted.read_bytes() if wanted.exists() else b""
    disposition = f'attachment; filename="{name}-{"rejected" if rejected else "scored"}.csv"'
    headers = {"x-rows": str(counts.rows), "x-rejected": str(counts.rejected), "content-disposition": disposition}
    if counts.known:
        headers["x-accuracy"] = str(counts.right / counts.known)
    return Response(table, headers=headers, media_type="text/csv")


def _unusable(content: bytes, section: DataSection) -> str:
    """Return why a CSV file cannot be used, without a word of it: where the header should be there may be a patient."""
    try:
        lines = csv.reader(io.StringIO(content.decode("utf-8-sig", errors="replace"), newline=""))
        present = {canonical(name) for name in next(filter(None, lines), [])}
    except csv.Error:
        present = set()
    text = "the first line must be a header in UTF-8, with commas between the names"
    if missing := [name for name in section.features if name not in present]:
        return f"{text}; it lacks {listing(missing)}"
    return f"{text}, no name twice, and none that scoring adds; complete rows must follow"


async def uploaded_csv(request: Request) -> tuple[str, bytes]:
    """Return name and content of the CSV file in a request."""
    if content_type(request, "text/csv", "multipart/form-data") == "text/csv":
        return "rows", await request.body()
    async with request.form(max_files=1, max_fields=1) as form:
        file = form.get("file")
        if file is None:
            raise unprocessable(("body", "file"), "is missing; it must hold the CSV file", "missing")
        if isinstance(file, str):  # a field without a file name
            return "rows", file.encode()
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(file.filename or "").stem).strip("-.")[:80]
        return name or "rows", await file.read()


def csv_schema(features: list[str]) -> dict[str, Any]:
    """Return the schema of a CSV file with these columns and numbers below them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(features)
    header = re.sub(r"([\\^$.|?*+()\[\]{}/])", r"\\\1", line.getvalue())
    text = "UTF-8, with these columns; in any order, among others if you like; a row that cannot be read is rejected by itself"
    return {"type": "string", "contentMediaType": "text/csv", "pattern": f"^{header}\\n[\\s\\S]*$", "description": text}
