"""A network of the study is the network that ``train`` trains."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.model_selection import train_test_split

from pipeline.config.read import load_config
from pipeline.runs.saved import load_run
from pipeline.runs.summary import Origin
from pipeline.stages import train
from tests.study.small import NETWORKS, SETTINGS, only_study

pytestmark = pytest.mark.arithmetic

PROFILE = "[BS pp, Plasma R, Plasma F, HbA1c]"
CELLS = {
    "a code on scaled features, random split": (
        {"features": "standard", "output": "code", "alpha": 0.05, "split": "random", "split_seed": 5, "seed": 0},
        [],
    ),
    "softmax on raw features, by unseen profile": (
        {"features": "raw", "output": "softmax", "alpha": 0.3, "split": "unseen", "split_seed": 6, "seed": 2},
        ["preprocess.scale=null", f"split.group_by={PROFILE}"],
    ),
    "ReLU and a code after PCA, random split": (
        {"features": "pca", "output": "code", "alpha": 0.0, "split": "random", "split_seed": 6, "seed": 1},
        ["preprocess.pca=6", "findings.accept=[C102]"],
    ),
}


def networks() -> pd.DataFrame:
    return pq.read_table(only_study() / "networks.parquet").to_pandas()


@pytest.mark.parametrize("name", CELLS)
def test_weights_and_accuracies_are_those_of_train(studied: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pipeline.stages.fitting", lambda tasks, hidden, seed: nullcontext(lambda progress: [{}]))  # no baselines
    cell, settings = CELLS[name]
    table = networks()
    (row,) = table[np.logical_and.reduce([table[key] == value for key, value in cell.items()])].to_dict("records")
    given = {"split.seed": "split_seed", "training.seed": "seed", "network.alpha": "alpha", "network.output": "output"}
    settings = [*SETTINGS[:1], *settings, *(f"{key}={cell[column]}" for key, column in given.items()), "evaluation.unseen=null"]
    trained = train(load_config("configs/study.yaml", settings), Origin("configs/study.yaml"))
    assert np.array_equal(load_run(trained.run).trained.weights[0], row["weights"])
    assert (row["train_accuracy"], row["test_accuracy"]) == (trained.accuracy.train, trained.accuracy.test)


def test_there_is_one_row_a_network_and_each_seed_keeps_one(studied: Path):
    table = networks()
    assert len(table) == NETWORKS
    assert table["chosen"].all()  # one start each
    assert not table.duplicated(["features", "output", "alpha", "split", "split_seed", "seed"]).any()
    assert np.isfinite(table["loss"]).all()


def test_with_several_starts_the_lowest_loss_is_chosen(workplace: Path):
    from pipeline.study.command import study

    settings = [*SETTINGS[:1], "study.alphas=[0.05]", "study.seeds=2", "study.splits=2", "study.features=[standard]"]
    settings += ["study.outputs=[code]", "training.starts=8", "evaluation.unseen=null"]
    summary = study(load_config("configs/study.yaml", settings), Origin("configs/study.yaml"))
    table = networks()
    assert summary.networks == len(table) == 2 * 2 * 8
    best = table.loc[table.groupby(["split_seed", "seed"])["loss"].idxmin()]
    assert best["chosen"].all()
    assert table["chosen"].sum() == 4
    assert summary.cells[0].mean == pytest.approx(best["test_accuracy"].mean())


def test_failed_networks_are_those_that_always_name_one_class_at_best(studied: Path):
    table = networks()
    train, _ = train_test_split(pd.read_csv("data/diabetes.csv")["Type"], test_size=0.2, random_state=5)
    largest = train.value_counts(normalize=True).max()
    first = table[(table["split"] == "random") & (table["split_seed"] == 5)]
    assert (first["failed"] == (first["train_accuracy"] <= largest + 1e-12)).all()
    assert first["failed"].any()
    assert not first["failed"].all()
