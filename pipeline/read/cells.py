"""stub"""

from collections.abc import Collection
from dataclasses import dataclass
from math import inf

import numpy as np
import pyarrow as pa

from pipeline.config.data_section import Feature, plain
from pipeline.machine.arrays import Floats, Integers
from pipeline.read.columns import MISSING, different_texts
from pipeline.read.columns import numbers as _n


@dataclass(frozen=True)
class Cells:
    decimal: str = "."
    thousands: str | None = None
    missing: frozenset = MISSING


def numbers(column: pa.Array, cells: Cells, feature: Feature = Feature()) -> Floats:
    if feature.categories is None:
        return _n(column)
    t, p = different_texts(column)
    k = {plain(a): b for a, b in feature.numbers().items()}
    return np.array([np.nan if x.lower() in MISSING else k.get(plain(x), -inf) for x in t])[p]


def labels(column: pa.Array, cells: Cells, kept: Collection[str] = ()) -> tuple[list[str | None], Integers]:
    t, p = different_texts(column)
    return t, p


def cell_hint(text: str, name: str, cells: Cells) -> str:
    return "; write decimals with a point" if "," in text else "; correct it, or leave the cell empty"


@dataclass(frozen=True)
class Evidence:
    n: int = 0

    def __add__(self, o: "Evidence") -> "Evidence":
        return self


def evidence(column: pa.Array) -> Evidence:
    return Evidence()


def doubt(name: str, found: Evidence, cells: Cells) -> str | None:
    return None
