"""A fitted model as plain arrays, and back: the content of weights.npz."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.preprocess import Preprocessor
from pipeline.model import Model
from pipeline.network.decode import Coding
from pipeline.network.layers import Network

if TYPE_CHECKING:  # scoring does without them
    from pipeline.data.split import Rows, Split
    from pipeline.judge.evaluate import Yardsticks
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
        "seen": preprocessor.seen,
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


def model_of(arrays: dict[str, Any]) -> Model:
    """Return the model that ``to_arrays`` was given.

    Raises:
        KeyError: an array is missing.
    """
    softmax = bool(arrays["softmax"])
    weights = arrays["weights"][int(arrays["chosen"])]
    network = Network(tuple(arrays["sizes"].tolist()), tuple(arrays["slopes"].tolist()), softmax, weights)
    steps = {name: arrays[name] for name in ("lowest", "highest", "fill", "center", "scale", "seen")}
    preprocessor = Preprocessor(_text(arrays["features"]), **steps, mean=arrays.get("mean"), components=arrays.get("components"))
    spread = float(arrays["spread"]) if "spread" in arrays else None
    return Model(preprocessor, network, Coding(_text(arrays["classes"]), tuple(arrays["codes"].tolist()), softmax, spread))


def judged_of(arrays: dict[str, Any]) -> tuple[Trained, Split, Yardsticks]:
    """Return what judging the model needs besides it, as ``to_arrays`` was given it.

    Raises:
        KeyError: an array is missing.
    """
    from pipeline.data.split import Split
    from pipeline.judge.evaluate import Yardsticks
    from pipeline.judge.unseen import Unseen
    from pipeline.network.train import Trained

    chosen, unseen = int(arrays["chosen"]), None
    trained = Trained(arrays["weights"], arrays["initial"], arrays["loss_curves"], arrays["final_loss"], chosen)
    if "unseen_groups" in arrays:
        unseen = Unseen(arrays["unseen_groups"], arrays["unseen_folds"], _answers("unseen", arrays))
    counts = dict(zip(_text(arrays["counted_classes"]), arrays["class_counts"].tolist(), strict=True))
    yardsticks = Yardsticks(counts, _answers("baselines", arrays), unseen)
    return trained, Split(arrays["train_rows"], arrays["test_rows"]), yardsticks


def _text(array: Any) -> tuple[str, ...]:
    return tuple(array.tolist())


def _named(name: str, answers: dict[str, Rows]) -> dict[str, Any]:
    return {
        f"{name}_names": np.array(list(answers), dtype=str),
        f"{name}_answers": np.array(list(answers.values()), dtype=np.int64),
    }


def _answers(name: str, arrays: dict[str, Any]) -> dict[str, Rows]:
    return dict(zip(arrays[f"{name}_names"].tolist(), arrays[f"{name}_answers"], strict=True))
