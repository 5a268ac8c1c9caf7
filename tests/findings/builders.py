"""Facts for the data rules, built from columns, and clean data sets on which nothing may be doubted."""

from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.config.schema import Config
from pipeline.data.split import Split
from pipeline.findings.data_rules import DataFacts
from tests.tables import table_of


def facts(columns, labels, features=None, group_by=None, reference=None, tested=None, **sections) -> DataFacts:
    """Facts of a table; every fifth row is tested unless ``tested`` says which, and all where nothing is to be trained.

    A column of texts is one of categories: those that occur, unless ``features`` declares them. None is missing.
    """
    names = list(dict.fromkeys(labels))
    declared = {name: (features or {}).get(name, _declared(values)) for name, values in columns.items()}
    data = {"path": "x.csv", "target": "Type", "reference": reference, "features": declared}
    data["codes"] = {name: float(code) for code, name in enumerate(names)}
    unseen = {"unseen": {"group_by": group_by}} if group_by else {}
    config = Config.model_validate({"data": data, "evaluation": unseen, **sections})
    numbers = config.data.categories()
    columns = {name: pd.Series(own).map(numbers[name]) if name in numbers else own for name, own in columns.items()}
    values = pd.DataFrame(columns, dtype=np.float64)
    low, high = config.data.bounds()
    outside = (values < low) | (values > high)
    rows = np.arange(len(values))
    test = rows[::5] if tested is None else np.array(tested)
    table = replace(table_of(values, labels, names, implausible=outside), levels=config.data.levels())
    return DataFacts(table, Split(np.setdiff1d(rows, test), test), config)


def _declared(values) -> dict:
    texts = pd.Series(values).dropna()
    return {"categories": sorted(texts.unique())} if isinstance(texts.iloc[0] if len(texts) else 0, str) else {}


def clean(seed: int) -> DataFacts:
    """A data set without copies, profiles or leaks: overlapping classes, correlated columns in the precision of a laboratory.

    60 to 1500 rows in 2 to 4 classes of unequal size; 2 to 8 columns, each with decimals, whole numbers, a scale of 0 to 10,
    two values, or skewed; gaps and implausible values without regard to the class; half of the sets declare a criterion whose
    threshold lies in the middle of a column.
    """
    rng = np.random.default_rng(seed)
    rows, size, width = rng.integers((60, 2, 2), (1501, 5, 9))
    labels = np.append(np.repeat(np.arange(size), 3), rng.choice(size, rows - 3 * size, p=rng.dirichlet(np.full(size, 3.0))))
    shared = rng.uniform(0, 0.7)
    drawn = rng.normal(size=(rows, width)) * (1 - shared) ** 0.5 + rng.normal(size=(rows, 1)) * shared**0.5
    drawn += rng.normal(0, 0.5, (size, width)).clip(-0.8, 0.8)[labels]
    columns, features = {}, {}
    for index, values in enumerate(drawn.T):
        name = f"column {index}"
        columns[name] = _measured(values, rng)
        features[name] = {"range": [0, 500]}
        if rng.random() < 0.3:
            columns[name][rng.random(rows) < rng.uniform(0, 0.1)] = rng.choice([-1, 999])
        if rng.random() < 0.5:
            columns[name][rng.random(rows) < rng.uniform(0, 0.2)] = np.nan
    if seed % 2:
        columns["glucose"] = np.round(11.1 + 2 * drawn[:, 0] + rng.normal(size=rows), 1)
        features["glucose"] = {"unit": "mmol/L", "range": [0, 500], "criterion": "random"}
    group_by = list(map(str, rng.choice(list(columns), min(len(columns), rng.integers(2, 5)), replace=False)))
    order = rng.permutation(rows)
    return facts(
        {name: values[order] for name, values in columns.items()},
        [f"class {label}" for label in labels[order]],
        features,
        group_by,
        "class 0",
    )


KINDRED = ("symptoms", "counts", "rounded", "scales", "derived")


def kindred(seed: int) -> DataFacts:
    """A clean data set whose columns are of one kind and closely correlated; the kinds take turns with the seed.

    60 to 1500 rows in 2 to 4 overlapping classes; symptoms that are there or not, correlated up to 0.8; counts that are all
    0 in the healthy; columns rounded to 15 to 60 levels, correlated up to 0.95; ordinal scales of 3 to 11 levels, correlated
    up to 0.9; or a body mass index, rounded or not, beside the height and the weight it follows from.
    """
    rng = np.random.default_rng(seed)
    kind = KINDRED[seed % len(KINDRED)]
    rows, size, width = rng.integers((60, 2, 3), (1501, 5, 11))
    labels = np.append(np.repeat(np.arange(size), 3), rng.integers(size, size=rows - 3 * size))
    shared = rng.uniform(0.3, {"symptoms": 0.8, "rounded": 0.95}.get(kind, 0.9))
    drawn = rng.normal(size=(rows, width)) * (1 - shared) ** 0.5 + rng.normal(size=(rows, 1)) * shared**0.5
    drawn += rng.uniform(0, 0.8, size)[labels][:, None]
    made = _derived(drawn, rng) if kind == "derived" else _alike(kind, drawn, rng)
    columns = {f"column {index}": values for index, values in enumerate(made)}
    if rng.random() < 0.3:
        columns["column 0"][rng.random(rows) < 0.1] = np.nan
    group_by = list(columns)[: rng.integers(2, len(columns) + 1)]
    return facts(columns, [f"class {label}" for label in labels], None, group_by)


def _alike(kind: str, drawn: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(columns, rows) of one kind, from correlated standard normal values."""
    if kind == "symptoms":
        return (rng.uniform(-0.5, 1.5, (drawn.shape[1], 1)) < drawn.T).astype(float)
    if kind == "counts":
        sick = rng.random(len(drawn)) < rng.uniform(0.1, 0.6)
        return np.where(sick, rng.poisson(rng.uniform(2, 30) * np.exp(0.2 * drawn.T)), 0).astype(float)
    levels = rng.integers(3, 12) if kind == "scales" else rng.integers(15, 61)
    scaled = np.round((drawn.T + 3) * levels / 6)
    return scaled.clip(1, levels) if kind == "scales" else scaled


def _derived(drawn: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Height, weight, the index of both, and perhaps an age."""
    height, weight = np.round(170 + 8 * drawn[:, 0]), np.round(72 + 10 * drawn[:, 1])
    age = [np.round(50 + 12 * drawn[:, 2])] if rng.random() < 0.5 else []
    return [height, weight, np.round(weight / height**2 * 1e4, rng.choice([1, 2, 15])), *age]


def _measured(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Standard normal values as a column would hold them."""
    kind = rng.choice(["decimals", "whole", "scale", "binary", "skewed"], p=[0.35, 0.25, 0.15, 0.15, 0.1])
    if kind == "decimals":
        return np.round(rng.uniform(5, 12) + values * rng.uniform(0.7, 2), 1).clip(0)
    if kind == "whole":
        return np.round(rng.uniform(100, 150) + values * rng.uniform(5, 20))
    if kind == "scale":
        return np.clip(np.round(5 + 2 * values), 0, 10)
    if kind == "binary":
        return (values > rng.uniform(-1.3, 1.3)).astype(float)
    return np.round(np.exp(1.5 + 0.5 * values), 1)


def laboratory(seed: int) -> DataFacts:
    """A clean data set of 300 to 2000 shuffled rows whose columns are of every kind that may be taken for damaged.

    Two or three classes up to three standard deviations apart. Rounded normal and lognormal measurements, whole numbers, counts
    with and without many zeros, ages with a lowest and a highest one, pressures read to 5 and 10, limits of detection at either
    end, and what most patients have none of; gaps without regard to the class.
    """
    rng = np.random.default_rng(seed)
    rows, size, width = rng.integers((300, 2, 4), (2001, 4, 10))
    classes = np.append([0, 1], rng.choice(size, rows - 2, p=rng.dirichlet(np.full(size, 4.0))))
    shared = rng.uniform(0, 0.7)
    drawn = rng.normal(size=(rows, width)) * (1 - shared) ** 0.5 + rng.normal(size=(rows, 1)) * shared**0.5
    drawn += rng.uniform(0, 3) * (np.arange(size)[:, None] * rng.integers(0, 2, width))[classes]
    columns = {}
    for index, values in enumerate(drawn.T):
        columns[f"column {index}"] = _doubtful(values, rng)
        if rng.random() < 0.3:
            columns[f"column {index}"][rng.random(rows) < rng.uniform(0, 0.2)] = np.nan
    order = rng.permutation(rows)
    labels = [f"class {place}" for place in classes[order]]
    return facts({name: values[order] for name, values in columns.items()}, labels, tested=rng.permutation(rows)[: rows // 5])


def _doubtful(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Standard normal values as a clean column holds them that looks odd."""
    skewed = np.exp(rng.uniform(0.2, 1.2) * values)
    limit = np.quantile(skewed, rng.uniform(0.02, 0.4))
    read = np.round(128 + 15 * values)
    kinds = (
        lambda: np.round(rng.uniform(4, 40) + rng.uniform(0.5, 2) * values, rng.integers(1, 3)),
        lambda: np.round(np.exp(rng.uniform(0, 5)) * skewed, rng.integers(0, 3)),
        lambda: np.round(rng.uniform(80, 200) + rng.uniform(8, 40) * values),
        lambda: np.round(3300 + 500 * values),
        lambda: rng.poisson(rng.uniform(1, 40) * np.exp(0.1 * values)).astype(float),
        lambda: np.where(rng.random(len(values)) < rng.uniform(0.1, 0.6), 0.0, rng.poisson(rng.uniform(1, 6), len(values))),
        lambda: np.clip(np.round(50 + 15 * values), rng.choice([0, 18, 21]), rng.choice([90, 120])),
        lambda: np.where(
            rng.random(len(values)) < 0.3, read.round(-1), np.where(rng.random(len(values)) < 0.4, 5 * (read // 5), read)
        ),
        lambda: np.round(np.maximum(skewed, limit), 2),
        lambda: np.round(np.minimum(skewed, np.quantile(skewed, rng.uniform(0.7, 0.98))), 2),
        lambda: np.where(rng.random(len(values)) < 0.7, 0.0, np.round(np.exp(2 + 0.5 * values), 1)),
        lambda: (values > rng.uniform(-1, 1)).astype(float),
        lambda: rng.uniform(3, 9) + values,
    )
    return kinds[rng.integers(len(kinds))]()


def categorical(seed: int) -> DataFacts:
    """A clean data set of 200 to 2000 shuffled rows, with five columns of categories beside none to four of numbers.

    Two to eight categories of unequal shares, with and without an order, that go with the class (odds up to e squared) and with
    one another; numbers in the precision of a laboratory; gaps without regard to the class.
    """
    rng = np.random.default_rng(seed)
    rows, size, width = rng.integers((200, 2, 0), (2001, 5, 5))
    classes = np.append(np.repeat(np.arange(size), 3), rng.choice(size, rows - 3 * size, p=rng.dirichlet(np.full(size, 3.0))))
    shared, columns, features = rng.normal(size=rows), dict[str, np.ndarray](), dict[str, dict]()
    for place in range(5):
        count = int(rng.integers(2, 9))
        logits = np.log(rng.dirichlet(np.full(count, 2.0)) + 0.01) + rng.uniform(0, 1) * np.outer(shared, rng.normal(size=count))
        logits += rng.uniform(-1, 1, (size, count))[classes] * rng.integers(0, 2)
        texts = np.array([f"{'abcdefgh'[level]} {place}" for level in range(count)], dtype=object)
        columns[f"category {place}"] = texts[(logits + rng.gumbel(size=logits.shape)).argmax(axis=1)]
        listed = [*map(str, texts)] if rng.random() < 0.7 else {str(text): float(level) for level, text in enumerate(texts)}
        features[f"category {place}"] = {"categories": listed}
    for place in range(width):
        drawn = rng.normal(size=rows) + rng.uniform(0, 1) * shared + rng.uniform(-1, 1, size)[classes]
        columns[f"column {place}"] = _measured(drawn, rng)
    for name in columns:
        if rng.random() < 0.5:
            gaps = rng.random(rows) < rng.uniform(0, 0.2)
            columns[name] = np.where(gaps, None if name in features else np.nan, columns[name])
    labels = [f"class {place}" for place in classes]
    order = rng.permutation(rows)
    moved = {name: values[order] for name, values in columns.items()}
    return facts(moved, [labels[row] for row in order], features, tested=rng.permutation(rows)[: rows // 5])
