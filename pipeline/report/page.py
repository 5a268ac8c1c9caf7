"""The report as one HTML text."""

import numpy as np

from pipeline.config.loss import chosen_loss
from pipeline.data.profiles import UNSEEN_MEANS
from pipeline.data.table import Table
from pipeline.network.recipe import sized
from pipeline.report import figures, sections, words
from pipeline.report.canvas import Picture, in_two_widths
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
    return render(
        "report/page.html",
        summary=summary,
        record=run.record,
        config=run.config,
        level=f"{run.config.evaluation.interval * 100:g}%",
        loss=chosen_loss(run.config.network, run.config.training),
        penalty=summary.choice.l2 if summary.choice else run.config.training.l2,
        sized=sized(run.config.training, summary.data.train),
        status=words.status(summary),
        findings=sections.findings(summary.findings),
        comparison=sections.comparison(summary),
        own=sections.OWN,
        unseen_means=UNSEEN_MEANS[summary.unseen_words],
        best_rival=sections.best_rival(summary),
        next_calls=sections.next_calls(run),
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
        calibrations=_calibrations(run, table, summary),
        responses=_responses(run, table),
    )


def _pictures(run: Run, summary: Summary) -> dict[str, Picture]:
    network, metrics = run.model.network, summary.metrics.test
    rows = [{"name": name} | standing.model_dump() for name, standing in sections.comparison(summary).items()]
    drawn = {
        "accuracies": in_two_widths(lambda width: figures.accuracies(rows, summary.unseen_words, width)),
        "losses": in_two_widths(lambda width: figures.loss_curves(run.trained, width)),
        "activations": in_two_widths(lambda width: figures.activations(network.slopes, width)),
    }
    if metrics:
        drawn["confusion"] = in_two_widths(lambda width: figures.confusion(metrics.confusion, width))
    if draws(network):
        names = run.model.preprocessor.inputs, sections.outputs(run)
        drawn["network"] = in_two_widths(lambda width: network_drawing(network, *names, width))
    return drawn


def _calibrations(run: Run, table: Table, summary: Summary) -> list[Picture]:
    if not summary.probabilities:
        return []
    names, model, rows = table.classes, run.model, run.split.test
    shares, truth = model.probabilities(model.output(table.rows(rows)), names), table.truth[rows]
    classes = summary.probabilities.model_dump()["classes"]
    return [figures.calibration(place, name, classes[name], shares[:, place], truth == place) for place, name in enumerate(names)]


def _responses(run: Run, table: Table) -> list[Picture]:
    names, coding = list(run.config.data.codes), run.model.coding
    drawn = responses(run.model, table, run.config, run.split.train)
    return [response_picture(place, response, coding, names) for place, response in enumerate(drawn)]
