"""A fitted model as plain arrays, and back: the content of weights.npz."""

from typing import Any

import numpy as np

from pipeline.data.preprocess import Preprocessor
from pipeline.data.split import Rows, Split
from pipeline.judge.evaluate import Yardsticks
from pipeline.judge.unseen import Unseen
from pipeline.model import Model
from pipeline.network.decode import Coding
from pipeline.network.layers import Network
from pipeline.network.train import Trained


def to_arrays(model: Model, trained: Trained, split: Split, yardsticks: Yardsticks) -> dict[str, Any]:
    """Return everything that scoring and judging need as named plain arrays, text as fixed-width unicode."""
    preprocessor, network, coding = model.preprocessor, model.network, model.coding
    arrays = {
        "sizes": network.sizes,
        "slopes": network.slopes,
        "softmax": network.softmax,
        "weights": trained.weights,
        "initial": trained.initial,
        "loss_curves": trained.loss_curves,
        "final_loss": trained.final_loss,
        "chosen": trained.chosen,
        "classes": coding.classes,
        "codes": coding.codes,
        "spread": coding.spread,
        "features": preprocessor.features,
        "lowest": preprocessor.lowest,
        "highest": preprocessor.highest,
        "fill": preprocessor.fill,
        "center": preprocessor.center,
        "scale": preprocessor.scale,
        "mean": preprocessor.mean,
        "components": preprocessor.components,
        "train_rows": split.train,
        "test_rows": split.test,
        "counted_classes": list(yardsticks.counts),
        "class_counts": list(yardsticks.counts.values()),
    }
    arrays |= _named("baselines", yardsticks.test)
    if yardsticks.unseen:
        arrays |= {"unseen_groups": yardsticks.unseen.groups, "unseen_folds": yardsticks.unseen.folds}
        arrays |= _named("unseen", yardsticks.unseen.answers)
    return {name: np.asarray(value) for name, value in arrays.items() if value is not None}


def from_arrays(arrays: dict[str, Any]) -> tuple[Model, Trained, Split, Yardsticks]:
    """Return what ``to_arrays`` was given.

    Raises:
        KeyError: an array is missing.
    """

    def text(name: str) -> tuple[str, ...]:
        return tuple(arrays[name].tolist())

    chosen = int(arrays["chosen"])
    trained = Trained(arrays["weights"], arrays["initial"], arrays["loss_curves"], arrays["final_loss"], chosen)
    softmax = bool(arrays["softmax"])
    network = Network(tuple(arrays["sizes"].tolist()), tuple(arrays["slopes"].tolist()), softmax, trained.weights[chosen])
    steps: dict[str, Any] = {
        name: arrays.get(name) for name in ("lowest", "highest", "fill", "center", "scale", "mean", "components")
    }
    preprocessor = Preprocessor(text("features"), **steps)
    spread = float(arrays["spread"]) if "spread" in arrays else None
    model = Model(preprocessor, network, Coding(text("classes"), tuple(arrays["codes"].tolist()), softmax, spread))
    unseen = None
    if "unseen_groups" in arrays:
        unseen = Unseen(arrays["unseen_groups"], arrays["unseen_folds"], _answers("unseen", arrays))
    counts = dict(zip(text("counted_classes"), arrays["class_counts"].tolist(), strict=True))
    yardsticks = Yardsticks(counts, _answers("baselines", arrays), unseen)
    return model, trained, Split(arrays["train_rows"], arrays["test_rows"]), yardsticks


def _named(name: str, answers: dict[str, Rows]) -> dict[str, Any]:
    return {
        f"{name}_names": np.array(list(answers), dtype=str),
        f"{name}_answers": np.array(list(answers.values()), dtype=np.int64),
    }


def _answers(name: str, arrays: dict[str, Any]) -> dict[str, Rows]:
    return dict(zip(arrays[f"{name}_names"].tolist(), arrays[f"{name}_answers"], strict=True))
