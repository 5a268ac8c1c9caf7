"""T: what the training did. Facts: the weights before and after, the losses and the answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.config.mended import stronger
from pipeline.config.remedy import Settings
from pipeline.config.schema import Config, TrainingSection
from pipeline.errors import listing
from pipeline.findings.finding import Doubt
from pipeline.findings.ranking import by_probability, told_apart
from pipeline.machine.arrays import Floats, Integers
from pipeline.network.train import Trained

_AGREEMENT = 0.9  # share of the rows on which the median start must agree with the chosen one


@dataclass(frozen=True)
class TrainingFacts:
    """What the T rules read.

    Attributes:
        answers: class index of every row that was scored, -1 for no class; none where these are of a single class.
        dead: as in ``Network.dead_units``, for the training rows; empty on another file.
        agreement: (S,) share of the training rows that each start answers like the chosen one; empty on another file.
        extreme: a training value that lies so far out that it may be what overflows.
        areas: as ``areas_of_rare`` returns them.
    """

    trained: Trained
    answers: Integers
    dead: list[tuple[int, ...]]
    agreement: Floats
    config: Config
    extreme: Doubt | None = None
    areas: Mapping[str, float] = field(default_factory=dict)


def not_finite(facts: TrainingFacts) -> Iterator[Doubt]:
    """The training broke down: its loss or a weight is not finite.

    What: the training loss or a weight of the chosen network is NaN ("not a number") or infinite.
    Why it matters: every output is then NaN, so no class is predicted. Keras's accuracy still shows a figure: NaN > 0.5 is
        false, so it is the share of class 0. The result of the askpython.com article on Leaky ReLU was nothing else.
    How it is tested: by the weights and the loss of the start with the lowest loss. If a training value lies a million times
        as far from its column's median as half of the values do, it is named.
    How to fix: give the column of an impossible value its `range`; fill missing values (`--set preprocess.impute=median`),
        scale the inputs (`--set preprocess.scale=standard`), or lower `training.learning_rate`.
    Source: IEEE 754 arithmetic.
    """
    trained = facts.trained
    weights, loss = trained.weights[trained.chosen], float(trained.final_loss[trained.chosen])
    bad = int((~np.isfinite(weights)).sum())
    if bad or not np.isfinite(loss):
        finite, extreme = int(np.isfinite(trained.final_loss).sum()), facts.extreme
        yield Doubt(
            f"{bad:,} of {weights.size:,} weights are not finite: the training loss is {loss:g}, the network predicts no class"
            + (f"; {extreme.message}" if extreme else ""),
            {"loss": loss if np.isfinite(loss) else None, "weights": bad, "of": int(weights.size), "finite_starts": finite}
            | (extreme.evidence if extreme else {}),
            extreme.fix if extreme else _steadier(facts.config),
        )


def weights_did_not_move(facts: TrainingFacts) -> Iterator[Doubt]:
    """Training changed no weight.

    What: after training every weight has exactly the value it was drawn with.
    Why it matters: nothing was learnt. The accuracy is that of random weights and changes with the seed.
    How it is tested: the weights of the chosen start equal its initial weights to the last bit.
    How to fix: a loss with a gradient: `--set training.loss=auto`; see C101.
    Source: gradient descent: a zero gradient leaves the weights as they are.
    """
    trained = facts.trained
    if np.array_equal(trained.weights[trained.chosen], trained.initial[trained.chosen]):
        size = int(trained.initial.shape[1])
        yield Doubt(
            f"training changed none of the {size:,} weights: each is exactly as it was drawn",
            {"weights": size, "moved": 0},
            {"training.loss": "auto"} if facts.config.training.loss.endswith("crossentropy") else stronger(facts.config),
        )


def one_answer(facts: TrainingFacts) -> Iterator[Doubt]:
    """Every row got the same class.

    What: the network predicts one and the same class whatever the patient's values (or, with NaN, none at all).
    Why it matters: its accuracy is the share of that class, which depends on who was sampled and not on the network.
    How it is tested: by the predicted classes of all rows that were scored, where these rows are of more than one class.
    How to fix: look at T301 and T302 first; then use the default training settings, a wider layer, or more epochs.
        Where the probabilities of a rare class are right and rank the rows, use them, with a limit of your own.
    Source: a constant function carries no information about its argument.
    """
    answers = np.unique(facts.answers)
    if len(answers) == 1:
        answer = list(facts.config.data.codes)[answers[0]] if answers[0] >= 0 else None
        yield Doubt(
            f"all {facts.answers.size:,} rows get the same predicted class: {listing([answer]) if answer else 'none'}"
            + told_apart(facts.areas),
            {"class": answer, "rows": int(facts.answers.size)},
            by_probability(facts.areas, "T303", "E401") if facts.areas else stronger(facts.config),
        )


def dead_hidden_units(facts: TrainingFacts) -> Iterator[Doubt]:
    """Dead hidden units: they give the same for every row.

    What: a hidden unit that gives the same value for every row. With slope 0 (ReLU) it gives 0 where what comes in is never
        above 0; its gradient is 0, and no further training wakes it.
    Why it matters: the network is smaller than it looks. With a slope above 0 the gradient never vanishes.
    How it is tested: by what each unit of the chosen network gives for the training rows, in the precision of the weights.
    How to fix: `--set network.alpha=0.05`, a smaller learning rate, or more starts, of which the best is kept.
    Source: Maas, Hannun and Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models" (2013).
    """
    units = {f"layer {number}": list(dead) for number, dead in enumerate(facts.dead, 1) if dead}
    if units and np.isfinite(facts.trained.weights[facts.trained.chosen]).all():
        count, of = sum(map(len, units.values())), sum(facts.config.network.hidden)
        listed = "; ".join(f"{layer}: {', '.join(map(str, dead))}" for layer, dead in units.items())
        yield Doubt(
            f"{count} of {of} hidden units {'is' if count == 1 else 'are'} dead: the same for every row ({listed}), so that the "
            "network is smaller than it looks",
            {"units": units, "dead": count, "of": of},
            {"network.alpha": 0.05} if 0 in facts.config.network.slopes() else stronger(facts.config),
        )


def starts_disagree(facts: TrainingFacts) -> Iterator[Doubt]:
    """The starts disagree: other first weights, other predicted classes.

    What: networks that differ only in the random weights they began with predict different classes for the same training rows.
    Why it matters: the figure is that of the luckiest of many draws. Who trains once gets another, most likely a worse one.
    How it is tested: each start's predicted classes of the training rows are compared with those of the chosen start; half of
        the starts agree with it on fewer than 90% of the rows.
    How to fix: the default training settings, a wider layer (`--set 'network.hidden=[8]'`), or more epochs; keep many starts.
    Source: D'Amour et al., "Underspecification Presents Challenges for Credibility in Modern Machine Learning" (2022).
    """
    starts = len(facts.agreement)
    median = float(np.median(facts.agreement)) if starts > 1 else 1.0
    if median < _AGREEMENT:
        yield Doubt(
            f"the {starts} starts disagree: half of them agree with the chosen one on {median:.1%} of the rows at most: the "
            "result depends on the random initial weights",
            {"starts": starts, "median_agreement": median},
            stronger(facts.config),
        )


def _steadier(config: Config) -> Settings:
    """Return the settings that keep numbers finite and are not set yet."""
    settings: dict[str, Any] = {} if config.preprocess.impute else {"preprocess.impute": "median"}
    settings |= {} if config.preprocess.scale else {"preprocess.scale": "standard"}
    rate, usual = config.training.learning_rate, TrainingSection().learning_rate
    settings |= {"training.learning_rate": usual} if rate > usual else {}
    return settings or {"training.learning_rate": rate / 10}
