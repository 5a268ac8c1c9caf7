"""The estimator's parameters, validated: as sections of the configuration, and as weights of the rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import ValidationError
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import _check_sample_weight

from pipeline.config.loss import mismatch
from pipeline.config.schema import NetworkSection, TrainingSection
from pipeline.machine.arrays import Floats32, Integers


def sections(parameters: Mapping[str, Any]) -> tuple[NetworkSection, TrainingSection]:
    """Validate the parameters as the configuration would.

    Raises:
        ValueError: the message names the parameter, what it must be and what was given.
    """
    arrays = (Sequence, np.ndarray, np.generic)
    plain = {key: np.asarray(value).tolist() if isinstance(value, arrays) else value for key, value in parameters.items()}
    given = plain["random_state"]
    try:
        plain["seed"] = given if isinstance(given, int) else int(check_random_state(given).randint(2**31))
        check_random_state(plain["seed"])
    except (TypeError, ValueError):
        rule = "must be None, a number from 0 to 2**32 - 1 or a RandomState"
        raise ValueError(f"The 'random_state' parameter {rule}. Got {given!r} instead.") from None
    try:
        network = NetworkSection.model_validate({key: plain[key] for key in NetworkSection.model_fields})
        training = TrainingSection.model_validate({key: plain[key] for key in TrainingSection.model_fields})
    except ValidationError as error:
        first = error.errors()[0]
        name, rule = first["loc"][0], first["msg"].replace("Input should", "must")
        raise ValueError(f"The '{name}' parameter {rule}. Got {plain[str(name)]!r} instead.") from None
    confidence = plain["confidence"]
    if not isinstance(confidence, float) or not 0 < confidence < 1:
        raise ValueError(f"The 'confidence' parameter must be a number between 0 and 1. Got {confidence!r} instead.")
    if text := mismatch(network, training):
        raise ValueError(f"The 'loss' parameter does not go with the output: {text}.")
    return network, training


def row_weights(sample_weight: ArrayLike | None, class_weight: Any, classes: NDArray[Any], indices: Integers) -> Floats32 | None:
    """Return the (rows,) float32 weights of the rows: those of the samples times those of their classes; None if all are 1.

    ``sample_weight`` is (rows,), or one for all. ``class_weight`` is class -> weight, or "balanced": inversely proportional to
    the sum of the weights of a class's rows. ``indices`` are (rows,) positions in ``classes``.

    Raises:
        ValueError: a weight is negative or not finite, or a class has none that is above 0.
    """
    given = _check_sample_weight(sample_weight, indices, dtype=np.float64, ensure_non_negative=True)
    with np.errstate(all="ignore"):  # refused below
        of_class = compute_class_weight(class_weight, classes=classes, y=classes[indices], sample_weight=given)
        weights = np.where(given > 0, given * of_class[indices], 0).astype(np.float32)
    for label, weight, total in zip(classes.tolist(), of_class, np.bincount(indices, weights), strict=True):
        if not 0 < total < np.inf:
            rule = "sample_weight times class_weight, must be finite and not negative, with a sum above zero"
            got = f"Got the sum {total:g} for class {label!r}, whose class_weight is {weight:g}."
            raise ValueError(f"The weights of the rows of each class, {rule}. {got}")
    return None if (weights == 1).all() else weights
