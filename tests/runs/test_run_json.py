"""What a record must hold: every key of the typed summary, of its type, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.runs.run_json import seal, unseal

WRONG: dict[str, tuple[Any, ...]] = {
    "verdict": (None, "x", [1]),
    "network.layers": (None, 6, ["x"]),
    "accuracy.test_interval": (0.5, [0.5], [0.1, 0.2, 0.3], ["x", 1.0], [0.5, 2.0]),
    "accuracy.unseen_interval": (0.5, {"a": None}),
    "findings.0.message": (None, []),
    "metrics.test.confusion": (None, {"Normal": 1}, {"Normal": {"Normal": 0.5}}),
    "probabilities.macro_auc.value": ("x", [], True),
    "unseen.per_fold.0.rows": (None, "1", 1.5),
    "columns.Age.gaps": (None, "x"),
}


@pytest.mark.parametrize("key", WRONG)
def test_a_value_of_another_type_is_told_by_its_key(key: str, small_run: Path) -> None:
    record = json.loads((small_run / "models/latest/run.json").read_text())
    assert unseal(seal(record).encode()).run == record["run"]
    *parts, last = (int(each) if each.isdigit() else each for each in key.split("."))
    place: Any = record
    for part in parts:
        place = place[part]
    for value in WRONG[key]:
        place[last] = value
        with pytest.raises(ValueError, match=f'"{key}'):
            unseal(seal(record).encode())
    del place[last]
    with pytest.raises(ValueError, match=f'"{key}'):
        unseal(seal(record).encode())


def test_a_key_more_is_refused(small_run: Path) -> None:
    record = json.loads((small_run / "models/latest/run.json").read_text())
    record["accuracy"]["more"] = 0.5
    with pytest.raises(ValueError, match=r"accuracy\.more"):
        unseal(seal(record).encode())
