"""What ``--json`` prints and run.json keeps, as plain values."""

import math
import platform
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from pipeline import __version__
from pipeline.config.schema import Config
from pipeline.data.split import Split
from pipeline.data.table import Labels, Table
from pipeline.findings import Finding
from pipeline.findings.verdict import verdict
from pipeline.judge.bootstrap import rows_note
from pipeline.judge.evaluate import Evaluation
from pipeline.network.layers import layer_sizes, parameters
from pipeline.runs.plain import NO_FIGURES, figures


@dataclass(frozen=True)
class Origin:
    """Where a run's config came from: the file, the overrides and ``--data``."""

    path: str
    settings: tuple[str, ...] = ()
    data: str | None = None


def origin_of(origin: Origin) -> dict[str, Any]:
    """Return an origin as plain values."""
    return {"path": origin.path, "settings": list(origin.settings), "data": origin.data}


def summary(
    config: Config,
    table: Table,
    parts: Split,
    evaluation: Evaluation | None,
    findings: tuple[Finding, ...],
    seconds: dict[str, float],
    notes: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return the JSON object of ``train`` and ``evaluate``; figures that are not finite are None.

    Args:
        config: resolved.
        table: the rows that were read.
        parts: training and test rows.
        evaluation: None where training was refused.
        findings: all of them.
        seconds: of load, of fit, and in total up to the moment when the run is saved.
        notes: what the reader must know about these figures.
    """
    sizes = layer_sizes(config.preprocess.pca or len(config.data.features), config.network, len(config.data.codes))
    printed: dict[str, Any] = finite(
        {
            "run": None,
            "verdict": list(verdict(evaluation, findings, config.evaluation.interval)),
            "interval_note": rows_note(config.evaluation.interval),
            "engine": config.training.engine,
            "data": {
                "path": table.path,
                "sha256": table.sha256,
                "rows": len(table),
                "train": len(parts.train),
                "test": len(parts.test),
                "classes": class_counts(table.target),
            },
            "network": {"layers": sizes, "alpha": config.network.alpha, "parameters": parameters(sizes)},
            **(figures(evaluation, config) if evaluation else NO_FIGURES),
            "columns": _columns(table, config, evaluation.fill if evaluation else {}),
            "card": config.card.model_dump(),
            "findings": [finding.to_dict() for finding in findings],
            "sound": not any(finding.blocks for finding in findings),
            "seconds": seconds,
            "notes": list(notes),
            "tracking": None,
        }
    )
    return printed


def provenance(config: Config, origin: Origin) -> dict[str, Any]:
    """Return what run.json keeps besides the summary."""
    packages = ("numpy", "pandas", "pyarrow", "scikit-learn", "tensorflow", "keras", "joblib", "pydantic")
    return {
        "config": origin_of(origin),
        "seeds": {"split": config.split.seed, "training": config.training.seed},
        "versions": {"pipeline": __version__, "python": platform.python_version()} | {name: version(name) for name in packages},
    }


def class_counts(target: Labels) -> dict[str, int]:
    """Return the number of rows of each class, in the order of the codes."""
    return {str(name): int(count) for name, count in target.value_counts(sort=False).items()}


def finite(value: Any) -> Any:
    """Return the value with None for every float that is not finite, at any depth."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _columns(table: Table, config: Config, fill: dict[str, float]) -> dict[str, Any]:
    gaps, implausible = table.features.isna().sum(), table.implausible.sum()
    return {
        name: feature.model_dump() | {"gaps": int(gaps[name]), "implausible": int(implausible[name]), "fill": fill.get(name)}
        for name, feature in config.data.features.items()
    }
