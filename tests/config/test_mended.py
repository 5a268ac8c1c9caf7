"""What a fix proposes goes with what held-out rows already chose."""

from typing import Any

import pytest

from pipeline.config.mended import simpler
from pipeline.config.schema import Config

DATA = {"path": "a.csv", "target": "Type", "codes": {"no": 0, "yes": 1}, "features": {"a": None}}


@pytest.mark.parametrize(
    ("l2", "hidden", "settings"),
    [
        ("auto", [3], "add more training rows"),
        ("auto", [16, 2], {"network.hidden": [3, 2]}),
        (0.0, [3], {"training.l2": 0.01}),
        (0.1, [16], {"training.l2": 1.0, "network.hidden": [3]}),
    ],
)
def test_a_penalty_that_was_chosen_is_not_replaced(l2: Any, hidden: list[int], settings: Any) -> None:
    config = Config.model_validate({"data": DATA, "training": {"l2": l2}, "network": {"hidden": hidden}})
    assert simpler(config) == settings
