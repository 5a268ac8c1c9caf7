"""The page of a study as one HTML text."""

from collections import Counter
from collections.abc import Sequence
from itertools import product

from pipeline.config.schema import Config
from pipeline.report import sections
from pipeline.report.templates import render
from pipeline.report.words import joined, number, percent
from pipeline.study.claims import FAILS, HOLDS, OPEN, UNSEEN, JudgedClaim
from pipeline.study.figures import FEATURES, OUTPUTS, Grid, accuracies_by_slope, claim_pictures, failures
from pipeline.study.grid import SPLITS
from pipeline.study.summary import StudySummary


def study_page(study: StudySummary, config: Config) -> str:
    """Return a self-contained HTML page about a study and its whole config; the same study gives the same text."""
    grids, counts = _grids(study), study.data.classes.values()
    largest = max(counts) / sum(counts)
    return render(
        "study/page.html",
        summary=study,
        config=config,
        level=f"{study.level * 100:g}%",
        margin=f"{study.margin * 100:g} percentage point{'s' * (study.margin != 0.01)}",
        tones={HOLDS: "good", FAILS: "bad", OPEN: "doubtful", UNSEEN: "doubtful"},
        headline=_headline(study.claims),
        sentences=[_on_slopes(grid) for grid in grids if grid.reference],
        largest=largest,
        grids=grids,
        names={**FEATURES, **OUTPUTS, **SPLITS},
        findings=sections.findings(study.findings),
        strips=claim_pictures(study.claims, study.margin),
        accuracies=accuracies_by_slope(grids, largest),
        failures=failures(grids),
        kinds=Counter(division.kind for division in study.grid.splits),
    )


def _grids(study: StudySummary) -> list[Grid]:
    """Return the cells, sorted by output and kind of split."""
    grid, own, grids = study.grid, study.reference, []
    for output, kind in product(grid.outputs, dict.fromkeys(division.kind for division in grid.splits)):
        cells = [cell for cell in study.cells if (cell.output, cell.split) == (output, kind)]
        lines = {name: [cell for cell in cells if cell.features == name] for name in grid.features}
        grids.append(Grid(output, kind, grid.alphas, lines, (own.features, own.alpha) if output == own.output else None))
    return grids


def _headline(claims: Sequence[JudgedClaim]) -> str:
    """Return how many claims got which verdict."""
    words = {
        HOLDS: ("holds", "hold"),
        FAILS: ("does not", "do not"),
        OPEN: (f"is {OPEN}", f"are {OPEN}"),
        UNSEEN: (f"is {UNSEEN}", f"are {UNSEEN}"),
    }
    counts = Counter(claim.verdict for claim in claims)
    parts = [f"{counts[verdict]} {forms[counts[verdict] > 1]}" for verdict, forms in words.items() if counts[verdict]]
    return f"of {len(claims)} claim{'s' * (len(claims) > 1)}, {joined(parts)}"


def _on_slopes(grid: Grid) -> str:
    """Return in words what the slope does to the features and the output of the reference, which the grid holds."""
    features, alpha = grid.reference or ("raw", 0.0)
    means = {cell.alpha: cell.mean for cell in grid.lines[features]}
    best = max(means, key=lambda slope: means[slope])
    named = {
        0.0: "with ReLU (slope 0)",
        alpha: f"with the reference (slope {number(alpha)})",
        best: f"with the best slope here ({number(best)})",
    }
    accuracies = joined(f"{percent(means[slope])} {name}" for slope, name in named.items() if slope in means)
    return f"On {SPLITS[grid.split]} ({FEATURES[features]}, {OUTPUTS[grid.output]}), mean accuracy is {accuracies}."
