"""The network as rules: between the bends of its hidden units, the value before the output's activation is linear."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from pipeline.data.preprocess import Preprocessor
from pipeline.machine.arrays import Flags, Floats, Integers
from pipeline.model import Model
from pipeline.network.layers import Network, unflatten

_SOLVED = 24  # borders of a region up to which those that others imply are looked for


@dataclass(frozen=True)
class Region:
    """Rows for which the same hidden units are above 0. A formula has a factor for each of the W columns, then a constant.

    Attributes:
        rows: their numbers.
        formulas: (W + 1, outputs) for each value before the output's activation.
        borders: (W + 1, K) for the sum in each hidden unit that parts this region from what the columns can be elsewhere.
        above: (K,) whether that sum is above 0 here.
        units: (K, 2) layer and place of that unit, counted from 1.
    """

    rows: Integers
    formulas: Floats
    borders: Floats
    above: Flags
    units: Integers

    def values(self, columns: Floats) -> Floats:
        """Return (rows, outputs) values for (rows, W) columns."""
        return np.asarray(columns @ self.formulas[:-1] + self.formulas[-1])

    def holds(self, columns: Floats) -> Flags:
        """Return which of (rows, W) columns lie in this region."""
        return np.asarray(((columns @ self.borders[:-1] + self.borders[-1] > 0) == self.above).all(axis=1))

    def rounded(self, digits: int) -> Self:
        """Return the region with so many significant digits in each formula."""
        shorter = np.vectorize(lambda factor: float(f"{factor:.{digits}g}"), otypes=[np.float64])
        return replace(
            self, formulas=shorter(self.formulas), borders=shorter(self.borders) if self.borders.size else self.borders
        )


@dataclass(frozen=True)
class Rules:
    """The regions that hold most rows, most first; how many hold rows; and (rows, W) columns in their units, gaps filled."""

    regions: tuple[Region, ...]
    count: int
    columns: Floats


def rules_of(model: Model, values: ArrayLike, most: int = 50) -> Rules:
    """Return the regions in which (rows, F) raw values lie, computed in float64; a row without a number lies in none.

    Source: Montufar, Pascanu, Cho and Bengio (2014), "On the number of linear regions of deep neural networks".
    """
    steps, network = model.preprocessor, model.network.in_float64()
    slopes = np.repeat(network.slopes[: len(network.sizes) - 2], network.sizes[1:-1])  # of each hidden unit
    *hidden, output = network.pre_activations(steps.transform(values))
    usable = np.flatnonzero(np.isfinite(output).all(axis=1))
    above = np.concatenate([np.empty((len(output), 0)), *hidden], axis=1)[usable] > 0
    above |= slopes == 1  # such a unit does not bend
    kinds = np.packbits(np.insert(above, 0, True, axis=1), axis=1)  # NumPy sorts no rows of nothing
    _, first, kind, counts = np.unique(kinds, axis=0, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:most]
    regions = tuple(_region(steps, network, slopes, above[first[place]], usable[kind.ravel() == place]) for place in order)
    unscaled = replace(steps, center=np.zeros(1), scale=np.ones(1), mean=None, components=None)
    return Rules(regions, len(counts), unscaled.transform(values))


def _region(steps: Preprocessor, network: Network, slopes: Floats, above: Flags, rows: Integers) -> Region:
    """Follow the formulas of the columns through the layers."""
    formulas = np.vstack([np.diag(1 / steps.scale), -steps.center / steps.scale])
    if steps.components is not None:
        formulas[-1] -= steps.mean
        formulas = formulas @ steps.components.T
    sums, units = [], np.array([(layer, unit + 1) for layer, size in enumerate(network.sizes) for unit in range(size)])
    factors = np.split(np.where(above, 1, slopes), np.cumsum(network.sizes[1:-1]))
    for (kernel, bias), factor in zip(unflatten(network.weights, network.sizes), [np.ones(1), *factors], strict=False):
        formulas = formulas * factor @ kernel
        formulas[-1] += bias
        sums.append(formulas)
    borders = np.concatenate(sums, axis=1)[:, : len(above)] * (slopes != 1)
    needed = _needed(borders, above, steps)
    return Region(rows, formulas, borders[:, needed], above[needed], units[network.sizes[0] :][needed])


def _needed(borders: Floats, above: Flags, steps: Preprocessor) -> list[int]:
    """Return the places of the borders that neither the plausible ranges nor other borders imply."""
    from scipy.optimize import linprog

    widths = np.array(steps.widths or [1] * len(steps.lowest))
    edges, told = (steps.lowest, steps.highest), np.repeat(widths > 1, widths)
    low, high = (np.where(told, end, np.repeat(edge, widths)) for end, edge in enumerate(edges))
    inner = np.where(above, borders, -borders) / np.maximum(np.abs(borders).max(axis=0), np.finfo(float).tiny)
    factors, constant = inner[:-1], inner[-1]
    end = np.where(factors > 0, low[:, None], high[:, None])
    least = (factors * np.where(factors == 0, 0.0, end)).sum(axis=0) + constant
    needed = [int(place) for place in np.flatnonzero((least <= 0) & factors.any(axis=0))]
    for place in list(needed) if len(needed) <= _SOLVED else ():
        others = [other for other in needed if other != place]
        within = {"A_ub": -factors[:, others].T, "b_ub": constant[others]} if others else {}
        solved = linprog(factors[:, place], **within, bounds=np.transpose([low, high]))
        if solved.status == 0 and solved.fun + constant[place] > 1e-6:  # beyond what the solver calls equal
            needed.remove(place)
    return needed
