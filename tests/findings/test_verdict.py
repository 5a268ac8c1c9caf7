"""The verdict: what it says of runs of every kind, and that it never praises what a finding doubts."""

from types import SimpleNamespace

import pytest

from pipeline.findings import Finding
from pipeline.findings.verdict import verdict
from pipeline.judge.baselines import FITTED
from pipeline.judge.standing import Standing


def finding(code: str, level: str = "warning", accepted: bool = False, **evidence: object) -> Finding:
    return Finding(code, level, f"what {code} says", evidence, f"what {code} asks for", accepted)


def evaluation(network: Standing, known: bool = True, **rivals: Standing) -> SimpleNamespace:
    names = ("majority", "ada_rule", *FITTED)
    return SimpleNamespace(
        standings={"network": network} | {name: rivals.get(name, Standing()) for name in names},
        test=SimpleNamespace(accuracy=network.test, rows=200, interval=network.test_interval),
        train=SimpleNamespace(accuracy=1.0) if known else None,
    )


PLAIN = Standing(test=0.95, test_interval=(0.91, 0.97))
MEASURED = Standing(test=0.95, test_interval=(0.91, 0.97), unseen=0.8, unseen_interval=(0.6, 0.92))
COPIES = finding("D205", copies=101, profiles=150, test=200)
ONLY_COPIES = finding("D205", copies=101, profiles=None, test=200)


@pytest.mark.parametrize(
    ("facts", "findings", "second", "third"),
    [
        (evaluation(PLAIN), (), "no more with the training rows than chance", "Nothing was found that speaks against"),
        (evaluation(PLAIN, known=False), (), "are from another file", "Nothing was found"),
        (evaluation(MEASURED), (), "On unseen profiles it is right on 80.0% (60.0% to 92.0%)", "Nothing was found"),
        (
            evaluation(MEASURED),
            (COPIES,),
            "But 101 of them repeat a training row and 150 share a profile with one: on unseen",
            "D205",
        ),
        (evaluation(PLAIN), (ONLY_COPIES,), "But 101 of them repeat a training row, and accuracy on", "not new rows (D205)"),
        (evaluation(PLAIN), (ONLY_COPIES,), "was not measured: set evaluation.unseen", "D205"),
        (evaluation(MEASURED), (finding("E403"),), "On unseen profiles", "not new rows (E403)"),
        (evaluation(PLAIN), (finding("D206"), finding("D207")), "than chance explains", "(D206, D207)"),
        (
            evaluation(
                MEASURED, logistic_regression=Standing(test=0.9, unseen=0.9), decision_tree=Standing(test=1.0, unseen=0.85)
            ),
            (finding("E402", best="logistic_regression"),),
            "On unseen profiles",
            "Logistic regression does better with less (E402)",
        ),
        (
            evaluation(PLAIN, logistic_regression=Standing(test=0.96), decision_tree=Standing(test=1.0)),
            (finding("E402", best="decision_tree"),),
            "than chance explains",
            "A decision tree of depth 3 does better with less (E402)",
        ),
        (
            evaluation(PLAIN),
            (finding("E401", "error"),),
            "This means nothing: what E401 says.",
            "Do this first: what E401 asks for.",
        ),
        (evaluation(PLAIN), (finding("E401", "error"), finding("T301", "error")), "what T301 says", "what T301 asks for"),
        (
            evaluation(PLAIN),
            (finding("C101", "error", accepted=True),),
            "This means nothing: what C101 says",
            "what C101 asks for",
        ),
        (evaluation(PLAIN), (finding("C101", "error"), finding("T301", "error")), "what T301 says", "what T301 asks for"),
        (evaluation(PLAIN), (finding("D203", "error", accepted=True),), "than chance explains", "Nothing was found"),
        (evaluation(PLAIN), (finding("D203", "info"), finding("C103")), "than chance explains", "Nothing was found"),
    ],
)
def test_the_second_sentence_says_what_it_is_worth_and_the_third_what_follows(facts, findings, second, third) -> None:
    first, worth, consequence = verdict(facts, findings, 0.95)
    assert first.startswith("The network is right on 95.0% of 200 test rows (95% interval 91.0% to 97.0%)")
    assert second in worth
    assert third in consequence
    assert all(
        sentence[0].isupper() and sentence.endswith(".") and ".." not in sentence for sentence in (first, worth, consequence)
    )


def test_the_largest_class_stands_beside_the_accuracy() -> None:
    assert (
        "the largest class alone would be right on 62.5%" in verdict(evaluation(PLAIN, majority=Standing(test=0.625)), (), 0.9)[0]
    )


def test_a_refused_training_says_why_and_what_to_do() -> None:
    blocked, accepted = finding("C102", "error"), finding("C101", "error", accepted=True)
    assert verdict(None, (accepted, blocked), 0.95) == (
        "Nothing was trained.",
        "What C102 says.",
        "Do this first: what C102 asks for.",
    )
