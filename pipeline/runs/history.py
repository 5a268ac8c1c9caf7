"""How runs relate to their config file, to the data, and to one another."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.config.read import load_config
from pipeline.config.schema import Config
from pipeline.errors import PipelineError
from pipeline.machine.files import sha256_of
from pipeline.runs.parts import Accuracy, FindingSummary, Part
from pipeline.runs.place import LATEST, resolve_run, run_folders
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
    findings: tuple[FindingSummary, ...] | None = None


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
    old, new = before.settings(), now.settings()
    return tuple(f"{key} {old.get(key)} -> {new.get(key)}" for key in old | new if old.get(key) != new.get(key))


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


def current_run(config: Config, origin: Origin) -> Path | None:
    """Return the newest run of a config file if it was trained with this config and these data, else None."""
    for folder in reversed(list(run_folders())):
        try:
            record, then = read_record(folder), read_config(folder)
        except PipelineError:
            continue  # "runs" names it
        if Path(record.config.path).resolve() == Path(origin.path).resolve():
            same_data = record.data.sha256 == sha256_of(config.data.path)
            return folder if same_data and not changed_settings(then, config) else None
    return None
