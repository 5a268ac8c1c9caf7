"""RESULTS.md of planted faults, from the figures of results.json; nothing in it is written by hand."""

from typing import Any

from tests.bench.results import machine, table

Figures = dict[str, Any]
ENOUGH = 0.8  # of the seeds
INTRODUCTION = """# Planted faults

Written by `make planted-faults`, never by hand. Every table is drawn by `tests/planted/clean.py` from a population in which
nothing is wrong; `tests/planted/faults.py` plants one fault in it. Each table is decided by its seed."""


def page(result: Figures) -> str:
    """Return the whole page; parts that were not run yet are left out."""
    parts = [INTRODUCTION]
    for name, show in SHOWN.items():
        if name in result["parts"]:
            part = result["parts"][name]
            parts += [*show(part["figures"]), f"{part['seconds'] / 60:.0f} minutes, {part['date']}."]
    return "\n\n".join([*parts, "## The machine", machine(result["machine"])]) + "\n"


def caught(figures: Figures, strength: str) -> int:
    """Return how many kinds are caught at a strength."""
    return sum(enough(fault[strength]) for fault in figures.values())


def enough(figures: Figures) -> bool:
    """Say whether a fault is caught in as many tables as count."""
    return bool(figures["caught"] >= ENOUGH * figures["of"])


def faults(figures: Figures) -> list[str]:
    """Return the table of faults."""
    rows, reasons = [], []
    for name, fault in figures.items():
        cells = [f"{fault[strength]['caught']} of {fault[strength]['of']}" for strength in ("strong", "weak")]
        besides = sorted({code for strength in ("strong", "weak") for code in fault[strength]["given"]} - set(fault["codes"]))
        rows.append((name, " or ".join(fault["codes"]) or "none", *cells, ", ".join(besides)))
        missed = [strength for strength in fault["reasons"] if not enough(fault[strength])]
        reasons += [f"- {name}, {strength}: {fault['reasons'][strength]}" for strength in missed]
    summary = f"Caught: {caught(figures, 'strong')} of {len(figures)} kinds strong, {caught(figures, 'weak')} weak."
    rule = "A kind counts as caught if one of its codes names it, and the column where it is in one, in four of five tables."
    head = ("fault", "codes that name it", "strong", "weak", "other codes")
    return ["## The faults", f"{summary} {rule}", table(head, rows), "Missed for good reason:", "\n".join(reasons)]


def alarms(figures: Figures) -> list[str]:
    """Return the false alarms of ``check``."""
    codes = figures["codes"]
    rows = [(code, str(len(seeds)), ", ".join(map(str, seeds[:8]))) for code, seeds in sorted(codes.items())]
    told = f"{figures['tables']:,} clean tables, in every fifth of which the classes lie three standard deviations apart."
    shown = table(("code", "tables", "seeds"), rows) if rows else "No code was given."
    return ["## False alarms of `check`", f"{told} Missing values (D201) are in the tables, and no alarm.", shown]


def fresh(figures: Figures) -> list[str]:
    """Return what fresh rows contradict."""
    rows = [
        (code, str(len(seeds["given"])), str(len(seeds["contradicted"])), ", ".join(map(str, seeds["contradicted"])))
        for code, seeds in figures["codes"].items()
    ]
    told = (
        f"{figures['trainings']} trainings on clean tables, whose findings are held against 20,000 fresh rows each; "
        "`tests/planted/fresh_rows.py` says when these contradict a finding."
    )
    return ["## `train` against fresh rows", told, table(("code", "given", "contradicted", "seeds"), rows)]


def copied(figures: list[Figures]) -> list[str]:
    """Return how often copies in coarse tables are found."""
    answers = ("found", "could not be told", "denied")
    rows = [(row["table"], row["number"], f"{row['copied']:.0%}", *(str(row[answer]) for answer in answers)) for row in figures]
    told = f"{figures[0]['seeds']} tables each. Found: D204 and D205 warn. Not told: one of them is for information."
    return ["## Copies in coarse tables", told, table(("table", "record number", "copied", *answers), rows)]


def swept(figures: Figures) -> list[str]:
    """Return the figures of the sweep."""
    rows = [
        ("trainings (tables refused)", f"{figures['trainings']} ({figures['refused']})"),
        ("networks that answer one class", str(figures["one_answer"])),
        ("`clear`", str(figures["clear"])),
        ("`clear` of a network that answers one class", str(len(figures["clear_of_one_answer"]))),
        ("fresh accuracy outside the stated interval", f"{figures['outside']} ({figures['outside_share']:.1%})"),
        ("of these above it", str(figures["fresh_above"])),
        ("`clear` where it is outside", f"{figures['clear_outside']:.1%}"),
        ("`clear` where it is not", f"{figures['clear_inside']:.1%}"),
        ("p, that the former is more frequent (Fisher)", f"{figures['p_value']:.2g}"),
    ]
    told = "20 to 2,000 rows, classes from 1:1 to 1:200, with and without signal; 20,000 fresh rows each."
    return ["## A sweep of trainings", told, table(("", ""), rows)]


def peers(figures: Figures) -> list[str]:
    """Return what the peers catch."""
    rows = []
    for name, peer in figures.items():
        if peer is None:
            rows.append((name, "not installed", "", ""))
        else:
            of = len(peer["faults"])
            cells = [f"{sum(fault[strength] for fault in peer['faults'].values())} of {of}" for strength in ("strong", "weak")]
            rows.append((f"{name} {peer['version']}", *cells, f"{peer['alarmed']} of {peer['clean']}"))
    told = "The same tables; a catch counts where it names the fault. `make peers` installs them beside this project."
    return ["## Peers", told, table(("", "strong", "weak", "clean tables with an alarm"), rows)]


SHOWN = {"faults": faults, "alarms": alarms, "fresh": fresh, "copies": copied, "sweep": swept, "peers": peers}
