"""Types of NumPy arrays, as every signature names them; and figures of other kinds as such, or as None."""

from math import isfinite
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Floats32: TypeAlias = NDArray[np.float32]
"""What the network computes in."""
Integers: TypeAlias = NDArray[np.int64]
"""Row numbers, class indices, counts."""
Flags: TypeAlias = NDArray[np.bool_]


def floats_of(values: Any) -> Floats:
    """Return an array or a DataFrame as float64; every kind of missing value, ``pandas.NA`` among them, becomes NaN."""
    array = np.asarray(values)
    if array.dtype == object:
        import pandas as pd

        array = np.where(pd.isna(array), np.nan, array)
    return np.asarray(array, dtype=np.float64)


def finite(value: Any) -> Any:
    """Return the value with None for every float that is not finite, at any depth."""
    if isinstance(value, dict | list | tuple):
        return {key: finite(item) for key, item in value.items()} if isinstance(value, dict) else [*map(finite, value)]
    return None if isinstance(value, float) and not isfinite(value) else value
