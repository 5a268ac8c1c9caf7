"""Leaky ReLU, the function that the article is about."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def leaky_relu_array(x: ArrayLike, slope: float | ArrayLike = 0.01) -> NDArray[Any]:
    """Return x for x > 0, and slope * x otherwise, for every element of ``x`` broadcast against ``slope``.

    Source: Maas, Hannun and Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models" (2013). With slope 0 it
    is ReLU, with slope 1 the identity. Floating dtypes are kept; integers and booleans become float64. NaN gives NaN.

    Args:
        x: numbers of any shape.
        slope: one negative slope, called alpha in the article and negative_slope in Keras, or an array of them.
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
        negative = np.where((slopes == 0) & ~np.isnan(values), values.dtype.type(0), slopes * values)
    return np.where(values > 0, values, negative)
