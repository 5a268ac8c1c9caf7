"""Decoding against scikit-learn's nearest neighbour, ties and NaN as defined, and Keras's own accuracy metric."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import LabelBinarizer

from pipeline.network.backend import keras
from pipeline.network.decode import NO_CLASS, Coding, default_codes, keras_accuracy

ARTICLE = Coding(("Normal", "Type1", "Type2"), (0.0, 1.0, -1.0))
SOFTMAX = Coding(("Normal", "Type1", "Type2"), (0.0, 1.0, -1.0), softmax=True)


@pytest.mark.parametrize("codes", [(0.0, 1.0, -1.0), (1.0, 0.0), (-3.5, 10.0, 2.0, 0.25), (5.0, 1e6)])
def test_a_code_decodes_to_its_nearest_neighbour(codes):
    output = np.random.default_rng(0).normal(scale=4, size=(500, 1))
    neighbour = KNeighborsClassifier(1).fit(np.array(codes)[:, None], range(len(codes)))
    coding = Coding(tuple(map(str, codes)), codes)
    np.testing.assert_array_equal(coding.decode(output), neighbour.predict(output))


@pytest.mark.parametrize(
    ("codes", "output", "first"),
    [
        ((0.0, 1.0, -1.0), 0.5, 0),
        ((1.0, 0.0, -1.0), 0.5, 0),
        ((-1.0, 1.0, 0.0), 0.5, 1),
        ((0.0, 1.0, -1.0), -0.5, 0),
        ((-1.0, 0.0, 1.0), -0.5, 0),
        ((-1.0, 1.0), 0.0, 0),
        ((1.0, -1.0), 0.0, 0),
    ],
)
def test_a_tie_goes_to_the_class_listed_first(codes, output, first):
    assert Coding(tuple(map(str, codes)), codes).decode(np.array([[output]], dtype=np.float32)) == [first]


@pytest.mark.parametrize(("row", "first"), [([0.5, 0.5, 0.0], 0), ([0.2, 0.4, 0.4], 1), ([1 / 3] * 3, 0), ([0.25, 0.0, 0.75], 2)])
def test_softmax_answers_the_largest_and_a_tie_goes_to_the_class_listed_first(row, first):
    assert SOFTMAX.decode(np.array([row], dtype=np.float32)) == [first]


@pytest.mark.parametrize("coding", [ARTICLE, SOFTMAX])
def test_nan_is_no_class_and_leaves_the_other_rows_alone(coding):
    clean = coding.targets([1, 2, 0])
    spoilt = clean.copy()
    spoilt[1, -1] = np.nan
    np.testing.assert_array_equal(coding.decode(clean), [1, 2, 0])
    np.testing.assert_array_equal(coding.decode(spoilt), [1, NO_CLASS, 0])
    assert NO_CLASS == -1


@pytest.mark.parametrize(("codes", "highest", "lowest"), [((0.0, 1.0, -1.0), 1, 2), ((7.0, -2.0, 3.0), 0, 1)])
def test_an_infinite_output_has_the_outermost_code_as_its_nearest(codes, highest, lowest):
    coding = Coding(tuple(map(str, codes)), codes)
    np.testing.assert_array_equal(coding.decode([[np.inf], [-np.inf], [3e38], [-3e38]]), [highest, lowest, highest, lowest])


@pytest.mark.parametrize("coding", [ARTICLE, SOFTMAX])
def test_targets_decode_to_the_classes_they_were_made_from(coding):
    indices = np.random.default_rng(1).integers(3, size=60)
    targets = coding.targets(indices)
    assert targets.dtype == np.float32
    np.testing.assert_array_equal(coding.decode(targets), indices)


def test_softmax_targets_are_scikit_learns_indicators_and_codes_are_the_articles():
    indices = np.array([0, 1, 2, 1])
    np.testing.assert_array_equal(SOFTMAX.targets(indices), LabelBinarizer().fit_transform(indices))
    np.testing.assert_array_equal(ARTICLE.targets(indices), [[0], [1], [-1], [1]])


def test_default_codes_continue_the_articles():
    assert default_codes(3) == (0, 1, -1)
    assert default_codes(6) == (0, 1, -1, 2, -2, 3)
    assert not np.signbit(default_codes(1)[0])


def accuracy_by_keras(output: np.ndarray, codes: np.ndarray) -> float:
    """Let ``compile`` choose what "accuracy" means for a model of one output, as the article does."""
    model = keras().Sequential([keras().layers.Input((1,)), keras().layers.Identity()])
    model.compile(loss="mean_squared_error", metrics=["accuracy"])
    return float(model.evaluate(output, codes, batch_size=len(codes), verbose=0, return_dict=True)["accuracy"])


@pytest.mark.parametrize(
    ("output", "codes"),
    [
        pytest.param(np.linspace(-2, 2, 60), np.tile([0, 1, -1], 20), id="codes of the article"),
        pytest.param(np.full(60, np.nan), np.tile([0, 0, 1], 20), id="NaN everywhere"),
        pytest.param(
            np.array([0.5, np.nextafter(np.float32(0.5), np.float32(1)), 0.4] * 2), np.array([0, 1, 0, 0, 1, 1]), id="0.5"
        ),
        pytest.param(np.array([np.nan, np.inf, -np.inf, 0.7, 0.0, 1.0]), np.array([0, 1, 0, 1, -1, 2]), id="NaN and infinities"),
    ],
)
def test_keras_accuracy_is_what_keras_picks_for_accuracy(output, codes):
    output, codes = output.astype(np.float32)[:, None], codes.astype(np.float32)[:, None]
    assert keras_accuracy(output, codes) == pytest.approx(accuracy_by_keras(output, codes), abs=1e-7)


def test_keras_accuracy_of_a_network_of_nan_is_the_articles_figure():
    for normal, rows, reported in ((500, 807, 0.6195786), (131, 202, 0.6485149)):
        codes = np.array([0] * normal + [1] * (rows - normal))
        assert keras_accuracy(np.full((rows, 1), np.nan), codes) == pytest.approx(reported, abs=1e-7)
