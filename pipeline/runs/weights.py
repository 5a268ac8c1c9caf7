"""A fitted model as plain arrays, and back: the content of weights.npz."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from pipeline.config.schema import Config
from pipeline.data.preprocess import Preprocessor
from pipeline.data.profiles import UNSEEN_WORDS
from pipeline.machine.arrays import Integers
from pipeline.model import Model
from pipeline.network.coding import Coding
from pipeline.network.layers import Network, layer_sizes, parameters
from pipeline.runs.npz import Arrays

if TYPE_CHECKING:  # scoring does without them
    from pipeline.data.split import Split
    from pipeline.judge.baselines import Yardsticks
    from pipeline.network.train import Trained

_TUPLES = ("sizes", "slopes", "classes", "codes", "features", "steepness", "least", "widths", "columns")
_OPTIONAL = {"steepness", "least", "slope", "spread", "absent", "unseen_kind", "unseen_possible", "unseen_weights"}
"""What some runs have: by their config, or by the version that wrote them."""
Made = TypeVar("Made")


def to_arrays(model: Model, trained: Trained, split: Split, yardsticks: Yardsticks) -> Arrays:
    """Return everything that scoring and judging need as named plain arrays, text as fixed-width unicode."""
    arrays = vars(model.network) | vars(trained) | vars(model.coding) | vars(model.preprocessor)  # every start's weights
    arrays |= {"train_rows": split.train, "test_rows": split.test}
    arrays |= {"counted_classes": list(yardsticks.counts), "class_counts": list(yardsticks.counts.values())}
    arrays |= _named("baselines", yardsticks.test)
    if yardsticks.unseen:
        arrays |= {
            f"unseen_{name}": value for name, value in vars(yardsticks.unseen).items() if name not in ("answers", "chances")
        }
        arrays |= _named("unseen", yardsticks.unseen.answers)
        if chances := yardsticks.unseen.chances:
            arrays |= {"chances_names": list(chances), "chances": list(chances.values())}
    return {name: np.asarray(value) for name, value in arrays.items() if value is not None}


def check_arrays(arrays: Arrays, config: Config, rows: int) -> None:
    """Make sure that arrays fit one another, the config and the number of rows, so that whatever uses them can rely on it.

    Raises:
        KeyError: an array is missing.
        ValueError: the first array that does not fit, with what it must be.
    """
    data, network, must = config.data, config.network, partial(_checked, arrays)
    features, width = list(data.features), config.preprocess.pca
    columns, wide = (len(features),), (sum(data.widths()),)
    if width:
        must("mean", np.float64, wide)
        must("components", np.float64, (width, *wide))
    classes = must("classes", np.str_, (None,), lambda array: set(array.tolist()) <= data.codes.keys() and _distinct(array))
    names = classes.tolist()
    sizes = layer_sizes(width or wide[0], network, len(names))
    must("sizes", np.int64, (len(sizes),), partial(np.array_equal, sizes))
    must("slopes", np.float64, (len(network.slopes()),), partial(np.array_equal, network.slopes()))
    must("softmax", np.bool_, (), partial(np.array_equal, network.output == "softmax"))
    must("codes", np.float64, (len(names),), partial(np.array_equal, [data.codes[name] for name in names]))
    must("features", np.str_, columns, partial(np.array_equal, features))
    starts = len(must("final_loss", np.float64, (None,)))
    must("weights", np.float32, (starts, parameters(sizes)))
    must("initial", np.float32, (starts, parameters(sizes)))
    must("loss_curves", np.float32, (None, starts))
    must("chosen", np.int64, (), lambda array: 0 <= array < starts)
    thresholds = 1 if network.output == "softmax" else max(1, len(names) - 1)
    must("steepness", np.float64, (thresholds,), lambda array: ((array > 0) & (array < np.inf)).all())
    must("least", np.float64, (len(names),), lambda array: ((array >= 0) & (array <= 1)).all())
    must("slope", np.float64, (), lambda array: array == (network.slopes()[-1] if network.output == "code" else 1))
    must("spread", np.float64, (), lambda array: 0 < array < np.inf)
    must("fill", np.float64, columns)
    for name in ("center", "scale"):
        must(name, np.float64, wide)
    must("absent", np.float64, (None, *columns))
    if data.categories():
        must("widths", np.int64, columns, partial(np.array_equal, data.widths()))
        must("columns", np.str_, wide, partial(np.array_equal, data.columns()))
        must("met", np.bool_, wide)
    for name, shape in {"lowest": columns, "highest": columns, "seen": (2, *columns)}.items():
        must(name, np.float64, shape, lambda array: not np.isnan(array).any())
    _check_judged(arrays, set(data.codes), rows, _held_out(arrays, config))


def _held_out(arrays: Arrays, config: Config) -> bool:
    """Say whether there are folds: "auto" may have found none."""
    unseen = config.evaluation.unseen
    return "unseen_groups" in arrays if unseen == "auto" else unseen is not None


def _check_judged(arrays: Arrays, classes: set[str], rows: int, unseen: bool) -> None:
    must = partial(_checked, arrays)

    def below(limit: int, least: int = 0) -> Callable[[Any], Any]:
        return lambda array: ((array >= least) & (array < limit)).all()

    for name in ("train_rows", "test_rows"):
        count = len(must(name, np.int64, (None,), lambda array: len(array) and below(rows)(array)))
    counted = must("counted_classes", np.str_, (None,), lambda array: len(array) and set(array.tolist()) <= classes)
    must("class_counts", np.int64, (len(counted),), below(rows + 1))
    judged = {"baselines": count} | ({"unseen": rows} if unseen else {})
    for kind, width in judged.items():
        names = must(f"{kind}_names", np.str_, (None,), lambda array: "".join(array.tolist()).isprintable() and _distinct(array))
        must(f"{kind}_answers", np.int64, (len(names), width) if len(names) else (0,), below(len(classes), -1))
    if unseen:
        must("unseen_groups", np.int64, (rows,), below(rows))
        must("unseen_folds", np.int64, (rows,), below(rows))
        must("unseen_kind", np.str_, (), lambda array: array.item() in UNSEEN_WORDS)  # earlier versions held out profiles only
        must("unseen_possible", np.bool_, (rows, len(classes)))
        must("unseen_weights", np.float32, (None,))
        if "network" not in names.tolist():
            raise ValueError('the array "unseen_names" must name the network')
    if unseen and arrays.keys() & {"chances", "chances_names"}:  # older runs have none
        models = must("chances_names", np.str_, (None,), lambda array: "".join(array.tolist()).isprintable() and _distinct(array))
        must("chances", np.float32, (len(models), rows, len(classes)), lambda array: not ((array < 0) | (array > 1)).any())


def _checked(
    arrays: Arrays, name: str, kind: type, shape: tuple[int | None, ...], holds: Callable[[Any], Any] = lambda array: True
) -> Any:
    """Return an array by its name if its type, its shape (None: any size) and its values are as they must be."""
    if name in _OPTIONAL and name not in arrays:
        return None
    array = arrays[name]
    typed = array.dtype.kind == "U" if kind is np.str_ else array.dtype == kind
    sized = len(array.shape) == len(shape) and all(b in (None, a) for a, b in zip(array.shape, shape, strict=True))
    if not typed or not sized or not holds(array):
        wanted = f"{kind.__name__} of shape {tuple('any' if size is None else size for size in shape)}".replace("'", "")
        raise ValueError(f'the array "{name}" must be {wanted}, with values in their range; it is {array.dtype} {array.shape}')
    return array


def _distinct(array: Any) -> bool:
    return len({*array.tolist()}) == len(array)


def model_of(arrays: Arrays) -> Model:
    """Return the model that ``to_arrays`` was given; the arrays were checked."""
    network = _made(Network, arrays | {"weights": arrays["weights"][int(arrays["chosen"])]})
    coding = _made(Coding, arrays)
    if "spread" in arrays:  # earlier versions: the output is drawn around its class's code, from a normal distribution
        coding = replace(coding, steepness=tuple((np.diff(np.unique(coding.codes)) / arrays["spread"] ** 2).tolist()))
    elif coding.softmax and "slope" not in arrays:  # earlier versions: the outputs are the probabilities
        coding = replace(coding, steepness=coding.asked())
    return Model(_made(Preprocessor, arrays), network, coding)


def judged_of(arrays: Arrays) -> tuple[Trained, Split, Yardsticks]:
    """Return what judging the model needs besides it, as ``to_arrays`` was given it; the arrays were checked."""
    from pipeline.data.split import Split
    from pipeline.judge.baselines import Yardsticks
    from pipeline.judge.unseen import Unseen
    from pipeline.network.train import Trained

    unseen = None
    if "unseen_groups" in arrays:
        kind = {"kind": arrays["unseen_kind"].item()} if "unseen_kind" in arrays else {}
        chances = dict(zip(arrays["chances_names"].tolist(), arrays["chances"], strict=True)) if "chances" in arrays else {}
        later = {name: arrays[f"unseen_{name}"] for name in ("possible", "weights") if f"unseen_{name}" in arrays}
        answers = _answers("unseen", arrays)
        unseen = Unseen(arrays["unseen_groups"], arrays["unseen_folds"], answers, chances=chances, **later, **kind)
    counts = dict(zip(arrays["counted_classes"].tolist(), arrays["class_counts"].tolist(), strict=True))
    yardsticks = Yardsticks(counts, _answers("baselines", arrays), unseen)
    return _made(Trained, arrays), Split(arrays["train_rows"], arrays["test_rows"]), yardsticks


def _made(kind: type[Made], arrays: Arrays) -> Made:
    """Return a dataclass whose fields are the arrays of these names, single values and tuples as plain ones."""
    kept = {name: arrays[name] for name in kind.__annotations__ if name in arrays}
    plain = {name: tuple(array.tolist()) for name, array in kept.items() if name in _TUPLES}
    return kind(**kept | {name: array.item() for name, array in kept.items() if array.ndim == 0} | plain)


def _named(name: str, answers: dict[str, Integers]) -> Arrays:
    names, rows = np.array(list(answers), dtype=str), np.array(list(answers.values()), dtype=np.int64)
    return {f"{name}_names": names, f"{name}_answers": rows}


def _answers(name: str, arrays: Arrays) -> dict[str, Integers]:
    return dict(zip(arrays[f"{name}_names"].tolist(), arrays[f"{name}_answers"], strict=True))
