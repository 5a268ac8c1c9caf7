"""E401 to E408: figures that provoke them, with the evidence, and figures that do not; SciPy's exact tests are the oracle."""

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import binom, binomtest, fisher_exact, kstest
from sklearn.linear_model import LogisticRegression

from pipeline.findings.association import binomial_tail
from pipeline.findings.registry import find
from pipeline.judge.baselines import FITTED
from pipeline.judge.calibration import unlike_chances
from pipeline.judge.evaluate import Evaluation
from pipeline.judge.metrics import score
from pipeline.judge.standing import Standing
from pipeline.judge.unseen import Unseen


def evaluation(
    network: Standing, train: float | None = None, interval=(0.9, 1.0), rows=200, **rivals: Standing
) -> SimpleNamespace:
    """Figures without the answers that they were made of: 200 rows of two classes, all right."""
    names, truth = ("majority", "ada_rule", *FITTED), np.arange(200) % 2
    facts = SimpleNamespace(
        standings={"network": network} | {name: rivals.get(name, Standing()) for name in names},
        test=SimpleNamespace(accuracy=network.test, interval=interval, rows=rows, classes=("no", "yes")),
        train=None if train is None else SimpleNamespace(accuracy=train, rows=4 * rows),
        unseen=None,
        patients=None,
        unseen_words="unseen profiles",
        truth=truth,
        answers=truth,
        tested=np.arange(100),
        members={},
        recalled=False,
    )
    facts.held_out = lambda: (truth, {"network": truth})
    facts.held_out_chances = lambda: (truth, np.full((200, 2), np.nan), truth)
    return facts


def answered(truth, answers, tested=None, unseen=None, members=None) -> Evaluation:
    """Figures of answers to rows; every fifth row is tested unless said."""
    truth, answers = np.asarray(truth), np.asarray(answers)
    tested = np.arange(0, len(truth), 5) if tested is None else np.asarray(tested)
    classes = tuple("abcdefg"[: max(2, truth.max() + 1)])
    held = Unseen(np.arange(len(truth)), np.zeros(len(truth)), {"network": np.asarray(unseen)}) if unseen is not None else None
    test, largest = score(truth[tested], answers[tested], classes, 0.95), np.bincount(truth).argmax()
    names = ("majority", "ada_rule", *FITTED)
    standings = {"network": Standing(test=test.accuracy, test_interval=test.interval)} | {name: Standing() for name in names}
    standings["majority"] = Standing(test=float(np.mean(truth[tested] == largest)))
    nothing = dict.fromkeys(field.name for field in fields(Evaluation))
    given = {
        "test": test,
        "standings": standings,
        "unseen": held,
        "tested": tested,
        "truth": truth,
        "answers": answers,
        "members": members or {},
        "chances": np.full((len(tested), len(classes)), np.nan),
        "numbers": np.arange(1, len(truth) + 1),
        "together": np.arange(len(truth)),
    }
    return Evaluation(**nothing | given)


def evidence(facts: SimpleNamespace, code: str) -> dict | None:
    found = [each for each in find("E", facts, ()) if each.code == code]
    assert len(found) <= 1
    return found[0].evidence if found else None


OWN = Standing(test=0.95, test_interval=(0.9, 0.98), unseen=0.8, unseen_interval=(0.6, 0.95))


LEAD = (-0.01, 0.2)


@pytest.mark.parametrize(
    ("rivals", "better", "best"),
    [
        ({}, None, None),
        ({"logistic_regression": Standing(test=0.95, unseen=0.8, unseen_lead=(0.0, 0.0), p=1.0)}, None, None),
        (
            {"random_forest": Standing(test=1.0, unseen=1.0, unseen_lead=LEAD, unseen_sure=True, p=0.001)},
            {"random_forest": {"test": 1.0, "unseen": 1.0, "p": 0.001}},
            "random_forest",
        ),
        ({"decision_tree": Standing(test=0.97, p=0.0072)}, None, None),  # 0.05 / 7 is the limit
        ({"majority": Standing(test=0.97, p=0.0071)}, {"majority": {"test": 0.97, "unseen": None, "p": 0.0071}}, "majority"),
        ({"random_forest": Standing(test=1.0, unseen=0.8, unseen_lead=LEAD, p=1e-9)}, None, None),  # it recalls copies
        (
            {"random_forest": Standing(test=1.0, unseen=0.81, unseen_lead=LEAD, p=1e-9)},
            {"random_forest": {"test": 1.0, "unseen": None, "p": 1e-9}},
            "random_forest",
        ),
        ({"ada_rule": Standing(test=0.7, unseen=0.9, unseen_lead=LEAD, p=0.001)}, None, None),
        (
            {"ada_rule": Standing(test=0.7, unseen=0.9, unseen_lead=LEAD, unseen_sure=True, p=0.001)},
            {"ada_rule": {"test": None, "unseen": 0.9, "p": None}},
            "ada_rule",
        ),
        (
            {
                "majority": Standing(test=0.99, p=0.001),
                "logistic_regression": Standing(test=0.97, unseen=0.9, unseen_lead=LEAD, unseen_sure=True, p=0.2),
                "decision_tree": Standing(test=0.9, unseen=0.95, unseen_lead=LEAD, p=0.2),
            },
            {
                "majority": {"test": 0.99, "unseen": None, "p": 0.001},
                "logistic_regression": {"test": None, "unseen": 0.9, "p": None},
            },
            "logistic_regression",
        ),
    ],
)
def test_e402_names_every_baseline_whose_lead_chance_does_not_explain(
    rivals: dict, better: dict | None, best: str | None
) -> None:
    found = evidence(evaluation(OWN, **rivals), "E402")
    assert (found and found["baselines"]) == better
    assert (found and found["best"]) == best


def test_e402_compares_simple_models_only_where_others_may_recall_what_a_new_patient_lacks() -> None:
    lead = Standing(test=1.0, unseen=1.0, unseen_lead=LEAD, unseen_sure=True, p=0.001)
    facts = evaluation(OWN, random_forest=lead, gradient_boosting=lead)
    assert evidence(facts, "E402") is not None
    facts.recalled = True
    assert evidence(facts, "E402") is None
    facts.standings["logistic_regression"] = lead
    assert [*evidence(facts, "E402")["baselines"]] == ["logistic_regression"]


def test_no_more_rows_are_asked_for_where_another_model_does_what_the_network_does_not() -> None:
    truth = np.arange(400) % 4 == 0
    answers = np.isin(np.arange(400), (0, 4, 1))  # two of a class right, and one row wrong
    facts = answered(truth * 1, answers * 1, unseen=answers * 1)
    fixes = {each.code: each.fix for each in find("E", facts, ())}
    assert "are tested (now 400)" in fixes["E401"]
    assert fixes["E408"] == 'add 200 more rows of "b"'
    facts.unseen.answers["random_forest"] = truth * 1
    lead = Standing(test=1.0, unseen=1.0, unseen_lead=LEAD, unseen_sure=True, p=0.001)
    facts = replace(facts, standings=facts.standings | {"random_forest": lead})
    fixes = {each.code: each.fix for each in find("E", facts, ())}
    assert fixes["E401"] == fixes["E408"]
    assert "add features that tell the classes apart" in fixes["E401"]
    assert "rows" not in fixes["E401"]


@pytest.mark.parametrize(
    ("unseen", "interval", "fires"),
    [
        (0.7, (0.6, 0.8), True),
        (0.88, (0.87, 0.89), True),
        (0.91, (0.905, 0.915), False),  # less than five points
        (0.8, (0.6, 0.95), False),  # as far as both intervals explain
        (1.0, (0.9, 1.0), False),
        (None, None, False),
    ],
)
def test_e403_needs_five_points_and_a_gap_that_the_intervals_do_not_explain(unseen, interval, fires: bool) -> None:
    own = Standing(test=0.95, unseen=unseen, unseen_interval=interval)
    found = evidence(evaluation(own, interval=(0.93, 0.97)), "E403")
    assert found == ({"unseen": unseen, "interval": list(interval), "test": 0.95} if fires else None)


@pytest.mark.parametrize(
    ("train", "test", "rows", "fires"),
    [
        (1.0, 0.85, 200, True),
        (0.8, 0.95, 200, True),
        (0.99, 0.95, 20_000, False),  # certain, but near
        (1.0, 0.85, 20, False),  # far, but within what chance allows
        (None, 0.85, 200, False),
    ],
)
def test_e404_needs_distance_and_more_than_chance(train: float | None, test: float, rows: int, fires: bool) -> None:
    found = evidence(evaluation(Standing(test=test), train, rows=rows), "E404")
    assert (found is not None) == fires


RARE = np.repeat(np.arange(5), [900, 40, 30, 20, 10])
FOUND = np.where(np.arange(1000) % 4 == 0, 0, RARE)


@pytest.mark.parametrize(
    ("facts", "fires"),
    [
        (answered([0, 1] * 50, [0, 1] * 50), False),
        (answered([0, 1] * 50, [0] * 100), True),
        (answered([0, 1] * 50, [-1] * 100), True),
        (answered([0] * 118 + [1] * 2, [0] * 120, tested=range(20)), True),  # test rows of one class
        (answered([0] * 100, [0] * 100), False),  # of one class altogether: nothing can be told
        (answered([0] * 656 + [1] * 344, [0] * 656 + [1] * 4 + [0] * 340, tested=range(1000)), True),  # 4 more than the class
        (answered(RARE, np.where(RARE == 0, np.arange(1000) % 5, RARE)), False),  # below the class in all, above chance in each
        (answered(RARE, FOUND), False),
        (answered([0, 1] * 500, [0, 1] * 500, unseen=[0] * 1000), False),  # the copies of E403, not empty
        (answered([0, 1] * 50, [0, 1] * 40 + [0] * 20, tested=range(80, 100), unseen=[0] * 100), True),
    ],
)
def test_e401_holds_the_answers_against_the_largest_class_and_against_chance(facts: Evaluation, fires: bool) -> None:
    assert (evidence(facts, "E401") is not None) == fires


@pytest.mark.parametrize("rightly", range(20, 41))
def test_e401_counts_a_patient_with_several_rows_once(rightly: int) -> None:
    """Of 40 ill patients some are found, of 60 well ones ten are not: the same is said whatever the rows of each."""
    truth = np.repeat([0, 1], [60, 40])
    answers = np.where(np.arange(100) < 10, 1, np.where((truth == 1) & (np.arange(100) >= 60 + rightly), 0, truth))
    once = answered(truth, answers, tested=range(100))
    many = answered(np.repeat(truth, 8), np.repeat(answers, 8), tested=range(800))
    many = replace(many, patients=np.repeat(np.arange(100), 8))
    assert (evidence(many, "E401") is None) == (evidence(once, "E401") is None)


@pytest.mark.parametrize("rows", [5, 17, 18, 60, 176])
def test_e408_is_the_exact_binomial_test_of_a_third(rows: int) -> None:
    truth = np.repeat([0, 1], [2000, rows])
    for found in range(rows // 2):
        answers = np.where((truth == 1) & (np.arange(len(truth)) >= 2000 + found), 0, truth)
        fires = binomtest(found, rows, 1 / 3, "less").pvalue < 0.001 / 2
        facts = answered(truth, answers, tested=range(len(truth)))
        expected = {"classes": ["b"], "details": {"b": {"found": found, "rows": rows}}} if fires else None
        assert evidence(facts, "E408") == expected


def test_e408_reads_the_folds_where_there_are_some() -> None:
    truth = np.repeat([0, 1], 100)
    facts = answered(truth, truth, unseen=np.zeros(200, dtype=int))
    assert evidence(facts, "E408") == {"classes": ["b"], "details": {"b": {"found": 0, "rows": 100}}}


def drawn(seed: int, steeper: float = 1.0, lift: float = 0.0, copies: int = 1) -> Evaluation:
    """Rows of two classes with the probabilities that they were drawn by, or others; each stands ``copies`` times in the file."""
    random = np.random.default_rng((406, seed))
    line = np.repeat(random.normal(0, 1.5, 600 // copies), copies)
    truth = (np.repeat(random.random(600 // copies), copies) < expit(line)).astype(int)
    given = expit(steeper * line + lift)
    held = Unseen(
        np.arange(600) // copies, np.zeros(600), {"network": truth}, chances={"network": np.stack([1 - given, given], 1)}
    )
    return replace(answered(truth, truth), unseen=held)


@pytest.mark.parametrize("copies", [1, 5])
def test_e406_leaves_right_probabilities_alone_and_its_p_is_one(copies: int) -> None:
    p = []
    for seed in range(400):
        facts = drawn(seed, copies=copies)
        assert evidence(facts, "E406") is None
        truth, chances, groups = facts.held_out_chances()
        p.append(unlike_chances(chances[:, 1], truth == 1, groups))
    assert kstest(p, "uniform").pvalue > 0.001 if copies == 1 else np.mean(np.array(p) < 0.05) < 0.08


@pytest.mark.parametrize(
    ("change", "said"),
    [({"steeper": 2.5}, "too sure"), ({"steeper": 0.4}, "not sure enough"), ({"lift": 1.0}, "observed")],
)
def test_e406_names_the_classes_whose_probabilities_are_not_what_happens(change: dict[str, float], said: str) -> None:
    facts = drawn(1, **change)
    (finding,) = (finding for finding in find("E", facts, ()) if finding.code == "E406")
    assert finding.evidence["classes"] == ["a", "b"]
    assert said in finding.message
    truth, chances, _ = facts.held_out_chances()
    recalibration = LogisticRegression(C=np.inf).fit(logit(chances[:, 1])[:, None], truth)
    assert finding.evidence["details"]["b"]["slope"] == pytest.approx(recalibration.coef_.item(), rel=1e-3)


def test_e406_calls_probabilities_of_classes_that_a_threshold_parts_not_sure_enough() -> None:
    facts = drawn(1)
    truth = facts.held_out_chances()[0]
    parted = np.where(truth == 1, 0.6, 0.4)
    held = replace(facts.unseen, chances={"network": np.stack([1 - parted, parted], 1)})
    (finding,) = (finding for finding in find("E", replace(facts, unseen=held), ()) if finding.code == "E406")
    assert "not sure enough" in finding.message
    assert "too sure" not in finding.message


def test_e406_says_nothing_without_probabilities() -> None:
    assert unlike_chances(np.full(300, np.nan), np.arange(300) % 2 == 1, np.arange(300)) == 1


@pytest.mark.parametrize("wrong", [0, 10, 20, 40])
@pytest.mark.parametrize("unseen", [False, True])
def test_e407_is_fishers_test_of_each_subgroup(wrong: int, unseen: bool) -> None:
    truth = np.arange(400) % 2
    young = np.arange(400) < 100
    answers = np.where((np.arange(400) < wrong) | (np.arange(400) % 50 == 49), 1 - truth, truth)
    members = {"Age below 30": young, "Age from 30 on": ~young}
    given = {"answers": answers} if not unseen else {"answers": truth, "unseen": answers}
    found = evidence(answered(truth, tested=range(400), members=members, **given), "E407")
    table = [[(answers != truth)[rows].sum(), (answers == truth)[rows].sum()] for rows in (young, ~young)]
    p = min(1.0, 2 * min(fisher_exact(table, side).pvalue for side in ("less", "greater"))) * 2
    assert (found is not None) == (p < 0.0001 and wrong > 0)
    if found is not None:
        assert found["groups"] == ["Age below 30"]
        assert found["details"]["Age below 30"]["p_value"] == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize("trials", [1, 20, 1000])
@pytest.mark.parametrize("share", [0.01, 1 / 3, 0.9])
def test_the_binomial_tail_is_that_of_scipy(trials: int, share: float) -> None:
    for successes in {0, 1, trials // 3, trials}:
        assert binomial_tail(successes, trials, share) == pytest.approx(binom.cdf(successes, trials, share), rel=1e-9, abs=1e-300)


def doubtful(share: float, rival: float = 0.0) -> tuple[Evaluation, np.ndarray]:
    """Figures of 2,000 rows, and which of their labels were exchanged; ``rival`` is the second model's share of blind guesses."""
    random = np.random.default_rng(5)
    truth = random.integers(2, size=2000)
    certain = expit(2.5 * random.normal(size=2000) + 6.25 * (truth - 0.5))  # two normal classes, 2.5 standard deviations apart
    wrong = random.random(2000) < share
    given = np.where(wrong, 1 - truth, truth)
    first = np.column_stack([1 - certain, certain]).astype(np.float32)
    second = np.where(random.random((2000, 1)) < rival, 0.5, first)
    chances = {"logistic_regression": first, "random_forest": second}
    facts = answered(given, given, unseen=given)
    return replace(facts, unseen=replace(facts.unseen, chances=chances)), wrong


def test_e405_names_the_rows_and_is_gone_when_they_are_corrected() -> None:
    facts, wrong = doubtful(0.05)
    (doubt,) = find("E", facts, ["E401", "E402", "E403", "E404"])[-1:]
    assert doubt.code == "E405"
    rows = np.array(doubt.evidence["row_numbers"]) - 1
    assert doubt.evidence["rows"] == len(rows)
    assert wrong[rows].mean() > 0.6
    mended = facts.truth.copy()
    mended[rows] = 1 - mended[rows]
    assert evidence(replace(facts, truth=mended), "E405") is None


@pytest.mark.parametrize(("share", "rival"), [(0, 0), (0.08, 1), (0, 1)])
def test_e405_is_silent_of_right_labels_and_where_one_model_does_not_doubt_them(share: float, rival: float) -> None:
    assert evidence(doubtful(share, rival)[0], "E405") is None


def test_e405_is_silent_without_probabilities_of_rows_that_were_held_out() -> None:
    facts, _ = doubtful(0.08)
    assert evidence(replace(facts, unseen=replace(facts.unseen, chances={})), "E405") is None
    assert evidence(replace(facts, unseen=None), "E405") is None
