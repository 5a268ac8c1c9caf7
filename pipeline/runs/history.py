"""How runs relate to their config file, to the data, and to one another."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.config.read import load_config
from pipeline.config.schema import Config
from pipeline.config.yaml_text import dump_line
from pipeline.errors import PipelineError
from pipeline.findings.finding import Finding
from pipeline.machine.files import sha256_of
from pipeline.runs.parts import Accuracy, Part
from pipeline.runs.place import LATEST, fingerprint, resolve_run, run_folders, run_label, run_name
from pipeline.runs.saved import read_config, read_record
from pipeline.runs.summary import Origin


class Entry(Part):
    """One line of the list of runs; a damaged one has a folder and a problem only.

    ``changed`` are the settings that differ from the run before it of the same config, as "key before -> now".
    """

    run: Path
    changed: tuple[str, ...] = ()
    problem: str | None = None
    created: str | None = None
    accuracy: Accuracy | None = None
    findings: tuple[Finding, ...] | None = None


def entries() -> list[Entry]:
    """Return every complete run, oldest first; a damaged one is listed with its problem."""
    before: dict[str, Config] = {}
    listed = []
    for folder in run_folders():
        try:
            record, config = read_record(folder), read_config(folder)
        except PipelineError as error:
            listed.append(Entry(run=folder, problem=error.problems[0]))
            continue
        changed = changed_settings(before.get(record.config.path, config), config)
        listed.append(Entry(run=folder, changed=changed, **record.model_dump(include={"created", "accuracy", "findings"})))
        before[record.config.path] = config
    return listed


def removable(listed: Sequence[Entry], keep: int | None) -> list[Path]:
    """Return all runs but the newest ``keep``; damaged ones and the one of models/latest stay, and without a number all."""
    whole = [entry.run for entry in listed if not entry.problem]
    return [run for run in whole[:-keep] if run != resolve_run(LATEST)] if keep else []


def changed_settings(before: Config, now: Config) -> tuple[str, ...]:
    """Return the settings that differ, as "key before -> now"."""
    return tuple(f"{key} {dump_line(old)} -> {dump_line(new)}" for key, (old, new) in differing(before, now).items())


def differing(before: Config, now: Config) -> dict[str, tuple[Any, Any]]:
    """Return both values of each setting that differs, by its dotted key; None where one config has no such key."""
    old, new = before.settings(), now.settings()
    return {key: (old.get(key), new.get(key)) for key in old | new if old.get(key) != new.get(key)}


def located(run: Path, path: str) -> str:
    """Return where a path that a run recorded is today.

    A relative path is relative to the folder that holds models/: there the run was trained. It is returned as it was
    recorded if that is the current folder, or if nothing is there.
    """
    there = run.resolve().parent.parent / path
    try:
        return path if there.resolve() == Path(path).resolve() or not there.exists() else str(there)
    except (OSError, ValueError):
        return path  # no name of a file; reading it will say so


def changes(run: Path, config: Config, origin: Origin) -> tuple[str, ...]:
    """Say how the config file differs today from the config that a run was trained with."""
    try:
        today = load_config(located(run, origin.path), origin.settings, origin.data)
    except PipelineError as error:
        return (f"the config cannot be read any more: {error.problems[0]}; these figures are of the copy kept in the run",)
    edited = changed_settings(config, today)
    remedy = "these figures are of the old settings; train to renew them"
    return (f"{origin.path} was edited since this run: {'; '.join(edited)}; {remedy}",) if edited else ()


def runs_of(path: str, short: str = "") -> Iterator[Path]:
    """Yield the runs of a config file, and of a fingerprint, newest first; damaged ones, which "runs" names, are passed over."""
    for folder in reversed(list(run_folders())):
        name = run_name(folder)
        if name and name.label == run_label(Path(path).stem) and name.fingerprint.startswith(short):
            try:
                trained_with = read_record(folder).config.path
            except PipelineError:
                continue
            if Path(trained_with).resolve() == Path(path).resolve():
                yield folder


def current_run(config: Config, origin: Origin) -> Path | None:
    """Return the newest run of a config file that was trained with this config and these data, else None."""
    digest = sha256_of(config.data.path)
    return next(runs_of(origin.path, fingerprint(config.to_yaml(), digest)), None) if digest else None
