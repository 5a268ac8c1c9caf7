"""The splits and tasks of a study: every network once, each as the config of ``train`` would have it."""

from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from pipeline.config.read import load_config
from pipeline.config.schema import Config
from pipeline.data.load import load
from pipeline.data.split import split
from pipeline.data.table import Table
from pipeline.errors import DataError
from pipeline.study.grid import Division, StudyTask, divisions, network_config, task_size, tasks
from tests.tables import frame_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(ROOT / "configs/study.yaml", ["study.splits=3", "study.seeds=20"], str(ROOT / "data/diabetes.csv"))


@pytest.fixture(scope="module")
def table(config: Config) -> Table:
    return load(config.data)


def test_the_default_grid_has_at_least_20000_networks():
    grid = load_config(ROOT / "configs/study.yaml").study
    cells = len(grid.alphas) * len(grid.features) * len(grid.outputs)
    assert cells * grid.seeds * grid.splits * 2 == 30_240
    assert (grid.alphas, grid.features) == ((0, 0.01, 0.05, 0.09, 0.1, 0.2, 0.3, 0.5, 1), ("raw", "standard", "pca"))


@pytest.mark.parametrize("together", [1, 100, 256, 10_000])
def test_every_network_is_in_one_task_whatever_is_trained_together(config: Config, table: Table, together: int):
    splits = divisions(table, config)
    counts = Counter(
        (task.division.kind, task.division.seed, task.features, task.output, *pair)
        for task in tasks(splits, config, together)
        for pair in task.pairs
    )
    grid = config.study
    expected = product(("random", "unseen"), (5, 6, 7), grid.features, grid.outputs, grid.alphas, range(20))
    assert counts == Counter(expected)
    assert max(len(task.pairs) for task in tasks(splits, config, together)) <= together


def test_random_splits_are_those_of_train_and_unseen_ones_share_no_profile(config: Config, table: Table):
    columns = ("BS pp", "Plasma R", "Plasma F", "HbA1c")
    profiles = table.copies(columns)
    filled = frame_of(table)[list(columns)].notna().all(axis=1).to_numpy()
    for task in tasks(divisions(table, config), config, 10_000)[:: len(config.study.features) * len(config.study.outputs)]:
        division, parts = task.division, split(table, network_config(config, task, 0.05, 0).split)
        assert (len(parts.train), len(parts.test)) == (division.train, division.test)
        train, test = (set(profiles[rows[filled[rows]]]) for rows in (parts.train, parts.test))
        assert train.isdisjoint(test) == (division.kind == "unseen")
        assert np.array_equal(np.sort(np.concatenate([parts.train, parts.test])), np.arange(len(table)))


def test_the_config_of_a_network_differs_from_the_study_in_its_cell_only(config: Config, table: Table):
    for task in tasks(divisions(table, config), config, 256)[:6]:
        changed = network_config(config, task, 0.3, 7).settings()
        base = config.settings()
        different = {key for key in changed if changed[key] != base.get(key)}
        assert different <= {"preprocess.scale", "preprocess.pca", "network.alpha", "network.output", "training.seed"}
        assert (changed["preprocess.scale"], changed["preprocess.pca"]) == {
            "raw": (None, None),
            "standard": ("standard", None),
            "pca": ("standard", 6),
        }[task.features]


def test_fewer_components_are_kept_where_the_config_says_so(config: Config, table: Table):
    fewer = config.model_copy(update={"preprocess": config.preprocess.model_copy(update={"pca": 2})})
    task = next(task for task in tasks(divisions(table, fewer), fewer, 256) if task.features == "pca")
    assert network_config(fewer, task, 0.05, 0).preprocess.pca == 2


def test_a_split_that_leaves_a_column_empty_is_named(config: Config, table: Table):
    empty = table.values.copy()
    empty[split(table, config.split).train, table.features.index("HbA1c")] = np.nan
    damaged = replace(table, values=empty)
    with pytest.raises(DataError, match=r'study, random split of seed 5, features raw: .*"HbA1c" has no usable value'):
        divisions(damaged, config)


def test_what_is_trained_together_is_what_the_engine_takes_in_one_call(config: Config):
    assert task_size(config, 807) == 256


def test_principal_components_are_as_many_as_the_inputs_that_categories_make():
    features = {"a": {}, "b": {"categories": ["x", "y"]}, "c": {"categories": ["x", "y", "z"]}}
    data = {"path": "x.csv", "target": "kind", "codes": {"no": 0, "yes": 1}, "features": features}
    own = Config.model_validate({"data": data, "study": {"splits": 2, "seeds": 2}})
    task = StudyTask(Division("random", 5, 8, 2), "pca", "code", ((0.05, 0),))
    assert network_config(own, task, 0.05, 0).preprocess.pca == 1 + 1 + 3
