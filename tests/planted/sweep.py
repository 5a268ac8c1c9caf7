"""Hundreds of trainings on tables of every size and imbalance: is ``clear`` ever said of a network that knows nothing?

The tables hold age, sex and four columns of a kind, so that programs are compiled for a few shapes only. Half of them carry a
signal; in the others the columns have nothing to do with the class. Most have no gaps, which would speak against any figure.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import fisher_exact

from pipeline.errors import PipelineError
from tests.planted.clean import Case, Population, config_of, population_of
from tests.planted.fresh_rows import tried

TRAININGS = 520
SIZES = (20, 40, 80, 150, 300, 600, 1200, 2000)
SHARES = (1, 2, 5, 10, 20, 50, 100, 200)
COLUMNS = 6
LEAST = 2  # rows of the rarer class, or nothing could be trained: small tables are less imbalanced


def table_of_sweep(seed: int) -> tuple[Case, dict[str, Any]]:
    """Return a table, and what it is: its rows, those of the rarer class, and whether the columns tell anything.

    The classes are as frequent in the table as in the population, for the test would else be of another population.
    """
    random = np.random.default_rng((seed, 77))
    rows, others, signal = SIZES[seed % len(SIZES)], SHARES[seed // len(SIZES) % len(SHARES)], bool(random.random() < 0.5)
    rare = max(LEAST, round(rows / (1 + others)))
    population = two_classes(population_of(seed), rare / rows, signal, float(random.uniform(0.5, 3)))
    if random.random() < 0.8:
        population = replace(population, gaps=np.zeros(COLUMNS))
    frame = population.draw(rows, random, (random.permutation(rows) < rare).astype(np.int64))
    config = config_of(population, random)
    if seed % 5:  # one in five asks for the accuracy on unseen profiles
        del config["evaluation"]["unseen"]
    return Case(frame, config, population), {"rows": rows, "rare": rare, "signal": signal}


def two_classes(population: Population, share: float, signal: bool, apart: float) -> Population:
    """Return the population with its first columns, and two classes of which the second has this share."""
    telling = population.means[-1, :COLUMNS]
    largest = np.abs(telling).max() or 1.0
    means = np.stack([np.zeros(COLUMNS), telling / largest * apart * signal])
    return replace(
        population,
        columns=population.columns[:COLUMNS],
        classes=("no", "yes"),
        shares=np.array([1 - share, share]),
        means=means,
        spreads=np.ones((2, COLUMNS)),
        loadings=population.loadings[:COLUMNS],
        gaps=population.gaps[:COLUMNS],
    )


def trainings(number: int) -> Iterator[dict[str, Any]]:
    """Yield what comes of each table; ``refused`` where there was no training."""
    for seed in range(number):
        case, kind = table_of_sweep(seed)
        try:
            trial = tried(case, seed)
        except PipelineError as error:
            yield kind | {"seed": seed, "refused": str(error.args[0])[:200]}
            continue
        accuracy = trial.summary.accuracy
        if trial.summary.run is None or accuracy.test is None or accuracy.test_interval is None:
            yield kind | {"seed": seed, "refused": "an error of check"}
            continue
        low, high = accuracy.test_interval
        yield kind | {
            "seed": seed,
            "refused": None,
            "one_answer": trial.one_answer,
            "clear": trial.summary.clear,
            "test": accuracy.test,
            "fresh": trial.accuracy,
            "outside": not low <= trial.accuracy <= high,
            "above": trial.accuracy > high,
            "codes": [finding.code for finding in trial.summary.findings if finding.level != "info"],
        }


def summed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of the sweep."""
    done = [row for row in rows if row["refused"] is None]
    outside, inside = ([row for row in done if row["outside"] == side] for side in (True, False))
    clear = [sum(row["clear"] for row in part) for part in (outside, inside)]
    table = [[clear[0], len(outside) - clear[0]], [clear[1], len(inside) - clear[1]]]
    return {
        "trainings": len(done),
        "refused": len(rows) - len(done),
        "one_answer": sum(row["one_answer"] for row in done),
        "clear": sum(clear),
        "clear_of_one_answer": [row["seed"] for row in done if row["clear"] and row["one_answer"]],
        "outside": len(outside),
        "outside_share": len(outside) / max(1, len(done)),
        "fresh_above": sum(row["above"] for row in outside),
        "clear_outside": clear[0] / max(1, len(outside)),
        "clear_inside": clear[1] / max(1, len(inside)),
        "p_value": float(fisher_exact(table, alternative="greater").pvalue),
    }
