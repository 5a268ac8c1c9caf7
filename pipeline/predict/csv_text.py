"""Columns as lines of CSV."""

import json

import pyarrow as pa
import pyarrow.compute as pc

_SPECIAL = '[",\r\n]'


def lines_of(columns: pa.RecordBatch) -> pa.StringArray:
    """Return (R,) lines of CSV, each after the line feed that separates it from the one before.

    What has no text of its own, such as a list, is written as JSON.
    """
    first, *others = (_cells(column) for column in columns.columns)
    return pc.binary_join_element_wise(pc.binary_join_element_wise("\n", first, ""), *others, ",")


def quoted(texts: pa.Array) -> pa.Array:
    """Return texts as cells of CSV: in quotes where they must be."""
    if not pc.any(pc.match_substring_regex(texts, _SPECIAL)).as_py():
        return texts
    inside = pc.replace_substring(texts, '"', '""')
    return pc.if_else(pc.match_substring_regex(texts, _SPECIAL), pc.binary_join_element_wise('"', inside, '"', ""), texts)


def _cells(column: pa.Array) -> pa.Array:
    try:
        text = column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # a list, or bytes that are no text
        text = pa.array([None if each is None else json.dumps(each, default=str) for each in column.to_pylist()], pa.string())
    text = quoted(text) if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)) else text
    return pc.fill_null(text, "")
