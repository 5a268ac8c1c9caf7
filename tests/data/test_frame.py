"""The oracles are pandas, which keeps the texts, and scikit-learn's OneHotEncoder and SimpleImputer behind them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from pipeline.config.data_section import UNKNOWN
from pipeline.config.schema import Config
from pipeline.data.frame import category_numbers, from_frame, to_frame
from pipeline.data.preprocess import fit_pipeline, from_pipeline

LEVELS = {"sex": ["female", "male"], "smoking": ["never", "former", "current"], "stage": ["1", "2", "3", "4"]}


def config(**preprocess: object) -> Config:
    features = {"age": {"range": [0, 90]}, "sex": {"categories": LEVELS["sex"]}, "bmi": {}}
    features |= {name: {"categories": LEVELS[name]} for name in ("smoking", "stage")}
    features |= {"pain": {"categories": {"none": 0, "some": 2, "severe": 5}}}
    data = {"path": "x.csv", "target": "kind", "codes": {"well": 0, "ill": 1}, "features": features}
    return Config.model_validate({"data": data, "preprocess": preprocess})


def drawn(seed: int, rows: int = 200) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    columns = {"age": random.integers(20, 99, rows).astype(float), "sex": random.choice(LEVELS["sex"], rows)}
    columns |= {"bmi": random.normal(27, 4, rows)} | {name: random.choice(LEVELS[name], rows) for name in ("smoking", "stage")}
    frame = pd.DataFrame(columns | {"pain": random.choice(["none", "some", "severe"], rows)}).astype({"stage": object})
    return frame.mask(random.random(frame.shape) < 0.1)


def by_hand(train: pd.DataFrame, test: pd.DataFrame, scale: object) -> np.ndarray:
    """Clean, fill, one column a category, scale: by scikit-learn alone."""
    train, test = (rows.assign(age=rows.age.where(rows.age <= 90)) for rows in (train, test))
    train, test = (rows.assign(pain=rows.pain.map({"none": 0, "some": 2, "severe": 5})) for rows in (train, test))
    steps = [
        (
            name,
            make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(categories=[LEVELS[name]], drop="if_binary")),
            [name],
        )
        if name in LEVELS
        else (name, SimpleImputer(strategy="most_frequent" if name == "pain" else "median"), [name])
        for name in train.columns
    ]
    columns = ColumnTransformer(steps, sparse_threshold=0)
    whole = make_pipeline(columns, scale) if scale else columns
    return whole.fit(train).transform(test)


@pytest.mark.parametrize(("scale", "scaler"), [("standard", StandardScaler()), ("minmax", MinMaxScaler()), (None, None)])
def test_categories_become_the_inputs_that_scikit_learn_makes(scale: str | None, scaler: object) -> None:
    own, train, test = config(scale=scale), drawn(1), drawn(2)
    values = from_frame(train, own.data.categories())
    steps = fit_pipeline(to_frame(values, own.data), own.data, own.preprocess)
    preprocessor = from_pipeline(steps, values, own.data)
    expected = by_hand(train, test, scaler)
    np.testing.assert_allclose(preprocessor.transform(from_frame(test, own.data.categories())), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(steps.transform(test), expected, rtol=1e-12, atol=1e-12)
    assert preprocessor.inputs[:3] == ("age", "sex=male", "bmi")
    assert len(preprocessor.inputs) == expected.shape[1] == 3 + 3 + 4 + 1


def test_an_unknown_category_is_filled_as_a_missing_one_even_where_implausible_numbers_are_kept() -> None:
    own, train = config(implausible="keep"), drawn(1)
    values = from_frame(train, own.data.categories())
    preprocessor = from_pipeline(fit_pipeline(to_frame(values, own.data), own.data, own.preprocess), values, own.data)
    row = pd.DataFrame([[50, "male", 27, "never", "2", "some"]], columns=list(train.columns))
    strange, empty = row.assign(smoking="pipe", stage="9"), row.assign(smoking=None, stage=None)
    categories = own.data.categories()
    assert (from_frame(strange, categories)[0, 3:5] == UNKNOWN).all()
    np.testing.assert_array_equal(*(preprocessor.transform(from_frame(rows, categories)) for rows in (strange, empty)))


def test_values_come_back_as_the_texts_that_they_were() -> None:
    own, frame = config(), drawn(3)
    back = to_frame(from_frame(frame, own.data.categories()), own.data)
    pd.testing.assert_frame_equal(back, frame, check_dtype=False)


def test_a_number_or_a_truth_value_that_spells_a_category_is_it() -> None:
    numbers = {"1": 0.0, "2": 1.0, "true": 2.0}
    found = category_numbers(np.array([1.0, 2, "2.0", True, "TRUE", " 1 ", "", None, np.nan, "3"], dtype=object), numbers)
    np.testing.assert_array_equal(found, [0, 1, 1, 2, 2, 0, np.nan, np.nan, np.nan, UNKNOWN])
