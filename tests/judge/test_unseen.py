"""Folds by profile: as scikit-learn's, and no profile on both sides."""

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from pipeline.config.read import load_config
from pipeline.config.schema import Config, EvaluationSection, UnseenSection
from pipeline.data.load import load
from pipeline.data.table import Table
from pipeline.errors import DataError
from pipeline.judge.unseen import HeldOut, Unseen, folds_note, folds_of, held_out, profiles_of, unseen_answers
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
    unseen = unseen_answers(HeldOut("profiles", rows.profiles(COLUMNS), folds), given)
    assert list(unseen.answers) == ["network"]
    assert np.array_equal(unseen.answers["network"], np.arange(300) * 10)
    assert all((unseen.folds[fold.test] == number).all() for number, fold in enumerate(folds))
    assert pd.Series(unseen.folds).groupby(unseen.groups).nunique().max() == 1


def plain(truth: np.ndarray, values: np.ndarray) -> tuple[Table, Config]:
    """A table of two classes, and a config that says nothing of folds."""
    rows = table_of(pd.DataFrame(values, columns=["a", "b"]), np.array(["no", "yes"])[truth], ["no", "yes"])
    data = {"path": "x.csv", "target": "t", "codes": {"no": 0, "yes": 1}, "features": {"a": None, "b": None}}
    return rows, Config.model_validate({"data": data})


def test_auto_is_plain_stratified_validation_where_no_row_repeats() -> None:
    random = np.random.default_rng(0)
    rows, config = plain(random.integers(2, size=200), np.sort(random.normal(size=(200, 2)), axis=0))
    held = held_out(rows, config)
    oracle = StratifiedKFold(6, shuffle=True, random_state=0).split(rows.truth, rows.truth)
    assert held.kind == "rows"
    for fold, (train, test) in zip(held.folds, oracle, strict=True):
        assert np.array_equal(fold.train, train)
        assert np.array_equal(fold.test, test)


def test_auto_is_scikit_learns_division_where_groups_are_few() -> None:
    random = np.random.default_rng(1)
    sizes = np.arange(3, 15)
    profile = np.repeat(np.arange(12), sizes)  # no two of one size
    rows, config = plain((random.random(len(profile)) < 0.4).astype(int), np.stack([profile, profile % 5], axis=1).astype(float))
    oracle = StratifiedGroupKFold(6, shuffle=True, random_state=0).split(rows.truth, rows.truth, profile)
    for fold, (_, test) in zip(held_out(rows, config).folds, oracle, strict=True):
        assert np.array_equal(fold.test, test)


@pytest.mark.parametrize("seed", range(5))
def test_auto_never_parts_equal_rows_and_keeps_the_shares_of_the_classes(seed: int) -> None:
    random = np.random.default_rng(seed)
    values, truth = random.integers(12, size=(600, 2)).astype(float), random.integers(2, size=600)
    rows, config = plain(truth, values)
    folds = held_out(rows, config).folds
    numbers = pd.DataFrame(values).assign(fold=np.zeros(600, dtype=int))
    for number, fold in enumerate(folds):
        numbers.loc[fold.test, "fold"] = number
        assert abs(len(fold.test) - 100) < 20
        assert abs(truth[fold.test].mean() - truth.mean()) < 0.1
    assert len(folds) == 6
    assert (numbers.groupby([0, 1])["fold"].nunique() == 1).all()


@pytest.mark.parametrize(
    ("values", "truth", "folds"),
    [
        (np.zeros(40), np.arange(40) % 2, 0),  # all rows are equal
        (np.r_[np.zeros(20), np.ones(20)], np.arange(40) % 2, 2),
        (np.arange(40) % 3, np.arange(40) % 2, 3),
        (np.arange(40), np.arange(40) == 7, 0),  # whoever holds out the only "yes" has one class to learn from
        (np.r_[np.arange(37), np.full(3, np.nan)], np.arange(40) % 2, 6),
        (np.arange(4), np.arange(4) % 2, 2),
    ],
)
def test_auto_makes_fewer_folds_or_none_and_never_refuses(values: np.ndarray, truth: np.ndarray, folds: int) -> None:
    rows, config = plain(truth.astype(int), np.stack([values, values], axis=1).astype(float))
    held = held_out(rows, config)
    assert len(held.folds) == len(held.prepared) == folds
    unseen = Unseen(held.groups, np.arange(len(rows)) % max(folds, 1), {}) if folds else None
    note = folds_note(unseen, len(rows))
    assert ("not measured" in note) == (folds == 0)
    assert (f"{folds} folds instead of 6" in note) == (0 < folds < 6)


def test_auto_takes_two_folds_where_rows_are_many_and_does_not_weigh_each_row() -> None:
    random = np.random.default_rng(2)
    rows, config = plain(random.integers(2, size=20_001), random.normal(size=(20_001, 2)))
    started = time.perf_counter()
    held = held_out(rows, config)
    assert time.perf_counter() - started < 5  # StratifiedGroupKFold takes 4 to 20 s
    assert [len(fold.test) for fold in held.folds] == [10_001, 10_000]
    assert "more than 20,000 rows" in folds_note(Unseen(held.groups, np.arange(20_001) % 2, {}), 20_001)


def test_null_holds_nothing_out() -> None:
    rows, config = plain(np.arange(40) % 2, np.arange(80.0).reshape(40, 2))
    assert held_out(rows, config.model_copy(update={"evaluation": EvaluationSection(unseen=None)})).folds == ()
