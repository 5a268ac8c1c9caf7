"""The oracles are scikit-learn's SimpleImputer, StandardScaler, MinMaxScaler and PCA, applied by hand."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from pipeline.config.read import load_config
from pipeline.config.schema import Config
from pipeline.data.preprocess import Preprocessor, fit_pipeline, from_pipeline
from pipeline.errors import DataError

RANGES = {"a": [0, 10], "b": [-5, 5], "c": None, "d": [0, 1000]}
SETTINGS = {
    "implausible": ["missing", "keep"],
    "impute": ["median", "mean", "most_frequent", None],
    "scale": ["standard", "minmax", None],
    "pca": [None, 1, 4],
}


def configured(
    preprocess: dict[str, Any] | None = None, ranges: dict[str, Any] = RANGES, missing: Any = (), everywhere: Any = ("auto",)
) -> Config:
    features = {name: {"range": ends} for name, ends in ranges.items()}
    for name, cells in dict(missing).items():
        features[name]["missing"] = cells
    data = {"path": "some.csv", "target": "t", "codes": {"A": 0, "B": 1}, "features": features, "read": {"missing": everywhere}}
    return Config.model_validate({"data": data, "preprocess": preprocess or {}})


def frame(values: Any) -> pd.DataFrame:
    return pd.DataFrame(np.asarray(values, dtype=float), columns=list(RANGES))


def fit(train: pd.DataFrame, config: Config) -> tuple[Any, Preprocessor]:
    steps = fit_pipeline(train, config.data, config.preprocess)
    return steps, from_pipeline(steps, train.to_numpy(), config.data)


def by_hand(train: pd.DataFrame, values: pd.DataFrame, preprocess: dict[str, Any]) -> np.ndarray:
    """Clean, impute, scale and project, each step by scikit-learn alone."""
    fitted, shown = train.copy(), values.copy()
    if preprocess["implausible"] == "missing":
        for table in (fitted, shown):
            for name, ends in RANGES.items():
                if ends:
                    table[name] = table[name].where(table[name].between(*ends))
    steps = [SimpleImputer(strategy=preprocess["impute"])] if preprocess["impute"] else []
    steps += [{"standard": StandardScaler, "minmax": MinMaxScaler}[preprocess["scale"]]()] if preprocess["scale"] else []
    steps += [PCA(preprocess["pca"], svd_solver="full")] if preprocess["pca"] else []
    X, Z = fitted.to_numpy(), shown.to_numpy()
    for step in steps:
        X, Z = step.fit_transform(X), step.transform(Z)
    return Z


def drawn(seed: int, rows: int, gaps: bool = True) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    values = random.normal([4, 0, 50, 400], [4, 4, 20, 400], (rows, 4)).round(1)
    if not gaps:
        return frame(np.clip(values, [0, -5, -999, 0], [10, 5, 999, 1000]))
    return frame(np.where(random.random((rows, 4)) < 0.2, np.nan, values))


@pytest.mark.parametrize("implausible", SETTINGS["implausible"])
@pytest.mark.parametrize("impute", SETTINGS["impute"])
@pytest.mark.parametrize("scale", SETTINGS["scale"])
@pytest.mark.parametrize("pca", SETTINGS["pca"])
def test_every_setting_gives_what_scikit_learn_gives(implausible: str, impute: Any, scale: Any, pca: Any) -> None:
    preprocess = {"implausible": implausible, "impute": impute, "scale": scale, "pca": pca}
    gaps = bool(impute or not pca)  # a PCA on gaps is refused
    train, test = drawn(1, 60, gaps), drawn(2, 30, gaps)
    steps, preprocessor = fit(train, configured(preprocess))
    got = preprocessor.transform(test)
    np.testing.assert_allclose(got, steps.transform(test), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(got, by_hand(train, test, preprocess), rtol=1e-12, atol=1e-12)
    assert got.shape == (30, pca or 4)
    assert len(preprocessor.inputs) == got.shape[1]
    assert np.isnan(got).any() == (impute is None and pca is None)


@pytest.mark.parametrize("implausible", SETTINGS["implausible"])
@pytest.mark.parametrize("impute", SETTINGS["impute"])
def test_a_number_that_means_missing_is_filled_as_a_gap(implausible: str, impute: Any) -> None:
    preprocess = {"implausible": implausible, "impute": impute, "scale": "standard", "pca": None}
    config = configured(preprocess, missing={"a": [-999, 3.5, "n/a"], "d": ["+7.0"]}, everywhere=["auto", "-99", "none such"])
    random, (train, test) = np.random.default_rng(0), (drawn(1, 60), drawn(2, 30))
    for table in (train, test):
        for name, number in [("a", -999), ("a", 3.5), ("a", -99), ("b", -99), ("c", -99), ("d", 7), ("d", -99)]:
            table.loc[random.random(len(table)) < 0.1, name] = number
    assert test.isin([-999, 3.5]).to_numpy()[:, 1:].any()  # of no meaning there
    named = {"a": {-999: np.nan, 3.5: np.nan}, "d": {7: np.nan}}
    blank_train, blank_test = (table.replace(-99, np.nan).replace(named) for table in (train, test))
    steps, preprocessor = fit(train, config)
    expected = by_hand(blank_train, blank_test, preprocess)
    np.testing.assert_allclose(preprocessor.transform(test), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(steps.transform(test), expected, rtol=1e-12, atol=1e-12)


CELLS = st.one_of(st.just(np.nan), st.integers(-20, 20).map(float), st.floats(-1e6, 1e6))


STEPS = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in SETTINGS.items() if name != "pca"})


@settings(deadline=None)
@given(arrays(float, (6, 4), elements=CELLS), arrays(float, (3, 4), elements=CELLS), STEPS)
def test_any_rows_are_transformed_as_the_fitted_pipeline_does(train: np.ndarray, test: np.ndarray, preprocess: dict) -> None:
    train[0] = [5, 1, 7, 500]  # one usable value in every column
    steps, preprocessor = fit(frame(train), configured(preprocess))
    np.testing.assert_allclose(preprocessor.transform(test), steps.transform(frame(test)), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("scale", ["standard", "minmax"])
@pytest.mark.parametrize("column", [[3.0] * 8, [0.0] * 8, [1e8, 1e8 + 1e-7] * 4, [0, 1e-16] * 4, [0, 1e-300] * 4])
def test_a_column_that_hardly_varies_is_scaled_as_scikit_learn_does(scale: str, column: list[float]) -> None:
    train = frame(np.column_stack([drawn(3, 8, gaps=False)[["a", "b"]], column, np.arange(8)]))
    preprocess = {"implausible": "missing", "impute": "mean", "scale": scale, "pca": None}
    _, preprocessor = fit(train, configured(preprocess))
    np.testing.assert_allclose(preprocessor.transform(train), by_hand(train, train, preprocess), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("ends", [0, 10])
def test_both_ends_of_a_range_are_plausible_and_the_next_numbers_are_not(ends: float) -> None:
    _, preprocessor = fit(frame([[5, 0, 0, 0]] * 3), configured({"scale": None}))
    beyond = np.nextafter(ends, -1 if ends == 0 else 11)
    assert list(preprocessor.transform([[ends, 0, 0, 0], [beyond, 0, 0, 0]])[:, 0]) == [ends, 5]


class Stopped(Exception):  # noqa: N818
    """Carries the training rows away from a training that is not wanted."""


def training_inputs(config: Config, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    from pipeline import LeakyReLUClassifier, stages
    from pipeline.runs.summary import Origin

    def stop(_: object, X: pd.DataFrame, y: object, **__: object) -> NoReturn:
        raise Stopped(X)

    monkeypatch.setattr(LeakyReLUClassifier, "fit", stop)
    monkeypatch.setattr(stages, "fitting", lambda tasks, hidden, seed: nullcontext(lambda progress: []))
    with pytest.raises(Stopped) as caught:
        stages.train(config, Origin("some.yaml", (), None))
    return caught.value.args[0]


@pytest.mark.parametrize("settings", [["preprocess.pca=3"], ["preprocess.scale=minmax", "preprocess.impute=mean"]])
def test_other_test_rows_change_nothing_that_is_learnt(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, settings: list[str]
) -> None:
    from sklearn.model_selection import train_test_split

    config = load_config("configs/default.yaml", [*settings, "evaluation.unseen=null"])
    before = training_inputs(config, monkeypatch)
    text = pd.read_csv(config.data.path, dtype=str, keep_default_na=False)
    train, test = train_test_split(np.arange(len(text)), test_size=0.2, random_state=5)
    text.iloc[test, :6] = ["119", "29", "39", "11", "29", "199"]
    text.to_csv(config.data.path, index=False)
    pd.testing.assert_frame_equal(training_inputs(config, monkeypatch), before, check_exact=True)
    text.iloc[train[0], 0] = "119"
    text.to_csv(config.data.path, index=False)
    assert not training_inputs(config, monkeypatch).equals(before)


def test_fitting_and_transforming_leave_their_input_alone() -> None:
    train, copy = drawn(4, 20), drawn(4, 20)
    _, preprocessor = fit(train, configured({"pca": 2}))
    preprocessor.transform(train.to_numpy())
    preprocessor.transform(train)
    pd.testing.assert_frame_equal(train, copy)


def problems(train: pd.DataFrame, **preprocess: Any) -> tuple[str, ...]:
    config = configured(preprocess)
    with pytest.raises(DataError) as caught:
        fit_pipeline(train, config.data, config.preprocess)
    assert all("\n" not in problem and "some.csv" in problem for problem in caught.value.problems)
    return caught.value.problems


@pytest.mark.parametrize("impute", SETTINGS["impute"])
def test_each_column_without_a_usable_value_is_named(impute: Any) -> None:
    first, second = problems(frame([[np.nan, 1, 1, 2000], [np.nan, 2, 2, -1]]), impute=impute)
    assert all(part in first for part in ('"a"', "no usable value", "range"))
    assert '"d"' in second


@pytest.mark.parametrize(("cell", "implausible"), [(np.nan, "keep"), (np.nan, "missing"), (11, "missing")])
def test_a_pca_on_gaps_is_refused_with_the_setting_that_fills_them(cell: float, implausible: str) -> None:
    (problem,) = problems(frame([[cell, 1, 1, 1], [1, 2, 2, 2]]), impute=None, pca=1, implausible=implausible)
    assert all(part in problem for part in ("preprocess.pca", "missing", "preprocess.impute"))


def test_more_components_than_training_rows_are_refused() -> None:
    (problem,) = problems(frame([[1, 1, 1, 1], [2, 2, 2, 3]]), pca=3)
    assert all(part in problem for part in ("preprocess.pca", "3", "2"))
