"""The oracles are scikit-learn's train_test_split and GroupShuffleSplit, and the counts of FACTS.md."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from pipeline.config.data_section import DataSection, Feature
from pipeline.config.schema import SplitSection
from pipeline.data.load import load
from pipeline.data.split import Split, split
from pipeline.data.table import Table
from pipeline.errors import DataError
from tests.tables import frame_of, labels_of, others_of, table_of

LAB = ("BS pp", "Plasma R", "Plasma F", "HbA1c")
COLUMNS = ("Age", "BS Fast", *LAB)


def table(labels: list[str], **others: list[str]) -> Table:
    features = pd.DataFrame({"x": np.arange(len(labels), dtype=float)})
    return table_of(features, labels, ["A", "B", "C"], others, path="some.csv")


def labels(rows: int, seed: int = 0) -> list[str]:
    return list(np.random.default_rng(seed).permutation(np.resize(["A", "A", "A", "B", "B", "C"], rows)))


@pytest.fixture(scope="module")
def complete_table(complete: Path) -> Table:
    codes = {"Normal": 0.0, "Type1": 1.0, "Type2": -1.0}
    return load(DataSection(path=str(complete), target="Type", codes=codes, features=dict.fromkeys(COLUMNS, Feature())))


@pytest.mark.parametrize("size", [0.15, 0.2, 0.25, 1 / 3, 0.5, 0.8])
@pytest.mark.parametrize("rows", [30, 101, 1009])
@pytest.mark.parametrize("stratify", [False, True])
def test_rows_and_their_order_are_those_of_train_test_split(rows: int, size: float, stratify: bool) -> None:
    names = labels(rows)
    for seed in (0, 5, 42, 2**32 - 1):
        got = split(table(names), SplitSection(test_size=size, seed=seed, stratify=stratify))
        train, test = train_test_split(
            np.arange(rows), test_size=size, random_state=seed, stratify=np.array(names) if stratify else None
        )
        np.testing.assert_array_equal(got.train, train)
        np.testing.assert_array_equal(got.test, test)


@settings(deadline=None, max_examples=300)
@given(st.integers(30, 2000), st.integers(0, 2**32 - 1), st.floats(0.01, 0.8))
def test_any_plain_split_is_that_of_train_test_split(rows: int, seed: int, size: float) -> None:
    names = labels(rows)
    train, test = train_test_split(np.arange(rows), test_size=size, random_state=seed)
    assume(len({names[row] for row in train}) > 1)  # anything else is refused
    got = split(table(names), SplitSection(test_size=size, seed=seed))
    np.testing.assert_array_equal(got.train, train)
    np.testing.assert_array_equal(got.test, test)


@settings(deadline=None)
@given(st.integers(60, 300), st.integers(0, 2**32 - 1), st.floats(0.1, 0.6))
def test_stratified_shares_differ_by_less_than_one_row(rows: int, seed: int, size: float) -> None:
    names = np.array(labels(rows, seed))
    parts = split(table(list(names)), SplitSection(test_size=size, seed=seed, stratify=True))
    for name in "ABC":
        assert abs((names[parts.test] == name).sum() - (names == name).sum() * len(parts.test) / rows) < 1


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["", "1", "2"])), min_size=30, max_size=80),
    st.integers(0, 2**32 - 1),
)
def test_no_group_stands_on_both_sides_and_no_row_is_lost(pairs: list[tuple[str, str]], seed: int) -> None:
    first, second = map(list, zip(*pairs, strict=True))
    section = SplitSection(test_size=0.4, seed=seed, group_by=("first", "second"))
    try:
        parts = split(table(labels(len(pairs)), first=first, second=second), section)
    except DataError:
        assert len(set(pairs)) < 4  # one group, or a training part of so few rows that a class is alone
        return
    assert not {pairs[row] for row in parts.train} & {pairs[row] for row in parts.test}
    assert sorted([*parts.train, *parts.test]) == list(range(len(pairs)))


@pytest.mark.parametrize("seed", [0, 1, 5, 99])
@pytest.mark.parametrize("columns", [("site",), ("site", "year")])
def test_groups_fall_as_in_group_shuffle_split(seed: int, columns: tuple[str, ...]) -> None:
    others = {"site": [f"g{row % 17:02}" for row in range(200)], "year": [str(2000 + row % 3) for row in range(200)]}
    groups = ["".join(row) for row in zip(*(others[name] for name in columns), strict=True)]
    parts = split(table(labels(200), **others), SplitSection(seed=seed, group_by=columns))
    train, test = next(GroupShuffleSplit(1, test_size=0.2, random_state=seed).split(groups, groups=groups))
    np.testing.assert_array_equal(parts.train, train)
    np.testing.assert_array_equal(parts.test, test)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, 40), min_size=60, max_size=300), st.integers(0, 2**32 - 1), st.floats(0.05, 0.7))
def test_any_grouped_split_is_that_of_group_shuffle_split(groups: list[int], seed: int, size: float) -> None:
    mine = table(labels(len(groups)), site=[f"g{group:02}" for group in groups])
    try:
        train, test = next(GroupShuffleSplit(1, test_size=size, random_state=seed).split(groups, groups=groups))
    except ValueError:
        with pytest.raises(DataError, match="cannot be split"):
            split(mine, SplitSection(test_size=size, seed=seed, group_by=("site",)))
        return
    if labels_of(mine)[train].nunique() < 2:
        return
    got = split(mine, SplitSection(test_size=size, seed=seed, group_by=("site",)))
    np.testing.assert_array_equal(got.train, train)
    np.testing.assert_array_equal(got.test, test)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.sampled_from([0.0, -0.0, 1.5, np.nan, -7.0]), st.sampled_from(["", "a", "b"])), min_size=1))
def test_rows_share_a_group_just_if_they_are_equal_in_every_column(pairs: list[tuple[float, str]]) -> None:
    mine = table(["A"] * len(pairs), site=[site for _, site in pairs])
    mine = replace(mine, values=np.array([[number] for number, _ in pairs]))
    keys = [(("empty" if np.isnan(number) else number), site) for number, site in pairs]
    groups = mine.copies(["x", "site"])
    assert groups.dtype == np.int64
    assert sorted(set(groups)) == list(range(len(set(keys))))
    for row, key in enumerate(keys):
        np.testing.assert_array_equal(groups == groups[row], [each == key for each in keys])
    np.testing.assert_array_equal(mine.copies(["x"])[:, None] == mine.copies(["x"]), _equal([key[0] for key in keys]))


def _equal(keys: list[object]) -> np.ndarray:
    return np.array([[first == second for second in keys] for first in keys])


def test_equal_numbers_that_are_written_differently_are_one_group(tmp_path: Path) -> None:
    written = ["11", "11.0", " 11", "1.1e1"]
    body = [f"{written[row % 4] if row % 5 else row},{'AB'[row % 2]}" for row in range(40)]
    (tmp_path / "some.csv").write_text("\n".join(["BS pp,Type", *body, ""]))
    section = DataSection(path=str(tmp_path / "some.csv"), target="Type", codes={"A": 0, "B": 1}, features={"BS pp": Feature()})
    loaded = load(section, group_by=["BS pp"])
    for seed in range(10):
        parts = split(loaded, SplitSection(test_size=0.5, seed=seed, group_by=("BS pp",)))
        values = loaded.column("BS pp")
        assert not {*values[parts.train]} & {*values[parts.test]}


@pytest.mark.parametrize(
    ("names", "section", "parts"),
    [
        (["A", "B"], SplitSection(test_size=0.2), ["some.csv", "only"]),
        (["A", "B", "B"], SplitSection(test_size=0.99), ["some.csv", "3 rows", "split"]),
        (["A"] * 9 + ["B"], SplitSection(stratify=True), ["some.csv", '1 of "B"', "split.stratify"]),
        (["A", "B", "C"] * 2, SplitSection(test_size=0.2, stratify=True), ["some.csv", "the test has 2 of 6 rows", "split"]),
        (["A", "B"] * 5, SplitSection(group_by=("site",)), ["some.csv", "10 rows", "split"]),
        (["A"] * 99 + ["B"], SplitSection(test_size=0.9, seed=0), ["some.csv", '"A"', 'class "B" has 1 row and needs 2']),
        (["A"] * 98 + ["B"] * 2, SplitSection(test_size=0.9, seed=0), ["some.csv", '"A"', "split.seed", "stratify"]),
    ],
    ids=[
        "two rows",
        "no training row",
        "a lone row of a class",
        "fewer test rows than classes",
        "one group",
        "a lone row left",
        "one class left",
    ],
)
def test_too_few_rows_are_one_line_that_says_so(names: list[str], section: SplitSection, parts: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        split(table(names, site=["here"] * len(names)), section)
    (problem,) = caught.value.problems
    assert "\n" not in problem
    assert all(part in problem for part in parts)


def test_one_class_left_by_whole_groups_is_not_told_to_stratify_which_groups_forbid() -> None:
    with pytest.raises(DataError, match="training rows hold only") as caught:
        split(table(["A"] * 20 + ["B"] * 20, site=["here"] * 20 + ["there"] * 20), SplitSection(group_by=("site",)))
    assert "stratify" not in str(caught.value)


@pytest.mark.parametrize("section", [SplitSection(), SplitSection(stratify=True), SplitSection(group_by=("site",))])
def test_a_split_repeats_itself_and_leaves_its_input_alone(section: SplitSection) -> None:
    def fresh() -> Table:
        return table(labels(50), site=[str(row % 9) for row in range(50)])

    mine = fresh()
    first, second = split(mine, section), split(mine, section)
    np.testing.assert_array_equal(first.test, second.test)
    for of in (frame_of, others_of, labels_of):
        assert of(mine).equals(of(fresh()))


@pytest.fixture
def article_split(complete_table: Table) -> Callable[[int], Split]:
    return lambda seed: split(complete_table, SplitSection(seed=seed))


def test_the_articles_split_has_807_and_202_rows(article_split: Callable[[int], Split], complete_table: Table) -> None:
    parts = article_split(5)
    assert (len(parts.train), len(parts.test)) == (807, 202)
    assert (labels_of(complete_table)[parts.train] == "Normal").sum() == 500


def test_131_normal_test_rows_come_from_just_the_seeds_that_were_measured(
    article_split: Callable[[int], Split], complete_table: Table
) -> None:
    normal = (labels_of(complete_table) == "Normal").to_numpy()
    assert [seed for seed in range(200) if normal[article_split(seed).test].sum() == 131] == [5, 6, 57, 90, 146, 155, 181, 186]


@pytest.mark.parametrize(("columns", "known"), [(COLUMNS, 101), (LAB, 201)])
def test_the_articles_test_rows_repeat_training_rows_as_often_as_measured(
    article_split: Callable[[int], Split], complete_table: Table, columns: tuple[str, ...], known: int
) -> None:
    rows = [*frame_of(complete_table)[list(columns)].itertuples(index=False, name=None)]
    parts = article_split(5)
    train = {rows[row] for row in parts.train}
    assert sum(rows[row] in train for row in parts.test) == known


@pytest.mark.parametrize("seed", range(20))
def test_linked_groups_are_the_components_of_rows_that_may_be_equal(seed):
    """Every pair of rows is looked at, and SciPy finds the components."""
    random = np.random.default_rng(seed)
    values = random.integers(4, size=(25, 4)).astype(float)
    values[random.random(values.shape) < 0.25] = np.nan
    values[0] = np.nan  # a row without any value is linked to none that has one
    known = ~np.isnan(values[:, None] + values)
    links = known.any(axis=2) & ((values[:, None] == values) | ~known).all(axis=2)
    links |= np.isnan(values).all(axis=1)[:, None] & np.isnan(values).all(axis=1)
    expected = connected_components(links, directed=False)[1]
    features = pd.DataFrame(values, columns=list("abcd"))
    found = table_of(features, ["no"] * 25, ["no", "yes"]).profiles(list("abcd"))
    assert np.array_equal(found[:, None] == found, expected[:, None] == expected)
