"""D: columns that give the label away. Facts: those of the data rules."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from pipeline.config.criteria import criteria_of
from pipeline.errors import listing
from pipeline.findings.association import best_interval, fisher, phi, ranked
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.finding import Doubt
from pipeline.machine.arrays import Flags

_SIGNIFICANCE = 0.0001
_EFFECT = 0.2  # phi
_ALONE = 0.95  # balanced accuracy
_ROWS = 10  # of a class, and of the rest
Details = dict[str, dict[str, Any]]


def column_gives_a_class_away(facts: DataFacts) -> Iterator[Doubt]:
    """A column's gaps, implausible values or values alone give a class away.

    What: being empty or implausible is commoner in one class than in the others; or a single interval of a column's values
        tells a class from the rest, and the column declares no diagnostic criterion that would explain it.
    Why it matters: the network then learns how the file was made. `BS Fast` of the article's file is damaged in healthy rows
        only, so damage means health; the next hospital's file has other damage.
    How it is tested: the gaps and the implausible values of each column are held against each class by Fisher's exact test,
        two-sided. It must be significant at 0.0001 after Bonferroni's correction for all these tests, with a phi coefficient of
        0.2 or more either way. A column without criterion is tested by its raw values: the interval, or its complement, that
        tells a class from the rest best must have a balanced accuracy of 0.95 or more. Missing values are in neither; 10 rows
        of the class and 10 others are needed.
    How to fix: take the column out of `data.features`, or correct the file. `preprocess.implausible: missing` removes the
        values, but what fills them is still the same for all of them.
    Source: Kaufman et al., "Leakage in data mining", TKDD 2012; Fisher (1922); Youden (1950) for the balanced accuracy.
    """
    tied, telling = _tied_flags(facts), _telling_intervals(facts)
    details = {name: tied.get(name, {}) | telling.get(name, {}) for name in facts.config.data.features if name in tied | telling}
    if details:
        columns = (f'"{name}" {", and ".join(_sentence(*sign) for sign in signs.items())}' for name, signs in details.items())
        yield Doubt(
            "; ".join(columns),
            {"columns": list(details), "details": details},
            f"take {listing(details)} out of data.features, or correct the file",
        )


def criterion_decides(facts: DataFacts) -> Iterator[Doubt]:
    """A declared diagnostic criterion nearly decides between `data.reference` and the rest.

    What: one threshold of a column that is itself used to diagnose the disease tells the healthy from the rest.
    Why it matters: the label was then made from this predictor, or from one like it (incorporation bias). A network that finds
        the threshold again has found nothing new, and its accuracy says nothing about patients who are not diagnosed yet.
    How it is tested: in each column with a `criterion`, values at or above its threshold are held against `data.reference`.
        Only rows with a value count; it must be plausible where `preprocess.implausible` is missing. The finding needs a
        balanced accuracy of 0.95, and 10 rows of `data.reference` and 10 others.
    How to fix: hold the network against the baseline `ada_rule`, which is these criteria, or take the columns out of
        `data.features`.
    Source: Ransohoff and Feinstein, NEJM 1978, for the bias; ADA, Standards of Care in Diabetes, for the thresholds.
    """
    config, table = facts.config, facts.table
    usable = table.usable(config.preprocess.implausible)
    diabetic = np.array([name != config.data.reference for name in table.classes])[table.truth]
    details: Details = {}
    for column, threshold in criteria_of(config.data).items():
        values = usable[:, table.features.index(column)]
        present = ~np.isnan(values)
        met, truth = values[present] >= threshold, diabetic[present]
        if _enough(truth) and (balanced := float((met[truth].mean() + (~met[~truth]).mean()) / 2)) >= _ALONE:
            feature = config.data.features[column]
            declared = {"criterion": feature.criterion, "threshold": threshold, "unit": feature.unit}
            details[column] = {**declared, "balanced_accuracy": balanced}
    if details:
        rules = [
            f'"{column}" >= {rule["threshold"]:g} {rule["unit"]} with a balanced accuracy of {rule["balanced_accuracy"]:.1%}'
            for column, rule in details.items()
        ]
        yield Doubt(
            f'a diagnostic criterion alone tells "{config.data.reference}" from the rest, so the label contains its own'
            f" predictor: {'; '.join(rules)}",
            {"columns": list(details), "details": details},
            f"hold the network against the baseline ada_rule, or take {listing(details)} out of data.features",
        )


def _tied_flags(facts: DataFacts) -> Details:
    """Return the class that each column's gaps or implausible values go with most closely, where they do."""
    classes = _members(facts)
    flags = {
        (name, kind): column
        for kind, cells in (("empty", np.isnan(facts.table.values)), ("implausible", facts.table.implausible))
        for name, column in zip(facts.table.features, cells.T, strict=True)
        if column.any() and not column.all()
    }
    tied: Details = {}
    for (column, kind), flag in flags.items() if classes else ():
        effect = {name: phi(flag, member) for name, member in classes.items()}
        name = max(effect, key=lambda name: abs(effect[name]))
        member = classes[name]
        p_value = min(1.0, fisher(flag, member) * len(flags) * len(classes))
        if abs(effect[name]) >= _EFFECT and p_value < _SIGNIFICANCE:
            shares = {"share": float(flag[member].mean()), "others": float(flag[~member].mean())}
            tied.setdefault(column, {})[kind] = {"class": name, **shares, "p_value": p_value, "phi": effect[name]}
    return tied


def _telling_intervals(facts: DataFacts) -> Details:
    """Return the best interval of each column without criterion that nearly tells a class from the rest."""
    telling: Details = {}
    classes = {name: member for name, member in _members(facts).items() if _enough(member)}
    for column, feature in facts.config.data.features.items():
        if feature.criterion or not classes:
            continue
        values = ranked(facts.table.column(column))
        best = {name: best_interval(values, member) for name, member in classes.items()}
        name = max(best, key=lambda name: best[name].balanced_accuracy)
        if best[name].balanced_accuracy >= _ALONE:
            telling[column] = {"interval": {"class": name, **asdict(best[name])}}
    return telling


def _members(facts: DataFacts) -> dict[str, Flags]:
    """Return which rows belong to each class, for the classes that are there but not alone."""
    flags = {name: facts.table.truth == place for place, name in enumerate(facts.table.classes)}
    return {name: member for name, member in flags.items() if member.any() and not member.all()}


def _enough(member: Flags) -> bool:
    """Say whether there are rows enough of a class, and of the rest, to say how well they can be told apart."""
    return bool(_ROWS <= member.sum() <= len(member) - _ROWS)


def _sentence(kind: str, sign: dict[str, Any]) -> str:
    if kind != "interval":
        return f'is {kind} in {sign["share"]:.1%} of "{sign["class"]}" and {sign["others"]:.1%} of the rest'
    low, high = sign["low"], sign["high"]
    if low is not None and high is not None:
        where = f"{'from' if sign['inside'] else 'outside'} {low:g} to {high:g}"
    else:
        where = f"from {low:g} on" if low is not None else f"up to {high:g}" if high is not None else "at all"
    return f'tells "{sign["class"]}" from the rest by a value {where} (balanced accuracy {sign["balanced_accuracy"]:.1%})'
