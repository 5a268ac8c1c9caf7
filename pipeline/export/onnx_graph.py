"""The nodes of a run's ONNX graph, in ONNX's own text format, with the arrays that they name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.preprocess import Preprocessor
from pipeline.model import Model
from pipeline.network.coding import LARGEST, SMALLEST, Coding
from pipeline.network.layers import Network, unflatten
from pipeline.runs.saved import Scoring

Part = tuple[str, dict[str, NDArray[Any]]]  # nodes, one a line, and arrays by name

# from filled to widened, as ``indicators`` has them
_INDICATORS = """
        wide = Gather<axis = 1>(filled, owner)
        met = Equal(wide, places_of)
        one_if_met = Cast<to = 11>(met)
        gap = IsNaN(wide)
        indicated = Where(gap, nan, one_if_met)
        widened = Where(told, indicated, wide)"""

# from values to output; runtimes differ in what Softmax makes of NaN, so NaN is set by hand
_SOFTMAX = """
    logits = Cast<to = 11>(values)
    largest = ReduceMax<axes = [1], keepdims = 1>(logits)
    below = Sub(logits, largest)
    sum_below = ReduceSum<keepdims = 1>(below, columns)
    undefined = IsNaN(sum_below)
    usable = Where(undefined, zero, below)
    power = Exp(usable)
    sum_power = ReduceSum<keepdims = 1>(power, columns)
    share = Div(power, sum_power)
    shares = Where(undefined, nan, share)
    output = Cast<to = 1>(shares)"""

# from output to known, the same in double with 0 in the rows without a class
_CLEANED = """
    exact = Cast<to = 11>(output)
    sum_exact = ReduceSum<keepdims = 1>(exact, columns)
    unknown = IsNaN(sum_exact)
    known = Where(unknown, zero, exact)"""

# from known to best and scores, as _nearest_code has them
_LARGEST = """
    best = ArgMax<axis = 1, keepdims = 0>(known)
    floored = Clip(known, smallest)
    logarithm = Log(floored)
    scores = Mul(logarithm, factor)"""

# from scores to of_known
_CHANCES = """
    highest_score = ReduceMax<axes = [1], keepdims = 1>(scores)
    behind = Sub(scores, highest_score)
    chance = Exp(behind)
    sum_chance = ReduceSum<keepdims = 1>(chance, columns)
    of_known = Div(chance, sum_chance)"""


def graph(run: Scoring) -> Part:
    """Return the nodes from ``features`` to ``class``, ``probabilities``, ``possible`` and ``output``."""
    model = run.model
    parts = [
        _prepare(model.preprocessor),
        *_layers(model.network),
        (_SOFTMAX if model.network.softmax else "output = Identity(values)", {}),
        (_CLEANED, {}),
        (_LARGEST, {"smallest": np.array(SMALLEST), "factor": model.coding.factors()[:1]})
        if model.coding.softmax
        else _nearest_code(model.coding),
        (_CHANCES, {}),
        _named(run.model, tuple(run.config.data.codes)),
    ]
    arrays = {"zero": np.array(0.0), "nan": np.array(np.nan), "columns": np.array([1])}
    return "\n".join(text for text, _ in parts), arrays | {name: array for _, own in parts for name, array in own.items()}


def _prepare(steps: Preprocessor) -> Part:
    """From raw features to the network's inputs; all before the cast is double."""
    text, gaps = "\nempty = IsNaN(features)", "empty"
    arrays = {name: getattr(steps, name) for name in ("lowest", "highest", "fill", "center", "scale")}
    for place, numbers in enumerate(() if steps.absent is None else steps.absent):
        text += f"\nnamed_{place} = Equal(features, absent_{place})\nempty_{place} = Or({gaps}, named_{place})"
        gaps, arrays[f"absent_{place}"] = f"empty_{place}", numbers
    text += f"""
        low = Less(features, lowest)
        high = Greater(features, highest)
        implausible = Or(low, high)
        missing = Or({gaps}, implausible)
        filled = Where(missing, fill, features)"""
    widths = np.array(steps.widths or (1,))
    if (widths > 1).any():
        text += _INDICATORS
        owner, places = np.repeat(np.arange(len(widths)), widths), np.concatenate([np.arange(width) for width in widths])
        arrays |= {"owner": owner, "places_of": places.astype(np.float64), "told": np.repeat(widths > 1, widths)}
    text += f"""
        centered = Sub({"widened" if "owner" in arrays else "filled"}, center)
        scaled = Div(centered, scale)"""
    if steps.components is None or steps.mean is None:
        return text + "\ninputs = Cast<to = 1>(scaled)", arrays
    text += """
        shifted = Sub(scaled, mean)
        rotated = MatMul(shifted, components)
        inputs = Cast<to = 1>(rotated)"""
    return text, arrays | {"mean": steps.mean, "components": steps.components.T}


def _layers(network: Network) -> list[Part]:
    """From inputs to values, what the last layer says before softmax."""
    parts: list[Part] = []
    values = "inputs"
    for layer, (kernel, bias) in enumerate(unflatten(network.weights, network.sizes), 1):
        product = f"product_{layer} = MatMul({values}, kernel_{layer})"
        if kernel.shape[1] == 1:  # as NumPy sums for a single unit; MatMul does not round the products, and differs more
            kernel = kernel.T
            product = f"weighted_{layer} = Mul({values}, kernel_{layer})\n"
            product += f"product_{layer} = ReduceSum<keepdims = 1>(weighted_{layer}, columns)"
        text, values = f"{product}\nsum_{layer} = Add(product_{layer}, bias_{layer})", f"sum_{layer}"
        parts.append((text, {f"kernel_{layer}": kernel, f"bias_{layer}": bias}))
        if layer <= len(network.slopes):
            slope, values = network.slopes[layer - 1], f"layer_{layer}"
            active = f"{values} = LeakyRelu<alpha = {slope!r}>(sum_{layer})"
            if not slope:  # neither 0 * -infinity, which is NaN, nor a Relu that may drop NaN
                active = (
                    f"negative_{layer} = Less(sum_{layer}, nothing)\n{values} = Where(negative_{layer}, nothing, sum_{layer})"
                )
            parts.append((active, {} if slope else {"nothing": np.array(0, dtype=np.float32)}))
    return [*parts, (f"values = Identity({values})", {})]


def _nearest_code(coding: Coding) -> Part:
    """From known to best, the class of the nearest code, and scores, those of each class, as ``Coding`` has them."""
    text = """
        clipped = Clip(known, lowest_code, highest_code)
        signed = Sub(clipped, codes)
        distance = Abs(signed)
        best = ArgMin<axis = 1, keepdims = 0>(distance)
        positive = Greater(known, zero)
        steep = Div(known, slope)
        unlimited = Where(positive, known, steep)
        before = Clip(unlimited, least_before, most_before)
        over = Sub(before, places)
        above = Where(crossed, over, one)
        scores = MatMul(above, added)"""
    codes, (places, crossed, added) = np.array(coding.codes), coding.ladder()
    arrays = {"codes": codes[None], "lowest_code": codes.min(), "highest_code": codes.max(), "slope": coding.slope or 1.0}
    arrays |= {"least_before": -LARGEST, "most_before": LARGEST, "places": places, "crossed": crossed, "one": 1.0}
    return text, {name: np.array(value) for name, value in arrays.items()} | {"added": added}


def _named(model: Model, names: tuple[str, ...]) -> Part:
    """From best and of_known to class, probabilities and possible, in the order of all classes."""
    text = """
        placed = MatMul(of_known, placing)
        probabilities = Where(unknown, nan, placed)
        under = Less(placed, limits)
        answered = Not(unknown)
        excluded = And(under, answered)
        possible = Not(excluded)
        named = Gather(known_classes, best)
        unnamed = Squeeze(unknown, columns)
        class = Where(unnamed, no_class, named)"""
    return text, {
        "known_classes": np.array(model.coding.classes, dtype=object),
        "no_class": np.array([""], dtype=object),
        # known classes x all classes: a class that the network never saw has probability 0
        "placing": np.array([[float(name == own) for name in names] for own in model.coding.classes]),
        "limits": np.array(model.limits(names)),
    }
