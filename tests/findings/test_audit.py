"""Agreement of the starts, with a plain loop as the oracle."""

import numpy as np

from pipeline.findings.audit import agreement
from pipeline.model import Model
from pipeline.network.coding import Coding
from pipeline.network.layers import Network, initial_weights
from pipeline.network.train import Trained


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
