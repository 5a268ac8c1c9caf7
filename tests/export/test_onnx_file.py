"""The ONNX file as onnx and onnxruntime read it."""

import json

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest

from pipeline.export import joblib_file, keras_file
from pipeline.export.agreement import as_columns, drawn, largest_difference
from pipeline.export.onnx_file import to_onnx, write_onnx
from pipeline.network.backend import keras
from tests.export.made import CATEGORIES, SHAPES, agrees, made

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


def test_each_column_is_an_input_of_its_own_name_where_some_are_categories(tmp_path):
    run = made(**SHAPES["nothing but categories"])
    write_onnx(run, tmp_path / "x.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "x.onnx")
    named = [(each.name, each.type, each.shape) for each in session.get_inputs()]
    assert named == [(name, "tensor(string)", ["N"]) for name in ("class_", "scaled / filled", "scaled _ filled")]
    assert [each.name for each in session.get_outputs()] == ["class", "probabilities", "output", "possible"]
    mixed = onnx.load_from_string(to_onnx(made(categories=CATEGORIES)).SerializeToString())
    told = {each.name: each.doc_string for each in mixed.graph.input}
    assert list(told) == [f"x{number}" for number in range(6)]
    assert told["x1"] == 'x1; one of ["m", "f"], empty where it is missing'
    assert told["x2"].endswith("NaN for a missing value")
    facts = {each.key: each.value for each in mixed.metadata_props}
    assert [each["categories"] for each in json.loads(facts["features"])][3:5] == [CATEGORIES["x3"], CATEGORIES["x4"]]


SPELLINGS = {"x3": {"1": "1.0", "true": "TRUE"}, "x4": {"2.0": "2"}}


@pytest.mark.parametrize("way", ["onnx", "keras", "joblib"])
def test_a_category_that_is_a_number_or_a_truth_value_may_be_spelt_otherwise(way, tmp_path):
    run = made(categories=CATEGORIES)
    values = np.tile(run.model.preprocessor.seen.mean(axis=0), (9, 1))
    columns = as_columns(values, run.config.data) | {"x1": np.full(9, "f", dtype=object)}
    columns |= {"x3": np.full(9, "never", dtype=object), "x4": np.full(9, "some", dtype=object)}
    other = {name: column.copy() for name, column in columns.items()}
    rows = iter(range(9))
    for name, pairs in SPELLINGS.items():
        for own, spelt in pairs.items():
            row = next(rows)
            columns[name][row], other[name][row] = own, spelt
    if way == "onnx":
        write_onnx(run, tmp_path / "x.onnx")
        session = onnxruntime.InferenceSession(tmp_path / "x.onnx")
        said = [session.run(["output"], given)[0] for given in (columns, other)]
    elif way == "keras":
        keras_file.write_keras(run, tmp_path / "x.keras")
        model = keras().models.load_model(tmp_path / "x.keras", safe_mode=True)
        said = [np.asarray(model(given)["output"]) for given in (columns, other)]
    else:
        pipeline = joblib_file.to_pipeline(run)
        said = [pipeline.predict_proba(pd.DataFrame(given)) for given in (columns, other)]
        np.testing.assert_array_equal(said[0], pipeline.predict_proba(np.array([*columns.values()], dtype=object).T))
    np.testing.assert_array_equal(*said)
    assert len(np.unique(said[0][:4], axis=0)) == 4
