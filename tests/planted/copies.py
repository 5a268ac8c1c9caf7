"""Copied rows in coarse tables, of which many are equal by chance: are they found, and does the verdict ever say the opposite?"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from pipeline.errors import PipelineError
from pipeline.findings.finding import Finding
from tests.planted.asked import checked
from tests.planted.clean import TARGET, Case, population_of

SEEDS = 20
ROWS = 500
SHARES = (0.1, 0.5, 1.0)
TABLES = ("steps and 8", "steps and 12", "steps and 15", "16", "body mass")
NAMES = {
    "steps and 8": "one column with 60 steps and 8 yes/no columns",
    "steps and 12": "one column with 60 steps and 12 yes/no columns",
    "steps and 15": "one column with 60 steps and 15 yes/no columns",
    "16": "16 yes/no columns",
    "body mass": "weight, height and BMI",
}
NUMBERS = ("none", "beside the inputs", "an input")
"""Where a record number stands: beside the inputs each row of the file has its own, as an input it is copied with its row."""
CODES = ("D204", "D205")


def patients(table: str, random: np.random.Generator) -> pd.DataFrame:
    """Return rows of two classes; a moderate common factor makes the columns go together."""
    ill, common = random.random(ROWS) < 0.45, random.normal(size=(ROWS, 1))
    flags = int(table.split()[-1]) if table[-1].isdigit() else 0
    values = 0.45 * common + (1 - 0.45**2) ** 0.5 * random.normal(size=(ROWS, flags + 2)) + 0.4 * ill[:, None]
    cells = {f"Sign {place + 1}": column > random.uniform(-0.3, 1.2) for place, column in enumerate(values[:, 2:].T)}
    if "steps" in table:
        cells = {"Age": (50 + 13 * values[:, 0]).round().clip(20, 79)} | cells
    if table == "body mass":
        height, weight = (169 + 8 * values[:, 0]).round(), (74 + 11 * values[:, 1]).round()
        cells = {"Height": height, "Weight": weight, "BMI": (1e4 * weight / height**2).round(1)}
    return pd.DataFrame(cells).astype(float).assign(**{TARGET: np.where(ill, "yes", "no").astype(object)})


def copied(table: str, share: float, number: str, seed: int) -> Case:
    """Return the rows with a share of them once more, in another order."""
    random = np.random.default_rng((TABLES.index(table), round(100 * share), seed))
    frame = patients(table, random)
    if number == "an input":
        frame.insert(0, "Record", random.permutation(ROWS) + 5001)
    again = random.choice(ROWS, round(share * ROWS), replace=False)
    frame = frame.iloc[random.permutation(np.append(np.arange(ROWS), again))].reset_index(drop=True)
    features = {name: {} for name in frame.columns if name != TARGET}
    if number == "beside the inputs":
        frame.insert(0, "Record", random.permutation(len(frame)) + 5001)
    data = {"path": "table.csv", "target": TARGET, "codes": {"no": 0, "yes": 1}, "features": features}
    return Case(frame, {"data": data}, population_of(0))


def judged(findings: tuple[Finding, ...]) -> str:
    """Return whether copies are "found", "could not be told", or "denied": no finding at all.

    Both codes have to say so; the verdict says that it cannot be told where one of them is only for information.
    """
    levels = {finding.code: finding.level for finding in findings if finding.code in CODES}
    if not levels:
        return "denied"
    return "found" if all(level != "info" for level in levels.values()) else "could not be told"


def rows_of(seeds: int) -> Iterator[dict[str, Any]]:
    """Yield for each table, share and with and without a number how often copies were found."""
    for table in TABLES:
        for number in NUMBERS:
            for share in SHARES:
                answers = [_answer(copied(table, share, number, seed)) for seed in range(seeds)]
                counts = {answer: answers.count(answer) for answer in ("found", "could not be told", "denied")}
                yield {"table": NAMES[table], "number": number, "copied": share, "seeds": seeds} | counts


def _answer(case: Case) -> str:
    try:
        return judged(checked(case))
    except PipelineError:
        return "denied"
