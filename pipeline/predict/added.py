"""The columns that scoring adds to a file: the predicted class, a probability a class, the possible classes, and notes."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.config.schema import Config
from pipeline.errors import DataError, listing
from pipeline.machine.arrays import Flags, Floats, Floats32, Integers
from pipeline.predict.score import notes, score_rows, sets
from pipeline.read.arrow import to_arrow, to_text
from pipeline.runs.saved import Scoring


@dataclass(frozen=True)
class Added:
    """What is added to R rows.

    Attributes:
        answers: (R,) index of the predicted class, -1 for none.
        probabilities: (R, classes) float32.
        possible: (R,) which of the sets is each row's set of possible classes.
        notes: (R,) which of the texts is each row's note.
        classes, sets, texts: what the numbers stand for.
    """

    answers: Integers
    probabilities: Floats32
    possible: Integers
    notes: Integers
    classes: tuple[str, ...]
    sets: tuple[str, ...]
    texts: tuple[str, ...]

    def columns(self) -> list[pa.Array]:
        """Return the columns, of the types of ``schema``; where there is no class, all but the note is null."""
        none = self.answers < 0

        def named(numbers: Integers, texts: tuple[str, ...], null: Flags | None = none) -> pa.Array:
            return pa.DictionaryArray.from_arrays(to_arrow(numbers.astype(np.int32), null), to_text(texts))

        shares = [to_arrow(share, none) for share in self.probabilities.T]
        possible, notes = named(self.possible, self.sets), named(self.notes, self.texts, None)
        return [named(self.answers, self.classes), *shares, possible, notes]


def schema(config: Config, present: Collection[str]) -> pa.Schema:
    """Return names and types of the columns that are added to those ``present``; few different texts are kept as numbers.

    A file may well have notes of its own, which say something else: those of the answers are then called after the target.
    """
    answer, *shares, possible, note = config.data.added()
    note = f"{note} {config.data.target}" if note in present else note
    text = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([(answer, text), *((share, pa.float32()) for share in shares), (possible, text), (note, text)])


def refuse_taken(place: str, present: Collection[str], config: Config) -> None:
    """Raise DataError where a file has a column already that scoring adds."""
    if taken := [name for name in schema(config, present).names if name in present]:
        raise DataError(f"{place}: already has {listing(taken)}, which scoring adds; rename or remove them")


def add(run: Scoring, values: Floats) -> Added:
    """Score (R, F) raw values in the order of ``data.features``."""
    scores = score_rows(run, values)
    (possible, named), (numbers, texts) = sets(run, scores), notes(run, scores)
    shares, classes = scores.probabilities.astype(np.float32), tuple(run.config.data.codes)
    return Added(scores.answers, shares, possible, numbers, classes, named, texts)
