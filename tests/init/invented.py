"""Little invented files, and what ``init`` and pandas must say of each alike."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

ROWS = 80


def frame(**columns: Any) -> pd.DataFrame:
    """Return invented rows: two numbers, a class that neither decides, and what is given."""
    random = np.random.default_rng(7)
    x, y = random.normal(5, 1, ROWS).round(2), random.integers(20, 60, ROWS)
    ill = random.random(ROWS) < 1 / (1 + np.exp(5 - x))
    table = pd.DataFrame({"x": x, "y": y})
    for name, cells in columns.items():
        table[name.replace("_", " ")] = cells(random) if callable(cells) else cells
    if "t" not in table:
        table["t"] = np.where(ill, "ill", "well")
    return table


def some(cells: Any, **places: Any) -> list[Any]:
    """Return a column with other cells at some rows: ``r3="NA"``."""
    column = list(cells)
    for place, cell in places.items():
        column[int(place[1:])] = cell
    return column


def numbers(low: float = 1, high: float = 9, digits: int = 2) -> list[float]:
    """Return a column of numbers."""
    return np.random.default_rng(3).uniform(low, high, ROWS).round(digits).tolist()


def chosen(*texts: str) -> list[str]:
    """Return a column of texts."""
    return np.random.default_rng(5).choice(texts, ROWS).tolist()


@dataclass(frozen=True)
class Case:
    """A file; how pandas is told to read it; what must be among the settings and in what is told."""

    table: pd.DataFrame
    na: Mapping[str, list[Any]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    target: str | None = None

    def text(self, **options: Any) -> str:
        """Return the file as CSV."""
        return self.table.to_csv(index=False, **options)

    def read(self) -> pd.DataFrame:
        """Return what pandas reads in it, with the right options."""
        return pd.read_csv(io.StringIO(self.text()), na_values=dict(self.na), keep_default_na=False)


CASES = {
    "plain": Case(frame()),
    "yes and no": Case(frame(z=chosen("yes", "no")), settings={"features.z.categories": ["no", "yes"]}),
    "categories": Case(frame(z=chosen("b", "a", "c")), settings={"features.z.categories": ["a", "b", "c"]}),
    "none is a category": Case(
        frame(z=chosen("none", "mild", "severe")), settings={"features.z.categories": ["mild", "none", "severe"]}
    ),
    "booleans": Case(frame(z=chosen("True", "False")), settings={"features.z.categories": ["false", "true"]}),
    "near spellings of a category": Case(frame(z=chosen("Male", "male", "female")), told=('"Male" and "male" differ',)),
    "question marks": Case(frame(z=some(numbers(), r1="?", r5="?")), na={"z": ["?"]}),
    "NA among categories": Case(
        frame(z=some(chosen("a", "b"), r1="NA")), na={"z": ["NA"]}, told=('z: "NA" (1 row) counts as missing',)
    ),
    "a number for missing": Case(
        frame(z=some(numbers(), r1=-999, r2=-999)),
        na={"z": [-999]},
        settings={"features.z.missing": [-999]},
        told=("z: -999 (2 rows)",),
    ),
    "several numbers for missing": Case(
        frame(z=some(numbers(0, 5), r1=99, r2=98, r3=-9)), na={"z": [99, 98, -9]}, settings={"features.z.missing": [-9, 98, 99]}
    ),
    "99 years are an age": Case(frame(z=some(numbers(20, 95, 0), r1=99)), settings={"features.z": {}}),
    "-1 alone is a value": Case(frame(z=chosen("0", "1", "-1")), settings={"features.z": {}}, told=("z: is -1 (",)),
    "a number for missing among categories": Case(
        frame(z=some(chosen("a", "b"), r1=99)),
        na={"z": ["99"]},
        settings={"features.z.categories": ["a", "b"], "features.z.missing": [99]},
    ),
    "a number for missing among codes": Case(
        frame(z=some(chosen("0", "1", "2"), r1=99)), na={"z": [99]}, settings={"features.z.missing": [99]}
    ),
    "words among numbers": Case(
        frame(z=some(numbers(), r1="not done", r2="not done")),
        na={"z": ["not done"]},
        settings={"features.z.missing": ["not done"]},
        told=('z: "not done" (2 rows) taken for missing',),
    ),
    "below a limit": Case(
        frame(z=some(numbers(), r1="<0.1")), settings={"features.z.censored": "bound"}, told=("1 result beyond",)
    ),
    "a third below a limit": Case(
        frame(z=[cell if row % 3 else "<0.5" for row, cell in enumerate(numbers())]), settings={"features.z.censored": "bound"}
    ),
    "groups by a limit": Case(frame(z=chosen("<65", "≥65")), settings={"features.z.categories": ["<65", "≥65"]}),
    "numbers below 0": Case(frame(z=chosen("-6", "-1", "0", "4", "15")), settings={"features.z": {}}),
    "a name that is also a category": Case(frame(treatment=chosen("placebo", "treatment")), settings={"target": "t"}),
    "a laboratory": Case(
        frame(HbA1c=numbers(5, 8, 1), t=chosen("no", "yes")),
        settings={"features.HbA1c": {"unit": "%", "range": [3, 20], "criterion": "hba1c"}, "reference": "no"},
    ),
    "zeros that cannot be": Case(
        frame(BMI=some(numbers(18, 40), r1=0)), settings={"features.BMI.range": [10, 100]}, told=("BMI: 0 is impossible: 1 row",)
    ),
    "an identifier": Case(frame(id=range(1, 81)), left=("id",)),
    "an identifier of letters": Case(frame(code=[f"K{row}" for row in range(80)]), left=("code",)),
    "a name": Case(frame(z=[f"Ms {row} of {row % 7}" for row in range(80)]), left=("z",)),
    "a date": Case(frame(z=[f"2024-03-{row % 28 + 1:02d}" for row in range(80)]), left=("z",)),
    "a German date": Case(frame(z=[f"{row % 28 + 1}.3.2024" for row in range(80)]), left=("z",)),
    "a constant": Case(frame(z=["a"] * 80), left=("z",)),
    "mostly empty": Case(frame(z=some([""] * 80, r1=5.5, r2=6.5)), left=("z",)),
    "nothing at all": Case(frame(z=[""] * 80), left=("z",)),
    "many texts": Case(frame(z=[f"w{row % 40}" for row in range(80)]), left=("z",)),
    "a patient": Case(frame(Patientennummer=[row // 2 for row in range(80)]), settings={"patient": ["Patientennummer"]}),
    "a patient of 20 digits": Case(
        frame(patient_id=[str(12345678901234567000 + row // 2) for row in range(80)]), settings={"patient": ["patient id"]}
    ),
    "a patient by rows that are alike": Case(
        frame(
            key=[f"A{row // 4 * 7}" for row in range(80)],
            u=[row // 4 * 3.5 for row in range(80)],
            v=[row // 4 % 11 for row in range(80)],
        ),
        settings={"patient": ["key"]},
    ),
    "a target of numbers": Case(frame(t=chosen("0", "1")), settings={"codes": {"0": 0, "1": 1}}),
    "a target of decimals": Case(frame(t=chosen("0.0", "1.0", "2.0")), settings={"codes": {"0": 0, "1": 1, "2": 2}}),
    "a target of booleans": Case(frame(t=chosen("True", "False")), settings={"codes": {"false": 0, "true": 1}}),
    "a target with gaps": Case(
        frame(t=some(chosen("ill", "well"), r1="", r2="")),
        settings={"unlabelled": "drop"},
        told=("2 rows without a class are left out",),
    ),
    "a target with a number for missing": Case(
        frame(t=some(chosen("0", "1"), r1="99")), na={"t": [99]}, settings={"read.missing": ["auto", 99], "unlabelled": "drop"}
    ),
    "the classes of the article": Case(
        frame(t=chosen("Normal", "Type1", "Type2")),
        settings={"codes": {"Normal": 0, "Type1": 1, "Type2": -1}, "network.output": "code"},
    ),
    "plus and minus": Case(frame(t=chosen("+", "-")), settings={"codes": {"-": 0, "+": 1}}),
    "a named target": Case(frame(Outcome=chosen("0", "1")).rename(columns={"t": "z"}), settings={"target": "Outcome"}),
    "a target that another follows from": Case(
        frame(
            Type=(kinds := chosen("Normal", "Type1", "Type2")), Class=["0" if kind == "Normal" else "1" for kind in kinds]
        ).drop(columns="t"),
        settings={"target": "Type", "redundant": ["Class"]},
    ),
    "nearly the target": Case(frame(z=np.linspace(4, 9, 80).round(2), t=["no"] * 45 + ["yes"] * 35), left=("z",)),
    "a column that predict adds": Case(frame(notes=numbers()), left=("notes",)),
    "an odd name": Case(frame().rename(columns={"x": 'a: "b" #c, ~' + "x" * 120})),
}
