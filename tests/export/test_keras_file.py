"""The Keras file as Keras reads it, without the pipeline."""

import json
import zipfile

import numpy as np
import pytest

from pipeline.export.keras_file import write_keras
from pipeline.network.backend import keras
from tests.export.made import SHAPES, agrees, made
from tests.rounding import within

pytestmark = pytest.mark.arithmetic


@pytest.mark.parametrize("shape", SHAPES)
def test_keras_says_what_the_run_says(shape, tmp_path):
    run = made(**SHAPES[shape])
    agrees(run, write_keras(run, tmp_path / "x.keras"), flushed=True)


def test_it_holds_nothing_but_what_keras_has_built_in(tmp_path):
    write_keras(made(), tmp_path / "x.keras")
    text = zipfile.ZipFile(tmp_path / "x.keras").read("config.json").decode()
    found: list[dict] = []
    json.loads(text, object_hook=lambda each: found.append(each) or each)
    modules = {each["module"] for each in found if each.get("module")}
    assert {name.split(".")[0] for name in modules} == {"keras"}
    assert not {"Lambda"} & {each.get("class_name") for each in found}
    assert not any(each.get("registered_name", "") and ">" in each["registered_name"] for each in found)


def test_called_it_keeps_every_digit_of_a_value(tmp_path):
    run = made()
    write_keras(run, tmp_path / "x.keras")
    model = keras().models.load_model(tmp_path / "x.keras", safe_mode=True)
    values = np.repeat(run.model.preprocessor.highest[None], 2, axis=0)
    values[1, 0] = np.nextafter(values[1, 0], np.inf)  # a digit beyond float32 makes it implausible
    said = model(values)
    inputs = run.model.preprocessor.transform(values)
    assert within(run.model.network, inputs, np.asarray(said["output"])).all()
    assert said["output"][0] != said["output"][1]
    assert set(model.predict(values, verbose=0)) == {"output", "probabilities", "possible"}
