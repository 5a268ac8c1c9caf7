"""Every figure against scikit-learn, the interval against SciPy and against printed digits."""

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap
from sklearn import metrics

from pipeline.judge.metrics import mcnemar, score, wilson

NAMES = ("a", "b", "c", "d")


def random_answers(seed: int, truths: list[int], answers: list[int], rows: int = 60) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.choice(truths, rows), random.choice(answers, rows)


CASES = [
    pytest.param(*random_answers(0, [0, 1, 2, 3], [0, 1, 2, 3]), id="every class present and answered"),
    pytest.param(*random_answers(1, [0, 0, 0, 0, 0, 1, 2, 3], [0, 1, 2, 3]), id="one class is most of the rows"),
    pytest.param(*random_answers(2, [0, 1, 3], [0, 1, 3]), id="a class neither present nor answered"),
    pytest.param(*random_answers(3, [0, 1, 3], [0, 1, 2, 3]), id="a class answered and never present"),
    pytest.param(*random_answers(4, [0, 1, 2, 3], [0, 1]), id="classes present and never answered"),
    pytest.param(*random_answers(5, [0, 1, 2, 3], [0, 1, 2, 3, -1]), id="some rows without an answer"),
    pytest.param(*random_answers(6, [0, 1, 2], [-1]), id="no row with an answer"),
    pytest.param(*random_answers(7, [2], [2]), id="all right, one class"),
    pytest.param(*random_answers(8, [0, 1], [2, 3]), id="all wrong"),
]


@pytest.mark.filterwarnings("ignore:A single label was found in 'y_true' and 'y_pred':UserWarning")
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true:UserWarning")
@pytest.mark.parametrize(("truth", "answers"), CASES)
def test_every_figure_is_that_of_scikit_learn(truth, answers):
    scores = score(truth, answers, NAMES, 0.95)
    present_or_answered = [each for each in range(4) if each in truth or each in answers]
    assert scores.classes == NAMES
    assert scores.rows == len(truth)
    assert scores.accuracy == metrics.accuracy_score(truth, answers)
    counts = metrics.confusion_matrix(truth, answers, labels=[0, 1, 2, 3, -1])
    np.testing.assert_array_equal(scores.confusion, counts[:4])
    per_class = {"labels": range(4), "average": None, "zero_division": np.nan}
    np.testing.assert_allclose(scores.recall, metrics.recall_score(truth, answers, **per_class))
    np.testing.assert_allclose(scores.precision, metrics.precision_score(truth, answers, **per_class))
    for index in range(4):
        is_class, named = truth == index, answers == index
        np.testing.assert_allclose(scores.specificity[index], metrics.recall_score(~is_class, ~named, zero_division=np.nan))
        negative = metrics.precision_score(~is_class, ~named, zero_division=np.nan)
        np.testing.assert_allclose(scores.negative_predictive_value[index], negative)
    f1 = metrics.f1_score(truth, answers, labels=present_or_answered, average="macro", zero_division=0)
    assert scores.macro_f1 == pytest.approx(f1)
    assert scores.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(truth, answers))


def test_no_class_is_wrong_even_where_its_number_would_be_the_last_class():
    scores = score([0, 1, 1, 1], [-1, -1, -1, 1], ("a", "b"), 0.95)
    assert scores.accuracy == 0.25
    np.testing.assert_array_equal(scores.confusion, [[0, 0, 1], [0, 1, 2]])


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize(
    ("successes", "trials"), [(0, 1), (1, 1), (0, 20), (20, 20), (1, 29), (81, 263), (131, 202), (999_999, 1_000_000)]
)
def test_the_interval_is_scipys(successes, trials, level):
    interval = binomtest(successes, trials).proportion_ci(level, method="wilson")
    np.testing.assert_allclose(wilson(successes, trials, level), interval, rtol=1e-12, atol=1e-15)
    assert 0 <= wilson(successes, trials, level)[0] <= successes / trials <= wilson(successes, trials, level)[1] <= 1


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_has_the_digits_that_newcombe_printed(successes, trials, low, high):
    """Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3."""
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_the_scores_carry_the_interval_of_their_own_level():
    truth, answers = random_answers(9, [0, 1], [0, 1])
    right = int((truth == answers).sum())
    expected = binomtest(right, len(truth)).proportion_ci(0.8, method="wilson")
    np.testing.assert_allclose(score(truth, answers, NAMES, 0.8).interval, expected)


@pytest.mark.parametrize(("truth", "answers"), CASES)
def test_every_share_has_the_wilson_interval_of_its_own_rows(truth, answers):
    scores = score(truth, answers, NAMES, 0.9)
    for index in range(4):
        is_class, named = truth == index, answers == index
        for name, right, of in (
            ("recall", named, is_class),
            ("specificity", ~named, ~is_class),
            ("precision", is_class, named),
            ("negative_predictive_value", ~is_class, ~named),
        ):
            found = getattr(scores, f"{name}_interval")[index]
            expected = binomtest(int(right[of].sum()), int(of.sum())).proportion_ci(0.9, "wilson") if of.any() else (np.nan,) * 2
            np.testing.assert_allclose(found, expected, atol=1e-15)


def test_no_trials_have_no_interval():
    assert np.isnan(wilson(0, 0)).all()


@pytest.mark.parametrize(("index", "macro"), [(0, "macro_f1"), (1, "balanced_accuracy")])
def test_the_macro_intervals_are_scipys_bca_of_the_rows(index, macro):
    """Resampling cells of the confusion matrix is resampling rows; SciPy resamples rows and asks scikit-learn."""
    random = np.random.default_rng(10)
    truth = random.choice(3, 150, p=[0.6, 0.2, 0.2])
    answers = np.where(random.random(150) < 0.75, truth, random.integers(3, size=150))

    def figure(truth, answers, axis):
        stacked = np.stack([truth, answers])[:, None] if truth.ndim == 1 else np.stack([truth, answers])
        hit = np.eye(3)[stacked[0]], np.eye(3)[stacked[1]]
        right, present, answered = (hit[0] * hit[1]).sum(axis=1), hit[0].sum(axis=1), hit[1].sum(axis=1)
        found = (2 * right / (present + answered), right / present)[index].mean(axis=1)
        return found[0] if truth.ndim == 1 else found

    options = {"paired": True, "vectorized": True, "n_resamples": 5000, "method": "BCa", "rng": 0}
    oracle = bootstrap((truth, answers), figure, **options).confidence_interval
    scores = score(truth, answers, ("a", "b", "c"), 0.95, resamples=5000)
    low, high = getattr(scores, f"{macro}_interval")
    np.testing.assert_allclose((low, high), (oracle.low, oracle.high), atol=0.06 * (high - low))


def test_the_seed_decides_the_macro_intervals():
    truth, answers = random_answers(11, [0, 1, 2, 3], [0, 1, 2, 3])
    assert score(truth, answers, NAMES, 0.95).macro_f1_interval == score(truth, answers, NAMES, 0.95).macro_f1_interval
    assert score(truth, answers, NAMES, 0.95).macro_f1_interval != score(truth, answers, NAMES, 0.95, seed=1).macro_f1_interval


@pytest.mark.parametrize("wrong", [0, 3])
def test_a_test_without_any_mistake_or_hit_is_no_certainty(wrong):
    truth = np.repeat([0, 1, 2], [60, 20, 20])
    scores = score(truth, truth + 1 if wrong else truth, NAMES, 0.95)
    ends = np.nanmean(scores.recall_interval, axis=0)
    np.testing.assert_allclose([scores.macro_f1_interval, scores.balanced_accuracy_interval], [ends, ends])
    assert ends[1] - ends[0] > 0.1


def test_one_class_answered_throughout_has_a_constant_balanced_accuracy_but_no_certainty():
    scores = score(np.repeat([0, 1, 2], [60, 20, 20]), np.zeros(100, dtype=int), ("a", "b", "c"), 0.95)
    low, high = scores.balanced_accuracy_interval
    assert scores.balanced_accuracy == pytest.approx(1 / 3)
    assert low < 1 / 3 < high
    assert scores.macro_f1_interval[0] < scores.macro_f1 < scores.macro_f1_interval[1]


def test_a_class_that_many_resamples_lack_leaves_the_macro_intervals_unknown():
    truth = np.repeat([0, 1], [50, 1])
    mixed = np.append(np.repeat([0, 1], [40, 10]), 1)
    assert np.isnan(score(truth, mixed, ("a", "b"), 0.95).balanced_accuracy_interval).all()


@pytest.mark.parametrize(
    ("first", "second"), [(0, 0), (1, 0), (0, 1), (5, 5), (5, 6), (2, 17), (0, 40), (101, 68), (5000, 5200), (400_000, 401_000)]
)
def test_mcnemar_is_scipys_exact_binomial_test(first, second):
    expected = binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar(first, second) == pytest.approx(expected, rel=1e-8)
    assert mcnemar(first, second) == mcnemar(second, first) <= 1
