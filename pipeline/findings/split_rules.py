"""D: what the split leaves to test. Facts: those of the data rules."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from math import ceil

import numpy as np

from pipeline.config.remedy import Fix, Settings
from pipeline.data.split import Split, split
from pipeline.errors import DataError, counted, listing, listing_or_count
from pipeline.findings.association import fisher
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.distribution import kolmogorov_tail, other_shares, two_sample
from pipeline.findings.finding import SIGNIFICANCE, Doubt, detailed
from pipeline.judge.metrics import wilson

_FEWEST = 20  # test rows of a class
_SEEDS = 100  # tried for a split by groups
_OTHERS = 20  # seeds tried for a test part that is like the training part
_LOOSE = "the sets of possible classes may miss the right one more often there"


def class_too_small_to_test(facts: DataFacts) -> Iterator[Doubt]:
    """A class with too few test rows for its figure to mean much.

    What: a class of `data.codes` with fewer than 20 test rows.
    Why it matters: a single row moves its sensitivity by more than 5 points. Even if all are right, the true share may be far
        lower.
    How it is tested: test rows are counted in each class; this is a simple count. The figure that is given is the lower end of
        the Wilson interval when all are right, with the coverage of `evaluation.interval`. With 20 rows and 0.95 it is 84%.
    How to fix: a larger test part that keeps the shares of the classes (`split.test_size`, `split.stratify`); where whole
        groups are split, another `split.seed`, chosen before any accuracy is looked at; or more rows.
    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.
    """
    level = facts.config.evaluation.interval
    small = {name: count for name, count in facts.table.counts(facts.parts.test).items() if count < _FEWEST}
    if small:
        sizes = [
            f'"{name}" has {count}'
            + (
                f" ({100 * level:g}% interval from {wilson(count, count, level)[0]:.1%} even if all are classified correctly)"
                if count
                else ""
            )
            for name, count in small.items()
        ]
        verb = "has" if len(small) == 1 else "have"
        message = f"{listing_or_count([*small], 'class')} {verb} fewer than {_FEWEST} test rows: {', '.join(sizes)}"
        yield Doubt(message, {"classes": small}, _larger_test(facts, list(small)))


def test_part_unlike_training(facts: DataFacts) -> Iterator[Doubt]:
    """Test rows unlike the training rows, in a column or in the shares of the classes.

    What: the test rows are other patients than the training rows: a column's values, or the classes, are spread otherwise.
    Why it matters: the network is tested on another kind of patient than it was trained on, and another split would give
        another accuracy. For such rows the set of possible classes may hold the right class less often than
        `evaluation.confidence` says.
    How it is tested: each column, and the classes, are compared between training and test rows. The difference must be greater
        than chance explains. Nothing is compared where a file is only scored.
    How to fix: another `split.seed`, chosen before any accuracy is looked at, or `split.stratify: true` for the classes. Where
        few large groups are split, more groups.
    Method: usable values by the two-sample Kolmogorov-Smirnov distance, whose limiting probability is an upper bound where
        values are tied; the shares of categories without an order by Pearson's chi-squared test, where those of which fewer
        than 10 rows are expected in a part count as one; each class's rows by Fisher's exact test. Each is significant at
        0.0001 after Bonferroni's correction for all columns and classes.
    Source: Smirnov (1939); Pearson (1900); Fisher (1922).
    """
    both = len(facts.parts.test) and len(facts.parts.train)
    if both and (details := _unlike(facts, facts.parts)):
        head = f"test and training rows differ in {listing_or_count([*details], 'column', 28)}"
        yield detailed(
            f"{head}: {listing(details)} {'is' if len(details) == 1 else 'are'} spread differently in the two; {_LOOSE}",
            details,
            _alike(facts),
        )


def _unlike(facts: DataFacts, parts: Split) -> dict[str, dict[str, float]]:
    """Return the corrected p-values of the columns, and of the target, that differ between the parts."""
    tested, truth = np.zeros(len(facts.table), dtype=bool), facts.table.truth
    tested[parts.test] = True
    p_values = {
        name: other_shares(column, tested) if name in facts.table.levels else kolmogorov_tail(two_sample(column, tested))
        for name, column in facts.usable_columns.items()
    }
    tests = len(p_values) + len(facts.table.classes)
    p_values[facts.config.data.target] = min(fisher(tested, truth == place) for place in np.unique(truth))
    return {name: {"p_value": p * tests} for name, p in p_values.items() if p * tests < SIGNIFICANCE}


def _alike(facts: DataFacts) -> Settings | str:
    """Return a seed with which no column and no class differs, if one is found."""
    seed = _seed(facts, _OTHERS, lambda parts: not _unlike(facts, parts))
    if seed is not None:
        return {"split.seed": seed}
    grouping = facts.config.split.group_by or facts.config.data.patient or ()
    return f"rows of more groups than {listing(grouping)} has" + ", or another split.group_by" * bool(facts.config.split.group_by)


def _seed(facts: DataFacts, seeds: int, fits: Callable[[Split], bool]) -> int | None:
    """Return the first of so many seeds whose split there is and fits."""
    for seed in range(seeds):
        with suppress(DataError):
            if fits(split(facts.table, facts.config.split.model_copy(update={"seed": seed}))):
                return seed
    return None


def _larger_test(facts: DataFacts, names: list[str]) -> Fix:
    """Return the settings that give the classes enough test rows, if some do with at most half of the rows in the test."""

    def enough(parts: Split) -> bool:
        return min(*facts.table.counts(parts.test).values(), *facts.table.counts(parts.train).values()) >= _FEWEST

    section = facts.config.split
    if not len(facts.parts.train):
        return f"score a file with {_more(facts, names, _FEWEST)}"
    rows = min(map(facts.table.counts().__getitem__, names))
    share = max(section.test_size, ceil(100 * (_FEWEST + 1) / rows) / 100) if rows else 1.0  # stratified shares miss by one row
    if section.group_by or facts.config.data.patient:
        if rows >= 2 * _FEWEST and (seed := _seed(facts, _SEEDS, enough)) is not None:
            return {"split.seed": seed}
    elif share <= 0.5:
        return {"split.test_size": float(f"{share:g}"), "split.stratify": True}
    if section.group_by:  # so many that the share of groups which is tested hardly ever holds too few
        return f"add {_more(facts, names, ceil(2 * _FEWEST / section.test_size))}, each of a group of its own"
    return [f"add {_more(facts, names, ceil((_FEWEST + 1) / section.test_size))}", {"split.stratify": True}]


def _more(facts: DataFacts, names: list[str], enough: int) -> str:
    counts = facts.table.counts()
    return " and ".join(f'{counted(max(1, enough - counts[name]), "more row")} of "{name}"' for name in names)
