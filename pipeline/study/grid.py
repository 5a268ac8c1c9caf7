"""The grid of the study: its splits, its tasks, and the config of each network."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pipeline.config.schema import Config, Features, Output, SplitSection, mismatch
from pipeline.data.split import split
from pipeline.data.table import Table
from pipeline.errors import ConfigError, DataError
from pipeline.model import prepare
from pipeline.network.coding import Coding
from pipeline.network.compiled import chunk
from pipeline.network.recipe import recipe_of

SplitKind = Literal["random", "unseen"]
SPLITS: dict[str, str] = {"random": "random splits", "unseen": "unseen profiles"}
"""What each kind of split is called."""


@dataclass(frozen=True)
class Division:
    """One division of the rows into training and test.

    Attributes:
        kind: "random" as the config's split, "unseen" by whole profiles.
        section: what makes it.
        train, test: numbers of rows.
    """

    kind: SplitKind
    section: SplitSection
    train: int
    test: int


@dataclass(frozen=True)
class StudyTask:
    """Networks that are trained together: one split, one kind of features, one kind of output.

    Attributes:
        division: the split.
        features, output: of the cells.
        pairs: slope and seed of each training.
    """

    division: Division
    features: Features
    output: Output
    pairs: tuple[tuple[float, int], ...]


def check_grid(config: Config) -> None:
    """Make sure that a config that can be trained can be studied.

    Raises:
        ConfigError: with every reason why not.
    """
    problems = tuple(_unsuitable(config))
    if problems:
        raise ConfigError(*problems)


def idle(config: Config) -> tuple[str, ...]:
    """Return the settings that were written and that the grid replaces."""
    keys = {"network": ("alpha", "output"), "preprocess": ("scale",)}
    written = ((section, key) for section, names in keys.items() for key in names)
    return tuple(f"{section}.{key}" for section, key in written if key in getattr(config, section).model_fields_set)


def _unsuitable(config: Config) -> Iterator[str]:
    if config.training.engine != "compiled":
        yield 'training.engine: a study takes thousands of networks, which the engine "keras" would train for days; set compiled'
    counted = {"split.seed": config.split.seed + config.study.splits, "training.seed": config.training.seed + config.study.seeds}
    for key, end in counted.items():
        if end > 2**32:
            yield f"{key}: the study counts its seeds from there, and {end - 1} is above {2**32 - 1}; lower it"
    for output in config.study.outputs:
        if text := mismatch(config.network.model_copy(update={"output": output}), config.training):
            yield f"study.outputs: {output} cannot be trained: {text}; or take it out of the list"
        if output == "softmax" and not config.network.hidden:
            yield "study.outputs: without hidden layers softmax has no Leaky ReLU; take it out, or set network.hidden"


def divisions(table: Table, config: Config) -> tuple[Division, ...]:
    """Return the splits of the study: seeds from ``split.seed`` on, at random and, where profiles are named, by unseen profile.

    Raises:
        DataError: one of them leaves no two classes to train on, or a column without any value.
    """
    kinds: dict[SplitKind, SplitSection] = {"random": config.split}
    if config.evaluation.unseen:
        profile = {"group_by": config.evaluation.unseen.group_by, "stratify": False}
        kinds["unseen"] = config.split.model_copy(update=profile)
    made = []
    for kind, section in kinds.items():
        for number in range(config.study.splits):
            each = section.model_copy(update={"seed": section.seed + number})
            what = f"study, {kind} split of seed {each.seed}"
            try:
                parts = split(table, each)
                for features in config.study.features:
                    what = f"study, {kind} split of seed {each.seed}, features {features}"
                    prepare(table, parts, with_features(config, features))
            except DataError as error:
                raise DataError(*(f"{what}: {text}" for text in error.problems)) from None
            made.append(Division(kind, each, len(parts.train), len(parts.test)))
    return tuple(made)


def tasks(made: tuple[Division, ...], config: Config, most: int) -> tuple[StudyTask, ...]:
    """Return the tasks in their order.

    Args:
        made: the splits.
        config: the grid.
        most: networks that are trained together.
    """
    seeds = range(config.training.seed, config.training.seed + config.study.seeds)
    pairs = [(alpha, seed) for seed in seeds for alpha in config.study.alphas]
    parts = -(-len(pairs) // max(1, most // config.training.starts))
    ends = [len(pairs) * part // parts for part in range(parts + 1)]
    return tuple(
        StudyTask(division, features, output, tuple(pairs[start:end]))
        for division in made
        for output in config.study.outputs
        for features in config.study.features
        for start, end in pairwise(ends)
    )


def most(config: Config, rows: int) -> int:
    """Return how many networks are trained together: the engine's own number, the smaller one where outputs differ in it."""
    found = []
    for output in config.study.outputs:
        network = config.network.model_copy(update={"output": output, "alpha": 0.0})
        coding = Coding(tuple(config.data.codes), tuple(config.data.codes.values()), output == "softmax")
        found.append(chunk(recipe_of(network, config.training, len(config.data.features), coding), rows))
    return min(found)


def network_config(config: Config, task: StudyTask, alpha: float, seed: int) -> Config:
    """Return the config with which ``train`` trains the same network, to the last bit."""
    changed = {
        "split": task.division.section,
        "network": config.network.model_copy(update={"alpha": alpha, "output": task.output}),
        "training": config.training.model_copy(update={"seed": seed}),
    }
    return with_features(config, task.features).model_copy(update=changed)


def with_features(config: Config, features: Features) -> Config:
    """Return the config with the preprocessing of a kind of features; principal components are those of standardised columns."""
    pca = (config.preprocess.pca or len(config.data.features)) if features == "pca" else None
    scale = {"raw": None, "minmax": "minmax"}.get(features, "standard")
    return config.model_copy(update={"preprocess": config.preprocess.model_copy(update={"scale": scale, "pca": pca})})
