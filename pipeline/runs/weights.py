"""A fitted model as plain arrays, and back: the content of weights.npz."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.schema import Config
from pipeline.data.preprocess import Preprocessor
from pipeline.machine.arrays import Integers
from pipeline.model import Model
from pipeline.network.coding import Coding
from pipeline.network.layers import Network, layer_sizes, parameters

if TYPE_CHECKING:  # scoring does without them
    from pipeline.data.split import Split
    from pipeline.judge.rivals import Yardsticks
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


def check_arrays(arrays: dict[str, Any], config: Config, rows: int) -> None:
    """Make sure that arrays fit one another, the config and the number of rows, so that whatever uses them can rely on it.

    Raises:
        KeyError: an array is missing.
        ValueError: the first array that does not fit, with what it must be.
    """
    data, network, must = config.data, config.network, _Must(arrays)
    features, width = list(data.features), config.preprocess.pca
    if width:
        must("mean", np.float64, (len(features),))
        must("components", np.float64, (width, len(features)))
    names = must("classes", np.str_, (None,), lambda each: set(each.tolist()) <= data.codes.keys() and _distinct(each)).tolist()
    sizes = layer_sizes(width or len(features), network, len(names))
    wanted: dict[str, tuple[type, Any]] = {
        "sizes": (np.int64, sizes),
        "slopes": (np.float64, network.slopes()),
        "softmax": (np.bool_, network.output == "softmax"),
        "codes": (np.float64, [data.codes[name] for name in names]),
        "features": (np.str_, features),
    }
    for name, (kind, value) in wanted.items():
        must(name, kind, np.shape(value), partial(np.array_equal, value))
    starts = len(must("final_loss", np.float64, (None,)))
    must("weights", np.float32, (starts, parameters(sizes)))
    must("initial", np.float32, (starts, parameters(sizes)))
    must("loss_curves", np.float32, (None, starts))
    must("chosen", np.int64, (), lambda each: 0 <= each < starts)
    if "spread" in arrays:
        must("spread", np.float64, (), lambda each: 0 < each < np.inf)
    for name in ("fill", "center", "scale"):
        must(name, np.float64, (len(features),))
    for name, shape in (("lowest", (len(features),)), ("highest", (len(features),)), ("seen", (2, len(features)))):
        must(name, np.float64, shape, lambda each: not np.isnan(each).any())
    _check_judged(must, set(data.codes), rows, config.evaluation.unseen is not None)


def _check_judged(must: _Must, classes: set[str], rows: int, unseen: bool) -> None:
    def below(limit: int, least: int = 0) -> Callable[[Any], Any]:
        return lambda each: ((each >= least) & (each < limit)).all()

    for name in ("train_rows", "test_rows"):
        count = len(must(name, np.int64, (None,), lambda each: len(each) > 0 and below(rows)(each)))
    counted = must("counted_classes", np.str_, (None,), lambda each: len(each) > 0 and set(each.tolist()) <= classes)
    must("class_counts", np.int64, (len(counted),), below(rows + 1))
    if unseen:
        must("unseen_groups", np.int64, (rows,), below(rows))
        must("unseen_folds", np.int64, (rows,), below(rows))
    for kind, width in (("baselines", count), *([("unseen", rows)] if unseen else [])):
        names = must(f"{kind}_names", np.str_, (None,), lambda each: "".join(each.tolist()).isprintable() and _distinct(each))
        shape = (len(names), width) if len(names) else (0,)
        must(f"{kind}_answers", np.int64, shape, below(len(classes), -1))
    if unseen and "network" not in names.tolist():
        raise ValueError('the array "unseen_names" must name the network')


class _Must:
    """Return an array by its name if its type, its shape (None: any size) and its values are as they must be."""

    def __init__(self, arrays: dict[str, Any]) -> None:
        self._arrays = arrays

    def __call__(
        self, name: str, kind: type, shape: tuple[int | None, ...], holds: Callable[[Any], Any] = lambda array: True
    ) -> Any:
        array = self._arrays[name]
        typed = array.dtype.kind == "U" if kind is np.str_ else array.dtype == kind
        sized = len(array.shape) == len(shape) and all(b in (None, a) for a, b in zip(array.shape, shape, strict=True))
        if not typed or not sized or not holds(array):
            wanted = f"{kind.__name__} of shape {tuple('any' if each is None else each for each in shape)}".replace("'", "")
            raise ValueError(
                f'the array "{name}" must be {wanted}, with values in their range; it is {array.dtype} {array.shape}'
            )
        return array


def _distinct(array: Any) -> bool:
    return len(np.unique(array)) == len(array)


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
    from pipeline.judge.rivals import Yardsticks
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


def _named(name: str, answers: dict[str, Integers]) -> dict[str, Any]:
    return {
        f"{name}_names": np.array(list(answers), dtype=str),
        f"{name}_answers": np.array(list(answers.values()), dtype=np.int64),
    }


def _answers(name: str, arrays: dict[str, Any]) -> dict[str, Integers]:
    return dict(zip(arrays[f"{name}_names"].tolist(), arrays[f"{name}_answers"], strict=True))
