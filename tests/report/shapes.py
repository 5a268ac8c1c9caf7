"""Runs of many shapes."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml

from tests.conftest import ROOT

NASTY = ("<script>alert(1)</script>", "</style><b>x", "a & b", "$x^2$ {{ 7 * 7 }}", 'id="x" \u202e"\'', "日本 \x07 語")
"""Names that markup, a template, mathtext, a stylesheet or XML would take for something else."""
QUICK = {"starts": 3, "epochs": 4, "batch_size": 50}


def written(folder: Path, columns: list[str], classes: list[str], rows: int = 120, **sections: object) -> Path:
    """Write a CSV file and the config of a quick run on it; return the config."""
    random = np.random.default_rng(1)
    with (folder / "a < b & c.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*columns, "the <i>class</i>"])
        for row in range(rows):
            values = random.normal(row % len(classes), 1, len(columns)).round(2)
            writer.writerow([*values, classes[row % len(classes)]])
    data = {
        "path": "a < b & c.csv",
        "target": "the <i>class</i>",
        "codes": {name: place - 1 for place, name in enumerate(classes)},
        "features": {name: {"unit": "<u>"} if place % 2 else {"range": [-100, 100]} for place, name in enumerate(columns)},
    }
    settings = {"data": data, "training": QUICK, "evaluation": {"unseen": None}, **sections}
    (folder / "shape.yaml").write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=False), encoding="utf-8")
    return folder / "shape.yaml"


def train_shape(name: str, folder: Path) -> None:
    """Train a run of a named shape in a folder, which is the current one."""
    from pipeline.config.read import load_config
    from pipeline.runs.summary import Origin
    from pipeline.stages import train

    path, settings = SHAPES[name](folder)
    summary = train(load_config(path, settings, None), Origin(str(path), settings))
    assert summary.run, summary.findings


def _article(folder: Path) -> tuple[Path, tuple[str, ...]]:
    for each in ("configs", "data"):
        shutil.copytree(ROOT / each, folder / each)
    return Path("configs/article.yaml"), ("data.path=data/diabetes.csv", "training.epochs=1", "training.batch_size=400")


def _many(folder: Path, columns: int) -> Path:
    names, classes = [f"column {number}" for number in range(columns)], [f"class {number}" for number in range(9)]
    return written(folder, names, classes, 280, network={"hidden": [5]})


LISTED = {
    "sex": ["f", "m"],
    "<b>ward</b>": [*NASTY, *(f"ward {number}" for number in range(8))],
    "pain": {"none": 0, "some": 1, "severe": 5},
}
"""Categories of a shape, with and without numbers; the last of a list, or of a mapping, is seldom met."""


def _categories(folder: Path) -> tuple[Path, tuple[str, ...]]:
    """Write a file of three columns of categories and a number, with gaps, and with rows without a label."""
    random, rows = np.random.default_rng(1), 150
    columns: dict[str, list[str]] = {"age": [f"{value:.0f}" for value in random.normal(50, 10, rows)]}
    for name, texts in LISTED.items():
        shares = np.arange(len(texts), 0, -1) / np.arange(1, len(texts) + 1).sum()
        columns[name] = [["", *texts][place] for place in random.choice(len(texts), rows, p=shares) + (random.random(rows) > 0.1)]
    columns["kind"] = ["" if row % 50 == 0 else "ab"[row % 2] for row in range(rows)]
    with (folder / "some.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *zip(*columns.values(), strict=True)])
    features = {"age": {"unit": "years"}} | {name: {"categories": texts} for name, texts in LISTED.items()}
    data = {"path": "some.csv", "target": "kind", "unlabelled": "drop", "codes": {"a": 0, "b": 1}, "features": features}
    settings = {"data": data, "training": QUICK, "network": {"output": "softmax"}}
    (folder / "some.yaml").write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=False), encoding="utf-8")
    return folder / "some.yaml", ()


SHAPES: dict[str, Callable[[Path], tuple[Path, tuple[str, ...]]]] = {
    "nasty": lambda folder: (written(folder, list(NASTY), list(NASTY[:3])), ()),
    "softmax": lambda folder: (
        written(
            folder,
            ["a", "b", "c"],
            ["x", "y"],
            network={"output": "softmax", "hidden": [2]},
            training=QUICK | {"loss": "categorical_crossentropy"},
            preprocess={"pca": 2},
        ),
        (),
    ),
    "flat": lambda folder: (
        written(folder, ["a", "b"], ["x", "y", "z"], network={"hidden": [], "alpha": 0.2}, evaluation={"unseen": "auto"}),
        (),
    ),
    "deep": lambda folder: (
        written(folder, ["a"], ["x", "y", "z"], network={"hidden": [4, 2, 4, 2], "alpha": [0.1, 0, 0.3, 0.4, 1]}),
        (),
    ),
    "many": lambda folder: (_many(folder, 30), ()),
    "many softmax": lambda folder: (
        _many(folder, 3),
        ("network.output=softmax", "training.loss=categorical_crossentropy", "preprocess.scale=minmax"),
    ),
    "article": _article,
    "categories": _categories,
}
