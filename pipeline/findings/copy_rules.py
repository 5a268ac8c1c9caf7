"""D: rows that repeat each other, and what that does to the test. Facts: those of the data rules."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from pipeline.config.mended import by_profile
from pipeline.config.remedy import Fix
from pipeline.data.profiles import Copies
from pipeline.data.split import split
from pipeline.errors import DataError, listing, such_as
from pipeline.findings.chance import more_than_chance
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.finding import Doubt, named_rows
from pipeline.findings.near_copies import nearly_equal
from pipeline.machine.arrays import Integers

_PERHAPS = "in columns as coarse as these, rows may be equal by chance alone"


def copies_of(facts: DataFacts) -> Copies:
    """Count the test rows that training rows tell."""
    copies, profiles = _told_by_training(facts)
    return Copies(len(facts.parts.test), len(copies), None if profiles is None else len(profiles))


def duplicate_rows(facts: DataFacts) -> Iterator[Doubt]:
    """Duplicate rows: equal to an earlier row in every feature and in the target.

    What: rows that repeat an earlier row. Two empty cells are equal.
    Why it matters: a patient who is in the file several times is counted several times in every figure, and the intervals come
        out too narrow.
    How it is tested: rows that repeat an earlier one are counted. In coarse data rows are equal by chance too, so two tests ask
        whether chance alone makes so many. It is a warning where one of them says that it does not; otherwise it is a note.
    How to fix: remove the repeats from the file. `split.group_by` keeps them on one side of the split, which mends D205 only.
    Method: each test asks for a probability below 0.0001. Two empty cells are equal, and equal profiles (see D205) count as
        well. Where most rows are without gaps, only those are looked at.
    First test: where rows are drawn independently, however unequal their chances, there cannot be many pairs without many
        triples.
    Second test: where rows are equal by chance, neighbours, which differ in one column, are there too. From those, and from
        pairs that differ in two columns or by a step or two in one, the expected number of equal rows is estimated. There must
        be more than twice as many in the quarter of the rows that has the fewest neighbours, or more than four times as many in
        all. Columns that follow from others would forbid neighbours, so they are left out; yes/no columns that exclude each
        other are one.
    What escapes: copies, even 10% of the rows, where chance makes about as many rows equal, as with nothing but height, weight
        and body mass index.
    Source: Lee et al., "Deduplicating training data makes language models better", ACL 2022, for what duplicates do to a test;
        the Cauchy-Schwarz inequality between the moments of the chances, Markov's and Chernoff's bounds.
    """
    table, config = facts.table, facts.config
    first = np.unique(_whole_rows(facts), return_index=True)[1]
    if numbers := table.named(np.setdiff1d(np.arange(len(table)), first)):
        copied = _beyond_chance(facts)
        yield Doubt(
            f"{len(numbers):,} of {len(table):,} rows repeat{'s' * (len(numbers) == 1)} an earlier row: equal in every feature "
            f"and in {config.data.target} ({such_as(numbers, total=False)}){'' if copied else f'; {_PERHAPS}'}",
            named_rows(numbers),
            f"remove {such_as(numbers)} from the file: they are the repeats",
            None if copied else "info",
        )


def copied_test_rows(facts: DataFacts) -> Iterator[Doubt]:
    """Test rows that repeat a training row, whole or in their lab values.

    What: test rows whose answer the network has already seen. They equal a training row in every feature and in the target
        (copies), or in the columns of `evaluation.unseen.group_by` (profiles).
    Why it matters: the test shows what the network remembers. Don't expect this accuracy on new patients.
    How it is tested: each test row is looked up among the training rows, whole and by its profile. In a copy two empty cells
        are equal. A profile is a group of rows that the folds of `evaluation.unseen` hold out together: they are equal in its
        columns, where an empty cell may equal any value. It is a warning where the whole table holds more equal rows, or equal
        profiles, than chance explains (see D204); otherwise it is a note.
    How to fix: split by whole groups with `split.group_by`, or read the accuracy on unseen rows (`evaluation.unseen`).
    Source: Kapoor and Narayanan, "Leakage and the reproducibility crisis in machine-learning-based science", Patterns 2023.
    """
    copies, profiles = _told_by_training(facts)
    shown = copies if profiles is None or len(copies) else profiles
    if not len(shown):
        return
    copied, numbers, tested = _beyond_chance(facts), facts.table.named(shown), len(facts.parts.test)
    count = None if profiles is None else len(profiles)
    one = len(shown) == 1
    what, how = f"repeat{'s' * one} a training row", f"equal{'s' * one} one in every column"
    same = f"the same {listing(facts.config.evaluation.profile)} as one"
    if not len(copies):
        what, how = f"{'has' if one else 'have'} a training row's profile", f"hold{'s' * one} {same}"
    elif count is not None:
        how += f", and {count:,} hold{'s' * (count == 1)} {same}"
    seen = f"the network has seen {'this test row' if one else 'these test rows'} in training" if copied else _PERHAPS
    yield Doubt(
        f"{len(shown):,} of {tested:,} test rows {what}: {such_as(numbers, total=False)} {how}; {seen}",
        {"copies": len(copies), "profiles": count, "test": tested, "examples": numbers[:5]},
        _grouped(facts, numbers),
        None if copied else "info",
    )


def nearly_equal_rows(facts: DataFacts) -> Iterator[Doubt]:
    """Near-copies: rows equal but for rounding or noise.

    What: rows that are closer to another row of their class than chance makes rows, in every column at once. They may be the
        same patient again, with fewer digits, in another unit and back, or with a little noise.
    Why it matters: such a test row was already seen in training, as a copy is (D205), and a search for equal rows misses it.
    How it is tested: pairs of rows of one class that are very close to each other are counted. It is a warning where they are
        more than 1.5 times as many as chance makes. Rows are also looked for whose values are those of another with one digit
        fewer.
    How to fix: remove the rows that are named from the file: the later row of each pair, or the rounded one.
    Method: both tests are binomial, at 0.0001; the first is corrected for the distances that were tried. Values within a
        relative 0.000001 are equal, and rows of other categories are not compared.
    Distance: two values of a class are as far apart as the share of the class that lies between them, or as their difference in
        units of the range of the middle 80%, whichever is more. The distance of two rows is the largest in any column.
    Chance: it spreads small distances evenly. Of the pairs that differ in one column and lie within some distance, a quarter
        lie within a quarter of it; of pairs that differ in more columns, fewer do (half of the columns being taken to follow
        from others).
    Rounding: of two rows that are equal when so rounded, one is wholly rounded no more often than values end in 0 in the column
        where they rarest do.
    Source: the correlation integral of Grassberger and Procaccia, "Measuring the strangeness of strange attractors" (1983).
    """
    table, ordered = facts.table, facts.ordered
    names = [name for name in table.features if name in table.levels]
    alike = table.copies(names) if names else np.zeros(len(table), dtype=np.int64)
    some = nearly_equal(table.values[:, ordered], table.truth, _whole_rows(facts), alike) if ordered.any() else np.arange(0)
    if numbers := table.named(some):
        yield Doubt(
            f"{len(numbers):,} of {len(table):,} rows nearly equal{'s' * (len(numbers) == 1)} a row of their class: in every "
            f"feature ({such_as(numbers)}); they may be copies with rounded values, or with noise",
            named_rows(numbers),
            f"remove {such_as(numbers)} from the file",
        )


def equal_rows_of_different_classes(facts: DataFacts) -> Iterator[Doubt]:
    """Equal rows with different labels.

    What: rows that are equal in every feature and belong to different classes.
    Why it matters: no rule on these columns can be right about all of them: a label is wrong, or something was not measured.
    How it is tested: equal rows of different classes are counted, and compared with what chance makes where classes overlap.
        Two empty cells are equal. It is only reported when there are more pairs across classes than neighbours across classes
        let expect (the second test of D204), or when equal rows are of different classes twice as often as rows are that hardly
        differ, each with a probability below 0.0001. One such row among many repeats is not reported.
    How to fix: look the rows up and correct their labels, or add a feature that tells them apart.
    Source: Northcutt, Athalye and Mueller, "Pervasive label errors in test sets", NeurIPS 2021.
    """
    table, config = facts.table, facts.config
    groups, classes = table.copies(list(config.data.features)), table.truth
    in_class = np.unique(np.stack([groups, classes]), axis=1)[0]
    numbers = table.named(np.flatnonzero(np.isin(groups, np.flatnonzero(np.bincount(in_class) > 1))))
    if numbers and more_than_chance(table.values, classes, facts.ordered, across=True):
        yield Doubt(
            f"{len(numbers):,} rows have an equal row of another class: {such_as(numbers, total=False)}",
            named_rows(numbers),
            f"correct {config.data.target} in {such_as(numbers)} of the file, or remove these rows",
        )


@lru_cache(maxsize=1)
def _beyond_chance(facts: DataFacts) -> bool:
    """Say whether more rows, or more profiles, are equal than chance explains."""
    table = facts.table
    if more_than_chance(table.values, table.truth, facts.ordered):
        return True
    profile = [table.features.index(name) for name in facts.config.evaluation.profile]
    return len(profile) > 1 and more_than_chance(table.values[:, profile], table.truth, facts.ordered[profile])


def _whole_rows(facts: DataFacts) -> Integers:
    """Return (rows,) numbers; rows equal in every feature and in the target share one."""
    groups = facts.table.copies(list(facts.config.data.features))
    return groups * len(facts.config.data.codes) + facts.table.truth


def _told_by_training(facts: DataFacts) -> tuple[Integers, Integers | None]:
    """Return the test rows, in the order of the file, that equal a training row; and, if columns make one, share its profile."""
    test, train, columns = np.sort(facts.parts.test), facts.parts.train, facts.config.evaluation.profile
    copies, profiles = (
        test[np.isin(groups[test], groups[train])]
        for groups in (_whole_rows(facts), facts.table.profiles(columns) if columns else np.arange(len(facts.table)))
    )
    return copies, profiles if columns else None


def _grouped(facts: DataFacts, numbers: list[int]) -> Fix:
    """Return the setting that keeps equal rows on one side of the split; where that leaves nothing to learn from, the rows."""
    settings = by_profile(facts.config)
    try:
        split(facts.table, facts.config.split.model_copy(update={"group_by": settings["split.group_by"], "stratify": False}))
    except DataError:
        return f"remove {such_as(numbers)} from the file, or add rows of more patients"
    return settings
