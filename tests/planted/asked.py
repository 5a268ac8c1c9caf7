"""Ask the pipeline about a table as a user does: two files in the current folder, ``check`` and ``train``."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from pipeline.config.read import load_config
from pipeline.errors import PipelineError
from pipeline.findings.finding import Finding
from pipeline.runs.summary import Origin, Summary
from pipeline.stages import check, train
from tests.planted.clean import Case
from tests.planted.faults import Fault, Planted

CONFIG = Path("table.yaml")
RECIPE = {"starts": 8, "epochs": 40, "batch_size": 32}
"""A small recipe; faults that are about the training bring their own epochs."""
REFUSED = "refused"


def written(case: Case) -> None:
    """Write the table and its configuration into the current folder."""
    case.frame.to_csv("table.csv", index=False)
    config = case.config | {"training": RECIPE | case.config.get("training", {})}
    CONFIG.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def checked(case: Case) -> tuple[Finding, ...]:
    """Return what ``check`` finds.

    Raises:
        PipelineError: the table is refused.
    """
    written(case)
    return check(load_config(CONFIG))[0]


def trained(case: Case) -> Summary:
    """Return what ``train`` says; the run is left in models/."""
    written(case)
    return train(load_config(CONFIG), Origin(str(CONFIG)))


def counts(finding: Finding) -> bool:
    """Say whether a finding says that something is wrong; a column that adds nothing (D212) is only told."""
    return finding.level != "info" or finding.code == "D212"


def names_it(finding: Finding, planted: Planted, fault: Fault) -> bool:
    """Say whether a finding names the fault: one of its codes and, where it names columns, one of those."""
    columns = finding.evidence.get("columns")
    return (
        counts(finding)
        and finding.code in fault.codes
        and (not planted.columns or columns is None or bool(set(planted.columns) & set(columns)))
    )


def outcome_of(planted: Planted, fault: Fault) -> dict[str, Any]:
    """Return whether the pipeline names a fault, and every code that it gives; it trains only where ``check`` misses."""
    codes: list[str] = []
    try:
        findings: Iterable[Any] = checked(planted.case)
        caught = any(names_it(finding, planted, fault) for finding in findings)
        if not caught and any(code[0] in "TE" for code in fault.codes):
            findings = trained(planted.case).findings
            caught = any(names_it(finding, planted, fault) for finding in findings)
        codes += [finding.code for finding in findings if counts(finding)]
    except PipelineError as error:
        text = "\n".join(map(str, error.args))
        caught = REFUSED in fault.codes and any(name in text for name in planted.columns)
        codes.append(REFUSED)
    return {"caught": caught, "codes": codes}
