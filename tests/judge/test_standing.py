"""The network and its baselines beside one another, with scikit-learn and SciPy as the oracle."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score

from pipeline.judge.standing import standings
from pipeline.judge.unseen import Unseen


@pytest.mark.parametrize("seed", range(5))
def test_the_figures_are_those_of_scikit_learn_and_the_p_value_that_of_a_binomial_test(seed: int) -> None:
    random = np.random.default_rng(seed)
    truth = random.integers(3, size=300)
    test = random.permutation(300)[:80]
    network, rival = (np.where(random.random(80) < share, truth[test], -1) for share in (0.9, 0.7))
    held = np.where(random.random(300) < 0.6, truth, (truth + 1) % 3)
    unseen = Unseen(random.integers(20, size=300), np.zeros(300, dtype=int), {"network": held})
    result = standings(truth, test, {"network": network, "rival": rival, "absent": None}, unseen, 0.95)
    assert result["network"].test == accuracy_score(truth[test], network)
    assert result["rival"].test == accuracy_score(truth[test], rival)
    better = int(((rival == truth[test]) & (network != truth[test])).sum())
    worse = int(((rival != truth[test]) & (network == truth[test])).sum())
    assert (result["rival"].better, result["rival"].worse) == (better, worse)
    assert result["rival"].p == pytest.approx(binomtest(better, better + worse).pvalue)
    assert result["network"].unseen == accuracy_score(truth, held)
    low, high = result["network"].unseen_interval
    assert low < result["network"].unseen < high
    assert result["network"].p is result["rival"].unseen is result["absent"].test is result["absent"].p is None
