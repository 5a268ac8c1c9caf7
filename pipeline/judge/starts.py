"""Whether the starts of one training agree."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.data.preprocess import Floats
from pipeline.model import Model
from pipeline.network.train import Trained

_ROWS = 2000
"""Rows looked at, evenly spread: enough for a share, few enough for thousands of starts."""


def agreement(model: Model, trained: Trained, inputs: Floats) -> NDArray[np.float64]:
    """Return, for each start, the share of the (rows, inputs) that it answers like the chosen start."""
    inputs = inputs[:: -(-len(inputs) // _ROWS)]
    answers = [model.coding.decode(replace(model.network, weights=each).output(inputs)) for each in trained.weights]
    return np.asarray(np.mean(np.stack(answers) == answers[trained.chosen], axis=1))
