"""The page of a study as one HTML text."""

from collections.abc import Sequence
from typing import Any

from pipeline.config.schema import Config
from pipeline.report import sections
from pipeline.report.templates import marked, render
from pipeline.report.words import joined, number, percent
from pipeline.runs.summary import FindingSummary
from pipeline.study.claims import FAILS, HOLDS, OPEN
from pipeline.study.figures import FEATURES, OUTPUTS, Grid, accuracies_by_slope, differences, failures
from pipeline.study.grid import SPLITS

TONES = {HOLDS: "good", FAILS: "bad", OPEN: "doubtful"}
"""How each verdict on a claim is coloured."""


def study_page(summary: dict[str, Any], config: Config) -> str:
    """Return a self-contained HTML page about a study; the same study gives the same text.

    Args:
        summary: what ``study --json`` prints; any figure may be null and is then shown as not measured.
        config: the config of the study; the page holds all of it.
    """
    claims, grids, share = summary["claims"], _grids(summary), _largest(summary)
    return render(
        "study/page.html",
        summary=summary,
        config=config,
        level=_whole(summary["level"]),
        margin=_margin(summary["margin"]),
        tones=TONES,
        headline=_headline(claims),
        told=[sentence for grid in grids if (sentence := _told(grid))],
        largest=share,
        grids=grids,
        names=FEATURES | OUTPUTS | SPLITS,
        findings=sections.findings([FindingSummary.model_validate(finding) for finding in summary["findings"]]),
        strips=[picture and marked(picture) for picture in differences(claims, summary["margin"])],
        accuracies=[marked(each) for each in accuracies_by_slope(grids, share)],
        failures=[marked(each) for each in failures(grids)],
        kinds=_kinds(summary["grid"]["splits"]),
    )


def _grids(summary: dict[str, Any]) -> list[Grid]:
    """Return the cells, sorted by output and kind of split."""
    cells = {(each["output"], each["split"], each["features"], each["alpha"]): each for each in summary["cells"]}
    grid, reference = summary["grid"], summary["reference"]
    own = (reference["features"], reference["alpha"])
    return [
        Grid(
            output,
            split,
            grid["alphas"],
            {name: [cells.get((output, split, name, slope), {}) for slope in grid["alphas"]] for name in grid["features"]},
            own if (output, split, *own) in cells and output == reference["output"] else None,
        )
        for output in grid["outputs"]
        for split in dict.fromkeys(each["split"] for each in summary["cells"])
    ]


def _headline(claims: Sequence[dict[str, Any]]) -> str:
    """Return how many claims got which verdict."""
    if not claims:
        return "no claim was judged"
    verdicts = [claim["verdict"] for claim in claims]
    counts = {name: verdicts.count(name) for name in dict.fromkeys([*TONES, *verdicts])}
    words = {HOLDS: ("holds", "hold"), FAILS: ("does not", "do not")}
    told = [f"{count} {words.get(name, (name, name))[count > 1]}" for name, count in counts.items() if count]
    return f"of {len(claims)} claim{'s' * (len(claims) > 1)}, {joined(told)}"


def _told(grid: Grid) -> str:
    """Return in words what the slope does to the features and the output of the reference; empty for other grids."""
    features, alpha = grid.reference or ("", 0.0)
    cells = zip(grid.slopes, grid.lines.get(features, []), strict=False)
    known = {slope: cell["mean"] for slope, cell in cells if cell.get("mean") is not None}
    if not known:
        return ""
    best = max(known, key=lambda slope: known[slope])
    named = {
        0.0: "with ReLU (slope 0)",
        alpha: f"with the reference (slope {number(alpha)})",
        best: f"with the best slope here ({number(best)})",
    }
    told = joined(f"{percent(known[slope])} {name}" for slope, name in named.items() if slope in known)
    where = f"{SPLITS.get(grid.split, grid.split)} ({FEATURES.get(features, features)}, {OUTPUTS.get(grid.output, grid.output)})"
    return f"On {where}, mean accuracy is {told}."


def _largest(summary: dict[str, Any]) -> float | None:
    counts = [count for count in (summary["data"]["classes"] or {}).values() if count is not None]
    return max(counts) / sum(counts) if sum(counts) else None


def _kinds(splits: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Return how many splits there are of each kind."""
    return {kind: sum(each["kind"] == kind for each in splits) for kind in dict.fromkeys(each["kind"] for each in splits)}


def _whole(share: float | None) -> str:
    """Return a share as a percentage without needless digits."""
    return "an unknown share" if share is None else f"{share * 100:g}\N{NO-BREAK SPACE}%"


def _margin(share: float | None) -> str:
    return "an unknown margin" if share is None else f"{share * 100:g} percentage point{'s' * (share != 0.01)}"
