"""Folds by profile: as scikit-learn's, and no profile on both sides."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from pipeline.config.read import load_config
from pipeline.config.schema import UnseenSection
from pipeline.data.load import load
from pipeline.data.table import Table
from pipeline.errors import DataError
from pipeline.judge.unseen import folds_of, profiles_of, unseen_answers
from tests.tables import frame_of, table_of

COLUMNS = ("a", "b")


def table(seed: int, rows: int = 300, profiles: int = 30) -> Table:
    random = np.random.default_rng(seed)
    values = random.normal(size=(profiles, 3)).round(1)
    values[0, 0] = values[1, 1] = np.nan
    profile = np.r_[np.arange(profiles), random.integers(profiles, size=rows - profiles)]
    features = pd.DataFrame(values[profile], columns=["a", "b", "c"])
    classes = ["no", "yes", "perhaps"]
    return table_of(features, np.array(classes)[profile % 3], classes)


def may_equal(one: tuple, other: tuple) -> bool:
    """Whether an empty cell is all that keeps two profiles apart."""
    known = [(a, b) for a, b in zip(one, other, strict=True) if not np.isnan(a + b)]
    return bool(known) and all(a == b for a, b in known)


@pytest.mark.parametrize("seed", range(5))
def test_every_row_is_held_out_once_and_no_profile_is_on_both_sides(seed: int) -> None:
    rows = table(seed)
    folds = folds_of(rows, UnseenSection(group_by=COLUMNS, folds=4, seed=seed))
    keys = frame_of(rows)[list(COLUMNS)].apply(tuple, axis=1)
    assert np.array_equal(np.sort(np.concatenate([fold.test for fold in folds])), np.arange(300))
    for fold in folds:
        assert not any(may_equal(one, other) for one in set(keys.iloc[fold.train]) for other in set(keys.iloc[fold.test]))
        assert np.array_equal(np.sort(np.r_[fold.train, fold.test]), np.arange(300))


def test_a_gap_keeps_no_profile_apart_on_the_real_file(article) -> None:
    config = load_config("configs/default.yaml", data=str(article))
    rows, section = load(config.data), config.evaluation.unseen
    values = frame_of(rows)[list(section.group_by)].to_numpy()
    for fold in folds_of(rows, section):
        for row in values[fold.test]:
            agree = (values[fold.train] == row) | np.isnan(values[fold.train]) | np.isnan(row)
            assert not agree.all(axis=1).any()
    assert len(np.unique(profiles_of(rows, section))) == 14


def test_the_real_file_has_21_profiles_in_six_folds(complete) -> None:
    config = load_config("configs/default.yaml", data=str(complete))
    rows = load(config.data)
    section = config.evaluation.unseen
    assert section is not None
    names = list(section.group_by)
    groups = frame_of(rows).groupby(names, dropna=False).ngroup()
    folds = folds_of(rows, section)
    oracle = StratifiedGroupKFold(6, shuffle=True, random_state=0).split(groups, rows.truth, groups)
    for fold, (train, test) in zip(folds, oracle, strict=True):
        assert np.array_equal(fold.train, train)
        assert np.array_equal(fold.test, test)
    assert groups.nunique() == 21


@pytest.mark.parametrize(
    ("profiles", "folds", "told"), [(3, 4, "3 profiles"), (30, 200, "cannot make 200 folds"), (3, 3, "two classes")]
)
def test_too_few_profiles_are_one_clear_line(profiles: int, folds: int, told: str) -> None:
    rows = table(0, profiles=profiles)
    if told == "two classes":
        rows = replace(rows, truth=np.where(rows.column("b") == rows.column("b")[0], 1, 0))
        folds = 3
    with pytest.raises(DataError, match=told) as caught:
        folds_of(rows, UnseenSection(group_by=COLUMNS, folds=folds))
    assert "evaluation.unseen" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_answers_are_laid_out_by_row_and_those_of_some_folds_only_are_left_out() -> None:
    rows = table(1)
    folds = folds_of(rows, UnseenSection(group_by=COLUMNS, folds=3))
    given = [
        {"network": fold.test * 10, "part": fold.test} if number else {"network": fold.test * 10}
        for number, fold in enumerate(folds)
    ]
    unseen = unseen_answers(rows.profiles(COLUMNS), folds, given)
    assert list(unseen.answers) == ["network"]
    assert np.array_equal(unseen.answers["network"], np.arange(300) * 10)
    assert all((unseen.folds[fold.test] == number).all() for number, fold in enumerate(folds))
    assert pd.Series(unseen.folds).groupby(unseen.groups).nunique().max() == 1
