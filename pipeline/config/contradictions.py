"""Settings that are valid one by one and make no sense together, or have no effect."""

import re
from collections.abc import Iterator, Sequence

from pipeline.config.criteria import THRESHOLDS
from pipeline.config.data_contradictions import data_contradictions
from pipeline.config.loss import mismatch
from pipeline.config.schema import Config
from pipeline.config.yaml_text import Location, Problem
from pipeline.errors import did_you_mean, listing

_SERVER = re.compile(r"https?://[\w.:\[\]-]+(/[^\s?#]*)?|sqlite:///\S+")


def contradictions(config: Config) -> Iterator[Problem]:
    """Yield the location of each contradictory or useless setting, and what to do about it."""
    yield from data_contradictions(config.data)
    for check in (_lists, _criteria, _groups, _network, _tracking):
        yield from check(config)


def _lists(config: Config) -> Iterator[Problem]:
    study = config.study
    lists: dict[Location, Sequence[object]] = {
        ("data", "redundant"): config.data.redundant,
        ("data", "patient"): config.data.patient or (),
        ("split", "group_by"): config.split.group_by or (),
        ("evaluation", "unseen", "group_by"): config.evaluation.profile,
        ("findings", "accept"): config.findings.accept,
        ("study", "alphas"): study.alphas,
        ("study", "features"): study.features,
        ("study", "outputs"): study.outputs,
    }
    for location, values in lists.items():
        for index, value in enumerate(values):
            if value in values[:index]:
                yield (*location, index), f'"{value}" is twice in this list; remove one'
    for key, grid in (("alpha", study.alphas), ("features", study.features), ("output", study.outputs)):
        value = getattr(study.reference, key)
        if value not in grid:
            yield ("study", "reference", key), f"{value} is not in the grid ({', '.join(map(str, grid))}); name a cell of it"


def _criteria(config: Config) -> Iterator[Problem]:
    features = config.data.features
    if config.data.reference and not any(feature.criterion for feature in features.values()):
        yield ("data", "reference"), "has no effect without a diagnostic criterion at a feature; remove it, or declare one"
    if config.preprocess.implausible == "keep" and not any(feature.range for feature in features.values()):
        yield ("preprocess", "implausible"), "has no effect: no feature has a plausible range; remove it, or declare one"
    for name, feature in features.items():
        at: Location = ("data", "features", name, "criterion")
        if feature.criterion and config.data.reference is None:
            yield at, "a diagnostic criterion has no effect without data.reference, the class of the healthy; name it"
        if feature.criterion and (feature.criterion, feature.unit) not in THRESHOLDS:
            units = listing(unit for criterion, unit in THRESHOLDS if criterion == feature.criterion)
            yield at, f'"{feature.criterion}" is known in {units}; the unit of "{name}" is {feature.unit}'


def _groups(config: Config) -> Iterator[Problem]:
    grouping, subgroups = config.split.group_by or (), config.evaluation.subgroups
    if config.split.stratify and grouping:
        yield ("split", "stratify"), "cannot be combined with split.group_by: whole groups cannot keep exact shares; choose one"
    elif config.split.stratify and config.data.patient:
        yield ("split", "stratify"), "cannot be combined with data.patient: whole patients cannot keep exact shares; choose one"
    if set(grouping) & set(config.data.patient or ()):
        yield ("split", "group_by"), "has no effect on columns of data.patient, whose rows stay together anyway; take them out"
    if config.data.target in grouping:
        yield ("split", "group_by"), f'"{config.data.target}" is data.target: whole classes would be missing from training'
    columns: list[tuple[Location, str]] = [(("evaluation", "subgroups", name), name) for name in subgroups]
    columns += [(("evaluation", "unseen", "group_by", at), name) for at, name in enumerate(config.evaluation.profile)]
    for location, name in columns:
        if name not in config.data.features:
            yield location, f'"{name}" is not among data.features{did_you_mean(name, config.data.features)}'
    for name, cuts in subgroups.items():
        if name in config.data.features and config.data.features[name].categories is not None:
            yield ("evaluation", "subgroups", name), "holds categories, which have no limits between them; name a number"
        if list(cuts) != sorted(set(cuts)):
            yield ("evaluation", "subgroups", name), f"the limits between subgroups must ascend; got {list(cuts)}"


def _network(config: Config) -> Iterator[Problem]:
    network, width, features = config.network, config.preprocess.pca, sum(config.data.widths())
    try:
        if not network.slopes() and "alpha" in network.model_fields_set:
            yield ("network", "alpha"), "has no effect: without hidden layers a softmax network has no Leaky ReLU; remove it"
    except ValueError as error:
        yield ("network", "alpha"), str(error).removeprefix("alpha ")
    if text := mismatch(network, config.training):
        yield ("training", "loss"), text
    if width is not None and width > features:
        yield ("preprocess", "pca"), f"must be at most the number of inputs, {features}; got {width}"


def _tracking(config: Config) -> Iterator[Problem]:
    at, uri = ("tracking", "mlflow"), config.tracking.mlflow
    if uri is not None and "@" in uri:  # it is not shown either: what is shown ends in a log
        rule = "must not hold a user or a password, for it is kept in the run"
        yield at, f"{rule}; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD in the environment instead"
    elif uri is not None and not _SERVER.fullmatch(uri):
        yield at, f"must be the address of MLflow, such as http://host:5000, https://host or sqlite:///mlflow.db; got {uri!r}"
