"""The grid of the study: its splits, its tasks, and the config of each network."""

from dataclasses import dataclass
from itertools import pairwise, product
from typing import Literal

from pipeline.config.loss import mismatch
from pipeline.config.schema import Config, Features, Output, SplitSection
from pipeline.data.split import split
from pipeline.data.table import Table
from pipeline.errors import ConfigError, DataError
from pipeline.model import prepare
from pipeline.network.coding import Coding
from pipeline.network.compiled import chunk
from pipeline.network.recipe import recipe_of

SplitKind = Literal["random", "unseen"]
SPLITS: dict[SplitKind, str] = {"random": "random splits", "unseen": "unseen profiles"}
"""What each kind of split is called."""


@dataclass(frozen=True)
class Division:
    """A division into so many rows of training and test: "random" as the config's split, or "unseen" by whole profiles."""

    kind: SplitKind
    seed: int
    train: int
    test: int


@dataclass(frozen=True)
class StudyTask:
    """Networks that are trained together; ``pairs`` are slope and seed of each training."""

    division: Division
    features: Features
    output: Output
    pairs: tuple[tuple[float, int], ...]


def check_grid(config: Config) -> None:
    """Make sure that a config that can be trained can be studied; a ConfigError gives every reason why not."""
    problems = []
    if config.training.engine != "compiled":
        slow = 'a study takes thousands of networks, which the engine "keras" would train for days; set compiled'
        problems.append(f"training.engine: {slow}")
    ends = {"split.seed": config.split.seed + config.study.splits, "training.seed": config.training.seed + config.study.seeds}
    for key, end in ends.items():
        if end > 2**32:
            problems.append(f"{key}: the study counts its seeds from there, and {end - 1} is above {2**32 - 1}; lower it")
    for output in config.study.outputs:
        if reason := mismatch(config.network.model_copy(update={"output": output}), config.training):
            problems.append(f"study.outputs: {output} cannot be trained: {reason}; or take it out of the list")
        if output == "softmax" and not config.network.hidden:
            problems.append("study.outputs: without hidden layers softmax has no Leaky ReLU; take it out, or set network.hidden")
    if problems:
        raise ConfigError(*problems)


def replaced_settings(config: Config) -> tuple[str, ...]:
    """Return the settings that were written and that the grid replaces."""
    settings = (("network", "alpha"), ("network", "output"), ("preprocess", "scale"))
    return tuple(f"{section}.{key}" for section, key in settings if key in getattr(config, section).model_fields_set)


def divisions(table: Table, config: Config) -> tuple[Division, ...]:
    """Return the splits of the study: seeds from ``split.seed`` on, at random and, where profiles are named, by unseen profile.

    Raises:
        DataError: one of them leaves no two classes to train on, or a column without any value.
    """
    kinds: tuple[SplitKind, ...] = ("random", "unseen") if config.evaluation.profile else ("random",)
    made, first = [], config.split.seed
    for kind, seed in product(kinds, range(first, first + config.study.splits)):
        where = f"study, {kind} split of seed {seed}"
        try:
            parts = split(table, _section(config, kind, seed))
            for features in config.study.features:
                where = f"study, {kind} split of seed {seed}, features {features}"
                prepare(table, parts, config.data, _with_features(config, features).preprocess)
        except DataError as error:
            raise DataError(*(f"{where}: {problem}" for problem in error.problems)) from None
        made.append(Division(kind, seed, len(parts.train), len(parts.test)))
    return tuple(made)


def _section(config: Config, kind: SplitKind, seed: int) -> SplitSection:
    profile = {"group_by": config.evaluation.profile, "stratify": False} if kind == "unseen" else {}
    return config.split.model_copy(update=profile | {"seed": seed})


def tasks(splits: tuple[Division, ...], config: Config, most: int) -> tuple[StudyTask, ...]:
    """Return the tasks in their order, each of at most ``most`` networks."""
    seeds = range(config.training.seed, config.training.seed + config.study.seeds)
    pairs = [(alpha, seed) for seed in seeds for alpha in config.study.alphas]
    parts = -(-len(pairs) // max(1, most // int(config.training.starts)))
    ends = [len(pairs) * part // parts for part in range(parts + 1)]
    return tuple(
        StudyTask(division, features, output, tuple(pairs[start:end]))
        for division, output, features in product(splits, config.study.outputs, config.study.features)
        for start, end in pairwise(ends)
    )


def task_size(config: Config, rows: int) -> int:
    """Return how many networks a task trains: the engine's own number, the smallest one where outputs differ in it."""
    sizes = []
    for output in config.study.outputs:
        network = config.network.model_copy(update={"output": output, "alpha": 0.0})
        coding = Coding(tuple(config.data.codes), tuple(config.data.codes.values()), output == "softmax")
        sizes.append(chunk(recipe_of(network, config.training, sum(config.data.widths()), coding, rows), rows))
    return min(sizes)


def network_config(config: Config, task: StudyTask, alpha: float, seed: int) -> Config:
    """Return the config with which ``train`` trains the same network, to the last bit."""
    changed = {
        "split": _section(config, task.division.kind, task.division.seed),
        "network": config.network.model_copy(update={"alpha": alpha, "output": task.output}),
        "training": config.training.model_copy(update={"seed": seed}),
    }
    return _with_features(config, task.features).model_copy(update=changed)


def _with_features(config: Config, features: Features) -> Config:
    """Return the config with the preprocessing of a kind of features; principal components are those of standardised columns."""
    pca = (config.preprocess.pca or sum(config.data.widths())) if features == "pca" else None
    scale = {"raw": None, "minmax": "minmax"}.get(features, "standard")
    return config.model_copy(update={"preprocess": config.preprocess.model_copy(update={"scale": scale, "pca": pca})})
