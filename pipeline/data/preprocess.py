"""Turn raw columns into the network's inputs; everything is learnt from training rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, zip_longest
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pipeline.data.frame import from_frame
from pipeline.errors import DataError
from pipeline.machine.arrays import Flags, Floats, Integers

if TYPE_CHECKING:  # scoring does without them
    import pandas as pd

    from pipeline.config.data_section import DataSection
    from pipeline.config.schema import PreprocessSection


_MANY = 1000


@dataclass(frozen=True)
class Preprocessor:
    """The fitted steps as plain arrays, so that scoring needs NumPy only. F features make W columns, and these C inputs.

    Attributes:
        features: names of the F features, in order; the value of a category is its place in the config.
        lowest, highest: (F,) plausible range; values outside become missing; infinite where none is declared.
        fill: (F,) what replaces a missing value; NaN where nothing does.
        center, scale: (W,) the value minus ``center``, divided by ``scale``.
        seen: (2, F) lowest and highest value of the training rows, without those that became missing.
        mean, components: (W,) and (C, W) of a PCA on the scaled columns; None without one.
        widths: (F,) how many columns each feature makes; empty where each makes one.
        columns: names of the W columns; empty where they are the features.
        met: (W,) whether a training row has the category that the column stands for; None without categories.
        absent: (K, F) numbers that mean "missing" in their column, NaN where it has fewer; None where no column has one.
    """

    features: tuple[str, ...]
    lowest: Floats
    highest: Floats
    fill: Floats
    center: Floats
    scale: Floats
    seen: Floats
    mean: Floats | None = None
    components: Floats | None = None
    widths: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    met: Flags | None = None
    absent: Floats | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the C inputs: the columns, or PC1, PC2 and so on."""
        own = self.columns or self.features
        return own if self.components is None else tuple(f"PC{i + 1}" for i in range(len(self.components)))

    def transform(self, values: ArrayLike) -> Floats:
        """Return (rows, C) inputs for (rows, F) raw values; NaN is a missing value."""
        values = mask_implausible(values, self.lowest, self.highest, self.absent)
        gaps = np.isnan(values)
        with np.errstate(over="ignore", invalid="ignore"):  # values near 1e308 and infinite ones; the network's output tells
            np.copyto(values, self.fill, where=gaps)
            values = indicators(values, self.widths)
            values -= self.center
            values /= self.scale
            if self.components is None or self.mean is None:
                return values
            return np.asarray((values - self.mean) @ self.components.T)


def indicators(values: ArrayLike, widths: Sequence[int]) -> Floats:
    """Return (rows, W) columns of (rows, F) values: of a feature wider than 1, for each place whether it is the value."""
    values = np.asarray(values, dtype=np.float64)
    if all(width == 1 for width in widths):
        return values
    wide = np.repeat(values, widths, axis=1)
    places = np.concatenate([np.arange(width) for width in widths])
    told = np.repeat(np.array(widths) > 1, widths)
    wide[:, told] = np.where(np.isnan(wide[:, told]), np.nan, wide[:, told] == places[told])
    return wide


def mask_implausible(values: ArrayLike, lowest: Floats, highest: Floats, absent: Floats | None = None) -> Floats:
    """Return the values with NaN for those outside their column's range, and for those that mean "missing"."""
    values = mask_absent(values, absent)
    outside = beyond(values, lowest, highest)
    return np.where(outside, np.nan, values) if outside.any() else values.copy(order="K")


def mask_absent(values: ArrayLike, absent: Floats | None) -> Floats:
    """Return the values with NaN for the (K, F) numbers that mean "missing" in their column."""
    values = np.asarray(values, dtype=np.float64)
    for numbers in () if absent is None else absent:
        values = np.where(values == numbers, np.nan, values)
    return values


def beyond(values: Floats, lowest: ArrayLike, highest: ArrayLike) -> Flags:
    """Return which of the (rows, F) values are below ``lowest`` or above ``highest``, both (F,); NaN is neither.

    In many rows, only columns whose own extremes are outside are looked at value by value.
    """
    lowest, highest = np.asarray(lowest), np.asarray(highest)
    if len(values) < _MANY:
        return np.asarray((values < lowest) | (values > highest))
    outside = np.zeros(values.shape[::-1], dtype=bool).T
    ends = np.min(values, axis=0), np.max(values, axis=0)  # NaN where one is
    for place in np.flatnonzero(~((ends[0] >= lowest) & (ends[1] <= highest))):
        column = values[:, place]
        outside[:, place] = (column < lowest[place]) | (column > highest[place])
    return outside


def fit_pipeline(train: pd.DataFrame, data: DataSection, preprocess: PreprocessSection) -> Any:
    """Fit the steps as a scikit-learn ``Pipeline`` on the training rows, whose categories are texts.

    Raises:
        DataError: a column without a single usable value, or a PCA on missing values.
    """
    from sklearn.decomposition import PCA
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

    ends, texts = np.array(data.bounds()), data.categories()
    if preprocess.implausible == "keep":  # of numbers; another category than those of the config is none
        ends[:, [name not in texts for name in data.features]] = [[-np.inf], [np.inf]]
    named = [() if name in texts else [each for each in data.absent(name) if not isinstance(each, str)] for name in data.features]
    absent = np.array([*zip_longest(*map(sorted, named), fillvalue=np.nan)])
    mask = {"lowest": ends[0], "highest": ends[1], "absent": absent if len(absent) else None}
    plausible = FunctionTransformer(mask_implausible, kw_args=mask, feature_names_out="one-to-one")
    codes = FunctionTransformer(from_frame, kw_args={"categories": texts}, feature_names_out="one-to-one")
    _refuse_unusable(train, mask_implausible(from_frame(train, texts), **mask), data.path, preprocess)
    steps: list[tuple[str, Any]] = [("categories", codes)] if texts else []
    steps.append(("implausible", plausible))
    if preprocess.impute:
        steps.append(("impute", _imputer(preprocess.impute, [name in texts for name in data.features])))
    if data.levels():
        steps.append(("indicators", FunctionTransformer(indicators, kw_args={"widths": data.widths()})))
    if preprocess.scale:
        steps.append(("scale", StandardScaler() if preprocess.scale == "standard" else MinMaxScaler()))
    if preprocess.pca:
        steps.append(("pca", PCA(preprocess.pca, svd_solver="full")))
    try:
        # values near 1e300 overflow, and the network's output tells; a filter of warnings would hold for other threads too
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return Pipeline(steps).fit(train)
    except ValueError:  # of PCA, for scaled values that are not finite
        hint = "give its column a range, or correct the file"
        raise DataError(f"{data.path}: the training rows hold a value too large to be scaled and rotated; {hint}") from None


def _imputer(strategy: str, categories: Sequence[bool]) -> Any:
    """Return what fills gaps: those of categories with the most frequent one, neighbours of one kind together, in their order."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer

    if not any(categories):
        return SimpleImputer(strategy=strategy)
    runs = [(kind, [place for place, _ in run]) for kind, run in groupby(enumerate(categories), itemgetter(1))]
    imputers = [(str(run[0]), SimpleImputer(strategy="most_frequent" if kind else strategy), run) for kind, run in runs]
    return ColumnTransformer(imputers)


def from_pipeline(pipeline: Any, train: Floats, data: DataSection) -> Preprocessor:
    """Take the learnt arrays out of a pipeline that ``fit_pipeline`` made of these (rows, F) training values."""
    features, columns = tuple(data.features), data.columns()
    steps, size = pipeline.named_steps, len(columns)
    mask = steps["implausible"].kw_args
    fill = np.full(len(features), np.nan)
    if "impute" in steps:
        own = getattr(steps["impute"], "transformers_", [("", steps["impute"], [])])
        fill = np.concatenate([imputer.statistics_ for _, imputer, _ in own])
    center, scale = np.zeros(size), np.ones(size)
    if "scale" in steps:
        scaler = steps["scale"]
        minmax = hasattr(scaler, "data_min_")
        center, scale = (scaler.data_min_, 1 / scaler.scale_) if minmax else (scaler.mean_, scaler.scale_)
    pca = steps.get("pca")
    usable = mask_implausible(train, **mask)
    seen = np.array([np.nanmin(usable, axis=0), np.nanmax(usable, axis=0)])
    rotation = {"mean": pca.mean_, "components": pca.components_} if pca else {}
    learnt = Preprocessor(features, **mask, fill=fill, center=center, scale=scale, seen=seen, **rotation)
    if not data.categories():
        return learnt
    met = np.nanmax(indicators(usable, data.widths()), axis=0) > 0
    return replace(learnt, widths=data.widths(), columns=columns, met=met)


def _refuse_unusable(train: pd.DataFrame, values: Floats, path: str, preprocess: PreprocessSection) -> None:
    missing, rows, pca = np.isnan(values), len(train), preprocess.pca
    if empty := train.columns[np.flatnonzero(missing.all(axis=0))].tolist():
        hint = "has no usable value in the training rows; remove it or check its range"
        raise DataError(*(f'{path}: column "{name}" {hint}' for name in empty))
    if pca and not preprocess.impute and missing.any():
        raise DataError(f"{path}: preprocess.pca needs complete rows, and values are missing; set preprocess.impute: median")
    if pca and pca > rows:
        raise DataError(f"{path}: preprocess.pca: {pca} needs as many training rows; there are {rows}")


@dataclass(frozen=True)
class Task:
    """What a fitted baseline sees: preprocessed training rows, their class indices, and the rows to answer."""

    train: Floats
    truth: Integers
    test: Floats
