"""Every figure against scikit-learn, the interval against SciPy and against printed digits."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from pipeline.judge.metrics import score, wilson

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
