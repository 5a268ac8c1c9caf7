"""A run as a Keras model: raw values in, output and probabilities out."""

from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.data_section import DataSection, Feature, alternatives
from pipeline.data.preprocess import Preprocessor
from pipeline.export.agreement import ProgramAnswer, Scorer, as_columns
from pipeline.machine.arrays import Floats
from pipeline.network.backend import keras
from pipeline.network.coding import LARGEST, SMALLEST
from pipeline.network.keras_model import build
from pipeline.runs.saved import Scoring


def write_keras(run: Scoring, path: Path) -> Scorer:
    """Write the file and return what Keras makes of it when it has read it again."""
    to_keras(run).save(path)
    model, data = keras().models.load_model(path), run.config.data
    names, classes = input_names(data), tuple(data.codes)

    def call(values: Floats) -> ProgramAnswer:
        rows = dict(zip(names, as_columns(values, data).values(), strict=True)) if data.categories() else values
        given = {name: np.asarray(tensor) for name, tensor in model(rows).items()}
        answers = np.array([*classes, ""])[run.model.answers(given["output"], classes)]
        return ProgramAnswer(given["output"], answers, given["probabilities"], given["possible"])

    return call


def to_keras(run: Scoring) -> Any:
    """Return a functional ``keras.Model`` of built-in layers and operations only.

    Its input is ``features``, float64 (rows, F), NaN for a missing value. Where some columns are categories, it is a dict of
    all columns by ``input_names``, each (rows,) or (rows, 1): float64, or texts, empty for a missing one; any other text
    than a category counts as missing. Its outputs are a dict: ``output``, float32 (rows,
    outputs) of the network, ``probabilities``, float64 (rows, K) in the order of ``data.codes``, NaN where there is none, and
    ``possible``, bool (rows, K), which classes cannot be excluded.
    """
    ops, steps, data = keras().ops, run.model.preprocessor, run.config.data
    if data.categories():
        inputs = _columns(data)
        numbers = [_numbers(tensor, own) for tensor, own in zip(inputs.values(), data.features.values(), strict=True)]
        features = ops.concatenate(numbers, axis=1)
    else:
        inputs = features = keras().layers.Input((len(steps.features),), dtype="float64", name="features")
    output = build(run.model.network)(ops.cast(_prepared(ops, features, steps), "float32"))
    shares = _probabilities(ops, ops.cast(output, "float64"), run)
    possible = ops.logical_not(ops.less(shares, np.array([run.model.limits(tuple(run.config.data.codes))])))
    outputs = {"output": output, "probabilities": shares, "possible": possible}
    return keras().Model(inputs, outputs, name="leaky_relu_classifier")


def input_names(data: DataSection) -> list[str]:
    """Return the names of the inputs: those of the columns, but Keras has no slash in them, and none stands twice."""
    names: list[str] = []
    for column in data.features:
        name = column.replace("/", "_")
        while name in names or (name != column and name in data.features):
            name += "_"
        names.append(name)
    return names


def _columns(data: DataSection) -> dict[str, Any]:
    kinds = ["float64" if own.categories is None else "string" for own in data.features.values()]
    return {name: keras().layers.Input((1,), dtype=kind, name=name) for name, kind in zip(input_names(data), kinds, strict=True)}


def _numbers(column: Any, feature: Feature) -> Any:
    """Return a column's numbers: those of its categories, NaN for any other text."""
    if feature.categories is None:
        return column
    numbers = {text: number for name, number in feature.numbers().items() for text in alternatives(name)}
    other = "other"
    while other in numbers:
        other += "_"
    place = keras().layers.StringLookup(vocabulary=[*numbers], oov_token=other)(column)  # 0 for what is none of them
    return keras().ops.take(np.array([np.nan, *numbers.values()]), place)


def _prepared(ops: Any, features: Any, steps: Preprocessor) -> Any:
    """Return what ``Preprocessor.transform`` makes of the features."""
    implausible = ops.logical_or(ops.less(features, steps.lowest), ops.greater(features, steps.highest))
    missing = ops.logical_or(ops.isnan(features), implausible)
    for numbers in () if steps.absent is None else steps.absent:
        missing = ops.logical_or(missing, ops.equal(features, numbers))
    values = ops.where(missing, steps.fill, features)
    if max(steps.widths, default=1) > 1:
        widths = np.array(steps.widths)
        wide, told = ops.take(values, np.repeat(np.arange(len(widths)), widths), axis=1), np.repeat(widths > 1, widths)
        met = ops.cast(ops.equal(wide, np.concatenate([np.arange(width, dtype=np.float64) for width in widths])), "float64")
        values = ops.where(told, ops.where(ops.isnan(wide), np.float64(np.nan), met), wide)
    values = ops.divide(ops.subtract(values, steps.center), steps.scale)
    if steps.components is None or steps.mean is None:
        return values
    return ops.matmul(ops.subtract(values, steps.mean), steps.components.T)


def _probabilities(ops: Any, output: Any, run: Scoring) -> Any:
    """Return what ``Coding.probabilities`` makes of the output, in the order of ``data.codes``."""
    coding, unknown = run.model.coding, ops.isnan(ops.sum(output, axis=1, keepdims=True))
    if coding.softmax:
        scores = ops.multiply(ops.log(ops.maximum(output, np.float64(SMALLEST))), coding.factors()[:1])
    else:
        places, crossed, added = coding.ladder()
        before = ops.where(ops.greater(output, 0.0), output, ops.divide(output, np.float64(coding.slope or 1.0)))
        above = ops.subtract(ops.clip(before, -LARGEST, LARGEST), places[None])
        scores = ops.matmul(ops.where(crossed[None], above, np.float64(1.0)), added)
    power = ops.exp(ops.subtract(scores, ops.max(scores, axis=1, keepdims=True)))
    of_known = ops.divide(power, ops.sum(power, axis=1, keepdims=True))
    # known classes x all classes: a class that the network never saw has probability 0
    placing = np.array([[float(name == own) for name in run.config.data.codes] for own in coding.classes])
    return ops.where(unknown, np.float64(np.nan), ops.matmul(of_known, placing))
