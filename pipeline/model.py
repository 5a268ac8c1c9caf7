"""Prepare the rows of a split, fit a network to them, answer: what scores a row. Scoring needs NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pipeline.data.frame import to_frame
from pipeline.data.preprocess import Preprocessor, Task, fit_pipeline, from_pipeline
from pipeline.machine.arrays import Flags, Floats, Floats32, Integers
from pipeline.network.coding import Coding
from pipeline.network.layers import Network

if TYPE_CHECKING:  # scoring does without them
    from collections.abc import Mapping

    from pipeline.config.data_section import DataSection
    from pipeline.config.schema import NetworkSection, PreprocessSection, TrainingSection
    from pipeline.data.split import Split
    from pipeline.data.table import Table
    from pipeline.network.choice import Choice
    from pipeline.network.classifier import LeakyReLUClassifier
    from pipeline.network.recipe import Progress
    from pipeline.network.train import Trained


@dataclass(frozen=True)
class Model:
    """A fitted pipeline from raw columns to a class."""

    preprocessor: Preprocessor
    network: Network
    coding: Coding

    def output(self, features: ArrayLike) -> Floats32:
        """Return (rows, outputs) for (rows, F) raw values; NaN where something is missing and nothing fills it."""
        return self.network.output(self.preprocessor.transform(features))

    def answers(self, output: Floats32, classes: tuple[str, ...]) -> Integers:
        """Return the index in ``classes`` of each output's class, -1 for none.

        ``classes`` may hold classes that the network never saw, in any order.
        """
        if classes == self.coding.classes:
            return self.coding.decode(output)
        positions = np.array([*(classes.index(name) for name in self.coding.classes), -1])
        return positions[self.coding.decode(output)]

    def probabilities(self, output: Floats32, classes: tuple[str, ...]) -> Floats:
        """Return the (rows, len(classes)) probability of each of ``classes`` for each output.

        A class that the network never saw has probability 0; a row with NaN has NaN for every class.
        """
        shares = self.coding.probabilities(output)
        if classes == self.coding.classes:
            return shares
        result = np.zeros((len(classes), len(shares))).T
        result[:, [classes.index(name) for name in self.coding.classes]] = shares
        result[np.isnan(shares[:, 0])] = np.nan
        return result

    def possible(self, probabilities: Floats, classes: tuple[str, ...]) -> Flags:
        """Return which of ``classes`` cannot be excluded, given their (rows, len(classes)) probabilities.

        See ``pipeline.network.steepness.with_sets``; nothing tells of a class that the network never saw, so it stays possible.
        """
        return np.asarray(~(probabilities < np.array(self.limits(classes))))

    def limits(self, classes: tuple[str, ...]) -> tuple[float, ...]:
        """Return the (len(classes),) probability below which each of ``classes`` is excluded; 0 where it never is."""
        least = dict(zip(self.coding.classes, self.coding.least or (), strict=False))
        return tuple(least.get(name, 0.0) for name in classes)


@dataclass(frozen=True)
class Prepared:
    """The rows of a split as inputs, and the steps that made them.

    Attributes:
        steps: the fitted scikit-learn ``Pipeline``.
        preprocessor: the same steps as plain arrays.
        labels: (training rows,) class names.
        task: what the network and every baseline see.
    """

    steps: Any
    preprocessor: Preprocessor
    labels: np.ndarray[Any, Any]
    task: Task


@dataclass(frozen=True)
class Fitted:
    """What a training leaves: the model, every start, and what the folds inside the training rows said of the penalties."""

    model: Model
    trained: Trained
    choice: Choice


def prepare(table: Table, parts: Split, data: DataSection, preprocess: PreprocessSection) -> Prepared:
    """Fit the preprocessing on the training rows and apply it to both parts."""
    rows = table.rows(parts.train)
    steps = fit_pipeline(to_frame(rows, data), data, preprocess)
    preprocessor = from_pipeline(steps, rows, data)
    task = Task(preprocessor.transform(rows), table.truth[parts.train], preprocessor.transform(table.rows(parts.test)))
    return Prepared(steps, preprocessor, np.array(table.classes, dtype=object)[task.truth], task)


def fit(
    prepared: Prepared,
    groups: Integers,
    codes: Mapping[str, float],
    network: NetworkSection,
    training: TrainingSection,
    confidence: float,
    progress: Progress = lambda share: None,
) -> Fitted:
    """Train the estimator as the sections say. Missing values pass: where D201 was accepted, T301 tells what they do.

    ``groups`` are (training rows,) numbers of what stays together, ``confidence`` is that of the sets of possible classes.
    """
    import pandas as pd

    classifier = classifier_of(codes, network, training, confidence)
    inputs = pd.DataFrame(prepared.task.train, columns=list(prepared.preprocessor.inputs))
    classifier.fit(inputs, prepared.labels, groups=groups, progress=progress)
    return Fitted(Model(prepared.preprocessor, classifier.network_, classifier.coding_), classifier.trained_, classifier.choice_)


def classifier_of(
    codes: Mapping[str, float], network: NetworkSection, training: TrainingSection, confidence: float
) -> LeakyReLUClassifier:
    """Return the estimator that the sections describe, not fitted."""
    from pipeline.network.classifier import LeakyReLUClassifier

    parameters = network.model_dump() | training.model_dump() | {"confidence": confidence}
    return LeakyReLUClassifier(codes=codes, random_state=parameters.pop("seed"), **parameters, allow_nan=True)
