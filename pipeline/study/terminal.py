"""What ``study`` shows on the terminal."""

from collections import Counter
from itertools import groupby
from operator import attrgetter

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from pipeline.report.terminal import show_findings
from pipeline.study.claims import FAILS, HOLDS, OPEN, UNSEEN
from pipeline.study.grid import SPLITS, SplitKind
from pipeline.study.summary import RefusedStudy, StudySummary

_VERDICTS = {HOLDS: "bold green", FAILS: "bold red", OPEN: "bold yellow", UNSEEN: "bold yellow"}


def show_study(console: Console, study: StudySummary | RefusedStudy) -> None:
    """Print mean accuracies by slope, the claims and where the rest is."""
    if isinstance(study, RefusedStudy):
        console.print("[bold red]The study was refused; the errors below say why.[/]")
        show_findings(console, study.findings)
        return
    for kind, count in Counter(division.kind for division in study.grid.splits).items():
        title = f"[bold]Mean test accuracy in percent, by slope: {SPLITS[kind]}[/]"
        console.print(f"\n{title}, {count} of them x {study.grid.seeds} seeds", _means(study, kind), sep="\n")
    console.print(Text("* the reference cell\n", style="dim"))
    _show_claims(console, study)
    codes = sorted({finding.code for finding in study.findings if finding.level != "info"})
    doubts = f"Doubts about config and data, which check explains: {', '.join(codes)}"
    console.print(doubts if codes else "No doubt about the data.")
    for note in study.notes:
        console.print(Text(f"note: {note}", style="bold yellow"))
    speed = study.networks_per_second
    took = f" in {study.seconds:.1f} s, {speed:,.0f} a second" if speed else ""
    console.print(escape(f"{study.study}: {study.networks:,} networks{took}"))


def _show_claims(console: Console, study: StudySummary) -> None:
    for claim in study.claims:
        console.print(Text.assemble((f"{claim.verdict}: ", _VERDICTS[claim.verdict]), (claim.claim, "bold")))
        console.print(Padding(Text(f"{claim.evidence}; {claim.networks:,} networks", style="dim"), (0, 0, 0, 4)))
    for remark in dict.fromkeys(claim.remark for claim in study.claims if claim.remark):
        console.print(Text(f"Slope 0: {remark}", style="yellow"))
    console.print(
        f"Intervals in brackets hold together at {100 * study.level:g} %. A claim of more holds where the whole interval is "
        f"above {100 * study.margin:g} percentage points (study.margin), and does not hold where it is below; a claim of no "
        "more, the other way round."
    )
    own = study.reference.output
    others = [output for output in study.grid.outputs if output != own]
    if others:
        hint = f'The claims are about the output "{own}". Without training anew, for another one:'
        console.print(Text(f"{hint} --set study.reference.output={others[0]}"), soft_wrap=True)


def _means(study: StudySummary, kind: SplitKind) -> Table:
    """Return one line for each kind of output and features, and one column a slope."""
    slopes = (Column(f"{alpha:g}", justify="right") for alpha in study.grid.alphas)
    table = Table("output", "features", *slopes, box=None, pad_edge=False)
    cells = (cell for cell in study.cells if cell.split == kind)
    for names, line in groupby(cells, attrgetter("output", "features")):
        means = (("{:.1f}" if cell.comparison else "[bold]{:.1f}*[/]").format(100 * cell.mean) for cell in line)
        table.add_row(*names, *means)
    return table
