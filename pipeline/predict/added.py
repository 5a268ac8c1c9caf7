"""The columns that scoring adds to a file: the predicted class, a probability a class, and notes."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.config.schema import Config
from pipeline.data.arrow import to_arrow, to_text
from pipeline.errors import DataError, listing
from pipeline.machine.arrays import Floats, Floats32, Integers
from pipeline.predict.score import notes, score_rows
from pipeline.runs.saved import Scoring


@dataclass(frozen=True)
class Added:
    """What is added to R rows.

    Attributes:
        answers: (R,) index of the predicted class, -1 for none.
        probabilities: (R, classes) float32.
        notes: (R,) which of the texts is each row's note.
        classes, texts: what the numbers stand for.
    """

    answers: Integers
    probabilities: Floats32
    notes: Integers
    classes: tuple[str, ...]
    texts: tuple[str, ...]

    def columns(self) -> list[pa.Array]:
        """Return the columns, of the types of ``schema``; where there is no class, it and its probabilities are null."""
        none = self.answers < 0
        answers, notes = to_arrow(self.answers.astype(np.int32), none), to_arrow(self.notes.astype(np.int32))
        from_codes = pa.DictionaryArray.from_arrays
        shares = [to_arrow(share, none) for share in self.probabilities.T]
        return [from_codes(answers, to_text(self.classes)), *shares, from_codes(notes, to_text(self.texts))]


def schema(config: Config) -> pa.Schema:
    """Return names and types of the columns that are added; few different texts are kept as numbers of them."""
    answer, *shares, note = config.data.added()
    text = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([(answer, text), *((share, pa.float32()) for share in shares), (note, text)])


def refuse_taken(place: str, present: Collection[str], config: Config) -> None:
    """Raise DataError where a file has a column already that scoring adds."""
    if taken := [name for name in schema(config).names if name in present]:
        raise DataError(f"{place}: already has {listing(taken)}, which scoring adds; rename or remove them")


def add(run: Scoring, values: Floats) -> Added:
    """Score (R, F) raw values in the order of ``data.features``."""
    scores = score_rows(run, values)
    numbers, texts = notes(run, scores)
    return Added(scores.answers, scores.probabilities.astype(np.float32), numbers, tuple(run.config.data.codes), texts)
