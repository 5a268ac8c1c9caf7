"""What the tests hold a network's outputs to: no order of adding leaves it, and a wrong weight does."""

import numpy as np
import pytest

from pipeline.network.coding import Coding
from pipeline.network.layers import Network, parameters, unflatten
from tests.rounding import decided, ends, within

CODING = Coding(("Normal", "Type1", "Type2"), (0.0, 1.0, -1.0))
INPUTS = np.random.default_rng(1).normal(size=(400, 6)).astype(np.float32)


def network(softmax: bool = False, size: float = 1.0) -> Network:
    sizes = (6, 3, 3 if softmax else 1)
    weights = size * np.random.default_rng(0).normal(size=parameters(sizes))
    return Network(sizes, (0.05,) * (2 - softmax), softmax, weights.astype(np.float32))


def in_some_order(some: Network, random: np.random.Generator) -> np.ndarray:
    """Return the outputs in float32, where each sum takes its terms one by one in a drawn order."""
    values = INPUTS
    with np.errstate(over="ignore", invalid="ignore"):
        for layer, (kernel, bias) in enumerate(unflatten(some.weights, some.sizes)):
            if layer:
                values = np.where(values > 0, values, np.float32(some.slopes[layer - 1]) * values)
            terms = [*(values[:, [place]] * kernel[place] for place in range(len(kernel))), np.tile(bias, (len(values), 1))]
            values = np.zeros_like(terms[0])
            for place in random.permutation(len(terms)):
                values = values + terms[place]
        if some.softmax:
            values = np.exp(values - values.max(axis=1, keepdims=True))
            return values / values.sum(axis=1, keepdims=True)
        return np.where(values > 0, values, np.float32(some.slopes[-1]) * values)


@pytest.mark.parametrize(
    "some", [network(), network(softmax=True), network(size=1e12), network(size=1.5e19)], ids=["code", "softmax", "large", "huge"]
)
def test_every_order_stays_within_the_ends_and_leaves_the_classes_that_are_decided(some: Network) -> None:
    random, coding = np.random.default_rng(2), Coding(CODING.classes, CODING.codes, some.softmax)
    outputs = [in_some_order(some, random) for _ in range(40)]
    assert all(within(some, INPUTS, output).all() for output in outputs)
    sure = decided(some, INPUTS, coding)
    assert sure.mean() > 0.7
    assert all((coding.decode(output) == coding.decode(outputs[0]))[sure].all() for output in outputs)


def test_where_sums_overflow_the_order_decides_between_infinity_and_nan() -> None:
    some = network(size=1.5e19)
    low, high = ends(some, INPUTS)
    anything = (low == -np.inf) & (high == np.inf)
    outputs = np.array([in_some_order(some, np.random.default_rng(seed)) for seed in range(40)])
    assert 0.02 < anything.mean() < 0.3
    assert np.isnan(outputs).any()
    assert anything[np.isnan(outputs).any(axis=0)].all()


@pytest.mark.parametrize("softmax", [False, True])
@pytest.mark.parametrize("place", [0, 17, 20])
def test_a_weight_that_is_off_by_a_hundredth_of_a_percent_is_outside(softmax: bool, place: int) -> None:
    some = network(softmax)
    weights = some.weights.copy()
    weights[place] *= np.float32(1.0001)
    wrong = Network(some.sizes, some.slopes, softmax, weights)
    assert within(some, INPUTS, some.output(INPUTS)).all()
    assert not within(some, INPUTS, wrong.output(INPUTS)).all()


def test_infinite_and_missing_inputs_leave_what_they_must() -> None:
    rows = np.zeros((3, 6))
    rows[0, 0], rows[1, 0], rows[2, 0] = np.nan, np.inf, -np.inf
    low, high = ends(network(), rows)
    np.testing.assert_array_equal(low, high)
    np.testing.assert_array_equal(low, network().output(rows))
    assert np.isinf(low).any() or np.isnan(low[1:]).any()
