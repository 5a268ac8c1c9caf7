"""The section on importance: its figures are those of the judge, and a run without the folds' weights says so."""

import html
import re
from dataclasses import replace

import numpy as np

from pipeline.report.permuted import importance_section
from pipeline.report.templates import render
from pipeline.runs.reopen import Reopened


def section_of(run: Reopened) -> str:
    given = importance_section(run.run, run.table, run.summary.unseen_words)
    section = render("report/importance.html", importance=given, summary=run.summary)
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", section)).split()).replace(" .", ".")


def test_every_column_has_its_loss_on_test_rows_and_on_unseen_profiles(reopened: Reopened) -> None:
    """The loss on test rows by hand: each value of the column in turn in every row."""
    given = importance_section(reopened.run, reopened.table, "unseen profiles")
    assert given["kinds"] == ["test rows", "unseen profiles"]
    assert sorted(given["falls"]) == sorted(reopened.table.features)
    unseen = [float(falls[1][0].replace("\u2212", "-")) for falls in given["falls"].values()]
    assert unseen == sorted(unseen, reverse=True)
    model, classes, test = reopened.run.model, tuple(reopened.run.config.data.codes), reopened.run.split.test
    values, truth = reopened.table.values[test], reopened.table.truth[test]
    section = section_of(reopened)
    for place, name in enumerate(reopened.table.features):
        dealt, right = values.copy(), []
        for value in values[:, place]:
            dealt[:, place] = value
            right.append(model.answers(model.output(dealt), classes) == truth)
        loss = 100 * ((model.answers(model.output(values), classes) == truth).mean() - np.mean(right))
        text = f"{loss:.1f}".replace("-", "\u2212").replace("\u22120.0", "0.0")
        assert given["falls"][name][0][0] == text
        assert re.search(rf"{name} {text} \u2212?[0-9.]+ to \u2212?[0-9.]+ \u2212?[0-9.]+ \u2212?[0-9.]+ to ", section)


def test_a_run_that_kept_no_weights_of_its_folds_says_so(reopened: Reopened) -> None:
    unseen = reopened.run.yardsticks.unseen
    assert unseen is not None
    older = replace(reopened.run, yardsticks=replace(reopened.run.yardsticks, unseen=replace(unseen, weights=None)))
    section = section_of(replace(reopened, run=older))
    assert "On unseen profiles: not kept. An earlier version trained this run; train again to see it." in section
    assert "not kept" not in section_of(reopened)
    none = replace(reopened.run, yardsticks=replace(reopened.run.yardsticks, unseen=None))
    assert "not kept" not in section_of(replace(reopened, run=none))
