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
        train=None if train is None else SimpleNamespace(accuracy=train),
    )


def evidence(facts: SimpleNamespace, code: str) -> dict | None:
    found = [each for each in find("E", facts, ()) if each.code == code]
    assert len(found) <= 1
    return found[0].evidence if found else None


OWN = Standing(test=0.95, test_interval=(0.9, 0.98), unseen=0.8, unseen_interval=(0.6, 0.95))


@pytest.mark.parametrize(
    ("rivals", "better"),
    [
        ({}, None),
        ({"logistic_regression": Standing(test=0.95, unseen=0.8, p=1.0)}, None),
        ({"random_forest": Standing(test=1.0, unseen=1.0, p=0.01)}, None),  # not simple
        ({"decision_tree": Standing(test=0.96, unseen=0.7, p=0.5)}, {"decision_tree": {"test": 0.96, "unseen": None, "p": 0.5}}),
        ({"ada_rule": Standing(test=0.7, unseen=0.81, p=0.01)}, {"ada_rule": {"test": None, "unseen": 0.81, "p": None}}),
        (
            {"majority": Standing(test=0.96, p=0.4), "logistic_regression": Standing(test=0.97, unseen=0.9, p=0.2)},
            {
                "majority": {"test": 0.96, "unseen": None, "p": 0.4},
                "logistic_regression": {"test": 0.97, "unseen": 0.9, "p": 0.2},
            },
        ),
    ],
)
def test_e402_names_every_simple_baseline_that_is_above_the_network(rivals: dict, better: dict | None) -> None:
    found = evidence(evaluation(OWN, **rivals), "E402")
    assert (found and found["baselines"]) == better


def test_e402_says_nothing_of_unseen_profiles_that_the_network_was_not_tried_on() -> None:
    assert evidence(evaluation(Standing(test=0.95), logistic_regression=Standing(test=0.9, unseen=0.99, p=0.1)), "E402") is None


@pytest.mark.parametrize(
    ("unseen", "fires"), [(0.8, True), (0.9, True), (0.91, False), (0.95, False), (1.0, False), (None, False)]
)
def test_e403_fires_from_five_points_on(unseen: float | None, fires: bool) -> None:
    own = Standing(test=0.95, unseen=unseen, unseen_interval=None if unseen is None else (0.6, 0.99))
    found = evidence(evaluation(own), "E403")
    assert found == ({"unseen": unseen, "interval": [0.6, 0.99], "test": 0.95} if fires else None)


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
