"""Settings that several fixes ask for, made to go with the rest of a config."""

from typing import Any

from pipeline.config.remedy import OUT, Settings, Step
from pipeline.config.schema import Config, NetworkSection, SplitSection, TrainingSection

_HALF = 0.5  # of the rows are tested; with more of them, few are left to learn from
_WIDTH = 8  # of a hidden layer that is to find more


def softmax(config: Config) -> Settings | str:
    """Return the settings for one output a class."""
    alpha, settings = config.network.alpha, dict[str, Any]({"network.output": "softmax"})
    if config.training.loss in ("binary_crossentropy", "ordinal"):
        settings["training.loss"] = "auto"
    if isinstance(alpha, tuple):  # the output layer has no slope any more
        settings["network.alpha"] = list(alpha[:-1]) or OUT
    elif not config.network.hidden and "alpha" in config.network.model_fields_set:
        settings["network.alpha"] = OUT
    return settings


def stronger(config: Config) -> Settings:
    """Return the settings of a training that finds more: the default recipe, or a wider layer, or twice the epochs."""
    training, default = config.training, TrainingSection()
    settings: dict[str, Any] = {
        f"training.{name}": "auto"
        for name, usual in (("starts", 64), ("epochs", 300))
        if (given := getattr(training, name)) != "auto" and given < usual
    }
    settings |= {
        f"training.{name}": getattr(default, name)
        for name in ("learning_rate", "l2")
        if getattr(training, name) != getattr(default, name)
    }
    if config.preprocess.scale is None:
        settings["preprocess.scale"] = "standard"
    least = sum(NetworkSection().hidden) if settings else _WIDTH
    if sum(config.network.hidden) < least and not isinstance(config.network.alpha, tuple):
        settings["network.hidden"] = [_WIDTH]
    return settings or {"training.epochs": 600 if training.epochs == "auto" else 2 * training.epochs}


FIND_MORE: tuple[Step, list[Step]] = (stronger, ["add features that tell the classes apart", stronger])
"""A fix where a network finds less than there is to find."""


def by_profile(config: Config) -> Settings:
    """Return the settings that keep equal rows on one side of the split: equal in a profile's columns, or in every feature."""
    columns = config.evaluation.profile or config.data.features
    return {"split.group_by": list(columns)} | ({"split.stratify": False} if config.split.stratify else {})


def simpler(config: Config) -> Settings | str:
    """Return the settings of a network that learns less by heart; a penalty that held-out rows chose stays."""
    narrow, hidden, penalty = NetworkSection().hidden[0], list(config.network.hidden), config.training.l2
    settings: dict[str, Any] = {} if penalty == "auto" else {"training.l2": max(0.01, 10 * penalty)}
    if max([0, *hidden]) > narrow:
        settings["network.hidden"] = [min(narrow, width) for width in hidden]
    return settings or "add more training rows"


def surer(config: Config) -> Settings | str:
    """Return what makes probabilities mean more: rows to learn from, a penalty that suits them, or one output a class."""
    if config.split.test_size > _HALF:
        return {"split.test_size": SplitSection().test_size}
    if config.training.l2 != "auto":
        return {"training.l2": "auto"}
    return softmax(config) if config.network.output == "code" else "add as many training rows again"


def another_split(config: Config) -> Settings:
    """Return the settings of a split whose parts are more alike, or of another one."""
    fixed = config.split.stratify or config.split.group_by
    return {"split.seed": config.split.seed + 1} if fixed else {"split.stratify": True}
