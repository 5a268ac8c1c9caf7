"""The report as one HTML text."""

import numpy as np

from pipeline.config.loss import chosen_loss
from pipeline.data.table import Table
from pipeline.network.recipe import sized
from pipeline.report import figures, sections, words
from pipeline.report.canvas import Picture
from pipeline.report.drawing import draws, network_drawing
from pipeline.report.permuted import importance_section
from pipeline.report.response import response_picture, responses, standing
from pipeline.report.rules import rules_section
from pipeline.report.templates import render
from pipeline.runs.saved import Run
from pipeline.runs.summary import Summary

_LISTED = 5000  # weights that a page can still show as a table


def report_page(run: Run, table: Table, summary: Summary) -> str:
    """Return a self-contained HTML page about a run, its data and what ``evaluate`` prints; the same run gives the same text."""
    model, steps, data = run.model, run.model.preprocessor, run.config.data
    still = standing(model, table, data, run.split.train)
    classes = summary.probabilities.model_dump()["classes"] if summary.probabilities else {}
    best = "test" if summary.accuracy.unseen_profiles is None else "unseen"
    return render(
        "report/page.html",
        summary=summary,
        record=run.record,
        config=run.config,
        level=f"{run.config.evaluation.interval * 100:g}\N{NO-BREAK SPACE}%",
        loss=chosen_loss(run.config.network, run.config.training),
        penalty=summary.choice.l2 if summary.choice else run.config.training.l2,
        sized=sized(run.config.training, summary.data.train),
        status=words.status(summary),
        findings=sections.findings(summary.findings),
        comparison=sections.comparison(summary),
        best_figure=best,
        best_rival=sections.best_rival(summary, best),
        rates=sections.RATES,
        trained=run.yardsticks.counts,
        touched=int((np.isnan(table.values) | table.implausible).any(axis=1).sum()),
        steps=sections.steps(run),
        components=[] if steps.components is None else list(zip(steps.inputs, steps.components.tolist(), strict=True)),
        layers=list(sections.layers(run)),
        listed=len(model.network.weights) <= _LISTED,
        regions=sections.regions(run),
        rules=rules_section(run, table),
        importance=importance_section(run, table, summary.unseen_words),
        standing=[
            (name, sections.value_of(feature, value))
            for (name, feature), value in zip(data.features.items(), still.tolist(), strict=True)
        ],
        card=sections.CARD,
        not_supplied=sections.not_supplied(run, summary),
        pictures=_pictures(run, summary),
        calibrations=[figures.calibration(place, *named) for place, named in enumerate(classes.items())],
        responses=_responses(run, table),
    )


def _pictures(run: Run, summary: Summary) -> dict[str, Picture]:
    network, metrics = run.model.network, summary.metrics.test
    rows = [{"name": name} | standing.model_dump() for name, standing in sections.comparison(summary).items()]
    drawn = {
        "accuracies": figures.accuracies(rows),
        "losses": figures.loss_curves(run.trained),
        "activations": figures.activations(network.slopes),
    }
    if metrics:
        drawn["confusion"] = figures.confusion(metrics.confusion)
    if draws(network):
        drawn["network"] = network_drawing(network, run.model.preprocessor.inputs, sections.outputs(run))
    return drawn


def _responses(run: Run, table: Table) -> list[Picture]:
    names, coding = list(run.config.data.codes), run.model.coding
    drawn = responses(run.model, table, run.config, run.split.train)
    return [response_picture(place, response, coding, names) for place, response in enumerate(drawn)]
