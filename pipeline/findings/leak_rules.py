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
from pipeline.findings.separation import by_levels, pure_side
from pipeline.machine.arrays import Flags, Floats

_EFFECT = 0.2  # phi
_LEVELS, _GAIN = 0.85, 0.05  # balanced accuracy of the levels, and how much more than that of intervals
_ROWS = 10  # of a class, and of the rest
Details = dict[str, dict[str, Any]]


def column_gives_a_class_away(facts: DataFacts) -> Iterator[Doubt]:
    """A column's gaps, implausible values, whole numbers, levels or values alone give a class away.

    What: being empty, implausible, or a whole number among decimals is commoner in one class than in the others; or a single
        interval of a column's values separates a class; or its levels jump between the classes; or beyond a limit, in a
        category, or beside the commonest value, all rows are of one class, without an exception. The values of a column with a
        `criterion` may tell: D207 looks at those.
    Why it matters: the network then learns how the file was made. `BS Fast` of the article's file is damaged in healthy rows
        only, so damage means health; the next hospital's file has other damage.
    How it is tested: gaps, implausible values, and whole numbers where a tenth of the values have decimals and 5 different ones
        have none, are held against each class by Fisher's exact test, two-sided: significant at 0.0001 after Bonferroni's
        correction for all these tests, with a phi coefficient of 0.2 or more either way. The interval, or its complement, that
        tells a class from the rest best must have a balanced accuracy (the mean of the shares of each class that are told
        rightly) above 0.95 by 3.72 standard errors; classes three standard deviations apart reach 0.93. In a column of at most
        64 different values each row is given the commonest class of the other rows with its value: the balanced accuracy must
        be 0.85, and above that of the best intervals, one more than there are classes, by 0.05 and 3.72 standard errors. Beyond
        a limit lie 30 rows or more and 15 % of the class, and none is an exception with a probability below 0.0001, corrected
        likewise, though from the 40 rows before it the odds of one were taken to fall twice as fast as between classes three
        standard deviations apart. 10 rows of the class and 10 others are needed.
    How to fix: take the column out of `data.features`, or correct the file; what `preprocess.impute` fills in still tells.
    Source: Kaufman et al., "Leakage in data mining", TKDD 2012; Fisher (1922); Youden (1950) for the balanced accuracy.
    """
    details = _tied_flags(facts)
    for column, signs in _telling_values(facts).items():
        details.setdefault(column, {}).update(signs)
    if details:
        details = {name: details[name] for name in facts.config.data.features if name in details}
        columns = (f'"{name}" {", and ".join(_sentence(*sign) for sign in signs.items())}' for name, signs in details.items())
        head = f"{listing_or_count([*details], 'column')} give{'s' * (len(details) == 1)} a class away"
        yield detailed(f"{head}: {'; '.join(columns)}", details, without(facts.table, facts.config, details))


def criterion_decides(facts: DataFacts) -> Iterator[Doubt]:
    """The label was defined from this column: one threshold separates `data.reference` from the rest.

    What: one threshold of a column that is itself used to diagnose the disease separates the healthy from the rest.
    Why it matters: the label was then defined from this column, or from one like it (incorporation bias). A network that finds
        the threshold again says nothing about patients who are not diagnosed yet.
    How it is tested: in each column with a `criterion`, usable values at or above its threshold are held against
        `data.reference`. The finding needs a balanced accuracy of 0.95, and 10 rows of `data.reference` and 10 others.
    How to fix: take the columns out; or compare with the ADA rule (`ada_rule`), which is these criteria.
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
        if _enough(truth) and (balanced := float((met[truth].mean() + (~met[~truth]).mean()) / 2)) >= CERTAIN:
            feature = config.data.features[column]
            declared = {"criterion": feature.criterion, "threshold": threshold, "unit": feature.unit}
            details[column] = {**declared, "balanced_accuracy": balanced}
    if details:
        rules = [
            f'"{column}" >= {rule["threshold"]:g} {rule["unit"]} with a balanced accuracy of {rule["balanced_accuracy"]:.1%}'
            for column, rule in details.items()
        ]
        head = f"the label was probably defined from {listing_or_count([*details], 'column', 26)}"
        alone = f'{"it" if len(rules) == 1 else "each"} separates "{config.data.reference}" from the rest'
        yield detailed(f"{head}: {alone}, {'; '.join(rules)}", details, without(table, config, details))


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
        return f"separates the classes by its levels (balanced accuracy {sign['alone']:.1%}, as a number {sign['ordered']:.1%})"
    if kind == "limit":
        beyond = f"{'from' if sign['above'] else 'up to'} {sign['limit']:g}{' on' if sign['above'] else ''}"
        rows = f'all {sign["rows"]:,} rows are "{sign["class"]}"'
        return f"has a limit: {beyond} {rows}, and {sign['others']} of the {sign['near']} rows before it are not"
    if kind == "categories":
        balanced = f"balanced accuracy {sign['balanced_accuracy']:.1%}"
        return f'with {listing(sign["categories"])} almost always means "{sign["class"]}" ({balanced})'
    if kind in ("category", "rest"):
        rest = f"{sign['others']} of the {sign['rest']:,} other rows are not"
        which = (
            f'of "{sign["category"]}"' if kind == "category" else f"{'of' if sign['inside'] else 'other than'} {sign['common']:g}"
        )
        what = "has a category of one class" if kind == "category" else f"tells by being {sign['common']:g} or not"
        return f'{what}: all {sign["rows"]:,} rows {which} are "{sign["class"]}", and {rest}'
    if kind != "interval":
        return f'is {kind} in {sign["share"]:.1%} of "{sign["class"]}" and {sign["others"]:.1%} of the rest'
    low, high = sign["low"], sign["high"]
    if low is not None and high is not None:
        where = f"{'from' if sign['inside'] else 'outside'} {low:g} to {high:g}"
    else:
        where = f"from {low:g} on" if low is not None else f"up to {high:g}" if high is not None else "at all"
    return f'{where} almost always means "{sign["class"]}" (balanced accuracy {sign["balanced_accuracy"]:.1%})'
