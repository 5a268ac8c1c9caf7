"""Findings, like a linter's: a code, the evidence from this run, and a fix.

To add a code, write one function in the module of its stage and decorate it with ``rule``: its docstring is the page that
``explain`` shows, and what it yields becomes findings.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

Level = Literal["info", "warning", "error"]
Stage = Literal["C", "D", "T", "E"]
Facts = TypeVar("Facts")


@dataclass(frozen=True)
class Doubt:
    """What a rule found.

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
    """A doubt with its code and the user's decision about it."""

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

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Rule:
    """A code, its level, its page, and the function that looks for it in the facts of its stage."""

    code: str
    level: Level
    page: str
    look: Callable[[Any], Iterator[Doubt]]

    @property
    def title(self) -> str:
        """The first line of the page."""
        return self.page.partition("\n")[0].rstrip(".")


RULES: dict[str, Rule] = {}


def rule(code: str, level: Level) -> Callable[[Callable[[Facts], Iterator[Doubt]]], Callable[[Facts], Iterator[Doubt]]]:
    """Register the decorated function as the rule of a code."""

    def register(look: Callable[[Facts], Iterator[Doubt]]) -> Callable[[Facts], Iterator[Doubt]]:
        paragraphs = (inspect.getdoc(look) or code).split("\n\n")
        page = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
        RULES[code] = Rule(code, level, page, look)
        return look

    return register


def find(stage: Stage, facts: Any, accept: Sequence[str]) -> tuple[Finding, ...]:
    """Run every rule of a stage on its facts.

    Args:
        stage: first letter of the codes: C config, D data, T training, E evaluation.
        facts: what the rules of that stage read; see their modules.
        accept: codes that the user accepts.
    """
    return tuple(
        Finding(code, doubt.level or each.level, doubt.message, doubt.evidence, doubt.fix, code in accept)
        for code, each in sorted(RULES.items())
        if code.startswith(stage)
        for doubt in each.look(facts)
    )
