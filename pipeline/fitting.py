"""Fit preprocessing and network on the training rows of one split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.config import Config
from pipeline.data.load import Table
from pipeline.data.preprocess import Preprocessor, fit_pipeline, from_pipeline
from pipeline.data.split import Split
from pipeline.judge.baselines import Task
from pipeline.model import Model
from pipeline.network.train import Trained

if TYPE_CHECKING:
    from pipeline.network.classifier import LeakyReLUClassifier


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


def prepare(table: Table, parts: Split, config: Config) -> Prepared:
    """Fit the preprocessing on the training rows and apply it to both parts."""
    known = table.features.iloc[parts.train]
    steps = fit_pipeline(known, config)
    preprocessor = from_pipeline(steps, known)
    train, test = (preprocessor.transform(table.features.iloc[rows]) for rows in (parts.train, parts.test))
    task = Task(train, table.class_indices()[parts.train], test)
    return Prepared(steps, preprocessor, table.target.iloc[parts.train].astype(str).to_numpy(), task)


def fit(prepared: Prepared, config: Config, verbose: bool) -> tuple[Model, Trained]:
    """Train the estimator as the config says. Missing values pass: where D201 was accepted, T301 tells what they do."""
    classifier = classifier_of(config, verbose)
    inputs = pd.DataFrame(prepared.task.train, columns=list(prepared.preprocessor.inputs))
    classifier.fit(inputs, prepared.labels)
    return Model(prepared.preprocessor, classifier.network_, classifier.coding_), classifier.trained_


def classifier_of(config: Config, verbose: bool = False) -> LeakyReLUClassifier:
    """Return the estimator that the config describes, not fitted."""
    from pipeline.network.classifier import LeakyReLUClassifier

    training = config.training.model_dump()
    return LeakyReLUClassifier(
        **config.network.model_dump(),
        codes=config.data.codes,
        random_state=training.pop("seed"),
        **training,
        allow_nan=True,
        verbose=verbose,
    )
