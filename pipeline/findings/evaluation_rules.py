"""E: what the accuracy is worth. Facts: the evaluation."""

from collections.abc import Iterator
from math import ceil
from statistics import NormalDist

import numpy as np

from pipeline.config.mended import FIND_MORE, another_split, by_profile, simpler, stronger
from pipeline.config.remedy import Fix
from pipeline.findings.finding import Doubt
from pipeline.findings.ranking import areas_of_rare, by_probability, told_apart
from pipeline.judge.baselines import RIVAL_NAMES, SIMPLE
from pipeline.judge.bootstrap import Interval
from pipeline.judge.evaluate import Evaluation
from pipeline.judge.grouped import accuracy_interval
from pipeline.judge.metrics import mcnemar, wilson
from pipeline.judge.standing import Standing
from pipeline.machine.arrays import Integers

RECALLED = ("D206", "D210", "D211")
"""Findings beside which a lead of a model of many weights may be recall."""
_GAP = 0.05  # between two accuracies, which counts as large
_CHANCE = 0.05
_SURE = 0.001  # of a difference that was not looked for


def no_better_than_majority(evaluation: Evaluation) -> Iterator[Doubt]:
    """No better than always naming the largest class.

    What: the network is not shown to be better than always naming the largest class.
    Why it matters: where 63% of the rows are of one class, 63% accuracy needs no network: always naming that class reaches it,
        and finds nobody of any other class.
    How it is tested: the network must beat always naming the largest class on all scored rows together, and on the test rows
        or, where folds held them out, on unseen rows. It does on a set of rows if it is right more often, by an exact McNemar
        test at 0.05; or if its sensitivity, averaged over the classes, beats naming a class at random by more than 2.33
        standard errors; a patient with several rows counts once. Test rows of a single class tell nothing.
    How to fix: first clear the findings whose codes start with C, D or T. If the network leads, and no other model leads it
        (E402), test enough rows to make the lead three standard errors; if not, use the default training settings, a wider
        layer, or features that tell the classes apart. Where the probabilities of a rare class are right and rank the rows, use
        them, with a limit of your own.
    Source: McNemar (1947); the no-information rate: Kuhn and Johnson, Applied Predictive Modeling (2013).
    """
    truth, answers, tested = evaluation.truth, evaluation.answers, evaluation.tested
    if len(np.unique(truth)) < 2:
        return
    patients = np.arange(len(truth)) if evaluation.patients is None else evaluation.patients
    unknown = [(truth[tested], answers[tested], patients[tested])] if len(np.unique(truth[tested])) > 1 else []
    unknown += [(truth, evaluation.unseen.answers["network"], patients)] if evaluation.unseen else []
    if not _learnt(truth, answers, patients) or (unknown and not any(_learnt(*rows) for rows in unknown)):
        accuracy, majority = evaluation.test.accuracy, evaluation.standings["majority"].test or 0.0
        areas, shown = areas_of_rare(evaluation), _shown_by(*(unknown or [(truth, answers, patients)])[-1][:2])
        verb = "is no better than" if accuracy <= majority else "is not shown to beat"
        yield Doubt(
            f"test accuracy {accuracy:.1%} {verb} the largest class: always naming that class reaches {majority:.1%}"
            + told_apart(areas),
            {"accuracy": accuracy, "majority": majority},
            by_probability(areas, "T303", "E401") if areas else FIND_MORE if _leaders(evaluation) else shown,
        )


def _learnt(truth: Integers, answers: Integers, patients: Integers) -> bool:
    """Say whether answers are better than always naming the largest class, in all or in the mean of the classes."""
    sizes, right, number = np.bincount(truth), answers == truth, np.unique(patients, return_inverse=True)[1]
    lead = np.bincount(number, right * 1.0 - (truth == sizes.argmax()))
    better, worse = int((lead > 0).sum()), int((lead < 0).sum())
    if better > worse and mcnemar(better, worse) < _CHANCE:
        return True
    present = sizes > 0
    found, of, count = np.bincount(truth, right)[present], sizes[present], int(present.sum())
    shrunk = (found + 1) / (of + 2)  # or a class that is found always, or never, would have no error
    error = np.sqrt(np.sum(shrunk * (1 - shrunk) / of)) / count
    if len(lead) < len(truth):  # of patients with several rows each is one draw
        away = (right - (np.bincount(truth, right) / np.maximum(sizes, 1))[truth]) / sizes[truth]
        error = max(error, np.sqrt(np.sum(np.bincount(number, away) ** 2)) / count)
    return bool(np.mean(found / of) - 1 / count > NormalDist().inv_cdf(0.99) * error)


def _shown_by(truth: Integers, answers: Integers) -> Fix:
    """Return how many rows show the lead that there is, by three standard errors, or what may bring one."""
    right, largest = answers == truth, truth == np.bincount(truth).argmax()
    better, worse = int((right & ~largest).sum()), int((largest & ~right).sum())
    if better <= worse:
        return FIND_MORE
    enough = max(len(truth) + 1, ceil(9 * (better + worse) / (better - worse) ** 2 * len(truth)))
    return f"add rows until {enough:,} are tested (now {len(truth):,})"


def baseline_better(evaluation: Evaluation) -> Iterator[Doubt]:
    """Another model is more accurate.

    What: a rule or a model of another kind classifies more rows correctly than the network. These baselines are the largest
        class, the ADA criteria, logistic regression, a decision tree, a random forest, gradient boosting, and scikit-learn's
        MLP.
    Why it matters: if the better model is simpler, the network adds nothing but effort. If it is not, the data hold more than
        the network finds.
    How it is tested: all models answer the same rows, with the same preprocessing and the same folds. A baseline must be better
        on the test rows and lead on unseen rows too, where these were scored: a lead on test rows alone may come from
        remembered copies. Or it is better on unseen rows.
    How to fix: use the baseline; or another slope, loss or regulariser (chosen on training rows only), or more rows.
    Method: on the test rows an exact McNemar test must be significant at 0.05 after Bonferroni's correction for the number of
        baselines. On unseen rows the confidence interval of the difference, counted by whole groups and widened by the same
        correction, must lie above 0. Beside near-copies (D210), rows of one patient (D211), or a column that gives a class away
        (D206), only simple baselines are compared, for the others may recall what a new patient lacks.
    Source: McNemar (1947); on simple models against complex ones: Christodoulou et al., J Clin Epidemiol 2019.
    """
    network = evaluation.standings["network"]
    if better := _leaders(evaluation):
        best = max(better, key=lambda name: (better[name]["unseen"] or 0, better[name]["test"] or 0, name in SIMPLE))
        own, unseen = {"test": network.test, "unseen": network.unseen}, evaluation.unseen_words
        leads = "; ".join(f"{RIVAL_NAMES[name]} {_reached(wins, unseen)}" for name, wins in better.items())
        part = "test" if better[best]["test"] is not None else "unseen"
        head = f"{RIVAL_NAMES[best]} reaches {better[best][part]:.1%}, the network {own[part]:.1%}"
        yield Doubt(
            f"{head}: {leads}; the network {_reached(own | {'p': None}, unseen)}",
            {"baselines": better, "best": best, "network": own},
            (stronger, f"use {RIVAL_NAMES[best]} instead"),
        )


def _leaders(evaluation: Evaluation) -> dict[str, dict[str, float | None]]:
    """Return the figures of each baseline that leads the network by more than chance explains."""
    network, recalled = evaluation.standings["network"], evaluation.recalled
    compared = [name for name in evaluation.standings if name != "network" and (not recalled or name in SIMPLE)]
    better = {name: _wins(evaluation.standings[name], network, len(compared)) for name in compared}
    return {name: wins for name, wins in better.items() if wins["test"] is not None or wins["unseen"] is not None}


def _wins(rival: Standing, network: Standing, rivals: int) -> dict[str, float | None]:
    """Return the figures in which a baseline is above the network by more than chance explains, None for the others."""
    recalled = rival.unseen is not None and network.unseen is not None and rival.unseen <= network.unseen
    ahead = rival.p is not None and (rival.test or 0) > (network.test or 0) and rival.p < _CHANCE / rivals and not recalled
    leads = rival.unseen_lead is not None and rival.unseen_sure
    return {"test": rival.test if ahead else None, "unseen": rival.unseen if leads else None, "p": rival.p if ahead else None}


def _reached(figures: dict[str, float | None], unseen: str) -> str:
    chance = "" if figures["p"] is None else f" (p = {figures['p']:.2g})"
    parts = [] if figures["test"] is None else [f"{figures['test']:.1%} on the test rows{chance}"]
    parts += [] if figures["unseen"] is None else [f"{figures['unseen']:.1%} on {unseen}"]
    return " and ".join(parts)


def worse_on_unseen_profiles(evaluation: Evaluation) -> Iterator[Doubt]:
    """Much less accurate on unseen rows.

    What: the accuracy is much lower on unseen rows than on test rows. Unseen rows are held out together with every row of the
        same profile (`evaluation.unseen.group_by`) or patient (`data.patient`), or else with every row that equals them.
    Why it matters: the test rows then measure recognition. For a new patient the lower figure is the better guess.
    How it is tested: the same network is trained again in folds that never share such rows, and its accuracy on the rows held
        out is compared with the test accuracy. It must be 5 points or more below, and farther than both confidence intervals
        allow (the limits of a difference after Newcombe 1998; their level is `evaluation.interval`). The folds are stratified.
        Whole groups of unseen rows count, not rows.
    How to fix: quote the accuracy on unseen rows; or set `split.group_by` to the columns of `evaluation.unseen.group_by`, or
        `data.patient`, so that the test rows are unseen too.
    Source: Roberts et al., "Cross-validation strategies for data with temporal, spatial, hierarchical, or phylogenetic
        structure", Ecography 2017.
    """
    network = evaluation.standings["network"]
    if network.test is None or network.unseen is None or network.unseen_interval is None:
        return
    (low, high), gap, words = network.unseen_interval, network.test - network.unseen, evaluation.unseen_words
    chance = float(np.hypot(network.test - evaluation.test.interval[0], high - network.unseen))
    if round(gap, 9) >= _GAP and gap > chance:
        head = f"{network.unseen:.1%} on {words}, {network.test:.1%} on the test rows"
        yield Doubt(
            f"{head}: the interval of the first is {low:.1%} to {high:.1%}",
            {"unseen": network.unseen, "interval": [low, high], "test": network.test},
            by_profile,
        )


def train_and_test_apart(evaluation: Evaluation) -> Iterator[Doubt]:
    """Training and test accuracy far apart.

    What: training and test accuracy differ by 5 points or more, and by more than chance explains.
    Why it matters: if the training accuracy is much higher, the network has learnt the training rows by heart (overfitting). If
        it is much lower, the training rows are other patients than the test rows.
    How it is tested: the difference of both accuracies is compared with chance: its interval, at 99.9%, must not include 0. It
        is made of the Wilson intervals of both after Newcombe (1998); where patients have several rows, of intervals by
        patients.
    How to fix: against overfitting a smaller network, a regulariser (`training.l2`), or more rows. Otherwise see whether
        several values of `split.seed` agree, but never pick the best one; or `--set split.stratify=true`.
    Source: the bias-variance trade-off, as in Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 7.2.
    """
    if evaluation.train is None:
        return
    train, test = evaluation.train, evaluation.test
    gap, below = train.accuracy - test.accuracy, train.accuracy < test.accuracy
    ends = _ends(evaluation)
    chance = np.hypot(ends[0][below] - train.accuracy, ends[1][not below] - test.accuracy)
    if round(abs(gap), 9) >= _GAP and abs(gap) > chance:
        yield Doubt(
            f"training accuracy {train.accuracy:.1%} is far from test accuracy {test.accuracy:.1%}: "
            f"{100 * gap:+.1f} points, where chance alone may make {100 * chance:.1f}",
            {"train": train.accuracy, "test": test.accuracy, "chance": float(chance)},
            simpler if gap > 0 else another_split,
        )


def _ends(evaluation: Evaluation) -> list[Interval]:
    """Return the intervals of training and test accuracy that are as sure as E404 must be."""
    if evaluation.patients is None:
        parts = [part for part in (evaluation.train, evaluation.test) if part]
        return [wilson(round(part.accuracy * part.rows), part.rows, 1 - _SURE) for part in parts]
    right, tested = evaluation.answers == evaluation.truth, np.zeros(len(evaluation.truth), dtype=bool)
    tested[evaluation.tested] = True
    return [accuracy_interval(right[part], evaluation.patients[part], 1 - _SURE) for part in (~tested, tested)]
