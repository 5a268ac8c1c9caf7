"""The answer along each feature is the model's own."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.report.response import response_picture, responses, standing
from pipeline.runs.reopen import Reopened
from tests.report.shapes import LISTED
from tests.tables import frame_of


def test_the_others_stand_at_what_fills_a_gap(reopened: Reopened) -> None:
    model, rows = reopened.run.model, reopened.run.split.train
    assert standing(model, reopened.table, reopened.run.config.data, rows).tolist() == model.preprocessor.fill.tolist()


def test_where_nothing_fills_a_gap_they_stand_at_the_median_of_training(shape: Callable[[str], Reopened]) -> None:
    run = shape("article")
    medians = frame_of(run.table).iloc[run.run.split.train].median()
    assert standing(run.run.model, run.table, run.run.config.data, run.run.split.train).tolist() == medians.tolist()


def test_output_and_answers_are_those_of_the_model(reopened: Reopened) -> None:
    run, table = reopened.run, reopened.table
    found = list(responses(run.model, table, run.config, run.split.train))
    assert [each.feature for each in found] == list(run.config.data.features)
    for each in found:
        rows = pd.DataFrame(
            [standing(run.model, table, run.config.data, run.split.train)] * len(each.values), columns=list(table.features)
        )
        rows[each.feature] = each.values
        output = run.model.output(rows)
        assert np.array_equal(each.output, output)
        assert np.array_equal(each.answers, run.model.answers(output, run.model.coding.classes))


def test_the_range_is_that_of_the_usable_values(reopened: Reopened) -> None:
    run, table = reopened.run, reopened.table
    fast = next(each for each in responses(run.model, table, run.config, run.split.train) if each.feature == "BS Fast")
    usable = frame_of(table)["BS Fast"].mask(table.implausible[:, 1]).dropna()
    assert (fast.values[0], fast.values[-1]) == (usable.min(), usable.max())
    assert len(fast.seen) == len(fast.truth) == len(usable)


def test_the_caption_says_where_the_answer_changes(reopened: Reopened) -> None:
    run, names = reopened.run, list(reopened.run.config.data.codes)
    for place, each in enumerate(responses(run.model, reopened.table, run.config, run.split.train)):
        caption = response_picture(place, each, run.model.coding, names).caption
        answered = {names[answer] for answer in each.answers}
        assert caption.startswith(each.feature)
        assert all(name in caption for name in answered) or "times" in caption


def test_categories_are_answered_one_by_one_and_shown_by_their_texts(shape: Callable[[str], Reopened]) -> None:
    reopened = shape("categories")
    run, table, names = reopened.run, reopened.table, list(reopened.run.config.data.codes)
    still = standing(run.model, table, run.config.data, run.split.train)
    found = {each.feature: each for each in responses(run.model, table, run.config, run.split.train)}
    assert {name: list(each.texts) for name, each in found.items() if each.texts} == {
        name: [*own] for name, own in LISTED.items()
    }
    assert (found["pain"].values.tolist(), found["pain"].places.tolist()) == ([0, 1, 5], [0, 1, 2])
    for name, each in found.items():
        rows = np.tile(still, (len(each.values), 1))
        rows[:, table.features.index(name)] = each.values
        assert np.array_equal(each.output, run.model.output(rows))
        picture = response_picture(0, each, run.model.coding, names)
        assert all(label in picture.svg for label in each.texts if label in ("f", "m", "none", "severe", "ward 7"))


def test_where_nothing_fills_a_gap_categories_stand_at_the_most_frequent_one(shape: Callable[[str], Reopened]) -> None:
    run = shape("categories")
    bare = replace(run.run.model.preprocessor, fill=np.full(4, np.nan))
    model = replace(run.run.model, preprocessor=bare)
    train = frame_of(run.table).iloc[run.run.split.train]
    expected = [train["age"].median(), *(train[name].mode()[0] for name in LISTED)]
    assert standing(model, run.table, run.run.config.data, run.run.split.train).tolist() == expected
