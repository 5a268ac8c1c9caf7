"""Settings that are valid one by one and make no sense together, or have no effect."""

import re
from collections.abc import Iterator

from pipeline.config.criteria import THRESHOLDS, units_of
from pipeline.config.schema import Config, mismatch
from pipeline.config.yaml_text import Location, Problem
from pipeline.errors import did_you_mean, listing
from pipeline.findings import RULES


def contradictions(config: Config) -> Iterator[Problem]:
    """Yield the location of each contradictory or useless setting, and what to do about it."""
    yield from _columns(config)
    yield from _lists(config)
    yield from _classes(config)
    yield from _criteria(config)
    yield from _groups(config)
    yield from _network(config)
    yield from _study(config)
    yield from _tracking(config)
    for index, code in enumerate(config.findings.accept):
        if code not in RULES:
            hint = did_you_mean(code, RULES) or '; run "explain" for the list'
            yield ("findings", "accept", index), f'"{code}" is no finding{hint}'


def _columns(config: Config) -> Iterator[Problem]:
    data = config.data
    if data.target in data.features:
        yield ("data", "features", data.target), "this column is data.target, the answer itself; remove it from the features"
    for index, name in enumerate(data.redundant):
        if name == data.target or name in data.features:
            other = "data.target" if name == data.target else "a feature"
            yield ("data", "redundant", index), f'"{name}" is also {other}; a column has one role'
    for name, feature in data.features.items():
        if feature.range and feature.range[0] >= feature.range[1]:
            yield (
                ("data", "features", name, "range"),
                f"must be [lowest, highest] with lowest below highest; got {list(feature.range)}",
            )


def _lists(config: Config) -> Iterator[Problem]:
    lists: dict[Location, tuple[str, ...]] = {
        ("data", "redundant"): config.data.redundant,
        ("split", "group_by"): config.split.group_by or (),
        ("evaluation", "unseen", "group_by"): config.evaluation.unseen.group_by if config.evaluation.unseen else (),
        ("findings", "accept"): config.findings.accept,
    }
    for location, names in lists.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                yield (*location, index), f'"{name}" stands twice in this list; remove one'


def _classes(config: Config) -> Iterator[Problem]:
    codes = config.data.codes
    for name, code in codes.items():
        twin = next(other for other, value in codes.items() if value == code)
        if twin != name:
            yield (
                ("data", "codes", name),
                f'has the code of "{twin}" ({code:g}), so nothing can tell them apart; give each its own',
            )
    reference = config.data.reference
    if reference is not None and reference not in codes:
        yield ("data", "reference"), f'"{reference}" is not among data.codes ({listing(codes)}){did_you_mean(reference, codes)}'


def _criteria(config: Config) -> Iterator[Problem]:
    features = config.data.features.values()
    if config.data.reference and not any(feature.criterion for feature in features):
        yield ("data", "reference"), "has no effect without a diagnostic criterion at a feature; remove it, or declare one"
    if config.preprocess.implausible == "keep" and not any(feature.range for feature in features):
        yield ("preprocess", "implausible"), "has no effect: no feature has a plausible range; remove it, or declare one"
    for name, feature in config.data.features.items():
        at: Location = ("data", "features", name, "criterion")
        if feature.criterion and config.data.reference is None:
            yield at, "a diagnostic criterion has no effect without data.reference, the class of the healthy; name it"
        if feature.criterion and (feature.criterion, feature.unit) not in THRESHOLDS:
            yield (
                at,
                (
                    f'"{feature.criterion}" is known in {listing(units_of(feature.criterion))}; '
                    f'the unit of "{name}" is {feature.unit}'
                ),
            )


def _groups(config: Config) -> Iterator[Problem]:
    if config.split.stratify and config.split.group_by:
        yield ("split", "stratify"), "cannot be combined with split.group_by: whole groups cannot keep exact shares; choose one"
    if config.data.target in (config.split.group_by or ()):
        yield ("split", "group_by"), f'"{config.data.target}" is data.target: whole classes would be missing from training'
    features = config.data.features
    for index, name in enumerate(config.evaluation.unseen.group_by if config.evaluation.unseen else ()):
        if name not in features:
            yield (
                ("evaluation", "unseen", "group_by", index),
                f'"{name}" is not among data.features{did_you_mean(name, features)}',
            )

    for name, cuts in config.evaluation.subgroups.items():
        at: Location = ("evaluation", "subgroups", name)
        if name not in features:
            yield at, f'"{name}" is not among data.features{did_you_mean(name, features)}'
        if list(cuts) != sorted(set(cuts)):
            yield at, f"the limits between subgroups must ascend; got {list(cuts)}"


def _network(config: Config) -> Iterator[Problem]:
    network = config.network
    try:
        if not network.slopes() and "alpha" in network.model_fields_set:
            yield ("network", "alpha"), "has no effect: without hidden layers a softmax network has no Leaky ReLU; remove it"
    except ValueError as error:
        yield ("network", "alpha"), str(error).removeprefix("alpha ")
    if text := mismatch(network, config.training):
        yield ("training", "loss"), text
    width = config.preprocess.pca
    if width is not None and width > len(config.data.features):
        yield ("preprocess", "pca"), f"must be at most the number of features, {len(config.data.features)}; got {width}"


def _study(config: Config) -> Iterator[Problem]:
    study = config.study
    if "study" not in config.model_fields_set:
        return
    grids: dict[str, tuple[object, ...]] = {"alphas": study.alphas, "features": study.features, "outputs": study.outputs}
    for key, values in grids.items():
        for index, value in enumerate(values):
            if value in values[:index]:
                yield ("study", key, index), f"{value} stands twice in this list; remove one"
    for key, values in zip(("alpha", "features", "output"), grids.values(), strict=True):
        wanted = getattr(study.reference, key)
        if wanted not in values:
            yield ("study", "reference", key), f"{wanted} is not in the grid ({', '.join(map(str, values))}); name a cell of it"


def _tracking(config: Config) -> Iterator[Problem]:
    at: Location = ("tracking", "mlflow")
    uri = config.tracking.mlflow
    if uri is not None and "@" in uri:  # it is not shown either: what is shown ends in a log
        told = "must not hold a user or a password, for it is kept in the run"
        yield at, f"{told}; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD in the environment instead"
    elif uri is not None and not _SERVER.fullmatch(uri):
        yield at, f"must be the address of MLflow, such as http://host:5000, https://host or sqlite:///mlflow.db; got {uri!r}"


_SERVER = re.compile(r"https?://[\w.:\[\]-]+(/[^\s?#]*)?|sqlite:///\S+")
