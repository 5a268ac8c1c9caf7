"""C: what is wrong before any data are read. Facts: the config."""

from collections.abc import Iterator

from pipeline.config.loss import chosen_loss
from pipeline.config.mended import softmax
from pipeline.config.remedy import Settings
from pipeline.config.schema import Config
from pipeline.errors import listing, listing_or_count
from pipeline.findings.finding import Doubt
from pipeline.network.recipe import crossed


def loss_cannot_learn(config: Config) -> Iterator[Doubt]:
    """The loss cannot learn: it is the same whatever the outputs are.

    What: the loss is a constant. Categorical cross-entropy first divides the outputs of a row by their sum, so a single output
        always becomes 1. The ordinal loss looks at the midpoints between neighbouring class codes, and punishes an output on
        the wrong side of one. With slope 0 no output is negative; if no midpoint is above 0, nothing is ever punished.
    Why it matters: nothing is learnt, because the gradient is exactly zero. The weights stay as they were drawn, and the
        accuracy is that of random weights. Keras prints a SyntaxWarning and trains on.
    How it is tested: by the config alone. It says `training.loss: categorical_crossentropy` with `network.output: code`; or the
        ordinal loss with an output slope of 0 and class codes of which no two neighbours have their midpoint above 0.
    How to fix: `--set training.loss=squared_error` or `--set network.output=softmax`; if the loss is ordinal, `--set
        network.alpha=0.05`.
    Source: Keras, keras.losses.CategoricalCrossentropy (one-hot labels, one output for each class).
    """
    fix: Settings = {"training.loss": "squared_error"}
    loss = chosen_loss(config.network, config.training)
    if config.network.output == "code" and loss == "categorical_crossentropy":
        message = "categorical cross-entropy on one output is a constant: its gradient is exactly 0, so nothing is learnt"
    elif loss == "ordinal" and not len(crossed([*config.data.codes.values()], config.network.slopes()[-1])):
        slope, fix = config.network.slopes()[-1], {"network.alpha": 0.05}
        message = f"at slope {slope:g} the ordinal loss is a constant: no output crosses a middle between two codes"
    else:
        return
    yield Doubt(message, {"loss": loss, "outputs": 1}, (fix, softmax(config)))


def class_unreachable(config: Config) -> Iterator[Doubt]:
    """A class can never be predicted: no output reaches its class code.

    What: the output is never negative, so no class with a negative class code is predicted. The output passes through Leaky
        ReLU, which gives nothing below 0 at slope 0.
    Why it matters: every row of that class is wrong. This, and not negative inputs, is why the askpython.com article on Leaky
        ReLU needs it.
    How it is tested: by the config alone. The slope of the output layer is 0, a class code is below 0, and another class code
        is nearer to 0.
    How to fix: `--set network.alpha=0.05`, or class codes that are all 0 or more, or `--set network.output=softmax`.
    Source: the definition of the function: f(x) = x for x > 0, slope * x otherwise (Maas, Hannun and Ng, 2013).
    """
    codes = config.data.codes
    lowest = min(codes, key=lambda name: abs(codes[name]))  # the answer to an output of 0, the lowest there is
    lost = {name: code for name, code in codes.items() if code < 0 and name != lowest}
    if config.network.output == "code" and config.network.slopes()[-1] == 0 and lost:
        yield Doubt(
            f"{listing_or_count([*lost], 'class')} can never be predicted: the output slope is 0 (ReLU), so the "
            f"output is never negative and never near the class code of {listing(lost)}",
            {"classes": lost, "slope": 0.0},
            ({"network.alpha": 0.05}, softmax(config)),
        )


def keras_accuracy_miscounts(config: Config) -> Iterator[Doubt]:
    """Keras's own accuracy never counts a class not coded 0 or 1.

    What: Keras compares a single output with 0.5 and predicts 0 or 1, never -1. This is what `metrics=["accuracy"]` does.
    Why it matters: the accuracy that Keras prints is too low for a network that works. For a network whose output is NaN it is
        the share of the rows coded 0, which looks like a result.
    How it is tested: by the config alone: `network.output: code` with a class code other than 0 and 1. It is a warning where
        `training.engine` is `keras`, which prints that accuracy; otherwise it is a note.
    How to fix: read the accuracy in the table, where the nearest class code decides (`accuracy` in JSON), and not Keras's own
        (`keras_accuracy`); or `--set network.output=softmax`.
    Source: Keras, keras.metrics.BinaryAccuracy (threshold 0.5).
    """
    others = {name: code for name, code in config.data.codes.items() if code not in (0, 1)}
    if config.network.output == "code" and others:
        yield Doubt(
            f"Keras's accuracy never counts {listing_or_count([*others], 'class', 20)} as correct: it compares the output with "
            f"0.5 and predicts 0 or 1, never the class code of {listing(others)}",
            {"classes": others},
            (softmax(config), "read `accuracy`, where the nearest code decides"),
            None if config.training.engine == "keras" else "info",
        )


def labels_outside_domain(config: Config) -> Iterator[Doubt]:
    """Class codes that the loss cannot take.

    What: cross-entropy takes labels from 0 to 1, because it takes them as probabilities. The labels of a single output are the
        class codes, and one of them is outside.
    Why it matters: a lower loss no longer means a better network. With a label of -1 the loss can fall without end.
    How it is tested: by the config alone: a cross-entropy loss, `network.output: code`, and a class code outside [0, 1].
    How to fix: `--set training.loss=squared_error`, or `--set network.output=softmax`, whose labels are 0 and 1.
    Source: Keras, keras.losses.BinaryCrossentropy and CategoricalCrossentropy.
    """
    outside = {name: code for name, code in config.data.codes.items() if not 0 <= code <= 1}
    if config.network.output == "code" and config.training.loss.endswith("crossentropy") and outside:
        yield Doubt(
            f"{config.training.loss} cannot take every class code: it takes 0 to 1, and that of {listing(outside)} is outside",
            {"classes": outside, "loss": config.training.loss},
            ({"training.loss": "squared_error"}, softmax(config)),
        )
