"""Log a saved run to MLflow, in a process of its own: whatever happens there costs some seconds, and never the run."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline.config.schema import TrackingSection
from pipeline.machine.interrupt import handled

_DEADLINE = 60.0  # seconds after which a server that answers, but too slowly, is given up

# what the user has set holds; a dead server is known after one request
_PATIENCE = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT": "30",
}
_SILENCE = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "PYTHONWARNINGS": "ignore",
}


@handled()
def track(section: TrackingSection, run: Path) -> dict[str, Any] | None:
    """Log a run where the config says, and return what ``--json`` says of it, None without an address; nothing is raised.

    The keys are ``mlflow``, the address, with ``run_id``, ``experiment`` and ``notes``, or with ``error``.
    """
    if section.mlflow is None:
        return None
    # the same modules as here, wherever the current folder is; the user's credentials come with the environment
    paths = {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pipeline.track.mlflow_log"],
            input=json.dumps({"mlflow": section.mlflow, "run": str(run)}),
            env=_PATIENCE | os.environ | _SILENCE | paths,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=_DEADLINE,
            check=False,
        )
        outcome = json.loads(done.stdout) if done.returncode == 0 else {"error": f"it ended with exit code {done.returncode}"}
    except subprocess.TimeoutExpired:
        outcome = {"error": f"not done after {_DEADLINE:g} seconds"}
    except (OSError, ValueError) as error:
        outcome = {"error": f"it cannot be started: {error}"}
    except KeyboardInterrupt:  # the run is saved: its figures are still wanted
        outcome = {"error": "interrupted"}
    return {"mlflow": section.mlflow, **outcome}


def tracking_lines(tracking: dict[str, Any] | None, run: str) -> list[str]:
    """Return the lines for a person about what ``track`` returned."""
    if tracking is None:
        return []
    if "error" in tracking:
        return [f"tracking: {tracking['mlflow']}: {tracking['error']}; the run is saved in {run}"]
    logged = f"tracking: logged to {tracking['mlflow']}, experiment {tracking['experiment']}, run {tracking['run_id']}"
    return [logged, *(f"tracking: {note}" for note in tracking["notes"])]
