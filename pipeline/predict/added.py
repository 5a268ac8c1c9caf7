"""The columns that scoring adds to a file: the predicted class, a probability a class, the possible classes, and notes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.config.schema import Config
from pipeline.errors import DataError, listing
from pipeline.machine.arrays import Flags, Floats, Integers
from pipeline.predict.score import notes, score_rows, sets
from pipeline.read.arrow import to_arrow, to_text
from pipeline.runs.saved import Scoring


@dataclass(frozen=True)
class Added:
    """What is added to R rows: the (R,) index of the predicted class, -1 for none, and columns of the types of ``schema``.

    Besides: (F,) how many cells of each feature are implausible.
    """

    answers: Integers
    columns: list[pa.Array]
    implausible: Integers


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
    """Score (R, F) raw values in the order of ``data.features``; where there is no class, all but the note is null."""
    scores = score_rows(run, values)
    (possible, named), (numbers, texts), none = sets(run, scores), notes(run, scores), scores.answers < 0

    def coded(places: Integers, words: Sequence[str], null: Flags | None = none) -> pa.Array:
        return pa.DictionaryArray.from_arrays(to_arrow(places.astype(np.int32), null), to_text(words))

    shares = [to_arrow(share, none) for share in scores.probabilities.astype(np.float32).T]
    answers = coded(scores.answers, [*run.config.data.codes])
    columns = [answers, *shares, coded(possible, named), coded(numbers, texts, None)]
    return Added(scores.answers, columns, scores.implausible.sum(axis=0))
