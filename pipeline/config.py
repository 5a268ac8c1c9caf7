"""The schema of the YAML file, and the only way to read one."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationError

from pipeline.errors import ConfigError, did_you_mean
from pipeline.yaml_source import Location, YamlSource, dump_yaml, override, read_yaml

Model = TypeVar("Model", bound=BaseModel)
Finite = Annotated[float, Field(allow_inf_nan=False)]
Slope = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Criterion = Literal["fasting", "two_hour", "random", "hba1c"]
# strict validation wants a tuple, YAML gives a list; the items stay strict
Names = Annotated[tuple[str, ...], Field(strict=False)]
Slopes = Annotated[
    Annotated[Slope, Tag("one")] | Annotated[tuple[Slope, ...], Field(strict=False), Tag("each")],
    Discriminator(lambda value: "each" if isinstance(value, list | tuple) else "one"),
]


class Section(BaseModel):
    """A section is strict (text is no number), closed (no unknown key) and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Feature(Section):
    """One input column: its unit, plausible range (both ends included) and diagnostic criterion."""

    unit: str | None = None
    range: Annotated[tuple[Finite, Finite], Field(strict=False)] | None = None
    criterion: Criterion | None = None


class DataSection(Section):
    """Which file, which columns, which classes."""

    path: str
    target: str
    redundant: Names = ()
    reference: str | None = None
    codes: Annotated[dict[str, Finite], Field(min_length=2)]
    features: Annotated[
        dict[str, Annotated[Feature, BeforeValidator(lambda value: {} if value is None else value)]], Field(min_length=1)
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
    output: Literal["code", "softmax"] = "code"

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
            raise ValueError(
                f"alpha must be one slope, or one for each of the {layers} Leaky ReLU layers ({last}); got {len(self.alpha)}"
            )
        return self.alpha


class TrainingSection(Section):
    """How the weights are found."""

    engine: Literal["compiled", "keras"] = "compiled"
    loss: Literal["squared_error", "categorical_crossentropy", "binary_crossentropy"] = "squared_error"
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.02
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    epochs: Count = 500
    batch_size: Count = 10
    starts: Count = 1024
    seed: Seed = 0


class UnseenSection(Section):
    """Grouped validation: folds in which the test rows' profiles never occur in training."""

    group_by: Annotated[Names, Field(min_length=1)]
    folds: Annotated[int, Field(ge=2)] = 6


class EvaluationSection(Section):
    """How the figures are judged."""

    interval: Fraction = 0.95
    unseen: UnseenSection | None = None


class FindingsSection(Section):
    """Codes that the user knows about and wants anyway."""

    accept: Names = ()


class StudySection(Section):
    """The grid of the study."""

    alphas: Annotated[tuple[Slope, ...], Field(strict=False, min_length=1)] = (0.0, 0.01, 0.05, 0.09, 0.1, 0.2, 0.3, 0.5, 1.0)
    features: Annotated[tuple[Literal["raw", "standard", "pca"], ...], Field(strict=False, min_length=1)] = (
        "raw",
        "standard",
        "pca",
    )
    seeds: Count = 100
    splits: Count = 4


class Config(Section):
    """One pipeline, complete: every key that was not written has its default."""

    data: DataSection
    split: SplitSection = SplitSection()
    preprocess: PreprocessSection = PreprocessSection()
    network: NetworkSection = NetworkSection()
    training: TrainingSection = TrainingSection()
    evaluation: EvaluationSection = EvaluationSection()
    findings: FindingsSection = FindingsSection()
    study: StudySection = StudySection()

    def to_yaml(self) -> str:
        """Return the complete configuration as YAML; ``validate`` reads it back equal."""
        return dump_yaml(self.model_dump(mode="json"))

    def settings(self) -> dict[str, Any]:
        """Return every setting under its dotted key, lists and single values as leaves."""
        return dict(_flat("", self.model_dump(mode="json")))


def load_config(path: Path | str, settings: Sequence[str] = (), data: str | None = None) -> Config:
    """Read and validate a YAML file.

    Args:
        path: the YAML file.
        settings: overrides such as ``network.alpha=0.1``.
        data: a CSV path that replaces ``data.path``.

    Raises:
        ConfigError: with every problem, each with its line.

    """
    from pipeline.contradictions import contradictions  # it reads the schema, so it comes after it

    source = read_source(path)
    override(source, settings)
    if data is not None and isinstance(source.values.get("data"), dict):
        source.values["data"]["path"] = data
        source.places["data", "path"] = "--data"
    config, problems = _validate(Config, source)
    if config is not None:
        problems += [f"{_where(source, location)}: {text}" for location, text in contradictions(config)]
    if config is None or source.problems or problems:
        raise ConfigError(*source.problems, *problems)
    return config


def read_source(path: Path | str) -> YamlSource:
    """Read the text of a YAML file.

    Raises:
        ConfigError: it cannot be read.

    """
    try:
        return read_yaml(Path(path).read_text(encoding="utf-8-sig"), str(path))
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    except OSError as error:
        reason = str(error.strerror)
    raise ConfigError(f"{path}: cannot read the configuration: {reason}; name a YAML file such as configs/default.yaml")


def validate(model: type[Model], source: YamlSource) -> Model:
    """Return the values of a YAML source as a model.

    Raises:
        ConfigError: with every problem, each with its line.

    """
    valid, problems = _validate(model, source)
    if valid is None or source.problems or problems:
        raise ConfigError(*source.problems, *problems)
    return valid


def _validate(model: type[Model], source: YamlSource) -> tuple[Model | None, list[str]]:
    """Return the problems, and a model in which faulty keys have their defaults, so that the rest is checked too."""
    try:
        return model.model_validate(source.values), []
    except ValidationError as error:
        problems, faulty = [], set()
        for each in error.errors():
            location = _written(each["loc"], source)
            problems.append(_problem(model, each, location, source))
            faulty.add(location)
    try:
        return model.model_validate(_without(source.values, faulty)), problems
    except ValidationError:
        return None, problems


def _written(location: Location, source: YamlSource) -> Location:
    """Drop what pydantic adds to a location (tags of a union), keep the missing key of the last step."""
    at: Any = source.values
    kept: list[str | int] = []
    for index, part in enumerate(location):
        found = part in at if isinstance(at, dict) else isinstance(at, list) and isinstance(part, int) and part < len(at)
        if found:
            at = at[part]
            kept.append(part)
        elif isinstance(at, dict) and index == len(location) - 1:
            kept.append(part)
    return tuple(kept)


def _problem(model: type[BaseModel], error: Any, location: Location, source: YamlSource) -> str:
    where = _where(source, location)
    key = str(location[-1]) if location else ""
    if error["type"] == "extra_forbidden":
        keys = _keys_beside(model, location)
        hint = did_you_mean(key, keys) or f"; the keys here are {', '.join(keys)}"
        return f"{where}: unknown key{hint}"
    if error["type"] == "missing":
        return f"{where}: this required key is missing; add it"
    if error["type"] == "model_type":
        return f"{where}: must be a section with keys; got {_shown(error['input'])}"
    text = error["msg"].replace("Input should be", "must be").replace("should have", "must have")
    hint = ""
    if error["type"] == "literal_error" and isinstance(error["input"], str):
        hint = did_you_mean(error["input"], error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", "))
    return f"{where}: {text[0].lower() + text[1:]}; got {_shown(error['input'])}{hint.replace('; did', ', did')}"


def _keys_beside(model: type[BaseModel], location: Location) -> list[str]:
    """Return the keys that the schema knows where the location's last key stands."""
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        model = next(_models(field.annotation), model) if field else model
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _without(values: dict[str, Any], faulty: set[Location]) -> dict[str, Any]:
    """Return a copy without the faulty locations; a faulty list item takes its list with it."""

    def copy(value: Any, at: Location) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: copy(each, (*at, key)) for key, each in value.items() if not below((*at, key), each)}

    def below(at: Location, value: Any) -> bool:
        return at in faulty or (isinstance(value, list) and any(each[: len(at)] == at for each in faulty))

    kept: dict[str, Any] = copy(values, ())
    return kept


def _where(source: YamlSource, location: Location) -> str:
    """Return the place and the dotted key; an override names its key itself."""
    place, key = source.place(location), ".".join(map(str, location))
    return place if place == f"--set {key}" else f"{place}: {key}"


def _shown(value: Any) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _flat(prefix: str, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(f"{prefix}{key}.", value)
        else:
            yield prefix + key, value
