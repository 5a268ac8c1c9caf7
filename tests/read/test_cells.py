"""The oracle of the numbers is Python's float, of the different texts Python's str."""

import datetime
import math
import re
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.data_section import NUMBER, UNKNOWN, Feature
from pipeline.read.cells import Cells, cell_hint, doubt, evidence, labels, numbers

CELLS_READ = Cells()
CELLS = st.one_of(
    st.text(st.sampled_from(list("0123456789+-.eE")), max_size=8),
    st.text(st.sampled_from(list("0159+-.eEnaif_xX ,\u0661\u00a0")), max_size=6),
    st.sampled_from(
        ["nan", "-nan", "NaN", "inf", "Infinity", "NA", " n/a ", "null", "None", "1e999", "-1e999", "1e-999", "4.9e-324"]
    ),
    st.floats().map(repr),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.integers(0, 10**40).map(lambda number: f"0.{number:040d}"),
)


def expected(cell: str) -> float:
    cell = cell.strip()
    if cell.lower() in CELLS_READ.missing:
        return math.nan
    value = float(cell) if re.fullmatch(NUMBER, cell) else math.inf
    return value if math.isfinite(value) else math.inf


@given(st.lists(CELLS, min_size=1, max_size=20))
def test_every_text_is_the_number_that_python_reads_or_none(cells):
    wanted = np.array([expected(cell) for cell in cells])
    np.testing.assert_array_equal(np.abs(numbers(pa.array(cells, pa.string()), CELLS_READ)), np.abs(wanted))
    np.testing.assert_array_equal(
        numbers(pa.array(cells, pa.string()).dictionary_encode(), CELLS_READ), numbers(pa.array(cells, pa.string()), CELLS_READ)
    )
    for cell in cells:  # one by one, for a cell that is no number changes the way the others are read
        (value,) = numbers(pa.array([cell], pa.string()), CELLS_READ)
        assert value == expected(cell) or np.isnan([value, expected(cell)]).all() or np.isinf([value, expected(cell)]).all()


@pytest.mark.parametrize("kind", [pa.int16(), pa.uint64(), pa.float32(), pa.float64(), pa.decimal128(9, 3), pa.large_string()])
def test_every_type_of_number_gives_float64_and_nothing_is_nan(kind):
    values = {pa.large_string(): ["7", None, "0"], pa.decimal128(9, 3): [Decimal(7), None, Decimal(0)]}
    column = pa.array(values.get(kind, [7, None, 0]), kind)
    np.testing.assert_array_equal(numbers(column, CELLS_READ), [7, np.nan, 0])
    np.testing.assert_array_equal(numbers(pa.nulls(2), CELLS_READ), [np.nan, np.nan])


def test_different_texts_are_trimmed_and_bytes_that_are_none_stand_apart():
    column = pa.array([b" a ", b"\xff", None, b"a", b"a\x00b", b" a "], pa.binary()).view(pa.string())
    texts, places = labels(column, CELLS_READ)
    assert [texts[place] for place in places] == ["a", None, "", "a", "a\x00b", "a"]


COMMA = Cells(",")


@pytest.mark.parametrize(
    ("cell", "cells", "expected"),
    [
        ("6,5", COMMA, 6.5),
        ("1,5e3", COMMA, 1500),
        ("1.234", COMMA, math.inf),
        ("6,5", CELLS_READ, math.inf),
        ("1.234,5", COMMA, math.inf),
        ("1.234,5", Cells(",", "."), 1234.5),
        ("1.234.567", Cells(",", "."), 1234567),
        ("1.2345", Cells(",", "."), math.inf),
        ("1,234", Cells(".", ","), 1234),
        ("12,34", Cells(".", ","), math.inf),
        ("1 234,5", Cells(",", " "), 1234.5),
        ("1\u00a0234", Cells(",", " "), 1234),
        ("1\u202f234.5", Cells(".", " "), 1234.5),
        ("1\u2019234", Cells(".", "'"), 1234),
        ("1 234", CELLS_READ, math.inf),
        ("\u22125", CELLS_READ, -5),
        ("\u00a05\u2009", CELLS_READ, 5),
        ("-inf", CELLS_READ, math.inf),
        ("1_000", CELLS_READ, math.inf),
        ("5 %", CELLS_READ, math.inf),
        ("\u0665", CELLS_READ, math.inf),
        ("?", CELLS_READ, math.nan),
        ("#N/A", CELLS_READ, math.nan),
        ("#DIV/0!", CELLS_READ, math.nan),
        ("-", COMMA, math.nan),
        ("?", Cells(missing=frozenset({""})), math.inf),
        ("-999,0", Cells(",", missing=frozenset({"", -999.0})), math.nan),
    ],
)
def test_marks_blanks_and_texts_for_missing(cell, cells, expected):
    for others in ([], ["7"], ["", "7"]):
        value = numbers(pa.array([cell, *others], pa.string()), cells)[0]
        assert value == expected or np.isnan([value, expected]).all()
    assert cell_hint(cell, "a", cells).startswith("; ")


@pytest.mark.parametrize(
    ("feature", "texts", "expected"),
    [
        (Feature(censored="bound"), ["<0.1", "> 5", "\u2264 3", ">=2", "<x", "7"], [0.1, 5, 3, 2, math.inf, 7]),
        (Feature(censored="missing"), ["<0.1", "7"], [math.nan, 7]),
        (Feature(), ["<0.1", "7"], [math.inf, 7]),
        (Feature(missing=("Not done", -9)), ["not done", "-9.0", "7"], [math.nan, math.nan, 7]),
        (
            Feature(categories=("no", "yes")),
            ["yes", " no ", "NA", "Yes", None],
            [1, 0, math.nan, UNKNOWN, math.nan],
        ),
        (Feature(categories=("none", "NA", "-")), ["none", "NA", "-", "?"], [0, 1, 2, math.nan]),
        (Feature(categories=("0", "1")), ["1.0", "0", "2"], [1, 0, UNKNOWN]),
        (Feature(categories={"low": 0.5, "high": 2}, missing=("odd",)), ["high", "ODD", "low"], [2, math.nan, 0.5]),
        (Feature(categories=("true", "false")), [True, False, None], [0, 1, math.nan]),
        (Feature(categories=("1", "2")), [1.0, 2.0, math.nan, 3.0], [0, 1, math.nan, UNKNOWN]),
    ],
)
def test_limits_and_categories(feature, texts, expected):
    np.testing.assert_array_equal(numbers(pa.array(texts), CELLS_READ, feature), expected)


def test_labels_write_typed_cells_plainly_and_keep_what_the_config_names():
    day = datetime.date(2020, 1, 2)
    for cells, expected in (
        ([1.0, 2.5, None, math.nan, 4.4e7], ["1", "2.5", "", "", "44000000"]),
        ([True, None], ["true", ""]),
        ([day, None], ["2020-01-02", ""]),
        ([datetime.datetime(2020, 1, 2), datetime.datetime(2020, 1, 2, 3, 4)], ["2020-01-02", "2020-01-02 03:04:00"]),
        ([Decimal("1.50")], ["1.5"]),
        ([2**53 + 1, 2**53 + 2, 0], ["9007199254740993", "9007199254740994", "0"]),
        (
            ["1E2", "100", "100.0", "01", "1", "#REF!", "missing", ".."],
            ["1E2", "100", "100.0", "01", "1", "", "", ""],
        ),
        (["NA", "none", "-", " ? ", "+"], ["", "none", "-", "", "+"]),
    ):
        texts, places = labels(pa.array(cells), CELLS_READ)
        assert [texts[place] for place in places] == expected
    texts, places = labels(pa.array(["NA", "?", "-9"]), Cells(missing=frozenset({"", "na", "?", -9.0})), ["NA"])
    assert [texts[place] for place in places] == ["NA", "", ""]
    assert labels(pa.array(["1,0", "1", "x,y"]), COMMA)[0] == ["1.0", "1", "x,y"]


@pytest.mark.parametrize(
    ("texts", "cells", "doubtful"),
    [
        (["1.234", "950"], CELLS_READ, True),
        (["1.234", "150000"], CELLS_READ, True),
        (["1.234", "950", "6.5"], CELLS_READ, False),
        (["1.234", "2.345"], CELLS_READ, False),
        (["0.234", "2"], CELLS_READ, False),
        (["1,234", "950"], COMMA, True),
        (["1,234", "950"], Cells(",", sure=True), False),
        (["1e5", "950"], CELLS_READ, False),
    ],
)
def test_a_column_is_in_doubt_where_a_mark_may_stand_between_thousands(texts, cells, doubtful):
    parts = [evidence(pa.array([text])) for text in texts]
    for found in (evidence(pa.array(texts)), sum(parts[1:], parts[0])):
        assert bool(doubt("a", found, cells)) is doubtful
