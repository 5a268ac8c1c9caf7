"""The answer along each feature is the model's own."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from pipeline.report.response import response_picture, responses, standing
from pipeline.runs.reopen import Reopened
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
