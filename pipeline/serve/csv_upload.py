"""A file in a request, and what becomes of it."""

import csv
import io
import json
import re
import tempfile
from pathlib import Path
from typing import Any

from fastapi import Request, Response

from pipeline.config.data_section import DataSection
from pipeline.errors import DataError, listing
from pipeline.runs.saved import Scoring
from pipeline.serve.models import content_type, unprocessable

_HEADERS = {
    "X-Rows": {"description": "Rows that were scored.", "required": True, "schema": {"type": "integer"}},
    "X-Rejected": {"description": "Rows that cannot be read.", "required": True, "schema": {"type": "integer"}},
    "X-Accuracy": {
        "description": "Share classified correctly, where the file holds the class.",
        "schema": {"type": "number"},
    },
    "X-Notes": {"description": "JSON: what was found while the file was read, if it is not plain.", "schema": {"type": "string"}},
}
KINDS = (
    "text/csv",
    "application/octet-stream",
    "text/tab-separated-values",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.apache.parquet",
    "application/gzip",
    "application/zip",
)
"""The types that a file may be sent as; what it is its content tells."""
_NOTES = 10
CSV_ANSWER = {"headers": _HEADERS, "content": {"text/csv": {"schema": {"type": "string"}}}}  # as OpenAPI describes it


def scored_csv(run: Scoring, name: str, content: bytes, rejected: bool) -> Response:
    """Answer with what became of a file, as CSV; it lies on the disk only meanwhile."""
    from pipeline.predict.file import predict, rejected_path  # pyarrow, which rows in JSON do without

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "file", Path(folder) / f"{name}-scored.csv"
        source.write_bytes(content)
        try:
            counts = predict(run, source, target, called=name)
        except DataError:
            raise unprocessable(("body",), _unusable(source, run.config.data), "csv") from None
        wanted = rejected_path(target) if rejected else target
        table = wanted.read_bytes() if wanted.exists() else b""
    disposition = f'attachment; filename="{name}-{"rejected" if rejected else "scored"}.csv"'
    headers = {"x-rows": str(counts.rows), "x-rejected": str(counts.rejected), "content-disposition": disposition}
    if counts.known:
        headers["x-accuracy"] = str(counts.right / counts.known)
    if counts.told:
        headers["x-notes"] = json.dumps(counts.told[:_NOTES])
    return Response(table, headers=headers, media_type="text/csv")


def _unusable(path: Path, section: DataSection) -> str:
    """Return why a file cannot be used, without a word of it: where the header should be there may be a patient."""
    from pipeline.read.rows import open_rows

    try:
        with path.open("rb") as file:
            present = set(open_rows("", file, None, ()).spelt)
    except DataError:
        present = set()
    text = "the file must be CSV, Excel or Parquet, with a header"
    if missing := [name for name in section.features if name not in present]:
        return f"{text}; it lacks {listing(missing)}"
    return f"{text}, no name twice, and none that scoring adds; complete rows with one decimal mark must follow"


async def uploaded_csv(request: Request) -> tuple[str, bytes]:
    """Return name and content of the file in a request."""
    if content_type(request, *KINDS, "multipart/form-data") != "multipart/form-data":
        return "rows", await request.body()
    async with request.form(max_files=1, max_fields=1) as form:
        file = form.get("file")
        if file is None:
            raise unprocessable(("body", "file"), "is missing; it must hold the file", "missing")
        if isinstance(file, str):  # a field without a file name
            return "rows", file.encode()
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", re.sub(r"(\.csv)?\.\w+$", "", Path(file.filename or "").name)).strip("-.")[:80]
        return name or "rows", await file.read()


def csv_schema(features: list[str]) -> dict[str, Any]:
    """Return the schema of a CSV file with these columns."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(features)
    header = re.sub(r"([\\^$.|?*+()\[\]{}/])", r"\\\1", line.getvalue())
    text = "UTF-8, with these columns; in any order, among others if you like; a row that cannot be read is rejected by itself; "
    text += "or Excel or Parquet, also as .gz or .zip"
    return {"type": "string", "contentMediaType": "text/csv", "pattern": f"^{header}\\n[\\s\\S]*$", "description": text}
