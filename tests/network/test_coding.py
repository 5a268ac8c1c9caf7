"""Decoding against scikit-learn's nearest neighbour, ties and NaN as defined, and Keras's own accuracy metric."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from scipy.stats import norm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import LabelBinarizer

from pipeline.network.backend import keras
from pipeline.network.coding import NO_CLASS, Coding, default_codes, fit_spread, keras_accuracy

pytestmark = pytest.mark.arithmetic

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


@pytest.mark.parametrize("codes", [(0.0, 1.0, -1.0), (1.0, 0.0), (-3.5, 10.0, 2.0, 0.25)])
@pytest.mark.parametrize("spread", [0.05, 0.3, 1.0, 7.0])
def test_probabilities_are_bayes_rule_on_scipys_normal_densities(codes, spread):
    output = np.random.default_rng(2).uniform(min(codes), max(codes), size=(400, 1))
    found = Coding(tuple(map(str, codes)), codes, spread=spread).probabilities(output)
    np.testing.assert_allclose(found, softmax(norm.logpdf(output, codes, spread), axis=1), rtol=1e-9, atol=1e-300)


def test_probabilities_are_those_of_linear_discriminant_analysis():
    """scikit-learn's, fitted on rows whose class means are the codes and whose pooled spread is ours."""
    random = np.random.default_rng(3)
    indices = np.repeat([0, 1, 2], 50)
    noise = random.normal(scale=0.2, size=(3, 50))
    output = (np.array(ARTICLE.codes)[:, None] + noise - noise.mean(axis=1, keepdims=True)).reshape(-1, 1)
    oracle = LinearDiscriminantAnalysis(priors=[1 / 3] * 3).fit(output, indices)
    pooled = float(np.sqrt(np.sum((output[:, 0] - np.array(ARTICLE.codes)[indices]) ** 2) / 150))
    inside = np.linspace(-1, 1, 101)[:, None]
    found = replace(ARTICLE, spread=pooled).probabilities(inside)
    np.testing.assert_allclose(found, oracle.predict_proba(inside), rtol=1e-6, atol=1e-12)


@given(
    codes=st.lists(st.integers(-40, 40), min_size=1, max_size=6, unique=True),
    outputs=st.lists(st.integers(-90, 90), min_size=1, max_size=20),
    spread=st.floats(0.01, 100),
)
def test_the_most_probable_class_is_the_nearest_code_ties_included(codes, outputs, spread):
    coding = Coding(tuple(map(str, codes)), tuple(code / 2 for code in codes), spread=spread)
    output = np.array(outputs)[:, None] / 4  # many halfway between two codes
    found = coding.probabilities(output)
    np.testing.assert_array_equal(found.argmax(axis=1), coding.decode(output))
    np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize("spread", [0.01, 0.5, 1e300])
@pytest.mark.parametrize("codes", [(0.0, 1.0, -1.0), (-1e307, 5.0, 1e307)])
def test_extreme_outputs_have_the_probabilities_of_the_outermost_code(spread, codes):
    coding = Coding(("a", "b", "c"), codes, spread=spread)
    ends = coding.probabilities([[max(codes)], [min(codes)]])
    found = coding.probabilities([[np.inf], [1e308], [-np.inf], [-1e308]])
    np.testing.assert_array_equal(found, np.repeat(ends, 2, axis=0))
    np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize("coding", [replace(ARTICLE, spread=0.3), SOFTMAX])
def test_a_row_with_nan_has_no_probability_and_leaves_the_others_alone(coding):
    clean = coding.targets([1, 2, 0])
    spoilt = clean.copy()
    spoilt[1, -1] = np.nan
    found = coding.probabilities(spoilt)
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[[0, 2]], coding.probabilities(clean)[[0, 2]])


def test_softmax_outputs_are_the_probabilities():
    output = np.array([[0.2, 0.5, 0.3], [1, 0, 0]], dtype=np.float32)
    found = SOFTMAX.probabilities(output)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, output)


def test_without_a_fitted_spread_there_are_no_probabilities():
    assert np.isnan(ARTICLE.probabilities([[0.2], [1.0]])).all()


def test_the_spread_is_the_root_mean_square_around_the_own_code_within_the_codes():
    output, indices = [[0.3], [1.4], [-3.0], [0.5]], [0, 1, 2, 1]
    assert fit_spread(output, indices, ARTICLE).spread == pytest.approx(np.sqrt((0.3**2 + 0 + 0 + 0.5**2) / 4))
    assert fit_spread([*output, [np.nan]], [*indices, 0], ARTICLE) == fit_spread(output, indices, ARTICLE)


def test_the_spread_is_never_zero_and_softmax_or_nan_leave_the_coding_as_it_is():
    assert fit_spread(ARTICLE.targets([0, 1, 2]), [0, 1, 2], ARTICLE).spread == 0.01
    assert fit_spread([[np.nan]], [0], ARTICLE) == ARTICLE
    assert fit_spread(SOFTMAX.targets([0, 1]), [0, 1], SOFTMAX) == SOFTMAX


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


def test_weights_count_in_the_spread_as_often_as_rows_would():
    output, indices = np.array([[0.3], [1.4], [-0.4], [0.5], [np.nan]]), np.array([0, 1, 2, 1, 0])
    times = np.array([2, 0, 1, 3, 5])
    repeated = fit_spread(output.repeat(times, axis=0), indices.repeat(times), ARTICLE)
    assert fit_spread(output, indices, ARTICLE, times).spread == pytest.approx(repeated.spread)
    assert fit_spread(output, indices, ARTICLE, np.array([0, 0, 0, 0, 1])) == ARTICLE


def test_log_densities_are_those_of_scipy_within_the_codes_and_give_the_probabilities():
    coding = replace(ARTICLE, spread=0.4)
    output = np.array([[0.2], [-0.7], [1.8], [-np.inf]])
    expected = norm.logpdf(output.clip(-1, 1), coding.codes, 0.4) - norm.logpdf(0, 0, 0.4)
    np.testing.assert_allclose(coding.log_densities(output), expected, atol=1e-12)
    np.testing.assert_allclose(softmax(coding.log_densities(output), axis=1), coding.probabilities(output))
    assert np.isnan(coding.log_densities([[np.nan]])).all()
    assert np.isnan(ARTICLE.log_densities([[0.2]])).all()
