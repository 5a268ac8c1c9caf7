"""What ``track`` starts: log one run to MLflow. A JSON object on standard input, and one on standard output."""

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pipeline
from pipeline.config.schema import Config
from pipeline.errors import PipelineError
from pipeline.runs.run_json import Record
from pipeline.runs.saved import load_scoring, read_config, read_record

_MODEL_FILES = ("config.yaml", "run.json", "weights.npz")
_FILES = (*_MODEL_FILES, "network.keras")  # not preprocessor.joblib: no pickle leaves this machine
_FIGURES = {"accuracy", "keras_accuracy", "baselines", "comparison", "metrics", "probabilities", "sets", "choice", "seconds"}
_TABLES = ("confusion", "curve", "penalties", "losses", "wrong")  # which run.json keeps
_LONGEST_NAME, _LONGEST_VALUE = 250, 6000  # that MLflow takes


def log(uri: str, folder: Path) -> dict[str, Any]:
    """Log a run and return ``run_id``, ``experiment`` and ``notes``; whatever goes wrong is raised."""
    import mlflow

    record, config = read_record(folder), read_config(folder)
    mlflow.set_tracking_uri(uri)
    experiment = mlflow.set_experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME") or "diabetes-pipeline")
    # not with start_run, which would look for a git repository around this program
    run = mlflow.MlflowClient().create_run(experiment.experiment_id, run_name=folder.name, tags=tags(record))
    notes = []
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_params(params(config))
        mlflow.log_metrics(metrics(record))
        mlflow.log_dict(record.model_dump(mode="json", include={"findings"}), "findings.json")
        for name in _FILES:
            mlflow.log_artifact(str(folder / name), "run")
        try:
            from pipeline.report.command import report

            mlflow.log_artifact(report(folder)["report"])
        except PipelineError as error:
            notes = [f"left out: {problem}" for problem in error.problems]
        _log_model(folder)
    return {"run_id": run.info.run_id, "experiment": experiment.name, "notes": notes}


def params(config: Config) -> dict[str, str]:
    """Return every setting that a training depends on, or that describes it, as JSON; text as it is."""
    settings = config.settings().items()
    texts = ((key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) for key, value in settings)
    return _named((key, text[:_LONGEST_VALUE]) for key, text in texts if not key.startswith(("study.", "tracking.")))


def metrics(record: Record) -> dict[str, float]:
    """Return every figure of a run under its dotted key, the ends of an interval as ``low`` and ``high``."""
    figures = record.model_dump(mode="json", include=_FIGURES)
    return _named(pair for key, value in figures.items() for pair in _numbers(key, value))


def tags(record: Record) -> dict[str, str]:
    """Return the verdict, each finding's code with its level, and where the run came from."""
    return {
        "mlflow.note.content": "\n\n".join(record.verdict),
        "sound": str(record.sound).lower(),
        "config": record.config.path,
        "data.sha256": record.data.sha256,
        **{f"finding.{finding.code}": finding.level + ", accepted" * finding.accepted for finding in record.findings},
        **{f"version.{name}": number for name, number in record.versions.items()},
    }


def _named(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return pairs under names that MLflow takes; the same name gets the same one beside the same others."""
    named: dict[str, Any] = {}
    for name, value in pairs:
        key = _taken(name)
        named[f"{key[:240]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}" if key in named else key] = value
    return named


def _taken(name: str) -> str:
    key = re.sub(r"[^\w.\- ]", lambda char: f"_{ord(char[0]):x}_", name)  # "<30" and ">30" stay two names
    if len(key) <= _LONGEST_NAME:
        return key
    return f"{key[: _LONGEST_NAME - 17]}_{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _numbers(key: str, value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name not in _TABLES:
                yield from _numbers(f"{key}.{name}", part)
    elif isinstance(value, list):
        for name, end in zip(("low", "high"), value, strict=True):
            yield from _numbers(f"{key}.{name}", end)
    elif value is not None:
        yield key, float(value)


def _log_model(folder: Path) -> None:
    """Log what scoring needs, with this package's source: it loads where the package is not installed."""
    import mlflow.pyfunc
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types.schema import AnyType, ColSpec, DataType, Schema

    from pipeline.config.data_section import alternatives
    from pipeline.data.frame import to_frame
    from pipeline.predict.score import middle
    from pipeline.track.mlflow_model import ScoringModel

    model = ScoringModel(run := load_scoring(folder))
    # a row that no patient had
    example = to_frame(middle(run)[None], run.config.data)
    # as double, MLflow would refuse a column of whole numbers, and as text one of categories that are numbers
    texts = run.config.data.categories()
    kinds = {name: DataType.string for name, own in texts.items() if all(len(alternatives(text)) == 1 for text in own)}
    inputs = Schema([ColSpec(kinds.get(name, AnyType()), name, required=name not in texts) for name in example.columns])
    outputs = infer_signature(example, model.predict(example)).outputs
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "run"
        data.mkdir()
        for name in _MODEL_FILES:
            shutil.copy(folder / name, data)
        mlflow.pyfunc.log_model(
            name="model",
            loader_module="pipeline.track.mlflow_model",
            data_path=str(data),
            code_paths=[str(Path(pipeline.__file__).parent)],
            pip_requirements=[f"{name}=={version(name)}" for name in ("mlflow-skinny", "numpy", "pandas", "pydantic", "pyyaml")],
            signature=ModelSignature(inputs, outputs),
            input_example=example,
        )


def _reason(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        package = "'.[mlflow]'" if error.name == "mlflow" else "mlflow"  # a database needs more than mlflow-skinny
        return f"{error.name} is needed and not installed; pip install {package}"
    text = " ".join(str(error).split()) or type(error).__name__
    for pattern, plain in _PLAIN.items():
        if match := re.search(pattern, text):
            return match.expand(plain)
    return text if len(text) <= 300 else text[:297] + "..."


# the HTTP client's errors, a screen long, in plain words
_PLAIN = {
    "error code (401|403) ": r"the server refuses (HTTP \1); set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
    "error code ([0-9]+) |too many ([0-9]+) error": r"the server answers HTTP \1\2; is it MLflow, and is it well?",
    "not in a valid JSON": "what answers there is not MLflow",
    "Connection refused": "connection refused; is the server running?",
    "timed out": "the server does not answer in time",
    "NameResolutionError": "there is no such host",
    "unsupported URI": "a database needs more than mlflow-skinny; pip install mlflow",
}


if __name__ == "__main__":
    sys.argv.clear()  # MLflow would look for a git repository around the program that it names
    job = json.load(sys.stdin)
    with redirect_stdout(sys.stderr):
        try:
            outcome = log(job["mlflow"], Path(job["run"]))
        except Exception as error:  # whatever MLflow raises costs no run
            outcome = {"error": _reason(error)}
    print(json.dumps(outcome))
