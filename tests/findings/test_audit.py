"""Agreement of the starts, with a plain loop as the oracle; and what near-copies leave of a comparison."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config.read import load_config
from pipeline.findings.audit import agreement
from pipeline.model import Model
from pipeline.network.coding import Coding
from pipeline.network.layers import Network, initial_weights
from pipeline.network.train import Trained
from pipeline.runs.summary import Origin
from pipeline.stages import train


def test_the_share_of_rows_answered_like_the_chosen_start() -> None:
    weights = np.stack([initial_weights((2, 3, 1), 0, start) for start in range(6)])
    weights[4] = weights[2]
    weights[5] = np.nan
    trained = Trained(weights, weights, np.zeros((1, 6), np.float32), np.zeros(6), 2)
    inputs = np.random.default_rng(0).normal(size=(500, 2))
    coding = Coding(("no", "yes", "other"), (0.0, 1.0, -1.0))
    network = Network((2, 3, 1), (0.1, 0.1), False, weights[2])
    shares = agreement(Model(None, network, coding), trained, inputs)
    for start in range(6):
        same = 0
        for row in inputs:
            each, chosen = (
                coding.decode(Network((2, 3, 1), (0.1, 0.1), False, weights[number]).output(row[None]))[0]
                for number in (start, 2)
            )
            same += each == chosen
        assert shares[start] == same / 500
    assert shares[2] == shares[4] == 1
    assert shares[5] == 0


def test_a_forest_that_recalls_near_copies_is_not_called_better(workplace: Path) -> None:
    random = np.random.default_rng(3)
    first = pd.DataFrame(random.normal(size=(200, 3)).round(3), columns=["x", "y", "z"]).assign(
        kind=random.choice(["a", "b"], 200)
    )
    again = first + pd.DataFrame(random.normal(scale=0.002, size=(200, 3)).round(4), columns=["x", "y", "z"]).assign(kind="")
    pd.concat([first, again]).to_csv("copies.csv", index=False)
    Path("copies.yaml").write_text(
        "data: {path: copies.csv, target: kind, codes: {a: 0, b: 1}, features: {x: {}, y: {}, z: {}}}\n"
        "training: {epochs: 3, starts: 1, l2: 0.1}\n"
    )
    summary = train(load_config("copies.yaml"), Origin("copies.yaml"))
    forest, network = (summary.comparison[name].unseen for name in ("random_forest", "network"))
    assert forest > network + 0.3
    codes = [finding.code for finding in summary.findings]
    assert "D210" in codes
    assert "E402" not in codes
