"""E402 to E404: figures that provoke them, with the evidence, and figures that do not."""

from types import SimpleNamespace

import pytest

from pipeline.findings import find
from pipeline.judge.baselines import FITTED
from pipeline.judge.standing import Standing


def evaluation(network: Standing, train: float | None = None, interval=(0.9, 1.0), **rivals: Standing) -> SimpleNamespace:
    names = ("majority", "ada_rule", *FITTED)
    return SimpleNamespace(
        standings={"network": network} | {name: rivals.get(name, Standing()) for name in names},
        test=SimpleNamespace(accuracy=network.test, interval=interval),
        several_classes=True,
        train=None if train is None else SimpleNamespace(accuracy=train),
    )


def evidence(facts: SimpleNamespace, code: str) -> dict | None:
    found = [each for each in find("E", facts, ()) if each.code == code]
    assert len(found) <= 1
    return found[0].evidence if found else None


OWN = Standing(test=0.95, test_interval=(0.9, 0.98), unseen=0.8, unseen_interval=(0.6, 0.95))


AHEAD, BEHIND = (0.01, 0.2), (-0.01, 0.2)


@pytest.mark.parametrize(
    ("rivals", "better", "best"),
    [
        ({}, None, None),
        ({"logistic_regression": Standing(test=0.95, unseen=0.8, unseen_lead=(0.0, 0.0), p=1.0)}, None, None),
        ({"random_forest": Standing(test=1.0, unseen=1.0, unseen_lead=AHEAD, p=0.001)}, None, None),  # not simple
        ({"decision_tree": Standing(test=0.97, p=0.013)}, None, None),  # 0.05 / 4 is the limit
        ({"majority": Standing(test=0.97, p=0.012)}, {"majority": {"test": 0.97, "unseen": None, "p": 0.012}}, "majority"),
        ({"ada_rule": Standing(test=0.7, unseen=0.9, unseen_lead=BEHIND, p=0.001)}, None, None),
        (
            {"ada_rule": Standing(test=0.7, unseen=0.9, unseen_lead=AHEAD, p=0.001)},
            {"ada_rule": {"test": None, "unseen": 0.9, "p": None}},
            "ada_rule",
        ),
        (
            {
                "majority": Standing(test=0.99, p=0.001),
                "logistic_regression": Standing(test=0.97, unseen=0.9, unseen_lead=AHEAD, p=0.2),
                "decision_tree": Standing(test=0.9, unseen=0.95, unseen_lead=BEHIND, p=0.2),
            },
            {
                "majority": {"test": 0.99, "unseen": None, "p": 0.001},
                "logistic_regression": {"test": None, "unseen": 0.9, "p": None},
            },
            "logistic_regression",
        ),
    ],
)
def test_e402_names_every_simple_baseline_whose_lead_chance_does_not_explain(
    rivals: dict, better: dict | None, best: str | None
) -> None:
    found = evidence(evaluation(OWN, **rivals), "E402")
    assert (found and found["baselines"]) == better
    assert (found and found["best"]) == best


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
    ("train", "interval", "fires"),
    [
        (1.0, (0.9, 0.98), True),
        (0.85, (0.9, 0.98), True),
        (0.99, (0.9, 0.98), False),  # outside, but near
        (1.0, (0.9, 1.0), False),  # far, but within what chance allows
        (None, (0.9, 0.98), False),
    ],
)
def test_e404_needs_distance_and_an_interval_that_excludes_it(train: float | None, interval: tuple, fires: bool) -> None:
    found = evidence(evaluation(OWN, train, interval), "E404")
    assert found == ({"train": train, "test": 0.95, "interval": list(interval)} if fires else None)
