"""The ONNX file as onnx and onnxruntime read it."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

from pipeline.export.agreement import drawn, largest_difference
from pipeline.export.onnx_file import to_onnx, write_onnx
from tests.export.made import SHAPES, agrees, made

pytestmark = pytest.mark.arithmetic


@pytest.mark.parametrize("shape", SHAPES)
def test_onnxruntime_says_what_the_run_says(shape, tmp_path):
    run = made(**SHAPES[shape])
    scorer = write_onnx(run, tmp_path / "x.onnx")
    agrees(run, scorer)
    largest_difference(run, drawn(run, 2000), scorer)  # raises where the command would refuse the file


@pytest.mark.parametrize("shape", ["softmax", "deep", "a class was never seen", "pca"])
def test_it_stands_the_full_check_and_older_runtimes_read_it(shape, tmp_path):
    write_onnx(made(**SHAPES[shape]), tmp_path / "x.onnx")
    onnx.checker.check_model(str(tmp_path / "x.onnx"), full_check=True)
    model = onnx.load(tmp_path / "x.onnx")
    assert (model.ir_version, [(each.domain, each.version) for each in model.opset_import]) == (8, [("", 17)])


def test_names_and_types_are_those_that_the_readme_gives(tmp_path):
    write_onnx(made(), tmp_path / "x.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "x.onnx")
    assert [(each.name, each.type, each.shape) for each in session.get_inputs()] == [("features", "tensor(double)", ["N", 6])]
    assert [(each.name, each.type, each.shape) for each in session.get_outputs()] == [
        ("class", "tensor(string)", ["N"]),
        ("probabilities", "tensor(double)", ["N", 3]),
        ("output", "tensor(float)", ["N", 1]),
        ("possible", "tensor(bool)", ["N", 3]),
    ]


@pytest.mark.parametrize("softmax", [False, True])
@pytest.mark.parametrize("rows", [0, 1])
def test_a_batch_may_hold_one_row_or_none(rows, softmax, tmp_path):
    said = write_onnx(made(softmax=softmax), tmp_path / "x.onnx")(np.zeros((rows, 6)))
    assert (len(said.output), len(said.classes), said.probabilities.shape) == (rows, rows, (rows, 3))
    assert said.possible.shape == (rows, 3)


def test_the_file_says_what_it_is():
    run = made()
    model = to_onnx(run)
    facts = {each.key: each.value for each in model.metadata_props}
    declared = run.config.data.features["x0"].model_dump(mode="json", include={"unit", "range", "categories"})
    assert json.loads(facts["features"])[0] == {"name": "x0"} | declared
    assert json.loads(facts["classes"]) == ["Normal", "Type1", "Type2"]
    assert json.loads(facts["codes"]) == {"Normal": 0, "Type1": 1, "Type2": -1}
    assert facts["run"] == "x"
    assert facts["verdict"] == "Good. So."
    assert facts["intended_use"] == "not for clinical use"
    assert {"created", "data_sha256", "sound"} < set(facts)
    assert (model.producer_name, model.producer_version) == ("diabetes-pipeline", "0.1.0")
    described = [model, model.graph, *model.graph.input, *model.graph.output]
    assert all(each.doc_string for each in described)
    assert "x5 in mmol/L, plausible " in model.graph.input[0].doc_string
