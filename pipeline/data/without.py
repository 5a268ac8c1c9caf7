"""What mends a table, or makes a config go with it: columns to take out, gaps to fill, ranges to widen."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from pipeline.config.remedy import OUT, Fix, Line, Settings, dotted
from pipeline.config.schema import Config, UnseenSection
from pipeline.data.table import Table
from pipeline.errors import listing, such_as


def without(table: Table, config: Config, columns: Collection[str]) -> Settings | str:
    """Return the settings that take features out, and out of whatever else names them; words where no feature would be left."""
    features = {name: feature for name, feature in config.data.features.items() if name not in columns}
    if not features:
        return f"add other columns: data.features has none but {listing(columns)}"
    settings: dict[str, Any] = {dotted("data", "features", name): OUT for name in columns}
    settings |= {dotted("evaluation", "subgroups", name): OUT for name in columns if name in config.evaluation.subgroups}
    unseen = config.evaluation.unseen
    if isinstance(unseen, UnseenSection) and set(unseen.group_by) & set(columns):
        kept = [name for name in unseen.group_by if name in features]
        enough = kept and int(table.profiles(kept).max()) + 1 >= unseen.folds
        settings |= {"evaluation.unseen.group_by": kept} if enough else {"evaluation.unseen": None}
    if config.data.reference and not any(feature.criterion for feature in features.values()):
        settings["data.reference"] = None  # it has no effect then, which is an error
    if config.preprocess.implausible == "keep" and not any(feature.range for feature in features.values()):
        settings["preprocess.implausible"] = "missing"
    if config.preprocess.pca is not None and config.preprocess.pca > (most := sum(each.width for each in features.values())):
        settings["preprocess.pca"] = most
    return settings


def gaps_filled(table: Table, config: Config, lost: list[str]) -> Fix:
    """Return what fills gaps: ``lost`` columns cannot be filled, and rows are named for the gaps of the others."""
    taken_out = config.preprocess.implausible == "missing" and config.preprocess.impute is None
    gaps = (np.isnan(table.values) | (table.implausible & taken_out))[:, [name not in lost for name in table.features]]
    rows = table.named(np.flatnonzero(gaps.any(axis=1)))
    words = (
        f"fill the cells without a {'usable ' * taken_out}value in {such_as(rows)} of the file, or remove these rows"
        if rows
        else ""
    )
    settings = without(table, config, lost) if lost else {}
    if config.preprocess.impute is None and isinstance(settings, Mapping):
        settings = {**settings, "preprocess.impute": "median"}
    return [settings, words] if lost else (settings, words) if settings else words


def wider(table: Table, config: Config, name: str) -> Line:
    """Return the line by which no value of a feature is implausible: the one that several rows hold means "missing"."""
    values, feature = table.column(name), config.data.features[name]
    odd = values[table.implausible[:, table.features.index(name)]]
    if len(odd) > 1 and len(set(odd.tolist())) == 1:
        value = float(odd[0])
        line = {"missing": [*feature.missing, int(value) if value.is_integer() else value]}
        return Line("data.features", name, feature.model_dump(exclude_defaults=True) | line)
    low, high = feature.range or (0.0, 0.0)
    ends = [min(low, float(np.nanmin(values))), max(high, float(np.nanmax(values)))]
    return Line("data.features", name, feature.model_dump(exclude_defaults=True) | {"range": ends})
