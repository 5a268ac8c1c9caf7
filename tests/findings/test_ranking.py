"""Rare classes: probabilities that rank rows although none is predicted to be one; scikit-learn and SciPy are the oracle."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score

from pipeline.config.read import load_config
from pipeline.config.remedy import Call
from pipeline.findings.ranking import areas_of_rare, by_probability
from pipeline.findings.registry import find
from pipeline.findings.training_rules import TrainingFacts
from pipeline.judge.evaluate import Evaluation
from tests.findings.test_evaluation_rules import answered

ROWS = 4000


def rare(seed: int, slope: float, copies: int = 1, steeper: float = 1.0) -> Evaluation:
    """Figures of a class of about 3 %, with the very probabilities that decided it, if they are not ``steeper``."""
    random = np.random.default_rng(seed)
    logit = -3.6 + slope * random.normal(size=ROWS // copies)
    truth = np.repeat(random.random(len(logit)) < expit(logit), copies).astype(int)
    chance = np.repeat(expit(-3.6 + steeper * (logit + 3.6)), copies)
    facts = answered(truth, np.zeros(len(truth), dtype=int), tested=np.arange(len(truth)))
    return replace(facts, chances=np.column_stack([1 - chance, chance]), together=np.arange(len(truth)) // copies)


def test_the_area_is_scikit_learns_and_the_finding_says_to_use_the_probability() -> None:
    facts = rare(1, 0.9)
    area = roc_auc_score(facts.truth, facts.chances[:, 1])
    assert areas_of_rare(facts) == {"b": pytest.approx(area)}
    for code in ("E401", "E408"):
        (finding,) = [each for each in find("E", facts, ()) if each.code == code]
        assert f'but the probabilities tell rows apart: that of "b" has AUC {area:.3f}' in finding.message
        assert 'use the probability of "b", which predict writes, with a limit of your own' in finding.fix


def test_the_command_accepts_what_follows_and_keeps_what_was_accepted() -> None:
    config = load_config("configs/default.yaml", ["findings.accept=[D204]"])
    steps = by_probability({"b": 0.7}, "T303", "E401")
    told = Call(config=config, program="pipeline", settings=("findings.accept=[D204]",)).told(steps)
    assert told.endswith("pipeline train --set 'findings.accept=[D204, T303, E401]'")


def test_what_is_accepted_is_not_accepted_again() -> None:
    config = load_config("configs/default.yaml", ["findings.accept=[T303, E401]"])
    for codes in ((), ("E401", "T303")):
        told = Call(config=config).told(by_probability({"b": 0.7}, *codes))
        assert told == 'use the probability of "b", which predict writes, with a limit of your own'


def test_one_answer_to_all_rows_says_so_too() -> None:
    facts: Any = TrainingFacts(None, np.zeros(9, int), [], np.ones(0), load_config("configs/default.yaml"), None, {"Type1": 0.7})  # type: ignore[arg-type]
    (finding,) = [each for each in find_one(facts) if "same predicted class" in each.message]
    assert 'that of "Type1" has AUC 0.700' in finding.message
    assert isinstance(finding.fix, list)


def find_one(facts: TrainingFacts) -> list[Any]:
    from pipeline.findings.training_rules import one_answer

    return [*one_answer(facts)]


def test_nothing_is_said_of_chances_that_tell_nothing_or_are_wrong_or_where_the_class_is_found() -> None:
    assert areas_of_rare(rare(2, 0.9, steeper=3.0)) == {}
    found = rare(1, 0.9)
    assert areas_of_rare(replace(found, answers=found.truth)) == {}
    others = SimpleNamespace(answers={"network": found.answers, "forest": found.truth}, chances={"network": found.chances})
    others.groups = found.together
    assert areas_of_rare(replace(found, unseen=others)) == {}
    others.answers["forest"] = np.where(np.arange(ROWS) % 4 == 0, found.truth, 0)
    assert areas_of_rare(replace(found, unseen=others)).keys() == {"b"}
    said = 0
    for seed in range(400):  # the chances rank nothing: another order than that of the rows
        facts = rare(seed, 0.3)
        facts = replace(facts, chances=np.random.default_rng(seed).permutation(facts.chances))
        said += bool(areas_of_rare(facts))
    assert said <= 3


def test_of_a_group_one_row_counts() -> None:
    seen = []
    for seed in range(60):
        one, many = rare(seed, 0.35), rare(seed, 0.35, copies=8)
        p = mannwhitneyu(*(one.chances[one.truth == side, 1] for side in (1, 0)), alternative="greater").pvalue
        assert bool(areas_of_rare(one)) == (p < 0.001) or 0.0003 < p < 0.003  # ties, and the calibration that E406 tests
        seen.append((bool(areas_of_rare(one)), bool(areas_of_rare(many))))
    alone, grouped = np.mean(seen, axis=0)
    assert grouped < alone
    said = 0
    for seed in range(100):  # the chances of groups rank nothing, but their copies are many
        facts, order = rare(seed, 0.3, copies=8), np.random.default_rng(seed).permutation(ROWS // 8)
        said += bool(areas_of_rare(replace(facts, chances=np.repeat(facts.chances[::8][order], 8, axis=0))))
    assert said <= 2
