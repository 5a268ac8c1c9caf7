"""D: columns that give the label away. Facts: those of the data rules."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from pipeline.config.criteria import criteria_of
from pipeline.data.without import without
from pipeline.errors import listing, listing_or_count
from pipeline.findings.association import Ranked, best_interval, fisher, phi
from pipeline.findings.category_leaks import CERTAIN, ERRORS, nearly_certain, telling_categories, telling_rest
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.finding import SIGNIFICANCE, Doubt, detailed
from pipeline.findings.separation import by_levels, pure_side, pure_values
from pipeline.machine.arrays import Flags, Floats

_EFFECT = 0.2  # phi
_LEVELS, _GAIN = 0.85, 0.05  # balanced accuracy of the levels, and how much more than that of intervals
_TOGETHER, _SURELY = 0.98, 2.33  # balanced accuracy of all criteria, and standard errors above it
_ROWS = 10  # of a class, and of the rest
Details = dict[str, dict[str, Any]]


def column_gives_a_class_away(facts: DataFacts) -> Iterator[Doubt]:
    """One column alone gives a class away.

    What: a single column tells the class almost by itself. Its empty, implausible or whole cells are commoner in one class than
        in the others; or an interval of its values, or some of its categories, separates a class; or its single values do; or
        frequent values are of one class each, as where gaps were filled with the mean of each class; or beyond a limit all rows
        are of one class. The values of a column with a `criterion` may tell: D207 looks at those.
    Why it matters: the network then learns how the file was made. `BS Fast` of the askpython.com article's file is damaged only
        in the rows of healthy people, so the network learns that damaged means healthy; in another hospital's file other cells
        are damaged.
    How it is tested: each column is compared with each class in the ways listed under "Method". The difference must be
        greater than chance explains, and great enough to matter. At least 10 rows of the class and 10 others are needed.
    How to fix: take the column out of `data.features`, or correct the file. Filling gaps (`preprocess.impute`) does not help:
        the values that it fills in still give the class away.
    Method: significant means at 0.0001 after Bonferroni's correction for all these tests. Balanced accuracy is the mean of two
        shares: of the class, and of the rest, that are classified correctly.
    Gaps and damage: empty cells, implausible values, and whole numbers (where a tenth of the values have decimals and 5
        different ones have none). Fisher's exact test, two-sided, must be significant, with a phi coefficient of 0.2 or more
        either way.
    Intervals: the interval, or all outside one, that tells a class from the rest best must have a balanced accuracy above 0.95
        by 3.72 standard errors. Classes three standard deviations apart reach 0.93.
    Single values: in a column of at most 64 different values each row is given the commonest class of the other rows with its
        value. The balanced accuracy must be 0.85, and above that of the best intervals, one more than there are classes, by
        0.05 and 3.72 standard errors.
    Frequent values: those of 10 rows that are five times as frequent as others, between rows of other values. The probability
        of no exception there must be significant even if the odds of one were only a fifth of those among the 100 rows below or
        above (half, if there are two such values, of different classes).
    Limits: beyond one lie 30 rows or more and 15% of the class, and no exception. The probability of that must be significant
        even if the odds of an exception fell, from the 40 rows before the limit on, twice as fast as between classes three
        standard deviations apart.
    Categories: likewise, even if the odds of an exception were only a fifth of those among the other rows. So are all values
        but the commonest, if that is the least or the greatest of three or more and a fifth of the rows hold it.
    Source: Kaufman et al., "Leakage in data mining", TKDD 2012; Fisher (1922); Youden (1950) for the balanced accuracy.
    """
    details = _tied_flags(facts)
    for column, signs in _telling_values(facts).items():
        details.setdefault(column, {}).update(signs)
    if details:
        details = {name: details[name] for name in facts.config.data.features if name in details}
        columns = (f'"{name}" {_sentence(*sign)}' for name, signs in details.items() for sign in signs.items())
        head = f"{listing_or_count([*details], 'column')} give{'s' * (len(details) == 1)} a class away"
        yield detailed(f"{head}: {'; '.join(columns)}", details, without(facts.table, facts.config, details))


def criterion_decides(facts: DataFacts) -> Iterator[Doubt]:
    """The label was probably defined from this column: a limit separates `data.reference` from the rest.

    What: one limit of a column that is itself used to diagnose the disease separates the healthy from the rest.
    Why it matters: the label was then probably defined from this column, or from one like it (incorporation bias). A network
        that finds the limit again says nothing about patients who are not diagnosed yet.
    How it is tested: the limit of each column with a `criterion` is applied to its usable values, and the result compared with
        the label (`data.reference` or not). The finding needs a balanced accuracy of 0.95, and 10 rows of `data.reference` and
        10 others. Where no limit alone reaches that, all are taken together: a row then counts as ill if a value of it reaches
        its limit. Of rows with a value in all these columns, the balanced accuracy must be above 0.98 by 2.33 standard errors;
        three independent columns in which the classes lie three standard deviations apart reach 0.974.
    How to fix: take the columns out; or compare with the ADA rule (`ada_rule`), which is these criteria.
    Source: Ransohoff and Feinstein, NEJM 1978, for the bias; ADA, Standards of Care in Diabetes, for the limits.
    """
    config, table = facts.config, facts.table
    usable = table.usable(config.preprocess.implausible)
    diabetic = np.array([name != config.data.reference for name in table.classes])[table.truth]
    details, met = Details(), {}
    for column, threshold in criteria_of(config.data).items():
        values = usable[:, table.features.index(column)]
        feature, met[column] = config.data.features[column], np.where(np.isnan(values), np.nan, values >= threshold)
        if balanced := _balanced(met[column], diabetic):
            declared = {"criterion": feature.criterion, "threshold": threshold, "unit": feature.unit}
            details[column] = {**declared, "balanced_accuracy": balanced}
    alone = {column: detail for column, detail in details.items() if detail["balanced_accuracy"] >= CERTAIN}
    some = np.stack([met[column] for column in details]).max(axis=0) if len(details) > 1 else np.array([])
    together = _balanced(some, diabetic) if not alone and len(details) > 1 else 0.0
    if alone or (together > _TOGETHER and together >= _TOGETHER + _SURELY * _spread(some, diabetic)):
        named = alone or details
        rules = [f'"{column}" >= {rule["threshold"]:g} {rule["unit"]}' for column, rule in named.items()]
        worth = [f"with a balanced accuracy of {rule['balanced_accuracy']:.1%}" for rule in named.values()]
        told = "; ".join(map(" ".join, zip(rules, worth, strict=True)))
        told = told if alone else f"{' or '.join(rules)} with a balanced accuracy of {together:.1%}"
        head = f"the label was probably defined from {listing_or_count([*named], 'column', 26)}"
        how = "it separates" if len(rules) == 1 else "each separates" if alone else "together they separate"
        message = f'{head}: {how} "{config.data.reference}" from the rest, {told}'
        yield detailed(message, named, without(table, config, named))


def _balanced(met: Floats, diabetic: Flags) -> float:
    """Return the balanced accuracy of a criterion that rows meet (1), or not (0), NaN if unknown; 0 where rows are too few."""
    truth, hit = diabetic[known := ~np.isnan(met)], met[known] > 0
    return float((hit[truth].mean() + (~hit[~truth]).mean()) / 2) if _enough(truth) else 0.0


def _spread(met: Floats, diabetic: Flags) -> float:
    """Return the standard error of a balanced accuracy of ``_TOGETHER``."""
    ill = int(diabetic[~np.isnan(met)].sum())
    return float(np.sqrt(_TOGETHER * (1 - _TOGETHER) * (1 / ill + 1 / ((~np.isnan(met)).sum() - ill))) / 2)


def _tied_flags(facts: DataFacts) -> Details:
    """Return the class that each column's gaps, implausible values or whole numbers go with most closely, where they do."""
    classes, table = _members(facts), facts.table
    whole = _whole(table.values) & [not feature.categories for feature in facts.config.data.features.values()]
    signs = {"empty": np.isnan(table.values), "implausible": table.implausible, "a whole number": whole}
    flags = {
        (name, kind): column
        for kind, cells in signs.items()
        for name, column in zip(table.features, cells.T, strict=True)
        if column.any() and not column.all()
    }
    tied: Details = {}
    for (column, kind), flag in flags.items() if classes else ():
        effect = {name: phi(flag, member) for name, member in classes.items()}
        name = max(effect, key=lambda name: abs(effect[name]))
        member = classes[name]
        p_value = min(1.0, fisher(flag, member) * len(flags) * len(classes))
        if abs(effect[name]) >= _EFFECT and p_value < SIGNIFICANCE:
            shares = {"share": float(flag[member].mean()), "others": float(flag[~member].mean())}
            tied.setdefault(column, {})[kind] = {"class": name, **shares, "p_value": p_value, "phi": effect[name]}
    return tied


def _whole(values: Floats) -> Flags:
    """Return which of the (rows, F) values are whole numbers, in columns that hold decimals and several whole numbers."""
    whole, present = values == np.floor(values), ~np.isnan(values)
    for place, column in enumerate(whole.T):
        several = len(np.unique(values[column, place])) >= 5
        whole[:, place] &= several and (present[:, place] & ~column).sum() >= present[:, place].sum() / 10
    return np.asarray(whole)


def _telling_values(facts: DataFacts) -> Details:
    """Return what the values of each column without criterion tell by themselves."""
    table, classes = facts.table, {name: member for name, member in _members(facts).items() if _enough(member)}
    telling: Details = {}
    for column, feature in facts.config.data.features.items() if classes else ():
        if feature.categories:
            signs = telling_categories(facts.columns[column], classes, feature, 2 * len(classes) * len(table.features))
        else:
            signs = _telling_numbers(facts, column, classes)
        if signs:
            telling[column] = signs
    return telling


def _telling_numbers(facts: DataFacts, column: str, classes: dict[str, Flags]) -> Details:
    table, sorted_once, signs = facts.table, facts.columns[column], dict[str, dict[str, Any]]()
    criterion = facts.config.data.features[column].criterion
    if not criterion and (interval := _interval(sorted_once, classes)):
        signs["interval"] = interval
    levels = by_levels(sorted_once, table.truth, len(table.classes))
    gain = levels.alone - levels.ordered if levels else 0.0
    if levels and levels.alone >= _LEVELS and gain >= max(_GAIN, ERRORS * levels.error):
        signs["levels"] = asdict(levels)
    values, p = pure_values(sorted_once, table.truth, len(table.classes))
    if not criterion and values and p * len(table.features) < SIGNIFICANCE:
        signs["values"] = {"values": [[value, table.classes[place], rows] for value, place, rows in values], "p": p}
    sides = {} if criterion or signs else {name: pure_side(table.column(column), own) for name, own in classes.items()}
    for name, side in sides.items():
        if side and side.p * 2 * len(classes) * len(table.features) < SIGNIFICANCE:
            signs["limit"] = {"class": name, **asdict(side)}
    return signs if signs or criterion else telling_rest(sorted_once, classes, 2 * len(classes) * len(table.features))


def _interval(column: Ranked, classes: dict[str, Flags]) -> dict[str, Any] | None:
    """Return the interval that tells a class best, where it nearly tells it for certain."""
    best = {name: best_interval(column, member) for name, member in classes.items()}
    name = max(best, key=lambda name: best[name].balanced_accuracy)
    certain = nearly_certain(best[name].balanced_accuracy, classes[name])
    return {"class": name, **asdict(best[name])} if certain else None


def _members(facts: DataFacts) -> dict[str, Flags]:
    """Return which rows belong to each class, for the classes that are there but not alone."""
    flags = {name: facts.table.truth == place for place, name in enumerate(facts.table.classes)}
    return {name: member for name, member in flags.items() if member.any() and not member.all()}


def _enough(member: Flags) -> bool:
    """Say whether there are rows enough of a class, and of the rest, to say how well they can be told apart."""
    return bool(_ROWS <= member.sum() <= len(member) - _ROWS)


def _sentence(kind: str, sign: dict[str, Any]) -> str:
    if kind == "levels":
        worth = f"balanced accuracy {sign['alone']:.1%} against {sign['ordered']:.1%}"
        return f"tells the classes apart by its single values better than by cut-offs ({worth})"
    if kind == "values":
        told = " and ".join(f'at {value:g} is always "{name}", in {rows:,} rows' for value, name, rows in sign["values"])
        return f"{told}, though rows beside are of other classes too: were gaps filled with a value for each class?"
    if kind == "limit":
        beyond = f"{'from' if sign['above'] else 'up to'} {sign['limit']:g}{' on' if sign['above'] else ''}"
        near = f"{sign['others']} of the {sign['near']} rows next to these"
        return f'{beyond} is always "{sign["class"]}", in {sign["rows"]:,} rows, and another class in {near}'
    if kind == "categories":
        balanced = f"balanced accuracy {sign['balanced_accuracy']:.1%}"
        return f'with {listing(sign["categories"])} almost always means "{sign["class"]}" ({balanced})'
    if kind in ("category", "rest"):
        where = f'with "{sign["category"]}"' if kind == "category" else f"at any value but {sign['common']:g}"
        rest = f"{sign['others']} of the {sign['rest']:,}"
        return f'{where} is always "{sign["class"]}", in {sign["rows"]:,} rows, and another class in {rest} other rows'
    if kind != "interval":
        return f'is {kind} in {sign["share"]:.1%} of "{sign["class"]}" and {sign["others"]:.1%} of the rest'
    low, high = sign["low"], sign["high"]
    if low is not None and high is not None:
        where = f"{'from' if sign['inside'] else 'outside'} {low:g} to {high:g}"
    else:
        where = f"from {low:g} on" if low is not None else f"up to {high:g}" if high is not None else "at all"
    return f'{where} almost always means "{sign["class"]}" (balanced accuracy {sign["balanced_accuracy"]:.1%})'
