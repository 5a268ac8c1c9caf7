"""Write the model of a run for other programs, after it was shown to say what the run says."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import PipelineError, RunError, did_you_mean, listing
from pipeline.export.agreement import drawn, largest_difference
from pipeline.machine.files import whole
from pipeline.runs.place import resolve_run
from pipeline.runs.saved import load_scoring

CHECKED_ROWS = 10_000
FORMATS = ("onnx", "keras", "joblib")


def export(path: Path | str, to: str, output: Path) -> dict[str, Any]:
    """Write the model of a run in one of ``FORMATS`` and return what ``--json`` prints; a file is replaced at the end only.

    Raises:
        PipelineError: no such format, a package that it needs is missing, or the file cannot be written.
        RunError: no run there, it is damaged, or what was written does not say what the run says.
    """
    if to not in FORMATS:
        text = f"export --to: one of {listing(FORMATS)} is needed, and {to!r} was given"
        raise PipelineError(text + did_you_mean(to, FORMATS))
    try:
        write = getattr(import_module(f"pipeline.export.{to}_file"), f"write_{to}")
    except ModuleNotFoundError as error:
        raise PipelineError(f"export: {error.name} is needed and not installed; pip install '.[{to}]'") from None
    if to == "keras" and output.suffix != ".keras":
        raise PipelineError(f'{output}: Keras reads only files whose name ends in ".keras"; add it to the name')
    if not output.name:
        raise PipelineError("export: PATH is empty, and the name of the file to write is needed")
    run = load_scoring(path)
    if (output.parent / "run.json").exists():
        raise PipelineError(f"{output}: the files of a run stay as they are; write to another folder")
    values = drawn(run, CHECKED_ROWS)
    if to == "keras":  # TensorFlow takes subnormal numbers for 0
        values[np.abs(values) < np.finfo(np.float64).tiny] = 0.0
    try:
        with whole(output) as hidden:
            difference = largest_difference(run, values, write(run, hidden))
    except RunError as error:
        raise RunError(*(f"export --to {to}: {problem}" for problem in error.problems)) from None
    except OSError as error:
        raise PipelineError(
            f"{output}: cannot be written: {error.strerror or error}; name a file in a folder that can be written"
        ) from None
    file = {"run": str(resolve_run(path)), "to": to, "output": str(output), "bytes": output.stat().st_size}
    return file | {"sound": run.record.sound, "checked_rows": CHECKED_ROWS, "largest_difference": difference}
