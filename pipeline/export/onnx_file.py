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
    """Write the file and return what onnxruntime makes of it.

    Raises:
        OSError: it cannot be written.
    """
    content = to_onnx(run).SerializeToString()
    path.write_bytes(content)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def call(values: Floats) -> ProgramAnswer:
        output, classes, probabilities = session.run(["output", "class", "probabilities"], {"features": values})
        return ProgramAnswer(output, classes.astype(str), probabilities)

    return call


def to_onnx(run: Scoring) -> Any:
    """Return the run as an ``onnx.ModelProto``.

    Its input is ``features``, double (N, F), NaN for a missing value. Its outputs are ``class``, string (N,), empty where
    there is none; ``probabilities``, double (N, K) in the order of ``data.codes``; ``output``, float (N, outputs) of the network.
    """
    nodes, arrays = graph(run)
    sizes = len(run.config.data.features), len(run.config.data.codes), run.model.network.sizes[-1]
    signature = "(double[N, {}] features) => (string[N] class, double[N, {}] probabilities, float[N, {}] output)".format(*sizes)
    model = parser.parse_model(f"{_HEADER} leaky_relu_classifier {signature} {{ {nodes} }}")
    model.graph.initializer.extend(numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items())
    _describe(model, run)
    onnx.checker.check_model(model, full_check=True)
    return model


def _describe(model: Any, run: Scoring) -> None:
    """Say in the file what it is, what goes in and what comes out."""
    data, record = run.config.data, run.record
    features = [{"name": name, **feature.model_dump(include={"unit", "range"})} for name, feature in data.features.items()]
    model.producer_version = __version__
    model.doc_string = model.graph.doc_string = "Leaky ReLU classifier with its preprocessing. Not for clinical use."
    columns = "; ".join(
        name
        + (f" in {feature.unit}" if feature.unit else "")
        + (", plausible {:g} to {:g}".format(*feature.range) if feature.range else "")
        for name, feature in data.features.items()
    )
    model.graph.input[0].doc_string = f"raw values, NaN for a missing one; columns: {columns}"
    meanings = (
        "name of the class; empty where there is none, because a value is missing and nothing fills it",
        f"probability of each class, in the order {', '.join(data.codes)}; NaN where there is none",
        "what the network says before it is decoded",
    )
    for value, meaning in zip(model.graph.output, meanings, strict=True):
        value.doc_string = meaning
    facts = {
        "features": json.dumps(features),
        "classes": json.dumps(list(data.codes)),
        "codes": json.dumps(data.codes),
        "run": Path(record.run).name,
        "created": record.created,
        "data_sha256": record.data.sha256,
        "verdict": " ".join(record.verdict),
        "sound": json.dumps(record.sound),
        "intended_use": "not for clinical use",
    }
    onnx.helper.set_model_props(model, facts)
