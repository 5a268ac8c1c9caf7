"""The verdict: what it says of runs of every kind, and that it never praises what a finding doubts."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from pipeline.findings.finding import Finding
from pipeline.findings.registry import RULES
from pipeline.findings.verdict import by_consequence, verdict
from pipeline.judge.baselines import FITTED
from pipeline.judge.standing import Standing


def finding(code: str, level: str = "warning", accepted: bool = False, **evidence: object) -> Finding:
    return Finding(code, level, f"what {code} says", evidence, f"what {code} asks for", accepted)


def beaten(best: str, test: float | None = None, unseen: float | None = None) -> Finding:
    return finding("E402", best=best, baselines={best: {"test": test, "unseen": unseen, "p": None}})


def evaluation(network: Standing, known: bool = True, fitted: bool = True, **rivals: Standing) -> SimpleNamespace:
    names = ("majority", "ada_rule", *FITTED)
    answered = {"random_forest": Standing(test=0.9)} if fitted else {}
    return SimpleNamespace(
        standings={"network": network} | {name: (answered | rivals).get(name, Standing()) for name in names},
        test=SimpleNamespace(accuracy=network.test, rows=200, interval=network.test_interval),
        train=SimpleNamespace(accuracy=1.0) if known else None,
        unseen_words="unseen profiles",
    )


PLAIN = Standing(test=0.95, test_interval=(0.91, 0.97))
MEASURED = Standing(test=0.95, test_interval=(0.91, 0.97), unseen=0.8, unseen_interval=(0.6, 0.92))
CLEAR = "Nothing was found that speaks against this accuracy; but it comes from one file, and no other was tried."
UNMEASURED = "The accuracy on unseen rows was not measured (evaluation.unseen)."
LOWER = "On unseen profiles (patients whose lab values never occurred in training) the accuracy is 80.0% (60.0 to 92.0%)."


@pytest.mark.parametrize(
    ("facts", "findings", "worth", "said"),
    [
        (evaluation(PLAIN), (), UNMEASURED, CLEAR),
        (
            evaluation(PLAIN, known=False),
            (),
            "These rows are from another file than the training rows.",
            "Inconclusive: whether training rows are among them.",
        ),
        (evaluation(MEASURED), (), LOWER, CLEAR),
        (
            evaluation(replace(MEASURED, unseen=0.999, unseen_interval=(0.98, 1.0))),
            (),
            LOWER.replace("80.0% (60.0 to 92.0%)", "99.9% (98.0 to 100.0%)"),
            "Inconclusive: whether the label was made from the inputs, for hardly a row is classified wrongly.",
        ),
        (
            evaluation(replace(MEASURED, unseen=0.999, unseen_interval=(0.98, 1.0))),
            (finding("D207"),),
            LOWER.replace("80.0% (60.0 to 92.0%)", "99.9% (98.0 to 100.0%)"),
            "Don't expect either accuracy on new patients (D207).",
        ),
        (evaluation(MEASURED), (finding("D205"),), LOWER, "Don't expect 95.0% on new patients (D205)."),
        (
            evaluation(MEASURED),
            (finding("D205"), finding("D206"), finding("E403")),
            LOWER,
            "Don't expect either accuracy on new patients (D205, D206, E403).",
        ),
        (
            evaluation(MEASURED),
            (finding("D205", "info"),),
            LOWER,
            "Inconclusive: whether equal rows are copies or chance (D205).",
        ),
        (evaluation(MEASURED), (finding("E403"),), LOWER, "Don't expect 95.0% on new patients (E403)."),
        (
            evaluation(PLAIN),
            (finding("D206"), finding("D207")),
            UNMEASURED,
            "Don't expect 95.0% on new patients (D206, D207).",
        ),
        (
            evaluation(MEASURED),
            (beaten("logistic_regression", test=0.97, unseen=0.9), finding("D201")),
            LOWER,
            "Logistic regression is simpler and more accurate (E402); see also D201.",
        ),
        (
            evaluation(MEASURED),
            (beaten("random_forest", unseen=0.9),),
            LOWER,
            "A random forest is more accurate on unseen profiles (E402).",
        ),
        (
            evaluation(PLAIN),
            (finding("T305"), beaten("gradient_boosting", test=0.97), finding("E408"), finding("D215")),
            UNMEASURED,
            (
                "A class is hardly ever found (E408); histogram gradient boosting is more accurate on the test rows (E402); "
                "see also T305, D215."
            ),
        ),
        (
            evaluation(PLAIN, fitted=False),
            (finding("D209", classes={"rare": 3}),),
            UNMEASURED,
            (
                'Inconclusive: how well "rare" is found (D209), and whether another model is more accurate, '
                "for none was tried on these rows."
            ),
        ),
        (evaluation(PLAIN), (finding("D203", "info"), finding("C103", "info")), UNMEASURED, CLEAR),
        (evaluation(PLAIN), (finding("D203", "error", accepted=True),), UNMEASURED, "See D203."),
    ],
)
def test_it_says_what_the_figure_is_worth_and_what_speaks_against_it(facts, findings, worth, said) -> None:
    judged = verdict(facts, findings)
    assert judged.sentences == ("95.0% of 200 test rows are classified correctly.", worth, said)
    assert judged.clear == (CLEAR in judged.sentences)


@pytest.mark.parametrize("code", RULES)
def test_no_warning_and_no_error_leaves_it_clear(code: str) -> None:
    more = {"D209": {"classes": {"rare": 3}}, "E402": beaten("mlp", test=0.97).evidence}.get(code, {})
    for level in ("warning", "error"):
        judged = verdict(evaluation(MEASURED), (finding(code, level, accepted=True, **more),))
        assert not judged.clear
        assert code in " ".join(judged.sentences)


@pytest.mark.parametrize(
    ("findings", "says"),
    [
        ((finding("E401", "error"),), "E401"),
        ((finding("E401", "error"), finding("T301", "error")), "T301"),
        ((finding("C101", "error", accepted=True),), "C101"),
        ((finding("C101", "error"), finding("T301", "error")), "T301"),
    ],
)
def test_an_error_says_that_the_figure_means_nothing(findings, says: str) -> None:
    judged = verdict(evaluation(PLAIN), findings)
    assert judged.sentences[1:] == (f"This means nothing: what {says} says ({says}).", f"Do this first: what {says} asks for")
    assert not judged.clear


def test_the_largest_class_stands_beside_the_accuracy() -> None:
    judged = verdict(evaluation(PLAIN, majority=Standing(test=0.625)), ())
    assert judged.sentences[0].endswith("correctly; always naming the largest class would reach 62.5%.")


def test_a_refused_training_says_why_and_what_to_do() -> None:
    blocked, accepted = finding("C102", "error"), finding("C101", "error", accepted=True)
    judged = verdict(None, (accepted, blocked))
    assert judged.sentences == ("Nothing was trained: what C102 says (C102).", "Do this first: what C102 asks for")
    assert not judged.clear


def test_findings_come_in_the_order_of_their_consequence() -> None:
    accepted, blocked = finding("E401", "error", accepted=True), finding("D201", "error")
    given = (finding("C103", "info"), finding("D201"), finding("D215"), finding("E402"), finding("D206"), accepted, blocked)
    codes = [(each.code, each.level) for each in by_consequence(given)]
    assert codes == [
        ("D201", "error"),
        ("E401", "error"),
        ("D206", "warning"),
        ("E402", "warning"),
        ("D201", "warning"),
        ("D215", "warning"),
        ("C103", "info"),
    ]
