"""What scores a row: preprocessor, network and coding. NumPy only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.data.preprocess import Preprocessor
from pipeline.network.decode import Coding
from pipeline.network.layers import Floats, Network


@dataclass(frozen=True)
class Model:
    """A fitted pipeline from raw columns to a class."""

    preprocessor: Preprocessor
    network: Network
    coding: Coding

    def output(self, features: ArrayLike) -> Floats:
        """Return (rows, outputs) for (rows, F) raw values; NaN where something is missing and nothing fills it."""
        return self.network.output(self.preprocessor.transform(features))

    def answers(self, output: Floats, classes: tuple[str, ...]) -> NDArray[np.int64]:
        """Return the index in ``classes`` of each output's class, -1 for none.

        ``classes`` may hold classes that the network never saw, in any order.
        """
        if classes == self.coding.classes:
            return self.coding.decode(output)
        positions = np.array([*(classes.index(name) for name in self.coding.classes), -1])
        return positions[self.coding.decode(output)]

    def probabilities(self, output: Floats, classes: tuple[str, ...]) -> NDArray[np.float64]:
        """Return the (rows, len(classes)) probability of each of ``classes`` for each output.

        A class that the network never saw has probability 0; a row with NaN has NaN for every class.
        """
        known = self.coding.probabilities(output)
        if classes == self.coding.classes:
            return known
        positions = [classes.index(name) for name in self.coding.classes]
        result = np.zeros((len(classes), len(known))).T
        result[:, positions] = known
        result[np.isnan(known[:, 0])] = np.nan
        return result
