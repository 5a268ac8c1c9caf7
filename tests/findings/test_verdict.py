"""The verdict: what it says of runs of every kind, and that it never praises what a finding doubts."""

from types import SimpleNamespace

import pytest

from pipeline.findings import RULES, Finding
from pipeline.findings.copy_rules import Copies
from pipeline.findings.verdict import verdict
from pipeline.judge.baselines import FITTED
from pipeline.judge.standing import Standing


def finding(code: str, level: str = "warning", accepted: bool = False, **evidence: object) -> Finding:
    return Finding(code, level, f"what {code} says", evidence, f"what {code} asks for", accepted)


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
NONE, COPIED = Copies(200, 0, None), Copies(200, 101, 150)
CLEAR = "Nothing was found that speaks against the figure; but it comes from one file, and no other was tried."


@pytest.mark.parametrize(
    ("facts", "findings", "copies", "said"),
    [
        (
            evaluation(PLAIN),
            (),
            NONE,
            ("Of the test rows, 0 repeat a training row; accuracy on unseen rows was not measured", CLEAR),
        ),
        (evaluation(PLAIN, known=False), (), NONE, ("are from another file", "whether training rows are among these")),
        (
            evaluation(MEASURED),
            (),
            Copies(200, 1, 0),
            ("Of the test rows, 1 repeats a training row and 0 share a profile with one; on", CLEAR),
        ),
        (
            evaluation(MEASURED),
            (finding("D205"),),
            COPIED,
            (
                "101 repeat a training row and 150 share a profile with one; on unseen profiles it is right on 80.0%",
                "Don't expect this accuracy on new patients (D205).",
            ),
        ),
        (
            evaluation(MEASURED),
            (finding("D205", "info"),),
            COPIED,
            (
                "Of the test rows, 101 repeat a training row",
                "What could not be told: whether equal rows are copies or chance (D205).",
            ),
        ),
        (evaluation(MEASURED), (finding("E403"),), NONE, ("on unseen", "Don't expect this accuracy on new patients (E403).")),
        (evaluation(PLAIN), (finding("D206"), finding("D207")), NONE, ("rows, 0 repeat", "new patients (D206, D207).")),
        (
            evaluation(MEASURED),
            (finding("E402", best="logistic_regression"), finding("D201")),
            NONE,
            ("rows, 0 repeat", "Logistic regression is simpler and more accurate (E402); also read D201."),
        ),
        (
            evaluation(PLAIN),
            (finding("E402", best="gradient_boosting"), finding("E408")),
            NONE,
            ("rows, 0 repeat", "A class is hardly ever found (E408); histogram gradient boosting is more accurate (E402)."),
        ),
        (
            evaluation(PLAIN, fitted=False),
            (finding("D209", classes={"rare": 3}),),
            NONE,
            ("rows, 0 repeat", 'What could not be told: how well "rare" is found (D209); whether another model does better'),
        ),
        (evaluation(PLAIN), (finding("D203", "info"), finding("C103", "info")), NONE, ("rows, 0 repeat", CLEAR)),
        (evaluation(PLAIN), (finding("D203", "error", accepted=True),), NONE, ("rows, 0 repeat", "Read D203.")),
    ],
)
def test_it_says_what_the_figure_is_worth_and_what_speaks_against_it(facts, findings, copies, said) -> None:
    judged = verdict(facts, findings, copies, 0.95)
    first, *others = judged.sentences
    assert first.startswith("The network is right on 95.0% of 200 test rows (95% interval 91.0% to 97.0%)")
    for part, sentence in zip(said, others, strict=True):
        assert part in sentence
    assert all(sentence[0].isupper() and sentence.endswith(".") and ".." not in sentence for sentence in judged.sentences)
    assert judged.clear == (CLEAR in judged.sentences)


@pytest.mark.parametrize("code", RULES)
def test_no_warning_and_no_error_leaves_it_clear(code: str) -> None:
    more = {"best": "mlp"} if code == "E402" else {"classes": {"rare": 3}} if code == "D209" else {}
    for level in ("warning", "error"):
        judged = verdict(evaluation(MEASURED), (finding(code, level, accepted=True, **more),), NONE, 0.95)
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
    judged = verdict(evaluation(PLAIN), findings, NONE, 0.95)
    assert judged.sentences[1:] == (f"This means nothing: what {says} says.", f"Do this first: what {says} asks for")
    assert not judged.clear


def test_the_largest_class_stands_beside_the_accuracy() -> None:
    judged = verdict(evaluation(PLAIN, majority=Standing(test=0.625)), (), NONE, 0.9)
    assert "the largest class alone would be right on 62.5%" in judged.sentences[0]


def test_a_refused_training_says_why_and_what_to_do() -> None:
    blocked, accepted = finding("C102", "error"), finding("C101", "error", accepted=True)
    judged = verdict(None, (accepted, blocked), NONE, 0.95)
    assert judged.sentences == ("Nothing was trained.", "What C102 says.", "Do this first: what C102 asks for")
    assert not judged.clear
