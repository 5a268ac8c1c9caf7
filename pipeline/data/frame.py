"""Rows as a pandas DataFrame whose categories are texts, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from pipeline.config.data_section import UNKNOWN, Absent, is_absent, plain
from pipeline.config.yaml_text import canonical
from pipeline.machine.arrays import Floats, floats_of

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config.data_section import DataSection

Numbers = Mapping[str, float]
"""The number of each category."""


def to_frame(values: Floats, data: DataSection) -> pd.DataFrame:
    """Return (rows, F) values as a DataFrame of the features; a category is its text, None where it is missing."""
    import pandas as pd

    frame = pd.DataFrame(values, columns=list(data.features))
    for name, numbers in data.categories().items():
        texts = {number: text for text, number in reversed(numbers.items())}
        frame[name] = np.array([texts.get(value) for value in frame[name].tolist()], dtype=object)
    return frame


def from_frame(frame: pd.DataFrame, categories: Mapping[str, Numbers], absent: Mapping[str, Absent] | None = None) -> Floats:
    """Return the (rows, F) values of a DataFrame; ``UNKNOWN`` for a text that is no category, NaN for nothing.

    ``absent`` is what means nothing in the columns of categories, besides an empty text.
    """
    if not categories:
        return floats_of(frame)
    columns = [(frame[name], categories.get(name), (absent or {}).get(name, frozenset())) for name in frame.columns]
    values = [category_numbers(column, numbers, lost) if numbers else floats_of(column) for column, numbers, lost in columns]
    return np.array(values, dtype=np.float64).reshape(len(values), -1).T


def category_numbers(texts: ArrayLike, numbers: Numbers, absent: Absent = frozenset()) -> Floats:
    """Return the (rows,) number of each of (rows,) texts, numbers or truth values, as ``data.categories`` has them."""
    import pandas as pd

    cells = np.asarray(texts, dtype=object)
    spelt = [None if lost else str(cell) for cell, lost in zip(cells, pd.isna(cells), strict=True)]
    codes, different = pd.factorize(np.array(spelt, dtype=object))
    known = {plain(text): number for text, number in numbers.items()}
    return np.array([*(category_number(text, known, absent) for text in different), np.nan])[codes]


def category_number(text: str, known: Numbers, absent: Absent) -> float:
    """Return the number of a category among those ``known`` by their plain texts; NaN for nothing, ``UNKNOWN`` for any other."""
    text = canonical(text)
    return known.get(plain(text), np.nan if not text or is_absent(text, absent) else UNKNOWN)
