"""E: what the accuracy is worth. Facts: the evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.findings.registry import Doubt, rule

if TYPE_CHECKING:
    from pipeline.judge.evaluate import Evaluation


@rule("E401", "error")
def no_better_than_majority(evaluation: Evaluation) -> Iterator[Doubt]:
    """No better than always naming the largest class.

    What: the test accuracy is not above that of a rule that looks at nothing and always names the class that is most
    frequent in training.

    Why it matters: with 63 % healthy patients, 63 % accuracy costs no network, and no patient is found by it.

    How it is tested: test accuracy <= accuracy of the largest training class on the same test rows.

    How to fix: look at the findings C, D and T first; a network that learns nothing often has its reason there. If not,
    more starts, more epochs, more rows, or other features.

    Source: the no-information rate, as in TRIPOD+AI (BMJ 2024) and usual practice.
    """
    majority = evaluation.baselines["majority"]
    if majority is not None and evaluation.test.accuracy <= majority:
        yield Doubt(
            f"test accuracy {evaluation.test.accuracy:.2%} is no better than always naming the largest class ({majority:.2%})",
            {"accuracy": evaluation.test.accuracy, "majority": majority},
            "look at the findings C, D and T; if none tells why, more starts, epochs or rows, or other features",
        )
