"""The inputs of an ONNX graph where some columns are categories: one for each column, under its own name."""

from typing import Any

import numpy as np
from onnx import helper

from pipeline.config.data_section import DataSection, Feature, alternatives
from pipeline.export.onnx_graph import Part

OPSET = '"ai.onnx.ml": 2'
"""What reads texts."""


def column_inputs(data: DataSection) -> str:
    """Return the inputs in ONNX's text format, under names that ``name_columns`` replaces."""
    kinds = ["double" if own.categories is None else "string" for own in data.features.values()]
    return ", ".join(f"{kind}[N] column_{place}" for place, kind in enumerate(kinds))


def columns_to_features(data: DataSection) -> Part:
    """From the columns, and from the place of each text among a column's categories, to features."""
    nodes, arrays = [], {}
    for place, own in enumerate(data.features.values()):
        if own.categories is not None:
            nodes.append(f"number_{place} = Gather(numbers_{place}, place_{place})")
            arrays[f"numbers_{place}"] = np.array([*own.numbers().values(), np.nan])
        nodes.append(f"feature_{place} = Unsqueeze({'column' if own.categories is None else 'number'}_{place}, columns)")
    every = ", ".join(f"feature_{place}" for place in range(len(nodes) - len(arrays)))
    return "\n".join([*nodes, f"features = Concat<axis = 1>({every})"]), arrays


def name_columns(model: Any, data: DataSection) -> None:
    """Have texts read, and give the inputs the names of the columns; every other name gets out of their way."""
    graph = model.graph
    categories = [(place, own) for place, own in enumerate(data.features.values()) if own.categories is not None]
    for place, own in reversed(categories):
        graph.node.insert(0, _encoder(place, own))
    outputs = {value.name for value in graph.output}
    named = {name: name for name in (*outputs, "")}
    for place, column in enumerate(data.features):
        name = column
        while name in outputs or (name != column and name in data.features):
            name += "_"
        named[f"column_{place}"] = name
    apart = "/"
    while any(name.startswith(apart) for name in named.values()):
        apart += "/"
    for node in graph.node:
        node.input[:] = [named.get(name, apart + name) for name in node.input]
        node.output[:] = [named.get(name, apart + name) for name in node.output]
    for value in (*graph.input, *graph.initializer):
        value.name = named.get(value.name, apart + value.name)


def _encoder(place: int, feature: Feature) -> Any:
    """From a column of text to the place of each among the categories; for any other text, the one behind them."""
    keys = {text: rank for rank, name in enumerate(feature.numbers()) for text in alternatives(name)}
    attributes: dict[str, Any] = {
        "keys_strings": [*keys],
        "values_int64s": [*keys.values()],
        "default_int64": len(feature.numbers()),
    }
    return helper.make_node("LabelEncoder", [f"column_{place}"], [f"place_{place}"], domain="ai.onnx.ml", **attributes)
