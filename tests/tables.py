"""Tables of the pipeline made from pandas, and given back to it; and what the fitted baselines answer to some rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.preprocess import Task
from pipeline.data.table import Table, Texts
from pipeline.judge.baselines import Answers, fitting


def table_of(
    features: pd.DataFrame,
    labels: Sequence[str],
    classes: Sequence[str],
    others: Mapping[str, Sequence[str]] | None = None,
    implausible: Any = False,
    path: str = "x.csv",
) -> Table:
    """Return a table of these columns and labels; ``implausible`` is one flag, or (rows, F) of them."""
    outside = np.broadcast_to(np.asarray(implausible, dtype=bool), features.shape)
    truth = pd.Categorical(labels, categories=list(classes)).codes.astype(np.int64)
    texts = {name: Texts(*_sorted(column)) for name, column in (others or {}).items()}
    return Table(tuple(map(str, features)), features.to_numpy(float), outside, tuple(classes), truth, texts, path, "0" * 64)


def frame_of(table: Table) -> pd.DataFrame:
    """Return the features."""
    return pd.DataFrame(table.values, columns=list(table.features))


def labels_of(table: Table) -> pd.Series:
    """Return the name of each row's class."""
    return pd.Series(np.array(table.classes)[table.truth])


def others_of(table: Table) -> pd.DataFrame:
    """Return the other columns."""
    return pd.DataFrame({name: np.array(texts.different)[texts.places] for name, texts in table.others.items()})


def answer_all(tasks: Sequence[Task], hidden: tuple[int, ...], seed: int) -> list[dict[str, Answers]]:
    """Fit every baseline on the training rows of each task and return its answers to the test rows."""
    with fitting(tasks, hidden, seed) as answers:
        return answers(lambda share: None)


def _sorted(column: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    different, places = np.unique(np.asarray(column, dtype=object), return_inverse=True)
    return tuple(different.tolist()), places
