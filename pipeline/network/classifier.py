"""The scikit-learn estimator that the pipeline itself trains through."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pipeline.machine.arrays import Floats, Floats32, Integers
from pipeline.machine.steps import clocked
from pipeline.network.choice import choose, looked_at
from pipeline.network.coding import NO_CLASS, Coding, coding_of
from pipeline.network.layers import Network
from pipeline.network.recipe import Progress, recipe_of
from pipeline.network.settings import row_weights, sections
from pipeline.network.steepness import with_sets
from pipeline.network.train import train_networks


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
        l2: penalty on the squared weights of the inputs, or "auto": chosen by the answers to rows that folds held out, for the
            weights of all layers behind softmax.
        optimizer: "adam" or "sgd".
        learning_rate: of the first step.
        schedule: how the rate falls: "constant", "linear" or "cosine", the latter two to 0 at the end.
        epochs: passes over the rows; for it and the next two "auto" is a number that depends on the rows.
        batch_size: rows a step.
        starts: networks trained at once; the one with the lowest training loss is kept.
        random_state: decides initial weights and the order of batches.
        allow_nan: train even where inputs are missing, which makes every weight NaN.
        verbose: show on standard error how much is done, if that is a terminal.
        class_weight: class -> weight by which the loss of its rows is multiplied, or "balanced" for rows / (classes * rows of
            the class), the rows weighed by ``sample_weight``; by default 1.
        confidence: how often the set of ``predict_set`` holds the class of a new row.

    Attributes:
        classes_: class labels, sorted.
        network_: the chosen network as plain arrays.
        coding_: how its outputs are classes, probabilities and sets.
        choice_: what the folds say of the penalties.
        trained_: every start, before and after; a pickle leaves it and ``choice_`` out.
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
        l2: float | str = "auto",
        optimizer: str = "adam",
        learning_rate: float = 0.02,
        schedule: str = "linear",
        epochs: int | str = "auto",
        batch_size: int | str = "auto",
        starts: int | str = "auto",
        random_state: int | np.random.RandomState | None = None,
        allow_nan: bool = False,
        verbose: bool = False,
        class_weight: Mapping[Any, float] | str | None = None,
        confidence: float = 0.9,
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
        self.class_weight = class_weight
        self.confidence = confidence

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        progress: Progress = lambda share: None,
    ) -> Self:
        """Train on (rows, features) numbers and (rows,) labels of at least two classes.

        ``sample_weight`` is (rows,), as in ``pipeline.network.train.train_networks``. With 0, what the row holds has no
        influence, though it keeps its place in a batch. Rows that share a number of (rows,) ``groups`` are held out together, by
        default those that are equal. ``progress`` is told the share done since the last call.

        Raises:
            ValueError: a parameter, ``X``, ``y`` or a weight cannot be used; the message says which and why.
        """
        network, training = sections(self.get_params())
        inputs, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan" if self.allow_nan else True)
        check_classification_targets(y)
        self.classes_, indices = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y must hold at least two classes; got one class, {self.classes_[0]!r}.")
        weights = row_weights(sample_weight, self.class_weight, self.classes_, indices)
        self._order, coding = coding_of(self.codes, self.classes_.tolist(), self.output == "softmax")
        self.coding_ = coding if coding.softmax else replace(coding, slope=network.slopes()[-1])
        auto, width = training.l2 == "auto", inputs.shape[1]
        recipe = replace(
            recipe_of(network, training, width, self.coding_, len(inputs)), every_kernel=auto and self.coding_.softmax
        )
        positions, rows = np.argsort(self._order)[indices], _in_float32(inputs)
        together = self._together(inputs, groups)
        some = looked_at(positions, together, weights)
        with clocked(f"training {recipe.starts} starts", self.verbose) as tell:

            def advance(share: float) -> None:
                tell(share / 2)  # the choice is half of the work, more or less
                progress(share / 2)

            sized = recipe_of(network, training, width, self.coding_, len(some))
            asked = rows[some], positions[some], together[some], replace(sized, every_kernel=recipe.every_kernel), self.coding_
            own = None if weights is None else weights[some]
            self.choice_ = choose(*asked, training.l2, own, advance, len(some) / len(inputs))
            recipe = replace(recipe, l2=self.choice_.path.l2)
            data = rows, coding.targets(positions), [recipe]
            (self.trained_,) = train_networks(*data, training.engine, advance, sample_weight=weights)
        self.network_ = Network(recipe.sizes, recipe.slopes, recipe.softmax, self.trained_.weights[self.trained_.chosen])
        self.coding_ = with_sets(self.choice_.coding, self.choice_.output, positions[some], together[some], self.confidence)
        self.loss_curve_ = self.trained_.loss_curves[:, self.trained_.chosen].tolist()
        return self

    def _together(self, inputs: Floats, groups: ArrayLike | None) -> Integers:
        """Return (rows,) numbers of what stays together: the groups, or rows that are equal."""
        if groups is None:
            return np.unique(inputs, axis=0, return_inverse=True)[1].ravel()
        check_consistent_length(inputs, groups)
        return np.unique(np.asarray(groups), return_inverse=True)[1]

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the (rows,) class labels: the nearest code or the largest probability.

        Raises:
            ValueError: an output is NaN, which is no class.
        """
        _, answers = self._answered(X)
        return np.asarray(self.classes_[answers])

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return the (rows, classes) score of each of ``classes_``; for two classes the (rows,) lead of the second.

        It is the logarithm of its probability, up to a constant. The class that ``predict`` names is the first of the
        largest, and of two the second exactly where its lead is positive: where rounding or a tie would tell otherwise, its
        score is raised by one bit above the others. Errors as in ``predict``.
        """
        inputs, answers = self._answered(X)
        scores = self._by_class(self.coding_.scores(self.network_.in_float64().output(inputs)), answers)
        return np.asarray(scores[:, 1] - scores[:, 0]) if len(self.classes_) == 2 else scores

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the (rows, classes) probability of each of ``classes_``; see ``Coding.probabilities``.

        The class that ``predict`` names is the first of the most probable ones. Errors as there.
        """
        inputs, answers = self._answered(X)
        return self._by_class(self.coding_.probabilities(self.network_.in_float64().output(inputs)), answers)

    def predict_set(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Return (rows, classes) which of ``classes_`` cannot be excluded: see ``pipeline.network.steepness.with_sets``."""
        inputs, _ = self._answered(X)
        possible = self.coding_.possible(self.coding_.probabilities(self.network_.in_float64().output(inputs)))
        return np.asarray(possible[:, np.argsort(self._order)])

    def predict_log_proba(self, X: ArrayLike) -> Floats:
        """Return the logarithm of ``predict_proba``; that of 0 is -infinity."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    def _answered(self, X: ArrayLike) -> tuple[Floats32, Integers]:
        """Return the validated inputs and the position in ``classes_`` of each answer."""
        check_is_fitted(self)
        inputs = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan" if self.allow_nan else True)
        rows = _in_float32(inputs)
        answers = self.coding_.decode(self.network_.output(rows))
        if lost := int((answers == NO_CLASS).sum()):
            raise ValueError(f"The network's output is NaN, which is no class, for {lost} of {len(answers)} rows.")
        return rows, self._order[answers]

    def from_network(self, network: Network, coding: Coding) -> Self:
        """Take a trained network instead of fitting: labels are text, ``trained_``, ``choice_`` and ``loss_curve_`` absent."""
        self.n_features_in_ = network.sizes[0]
        self.network_, self.coding_ = network, coding
        self.classes_, self._order = np.unique(coding.classes, return_inverse=True)
        return self

    def _by_class(self, scores: NDArray[Any], answers: Integers) -> Floats:
        """Return the scores of the coding's classes in the order of ``classes_``, the first largest being the answer's."""
        ordered = scores[:, np.argsort(self._order)].astype(np.float64)
        behind = np.flatnonzero(ordered.argmax(axis=1) != answers)
        ordered[behind, answers[behind]] = np.nextafter(ordered[behind].max(axis=1), np.inf)
        return ordered

    def __getstate__(self) -> dict[str, Any]:
        """Leave the other starts and the held-out answers out of a pickle: they are most of it, and only a report needs them."""
        return {name: value for name, value in super().__getstate__().items() if name not in ("trained_", "choice_")}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.allow_nan
        return tags


def _in_float32(inputs: Floats) -> Floats32:
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and the output tells
        return inputs.astype(np.float32)
