"""Tables of coarse columns: some to be copied, others in which rows are equal by chance only."""

import numpy as np

POWER = ("age and 8", "age and 12", "age and 15", "16", "body mass", "body mass, age and 3")
CHANCE = ("severity", "classes", "inflated", "scores", "ties", "body", "sums", "repeated", "dummies", "gaps", "rounded", "chain")


def patients(kind: str, rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Independent columns where the seed is even, moderately correlated ones where it is odd; two or three classes."""
    rng = np.random.default_rng((POWER.index(kind), rows, seed))
    labels, shared = rng.integers(0, rng.integers(2, 4), rows), 0.3 * (seed % 2)
    factor = rng.normal(size=(rows, 1)) * shared**0.5

    def drawn(width: int) -> np.ndarray:
        return factor + rng.normal(size=(rows, width)) * (1 - shared) ** 0.5

    age = (50 + 15 * drawn(1) + 2 * labels[:, None]).round().clip(20, 79)
    height, weight = (170 + 8 * drawn(1)).round(), (72 + 10 * drawn(1) + 2 * labels[:, None]).round()
    body = np.hstack([height, weight, (weight / height**2 * 1e4).round(1)])
    symptoms = (drawn(int(kind.split()[-1])) > rng.uniform(-0.25, 1.3, int(kind.split()[-1]))) if kind[-1].isdigit() else body
    return np.hstack([*[body] * ("body" in kind), *[age] * ("age" in kind), *[symptoms] * kind[-1].isdigit()]).astype(
        float
    ), labels


def copied(values: np.ndarray, labels: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The table with a share of its rows once more, shuffled."""
    rng, rows = np.random.default_rng(seed), len(labels)
    order = rng.permutation(np.append(np.arange(rows), rng.choice(rows, round(share * rows), replace=False)))
    return values[order], labels[order]


def by_chance(kind: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """60 to 2,000 rows of one to three classes, drawn independently of each other; see ``_columns``."""
    rng = np.random.default_rng((CHANCE.index(kind), seed))
    rows, width = int(np.exp(rng.uniform(np.log(60), np.log(2000)))), int(rng.integers(3, 17))
    labels = rng.integers(0, rng.integers(1, 4), rows)
    if kind == "gaps":
        values, labels = by_chance(("severity", "scores", "ties", "rounded")[seed % 4], seed + 10_000)
        return np.where(rng.random(values.shape) < rng.uniform(0, 0.5, values.shape[1]), np.nan, values), labels
    return _columns(kind, rng, rows, width, rng.normal(size=(rows, 1)) + 0.4 * labels[:, None]).astype(float), labels


def _columns(kind: str, rng: np.random.Generator, rows: int, width: int, factor: np.ndarray) -> np.ndarray:
    """Columns of one kind; ``factor`` is what each patient's columns share."""
    noise, rare = rng.normal(size=(rows, width)), np.exp(rng.uniform(np.log(0.01), np.log(0.6), width))
    if kind == "severity":
        return rng.uniform(0.3, 4, width) * factor + noise > np.quantile(rng.normal(size=999) * 2.5, 1 - rare)
    if kind == "classes":
        latent = np.exp(rng.uniform(np.log(0.01), np.log(0.95), (6, width)))
        return rng.random((rows, width)) < latent[rng.choice(6, rows, p=rng.dirichlet(np.full(6, 0.7)))]
    if kind == "inflated":
        ill = (rng.random((rows, 1)) < rng.uniform(0.1, 0.8)) & (rng.random((rows, width)) < rng.uniform(0.1, 1))
        return np.where(ill, rng.poisson(np.exp(rng.uniform(-1, 3.5, width) + 0.4 * factor)), 0)
    if kind == "scores":
        return (rng.uniform(2, 8, width) + rng.uniform(1, 3) * factor + rng.uniform(0.4, 2) * noise).round().clip(0, 10)
    if kind == "ties":
        return (2 * (rng.uniform(0.2, 2) * factor + noise - rng.uniform(0.3, 2))).round(int(rng.integers(0, 3))).clip(0)
    if kind == "body":
        height, weight = (170 + 8 * noise[:, 0]).round(), (72 + 10 * noise[:, 1] + 3 * noise[:, 0]).round()
        index = (weight / height**2 * 1e4).round(int(rng.integers(0, 3)))
        more = [index > 30, (height * weight / 3600) ** 0.5 // 0.01, 2 * height]
        return np.stack([height, weight, index, *more[: rng.integers(0, 4)]], axis=1)
    if kind == "sums":
        items = (1.5 + rng.uniform(0, 1) * factor + noise[:, : rng.integers(2, 7)]).round().clip(0, 4)
        total = items.sum(axis=1, keepdims=True)
        return np.hstack([items, total, (7.3 * total).round(), items[:, :1] / (1 + items[:, 1:2])][: rng.integers(2, 5)])
    if kind == "repeated":
        fine = (rng.choice([0.5, 1, 2, 5, 10]) * (rng.uniform(0, 1) * factor + noise[:, : rng.integers(2, 9)])).round()
        return np.hstack([fine, 2.5 * fine[:, : rng.integers(1, 9)]])
    if kind == "dummies":
        sizes = rng.integers(3, 8, rng.integers(2, 7))
        chosen = [((factor[:, 0] + rng.normal(size=rows) + 2) * size / 4).clip(0, size - 1).astype(int) for size in sizes]
        return np.hstack([np.eye(size)[one] for size, one in zip(sizes, chosen, strict=True)])
    if kind == "rounded":
        return (np.exp(rng.uniform(0, 2.7, width)) * (rng.uniform(0, 4) * factor + noise))[:, : rng.integers(2, 9)].round()
    steps = rng.uniform(0.5, 0.98)
    for column in range(1, width):
        noise[:, column] = steps * noise[:, column - 1] + (1 - steps**2) ** 0.5 * noise[:, column]
    return noise > rng.uniform(-1, 2, width)
