"""A first row is told to hold names or data."""

import pytest

from pipeline.read.header import looks_like_data

ROWS = [["1", "85", "26.6", "no"], ["8", "183", "23.3", "yes"], ["1", "89", "28.1", "no"], ["0", "137", "43.1", "yes"]]


@pytest.mark.parametrize(
    ("first", "rows", "data"),
    [
        (["6", "148", "33.6", "yes"], ROWS, True),
        (["6", "148", "33.6", "maybe"], ROWS, True),
        (["6", "?", "33.6", ""], ROWS, True),
        (["pregnant", "glucose", "bmi", "ill"], ROWS, False),
        (["pregnant", "glucose", "bmi", "ill"], [], False),
        (["0", "1", "2", "3"], ROWS, False),
        (["id", "2019", "2020"], [["P1", "5", "6"], ["P2", "7", "8"]], False),
        (["id", "2019", "2020"], [["P1", "5.1", "6.2"], ["P2", "7.5", "8.5"]], False),
        (["P0", "5", "6"], [["P1", "5", "6"], ["P2", "7", "8"]], True),
        (["2020-01-02", "x"], [["2020-01-03", "z"], ["2021-11-03", "y"]], True),
        (["Q1", "Q2"], [["3", "4"], ["5", "6"]], False),
        (["male", "ill"], [["female", "well"], ["male", "well"]], True),
        (["sex", "state"], [["female", "well"], ["sex", "state"], ["male", "well"]], False),  # the header is repeated
        (["6,5", "a"], [["7,5", "b"], ["8,5", "c"]], True),
        (["male", "smoking", "age", "ill"], [["male", "yes", "45", "ill"], ["female", "no", "38", "well"]], False),
        (["6", "148", "<0.1", "yes"], ROWS, True),
        (["4", "5", "6"], [["6", "3", "5"], ["2", "7", "9"]], True),
        (["6", "148", "not done", "yes"], ROWS, True),
    ],
)
def test_names_and_data_are_told_apart(first, rows, data):
    assert looks_like_data(first, rows) is data
