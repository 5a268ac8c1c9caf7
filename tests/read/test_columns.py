"""The oracle of the numbers is Python's float, of the different texts Python's str."""

import math
import re
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.data_section import NUMBER
from pipeline.read.cells import Cells, labels, numbers

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
    if cell.lower() in MISSING:
        return math.nan
    value = float(cell) if re.fullmatch(NUMBER, cell) else math.inf
    return value if math.isfinite(value) else math.inf


@given(st.lists(CELLS, min_size=1, max_size=20))
def test_every_text_is_the_number_that_python_reads_or_none(cells):
    wanted = np.array([expected(cell) for cell in cells])
    np.testing.assert_array_equal(np.abs(numbers(pa.array(cells, pa.string()))), np.abs(wanted))
    np.testing.assert_array_equal(
        numbers(pa.array(cells, pa.string()).dictionary_encode()), numbers(pa.array(cells, pa.string()))
    )
    for cell in cells:  # one by one, for a cell that is no number changes the way the others are read
        (value,) = numbers(pa.array([cell], pa.string()))
        assert value == expected(cell) or np.isnan([value, expected(cell)]).all() or np.isinf([value, expected(cell)]).all()


@pytest.mark.parametrize("kind", [pa.int16(), pa.uint64(), pa.float32(), pa.float64(), pa.decimal128(9, 3), pa.large_string()])
def test_every_type_of_number_gives_float64_and_nothing_is_nan(kind):
    values = {pa.large_string(): ["7", None, "0"], pa.decimal128(9, 3): [Decimal(7), None, Decimal(0)]}
    column = pa.array(values.get(kind, [7, None, 0]), kind)
    np.testing.assert_array_equal(numbers(column), [7, np.nan, 0])
    np.testing.assert_array_equal(numbers(pa.nulls(2)), [np.nan, np.nan])


def test_different_texts_are_trimmed_and_bytes_that_are_none_stand_apart():
    column = pa.array([b" a ", b"\xff", None, b"a", b"a\x00b", b" a "], pa.binary()).view(pa.string())
    texts, places = different_texts(column)
    assert [texts[place] for place in places] == ["a", None, "", "a", "a\x00b", "a"]
