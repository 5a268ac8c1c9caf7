"""The columns that scoring adds to a file: the predicted class, a probability a class, and notes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.bundle import Scoring
from pipeline.config import Config
from pipeline.errors import DataError, listing
from pipeline.use.csv_text import quoted
from pipeline.use.score import notes, score


@dataclass(frozen=True)
class Added:
    """What is added to R rows.

    Attributes:
        answers: (R,) index of the predicted class, -1 for none.
        probabilities: (R, classes) float32.
        notes: (R,) which of the texts is each row's note.
        classes, texts: what the numbers stand for.
    """

    answers: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    notes: NDArray[np.int64]
    classes: tuple[str, ...]
    texts: tuple[str, ...]

    def columns(self) -> list[pa.Array]:
        """Return the columns; where there is no class, it and its probabilities are null."""
        return self._looked_up(pa.array([*self.classes, None], pa.string()), pa.array(self.texts, pa.string()))

    def cells(self) -> list[pa.Array]:
        """Return the columns as cells of CSV; what is null is empty."""
        classes, *shares, texts = self._looked_up(
            quoted(pa.array([*self.classes, ""], pa.string())), quoted(pa.array(self.texts, pa.string()))
        )
        return [classes, *(pc.fill_null(share.cast(pa.string()), "") for share in shares), texts]

    def _looked_up(self, classes: pa.Array, texts: pa.Array) -> list[pa.Array]:
        none = self.answers < 0
        numbers = np.where(none, len(self.classes), self.answers)
        shares = [pa.array(each, mask=none if none.any() else None) for each in np.ascontiguousarray(self.probabilities.T)]
        return [classes.take(pa.array(numbers)), *shares, texts.take(pa.array(self.notes))]


def names(config: Config) -> list[str]:
    """Return the names of the columns that are added."""
    return [f"predicted {config.data.target}", *(f"probability {name}" for name in config.data.codes), "notes"]


def refuse_taken(place: str, present: Sequence[str], config: Config) -> None:
    """Raise DataError where a file has a column already that scoring adds."""
    if taken := [name for name in names(config) if name in present]:
        raise DataError(f"{place}: already has {listing(taken)}, which scoring adds; rename or remove them")


def add(run: Scoring, values: NDArray[np.float64]) -> Added:
    """Score (R, F) raw values in the order of ``data.features``."""
    scores = score(run, values)
    numbers, texts = notes(run, scores)
    return Added(scores.answers, scores.probabilities.astype(np.float32), numbers, tuple(run.config.data.codes), texts)
