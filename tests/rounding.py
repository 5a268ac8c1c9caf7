"""What float32 promises of a network's outputs, in whatever order a processor adds."""

import numpy as np
from scipy.special import softmax

from pipeline.network.activation import leaky_relu_array
from pipeline.network.coding import Coding
from pipeline.network.layers import Network, unflatten

UNIT = 2.0**-24
SMALLEST, LARGEST = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)

Ends = tuple[np.ndarray, np.ndarray]


def ends(network: Network, inputs: np.ndarray) -> Ends:
    """Return the lowest and the highest (rows, outputs) that float32 may make of (rows, inputs).

    A sum of n products is wrong by at most gamma(n) times the sum of their sizes, in any order (Higham 2002, section 3.1).
    The ends are -inf and inf where terms of both signs may overflow: then the order decides, and NaN may come of it too. Both
    are NaN where infinite inputs leave nothing else.
    """
    with np.errstate(all="ignore"):
        exact = np.asarray(inputs, dtype=np.float32).astype(np.float64)
        low, high = _wider(exact, exact, 2)
        for layer, (kernel, bias) in enumerate(unflatten(network.weights.astype(np.float64), network.sizes)):
            if layer:
                low, high = _activated(low, high, network.slopes[layer - 1])
            low, high = _sums(low, high, kernel, bias)
        return _shares(low, high) if network.softmax else _activated(low, high, network.slopes[-1])


def within(network: Network, inputs: np.ndarray, output: np.ndarray) -> np.ndarray:
    """Return which of the (rows, outputs) are what float32 may make of (rows, inputs)."""
    low, high = ends(network, inputs)
    anything = (low == -np.inf) & (high == np.inf)
    return (low <= output) & (output <= high) | np.isnan(low) & np.isnan(output) | anything


def decided(network: Network, inputs: np.ndarray, coding: Coding) -> np.ndarray:
    """Return for which rows every output that float32 may make of (rows, inputs) has the same class."""
    low, high = ends(network, inputs)
    best = coding.decode(low)
    worst = np.where(np.arange(low.shape[1]) == best[:, None], low, high) if coding.softmax else high
    return coding.decode(worst) == best


def widest(network: Network, inputs: np.ndarray) -> float:
    """Return by how much two outputs that float32 may make of the same inputs differ at most; of outputs beyond 1, the share."""
    low, high = ends(network, inputs)
    with np.errstate(invalid="ignore"):
        return float(np.nanmax((high - low) / np.maximum(1, np.minimum(np.abs(low), np.abs(high)))))


def _wider(low: np.ndarray, high: np.ndarray, units: float) -> Ends:
    """Return ends for values that are rounded once more, by so many units; the smallest ones may become 0."""
    room = [np.where(np.isinf(end), 0, units * UNIT * np.abs(end) + SMALLEST) for end in (low, high)]
    return low - room[0], high + room[1]


def _activated(low: np.ndarray, high: np.ndarray, slope: float) -> Ends:
    return _wider(leaky_relu_array(low, slope), leaky_relu_array(high, slope), 2)  # of the slope and of the product


def _sums(low: np.ndarray, high: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> Ends:
    """Return the ends of (rows, units) sums: of the bias and of the products of (rows, values) and the (values, units) kernel."""
    products = low[:, :, None] * kernel, high[:, :, None] * kernel
    biases = np.broadcast_to(bias, (len(low), 1, len(bias)))
    least, most = (np.append(end(*products), biases, axis=1) for end in (np.minimum, np.maximum))
    down, up = (np.maximum(part, 0).sum(axis=1) > LARGEST for part in (-least, most))  # where partial sums may overflow
    sinks, soars = (most == -np.inf).any(axis=1), (least == np.inf).any(axis=1)  # where a term is infinite for certain
    roundings = least.shape[1] * UNIT
    gamma = roundings / (1 - roundings)
    low, high = ((terms + sign * (gamma * np.abs(terms) + SMALLEST)).sum(axis=1) for terms, sign in ((least, -1), (most, 1)))
    low, high = np.where(down, -np.inf, low), np.where(up, np.inf, high)
    low = np.where(~down & (soars | (low > LARGEST)), np.inf, low)
    high = np.where(~up & (sinks | (high < -LARGEST)), -np.inf, high)
    nothing = np.isnan(least).any(axis=1) | (sinks & soars)
    return np.where(nothing, np.nan, low), np.where(nothing, np.nan, high)


def _shares(low: np.ndarray, high: np.ndarray) -> Ends:
    """Return the ends of softmax: a share is lowest where its own sum is lowest and the others are highest."""
    own = np.eye(low.shape[1], dtype=bool)
    least, most = (
        np.stack([softmax(np.where(each, mine, others), axis=1)[:, place] for place, each in enumerate(own)], axis=1)
        for mine, others in ((low, high), (high, low))
    )
    least, most = _wider(least, most, 8 * len(own))
    anything = np.isinf(high - low).any(axis=1, keepdims=True)
    return np.where(anything, -np.inf, least), np.where(anything, np.inf, most)
