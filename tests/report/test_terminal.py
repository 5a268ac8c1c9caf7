"""The table of models at every width of a terminal: no number is broken, and all of them are the summary's."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.network.recipe import PenaltyPath
from pipeline.report.terminal import show_summary
from pipeline.runs.summary import Summary

ROWS = {
    "the network": "network",
    "logistic regression": "logistic_regression",
    "a random forest": "random_forest",
    "scikit-learn's MLP": "mlp",
}


def shown(summary: Summary, width: int) -> list[str]:
    """Return the lines of the table."""
    console = Console(file=io.StringIO(), width=width)
    show_summary(console, summary)
    lines = console.file.getvalue().splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("accuracy "))
    return lines[first - 1 : next(place for place, line in enumerate(lines) if line.startswith("p: exact"))]


@pytest.mark.parametrize("width", [80, 90, 100, 119, 120, 140, 200])
def test_no_number_of_the_models_is_broken(width: int, small_run: Path) -> None:
    summary = Summary.model_validate_json((small_run / "train.json").read_text())
    lines = shown(summary, width)
    assert all(len(line) <= width for line in lines)
    assert "…" not in "".join(lines)
    for text, name in ROWS.items():
        (line,) = [line for line in lines if line.startswith(text)]
        standing = summary.comparison[name]
        worth, shares = standing.probabilities, [standing.test, standing.unseen]
        assert re.findall(r"\d+\.\d\d%", line)[-2:] == [f"{share:.2%}" for share in shares]
        assert line.split()[-3:] == [f"{figure:.3f}" for figure in (worth.log_loss, worth.brier, worth.macro_auc)]
        intervals = [f"{low:.1%} to {high:.1%}" for low, high in (standing.test_interval, standing.unseen_interval)]
        assert [ends in line for ends in intervals] == [width >= 120] * 2
    (rule,) = [line for line in lines if line.startswith("the ADA rule")]
    assert rule.split()[-3:] == ["-"] * 3


def test_a_choice_by_some_of_the_rows_says_so(small_run: Path) -> None:
    summary = Summary.model_validate_json((small_run / "train.json").read_text())
    path = PenaltyPath(0.03, (0.01, 0.03), (0.5, 0.4), (0.2, 0.1), summary.data.train, 64)

    def line(choice: PenaltyPath) -> str:
        console = Console(file=io.StringIO(), width=200)
        show_summary(console, summary.model_copy(update={"choice": choice}))
        return next(line for line in console.file.getvalue().splitlines() if "penalties" in line)

    assert line(path) == "Of 2 penalties, l2 = 0.03 suits held-out training rows best."
    assert line(replace(path, rows=5)) == "Of 2 penalties, l2 = 0.03 suits held-out training rows best, of which 5 were drawn."
