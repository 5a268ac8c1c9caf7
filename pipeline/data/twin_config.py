"""What the synthetic twin is made of: the schema of its YAML file."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field

from pipeline.config.read import read_source, validate
from pipeline.config.schema import Count, Seed
from pipeline.config.section import Finite, Section
from pipeline.config.yaml_text import Problem
from pipeline.errors import did_you_mean, listing

Values = Annotated[dict[str, Finite], Field(min_length=1)]


class Profile(Section):
    """Rows that share their lab values."""

    label: str
    rows: Count
    values: Values


class Damage(Section):
    """Values of one column that are replaced in the rows of one class, from a row on."""

    column: str
    label: str
    from_row: Annotated[int, Field(ge=0)]
    rows: Count
    values: Annotated[tuple[Finite, Finite], Field(strict=False)]
    """whole numbers are drawn from the first to the last, both included"""


class Gap(Section):
    """Cells of one class that are emptied, all the named columns of a row at once."""

    columns: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    label: str
    rows: Count


class Drawn(Section):
    """A column drawn anew for every row: quantiles of each class, joined by straight lines."""

    column: str
    quantiles: dict[str, dict[str, Finite]]


class TwinConfig(Section):
    """What the twin is made of."""

    seed: Seed
    target: str
    columns: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    derived: Annotated[dict[str, dict[str, str]], Field(default_factory=dict)]
    """column -> class -> value"""
    drawn: Drawn
    profiles: Annotated[tuple[Profile, ...], Field(strict=False, min_length=1)]
    damage: Annotated[tuple[Damage, ...], Field(strict=False)] = ()
    gaps: Annotated[tuple[Gap, ...], Field(strict=False)] = ()


def load_twin(path: Path | str) -> TwinConfig:
    """Read and validate a twin's YAML file.

    Raises:
        ConfigError: with every problem and its line.
    """
    return validate(TwinConfig, read_source(path), _contradictions)


def _contradictions(config: TwinConfig) -> Iterator[Problem]:
    """Yield what is valid key by key and cannot be drawn."""
    rows: Counter[str] = Counter()
    for profile in config.profiles:
        rows[profile.label] += profile.rows
    values = {name for profile in config.profiles for name in profile.values}
    made = values | {config.drawn.column, config.target, *config.derived}
    if set(config.columns) != made or len(config.columns) != len(made):
        yield ("columns",), f"must be the columns that are made here, {listing(sorted(made))}; got {listing(config.columns)}"
    for index, profile in enumerate(config.profiles):
        if set(profile.values) != values:
            yield ("profiles", index, "values"), f"must give {listing(sorted(values))}; got {listing(profile.values)}"
        if profile.label not in config.drawn.quantiles:
            yield ("profiles", index, "label"), f'drawn.quantiles has no class "{profile.label}"'
    for column, classes in config.derived.items():
        if set(classes) != set(rows):
            yield ("derived", column), f"must give a value of {column} for {listing(rows)}; got {listing(classes)}"
    yield from _bad_quantiles(config.drawn, set(rows))
    yield from _bad_cells("damage", [(damage, (damage.column,)) for damage in config.damage], rows, values)
    yield from _bad_cells("gaps", [(gap, gap.columns) for gap in config.gaps], rows, made)
    for index, damage in enumerate(config.damage):
        low, high = damage.values
        if low > high or low % 1 or high % 1:
            yield ("damage", index, "values"), f"must be whole numbers, the lower one first; got {list(damage.values)}"


def _bad_cells(
    key: str, entries: Iterable[tuple[Damage | Gap, tuple[str, ...]]], rows: Counter[str], columns_made: set[str]
) -> Iterator[Problem]:
    left = Counter(rows)
    for index, (entry, columns) in enumerate(entries):
        left[entry.label] -= entry.rows
        if left[entry.label] < 0:
            asked = f'{entry.rows} rows of "{entry.label}" in {listing(columns)}'
            yield (key, index, "rows"), f"asks for {asked}, and so many are not left; ask for fewer"
        for name in set(columns) - columns_made:
            yield (key, index), f'there is no column "{name}" to change{did_you_mean(name, columns_made)}'


def _bad_quantiles(drawn: Drawn, labels: set[str]) -> Iterator[Problem]:
    if set(drawn.quantiles) != labels:
        yield ("drawn", "quantiles"), f"must be given for {listing(sorted(labels))}; got {listing(drawn.quantiles)}"
    for label, points in drawn.quantiles.items():
        try:
            shares = [float(share) for share in points]
        except ValueError:
            shares = []
        if not shares or sorted(set(shares)) != shares or min(shares) < 0 or max(shares) > 1:
            yield ("drawn", "quantiles", label), f"must have shares that rise from 0 to 1; got {listing(points)}"
