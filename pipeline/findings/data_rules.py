"""D: what is wrong with the table. Facts: the table and the config."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from pipeline.config.remedy import Settings
from pipeline.config.schema import Config
from pipeline.data.split import Split
from pipeline.data.table import Table
from pipeline.data.without import gaps_filled, wider
from pipeline.errors import counted, listing, listing_or_count, such_as
from pipeline.findings.association import Ranked, of_numbers, ranked
from pipeline.findings.finding import Doubt
from pipeline.machine.arrays import Flags

_PARTS = {"empty_test": " among the test rows", "empty_train": " among the training rows", "empty": ""}


@dataclass(frozen=True, eq=False)
class DataFacts:
    """What the D rules read; no row trains where a file is only scored."""

    table: Table
    parts: Split
    config: Config

    @property
    def quantities(self) -> list[str]:
        """The features that are numbers, not categories."""
        return [name for name, feature in self.config.data.features.items() if not feature.categories]

    @property
    def ordered(self) -> Flags:
        """Which of the F features have values with an order."""
        return np.array([name not in self.table.levels for name in self.table.features])

    @cached_property
    def columns(self) -> dict[str, Ranked]:
        """The values of each feature, sorted once for all rules."""
        return {
            name: of_numbers(values, self.table.level(name))
            for name, values in zip(self.table.features, self.table.values.T, strict=True)
        }

    @cached_property
    def usable_columns(self) -> dict[str, Ranked]:
        """The same without what ``preprocess.implausible`` takes as missing."""
        usable, outside = self.table.usable(self.config.preprocess.implausible), self.table.count(self.table.implausible)
        return {
            name: ranked(values) if outside[name] else self.columns[name]
            for name, values in zip(self.table.features, usable.T, strict=True)
        }


def missing_values(facts: DataFacts) -> Iterator[Doubt]:
    """Cells without a value; an error where nothing fills them.

    What: cells of the input columns that are empty, or hold a text that means "no value", such as NA, NaN, null, none or ?.
    Why it matters: one missing cell in a training row spoils the whole network: the loss becomes NaN, and from then on every
        weight and every output. Keras goes on without a word and reports the share of the rows coded 0 as accuracy. The 61.96%
        and 64.85% of the askpython.com article on Leaky ReLU are just that.
    How it is tested: missing cells are counted in each column. It is an error when `preprocess.impute` is null (values that
        `preprocess.implausible: missing` takes out then count too), or when a column has no usable value at all. A column that
        has no usable value in the training rows, or none in the test rows, is named.
    How to fix: `--set preprocess.impute=median` fills them (learnt from training rows; of categories the most frequent one); or
        complete the file.
    Source: IEEE 754: every sum and product with NaN is NaN.
    """
    preprocess = facts.config.preprocess
    table = facts.table
    gaps = _counts(table, np.isnan(table.values))
    removed = _counts(table, table.implausible) if preprocess.implausible == "missing" and preprocess.impute is None else {}
    lost = _without_value(facts)
    if not gaps and not removed and not lost:
        return
    reasons = [f"{counted(sum(gaps.values()), 'cell')} without a value: {_by_column(gaps)}"] if gaps else []
    reasons += [f"{_told(removed, 'implausible value')} taken as missing: {_by_column(removed)}"] if removed else []
    told = filler(facts, [*gaps, *removed])
    treated = f"gaps are filled with {told} of the training rows" if told else "nothing fills them"
    reasons += [
        f"no usable value{_PARTS[part]} in {counted(len(names), 'column')}: {listing(names)}" for part, names in lost.items()
    ]
    yield Doubt(
        f"{'; '.join(reasons)}; {treated}",
        {"columns": gaps} | ({"implausible": removed} if removed else {}) | lost,
        gaps_filled(table, facts.config, list(dict.fromkeys(chain(*lost.values())))),
        None if preprocess.impute and "empty" not in lost else "error",
    )


def implausible_values(facts: DataFacts) -> Iterator[Doubt]:
    """Implausible values: outside the range in the config.

    What: values that the column cannot hold, such as a height or a fasting glucose of 0.
    Why it matters: where such values are commoner in one class than in another, a network may learn the mistake and not the
        disease.
    How it is tested: values below or above the `range` of the column are counted; both ends are plausible.
    How to fix: correct the file, or the range if such values were really measured; `--set preprocess.implausible=missing`
        treats them as missing, and says so.
    Source: the ranges are those of the config.
    """
    counts = _counts(facts.table, facts.table.implausible)
    if counts:
        treated = "taken as missing" if facts.config.preprocess.implausible == "missing" else "kept as they are"
        rows = facts.table.named(np.flatnonzero(facts.table.implausible.any(axis=1)))
        correct = f"correct the values of {such_as(rows)} in the file, unless they were really measured"
        yield Doubt(
            f"{_told(counts, 'value')} outside the plausible range: {_by_column(counts)}; they are {treated}",
            {"columns": counts, "row_numbers": rows},
            (correct, [wider(facts.table, facts.config, name) for name in counts]),
        )


def redundant_output(facts: DataFacts) -> Iterator[Doubt]:
    """A column under `data.redundant` follows from the target, as it should; an error where it does not.

    What: a second answer beside the target. It is not used, because the config lists it under `data.redundant`.
    Why it matters: among the inputs it would give the answer away. If the target does not determine it, something is lost.
    How it is tested: all rows of a class must hold the same value of the column.
    How to fix: take a column that the target does not determine out of `data.redundant`.
    Source: a functional dependency: the target maps each class to one value.
    """
    proofs, broken, table = dict[str, dict[str, str]](), dict[str, str](), facts.table
    for column in facts.config.data.redundant:
        if column not in table.others:  # a file that is only scored may lack it
            continue
        texts = table.others[column]
        values = {name: np.unique(texts.places[table.truth == place]) for place, name in enumerate(table.classes)}
        name = max(values, key=lambda name: len(values[name]))
        if len(values[name]) == 1:
            proofs[column] = {name: texts.different[place[0]] for name, place in values.items() if len(place)}
        else:
            broken[column] = f'"{name}" has {len(values[name])} values of "{column}"'
    if proofs:
        follow = "follows from the target, so it is" if len(proofs) == 1 else "follow from the target, so they are"
        yield Doubt(
            f"{listing_or_count([*proofs], 'column', 20)} {follow} not used: "
            + "; ".join(", ".join(f"{name} = {value}" for name, value in proof.items()) for proof in proofs.values()),
            {"columns": list(proofs), "values": proofs},
            ("nothing to do", _not_redundant(facts.config, proofs)),
        )
    if broken:
        yield Doubt(
            f"the target does not determine {listing_or_count([*broken], 'column')}: data.redundant names it, but "
            + "; ".join(broken.values()),
            {"columns": list(broken)},
            _not_redundant(facts.config, broken),
            "error",
        )


def filler(facts: DataFacts, columns: Iterable[str]) -> str:
    """Return what fills the gaps of columns: "the median", "the most frequent category", or both; nothing where nothing does."""
    impute = facts.config.preprocess.impute
    kinds = {facts.config.data.features[name].categories is None for name in columns} or {True}
    of_numbers = f"the {impute}".replace("the most_frequent", "the most frequent value") if True in kinds else ""
    return " or ".join(filter(None, [of_numbers, "the most frequent category" * (False in kinds)])) if impute else ""


def _without_value(facts: DataFacts) -> dict[str, list[str]]:
    """Return the columns without a usable value in one part of the split, and those without any in the file."""
    usable, parts = ~np.isnan(facts.table.usable(facts.config.preprocess.implausible)), facts.parts
    rows = {"empty_test": parts.test, "empty_train": parts.train, "empty": np.arange(len(usable))}
    lost = {part: [name for name, count in facts.table.count(usable[some]).items() if not count] for part, some in rows.items()}
    for part in ("empty_test", "empty_train"):
        lost[part] = [name for name in lost[part] if name not in lost["empty"]] if len(rows[part]) else []
    return {part: columns for part, columns in lost.items() if columns}


def _not_redundant(config: Config, columns: Collection[str]) -> Settings:
    return {"data.redundant": [name for name in config.data.redundant if name not in columns]}


def _counts(table: Table, flags: Flags) -> dict[str, int]:
    return {name: count for name, count in table.count(flags).items() if count}


def _told(counts: dict[str, int], noun: str) -> str:
    count = sum(counts.values())
    return f"{counted(count, noun)} {'is' if count == 1 else 'are'}"


def _by_column(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
