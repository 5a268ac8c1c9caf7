"""E: what the accuracy is worth. Facts: the evaluation."""

from collections.abc import Iterator

import numpy as np

from pipeline.findings.finding import Doubt
from pipeline.judge.baselines import RIVAL_NAMES, SIMPLE
from pipeline.judge.evaluate import Evaluation
from pipeline.judge.standing import Standing

_GAP = 0.05  # between two accuracies, which counts as large
_CHANCE = 0.05


def no_better_than_majority(evaluation: Evaluation) -> Iterator[Doubt]:
    """No better than always naming the largest class.

    What: the test accuracy is not above that of a rule that looks at nothing and always names the class that is most frequent
        in training.
    Why it matters: where 63 % of the rows are of one class, 63 % accuracy costs no network, and no row of another class is
        recognised by it.
    How it is tested: test accuracy <= accuracy of the largest training class on the same test rows, where these are of more
        than one class.
    How to fix: look at the findings C, D and T first; a network that learns nothing often has its reason there. If not, more
        starts, more epochs, more rows, or other features.
    Source: the no-information rate, as in TRIPOD+AI (BMJ 2024) and usual practice.
    """
    majority = evaluation.standings["majority"].test
    if majority is not None and evaluation.test.accuracy <= majority and evaluation.several_classes:
        yield Doubt(
            f"test accuracy {evaluation.test.accuracy:.2%} is no better than always naming the largest class ({majority:.2%})",
            {"accuracy": evaluation.test.accuracy, "majority": majority},
            "look at the findings C, D and T; if none tells why, more starts, epochs or rows, or other features",
        )


def simple_baseline_better(evaluation: Evaluation) -> Iterator[Doubt]:
    """A simple baseline is better.

    What: a rule or a small model that anyone can read (the largest class, the ADA criteria, logistic regression, a decision
        tree of depth 3) is right more often than the network, on the test rows or on unseen profiles.
    Why it matters: the network then adds nothing but effort; whoever wants to use a result should use the simple one.
    How it is tested: same rows, same preprocessing, same folds. On the test rows an exact McNemar test must be significant at
        0.05 after Bonferroni's correction for the number of simple baselines. On unseen profiles the interval of the
        difference, with profiles as the sample, must lie above 0. A smaller lead may be luck and is not reported.
    How to fix: use the baseline; or another slope, loss or regulariser (chosen on training rows only), or more rows.
    Source: McNemar (1947); on simple models against complex ones: Christodoulou et al., J Clin Epidemiol 2019.
    """
    network = evaluation.standings["network"]
    better = {name: _wins(evaluation.standings[name], network) for name in SIMPLE}
    better = {name: wins for name, wins in better.items() if wins["test"] is not None or wins["unseen"] is not None}
    if better:
        best = max(better, key=lambda name: (better[name]["unseen"] or 0, better[name]["test"] or 0))
        leads = "; ".join(f"{RIVAL_NAMES[name]} reaches {_reached(wins)}" for name, wins in better.items())
        yield Doubt(
            f"{leads}; the network reaches {_reached({'test': network.test, 'unseen': network.unseen, 'p': None})}",
            {"baselines": better, "best": best, "network": {"test": network.test, "unseen": network.unseen}},
            f"prefer {RIVAL_NAMES[best]}, or change network.alpha, training.loss or training.l2",
        )


def _wins(rival: Standing, network: Standing) -> dict[str, float | None]:
    """Return the figures in which a baseline is above the network by more than chance explains, None for the others."""
    ahead = rival.p is not None and (rival.test or 0) > (network.test or 0) and rival.p < _CHANCE / len(SIMPLE)
    leads = rival.unseen_lead is not None and rival.unseen_lead[0] > 0
    return {"test": rival.test if ahead else None, "unseen": rival.unseen if leads else None, "p": rival.p if ahead else None}


def _reached(figures: dict[str, float | None]) -> str:
    chance = "" if figures["p"] is None else f" (p = {figures['p']:.2g})"
    parts = [] if figures["test"] is None else [f"{figures['test']:.2%} on the test rows{chance}"]
    parts += [] if figures["unseen"] is None else [f"{figures['unseen']:.2%} on unseen profiles"]
    return " and ".join(parts)


def worse_on_unseen_profiles(evaluation: Evaluation) -> Iterator[Doubt]:
    """Much worse on unseen profiles.

    What: on rows whose profile never occurs in training the network is right much less often than on the test rows.
    Why it matters: the test rows then measure recognition. A new patient brings a new profile, and for that the lower figure is
        the better guess.
    How it is tested: the same recipe is trained in grouped, stratified folds by the columns of `evaluation.unseen.group_by`.
        The accuracy over all held-out rows must be 5 points or more below the test accuracy, and farther than both intervals
        explain (the limits of a difference after Newcombe 1998). The interval on unseen profiles takes the profiles as the
        sample.
    How to fix: quote the figure on unseen profiles; more profiles, a regulariser (`training.l2`), a simpler model.
    Source: Roberts et al., "Cross-validation strategies for data with temporal, spatial, hierarchical, or phylogenetic
        structure", Ecography 2017.
    """
    network = evaluation.standings["network"]
    if network.test is None or network.unseen is None or network.unseen_interval is None:
        return
    (low, high), gap = network.unseen_interval, network.test - network.unseen
    chance = float(np.hypot(network.test - evaluation.test.interval[0], high - network.unseen))
    if round(gap, 9) >= _GAP and gap > chance:
        yield Doubt(
            f"{network.unseen:.2%} on unseen profiles ({low:.1%} to {high:.1%}) against {network.test:.2%} on the test rows",
            {"unseen": network.unseen, "interval": [low, high], "test": network.test},
            "quote the figure on unseen profiles; more profiles, a regulariser (training.l2), or a simpler model",
        )


def train_and_test_apart(evaluation: Evaluation) -> Iterator[Doubt]:
    """Training and test accuracy far apart.

    What: the training accuracy lies outside the test accuracy's interval and differs from it by 5 points or more.
    Why it matters: much higher on training rows, the network has learnt those rows by heart (overfitting). Much lower, the two
        parts differ in kind, or the split was a lucky one.
    How it is tested: decoded accuracy of both parts, and the Wilson interval of the test accuracy.
    How to fix: overfitting: a smaller network, a regulariser (`training.l2`), more rows. Otherwise other values of
        `split.seed`, or `--set split.stratify=true`.
    Source: the bias-variance trade-off, as in Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 7.2.
    """
    if evaluation.train is None:
        return
    train, test, (low, high) = evaluation.train.accuracy, evaluation.test.accuracy, evaluation.test.interval
    if round(abs(train - test), 9) >= _GAP and not low <= train <= high:
        yield Doubt(
            f"training accuracy {train:.2%} is far from the test accuracy {test:.2%} ({low:.1%} to {high:.1%})",
            {"train": train, "test": test, "interval": [low, high]},
            "a smaller network, a regulariser (training.l2), or more rows"
            if train > test
            else "--set split.stratify=true, or look at other values of split.seed",
        )
