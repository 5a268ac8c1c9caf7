"""The ways between NumPy and Arrow that do without pandas.

pyarrow's own import it, which takes longer than all else that a small file needs.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.machine.arrays import Flags, Floats, Integers


def floats(array: pa.DoubleArray) -> Floats:
    """Return (R,) numbers, NaN for each null."""
    array = pc.fill_null(array, to_arrow(np.array([np.nan]))[0]) if array.null_count else array
    return np.frombuffer(array.buffers()[1] or b"", np.float64, len(array), 8 * array.offset)


def integers(array: pa.Int32Array) -> Integers:
    """Return (R,) whole numbers of an array without nulls."""
    return np.frombuffer(array.buffers()[1] or b"", np.int32, len(array), 4 * array.offset).astype(np.int64)


def to_arrow(values: NDArray[Any], missing: Flags | None = None) -> pa.Array:
    """Return (R,) numbers or flags, null where they are ``missing``."""
    held = None if missing is None else _bits(~missing)
    data = _bits(values) if values.dtype == bool else pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [held, data])


def to_text(texts: Sequence[str]) -> pa.StringArray:
    """Return texts as an array without nulls."""
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(texts), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))])


def filled(array: pa.Array) -> pa.Array:
    """Return texts, or bytes, with an empty one in the place of every null."""
    return pc.fill_null(array, to_text([""]).cast(array.type)[0])


def _bits(flags: Flags) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))
