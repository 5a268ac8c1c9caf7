"""A finding, like a linter's: a code, the evidence from this run, and a fix."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Level: TypeAlias = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Doubt:
    """What a rule yields.

    Attributes:
        message: one sentence with the figures of this run.
        evidence: the figures, for programs.
        fix: what to do, typed where it can be typed.
        level: replaces the rule's own level.
    """

    message: str
    evidence: dict[str, Any]
    fix: str
    level: Level | None = None


@dataclass(frozen=True)
class Finding:
    """A doubt with its code, its level and the user's decision about it."""

    code: str
    level: Level
    message: str
    evidence: dict[str, Any]
    fix: str
    accepted: bool

    @property
    def blocks(self) -> bool:
        """Whether it is an error that the user has not accepted."""
        return self.level == "error" and not self.accepted
