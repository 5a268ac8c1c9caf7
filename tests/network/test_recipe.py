"""The order of the batches, and the learning rates against the schedules of Keras."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.network.backend import keras
from pipeline.network.recipe import Recipe, batches, learning_rates

CODE = Recipe((6, 3, 1), (0.05, 0.05), False, "squared_error", "adam", 0.03, "constant", 6, 10, 2, 0)


@pytest.mark.parametrize(("schedule", "name"), [("linear", "PolynomialDecay"), ("cosine", "CosineDecay"), ("constant", "")])
def test_the_learning_rate_falls_as_in_keras(schedule, name):
    steps, options = np.arange(91), {"end_learning_rate": 0.0} if schedule == "linear" else {}
    by_keras = getattr(keras().optimizers.schedules, name)(0.03, 90, **options) if name else lambda step: 0.03
    expected = [float(by_keras(step)) for step in steps]
    np.testing.assert_allclose(learning_rates(replace(CODE, schedule=schedule), steps, 90), expected, atol=1e-8)


@pytest.mark.parametrize(("rows", "size"), [(83, 10), (80, 10), (5, 10), (7, 1)])
def test_each_epoch_holds_every_row_once_in_a_new_order(rows, size):
    epochs = list(batches(rows, replace(CODE, batch_size=size)))
    assert len(epochs) == 6
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch.ravel())[:rows], np.arange(rows))
        assert (np.sort(epoch.ravel())[rows:] == rows).all()
        assert (epoch[:-1] < rows).all()
    assert len({epoch.tobytes() for epoch in epochs}) == 6
