"""A finding, like a linter's: a code, the evidence from this run, and a fix."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pipeline.config.remedy import Fix

Level: TypeAlias = Literal["info", "warning", "error"]
SIGNIFICANCE = 1e-4  # of a finding, after correction


@dataclass(frozen=True)
class Doubt:
    """What a rule yields.

    Attributes:
        message: one sentence with the figures of this run; it begins with a ``headline``.
        evidence: the figures, for programs.
        fix: what to do: a command or a line of YAML after which the doubt is gone, or the rows or the number that it needs.
        level: replaces the rule's own level.
    """

    message: str
    evidence: dict[str, Any]
    fix: Fix
    level: Level | None = None


def headline(message: str) -> str:
    """Return what a message says first, up to the first colon or semicolon that is not within quotes: 62 characters at most."""
    match = re.match(r'(?:"[^"]*"|[^":;])+', message)
    return match[0] if match else message


def detailed(message: str, details: Mapping[str, Any], fix: Fix, kind: str = "columns") -> Doubt:
    """Return the doubt about some columns, or another ``kind`` of names, with the details of each as evidence."""
    return Doubt(message, {kind: list(details), "details": dict(details)}, fix)


def named_rows(numbers: Sequence[int]) -> dict[str, Any]:
    """Return rows of the file as evidence; they are numbered from 1 below the header."""
    return {"rows": len(numbers), "examples": list(numbers[:5]), "row_numbers": list(numbers)}


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
