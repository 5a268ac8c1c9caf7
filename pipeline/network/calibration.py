"""Probabilities from answers to held-out rows."""

from dataclasses import replace

import numpy as np

from pipeline.machine.arrays import Floats, Floats32, Integers
from pipeline.network.coding import Coding

_FLATTEST, _STEEPEST = 1e-3, 1e3  # times what the loss says


def calibrated(coding: Coding, output: Floats, positions: Integers, weights: Floats32 | None = None) -> Coding:
    """Return the coding with the steepness under which (rows, outputs) outputs for held-out rows are most likely.

    By maximum likelihood, with one row more of every class spread evenly over the others, as Platt does, so that outputs
    without a mistake still leave every class a chance. Rows with NaN are left out; without any other row the coding stays as
    it is. Source: Platt (1999), "Probabilistic outputs for support vector machines", section 2.2.

    Args:
        positions: (rows,) classes, as positions in ``coding.classes``.
        weights: (rows,) by which the log likelihood of each row is multiplied; by default 1.
    """
    from scipy.optimize import minimize

    known = ~np.isnan(output).any(axis=1)
    weights = known.astype(float) if weights is None else known * weights
    ...
