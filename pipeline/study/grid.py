"""The grid of the study: its splits, its tasks, and the config of each network."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pipeline.config import Config, Features, Output, SplitSection, mismatch
from pipeline.data.load import Table
from pipeline.data.split import split
from pipeline.errors import ConfigError, DataError
from pipeline.fitting import prepare
from pipeline.network.compiled import chunk
from pipeline.network.decode import Coding
from pipeline.network.recipe import recipe_of

Kind = Literal["random", "unseen"]


@dataclass(frozen=True)
class Division:
    """One division of the rows into training and test.

    Attributes:
        kind: "random" as the config's split, "unseen" by whole profiles.
        section: what makes it.
        train, test: numbers of rows.
    """

    kind: Kind
    section: SplitSection
    train: int
    test: int


@dataclass(frozen=True)
class Task:
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


def unsuitable(config: Config) -> Iterator[str]:
    """Yield why a config that can be trained cannot be studied."""
    if config.training.engine != "compiled":
        yield 'training.engine: a study takes thousands of networks, which the engine "keras" would train for days; set compiled'
    for key, seed, count in (
        ("split.seed", config.split.seed, config.study.splits),
        ("training.seed", config.training.seed, config.study.seeds),
    ):
        if seed + count > 2**32:
            yield f"{key}: must leave room below 2**32 for the {count} seeds that the study counts from it; got {seed}"
    for output in config.study.outputs:
        if text := mismatch(config.network.model_copy(update={"output": output}), config.training):
            yield f"study.outputs: {output} cannot be trained: {text}; or take it out of the list"


def divisions(table: Table, config: Config) -> tuple[Division, ...]:
    """Return the splits of the study: seeds from ``split.seed`` on, at random and, where profiles are named, by unseen profile.

    Raises:
        DataError: one of them leaves no two classes to train on, or a column without any value.
    """
    kinds: dict[Kind, SplitSection] = {"random": config.split}
    if config.evaluation.unseen:
        profile = {"group_by": config.evaluation.unseen.group_by, "stratify": False}
        kinds["unseen"] = config.split.model_copy(update=profile)
    made = []
    for kind, section in kinds.items():
        for number in range(config.study.splits):
            each = section.model_copy(update={"seed": section.seed + number})
            try:
                parts = split(table, each)
                prepare(table, parts, config)
            except DataError as error:
                raise DataError(*(f"study, {kind} split of seed {each.seed}: {text}" for text in error.problems)) from None
            made.append(Division(kind, each, len(parts.train), len(parts.test)))
    return tuple(made)


def tasks(made: tuple[Division, ...], config: Config, most: int) -> tuple[Task, ...]:
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
        Task(division, features, output, tuple(pairs[start:end]))
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


def network_config(config: Config, task: Task, alpha: float, seed: int) -> Config:
    """Return the config with which ``train`` trains the same network, to the last bit."""
    pca = (config.preprocess.pca or len(config.data.features)) if task.features == "pca" else None
    scale = {"raw": None, "minmax": "minmax"}.get(task.features, "standard")
    changed = {
        "split": task.division.section,
        "preprocess": config.preprocess.model_copy(update={"scale": scale, "pca": pca}),
        "network": config.network.model_copy(update={"alpha": alpha, "output": task.output}),
        "training": config.training.model_copy(update={"seed": seed}),
    }
    return config.model_copy(update=changed)


def check(config: Config) -> None:
    """Raise what ``unsuitable`` finds.

    Raises:
        ConfigError: with every problem.
    """
    problems = tuple(unsuitable(config))
    if problems:
        raise ConfigError(*problems)
