"""What mends a finding, and how it is told: as a command in the form in which the program was started."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Any, TypeAlias

from pipeline.config.schema import Config
from pipeline.config.yaml_text import dump_line
from pipeline.machine.started import started_by

OUT: EllipsisType = ...
"""The value of a key that is taken out."""
Settings: TypeAlias = Mapping[str, Any]
"""Dotted key, as ``--set`` takes it -> value."""
_CONFIGS = {"study": "configs/study.yaml"}
"""What a command takes if no config is named, where that is not the default of ``Call``."""


@dataclass(frozen=True)
class Line:
    """A line of the config file, and the section in which it stands."""

    section: str
    key: str
    value: Any


Step: TypeAlias = str | Settings | Line | Callable[[Config], Settings | str]
"""What to do: in plain words, by a command, by a line of the config file, or by what is made of the config."""
Fix: TypeAlias = Step | list[Step] | tuple[Step | list[Step], ...]
"""A step, a list of steps to be done one after the other, or a tuple of those of which any will do."""


@dataclass(frozen=True)
class Call:
    """How a command was started.

    Attributes:
        program: what the command is typed after.
        command: train, check or study.
        path: the config file.
        settings, data: as the command line has them.
        config: what they make together.
    """

    program: str = field(default_factory=started_by)
    command: str = "train"
    path: str = "configs/default.yaml"
    settings: tuple[str, ...] = ()
    data: str | None = None
    config: Config | None = None

    def told(self, fix: Fix) -> str:
        """Return a fix as text; each command in it can be pasted into a shell."""
        choices = (steps if isinstance(steps, list) else [steps] for steps in (fix if isinstance(fix, tuple) else (fix,)))
        return "; or ".join(filter(None, (", then ".join(filter(None, map(self._step, steps))) for steps in choices)))

    def _step(self, step: Step) -> str:
        if callable(step):
            step = step(self.config) if self.config else ""
        if isinstance(step, Line):
            return f"in {self.path}, under {step.section}: {dump_line({step.key: step.value})[1:-1]}"
        return step if isinstance(step, str) else self.with_settings(step)

    def with_settings(self, settings: Settings, full: bool = False) -> str:
        """Return the same command with these settings, which replace its own of the same key, quoted for a shell.

        ``full`` asks for all that there is to see.
        """
        kept = [setting for setting in self.settings if setting.partition("=")[0].strip() not in settings]
        new = [f"~{key}" if value is OUT else f"{key}={dump_line(value)}" for key, value in settings.items()]
        path = [] if self.path == _CONFIGS.get(self.command, Call.path) else [self.path]
        if self.program == "make":
            words = [("CONFIG", text) for text in path] + [("DATA", self.data or "")] * bool(self.data)
            words += [("SET", " ".join(kept + new))] * bool(kept + new) + [("FULL", "1")] * full
            return " ".join(["make", self.command, *(f"{name}={shlex.quote(text)}" for name, text in words)])
        data = [f"--data {shlex.quote(self.data)}"] if self.data else []
        return " ".join(
            [self.program, self.command, *map(shlex.quote, path), *data, *map(option, kept + new), *["--full"] * full]
        )


def option(setting: str) -> str:
    """Return a setting as the command line takes it, quoted for a shell."""
    return f"--set {shlex.quote(setting)}"


TRAIN = Call()
"""Training with the default config, typed in the usual way."""


def dotted(*parts: str) -> str:
    """Return a dotted key, as ``--set`` takes it; parts that are not a plain word are quoted."""
    return ".".join(part if part.replace("_", "").isalnum() and part.isascii() else f'"{_escaped(part)}"' for part in parts)


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace('"', '\\"')
