"""The weights of the rows against scikit-learn's, and what is refused."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from pipeline.network.settings import row_weights

CLASSES = np.array(["high", "low", "middle"])
INDICES = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2])
GIVEN = np.array([1, 2, 3, 0, 0.5, 1, 1, 4, 0])


@pytest.mark.parametrize("class_weight", ["balanced", {"low": 0.25, "middle": 3}, {"high": 2, "low": 1, "middle": 0.5}], ids=str)
def test_class_weights_are_those_of_scikit_learn_and_multiply_those_of_the_samples(class_weight):
    expected = compute_sample_weight(class_weight, CLASSES[INDICES])
    np.testing.assert_allclose(row_weights(None, class_weight, CLASSES, INDICES), expected, rtol=1e-6)
    if class_weight != "balanced":
        np.testing.assert_allclose(row_weights(GIVEN, class_weight, CLASSES, INDICES), expected * GIVEN, rtol=1e-6)


def test_balanced_classes_weigh_the_same_in_sum_whatever_their_samples_weigh():
    found = row_weights(GIVEN, "balanced", CLASSES, INDICES)
    np.testing.assert_allclose(np.bincount(INDICES, found), GIVEN.sum() / 3, rtol=1e-6)
    np.testing.assert_allclose(found[:3] / found[0], GIVEN[:3], rtol=1e-6)


def test_weights_of_1_are_no_weights():
    assert row_weights(None, None, CLASSES, INDICES) is None
    assert row_weights(np.ones(9), {"high": 1}, CLASSES, INDICES) is None
    assert row_weights(None, "balanced", CLASSES, np.array([0, 1, 2, 2, 1, 0])) is None
    np.testing.assert_array_equal(row_weights(2, None, CLASSES, INDICES), np.full(9, 2, np.float32))


@pytest.mark.parametrize(
    ("given", "class_weight", "told"),
    [
        (-GIVEN, None, "[Nn]egative values"),
        (np.where(GIVEN == 4, np.nan, GIVEN), None, "sample_weight contains NaN"),
        (np.where(GIVEN == 4, np.inf, GIVEN), None, "sample_weight contains infinity"),
        (GIVEN[:-1], None, r"sample_weight.shape == \(8,\), expected \(9,\)"),
        (GIVEN * 0, None, "non-zero"),
        (np.where(INDICES == 1, 0, 1), None, "the sum 0 for class 'low', whose class_weight is 1"),
        (np.where(INDICES == 1, 0, 1), "balanced", "the sum 0 for class 'low'"),
        (None, {"low": 0}, "the sum 0 for class 'low', whose class_weight is 0"),
        (None, {"low": -1}, "the sum -3 for class 'low', whose class_weight is -1"),
        (None, {"low": np.nan}, "the sum nan for class 'low'"),
        (GIVEN * 1e30, {"low": 1e30}, "the sum inf for class 'low'"),
        (None, {"lo": 2}, r"\['high', 'low', 'middle'\], are not in class_weight"),
        (None, "other", "'class_weight' parameter"),
        (None, 5, "'class_weight' parameter"),
    ],
)
def test_a_weight_that_cannot_be_used_is_a_value_error_that_tells_which(given, class_weight, told):
    with pytest.raises(ValueError, match=told):
        row_weights(given, class_weight, CLASSES, INDICES)
