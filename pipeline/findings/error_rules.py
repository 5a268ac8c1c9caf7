"""E: which rows the network gets wrong. Facts: the evaluation."""

from collections.abc import Iterator, Mapping

import numpy as np

from pipeline.config.mended import FIND_MORE, surer
from pipeline.config.remedy import Fix
from pipeline.errors import counted, listing_or_count, such_as
from pipeline.findings.association import binomial_tail, fisher
from pipeline.findings.finding import SIGNIFICANCE, Doubt, detailed, named_rows
from pipeline.findings.ranking import HARDLY, areas_of_rare, by_probability, most_found, told_apart
from pipeline.judge.baselines import DOUBTERS, RIVAL_NAMES
from pipeline.judge.calibration import log_odds, recalibrate, unlike_chances
from pipeline.judge.evaluate import Evaluation
from pipeline.judge.labels import wrong_labels

_SURE = 0.001  # of a difference that was not looked for
_ALONE = 0.025
_STEEP = 0.2  # of a slope, from which on it is what is wrong


def class_hardly_found(evaluation: Evaluation) -> Iterator[Doubt]:
    """A class that is hardly ever found.

    What: the network finds far fewer than a third of the rows of a class; where there are four classes or more, fewer than a
        guess finds.
    Why it matters: where ill people are rare, a network that finds none of them is nearly always right, and of no use.
    How it is tested: the rows of the class that are found are counted, on unseen rows where folds held them out, else on the
        test rows. The sensitivity of the class must be below a third, and below one over the number of classes, by an exact
        binomial test at 0.001, divided by the number of classes. A class of fewer than 19 rows (20 of three classes, 29 of
        four) cannot be judged (see D209).
    How to fix: more rows of the class, or features that tell it from the others; where another model finds it, another training
        or a wider layer. To drop rows of the others only moves the mistakes. Where no model finds the class, and its
        probabilities are right and rank the rows, no training helps: another class is more likely in nearly every row. Then use
        the probability, with a limit of your own.
    Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", 1934.
    """
    truth, given = evaluation.held_out()
    names, details = evaluation.test.classes, {}
    limit = min(HARDLY, 1 / len(names))
    for place, name in enumerate(names):
        rows, found = int((truth == place).sum()), int(((truth == place) & (given["network"] == place)).sum())
        if rows and binomial_tail(found, rows, limit) < _SURE / len(names):
            details[name] = {"found": found, "rows": rows}
    if details:
        counts = (f'{each["found"]:,} of {counted(each["rows"], "row")} of "{name}"' for name, each in details.items())
        head = f"{listing_or_count([*details], 'class')} {'is' if len(details) == 1 else 'are'} hardly ever found"
        sizes = dict(zip(names, np.bincount(evaluation.truth, minlength=len(names)).tolist(), strict=True))
        lacking = {name: max(sizes.values()) - sizes[name] for name in details}
        bring = " and ".join(f'{counted(count, "more row")} of "{name}"' for name, count in lacking.items() if count)
        where = f"on {evaluation.unseen_words}" if evaluation.unseen else "in the test"
        elsewhere = all(most_found(truth, given, names.index(name)) >= HARDLY for name in details)
        fix: Fix = FIND_MORE if elsewhere else f"add {bring}" if bring else FIND_MORE[-1]
        areas = {name: area for name, area in areas_of_rare(evaluation).items() if name in details}
        fix = by_probability(areas) if len(areas) == len(details) else fix
        yield detailed(f"{head}: {where} the network finds {' and '.join(counts)}{told_apart(areas)}", details, fix, "classes")


def labels_doubted(evaluation: Evaluation) -> Iterator[Doubt]:
    """Labels that look wrong to two models.

    What: logistic regression and a random forest find more labels improbable than should be, so some labels are wrong.
    Why it matters: the network learns wrong labels too, and a test with wrong labels measures those, not the patients.
    How it is tested: both models judge rows that they have not seen, on the folds of `evaluation.unseen`. A test asks whether
        the labels are better explained if a share of them was swapped for another class. Rows are named whose label is then
        more likely wrong than right.
    How to fix: look the rows up and correct their labels; leave alone those that prove right.
    Method: the probabilities of both models are pooled and calibrated on all rows; none counts as less than 0.2%, so that no
        outlier decides. Of a patient, a profile or equal rows one row counts, drawn at random. The likelihood-ratio test must
        be significant at 0.0001 by both models together, and at 0.025 by each alone. If the p-value of one model is below the
        square of the joint one, that model fits badly and nothing is said.
    What escapes: few wrong labels, where classes overlap much. Rows of a subgroup, or of a heavy tail, that lie amid another
        class look like wrong labels.
    Source: Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR 2021.
    """
    given = evaluation.unseen.chances if evaluation.unseen else {}
    chances = {name: given[name] for name in DOUBTERS if name in given}
    groups = evaluation.unseen.groups if evaluation.unseen else None
    wrong = wrong_labels(evaluation.truth, list(chances.values()), groups) if chances else None
    if not wrong or not len(wrong.rows):
        return
    misled = min(wrong.alone) < wrong.p**2  # one model doubts what both together hardly do: it misfits, as with heavy tails
    if wrong.p < SIGNIFICANCE and max(wrong.alone) < _ALONE and not misled:
        rows, models = evaluation.numbers[wrong.rows].tolist(), " and to ".join(RIVAL_NAMES.get(name, name) for name in chances)
        yield Doubt(
            f"{len(rows):,} of {len(evaluation.truth):,} labels look{'s' * (len(rows) == 1)} wrong to two models: to {models}, "
            f"which had not seen the rows; about {wrong.share:.1%} of all labels seem to be wrong (p = {wrong.p:.2g})",
            named_rows(rows) | {"share": wrong.share, "p_value": wrong.p},
            f"look {such_as(rows)} up in the file and correct their labels",
        )


def miscalibrated(evaluation: Evaluation) -> Iterator[Doubt]:
    """Probabilities too sure, or not sure enough.

    What: the probabilities do not come true. Of the rows that are given, say, 90% for a class, clearly more or fewer than 90%
        belong to it.
    Why it matters: 90% must be right nine times in ten, or whoever reads the probability is misled.
    How it is tested: the probabilities of each class are compared with what is observed, on unseen rows where folds held them
        out, else on the test rows. The difference must be greater than chance explains.
    How to fix: more rows to learn from; `training.l2: auto`, which chooses the penalty on held-out rows; one output for each
        class. Until then quote the predicted classes, not the probabilities.
    Method: if the probabilities are right, what is observed less what was predicted is 0 in the sum, and in the sum weighted by
        the logits: intercept 0 and slope 1 of a logistic recalibration. Both together are tested by Rao's score test, once with
        rows and once with whole profiles or patients as what chance decides; both p must be below 0.0001 divided by the number
        of classes. No probability counts as less than 0.1%, so that no row decides.
    Source: Cox, "Two further applications of a model for binary regression", Biometrika 1958; Rao (1948).
    """
    truth, chances, groups = evaluation.held_out_chances()
    names, details = evaluation.test.classes, {}
    for place, name in enumerate(names):
        hit, given = truth == place, chances[:, place]
        p = unlike_chances(given, hit, groups)
        if p * len(names) < SIGNIFICANCE:
            known = ~np.isnan(given)
            logit = log_odds(given[known])
            _, (slope,) = recalibrate(logit, hit[known], np.ones((1, known.sum())), (0.0, 1.0))
            shares = {"predicted": float(given[known].mean()), "observed": float(hit[known].mean())}
            details[name] = {"slope": float(slope), **shares, "p_value": p}
    if details:
        said = [f'of "{name}" are {_unlike(own)}' for name, own in details.items()]
        where = f"on {evaluation.unseen_words}" if evaluation.unseen else "in the test"
        head = f"don't trust the probabilities of {listing_or_count([*details], 'class', 28)}"
        elsewhere = "train on rows of this kind too, where the classes may have other shares"
        fix = elsewhere if evaluation.train is None else surer
        yield detailed(f"{head}: {where} those {' and those '.join(said)}", details, fix, "classes")


def _unlike(own: Mapping[str, float]) -> str:
    slope, shares = own["slope"], f"{own['predicted']:.1%} predicted, {own['observed']:.1%} observed"
    if abs(slope - 1) > _STEEP:  # not so where it is NaN
        return f"{'too sure' if slope < 1 else 'not sure enough'} (slope {slope:.2f} instead of 1; {shares})"
    return f"too {'high' if own['predicted'] > own['observed'] else 'low'} ({shares})"


def worse_in_a_subgroup(evaluation: Evaluation) -> Iterator[Doubt]:
    """Much less accurate in a subgroup.

    What: the network is wrong more often among the patients of a subgroup (`evaluation.subgroups`) than among the others.
    Why it matters: one accuracy for all hides whom it fails.
    How it is tested: wrong answers are counted inside and outside each subgroup, on unseen rows where folds held them out, else
        on the test rows. They are compared by Fisher's exact test, two-sided, significant at 0.0001 after Bonferroni's
        correction.
    How to fix: quote the accuracy of the subgroup beside that of all rows; add more rows of it, or features that matter to its
        patients.
    Source: Fisher (1922); on subgroups: Obermeyer et al., Science 2019, on a score that served one group worse than another.
    """
    truth, given = evaluation.held_out()
    rows = slice(None) if evaluation.unseen else evaluation.tested
    wrong, details = given["network"] != truth, {}
    for name, inside in evaluation.members.items():
        member = inside[rows]
        p = fisher(wrong, member) * len(evaluation.members)
        if member.any() and not member.all() and p < SIGNIFICANCE and wrong[member].mean() > wrong[~member].mean():
            shares = {"wrong": float(wrong[member].mean()), "others": float(wrong[~member].mean())}
            details[name] = {"rows": int(member.sum()), **shares, "p_value": p}
    if details:
        shown = (f"{each['wrong']:.1%} of {counted(int(each['rows']), 'row')} with {name}" for name, each in details.items())
        sizes = {name: len(evaluation.truth) - 2 * int(evaluation.members[name].sum()) for name in details}
        lacking = (f"{counted(max(1, size), 'more row')} with {name}" for name, size in sizes.items())
        others = ", ".join(f"{each['others']:.1%}" for each in details.values())
        head = f"the accuracy is lower in {counted(len(details), 'subgroup')}"
        message = f"{head}: {' and '.join(shown)} are wrong, against {others} of the other rows"
        yield detailed(message, details, f"add {' and '.join(lacking)}, or features that matter to them", "groups")
