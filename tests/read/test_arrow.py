"""The oracle is pyarrow's own conversion, which imports pandas."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.read.arrow import filled, floats, integers, to_arrow, to_text

CUT = st.integers(0, 9)


@given(st.lists(st.none() | st.floats()), CUT, CUT)
def test_floats_are_those_of_pyarrow(values: list[float | None], start: int, length: int) -> None:
    array = pa.array(values, pa.float64()).slice(start, length)
    np.testing.assert_array_equal(floats(array), array.to_numpy(zero_copy_only=False))


@given(st.lists(st.integers(-(2**31), 2**31 - 1)), CUT, CUT)
def test_whole_numbers_are_those_of_pyarrow(values: list[int], start: int, length: int) -> None:
    array = pa.array(values, pa.int32()).slice(start, length)
    np.testing.assert_array_equal(integers(array), array.to_numpy())


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int32, np.bool_])
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=40))
def test_arrays_are_those_of_pyarrow(kind: type, cells: list[tuple[int, bool]]) -> None:
    values, missing = np.array([value for value, _ in cells]).astype(kind), np.array([gap for _, gap in cells], dtype=bool)
    assert to_arrow(values).equals(pa.array(values))
    assert to_arrow(values, missing).equals(pa.array(values, mask=missing))
    assert to_arrow(np.stack([values, values], axis=1)[:, 1]).equals(pa.array(values))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_texts_are_those_of_pyarrow(texts: list[str]) -> None:
    assert to_text(texts).equals(pa.array(texts, pa.string()))


@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]))))
def test_a_null_becomes_an_empty_text(texts: list[str | None]) -> None:
    for kind in (pa.string(), pa.binary()):
        assert filled(pa.array(texts, pa.string()).cast(kind)).cast(pa.string()).to_pylist() == [text or "" for text in texts]
