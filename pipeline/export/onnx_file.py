"""A run as an ONNX file: raw values in; class, probabilities and output out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper, parser

from pipeline import __version__
from pipeline.export.agreement import ProgramAnswer, Scorer, as_columns
from pipeline.export.onnx_columns import OPSET, column_inputs, columns_to_features, name_columns
from pipeline.export.onnx_graph import graph
from pipeline.machine.arrays import Floats
from pipeline.runs.saved import Scoring

_HEADER = '<ir_version: 8, opset_import: ["": 17{0}], producer_name: "diabetes-pipeline">'  # runtimes since 2022 read this

_TOLD = {"unit", "range", "categories"}


def write_onnx(run: Scoring, path: Path) -> Scorer:
    """Write the file and return what onnxruntime makes of it."""
    content = to_onnx(run).SerializeToString()
    path.write_bytes(content)
    session, data = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]), run.config.data
    names = [own.name for own in session.get_inputs()]

    def call(values: Floats) -> ProgramAnswer:
        given = [*as_columns(values, data).values()] if data.categories() else [values]
        named = dict(zip(names, given, strict=True))
        output, classes, shares, possible = session.run(["output", "class", "probabilities", "possible"], named)
        return ProgramAnswer(output, classes.astype(str), shares, possible)

    return call


def to_onnx(run: Scoring) -> Any:
    """Return the run as an ``onnx.ModelProto``.

    Its input is ``features``, double (N, F), NaN for a missing value. Where some columns are categories, each is an input of
    its own name: double (N,), or string (N,), empty for a missing one; any other text than a category counts as missing. (A
    column that is called as an output gets ``_`` behind its name.) Its outputs are ``class``, string (N,), empty where
    there is none; ``probabilities``, double (N, K) in the order of ``data.codes``; ``output``, float (N, outputs) of the
    network; ``possible``, bool (N, K), which classes cannot be excluded.
    """
    (nodes, arrays), data = graph(run), run.config.data
    inputs, header, named = f"double[N, {len(data.features)}] features", _HEADER.format(""), bool(data.categories())
    if named:
        first, more = columns_to_features(data)
        nodes, arrays, inputs, header = f"{first}\n{nodes}", arrays | more, column_inputs(data), _HEADER.format(f", {OPSET}")
    shares, output = f"double[N, {len(data.codes)}] probabilities", f"float[N, {run.model.network.sizes[-1]}] output"
    outputs = f"string[N] class, {shares}, {output}, bool[N, {len(data.codes)}] possible"
    model = parser.parse_model(f"{header} leaky_relu_classifier ({inputs}) => ({outputs}) {{ {nodes} }}")
    model.graph.initializer.extend(numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items())
    if named:
        name_columns(model, data)
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
    columns = [*map("".join, zip(units, ranges, strict=True))]
    model.graph.input[0].doc_string = f"raw values, NaN for a missing one; columns: {'; '.join(columns)}"
    if data.categories():
        for value, own, column in zip(model.graph.input, data.features.values(), columns, strict=True):
            texts = f"; one of {json.dumps([*own.numbers()], ensure_ascii=False)}, empty where it is missing"
            value.doc_string = column + (", NaN for a missing value" if own.categories is None else texts)
    meanings = (
        "name of the class; empty where there is none, because a value is missing and nothing fills it",
        f"probability of each class, in the order {', '.join(data.codes)}; NaN where there is none",
        "what the network says before it is decoded",
        "which classes cannot be excluded, for rows like those of the training, in the same order",
    )
    for value, meaning in zip(model.graph.output, meanings, strict=True):
        value.doc_string = meaning
    properties = {
        "features": json.dumps(
            [{"name": name, **own.model_dump(mode="json", include=_TOLD)} for name, own in data.features.items()]
        ),
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
