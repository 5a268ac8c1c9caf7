"""npz files are read as NumPy reads them; what it would not write is refused (see also tests/torture/crafted.py)."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.runs.npz import read_arrays

DTYPES = (np.bool_, np.int64, np.int32, np.uint8, np.float32, np.float64, "<U7")
ANY = st.sampled_from(DTYPES).flatmap(
    lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0), elements=None)
)


def saved(**kept: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **kept)
    return file.getvalue()


@settings(deadline=None, max_examples=50)
@given(ANY, st.booleans())
def test_what_numpy_saves_is_read_as_numpy_reads_it(array: np.ndarray, fortran: bool) -> None:
    content = saved(a=np.asfortranarray(array) if fortran else array, b=np.arange(3))
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        expected = dict(file)
    found = read_arrays(content)
    assert list(found) == list(expected)
    for name, each in expected.items():
        assert found[name].dtype == each.dtype
        assert found[name].shape == each.shape
        np.testing.assert_array_equal(found[name], each)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_a_damaged_file_is_refused_or_read_but_never_anything_else(data: st.DataObject) -> None:
    content = bytearray(saved(a=np.arange(4.0), b=np.array(["x", "yz"])))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_arrays(bytes(content[: data.draw(st.integers(len(content) - 30, len(content)))]))
    except ValueError:
        return
    assert all(each.dtype.kind in "biufU" for each in found.values())


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip", bytes(1000)])
def test_what_is_no_zip_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="no npz file"):
        read_arrays(content)
