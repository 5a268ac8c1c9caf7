"""D: what the split leaves to test. Facts: those of the data rules."""

from collections.abc import Iterator
from math import ceil

from pipeline.data.split import split
from pipeline.errors import DataError, listing
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.finding import Doubt
from pipeline.judge.metrics import wilson

_FEWEST = 20  # test rows of a class
_SEEDS = 100  # tried for a split by groups


def class_too_small_to_test(facts: DataFacts) -> Iterator[Doubt]:
    """A class too small for its test figure to mean much.

    What: a class of `data.codes` with fewer than 20 test rows.
    Why it matters: one row more or less moves its sensitivity by more than 5 points. Even if all its rows are answered right,
        the true share may be far lower.
    How it is tested: test rows are counted in each class; the figure is the lower end of the Wilson interval when all are
        right, with the coverage of `evaluation.interval`. With 20 rows and 0.95 it is 84 %.
    How to fix: a larger test part that keeps the shares of the classes (`split.test_size`, `split.stratify`); where whole
        groups are split, another `split.seed`; or more rows.
    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.
    """
    level = facts.config.evaluation.interval
    small = {name: count for name, count in facts.table.counts(facts.parts.test).items() if count < _FEWEST}
    if small:
        sizes = [
            f'"{name}" has {count}'
            + (f" ({100 * level:g}% interval from {wilson(count, count, level)[0]:.1%} even if all are right)" if count else "")
            for name, count in small.items()
        ]
        message = f"too few test rows to judge a class by: {', '.join(sizes)}"
        yield Doubt(message, {"classes": small}, _larger_test(facts, list(small)))


def _larger_test(facts: DataFacts, names: list[str]) -> str:
    """Return the settings that give the classes enough test rows, if some do with at most half of the rows in the test."""
    section = facts.config.split
    if not len(facts.parts.train):
        return f"score a file with more rows of {listing(names)}"
    rows = min(map(facts.table.counts().__getitem__, names))
    share = max(section.test_size, ceil(100 * (_FEWEST + 1) / rows) / 100) if rows else 1.0  # stratified shares miss by one row
    if section.group_by:
        seeds = (seed for seed in range(_SEEDS) if _enough(facts, seed)) if rows >= 2 * _FEWEST else iter(())
        if (seed := next(seeds, None)) is not None:
            return f"--set split.seed={seed}, by which every class has test rows enough"
    elif share <= 0.5:
        return f"--set split.test_size={share:g} --set split.stratify=true"
    return f"more rows of {listing(names)}, or no conclusion about them"


def _enough(facts: DataFacts, seed: int) -> bool:
    """Say whether a split with this seed leaves every class enough rows on both sides."""
    try:
        parts = split(facts.table, facts.config.split.model_copy(update={"seed": seed}))
    except DataError:
        return False
    return min(*facts.table.counts(parts.test).values(), *facts.table.counts(parts.train).values()) >= _FEWEST
