"""A study of 216 networks."""

from pathlib import Path

SETTINGS = ("training.epochs=3", "study.alphas=[0, 0.05, 0.3]", "study.seeds=3", "study.splits=2")
NETWORKS = 3 * 3 * 2 * 3 * 4
"""Slopes, features, outputs, seeds, splits."""


def arguments(*more: str) -> list[str]:
    """Return the command line of a small study."""
    return ["study", *(word for each in (*SETTINGS, *more) for word in ("--set", each))]


def only_study() -> Path:
    """Return the folder of the one study in the current folder."""
    (folder,) = Path("studies").iterdir()
    return folder
