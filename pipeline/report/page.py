"""The report as one HTML text."""

from typing import Any

from pipeline.config.schema import chosen_loss
from pipeline.data.table import Table
from pipeline.report import figures, sections, words
from pipeline.report.canvas import Picture
from pipeline.report.drawing import draws, network_drawing
from pipeline.report.response import response_picture, responses, standing
from pipeline.report.templates import marked, render
from pipeline.runs.saved import Run

_LISTED = 5000  # weights that a page can still show as a table


def report_page(run: Run, table: Table, summary: dict[str, Any]) -> str:
    """Return a self-contained HTML page about a run; the same run gives the same text.

    Args:
        run: the saved run.
        table: the data that it was trained on.
        summary: its figures, as ``evaluate`` prints them; what is null or absent is shown as not measured.
    """
    metrics = summary["metrics"]["test"]
    return render(
        "report/page.html",
        summary=summary,
        record=run.record,
        config=run.config,
        level=f"{run.config.evaluation.interval * 100:g}\N{NO-BREAK SPACE}%",
        loss=chosen_loss(run.config.network, run.config.training),
        status=words.status(summary),
        findings=sections.findings(summary),
        comparison=sections.comparison(summary),
        classes=sections.classes(run, table, summary),
        metrics=metrics,
        rates=sections.rates(metrics, summary),
        predictors=sections.predictors(run, summary),
        flow=sections.flow(run, table),
        layers=list(sections.layers(run)),
        listed=len(run.model.network.weights) <= _LISTED,
        regions=sections.regions(run),
        components=_components(run),
        standing=_standing(run, table),
        card=[(label, (summary.get("card") or {}).get(key)) for key, label in sections.CARD.items()],
        not_supplied=sections.not_supplied(run, summary),
        pictures={name: marked(picture) for name, picture in _pictures(run, summary).items()},
        calibrations=[marked(each) for each in _calibrations(summary)],
        responses=[marked(each) for each in _responses(run, table)],
    )  # fmt: skip


def _pictures(run: Run, summary: dict[str, Any]) -> dict[str, Picture]:
    network = run.model.network
    drawn = {
        "accuracies": figures.accuracies(sections.comparison(summary)),
        "confusion": figures.confusion(summary["metrics"]["test"]["confusion"]),
        "losses": figures.loss_curves(run.trained),
        "activations": figures.activations(network.slopes),
    }
    if draws(network):
        drawn["network"] = network_drawing(network, run.model.preprocessor.inputs, sections.outputs(run))
    return drawn


def _calibrations(summary: dict[str, Any]) -> list[Picture]:
    known = (summary.get("probabilities") or {}).get("classes") or {}
    return [figures.calibration(place, name, known[name]) for place, name in enumerate(known)]


def _responses(run: Run, table: Table) -> list[Picture]:
    found = responses(run.model, table, run.config, run.split.train)
    names = list(run.config.data.codes)
    return [response_picture(place, each, run.model.coding, names) for place, each in enumerate(found)]


def _standing(run: Run, table: Table) -> list[tuple[str, float]]:
    values = standing(run.model, table, run.split.train)
    return [(name, float(value)) for name, value in zip(run.model.preprocessor.features, values, strict=True)]


def _components(run: Run) -> list[tuple[str, list[float]]]:
    step = run.model.preprocessor
    return [] if step.components is None else list(zip(step.inputs, step.components.tolist(), strict=True))
