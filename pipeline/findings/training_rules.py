"""T: what the training did. Facts: the weights before and after, the losses and the answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.findings.registry import Doubt, rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import Config
    from pipeline.network.train import Trained


@dataclass(frozen=True)
class TrainingFacts:
    """What the T rules read.

    Attributes:
        trained: weights of every start before and after, losses, the chosen start.
        answers: class index of every row that was scored, -1 for no class.
        config: what was asked for.
    """

    trained: Trained
    answers: NDArray[np.int64]
    config: Config


@rule("T301", "error")
def not_finite(facts: TrainingFacts) -> Iterator[Doubt]:
    """Loss or weights are not finite.

    What: the chosen network's final training loss or one of its weights is NaN or infinite.

    Why it matters: every output is then NaN, which is no class. Keras's accuracy still shows a figure: NaN > 0.5 is false,
    so every row counts as class 0 and the accuracy is the share of that class. That is all the article's result was.

    How it is tested: the weights and the loss of the start with the lowest loss; no start is finite when it is not.

    How to fix: fill missing values (`--set preprocess.impute=median`), scale the inputs
    (`--set preprocess.scale=standard`), or lower `training.learning_rate`.

    Source: IEEE 754 arithmetic.
    """
    trained = facts.trained
    weights = trained.weights[trained.chosen]
    loss = float(trained.final_loss[trained.chosen])
    bad = int((~np.isfinite(weights)).sum())
    if bad or not np.isfinite(loss):
        finite = int(np.isfinite(trained.final_loss).sum())
        yield Doubt(
            f"the training loss is {loss:g} and {bad} of {weights.size} weights are not finite: the network answers nothing",
            {"loss": loss if np.isfinite(loss) else None, "weights": bad, "of": int(weights.size), "finite_starts": finite},
            _steadier(facts.config),
        )


@rule("T302", "error")
def weights_did_not_move(facts: TrainingFacts) -> Iterator[Doubt]:
    """The weights did not move.

    What: after training every weight has exactly the value it was drawn with.

    Why it matters: nothing was learnt. The accuracy is that of random weights and changes with the seed.

    How it is tested: the chosen start's weights equal its initial weights to the last bit.

    How to fix: a loss with a gradient: `--set training.loss=squared_error`; see C101.

    Source: gradient descent: a zero gradient leaves the weights as they are.
    """
    trained = facts.trained
    if np.array_equal(trained.weights[trained.chosen], trained.initial[trained.chosen]):
        size = int(trained.initial.shape[1])
        yield Doubt(
            f"all {size} weights are exactly as they were drawn: training changed nothing",
            {"weights": size, "moved": 0},
            "--set training.loss=squared_error"
            if facts.config.training.loss != "squared_error"
            else "a higher training.learning_rate, or more training.epochs",
        )


@rule("T303", "error")
def one_answer(facts: TrainingFacts) -> Iterator[Doubt]:
    """Every row got the same class.

    What: the network gives one and the same answer whatever the patient's values (or, with NaN, no answer to any).

    Why it matters: its accuracy is the share of that class, which depends on who was sampled and not on the network.

    How it is tested: the decoded answers of all rows that were scored.

    How to fix: look at T301 and T302 first; then more starts (`--set training.starts=1024`), more epochs, or a smaller
    learning rate.

    Source: a constant function carries no information about its argument.
    """
    answers = np.unique(facts.answers)
    if len(answers) == 1:
        answer = list(facts.config.data.codes)[answers[0]] if answers[0] >= 0 else None
        named = f'the same answer, "{answer}"' if answer else "no answer"
        yield Doubt(
            f"each of the {facts.answers.size} rows got {named}",
            {"class": answer, "rows": int(facts.answers.size)},
            "see T301 and T302; else --set training.starts=1024, more epochs, or a smaller learning rate",
        )


def _steadier(config: Config) -> str:
    """Return the settings that keep numbers finite and are not set yet."""
    settings = [] if config.preprocess.impute else ["--set preprocess.impute=median"]
    settings += [] if config.preprocess.scale else ["--set preprocess.scale=standard"]
    return ", ".join(settings) or f"a training.learning_rate below {config.training.learning_rate:g}"
