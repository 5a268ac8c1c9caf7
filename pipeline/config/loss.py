"""Which loss goes with which output."""

from pipeline.config.schema import Loss, NetworkSection, TrainingSection


def chosen_loss(network: NetworkSection, training: TrainingSection) -> Loss:
    """Return the loss that "auto" stands for: the one made for the kind of output."""
    if training.loss != "auto":
        return training.loss
    return "categorical_crossentropy" if network.output == "softmax" else "ordinal"


def mismatch(network: NetworkSection, training: TrainingSection) -> str:
    """Return why the loss does not go with the output, or an empty text. A loss that cannot learn is finding C101."""
    if network.output == "softmax" and training.loss in ("binary_crossentropy", "ordinal"):
        return f"{training.loss} is for a single output; with softmax use auto, categorical_crossentropy or squared_error"
    return ""
