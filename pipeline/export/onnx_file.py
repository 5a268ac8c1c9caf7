"""A run as an ONNX file: raw values in; class, probabilities and output out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper, parser

from pipeline import __version__
from pipeline.export.agreement import ProgramAnswer, Scorer
from pipeline.export.onnx_graph import graph
from pipeline.machine.arrays import Floats
from pipeline.runs.saved import Scoring

_HEADER = '<ir_version: 8, opset_import: ["": 17], producer_name: "diabetes-pipeline">'  # runtimes since 2022 read this


def write_onnx(run: Scoring, path: Path) -> Scorer:
    """Write the file and return what onnxruntime makes of it."""
    content = to_onnx(run).SerializeToString()
    path.write_bytes(content)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def call(values: Floats) -> ProgramAnswer:
        output, classes, shares, possible = session.run(["output", "class", "probabilities", "possible"], {"features": values})
        return ProgramAnswer(output, classes.astype(str), shares, possible)

    return call


def to_onnx(run: Scoring) -> Any:
    """Return the run as an ``onnx.ModelProto``.

    Its input is ``features``, double (N, F), NaN for a missing value. Its outputs are ``class``, string (N,), empty where
    there is none; ``probabilities``, double (N, K) in the order of ``data.codes``; ``output``, float (N, outputs) of the
    network; ``possible``, bool (N, K), which classes cannot be excluded.
    """
    (nodes, arrays), data = graph(run), run.config.data
    inputs = f"double[N, {len(data.features)}] features"
    shares, output = f"double[N, {len(data.codes)}] probabilities", f"float[N, {run.model.network.sizes[-1]}] output"
    outputs = f"string[N] class, {shares}, {output}, bool[N, {len(data.codes)}] possible"
    model = parser.parse_model(f"{_HEADER} leaky_relu_classifier ({inputs}) => ({outputs}) {{ {nodes} }}")
    model.graph.initializer.extend(numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items())
    _describe(model, run)
    onnx.checker.check_model(model, full_check=True)
    return model


def _describe(model: Any, run: Scoring) -> None:
    """Say in the file what it is, what goes in and what comes out."""
    data, record = run.config.data, run.record
    model.producer_version = __version__
    model.doc_string = model.graph.doc_string = "Leaky ReLU classifier with its preprocessing. Not for clinical use."
    units = [f"{name} in {feature.unit}" if feature.unit else name for name, feature in data.features.items()]
    ranges = [", plausible {:g} to {:g}".format(*own.range) if own.range else "" for own in data.features.values()]
    columns = "; ".join(map("".join, zip(units, ranges, strict=True)))
    model.graph.input[0].doc_string = f"raw values, NaN for a missing one; columns: {columns}"
    meanings = (
        "name of the class; empty where there is none, because a value is missing and nothing fills it",
        f"probability of each class, in the order {', '.join(data.codes)}; NaN where there is none",
        "what the network says before it is decoded",
        "which classes cannot be excluded, for rows like those of the training, in the same order",
    )
    for value, meaning in zip(model.graph.output, meanings, strict=True):
        value.doc_string = meaning
    properties = {
        "features": json.dumps([{"name": name, "unit": own.unit, "range": own.range} for name, own in data.features.items()]),
        "classes": json.dumps(list(data.codes)),
        "codes": json.dumps(data.codes),
        "run": Path(record.run).name,
        "created": record.created,
        "data_sha256": record.data.sha256,
        "verdict": " ".join(record.verdict),
        "sound": json.dumps(record.sound),
        "intended_use": "not for clinical use",
    }
    onnx.helper.set_model_props(model, properties)
