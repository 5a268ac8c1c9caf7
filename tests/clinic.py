"""A table with categories and gaps, invented, and a small network that is trained on it."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pandas as pd

FEATURES = ["age", "glucose", "sex", "smoking", "pain", "visits"]
ADDED = ["predicted ill", "probability no", "probability yes", "possible ill", "notes"]
CONFIG = """
data:
  path: mine.csv
  read: {missing: [auto, -9]}
  target: ill
  codes: {no: 0, yes: 1}
  features:
    age: {unit: years, range: [0, 120]}
    glucose: {unit: mmol/L, range: [1, 40], missing: [-999, 7.25]}
    sex: {categories: [f, m]}
    smoking: {categories: [never, former, current, "of old, yes"]}
    pain: {categories: {none: 0, some: 1, severe: 2}, missing: [not asked]}
    visits: {categories: [1, 2, 3], missing: [99]}
network: {output: softmax}
training: {starts: 2, epochs: 10, l2: 0}
evaluation: {unseen: null}
findings: {accept: [E401, T303, T304]}
"""


def clinic_rows(rows: int, seed: int = 0) -> pd.DataFrame:
    """Draw rows; the cells are texts as a file holds them."""
    random = np.random.default_rng(seed)
    age, glucose = random.integers(20, 90, rows), random.normal(7, 2, rows).clip(2, 30).round(1)
    smoking = random.choice(["never", "former", "current"], rows, p=[0.5, 0.3, 0.2])
    frame = pd.DataFrame(
        {
            "age": age.astype(str),
            "glucose": glucose.astype(str),
            "sex": random.choice(["f", "m"], rows),
            "smoking": smoking,
            "pain": random.choice(["none", "some", "severe"], rows),
            "visits": random.choice(["1", "2.0", "3"], rows),
        }
    )
    chance = 1 / (1 + np.exp(-(age - 55) / 12 - (glucose - 7) - (smoking == "current")))
    frame["ill"] = np.where(random.random(rows) < chance, "yes", "no")
    for name in FEATURES[1:]:
        frame.loc[random.random(rows) < 0.04, name] = ""
    return frame


def train_clinic(folder: Path) -> None:
    """Train in the current folder."""
    from pipeline.cli import app

    clinic_rows(400).to_csv("mine.csv", index=False)
    Path("mine.yaml").write_text(CONFIG, encoding="utf-8")
    with contextlib.redirect_stdout(io.StringIO()):
        assert not app(["train", "mine.yaml", "--json"], standalone_mode=False)
