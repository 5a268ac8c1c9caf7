"""The order of a study."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.config.loss import chosen_loss
from pipeline.config.schema import Config
from pipeline.data.load import load
from pipeline.data.split import split
from pipeline.data.table import Table
from pipeline.findings.audit import audit
from pipeline.findings.verdict import by_consequence
from pipeline.machine.steps import Steps
from pipeline.network.recipe import sized
from pipeline.runs.summary import Origin
from pipeline.study.claims import judged_claims
from pipeline.study.compare import COLUMNS, cell_figures, gather
from pipeline.study.grid import StudyTask, check_grid, divisions, replaced_settings, task_size, tasks
from pipeline.study.store import Store, key_of, opened
from pipeline.study.summary import RefusedStudy, StudyData, StudyGrid, StudyRecipe, StudySummary
from pipeline.study.work import Crew, cores

# nobody asks Keras for an accuracy here, and slope 0 is in the grid on purpose: the claims remark on it
_IDLE = ("C102", "C103")


def study(config: Config, origin: Origin, crew: Crew = cores, steps: Steps | None = None) -> StudySummary | RefusedStudy:
    """Train every network of the grid that is not kept yet, compare the cells, judge the claims and keep the result.

    An error among the findings about config and data that is not accepted stops before training. The folder is named after
    the file of ``origin``; ``steps`` shows how far it is.
    """
    check_grid(config)
    steps = steps or Steps(visible=False)
    with steps.step(f"reading {config.data.path}"):
        table = load(config.data, config.split.group_by or ())
    rows = round((1 - config.split.test_size) * len(table))  # "auto" is the same for every split
    config = config.model_copy(update={"training": sized(config.training, rows)})
    own = config.network.model_copy(update=config.study.reference.model_dump(include={"alpha", "output"}))
    call = origin.call("study")
    doubts = audit(config.model_copy(update={"network": own}), table, split(table, config.split), call)
    findings = by_consequence(finding for finding in doubts if finding.code not in _IDLE)
    data = StudyData(table.path, table.sha256, len(table), table.counts())
    if any(finding.blocks for finding in findings):
        return RefusedStudy(data=data, findings=findings)
    grid, training, splits = config.study, config.training, divisions(table, config)
    together = task_size(config, splits[0].train)
    with opened(Path(origin.path).stem, key_of(config, table.sha256, together)) as store:
        if not store.finished:
            _train(store, tasks(splits, config, together), table, config, crew, steps)
        measured, seconds = gather(store.networks(COLUMNS), splits, config), store.seconds()
        cells, replaced = cell_figures(measured, config), replaced_settings(config)
        networks = sum(cell.networks for cell in cells)
        summary = StudySummary(
            study=str(store.folder),
            config=origin,
            data=data,
            networks=networks,
            seconds=seconds,
            networks_per_second=networks / seconds if seconds else None,
            grid=StudyGrid(grid.alphas, grid.features, grid.outputs, grid.seeds, int(training.starts), splits),
            reference=grid.reference,
            recipe=_recipe(config),
            level=config.evaluation.interval,
            margin=grid.margin,
            cells=cells,
            claims=judged_claims(measured, config, "D205" in {finding.code for finding in findings}),
            findings=findings,
            notes=(f"{' and '.join(replaced)}: not used, because the study sets this itself",) if replaced else (),
        )
        try:
            from pipeline.study.page import study_page
        except ModuleNotFoundError as error:
            note = f"no page was drawn: {error.name} is needed and not installed; pip install '.[report]'"
            summary, page = replace(summary, notes=(*summary.notes, note)), None
        else:
            page = study_page(summary, config)
        store.save(summary.to_dict(), config, page)
    return summary


def _recipe(config: Config) -> StudyRecipe:
    training, outputs = config.training, config.study.outputs
    losses = {output: chosen_loss(config.network.model_copy(update={"output": output}), training) for output in outputs}
    keys = {"l2", "optimizer", "learning_rate", "schedule", "epochs", "batch_size"}
    return StudyRecipe(config.network.hidden, **training.model_dump(include=keys), loss=losses)


def _train(store: Store, plan: Sequence[StudyTask], table: Table, config: Config, crew: Crew, steps: Steps) -> None:
    """Carry out the tasks that are not kept yet; what was done is kept whatever stops the rest."""
    done, networks = store.done(), [len(task.pairs) * int(config.training.starts) for task in plan]
    waiting = {number: task for number, task in enumerate(plan) if number not in done}
    kept = sum(networks[number] for number in done)
    title = f"training {sum(networks) - kept:,} networks" + (f" more than the {kept:,} that are kept" if done else "")
    started = time.perf_counter()
    try:
        with steps.step(title) as advance:
            for number, rows in crew(table, config, waiting):
                store.add(number, rows, time.perf_counter() - started)
                done.add(number)
                advance(len(rows) / (sum(networks) - kept))
    except KeyboardInterrupt:
        share = len(done) / len(plan)
        raise KeyboardInterrupt(
            f"interrupted; {share:.0%} of the networks are kept; run the same command again to go on"
        ) from None
    store.join(len(plan))
