"""What a study found: the terminal, the page, ``study --json`` and study.json are drawn from it."""

from dataclasses import dataclass
from typing import Any

from pydantic_core import to_jsonable_python

from pipeline.config.schema import Features, Loss, Output, StudyReference
from pipeline.findings.finding import Finding
from pipeline.runs.summary import Origin
from pipeline.study.claims import JudgedClaim
from pipeline.study.compare import CellFigures
from pipeline.study.grid import Division


@dataclass(frozen=True)
class StudyData:
    """Which rows were used."""

    path: str
    sha256: str
    rows: int
    classes: dict[str, int]


@dataclass(frozen=True)
class StudyGrid:
    """What was combined with what; the best of ``starts`` trainings counts."""

    alphas: tuple[float, ...]
    features: tuple[Features, ...]
    outputs: tuple[Output, ...]
    seeds: int
    starts: int
    splits: tuple[Division, ...]


@dataclass(frozen=True)
class StudyRecipe:
    """What all networks have in common; the loss is that of each output."""

    hidden: tuple[int, ...]
    l2: float
    optimizer: str
    learning_rate: float
    schedule: str
    epochs: int
    batch_size: int
    loss: dict[Output, Loss]


class _Printed:
    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object; a figure that is not finite is None."""
        return dict(to_jsonable_python(self, inf_nan_mode="null"))


@dataclass(frozen=True)
class StudySummary(_Printed):
    """A study and all its figures; ``seconds`` is None where it was lost, ``level`` and ``margin`` are shares."""

    study: str
    config: Origin
    data: StudyData
    networks: int
    seconds: float | None
    networks_per_second: float | None
    grid: StudyGrid
    reference: StudyReference
    recipe: StudyRecipe
    level: float
    margin: float
    cells: tuple[CellFigures, ...]
    claims: tuple[JudgedClaim, ...]
    findings: tuple[Finding, ...]
    sound: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RefusedStudy(_Printed):
    """A study that an error among the findings stops before it trains; it has the keys that other programs read."""

    study: None = None
    networks: int = 0
    seconds: float = 0.0
    networks_per_second: None = None
    cells: tuple[()] = ()
    claims: tuple[()] = ()
    notes: tuple[()] = ()
    data: StudyData
    findings: tuple[Finding, ...]
    sound: bool = False
