"""The schema of the YAML file: sections, keys, types, ranges and defaults."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Discriminator, Field, Tag

from pipeline.config.data_section import DataSection
from pipeline.config.section import Finite, Names, Section
from pipeline.config.yaml_text import dump_yaml

RESAMPLES = 1000
"""How many resamples an interval of the bootstrap is made of."""
Slope = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
_Chosen = TypeVar("_Chosen")
OrAuto = Annotated[
    Annotated[Literal["auto"], Tag("auto")] | Annotated[_Chosen, Tag("given")],
    Discriminator(lambda value: "auto" if value == "auto" else "given"),
]
Loss = Literal["ordinal", "squared_error", "categorical_crossentropy", "binary_crossentropy"]
Output = Literal["code", "softmax"]
Features = Literal["raw", "minmax", "standard", "pca"]
# fmt: off
Code = Literal[
    "C101", "C102", "C103", "C104", "D201", "D202", "D203", "D204", "D205", "D206", "D207", "D208", "D209",
    "D210", "D211", "D212", "D213", "D214", "D215", "D216", "D217",
    "T301", "T302", "T303", "T304", "T305", "E401", "E402", "E403", "E404", "E405", "E406", "E407", "E408",
]
# fmt: on
"""What a finding is called; ``pipeline.findings`` has a rule for each."""
Slopes = Annotated[
    Annotated[Slope, Tag("one")] | Annotated[tuple[Slope, ...], Field(strict=False), Tag("many")],
    Discriminator(lambda value: "many" if isinstance(value, list | tuple) else "one"),
]


class SplitSection(Section):
    """How rows are divided into training and test."""

    test_size: Fraction = 0.2
    seed: Seed = 5
    stratify: bool = False
    group_by: Annotated[Names, Field(min_length=1)] | None = None


class PreprocessSection(Section):
    """What happens to the columns before the network; everything is learnt from training rows."""

    implausible: Literal["missing", "keep"] = "missing"
    impute: Literal["median", "mean", "most_frequent"] | None = "median"
    scale: Literal["standard", "minmax"] | None = "standard"
    pca: Count | None = None


class NetworkSection(Section):
    """The layers: widths, negative slopes and kind of output."""

    hidden: Annotated[tuple[Count, ...], Field(strict=False)] = (3,)
    alpha: Slopes = 0.05
    output: Output = "code"

    def slopes(self) -> tuple[float, ...]:
        """Return the negative slope of each Leaky ReLU layer: the hidden ones, and the output unless it is softmax.

        Raises:
            ValueError: ``alpha`` holds another number of slopes.
        """
        layers = len(self.hidden) + (self.output == "code")
        if not isinstance(self.alpha, tuple):
            return (self.alpha,) * layers
        if len(self.alpha) != layers:
            last = "softmax has none" if self.output == "softmax" else "the output layer has one too"
            rule = f"must be one slope, or one for each of the {layers} Leaky ReLU layers ({last})"
            raise ValueError(f"alpha {rule}; got {len(self.alpha)}")
        return self.alpha


class TrainingSection(Section):
    """How the weights are found."""

    engine: Literal["compiled", "keras"] = "compiled"
    loss: Literal["auto"] | Loss = "auto"
    l2: OrAuto[Annotated[float, Field(ge=0, allow_inf_nan=False)]] = "auto"
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.02
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    epochs: OrAuto[Count] = "auto"
    batch_size: OrAuto[Count] = "auto"
    starts: OrAuto[Count] = "auto"
    seed: Seed = 0


class UnseenSection(Section):
    """Grouped validation: folds in which the test rows' profiles never occur in training."""

    group_by: Annotated[Names, Field(min_length=1)]
    folds: Annotated[int, Field(ge=2)] = 6
    seed: Seed = 0


Unseen = Annotated[
    Annotated[Literal["auto"], Tag("auto")] | Annotated[UnseenSection, Tag("columns")],
    Discriminator(lambda value: "auto" if isinstance(value, str) else "columns"),
]


class EvaluationSection(Section):
    """How the figures are judged."""

    interval: Annotated[float, Field(gt=0, le=1 - 2 / RESAMPLES)] = 0.95  # beyond, no resample lies outside
    unseen: Unseen | None = "auto"
    confidence: Fraction = 0.9
    subgroups: dict[str, Annotated[tuple[Finite, ...], Field(strict=False, min_length=1)]] = Field(default={})

    @property
    def profile(self) -> tuple[str, ...]:
        """The columns in which rows of one profile are equal; none where ``unseen`` names none."""
        return self.unseen.group_by if isinstance(self.unseen, UnseenSection) else ()


class FindingsSection(Section):
    """Codes that the user knows about and wants anyway."""

    accept: Annotated[tuple[Code, ...], Field(strict=False)] = ()


class CardSection(Section):
    """What only people know about the data and the model; the report shows what was not supplied as such."""

    intended_use: str | None = None
    users: str | None = None
    source: str | None = None
    dates: str | None = None
    outcome: str | None = None
    limits: str | None = None
    contact: str | None = None


class TrackingSection(Section):
    """Where a training is logged to, besides its run folder."""

    mlflow: str | None = None


class StudyReference(Section):
    """The cell of the study that every other one is compared with."""

    alpha: Slope = 0.05
    features: Features = "standard"
    output: Output = "code"


class StudySection(Section):
    """The grid of the study, and what is compared in it."""

    alphas: Annotated[tuple[Slope, ...], Field(strict=False, min_length=1)] = (0.0, 0.01, 0.05, 0.09, 0.1, 0.2, 0.3, 0.5, 1.0)
    features: Annotated[tuple[Features, ...], Field(strict=False, min_length=1)] = ("raw", "standard", "pca")
    outputs: Annotated[tuple[Output, ...], Field(strict=False, min_length=1)] = ("code", "softmax")
    seeds: Annotated[int, Field(ge=2)] = 28
    splits: Annotated[int, Field(ge=2)] = 10
    reference: StudyReference = StudyReference()
    margin: Annotated[float, Field(ge=0, lt=1)] = 0.01


class Config(Section):
    """One pipeline, complete: every key that was not written has its default."""

    data: DataSection
    split: SplitSection = SplitSection()
    preprocess: PreprocessSection = PreprocessSection()
    network: NetworkSection = NetworkSection()
    training: TrainingSection = TrainingSection()
    evaluation: EvaluationSection = EvaluationSection()
    findings: FindingsSection = FindingsSection()
    card: CardSection = CardSection()
    tracking: TrackingSection = TrackingSection()
    study: StudySection = StudySection()

    def to_yaml(self) -> str:
        """Return the complete configuration as YAML; ``validate`` reads it back equal."""
        return dump_yaml(self.model_dump(mode="json"))

    def written(self) -> "Config":
        """Return the same config as if only what differs from the defaults had been written."""
        return Config.model_validate(self.model_dump(exclude_defaults=True))

    def settings(self) -> dict[str, Any]:
        """Return every setting under its dotted key, lists and single values as leaves."""
        return dict(_flat("", self.model_dump(mode="json")))


def _flat(prefix: str, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(f"{prefix}{key}.", value)
        else:
            yield prefix + key, value
