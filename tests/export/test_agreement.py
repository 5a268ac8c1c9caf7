"""What the check before an export draws, and what it finds."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import RunError
from pipeline.export.agreement import as_columns, drawn, largest_difference
from tests.export.made import CATEGORIES, SHAPES, made, own

pytestmark = pytest.mark.arithmetic


def test_rows_lie_within_and_beyond_what_was_seen_with_gaps_ends_and_extremes():
    run = made()
    values, (lowest, highest) = drawn(run, 10_000), run.model.preprocessor.seen
    assert np.array_equal(values, drawn(run, 10_000), equal_nan=True)
    inside = ((values >= lowest) & (values <= highest)).all(axis=1)
    assert 0.1 < inside.mean() < 0.5
    for column, place in zip(values.T, range(6), strict=True):
        assert 0.02 < np.isnan(column).mean() < 0.2
        ends = [lowest[place], highest[place], run.model.preprocessor.lowest[place], run.model.preprocessor.highest[place]]
        assert {*ends, 1e300, -1e300, 5e-324, -5e-324, 0.0, np.inf, -np.inf} < set(column)
        assert ((column < lowest[place]) & (column > 2 * lowest[place] - highest[place])).any()


def test_categories_are_drawn_with_gaps_and_unknown_ones_and_given_as_texts():
    run = made(categories=CATEGORIES)
    values = drawn(run, 5000)
    columns = as_columns(values, run.config.data)
    for name, place in (("x1", 1), ("x3", 3), ("x4", 4), ("x5", 5)):
        numbers = run.config.data.features[name].numbers()
        for odd, text in ((np.isnan(values[:, place]), ""), (np.isneginf(values[:, place]), None)):
            assert 0.05 < odd.mean() < 0.15
            assert set(columns[name][odd]) == {text} if text == "" else not set(columns[name][odd]) & {"", *numbers}
        known = np.isfinite(values[:, place])
        np.testing.assert_array_equal([numbers[text] for text in columns[name][known]], values[known, place])
    np.testing.assert_array_equal(columns["x0"], values[:, 0])


@pytest.mark.parametrize("shape", SHAPES)
def test_the_run_agrees_with_itself(shape):
    run = made(**SHAPES[shape])
    assert largest_difference(run, drawn(run, 500), own(run)) == 0


def without_nan(answer):
    return replace(answer, output=np.nan_to_num(answer.output))


def another_class(answer):
    return replace(answer, classes=np.append(answer.classes[:-1], "Type1" if answer.classes[-1] != "Type1" else "Normal"))


FAULTS = {
    "output": lambda answer: replace(answer, output=answer.output * np.float32(1.0001) + np.float32(1e-4)),
    "no NaN": without_nan,
    "class": another_class,
    "possible": lambda answer: replace(answer, possible=~answer.possible),
    "one more": lambda answer: replace(answer, possible=np.ones_like(answer.possible)),
    "probabilities": lambda answer: replace(answer, probabilities=answer.probabilities[:, ::-1]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whoever_says_something_else_is_found(fault):
    run = made(filled=False)
    with pytest.raises(RunError, match=r"disagrees .* of 500 rows"):
        largest_difference(run, drawn(run, 500), lambda values: FAULTS[fault](own(run)(values)))


def test_a_difference_within_the_tolerance_is_told():
    run = made()

    def near(values):
        answer = own(run)(values)
        output = (answer.output + 5e-6).astype(np.float32)
        names = tuple(run.config.data.codes)
        classes = np.array([*names, ""])[run.model.answers(output, names)]
        shares = run.model.probabilities(output, names)
        return replace(answer, output=output, classes=classes, probabilities=shares, possible=run.model.possible(shares, names))

    assert largest_difference(run, drawn(run, 500), near) == pytest.approx(5e-6, rel=0.1)


def test_where_float32_overflows_the_probabilities_may_be_those_of_float64():
    """Of infinite terms with both signs the order of adding makes infinity or NaN, as the processor likes."""
    run = made(weight=1e25)

    def wider(values):
        output = run.model.network.in_float64().output(run.model.preprocessor.transform(values).astype(np.float32))
        names = tuple(run.config.data.codes)
        shares = run.model.probabilities(output, names)
        return replace(own(run)(values), probabilities=shares, possible=run.model.possible(shares, names))

    largest_difference(run, drawn(run, 500), wider)
