"""Findings on the terminal: one line each, or all that is known of each."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.config.remedy import Call
from pipeline.errors import counted
from pipeline.findings.finding import Finding, headline
from pipeline.findings.registry import Rule
from pipeline.findings.verdict import DO_FIRST
from pipeline.machine.started import started_by

_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}
_NOUNS = {"error": "error", "warning": "warning", "info": "note"}
_INDENT = 14  # characters of "D205 warning  "


def show_check(console: Console, findings: Sequence[Finding], call: Call, full: bool = False) -> None:
    """Print the findings about config and data, and what to do next."""
    data = call.config.data.path if call.config else call.data
    parts: list[RenderableType] = [Text(f"{data} checked with {call.path}, without training", style="bold"), ""]
    most = 9 if findings and findings[0].blocks else 12
    parts += all_findings(findings) if full else headlines(findings, most, call.with_settings({}, full=True))
    if findings and findings[0].blocks:
        errors = sum(finding.blocks for finding in findings)
        parts += ["", Text(f"{counted(errors, 'error')} would stop a training.", style="bold red")]
        parts += fix_lines(DO_FIRST, findings[0].fix)
    else:
        parts += ["", unbroken(f"Next: {replace(call, command='train').with_settings({})}")]
    console.print(Group(*parts), crop=False)


def show_rules(console: Console, rules: Iterable[Rule], pages: bool) -> None:
    """Print the codes, each with its title, or with its whole page."""
    for rule in rules:
        console.print(hanging(Text(f"{rule.code} {_NOUNS[rule.level]}", style=_STYLES[rule.level]), rule.title))
        if pages:
            page = Text(rule.page.partition("\n")[2])
            page.highlight_regex(r"(?m)^[A-Z][a-z ]+:", "bold")
            console.print(page)


def headlines(findings: Sequence[Finding], most: int, full: str) -> Iterator[RenderableType]:
    """Yield the first findings, one line each, how many there are besides, and the command ``full`` that shows them all."""
    for finding in findings[:most]:
        word, style = ("accepted", "dim") if finding.accepted else (_NOUNS[finding.level], _STYLES[finding.level])
        yield Text.assemble(
            (f"{finding.code} {word}".ljust(_INDENT), style), headline(finding.message), overflow="ellipsis", no_wrap=True
        )
    if not findings:
        yield Text("No finding.")
        return
    rest = Counter(finding.level for finding in findings[most:])
    more = [counted(count, f"{'' if place else 'more '}{_NOUNS[level]}") for place, (level, count) in enumerate(rest.items())]
    doubts = [finding for finding in findings if finding.level != "info" and not finding.accepted]
    by_command, kind = sum(map(_by_one_command, doubts)), " warnings" * all(each.level == "warning" for each in doubts)
    fixes = f"one command each fixes {by_command} of the {len(doubts)}{kind}" if by_command and len(doubts) > 1 else ""
    if said := "; ".join(filter(None, [f"and {' and '.join(more)}" if more else "", fixes])):
        yield Text(f"{said[0].upper()}{said[1:]}.")
    yield unbroken(f"Every finding and its fix: {full}")


def all_findings(findings: Sequence[Finding]) -> Iterator[RenderableType]:
    """Yield findings, each with its fix."""
    for finding in findings:
        head = Text(f"{finding.code} {_NOUNS[finding.level]}", style="dim" if finding.accepted else _STYLES[finding.level])
        yield hanging(head, "accepted: " * finding.accepted + finding.message)
        if not finding.accepted and finding.level != "info":
            yield from fix_lines("fix: ", finding.fix)
    if numbered := [finding.code for finding in findings if finding.evidence.get("row_numbers")]:
        rows = f"--json lists all rows of {', '.join(numbered)}"
        yield Text(f"Row 1 is the first below the header, mostly line 2 of a spreadsheet; {rows}.")
    if any(map(_by_one_command, findings)):
        yield Text("Each command starts from the config as it is; to combine fixes, put their settings into one command.")
    if code := next((finding.code for finding in findings if finding.level != "info"), ""):
        explain = f"make explain CODE={code}" if started_by() == "make" else f"{started_by()} explain {code}"
        yield unbroken(f"What a finding means and why it matters: {explain}")
    if not findings:
        yield Text("No finding.")


def fix_lines(head: str, fix: str) -> Iterator[RenderableType]:
    """Yield what to do, a line a step: what is to be typed in one piece, whatever the width; other words wrapped and indented."""
    steps = re.split(r"(; or |, then )", fix)
    for joint, step in zip(["", *steps[1::2]], steps[::2], strict=True):
        before = {"": head, "; or ": "or: ", ", then ": "then: "}[joint].rjust(_INDENT)
        typed = step.startswith(f"{started_by()} ") or re.match(r"in .+, under [\w.]+: ", step)
        yield unbroken(f"{before}{step}") if typed else hanging(before, step)


def hanging(head: Text | str, words: Text | str) -> Table:
    """Return a paragraph whose lines begin below one another, after what stands before the first."""
    grid = Table.grid(padding=0)
    grid.add_column(min_width=_INDENT, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(head, Text(words) if isinstance(words, str) else words)
    return grid


def unbroken(text: str) -> Text:
    """Return a line that only the terminal itself may break, so that it can be copied."""
    return Text(text, no_wrap=True, overflow="ignore")


def _by_one_command(finding: Finding) -> bool:
    return any(step.startswith(f"{started_by()} ") and ", then " not in step for step in finding.fix.split("; or "))
