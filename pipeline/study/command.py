"""The order of a study."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.config.schema import Config
from pipeline.data.load import load
from pipeline.data.split import split
from pipeline.data.table import Table
from pipeline.findings.audit import audit
from pipeline.machine.progress import progress_bar
from pipeline.runs.summary import Origin, finite
from pipeline.study import store, summary
from pipeline.study.crew import Crew, cores
from pipeline.study.gathered import COLUMNS, gather
from pipeline.study.grid import StudyTask, check_grid, divisions, idle, most, tasks

# nobody asks Keras for an accuracy here, and slope 0 is in the grid on purpose: the claims remark on it
_IDLE = ("C102", "C103")


def study(config: Config, origin: Origin, crew: Crew = cores, verbose: bool = False) -> dict[str, Any]:
    """Train every network of the grid that is not kept yet, compare the cells, and return what ``--json`` prints.

    An error among the findings about config and data that is not accepted stops before training.

    Args:
        config: resolved.
        origin: where it came from; the folder is named after its file.
        crew: who trains.
        verbose: show a progress bar on standard error.
    """
    check_grid(config)
    table = load(config.data, config.split.group_by or ())
    doubts = [each for each in audit(config, table, split(table, config.split)) if each.code not in _IDLE]
    told: dict[str, Any] = {"findings": [each.to_dict() for each in doubts], "sound": not any(each.blocks for each in doubts)}
    if not told["sound"]:
        return {**summary.REFUSED, "data": summary.data_of(table), **told}
    made = divisions(table, config)
    together = most(config, made[0].train)
    plan = tasks(made, config, together)
    with store.opened(Path(origin.path).stem, store.key_of(config, table.sha256, together)) as kept:
        if not kept.finished:
            _train(kept, plan, table, config, crew, verbose)
        networks, seconds = gather(kept.networks(COLUMNS), made, config), kept.seconds()
        count = sum(len(task.pairs) for task in plan) * config.training.starts
        result: dict[str, Any] = finite(
            {"study": str(kept.folder), "config": asdict(origin), "data": summary.data_of(table)}
            | {"networks": count, "seconds": seconds, "networks_per_second": count / seconds if seconds else None}
            | summary.grid_of(config, made)
            | {"cells": summary.cells_of(networks, config), "claims": summary.claims_of(networks, config)}
            | told
            | {"notes": _notes(config)}
        )
        kept.save(result, config, _page(result, config))
    return result


def _notes(config: Config) -> list[str]:
    replaced = idle(config)
    return [f"{' and '.join(replaced)}: not used, for the grid of the study says it"] if replaced else []


def _train(kept: store.Store, plan: tuple[StudyTask, ...], table: Table, config: Config, crew: Crew, verbose: bool) -> None:
    """Carry out the tasks that are not kept yet; what was done is kept whatever stops the rest."""
    done, starts = kept.done(), config.training.starts
    waiting = {number: task for number, task in enumerate(plan) if number not in done}
    networks = sum(len(task.pairs) for task in waiting.values()) * starts
    title = (
        "training" if not done else f"going on after {sum(len(plan[each].pairs) for each in done) * starts:,} networks, training"
    )
    started = time.perf_counter()
    try:
        with progress_bar(title, verbose, networks, "networks") as bar:
            for number, rows in crew(table, config, waiting):
                kept.add(number, rows, time.perf_counter() - started)
                done.add(number)
                bar.advance(bar.task_ids[0], len(rows))
    except KeyboardInterrupt:
        share = len(done) / len(plan)
        raise KeyboardInterrupt(f"interrupted; {share:.0%} of the networks are kept, and the same command goes on") from None
    kept.join(len(plan))


def _page(result: dict[str, Any], config: Config) -> str | None:
    """Return the HTML page; None where what draws it is not installed, and a note says so."""
    try:
        from pipeline.study.page import study_page
    except ModuleNotFoundError as error:
        result["notes"].append(f"no page was drawn: {error.name} is needed and not installed; pip install '.[report]'")
        return None
    return study_page(result, config)
