"""The scikit-learn estimator that the pipeline itself trains through."""

from collections.abc import Mapping, Sequence
from math import isfinite
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import ValidationError
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pipeline.config import NetworkSection, TrainingSection, mismatch
from pipeline.network.decode import NO_CLASS, Coding, default_codes, fit_spread
from pipeline.network.layers import Network
from pipeline.network.progress import progress_bar
from pipeline.network.recipe import recipe_of
from pipeline.network.train import train


class LeakyReLUClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A small network of Dense layers, each followed by Leaky ReLU, trained from many starts at once.

    The parameters are the keys of the sections "network" and "training" of the configuration, with the same defaults.

    Args:
        hidden: widths of the hidden layers; an empty sequence gives a linear model behind one Leaky ReLU.
        alpha: negative slope in [0, 1], or one a Leaky ReLU layer.
        output: "code" for a single output near the class's code, "softmax" for one output a class.
        codes: class -> code, for output "code"; by default 0, 1, -1, 2, -2 ... in the order of ``classes_``.
        engine: "compiled" or "keras".
        loss: "auto", "ordinal", "squared_error", "categorical_crossentropy" or "binary_crossentropy".
        l2: penalty on the squared weights of the inputs.
        optimizer: "adam" or "sgd".
        learning_rate: of the first step.
        schedule: how the rate falls: "constant", "linear" or "cosine", the latter two to 0 at the end.
        epochs: passes over the rows.
        batch_size: rows a step.
        starts: networks trained at once; the one with the lowest training loss is kept.
        random_state: decides initial weights and the order of batches.
        allow_nan: train even where inputs are missing, which makes every weight NaN.
        verbose: show a progress bar on standard error.

    Attributes:
        classes_: class labels, sorted.
        network_: the chosen network as plain arrays.
        coding_: how its outputs are classes.
        trained_: every start, before and after.
        loss_curve_: training loss of the chosen start after each epoch.
        n_features_in_, feature_names_in_: as in scikit-learn.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (3,),
        alpha: float | Sequence[float] = 0.05,
        output: str = "code",
        codes: Mapping[Any, float] | None = None,
        engine: str = "compiled",
        loss: str = "auto",
        l2: float = 0.001,
        optimizer: str = "adam",
        learning_rate: float = 0.02,
        schedule: str = "linear",
        epochs: int = 300,
        batch_size: int = 10,
        starts: int = 64,
        random_state: int | np.random.RandomState | None = None,
        allow_nan: bool = False,
        verbose: bool = False,
    ) -> None:
        self.hidden = hidden
        self.alpha = alpha
        self.output = output
        self.codes = codes
        self.engine = engine
        self.loss = loss
        self.l2 = l2
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.epochs = epochs
        self.batch_size = batch_size
        self.starts = starts
        self.random_state = random_state
        self.allow_nan = allow_nan
        self.verbose = verbose

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on (rows, features) numbers and (rows,) labels.

        Raises:
            ValueError: a parameter, ``X`` or ``y`` cannot be used; the message says which and why.
        """
        network, training = self._sections()
        inputs, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan" if self.allow_nan else True)
        check_classification_targets(y)
        self.classes_, indices = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y must hold at least two classes; got one class, {self.classes_[0]!r}.")
        order, self.coding_ = self._coding()
        self._answers = self.classes_[order]
        recipe = recipe_of(network, training, inputs.shape[1], self.coding_)
        positions = np.argsort(order)[indices]
        targets = self.coding_.targets(positions)
        with progress_bar(f"training {recipe.starts} starts", self.verbose) as bar:
            self.trained_ = train(
                inputs.astype(np.float32), targets, recipe, training.engine, lambda share: bar.advance(bar.task_ids[0], share)
            )
        self.network_ = Network(recipe.sizes, recipe.slopes, recipe.softmax, self.trained_.weights[self.trained_.chosen])
        self.coding_ = fit_spread(self.network_.output(inputs), positions, self.coding_)
        self.loss_curve_ = self.trained_.loss_curves[:, self.trained_.chosen].tolist()
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the (rows,) class labels: the nearest code or the largest probability.

        Raises:
            ValueError: an output is NaN, which is no class.
        """
        check_is_fitted(self)
        inputs = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan" if self.allow_nan else True)
        answers = self.coding_.decode(self.network_.output(inputs))
        lost = int((answers == NO_CLASS).sum())
        if lost:
            raise ValueError(f"The network's output is NaN, which is no class, for {lost} of {len(answers)} rows.")
        return np.asarray(self._answers[answers])

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the (rows, classes) probabilities, columns in the order of ``classes_``. Errors as in ``predict``."""
        check_is_fitted(self)
        inputs = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan" if self.allow_nan else True)
        probabilities = self.coding_.probabilities(self.network_.output(inputs))
        lost = int(np.isnan(probabilities).any(axis=1).sum())
        if lost:
            raise ValueError(f"The network's output is NaN, which is no class, for {lost} of {len(probabilities)} rows.")
        return probabilities[:, [self._answers.tolist().index(label) for label in self.classes_.tolist()]]

    def from_network(self, network: Network, coding: Coding) -> Self:
        """Take a trained network instead of fitting; ``trained_`` and ``loss_curve_`` are then absent, and labels are text."""
        self.n_features_in_ = network.sizes[0]
        self.network_, self.coding_ = network, coding
        self._answers = np.array(coding.classes)
        self.classes_ = np.sort(self._answers)
        return self

    def _sections(self) -> tuple[NetworkSection, TrainingSection]:
        """Validate the parameters as the configuration would."""
        plain = {key: value.item() if isinstance(value, np.generic) else value for key, value in self.get_params().items()}
        hidden, alpha = (
            tuple(np.asarray(value).tolist()) if isinstance(value, Sequence | np.ndarray) else value
            for value in (plain["hidden"], plain["alpha"])
        )
        try:
            seed = plain["random_state"]
            seed = seed if isinstance(seed, int) else int(check_random_state(seed).randint(2**31))
            check_random_state(seed)
        except (TypeError, ValueError):
            raise ValueError(
                f"The 'random_state' parameter must be None, a number from 0 to 2**32 - 1 or a RandomState. "
                f"Got {plain['random_state']!r} instead."
            ) from None
        keys = set(TrainingSection.model_fields) - {"seed"}
        try:
            network = NetworkSection.model_validate({"hidden": hidden, "alpha": alpha, "output": plain["output"]})
            training = TrainingSection.model_validate({key: plain[key] for key in keys} | {"seed": seed})
        except ValidationError as error:
            first = error.errors()[0]
            name, rule = first["loc"][0], first["msg"].replace("Input should", "must")
            raise ValueError(f"The '{name}' parameter {rule}. Got {plain[str(name)]!r} instead.") from None
        if text := mismatch(network, training):
            raise ValueError(f"The 'loss' parameter does not go with the output: {text}.")
        return network, training

    def _coding(self) -> tuple[NDArray[np.int64], Coding]:
        """Return the position in ``classes_`` of each class of the coding, and the coding: ties go by the order of ``codes``."""
        labels = self.classes_.tolist()
        given = dict(zip(labels, default_codes(len(labels)), strict=True)) if self.codes is None else self.codes
        known = [label for label in given if label in labels] if isinstance(given, Mapping) else []
        codes = [given[label] for label in known]
        if len(known) < len(labels) or not all(isinstance(code, Real) and isfinite(code) for code in codes):
            raise ValueError(f"The 'codes' parameter must map each class to a finite number. Got {given!r} instead.")
        if len(set(codes)) < len(codes):
            raise ValueError(f"The 'codes' parameter must give each class its own code. Got {given!r} instead.")
        coding = Coding(tuple(map(str, known)), tuple(map(float, codes)), self.output == "softmax")
        return np.array([labels.index(label) for label in known]), coding

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.allow_nan
        return tags
