"""What ``study`` shows on the terminal."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.report.terminal import show_findings
from pipeline.runs.summary import FindingSummary
from pipeline.study.claims import FAILS, HOLDS, OPEN
from pipeline.study.grid import SPLITS

_ON_INTERVALS = (
    "Intervals in brackets hold together at {level}. A claim of more holds where the whole interval is above {margin:g} "
    "percentage points (study.margin), and does not hold where it is below; a claim of no more, the other way round."
)


_VERDICTS = {HOLDS: "bold green", FAILS: "bold red", OPEN: "bold yellow"}


def show_study(console: Console, result: dict[str, Any]) -> None:
    """Print mean accuracies by slope, the claims and where the rest is."""
    if result["study"] is None:
        console.print("[bold red]The study was refused; the errors below say why.[/]")
        show_findings(console, [FindingSummary.model_validate(finding) for finding in result["findings"]])
        return
    grid = result["grid"]
    for kind, name in SPLITS.items():
        cells = [each for each in result["cells"] if each["split"] == kind]
        if cells:
            count = sum(each["kind"] == kind for each in grid["splits"])
            console.print(f"\n[bold]Mean test accuracy in percent, by slope: {name}[/], {count} of them x {grid['seeds']} seeds")
            console.print(_means(cells, grid["alphas"], result["reference"]))
    console.print(Text("* the reference cell\n", style="dim"))
    _show_claims(console, result)
    codes = sorted({each["code"] for each in result["findings"] if each["level"] != "info"})
    doubts = f"Doubts about config and data, which check explains: {', '.join(codes)}" if codes else "No doubt about the data."
    console.print(doubts)
    for note in result["notes"]:
        console.print(Text(f"note: {note}", style="bold yellow"))
    seconds, speed = result["seconds"], result["networks_per_second"]
    took = f" in {seconds:.1f} s, {speed:,.0f} a second" if speed else ""
    console.print(escape(f"{result['study']}: {result['networks']:,} networks{took}"))


def _show_claims(console: Console, result: dict[str, Any]) -> None:
    for claim in result["claims"]:
        console.print(Text.assemble((f"{claim['verdict']}: ", _VERDICTS[claim["verdict"]]), (claim["claim"], "bold")))
        console.print(Padding(Text(f"{claim['evidence']}; {claim['networks']:,} networks", style="dim"), (0, 0, 0, 4)))
    for remark in dict.fromkeys(claim["remark"] for claim in result["claims"] if claim["remark"]):
        console.print(Text(f"Slope 0: {remark}", style="yellow"))
    console.print(_ON_INTERVALS.format(level=f"{result['level'] * 100:g} %", margin=100 * result["margin"]))
    others = [each for each in result["grid"]["outputs"] if each != result["reference"]["output"]]
    if others:
        told = f'The claims are about the output "{result["reference"]["output"]}". Without training anew, for another one:'
        console.print(Text(f"{told} --set study.reference.output={others[0]}"), soft_wrap=True)


def _means(cells: list[dict[str, Any]], alphas: list[float], reference: dict[str, Any]) -> Table:
    """Return one line for each kind of output and features, and one column a slope."""
    table = Table("output", "features", *(f"{alpha:g}" for alpha in alphas), box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    rows: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        shown = f"{100 * cell['mean']:.1f}"
        own = all(cell[key] == reference[key] for key in ("output", "features", "alpha"))
        rows.setdefault((cell["output"], cell["features"]), []).append(f"[bold]{shown}*[/]" if own else shown)
    for names, means in rows.items():
        table.add_row(*names, *means)
    return table
