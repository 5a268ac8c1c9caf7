"""Leaky ReLU, the function that the article is about."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def leaky_relu_array(x: ArrayLike, slope: float | ArrayLike = 0.01) -> NDArray[Any]:
    """Return x for x > 0, and slope * x otherwise, of every element of ``x`` broadcast against ``slope``.

    ``slope`` is called alpha in the article and negative_slope in Keras; with 0 it is ReLU, with 1 the identity. NaN gives
    NaN. Floating dtypes are kept; integers and booleans become float64. Source: Maas, Hannun and Ng, "Rectifier
    Nonlinearities Improve Neural Network Acoustic Models" (2013).
    """
    values = np.asarray(x)
    if values.dtype.kind != "f":
        values = values.astype(np.float64)
    if isinstance(slope, float) and 0 < slope <= 1:  # the usual slope without an array of its own
        return np.asarray(np.maximum(values, slope * values))
    slopes = np.asarray(slope, dtype=values.dtype)
    if ((slopes > 0) & (slopes <= 1)).all():  # the same to the bit, in a third of the time
        return np.asarray(np.maximum(values, slopes * values))
    with np.errstate(invalid="ignore"):
        # 0 * -infinity would be NaN
        negative = np.where((slopes == 0) & ~np.isnan(values), values.dtype.type(0), slopes * values)
    return np.where(values > 0, values, negative)
