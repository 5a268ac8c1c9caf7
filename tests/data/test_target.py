"""The oracle is pandas: its ``map`` and ``cut``."""

import numpy as np
import pandas as pd
import pytest

from pipeline.config.data_section import CutSection, DataSection
from pipeline.data.target import UNKNOWN_CLASS, UNLABELLED, class_hint, classes_of_numbers, classes_of_texts, respelt

CODES = {"well": 0.0, "ill": 1.0, "worse": 2.0}


def section(**changes: object) -> DataSection:
    return DataSection.model_validate({"path": "x.csv", "target": "kind", "codes": CODES, "features": {"a": {}}} | changes)


@pytest.mark.parametrize(
    ("changes", "texts", "expected"),
    [
        ({}, ["ill", "well", "", "Ill", None], ["ill", "well", "", "?", "?"]),
        (
            {"codes": {"0": 0, "1": 1}},
            ["0", "1", "1.0", "0.00", "+1.", "-0", "2", "01", "1e0", "1D0", "1.01"],
            ["0", "1", "1", "0", "1", "0", "?", "?", "?", "?", "?"],
        ),
        ({"codes": {"no": 0, "True": 1}}, ["TRUE", "true", "no", "No"], ["True", "True", "no", "?"]),
        (
            {"merge": {"well": [0], "ill": [1, "2"], "worse": ["3", True]}},
            ["2.0", "0", "3", "true", "ill"],
            ["ill", "well", "worse", "worse", "?"],
        ),
    ],
)
def test_texts_become_the_classes_that_the_config_names(changes: dict, texts: list, expected: list[str]) -> None:
    own = section(**changes)
    places = {name: place for place, name in enumerate(own.codes)} | {"": UNLABELLED, "?": UNKNOWN_CLASS}
    assert classes_of_texts(texts, own).tolist() == pd.Series(expected).map(places).tolist()


def test_a_cut_is_that_of_pandas_with_each_limit_in_the_class_above() -> None:
    values = np.round(np.random.default_rng(0).normal(6, 2, 500), 1)
    values[:4] = [5.7, 6.5, np.nan, np.inf]
    cut = CutSection(at=(5.7, 6.5), classes=("worse", "ill", "well"))
    own = section(cut=cut)
    names = pd.cut(values[4:], [-np.inf, 5.7, 6.5, np.inf], right=False, labels=list(cut.classes))
    expected = [list(CODES).index(name) for name in ["ill", "well"]] + [UNLABELLED, UNKNOWN_CLASS]
    assert classes_of_numbers(values, cut, own).tolist() == expected + [list(CODES).index(name) for name in names]


@pytest.mark.parametrize(
    ("text", "texts", "said"),
    [
        ("iil", ["iil", "well"], 'did you mean "ill"?'),
        ("zzz", ["zzz"], 'data.codes has "well", "ill" and "worse"'),
        ("Ill ", ["ill", "Ill", "WELL"], "data.merge: {well: [well, WELL], ill: [ill, Ill], worse: [worse]}"),
    ],
)
def test_an_unknown_class_is_told_what_it_may_be(text: str, texts: list[str], said: str) -> None:
    assert said in class_hint(text, texts, section())


@pytest.mark.parametrize(
    ("codes", "texts", "expected"),
    [
        (CODES, ["Ill", "WELL", "ill", "", None, "wor se", "bad"], {"Ill": "ill", "WELL": "well", "wor se": "worse"}),
        ({"-1": 0, "0": 1}, ["1", "0", "-0"], {}),  # a sign is no matter of spelling
        ({"a": 0, "A": 1}, ["a ", "A", "á"], {}),
        ({"+": 0, "-": 1}, ["--", "*", "?"], {}),
    ],
)
def test_a_text_is_that_class_from_which_it_differs_in_case_and_blanks_only(codes: dict, texts: list, expected: dict) -> None:
    own = section(codes=codes)
    assert respelt(texts, own) == expected
    places = classes_of_texts([*expected], own, expected)
    assert [[*own.codes][place] for place in places] == [*expected.values()]
