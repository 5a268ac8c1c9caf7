"""The article's question answered from this run: where values are negative, and whether the slope matters."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.preprocess import indicators, mask_implausible
from pipeline.errors import counted, listing
from pipeline.machine.arrays import Floats
from pipeline.model import Model
from pipeline.network.coding import Coding

_LOOKED_AT = 100_000  # rows: signs, components and dead units of more are theirs
_FLAT = 1e-9  # of the largest singular value
_ROWS = 20  # different ones, for a dead unit to be told from one that these rows do not wake


@dataclass(frozen=True)
class Layer:
    """A Dense layer over the rows.

    Attributes:
        layer: its number, from 1.
        negative, units: share of its pre-activations below 0, and that of each unit.
        dead: hidden units, counted from 1, that say the same of every row.
    """

    layer: int
    negative: float
    units: tuple[float, ...]
    dead: tuple[int, ...]


@dataclass(frozen=True)
class Advice:
    """What the data say about the activation.

    Attributes:
        inputs: share of negative values of each input, as they are ("raw"), "scaled", and as principal components ("pca"); three
            categories or more make an input each.
        layers: the Dense layers of the trained network.
        reachable: whether an output can decode to each class at this slope.
        recommendation: what to do, and why.
    """

    inputs: dict[str, dict[str, float]]
    layers: tuple[Layer, ...]
    reachable: dict[str, bool]
    recommendation: str


def advise(model: Model, raw: Floats) -> Advice:
    """Look at the signs of everything on the way from the (rows, features) raw values to the output.

    "Scaled" is standardised (mean 0, deviation 1) and "pca" the principal components of that, whether or not the model uses
    either. Rows with values that nothing fills are left out of both. Of many rows some are looked at, evenly spread.
    """
    steps, network, raw = model.preprocessor, model.network, raw[:: -(-len(raw) // _LOOKED_AT)]
    filled = mask_implausible(raw, steps.lowest, steps.highest)
    filled, columns = indicators(np.where(np.isnan(filled), steps.fill, filled), steps.widths), steps.columns or steps.features
    scaled, components = _scaled_and_rotated(filled[np.isfinite(filled).all(axis=1)])
    names = [f"PC{number + 1}" for number in range(components.shape[1])]
    stages = {"raw": (columns, indicators(raw, steps.widths)), "scaled": (columns, scaled), "pca": (names, components)}
    inputs = {stage: dict(zip(named, _shares(values), strict=True)) for stage, (named, values) in stages.items()}
    ready = steps.transform(raw)
    # that a unit says the same of every row is known from rows that differ
    enough = len(np.unique(ready[:: -(-len(ready) // 1000)], axis=0)) >= _ROWS
    dead = [*(network.dead_units(ready) if enough else [()] * len(network.sizes[1:-1])), ()]
    layers = tuple(
        Layer(number, _shares(values.reshape(-1, 1))[0], _shares(values), units)
        for number, (values, units) in enumerate(zip(network.pre_activations(ready), dead, strict=True), 1)
    )
    reachable = _reachable(model.coding, network.slopes[-1] if not network.softmax else None)
    recommendation = _recommend(inputs, layers, reachable, model)
    few = "" if enough else f"Of {counted(len(raw), 'row')} too few differ to tell a dead hidden unit by. "
    return Advice(inputs, layers, reachable, few + recommendation)


def _scaled_and_rotated(values: Floats) -> tuple[Floats, Floats]:
    """Standardise (rows, columns), and return also its principal components; the largest loading of each is positive.

    Those along which nothing varies are left out: categories that exclude each other make some.
    """
    if not len(values):
        return values, values
    with np.errstate(over="ignore"):  # a column of such values is all 0 then
        deviation = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    centred = scaled - scaled.mean(axis=0)
    _, sizes, axes = np.linalg.svd(np.linalg.qr(centred, mode="r"))  # which has the axes of all rows, and few rows
    axes = axes[: max(1, int((sizes > _FLAT * sizes[0]).sum()))]
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    return scaled, np.asarray(centred @ (axes * np.sign(largest)[:, None]).T)


def _shares(values: NDArray[Any]) -> tuple[float, ...]:
    """Return the share of values below 0 in each of (rows, columns), NaN left out."""
    present = [column[~np.isnan(column)] for column in values.T]
    return tuple(float(np.mean(column < 0)) if column.size else float("nan") for column in present)


def _reachable(coding: Coding, slope: float | None) -> dict[str, bool]:
    """Return whether some output decodes to each class; None is softmax, which reaches all of them."""
    if slope is None:
        return dict.fromkeys(coding.classes, True)
    far = 4 * (1 + max(map(abs, coding.codes)))
    lowest = 0.0 if slope == 0 else -far
    outputs = np.array([*coding.codes, lowest, far])
    answered = set(coding.decode(outputs[outputs >= lowest][:, None]).tolist())
    return {name: index in answered for index, name in enumerate(coding.classes)}


def _recommend(inputs: dict[str, dict[str, float]], layers: tuple[Layer, ...], reachable: dict[str, bool], model: Model) -> str:
    means = {stage: float(np.mean(list(shares.values()))) for stage, shares in inputs.items()}
    hidden, codes = layers[:-1], dict(zip(model.coding.classes, model.coding.codes, strict=True))
    inside = float(np.mean([layer.negative for layer in hidden])) if hidden else layers[-1].negative
    if not np.isfinite([*means.values(), inside]).all():
        return "Nothing can be said: a column holds no value, or the network's own values are not finite (see T301)."
    where = "in the hidden layers" if hidden else "at the output"
    lost = [name for name, reached in reachable.items() if not reached]
    dead = [f"{unit} of layer {layer.layer}" for layer in hidden for unit in layer.dead]
    if lost:
        advice = f"Take a slope above 0: at slope 0 the output is never negative, so {listing(lost)} can never be predicted."
    elif dead:
        cure = "a slope above 0" if 0 in model.network.slopes else "a smaller learning rate"
        advice = f"Take {cure}: unit {', '.join(dead)} is dead."
    elif not model.network.softmax and min(codes.values()) < 0:
        below = listing([name for name, code in codes.items() if code < 0])
        advice = f"Keep the slope above 0: with ReLU the output could never be negative, and {below} never predicted."
    elif inside > 0.05:
        advice = "Keep a slope above 0: ReLU would pass no gradient for these; how much that matters here, only a trial tells."
    else:
        advice = "ReLU would do as well: hardly any of these sums is negative."
    return (
        f"Raw inputs are negative in {means['raw']:.1%} of the cells, scaled ones in {means['scaled']:.1%}, principal components "
        f"in {means['pca']:.1%}. But the slope acts on the sums that enter the units, and of those {where} {inside:.1%} are "
        f"negative, for weights can be negative whatever the inputs are. {advice}"
    )
