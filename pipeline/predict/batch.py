"""What readers give and writers take: some rows of a file, in their order."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.machine.arrays import Floats, Integers


@dataclass(frozen=True)
class Rejected:
    """A row that cannot be read.

    Attributes:
        line: its first line in a CSV file, or its number, from 1, in a Parquet file.
        reason: what is wrong with it.
        text: the row itself as CSV.
    """

    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class Batch:
    """Rows of a file.

    Attributes:
        passed: what passes through: (R,) lines of CSV, each after the line break that separates it from the one before, or R
            rows of columns.
        values: (R, F) float64 features; NaN is a missing value.
        truth: (R,) index in ``data.codes`` of the true class, -1 where it is none of them.
        rejected: the rows that stood among them and cannot be read.
    """

    passed: pa.StringArray | pa.RecordBatch
    values: Floats
    truth: Integers
    rejected: tuple[Rejected, ...] = ()


def joined(first: Batch, second: Batch) -> Batch:
    """Return the rows of both."""
    together = pa.concat_batches if isinstance(first.passed, pa.RecordBatch) else pa.concat_arrays
    return Batch(
        together([first.passed, second.passed]),
        np.concatenate([first.values.T, second.values.T], axis=1).T,
        np.concatenate([first.truth, second.truth]),
        first.rejected + second.rejected,
    )
