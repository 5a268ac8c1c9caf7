"""The command ``report``."""

from pathlib import Path
from typing import Any

from pipeline.errors import DataError, PipelineError
from pipeline.runs.place import resolve_run
from pipeline.runs.reopen import reopen
from pipeline.runs.write import add_report


def report(path: Path | str) -> dict[str, Any]:
    """Write the HTML report of a saved run into its folder and return what ``--json`` prints; see ``reopen``.

    Raises:
        RunError: no run there, it is damaged, or its folder cannot be written.
        DataError: its data are gone or are no longer those that it was trained on.
        PipelineError: what draws the report is not installed.
    """
    try:
        from pipeline.report.page import report_page
    except ModuleNotFoundError as error:
        raise PipelineError(f"report: {error.name} is needed and not installed; pip install '.[report]'") from None
    again = reopen(path)
    if again.summary.data.sha256 != again.run.record.data.sha256:
        what = f"{again.table.path}: a report needs the data that the run was trained on, and this file has changed since"
        raise DataError(f"{what} (its SHA-256 differs); restore the file or train again")
    folder = resolve_run(path)
    written = add_report(folder, report_page(again.run, again.table, again.summary))
    return {"run": str(folder), "report": str(written), "bytes": written.stat().st_size}
