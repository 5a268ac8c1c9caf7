"""A config without some of its columns."""

from collections.abc import Collection
from typing import Any

from pipeline.config.remedy import OUT, Settings, dotted
from pipeline.config.schema import Config
from pipeline.data.table import Table
from pipeline.errors import listing


def without(table: Table, config: Config, columns: Collection[str]) -> Settings | str:
    """Return the settings that take features out, and out of whatever else names them; words where no feature would be left."""
    features = {name: feature for name, feature in config.data.features.items() if name not in columns}
    if not features:
        return f"bring other columns: data.features has none but {listing(columns)}"
    settings: dict[str, Any] = {dotted("data", "features", name): OUT for name in columns}
    settings |= {dotted("evaluation", "subgroups", name): OUT for name in columns if name in config.evaluation.subgroups}
    unseen = config.evaluation.unseen
    if unseen and set(unseen.group_by) & set(columns):
        kept = [name for name in unseen.group_by if name in features]
        enough = kept and int(table.profiles(kept).max()) + 1 >= unseen.folds
        settings |= {"evaluation.unseen.group_by": kept} if enough else {"evaluation.unseen": None}
    if config.data.reference and not any(feature.criterion for feature in features.values()):
        settings["data.reference"] = None  # it has no effect then, which is an error
    if config.preprocess.implausible == "keep" and not any(feature.range for feature in features.values()):
        settings["preprocess.implausible"] = "missing"
    if config.preprocess.pca is not None and config.preprocess.pca > len(features):
        settings["preprocess.pca"] = len(features)
    return settings
