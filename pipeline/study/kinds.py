"""The kinds of splits of a study."""

from typing import Literal

Kind = Literal["random", "unseen"]
SPLITS: dict[str, str] = {"random": "random splits", "unseen": "unseen profiles"}
"""What each kind is called."""
