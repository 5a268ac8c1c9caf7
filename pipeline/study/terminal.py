"""What ``study`` shows on the terminal."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from rich.console import Console, Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from pipeline.config.remedy import Call
from pipeline.findings.verdict import DO_FIRST
from pipeline.report.finding_lines import all_findings, fix_lines, hanging, headlines, unbroken
from pipeline.study.claims import FAILS, HOLDS, OPEN, UNSEEN, JudgedClaim
from pipeline.study.compare import CellFigures
from pipeline.study.grid import SPLITS
from pipeline.study.summary import RefusedStudy, StudySummary

_VERDICTS = {HOLDS: "bold green", FAILS: "bold red", OPEN: "bold", UNSEEN: "bold"}


def show_study(console: Console, study: StudySummary | RefusedStudy, call: Call, full: bool = False) -> None:
    """Print mean accuracies by slope, the claims and what to do next: on one screen, or in ``full``."""
    console.print(Group(*_refused(study, call) if isinstance(study, RefusedStudy) else _shown(study, call, full)), crop=False)


def _refused(study: RefusedStudy, call: Call) -> Iterator[RenderableType]:
    yield from headlines(study.findings, 9, replace(call, command="check").with_settings({}, full=True))
    yield from ("", Text("Nothing was trained because of the error above.", style="bold red"))
    yield from fix_lines(DO_FIRST, study.findings[0].fix)


def _shown(study: StudySummary, call: Call, full: bool) -> Iterator[RenderableType]:
    counts = Counter(division.kind for division in study.grid.splits)
    splits = " and ".join(f"{count} {SPLITS[kind]}" for kind, count in counts.items())
    yield Text(f"{study.networks:,} networks trained on {study.data.path}: {study.grid.seeds} seeds x {splits}", style="bold")
    yield ""
    for kind in counts if full else [None]:
        cells = [cell for cell in study.cells if (cell.split == kind if full else _is_reference(study, cell))]
        where = SPLITS[kind] if kind else f"{study.reference.features} inputs, output {study.reference.output}"
        yield Text(f"Mean test accuracy in percent, by slope: {where} (* the reference)")
        yield from (*_means(study, cells, full), "")
    for claim in study.claims:
        yield from _claim(claim, full)
    yield from _reading(study, call) if full else ()
    codes = [finding.code for finding in study.findings if finding.level != "info"]
    yield from [""] * full
    if full:
        yield from all_findings(study.findings)
    elif codes:
        yield Text(f"Don't read these accuracies without the findings about the data: {', '.join(dict.fromkeys(codes))}.")
    yield from (Text(f"Note: {note}") for note in study.notes)
    speed = study.networks_per_second
    took = f", trained in {study.seconds:.1f} s, {speed:,.0f} a second" if speed and full else ""
    yield unbroken(f"Page: {study.study}/report.html{took}")
    yield from [] if full else [unbroken(f"All tables and evidence: {call.with_settings({}, full=True)}")]


def _is_reference(study: StudySummary, cell: CellFigures) -> bool:
    return (cell.features, cell.output) == (study.reference.features, study.reference.output)


def _means(study: StudySummary, cells: list[CellFigures], full: bool) -> Iterator[RenderableType]:
    """Yield one line for each kind of output and features, or of splits, and one column a slope; nine fit beside one another."""
    alphas = study.grid.alphas
    for some in (alphas[place : place + 9] for place in range(0, len(alphas), 9)):
        names = ["output", "features"] if full else ["splits"]
        table = Table(*names, *(Column(f"{alpha:g}", justify="right") for alpha in some), box=None, pad_edge=False)
        for line, row in groupby(cells, attrgetter("output", "features") if full else attrgetter("split")):
            means = (
                ("{:.1f}" if cell.comparison else "[bold]{:.1f}*[/]").format(100 * cell.mean)
                for cell in row
                if cell.alpha in some
            )
            table.add_row(*(line if full else [SPLITS[line]]), *means)
        yield table


def _claim(claim: JudgedClaim, full: bool) -> Iterator[RenderableType]:
    verdict = claim.verdict if full else claim.verdict.replace("on unseen profiles", "(unseen)")
    words = (claim.claim, "bold" if full else "")
    yield Text.assemble((f"{verdict}: " if full else verdict.ljust(22), _VERDICTS[claim.verdict]), words)
    if full:
        yield hanging("", f"{claim.evidence}; {claim.networks:,} networks")


def _reading(study: StudySummary, call: Call) -> Iterator[RenderableType]:
    for remark in dict.fromkeys(claim.remark for claim in study.claims if claim.remark):
        yield Text(f"Slope 0: {remark}")
    yield ""
    yield Text(
        f"In brackets: intervals that hold together at {100 * study.level:g}%. A claim that something does better holds where "
        f"the whole interval is above {100 * study.margin:g} percentage points (study.margin), and fails where all of it is "
        "below. A claim that something does no better is the other way round. Otherwise it is inconclusive."
    )
    if others := [output for output in study.grid.outputs if output != study.reference.output]:
        yield Text(f'The claims are about the output "{study.reference.output}". For another one, without training again:')
        yield unbroken(f"  {call.with_settings({'study.reference.output': others[0]})}")
