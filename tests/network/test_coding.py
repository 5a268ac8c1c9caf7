"""Decoding against scikit-learn's nearest neighbour, ties and NaN as defined, and Keras's own accuracy metric."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, softmax
from scipy.stats import norm
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import LabelBinarizer

from pipeline.network.backend import keras
from pipeline.network.coding import NO_CLASS, Coding, default_codes, keras_accuracy

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


def before_leaky_relu(output, slope):
    return np.where(output > 0, output, output / slope)


@pytest.mark.parametrize("slope", [1.0, 0.05, 0.3])
@pytest.mark.parametrize("steepness", [(2.0, 3.0), (0.1, 40.0), None])
def test_probabilities_are_adjacent_categories_logits_of_the_value_before_the_leaky_relu(slope, steepness):
    """The article's classes by hand: from the lowest code on Type2, Normal, Type1, with thresholds midway between the codes."""
    output = np.random.default_rng(2).uniform(-2, 2, size=(400, 1))
    x, places = before_leaky_relu(output[:, 0], slope), (-0.5 / slope, 0.5)
    asked = replace(ARTICLE, slope=slope).asked()
    assert asked == pytest.approx((3 / (1 / slope), 3 / 1))  # three logits between neighbouring codes, before the Leaky ReLU
    first, second = steepness or asked
    sums = np.stack([0 * x, first * (x - places[0]), first * (x - places[0]) + second * (x - places[1])], axis=1)
    coding = replace(ARTICLE, slope=slope, steepness=(first, second))
    np.testing.assert_allclose(coding.probabilities(output)[:, [2, 0, 1]], softmax(sums, axis=1), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(softmax(coding.scores(output), axis=1), coding.probabilities(output), rtol=1e-9)
    shares = coding.probabilities(output)
    pair = shares[:, [0, 1]].sum(axis=1)
    np.testing.assert_allclose(shares[:, 1], expit(second * (x - 0.5)) * pair, rtol=1e-9, atol=1e-300)  # of two neighbours


def test_with_equal_steps_they_are_bayes_rule_on_scipys_normal_densities():
    """Without a slope behind the output, a normal distribution around each code is the same model."""
    codes, spread = (-3.5, 10.0, 2.0, 0.25), 0.7
    output = np.random.default_rng(3).uniform(-3.5, 10, size=(400, 1))
    coding = Coding(tuple("abcd"), codes, steepness=tuple(np.diff(np.sort(codes)) / spread**2))
    np.testing.assert_allclose(
        coding.probabilities(output), softmax(norm.logpdf(output, codes, spread), axis=1), rtol=1e-9, atol=1e-300
    )


@pytest.mark.parametrize("factor", [0.3, 1.0, 2.5])
def test_behind_softmax_they_are_the_softmax_of_the_logits_times_one_factor(factor):
    logits = np.random.default_rng(4).normal(scale=3, size=(300, 3))
    found = replace(SOFTMAX, steepness=(factor,)).probabilities(softmax(logits, axis=1))
    np.testing.assert_allclose(found, softmax(factor * logits, axis=1), rtol=1e-9)


def test_without_a_factor_nothing_is_probable_and_softmax_asks_for_its_own_outputs():
    output = np.array([[0.2, 0.5, 0.3], [1, 0, 0], [0, 1e-45, 1]], dtype=np.float32)
    assert np.isnan(SOFTMAX.probabilities(output)).all()
    assert np.isnan(ARTICLE.probabilities(output[:, :1])).all()
    found = replace(SOFTMAX, steepness=SOFTMAX.asked()).probabilities(output)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, output.astype(np.float64), rtol=1e-6, atol=1e-37)


@st.composite
def codings(draw):
    codes = draw(st.lists(st.integers(-40, 40), min_size=1, max_size=6, unique=True))
    steepness = draw(st.lists(st.floats(1e-3, 1e3), min_size=len(codes) - 1, max_size=len(codes) - 1))
    slope = draw(st.sampled_from([0.0, 0.01, 0.05, 0.3, 1.0]))
    return Coding(tuple(map(str, codes)), tuple(code / 2 for code in codes), slope=slope, steepness=tuple(steepness))


@given(coding=codings(), outputs=st.lists(st.integers(-90, 90), min_size=1, max_size=20))
def test_the_most_probable_class_is_the_nearest_code_ties_included(coding, outputs):
    output = np.array(outputs)[:, None] / 4  # many halfway between two codes
    output = output if coding.slope else np.maximum(output, 0)  # what a Leaky ReLU can give
    shares, rows = coding.probabilities(output), range(len(output))
    answers = coding.decode(output)
    np.testing.assert_array_equal(coding.scores(output).argmax(axis=1), answers)
    np.testing.assert_array_equal(shares[rows, answers], shares.max(axis=1))
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_allclose(coding.scores(output), coding.terms(output) @ coding.steepness, rtol=1e-12, atol=1e-9)


@given(coding=codings(), outputs=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_a_larger_output_never_makes_a_lower_class_more_probable_by_a_higher_one(coding, outputs):
    output = np.sort(outputs)[:, None]
    scores = coding.scores(output if coding.slope else np.maximum(output, 0))[:, np.argsort(coding.codes)]
    assert (np.diff(np.diff(scores, axis=1), axis=0) >= -1e-9 * (1 + np.abs(scores).max())).all()


@pytest.mark.parametrize("slope", [1.0, 0.05, 0.0])
@pytest.mark.parametrize("codes", [(0.0, 1.0, -1.0), (-1e30, 5.0, 1e30)])
def test_infinite_outputs_have_the_probabilities_of_the_outermost_code(slope, codes):
    coding = Coding(("a", "b", "c"), codes, slope=slope)
    coding = replace(coding, steepness=coding.asked())
    found = coding.probabilities(np.array([[np.inf], [3e38], [-np.inf], [-3e38]]) if slope else [[np.inf], [3e38]])
    expected = np.repeat(np.eye(3)[coding.decode([[np.inf], [-np.inf]])], 2, axis=0)[: len(found)]
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("known", [(4.0, 2.0), None])
def test_a_threshold_that_no_output_crosses_counts_once(known):
    """Behind a slope of 0 no output is below 0: Type2 is never answered, and its probability by that of Normal is fixed."""
    coding = replace(ARTICLE, slope=0.0)
    coding, first = replace(coding, steepness=known or coding.asked()), known[0] if known else 3
    found = coding.probabilities([[0.0], [0.3], [2.0]])
    np.testing.assert_allclose(found[:, 0] / (found[:, 0] + found[:, 2]), expit(first))


def test_behind_a_slope_of_0_an_output_of_0_between_two_codes_is_a_tie():
    for classes, codes in ((("no", "yes"), (-1.0, 1.0)), (("yes", "no"), (1.0, -1.0))):
        coding = Coding(classes, codes, slope=0.0, steepness=(5.0,))
        np.testing.assert_array_equal(coding.probabilities([[0.0]]), [[0.5, 0.5]])
        assert coding.decode([[0.0]]) == [0]


@pytest.mark.parametrize("slope", [1.0, 0.0])
@pytest.mark.parametrize("coding", [replace(ARTICLE, steepness=(3.0, 4.0)), SOFTMAX, Coding(("a", "b"), (-1.0, -3.0))])
def test_a_row_with_nan_has_no_probability_and_leaves_the_others_alone(coding, slope):
    coding, clean = replace(coding, slope=slope), coding.targets([1, 0, 0])
    spoilt = clean.copy()
    spoilt[1, -1] = np.nan
    found = coding.probabilities(spoilt)
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[[0, 2]], coding.probabilities(clean)[[0, 2]])
    assert replace(coding, least=(0.9,) * len(coding.classes)).possible(found)[1].all()


def test_a_class_is_excluded_below_its_limit_and_never_where_nothing_is_known():
    shares = np.array([[0.05, 0.9, 0.05], [0.1, 0.2, 0.7], [np.nan] * 3])
    found = replace(ARTICLE, least=(0.1, 0.3, 0.06)).possible(shares)
    np.testing.assert_array_equal(found, [[False, True, False], [True, False, True], [True] * 3])
    assert ARTICLE.possible(shares).all()


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
