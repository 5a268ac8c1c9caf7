"""A run as a Keras model: raw values in, output and probabilities out."""

from pathlib import Path
from typing import Any

import numpy as np

from pipeline.export.agreement import ProgramAnswer, Scorer
from pipeline.machine.arrays import Floats
from pipeline.network.backend import keras
from pipeline.network.coding import LARGEST, SMALLEST
from pipeline.network.keras_model import build
from pipeline.runs.saved import Scoring


def write_keras(run: Scoring, path: Path) -> Scorer:
    """Write the file and return what Keras makes of it when it has read it again."""
    to_keras(run).save(path)
    model, classes = keras().models.load_model(path), tuple(run.config.data.codes)

    def call(values: Floats) -> ProgramAnswer:
        given = {name: np.asarray(tensor) for name, tensor in model(values).items()}
        answers = np.array([*classes, ""])[run.model.answers(given["output"], classes)]
        return ProgramAnswer(given["output"], answers, given["probabilities"], given["possible"])

    return call


def to_keras(run: Scoring) -> Any:
    """Return a functional ``keras.Model`` of built-in layers and operations only.

    Its input is ``features``, float64 (rows, F), NaN for a missing value. Its outputs are a dict: ``output``, float32 (rows,
    outputs) of the network, ``probabilities``, float64 (rows, K) in the order of ``data.codes``, NaN where there is none, and
    ``possible``, bool (rows, K), which classes cannot be excluded.
    """
    ops, steps = keras().ops, run.model.preprocessor
    features = keras().layers.Input((len(steps.features),), dtype="float64", name="features")
    implausible = ops.logical_or(ops.less(features, steps.lowest), ops.greater(features, steps.highest))
    values = ops.where(ops.logical_or(ops.isnan(features), implausible), steps.fill, features)
    values = ops.divide(ops.subtract(values, steps.center), steps.scale)
    if steps.components is not None and steps.mean is not None:
        values = ops.matmul(ops.subtract(values, steps.mean), steps.components.T)
    output = build(run.model.network)(ops.cast(values, "float32"))
    shares = _probabilities(ops, ops.cast(output, "float64"), run)
    possible = ops.logical_not(ops.less(shares, np.array([run.model.limits(tuple(run.config.data.codes))])))
    outputs = {"output": output, "probabilities": shares, "possible": possible}
    return keras().Model(features, outputs, name="leaky_relu_classifier")


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
