"""The parts of a summary, typed; ``pipeline.runs.summary`` puts them together."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.config.data_section import Feature, ReadSection
from pipeline.data.profiles import Together
from pipeline.judge.probability import ProbabilityFigures
from pipeline.machine.arrays import finite

Figure = Annotated[float | None, BeforeValidator(finite)]  # None where it was not measured or is not finite
Interval = tuple[Figure, Figure] | None
_Share = Annotated[Annotated[float, Field(ge=0, le=1)] | None, BeforeValidator(finite)]
_Shares = tuple[_Share, _Share] | None
Seconds = Annotated[dict[Literal["load", "fit", "total"], float], Field(min_length=3)]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
Side = TypeVar("Side")


def in_percent(figure: float | None) -> str:
    """Return a share in percent with one digit."""
    return "-" if figure is None else f"{figure:.1%}"


class Part(BaseModel):
    """Closed and frozen; its fields are the keys of the JSON, in their order. It is also made from an object's attributes."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, from_attributes=True, validate_by_name=True, serialize_by_alias=True, defer_build=True
    )

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object."""
        return self.model_dump(mode="json")


class Sides(Part, Generic[Side]):
    """The same of the training rows, None on another file than theirs, and of the test rows."""

    train: Side | None
    test: Side | None


class DataSummary(Part):
    """The file, its rows, those without a label that were left out, the rows of each class, and how it was read."""

    path: Text
    sha256: str
    rows: Annotated[int, Field(ge=1, lt=2**63)]
    unlabelled: int = 0
    train: int
    test: int
    classes: dict[str, int]
    read: ReadSection | None = None


class NetworkSummary(Part):
    """Widths of the layers, slopes, and how many weights."""

    layers: tuple[int, ...]
    alpha: float | tuple[float, ...]
    parameters: int


class Accuracy(Part):
    """The network's shares of right answers."""

    train: _Share
    test: _Share
    test_interval: _Shares
    unseen_profiles: _Share
    unseen_interval: _Shares


class ScoresSummary(Part):
    """As in ``judge.metrics.Scores``; ``confusion`` is {truth: {answer: rows}}, an answer may be "no class"."""

    rows: int
    confusion: dict[str, dict[str, int]]
    recall: dict[str, Figure]
    recall_interval: dict[str, Interval]
    specificity: dict[str, Figure]
    specificity_interval: dict[str, Interval]
    precision: dict[str, Figure]
    precision_interval: dict[str, Interval]
    negative_predictive_value: dict[str, Figure]
    negative_predictive_value_interval: dict[str, Interval]
    macro_f1: Figure
    macro_f1_interval: Interval
    balanced_accuracy: Figure
    balanced_accuracy_interval: Interval


class StandingSummary(Part):
    """As in ``judge.standing.Standing``; runs of earlier versions have no ``probabilities`` of baselines."""

    test: Figure
    test_interval: Interval
    unseen: Figure
    unseen_interval: Interval
    unseen_lead: Interval
    better: int | None
    worse: int | None
    p: Figure
    probabilities: ProbabilityFigures | None = None


class _Fold(Part):
    rows: int
    groups: int
    accuracy: Figure


class UnseenSummary(Part):
    """Which rows the folds held out together, and the accuracy in each fold."""

    kind: Together = "profiles"
    group_by: tuple[str, ...]
    folds: int
    seed: int
    groups: int
    rows: int
    interval_note: str
    per_fold: tuple[_Fold, ...]


class EstimateSummary(Part):
    """A figure with its interval."""

    value: Figure
    interval: tuple[Figure, Figure]


class _CurvePoint(Part):
    predicted: Figure
    observed: Figure
    interval: Interval
    rows: int


class _ClassProbabilities(Part):
    auc: EstimateSummary
    calibration_slope: EstimateSummary
    calibration_intercept: EstimateSummary
    calibration_in_the_large: EstimateSummary
    curve: tuple[_CurvePoint, ...]


class ProbabilitiesSummary(Part):
    """Figures about the probabilities of the test rows; runs of earlier versions also have a ``spread``."""

    spread: Figure = None
    rows: int
    classes: dict[str, _ClassProbabilities]
    macro_auc: EstimateSummary
    brier: EstimateSummary
    log_loss: EstimateSummary


class SubgroupSummary(Part):
    """As in ``judge.evaluate.Subgroup``."""

    low: Annotated[Figure, Field(alias="from")]
    high: Annotated[Figure, Field(alias="to")]
    rows: int
    accuracy: Figure
    interval: Interval


class _Layer(Part):
    layer: int
    negative: Figure
    units: tuple[Figure, ...]
    dead: tuple[int, ...]


class AdviceSummary(Part):
    """As in ``judge.advice.Advice``."""

    inputs: dict[str, dict[str, Figure]]
    layers: tuple[_Layer, ...]
    reachable: dict[str, bool]
    recommendation: str


class ColumnSummary(Feature):
    """What the config declares of a column, its cells without a usable value, and what replaces them: a number or a category."""

    gaps: int
    implausible: int
    fill: str | Figure
