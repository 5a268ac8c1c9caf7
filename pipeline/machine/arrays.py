"""Types of NumPy arrays, as every signature names them."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Floats32: TypeAlias = NDArray[np.float32]
"""What the network computes in."""
Integers: TypeAlias = NDArray[np.int64]
"""Row numbers, class indices, counts."""
Flags: TypeAlias = NDArray[np.bool_]
