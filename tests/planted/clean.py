"""Clean clinical tables: populations with nothing wrong in them, from which any number of rows is drawn.

Every patient has a standard normal value for each column, shifted by the class and correlated with the others through two common
factors; a column turns it into what is written down: a laboratory value, a count, a grade, yes or no. Classes lie at most
``apart`` standard deviations from one another in the column that tells most, and less in the others.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import norm

Kind = Literal["questionnaire", "laboratory", "physiology"]
Shape = Literal["normal", "skewed", "yes", "grade", "count", "age"]
TARGET = "Diagnosis"
CLASSES = (("no", "yes"), ("healthy", "at risk", "ill"))
FARTHEST = 3.0
Numbers = np.ndarray[Any, np.dtype[np.float64]]
Places = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Column:
    """What is written down for a standard normal value; ``scale`` of a skewed column is that of its logarithm.

    A yes/no column is yes above ``centre``, a grade lies between 0 and ``centre``, an age between ``centre`` and
    ``centre + scale``. ``step`` is what values are rounded to, ``floor`` the smallest one that the device tells.
    """

    name: str
    shape: Shape
    centre: float
    scale: float = 1.0
    step: float = 1.0
    unit: str | None = None
    range: tuple[float, float] | None = None
    floor: float | None = None

    def written(self, values: Numbers, random: np.random.Generator) -> Numbers:
        """Return the (rows,) cells of (rows,) standard normal values."""
        if self.shape == "yes":
            return (values > self.centre).astype(float)
        if self.shape == "count":  # most patients have none; some have, and the more the worse they are
            some = random.random(len(values)) < 0.3
            return np.where(some, random.poisson(self.centre * np.exp(0.2 * values.clip(-4, 6))), 0).astype(float)
        shaped = {
            "normal": lambda: self.centre + self.scale * values,
            "skewed": lambda: self.centre * np.exp(self.scale * values),
            "grade": lambda: ((values + 2) * self.centre / 5).clip(0, self.centre),
            "age": lambda: self.centre + self.scale * norm.cdf(0.6 * values - 0.5),
        }[self.shape]()
        rounded = np.round(shaped / self.step) * self.step
        return np.round(rounded if self.floor is None else rounded.clip(self.floor), 6)

    @property
    def fine(self) -> bool:
        """Whether it is measured in many steps."""
        return self.shape in ("normal", "skewed")


AGE = Column("Age", "age", 18, 72, unit="years", range=(0, 120))
SEX = Column("Female", "yes", 0)
LABORATORY = (
    Column("Glucose", "skewed", 5.6, 0.18, 0.1, "mmol/L", (1, 50)),
    Column("Cholesterol", "skewed", 5.2, 0.13, 0.01, "mmol/L", (0.5, 20)),
    Column("Creatinine", "skewed", 78, 0.22, 1, "umol/L", (10, 2000)),
    Column("HbA1c", "skewed", 5.7, 0.1, 0.1, "%", (3, 20)),
    Column("Triglycerides", "skewed", 1.4, 0.4, 0.01, "mmol/L", (0.05, 60)),
    Column("ALT", "skewed", 26, 0.4, 1, "U/L", (1, 3000)),
    Column("CRP", "skewed", 2.5, 0.7, 0.1, "mg/L", (0, 700), 0.3),
    Column("Haemoglobin", "normal", 138, 12, 1, "g/L", (30, 250)),
    Column("Potassium", "normal", 4.2, 0.3, 0.1, "mmol/L", (1.5, 9)),
    Column("Sodium", "normal", 140, 2.5, 1, "mmol/L", (100, 180)),
    Column("Leukocytes", "skewed", 6.8, 0.25, 0.01, "10^9/L", (0.1, 300)),
)
PHYSIOLOGY = (
    Column("Weight", "skewed", 76, 0.13, 0.1, "kg", (25, 300)),
    Column("Height", "normal", 170, 8, 1, "cm", (110, 230)),
    Column("Waist", "skewed", 92, 0.1, 0.5, "cm", (40, 220)),
    Column("Systolic", "skewed", 128, 0.1, 2, "mmHg", (50, 300)),
    Column("Diastolic", "skewed", 78, 0.11, 2, "mmHg", (20, 200)),
    Column("Heart rate", "skewed", 72, 0.13, 1, "1/min", (20, 250)),
    Column("Temperature", "normal", 36.8, 0.35, 0.1, "Celsius", (30, 44)),
    Column("FEV1", "skewed", 3.2, 0.14, 0.01, "l", (0.2, 9)),
    Column("Grip", "skewed", 32, 0.2, 0.1, "kg", (1, 150)),
    Column("Cigarettes", "count", 12, unit="1/day", range=(0, 150)),
    Column("Smoker", "yes", 0.8),
    Column("Drugs", "count", 3),
)
QUESTIONNAIRE = (
    Column("Health", "grade", 4),
    Column("Pain", "grade", 10, range=(0, 10)),
    Column("Sleep", "normal", 7, 1, 1, "h", (0, 24)),
    Column("BMI", "skewed", 26.5, 0.12, 1, "kg/m2", (10, 90)),
    *(
        Column(name, "yes", limit)
        for name, limit in zip(
            ("Thirst", "Cough", "Fever", "Fatigue", "Dizziness", "Nausea", "Thinness", "Swelling", "Palpitations", "Relatives"),
            (0.9, 0.7, 1.6, 0.2, 1.1, 1.3, 1.5, 1.2, 1.4, 0.5),
            strict=True,
        )
    ),
)
KINDS: dict[Kind, tuple[Column, ...]] = {"questionnaire": QUESTIONNAIRE, "laboratory": LABORATORY, "physiology": PHYSIOLOGY}


@dataclass(frozen=True)
class Population:
    """What rows are drawn from.

    Attributes:
        classes, shares: (K,) their names and how frequent they are.
        means, spreads: (K, F) of the standard normal values of each class.
        loadings: (F, 2) on the common factors; what they leave of a variance of 1 is the column's own.
        gaps: (F,) the share of cells that are empty, whatever they would hold.
        others: whether a record number, a ward and a doctor stand in the file besides.
    """

    kind: Kind
    columns: tuple[Column, ...]
    classes: tuple[str, ...]
    shares: Numbers
    means: Numbers
    spreads: Numbers
    loadings: Numbers
    gaps: Numbers
    others: bool

    def draw(self, rows: int, random: np.random.Generator, classes: Places | None = None) -> pd.DataFrame:
        """Return new patients; ``classes`` are the (rows,) numbers of their classes where these are not left to chance."""
        truth = random.choice(len(self.classes), rows, p=self.shares) if classes is None else classes
        own = np.sqrt(1 - (self.loadings**2).sum(axis=1))
        values = random.normal(size=(rows, 2)) @ self.loadings.T + random.normal(size=(rows, len(self.columns))) * own
        values = self.means[truth] + self.spreads[truth] * values
        cells = {column.name: column.written(values[:, place], random) for place, column in enumerate(self.columns)}
        frame = pd.DataFrame(cells).mask(random.random(values.shape) < self.gaps)
        frame[TARGET] = np.array(self.classes, dtype=object)[truth]
        if self.others:
            frame.insert(0, "Record", random.permutation(rows) + 1001)
            frame["Ward"] = random.choice(["A", "B", "C", "D", "E"], rows)
            frame["Doctor"] = random.integers(1, 41, rows)
        return frame


@dataclass(frozen=True)
class Case:
    """A table, the configuration that its user would write, and what it was drawn from."""

    frame: pd.DataFrame
    config: dict[str, Any]
    population: Population

    def shuffled(self, random: np.random.Generator) -> "Case":
        """Return the rows in another order."""
        return replace(self, frame=self.frame.iloc[random.permutation(len(self.frame))].reset_index(drop=True))


def population_of(seed: int, kind: Kind | None = None, apart: float | None = None) -> Population:
    """Return a population; kinds take turns with the seed, and in every fifth the classes lie ``FARTHEST`` apart."""
    random = np.random.default_rng((seed, 13))
    kind = kind or list(KINDS)[seed % len(KINDS)]
    columns = _columns(kind, random)
    size, classes = len(columns), CLASSES[int(random.random() < 0.4)]
    apart = apart or (FARTHEST if seed % 5 == 0 else random.uniform(0.5, FARTHEST))
    places = np.sort(np.concatenate([[0, 1], random.uniform(0.3, 0.7, len(classes) - 2)]))
    telling = np.where(random.random(size) < 0.5, random.uniform(0, 0.6, size), 0) * random.choice([-1, 1], size)
    telling[random.choice([place for place, column in enumerate(columns) if column.shape not in ("age", "count")])] = 1
    loadings = random.uniform(-0.65, 0.65, (size, 2))
    alike = random.random() < 0.5
    return Population(
        kind=kind,
        columns=columns,
        classes=classes,
        shares=_shares(len(classes), random),
        means=places[:, None] * telling * apart,
        spreads=np.ones((len(classes), size)) if alike else random.uniform(0.85, 1, (len(classes), size)),
        loadings=loadings,
        gaps=np.where(random.random(size) < 0.4, random.uniform(0.005, 0.08, size), 0),
        others=bool(random.random() < 0.5),
    )


def clean(seed: int, kind: Kind | None = None, apart: float | None = None) -> Case:
    """Return a clean table of 600 to 2,000 rows and its configuration."""
    population, random = population_of(seed, kind, apart), np.random.default_rng((seed, 31))
    rows = int(random.integers(600 if len(population.classes) == 2 else 900, 2001))
    return Case(population.draw(rows, random), config_of(population, random), population)


def fresh(case: Case, rows: int, seed: int) -> pd.DataFrame:
    """Return rows of the same population that are in no table."""
    return case.population.draw(rows, np.random.default_rng((seed, 20_000)))


def config_of(population: Population, random: np.random.Generator) -> dict[str, Any]:
    """Return the sections that a user would write: units, ranges of about half of the columns that have one, subgroups of age."""
    features: dict[str, dict[str, Any]] = {}
    for column in population.columns:
        declared = column.range is not None and random.random() < 0.6
        features[column.name] = ({"unit": column.unit} if column.unit else {}) | (
            {"range": list(column.range)} if declared and column.range else {}
        )
    codes = dict(zip(population.classes, (0, 1, 2), strict=False))
    names = [column.name for column in population.columns]
    output = "code" if len(codes) == 2 else "softmax"
    return {
        "data": {"path": "table.csv", "target": TARGET, "codes": codes, "features": features},
        "network": {"output": output},
        "evaluation": {"unseen": {"group_by": names, "folds": 5}, "subgroups": {"Age": [45, 60]}},
    }


def _columns(kind: Kind, random: np.random.Generator) -> tuple[Column, ...]:
    """Return age, sex and five to ten columns of the kind: of the first four of it all, for faults need some to be there."""
    choice = KINDS[kind]
    more = random.choice(range(4, len(choice)), int(random.integers(2, 7)), replace=False)
    return (AGE, SEX, *choice[:4], *(choice[place] for place in sorted(more)))


def _shares(classes: int, random: np.random.Generator) -> Numbers:
    """Return shares of which none is so small that a fifth of the rows could not test it."""
    if classes == 2:
        return np.array([share := random.uniform(0.3, 0.7), 1 - share])
    rest = random.uniform(0.24, 0.38, classes - 1)
    return np.array([1 - rest.sum(), *rest])
