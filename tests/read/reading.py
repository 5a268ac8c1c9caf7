"""Read what a test wrote, and hold it against pandas."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.config.data_section import DataSection, ReadSection
from pipeline.read.cells import labels, numbers
from pipeline.read.rows import Source, open_rows


def section(features: Sequence[str], **read: Any) -> DataSection:
    """Return a section with these columns of numbers and the target ``y``."""
    codes = {"a": 0.0, "b": 1.0}
    return DataSection(
        path="mine.csv", read=ReadSection(**read), target="y", codes=codes, features={name: {} for name in features}
    )


def opened(content: bytes, features: Sequence[str] = (), like: ReadSection | None = None, **read: Any) -> Source:
    """Open a file; without features it is only looked at."""
    own = section(features, **read) if features else None
    return open_rows("mine.csv", io.BytesIO(content), own, [*features, "y"] if features else [], like)


def columns_of(source: Source) -> dict[str, pa.Array]:
    """Return all columns; no row may be rejected."""
    every = [read() for read in source.pieces()]
    assert not [row for rows in every for row in rows.rejected]
    return {name: pa.chunked_array([rows.columns[name] for rows in every]).combine_chunks() for name in source.schema.names}


def assert_reads_as(source: Source, frame: pd.DataFrame) -> None:
    """Hold a file against a frame: columns of numbers as numbers, all others as texts, "" where nothing is."""
    columns: Mapping[str, pa.Array] = columns_of(source)
    assert [*columns] == [*frame.columns]
    for name, column in columns.items():
        if pd.api.types.is_numeric_dtype(frame[name]) and frame[name].dtype != bool:
            np.testing.assert_array_equal(numbers(column, source.cells), frame[name].astype(float), name)
        else:
            texts, places = labels(column, source.cells)
            assert [texts[place] for place in places] == frame[name].astype(object).fillna("").tolist()
