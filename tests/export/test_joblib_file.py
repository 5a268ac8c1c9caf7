"""The joblib file as scikit-learn uses it."""

import os
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import accuracy_score

from pipeline.export.agreement import drawn, largest_difference
from pipeline.export.joblib_file import write_joblib
from tests.conftest import ROOT
from tests.export.made import SHAPES, agrees, made, own

pytestmark = pytest.mark.arithmetic


@pytest.mark.parametrize("shape", SHAPES)
def test_scikit_learn_says_what_the_run_says(shape, tmp_path):
    run = made(**SHAPES[shape])
    scorer = write_joblib(run, tmp_path / "x.joblib")
    with np.errstate(invalid="ignore"):  # scikit-learn adds all values up to see whether one is infinite
        agrees(run, scorer, rows=300, in_float64=True)
        largest_difference(run, drawn(run, 300), scorer)  # raises where the command would refuse the file


def loaded(run, path):
    write_joblib(run, path)
    return joblib.load(path)


def test_columns_of_a_frame_are_taken_by_name(tmp_path):
    run = made()
    pipeline, values = loaded(run, tmp_path / "x.joblib"), drawn(run, 50)
    frame = pd.DataFrame(values, columns=list(run.config.data.features))
    turned = frame[frame.columns[::-1]].assign(other="text")
    assert accuracy_score(own(run)(values).classes, pipeline.predict(turned)) == 1
    np.testing.assert_array_equal(pipeline.predict_proba(turned), pipeline.predict_proba(values))
    with pytest.raises(ValueError, match=r"lacks \['x3'\]"):
        pipeline.predict(frame.drop(columns="x3"))


@pytest.mark.parametrize("columns", [1, 5, 7])
def test_an_array_must_have_as_many_columns(columns, tmp_path):
    with pytest.raises(ValueError, match="6 columns"):
        loaded(made(), tmp_path / "x.joblib").predict(np.zeros((2, columns)))


def test_what_has_no_class_is_an_error(tmp_path):
    run = made(filled=False)
    pipeline, seen = loaded(run, tmp_path / "x.joblib"), run.model.preprocessor.seen
    with pytest.raises(ValueError, match="NaN, which is no class, for 1 of 2 rows"):
        pipeline.predict([[np.nan] * 6, seen[0]])


def test_it_is_a_fitted_pipeline_that_can_be_cloned(tmp_path):
    pipeline = loaded(made(), tmp_path / "x.joblib")
    assert pipeline.classes_.tolist() == ["Normal", "Type1", "Type2"]
    assert pipeline.n_features_in_ == 6
    assert clone(pipeline)[-1].get_params() == pipeline[-1].get_params()


def test_reading_it_imports_no_tensorflow(tmp_path):
    write_joblib(made(), tmp_path / "x.joblib")
    script = "import joblib, sys; print(joblib.load('x.joblib').predict([[0] * 6]), 'tensorflow' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.stdout.strip().endswith("False"), done.stderr
