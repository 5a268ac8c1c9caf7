"""The synthetic twin: a table that behaves like the real file and copies no row of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.twin_config import TwinConfig
from pipeline.errors import ConfigError, DataError
from pipeline.machine.files import whole


def synthesize(config: TwinConfig) -> pd.DataFrame:
    """Return the twin as text cells, rows shuffled, the same for the same config.

    Raises:
        ConfigError: a damage or a gap asks for more rows than there are.
    """
    random = np.random.RandomState(config.seed)  # the generator whose numbers NumPy promises never to change
    profiles = [profile for profile in config.profiles for _ in range(profile.rows)]
    profiles = [profiles[index] for index in random.permutation(len(profiles))]
    labels = np.array([profile.label for profile in profiles])
    numbers = pd.DataFrame([profile.values for profile in profiles], dtype=np.float64)
    numbers[config.drawn.column] = _draw(random, labels, config.drawn.quantiles)
    free = np.ones(len(labels), dtype=bool)
    for damage in config.damage:
        allowed = free & (labels == damage.label) & (np.arange(len(labels)) >= damage.from_row)
        rows = _choose(random, allowed, damage.rows, f"damage of {damage.column}")
        low, high = (int(end) for end in damage.values)
        numbers.loc[rows, damage.column] = random.randint(low, high + 1, damage.rows)
        free[rows] = False
    text = numbers.map(lambda number: f"{number:g}").assign(**{config.target: labels})
    for name, values in config.derived.items():
        text[name] = [values[label] for label in labels]
    free[:] = True
    for gap in config.gaps:
        rows = _choose(random, free & (labels == gap.label), gap.rows, f"gaps of {', '.join(gap.columns)}")
        text.loc[rows, list(gap.columns)] = ""
        free[rows] = False
    return text[list(config.columns)]


def write_twin(config: TwinConfig, output: Path) -> int:
    """Write the twin as CSV, beside and renamed, and return the number of its rows.

    Raises:
        DataError: the file cannot be written.
    """
    table = synthesize(config)
    try:
        with whole(output) as hidden:
            table.to_csv(hidden, index=False, lineterminator="\n")
    except OSError as error:
        raise DataError(f"{output}: cannot be written: {error.strerror or error}; name a file in a folder that exists") from None
    return len(table)


def _draw(random: np.random.RandomState, labels: "np.ndarray[Any, Any]", quantiles: dict[str, dict[str, float]]) -> Any:
    """Return a whole number for each row: a uniform share, looked up in the class's quantiles."""
    shares = random.random_sample(len(labels))
    knots = {label: ([float(share) for share in points], list(points.values())) for label, points in quantiles.items()}
    return np.floor([np.interp(share, *knots[label]) for share, label in zip(shares, labels, strict=True)])


def _choose(random: np.random.RandomState, allowed: "np.ndarray[Any, Any]", count: int, what: str) -> Any:
    rows = np.flatnonzero(allowed)
    if len(rows) < count:
        raise ConfigError(f"the twin has {len(rows)} rows left for the {what}, and {count} are asked for; ask for fewer")
    return rows[random.permutation(len(rows))[:count]]
