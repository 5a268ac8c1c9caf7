"""What changed from one saved run to another: settings, figures with what chance leaves open, and findings."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.load import load
from pipeline.data.table import Table
from pipeline.errors import DataError, PipelineError, RunError, counted
from pipeline.findings.finding import Finding
from pipeline.judge.bootstrap import Interval
from pipeline.judge.grouped import grouped_difference
from pipeline.judge.paired import Answers, paired_figures, paired_interval
from pipeline.machine.arrays import Integers
from pipeline.machine.started import started_by
from pipeline.runs.history import changed_settings, differing, located, runs_of
from pipeline.runs.parts import Figure, Part
from pipeline.runs.place import MODELS, resolve_run, run_folders
from pipeline.runs.run_json import Record
from pipeline.runs.saved import Run, load_run

_OTHER_DATA = (
    "The two runs used different data or classes: part of a change may come from the rows, so no change has an interval."
)
_OTHER_ROWS = (
    "The two runs have different test rows: part of a change may come from them, so changes on test rows have no interval."
)
_OTHER_GROUPS = "The two runs held out different groups of rows, so the change of unseen accuracy has no interval."


class FigureChange(Part):
    """A figure of both runs; the interval is that of the difference, None where the runs do not answer the same rows."""

    before: Figure
    now: Figure
    difference: Figure
    interval: tuple[Figure, Figure] | None = None

    @property
    def within_chance(self) -> bool | None:
        """Whether chance can explain the difference: the interval holds 0. None where there is no interval."""
        low, high = self.interval or (None, None)
        return None if low is None or high is None else low <= 0 <= high


class FindingsChange(Part):
    """How many findings of each level were not accepted, and those that only the later, or only the earlier run has."""

    before: dict[str, int]
    now: dict[str, int]
    came: tuple[Finding, ...]
    went: tuple[Finding, ...]


class Change(Part):
    """What ``compare --json`` prints; ``settings`` are [before, now], ``level`` is the coverage of each interval."""

    runs: tuple[str, str]
    settings: dict[str, tuple[Any, Any]]
    figures: dict[str, FigureChange]
    findings: FindingsChange
    level: float
    notes: tuple[str, ...]


def level_counts(findings: Sequence[Finding]) -> dict[str, int]:
    """Return how many findings of each level were not accepted."""
    levels = Counter(finding.level for finding in findings if not finding.accepted)
    return {level: levels[level] for level in ("error", "warning", "info")}


def two_runs(before: str | None = None, now: str | None = None) -> tuple[Path, Path]:
    """Return the folders of two runs: those that are named, and else the newest ones.

    Raises:
        RunError: there are not two runs.
    """
    newest = list(run_folders())
    if before is None and len(newest) < 2:
        has = "holds one" if newest else "holds none"
        raise RunError(f"compare: two runs are needed, and {MODELS} {has}; train with another setting, or name two runs")
    if now is None and not newest:
        raise RunError(f"compare: a second run is needed, and {MODELS} holds none; name two runs")
    first, second = resolve_run(before or newest[-2]), resolve_run(now or newest[-1])
    if first.resolve() == second.resolve():
        raise RunError(f'compare: two runs are needed, and {first} is named twice; "{started_by()} runs" lists the runs')
    return first, second


def compare(before: Path, now: Path) -> Change:
    """Compare two saved runs; nothing is trained.

    Raises:
        RunError: no run there, or it is damaged.
    """
    runs = load_run(before), load_run(now)
    intervals, notes = _intervals((before, now), runs, True)
    return Change(
        runs=(str(before), str(now)),
        settings=differing(*(run.config for run in runs)),
        figures=_changes(runs, intervals),
        findings=_moved(*(run.record.findings for run in runs)),
        level=runs[1].config.evaluation.interval,
        notes=tuple(notes),
    )


def _moved(before: Sequence[Finding], now: Sequence[Finding]) -> FindingsChange:
    old, new = ({(each.code, each.level, each.accepted): each for each in findings} for findings in (before, now))
    came, went = (tuple(some[key] for key in some if key not in others) for some, others in ((new, old), (old, new)))
    return FindingsChange(before=level_counts(before), now=level_counts(now), came=came, went=went)


def since(run: str | None) -> str | None:
    """Return what changed since the run before it of the same config file, as a sentence; None where there was none."""
    try:
        own = load_run(run) if run else None
        before = next((other for other in runs_of(own.record.config.path) if str(other) != run), None) if own else None
        return _sentence((before, Path(run)), (load_run(before), own)) if own and run and before else None
    except PipelineError:  # "runs" names a damaged one
        return None


def _sentence(folders: tuple[Path, Path], runs: tuple[Run, Run]) -> str:
    old, new = (run.record for run in runs)
    changed = changed_settings(*(run.config for run in runs)) + ("other data",) * (old.data.sha256 != new.data.sha256)
    what = "; ".join(changed) if 0 < len(changed) < 3 else counted(len(changed), "setting") if changed else "same settings"
    figures, told = _changes(runs, _intervals(folders, runs, False)[0]), []
    for name, words in {"test": "test", "unseen_profiles": new.unseen_words}.items():
        figure = figures[name]
        if figure.difference is not None:
            chance = {None: "on other rows", True: "within chance", False: "more than chance"}[figure.within_chance]
            told.append((f"{words} {100 * figure.difference:+.1f} points", chance))
    if len({chance for _, chance in told}) == 1:
        told = [*((words, "") for words, _ in told[:-1]), told[-1]]
    return f"Since the run before, {what}: {', '.join(words + f' ({chance})' * bool(chance) for words, chance in told)}"


def _changes(runs: tuple[Run, Run], intervals: dict[str, Interval]) -> dict[str, FigureChange]:
    changes, figures = {}, _figures(runs[1].record)
    for name, before in _figures(runs[0].record).items():
        now, interval = figures[name], intervals.get(name)
        difference = None if before is None or now is None else now - before
        changes[name] = FigureChange(before=before, now=now, difference=difference, interval=interval)
    return changes


def _figures(record: Record) -> dict[str, float | None]:
    accuracy, test, odds = record.accuracy, record.metrics.test, record.probabilities
    shares = {"train": accuracy.train, "test": accuracy.test, "unseen_profiles": accuracy.unseen_profiles}
    shares["balanced_accuracy"] = test.balanced_accuracy if test else None
    return shares | {name: getattr(odds, name).value if odds else None for name in ("macro_auc", "brier", "log_loss")}


def _intervals(folders: tuple[Path, Path], runs: tuple[Run, Run], thorough: bool) -> tuple[dict[str, Interval], list[str]]:
    """Return the interval of each difference that the same rows tell, and why the others have none.

    Only those of the accuracies, unless it is to be ``thorough``.
    """
    if runs[0].record.data.sha256 != runs[1].record.data.sha256:
        return {}, [_OTHER_DATA]
    tables = _tables(folders, runs)
    if tables is None:
        return {}, [f"{runs[1].config.data.path} is gone or was changed after these runs, so no change has an interval."]
    if _labels(tables[0]) != _labels(tables[1]):
        return {}, [_OTHER_DATA]
    table, level, notes, intervals = tables[1], runs[1].config.evaluation.interval, [], dict[str, Interval]()
    rows = np.sort(runs[1].split.test)
    if np.array_equal(np.sort(runs[0].split.test), rows):
        first, second = (_answers(run, own, rows, table) for run, own in zip(runs, tables, strict=True))
        groups = None if table.patients is None else table.patients[rows]
        intervals["test"] = paired_interval(second.right, first.right, groups, level)
        if thorough:
            others = paired_figures(table.truth[rows], second, first, groups, level)
            intervals |= {name: estimate.interval for name, estimate in others.items()}
    else:
        notes.append(_OTHER_ROWS)
    old, new = (run.yardsticks.unseen for run in runs)
    if old and new and np.array_equal(old.groups, new.groups):
        first_right, second_right = (held.answers["network"] == own.truth for held, own in zip((old, new), tables, strict=True))
        intervals["unseen_profiles"] = grouped_difference(second_right, first_right, new.groups, level)
    elif old and new:
        notes.append(_OTHER_GROUPS)
    return intervals, notes


def _tables(folders: tuple[Path, Path], runs: tuple[Run, Run]) -> list[Table] | None:
    """Return the data of both runs; None if they are gone or have changed."""
    tables: list[Table] = []
    for folder, run in zip(folders, runs, strict=True):
        section = run.config.data.model_copy(update={"path": located(folder, run.config.data.path)})
        if tables and run.config.data == runs[0].config.data:
            return tables * 2
        try:
            tables.append(load(section, only_score=True, like=run.record.data.read))
        except DataError:
            return None
        if (tables[-1].sha256, len(tables[-1])) != (run.record.data.sha256, run.record.data.rows):
            return None
    return tables


def _labels(table: Table) -> tuple[list[int], list[str]]:
    """Return the number in the file and the class of every row that has one."""
    return table.named(np.arange(len(table))), np.array(table.classes)[table.truth].tolist()


def _answers(run: Run, table: Table, rows: Integers, judge: Table) -> Answers:
    """Return what a run says of some rows of its own table; classes are numbered as in the table of the ``judge``."""
    output = run.model.output(table.values)[rows]
    right = run.model.answers(output, judge.classes) == judge.truth[rows]
    return Answers(right, run.model.probabilities(output, judge.classes))
