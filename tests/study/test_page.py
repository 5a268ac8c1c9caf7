"""The page of a study: what it says is what it was given, whatever that is."""

import dataclasses
import json
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from pipeline.config.schema import Config
from pipeline.report.words import number, p_value, percent, points, points_span, ranged
from pipeline.study import figures as study_figures
from pipeline.study.page import study_page
from tests.report.shapes import NASTY
from tests.report.test_page import Tags, frame_of_csv, outline, saved, text_of
from tests.study import studies

SECTIONS = [
    "verdict", "accuracy", "claims", "failed", "cells", "comparisons", "how", "limits", "findings", "data", "again", "words",
]  # fmt: skip
SHAPES: dict[str, Callable[[], dict[str, Any]]] = {
    "usual": studies.summary,
    "one slope": lambda: studies.summary(slopes=[0.2]),
    "one of each": lambda: studies.summary([0.05], ["pca"], ["softmax"], ["random"], seeds=1, splits=1),
    "forty slopes": lambda: studies.summary(slopes=[round(place / 41, 4) for place in range(40)], kinds=["random"]),
    "nothing to say": lambda: silent(),
    "hostile": lambda: hostile(),
}


def silent() -> dict[str, Any]:
    """Return a study without findings and notes, of a grid that lacks what the claims compare; its pairs do not vary."""
    full = studies.summary() | {"findings": [], "notes": [], "seconds": None, "networks_per_second": None}
    full["claims"] = [claim | {"verdict": studies.UNDECIDED, "networks": 0, "splits": []} for claim in full["claims"]]
    for cell in full["cells"]:
        if cell["comparison"]:
            cell["comparison"]["effect"] = float("nan")
    return full


def hostile() -> dict[str, Any]:
    """Return a study of names that markup, a template, mathtext, a stylesheet or XML would take for something else."""
    full = studies.summary(classes={name: 10 + place for place, name in enumerate(NASTY)})
    full["study"] = "studies/" + NASTY[0]
    full["config"]["path"] = "<script>alert(1)</script>"
    full["data"]["path"] = NASTY[4]
    full["notes"] = list(NASTY)
    for place, claim in enumerate(full["claims"]):
        claim["claim"], claim["evidence"] = NASTY[place], NASTY[place - 1]
        claim["splits"][1]["contrast"] = NASTY[place]
    return full


def page_of(summary: dict[str, Any], config: Config | None = None) -> str:
    return study_page(studies.typed(summary), config or studies.config())


def made(name: str) -> str:
    classes, columns = (NASTY, NASTY) if name == "hostile" else (tuple(studies.CLASSES), ("BS pp", "HbA1c"))
    return page_of(SHAPES[name](), studies.config(columns, classes))


def drawings(page: str, kind: str) -> list[ElementTree.Element]:
    """Return the figures whose name starts so, which must be well-formed."""
    found = [ElementTree.fromstring(each) for each in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]  # noqa: S314
    return [each for each in found if each.get("aria-labelledby", "").startswith(kind)]


def spots(svg: ElementTree.Element, tint: str) -> list[tuple[float, float]]:
    """Return the markers of one colour from left to right, without that of the legend, which comes last."""
    marks = [each for each in svg.iter("use") if f"var(--{tint})" in each.get("style", "")]
    return [(float(each.get("x", "nan")), float(each.get("y", "nan"))) for each in marks]


QUICKEST = {"usual", "hostile", "nothing to say"}


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=[] if name in QUICKEST else pytest.mark.slow) for name in SHAPES]
)
def any_page(request: pytest.FixtureRequest) -> str:
    return made(request.param)


@pytest.fixture(scope="module")
def usual() -> str:
    return made("usual")


def test_every_section_is_there_in_order(usual: str) -> None:
    assert [marks["id"] for tag, marks in outline(usual) if tag == "h2"] == SECTIONS
    assert "findings" not in {marks.get("id") for _, marks in outline(made("nothing to say"))}


def test_any_study_makes_a_page_that_loads_and_runs_nothing(any_page: str) -> None:
    tags: Tags = outline(any_page)
    assert not {"script", "link", "iframe", "object", "img", "base", "form", "i", "u"} & {tag for tag, _ in tags}
    policy = [marks["content"] for _, marks in tags if marks.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    kinds = ("#", "data:image/svg+xml;base64,", "data:text/csv;charset=utf-8;base64,")
    assert all(str(marks[key]).startswith(kinds) for _, marks in tags for key in ("href", "src", "xlink:href") if key in marks)
    assert not [key for _, marks in tags for key in marks if key.startswith("on")]
    assert not re.findall(r"@import|url\((?!#)", any_page)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", any_page)
    assert not re.search(r"\b(?:None|nan|Undefined)\b", text_of(any_page))


def test_identifiers_are_unique_and_all_references_lead_somewhere(any_page: str) -> None:
    tags = outline(any_page)
    names = [str(marks["id"]) for _, marks in tags if "id" in marks]
    assert len(names) == len(set(names))
    labels = {each for _, marks in tags for each in (marks.get("aria-labelledby") or "").split()}
    asked = {each for pair in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', any_page) for each in pair if each}
    assert asked | labels <= set(names)


def test_same_study_same_bytes(usual: str) -> None:
    assert made("usual") == usual


def test_the_headline_counts_the_verdicts(usual: str) -> None:
    counts = {name: sum(each["verdict"] == name for each in studies.summary()["claims"]) for name in studies.VERDICTS}
    assert counts == {"holds": 2, "does not hold": 1, "inconclusive": 3}
    assert "Verdict: of 6 claims, 2 hold, 1 does not and 3 are inconclusive" in text_of(usual)
    assert "Verdict: of 6 claims, 6 are inconclusive" in text_of(made("nothing to say"))
    assert "a study of 43,200 networks" in text_of(usual)
    assert "a study of 1 network " in text_of(made("one of each"))


def test_the_headline_tells_relu_the_reference_and_the_best_slope(usual: str) -> None:
    full = studies.summary()
    own = [
        cell
        for cell in full["cells"]
        if (cell["features"], cell["output"], cell["split"]) == ("standard", "code", "unseen") and cell["mean"]
    ]
    best = max(own, key=lambda cell: cell["mean"])
    means = {cell["alpha"]: f"{cell['mean'] * 100:.1f}%" for cell in own}
    told = f"On unseen profiles (scaled, one code), mean accuracy is {means[0.0]} with ReLU (slope 0), {means[0.05]} with the"
    assert f"{told} reference (slope 0.05) and {means[best['alpha']]} with the best slope here ({best['alpha']:g})" in text_of(
        usual
    )


def test_every_claim_is_told_with_its_evidence_for_each_kind_of_split(usual: str) -> None:
    seen = text_of(usual)
    for place, claim in enumerate(studies.summary()["claims"]):
        card = seen[seen.index(f"{place + 1}. {claim['claim']}") :]
        start = f"{place + 1}. {claim['claim']} {claim['verdict']} {claim['networks']:,} networks"
        agreeing = [each["split"] for each in claim["splits"] if each["verdict"] == claim["verdict"]]
        start += "; decided by random splits alone" if agreeing == ["random"] else ""
        assert card.startswith(start)
        for each, name in zip(claim["splits"], ("random splits", "unseen profiles"), strict=True):
            told = f"{name} {each['verdict']} {points(each['difference'], each['interval'])} {each['contrast']}"
            assert card.index(told) < 1200


def test_every_cell_is_in_the_tables(usual: str) -> None:
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr.*?</tr>", usual, re.DOTALL)]
    told = [[part for part in row.split("|") if part.strip()] for row in rows]
    for cell in studies.summary()["cells"]:
        low, high = cell["interval"]
        mean = [percent(cell["mean"]), f"{low * 100:.1f} to {high * 100:.1f}%"]
        row = [
            number(cell["alpha"]),
            f"{cell['networks']:,}",
            *mean,
            *(percent(cell[key]) for key in ("spread", "best", "failed")),
        ]
        pair = cell["comparison"]
        row += ["the reference"] if pair is None else [
            points(pair["difference"]).removesuffix(" points"), points_span(pair["interval"]),
            p_value(pair["p"]).replace("<", "&lt;"), p_value(pair["p_holm"]), number(pair["effect"]), percent(pair["better"]),
        ]  # fmt: skip
        assert row in told
        assert f'>{cell["mean"] * 100:.1f}<span class="under">{low * 100:.1f} to {high * 100:.1f}</span>' in usual
    assert usual.count('<span class="under">reference</span>') == 2


def test_what_was_done_and_where_from_is_told(usual: str) -> None:
    seen, data = text_of(usual), studies.summary()["data"]
    expected = [
        "Not for clinical use", data["sha256"], "complete.csv", "1,009", "631", "62.5%", "20.3%",
        "10 random, 10 by unseen profile",
        "0, 0.01, 0.05, 0.09, 0.1, 0.2, 0.3, 0.5, 1", "3 hidden units", "one code: ordinal; softmax: categorical crossentropy",
        "adam, learning rate 0.02, schedule linear", "300, 10", "penalty of 0.001", "Owen 2007", "Nadeau and Bengio 2003",
        "Holm 1979", "other hospitals",
        "diabetes-pipeline study configs/study.yaml --set 'study.seeds=40' --data 'complete.csv'",
        "BS pp and HbA1c", "D205 warning", "was read without", "61.2 s", "705.9 networks a second", "95% interval",
        "1 percentage point", "group_by:", "random splits 14 798 211",
    ]  # fmt: skip
    assert [each for each in expected if each not in seen] == []


def test_a_study_without_unseen_profiles_says_so() -> None:
    seen = text_of(page_of(studies.summary(kinds=["random"])))
    assert "no splits by unseen profile" in seen
    assert "On unseen profiles" not in seen


def test_the_command_and_the_data_are_told_as_they_are_named() -> None:
    seen = text_of(made("hostile"))
    assert "diabetes-pipeline study <script>alert(1)</script>" in seen
    assert all(" ".join(re.sub("[\x07\u202e]", "\N{REPLACEMENT CHARACTER}", name).split()) in seen for name in NASTY)


def test_what_is_not_known_is_said_and_not_drawn() -> None:
    page = made("nothing to say")
    known = sum(cell["comparison"] is None for cell in studies.summary()["cells"])
    assert text_of(page).count("not measured") == 2 + len(studies.summary()["cells"]) - known
    assert all(claim["evidence"] in text_of(page) for claim in studies.summary()["claims"])
    assert drawings(page, "claim") == []


def test_the_object_prints_what_it_was_read_from() -> None:
    for name in ("usual", "one of each"):
        assert json.dumps(studies.typed(SHAPES[name]()).to_dict()) == json.dumps(SHAPES[name]())


@pytest.mark.parametrize(("kind", "key"), [("accuracy", "mean"), ("failed", "failed")])
def test_points_stand_where_the_figures_say(kind: str, key: str) -> None:
    full = studies.summary()
    svgs = drawings(page_of(full), kind)
    grids = [(output, split) for output in ("code", "softmax") for split in ("random", "unseen")]
    seen: dict[str, list[tuple[float, float]]] = {"random": [], "unseen": []}
    for svg, where in zip(svgs, grids, strict=True):
        assert [each.text for each in svg.iter("text")][:9] == [number(slope) for slope in studies.SLOPES]
        for features, tint in {"raw": "s0", "standard": "s1", "pca": "s2"}.items():
            cells = [cell for cell in full["cells"] if (cell["output"], cell["split"], cell["features"]) == (*where, features)]
            found = spots(svg, tint)
            assert len(found) == len(cells) + 1  # and one in the legend
            assert np.ptp(np.diff([x for x, _ in found[:-1]])) < 0.03
            seen[where[1]] += [(cell[key], y) for cell, (_, y) in zip(cells, found, strict=False)]
    for points_ in seen.values():
        (slope, height), error, *_ = np.polyfit(*np.array(points_).T, 1, full=True)
        assert slope < 0  # upwards
        assert height > 100
        assert error[0] / len(points_) < 1e-4  # all panels of one kind of splits have one scale, and it is linear


def test_the_table_to_save_holds_the_figures_of_the_study(usual: str) -> None:
    full, files = studies.summary(), saved(usual)
    for place, (output, split) in enumerate(
        [("code", "random"), ("code", "unseen"), ("softmax", "random"), ("softmax", "unseen")]
    ):
        cells = [cell for cell in full["cells"] if (cell["output"], cell["split"]) == (output, split)]
        table = frame_of_csv(files[f"accuracy{place}.csv"])
        assert table["mean accuracy"].tolist() == pytest.approx([cell["mean"] for cell in cells])
        assert table.failed.tolist() == pytest.approx([cell["failed"] for cell in cells])
    first = frame_of_csv(files["claim0.csv"])
    assert first.difference.tolist() == pytest.approx([answer["difference"] for answer in full["claims"][0]["splits"]])


def test_what_slope_0_cannot_do_is_said_once_with_the_claims_that_it_concerns() -> None:
    full = studies.summary()
    for place in (0, 2, 3):
        full["claims"][place]["remark"] = "C102: a class is out of reach"
    seen = text_of(page_of(full))
    assert seen.count("C102: a class is out of reach") == 1
    assert "C102: a class is out of reach. This concerns claims 1, 3 and 4." in seen


@pytest.fixture
def usual_axes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The axes of every figure of the usual study."""
    figures: list[Any] = []
    monkeypatch.setattr(study_figures, "to_svg", lambda figure, *rest: figures.append(figure) or "")
    page_of(studies.summary())
    return [figure.axes[0] for figure in figures]


def test_intervals_the_reference_and_the_largest_class_are_drawn(usual_axes: list[Any]) -> None:
    full = studies.summary()
    panels = [axes for axes in usual_axes if axes.get_ylabel() == "mean accuracy"]
    for axes, where in zip(
        panels, [("code", "random"), ("code", "unseen"), ("softmax", "random"), ("softmax", "unseen")], strict=True
    ):
        cells = {(each["features"], each["alpha"]): each for each in full["cells"] if (each["output"], each["split"]) == where}
        bars = [list(line.get_ydata()) for line in axes.lines if len(line.get_xdata()) == 2 and line.get_marker() == "None"]
        assert [each["interval"] for each in cells.values()] == [bar for bar in bars if bar[0] != bar[1]]
        assert [631 / 1009] * 2 in bars
        rings = [list(line.get_ydata()) for line in axes.lines if line.get_markersize() > 10]
        assert rings == ([[cells["standard", 0.05]["mean"]]] if where[0] == "code" else [])


def test_captions_name_the_highest_figure_of_each_kind_of_features(usual: str) -> None:
    seen = text_of(usual)
    cells = [each for each in studies.summary()["cells"] if (each["output"], each["split"]) == ("softmax", "unseen")]
    means, failed = [], []
    for features, name in {"raw": "as measured", "standard": "scaled", "pca": "PCA"}.items():
        own = [each for each in cells if each["features"] == features]
        best, worst = (max(own, key=lambda each: each[key]) for key in ("mean", "failed"))
        means.append(f"{name} {ranged(best['mean'], best['interval'])} at slope {best['alpha']:g}")
        failed.append(f"{name} {percent(worst['failed'])} at slope {worst['alpha']:g}")
    assert f"Highest mean accuracy: {'; '.join(means)}." in seen
    assert f"Most failed starts: {'; '.join(failed)}." in seen


def test_the_largest_class_far_below_is_not_drawn() -> None:
    cell = dataclasses.replace(studies.typed(studies.summary()).cells[0], mean=0.99, interval=(0.98, 1.0))
    grid = study_figures.Grid("code", "random", [0.1], {"raw": [cell]}, None)
    near, far = (study_figures.accuracies_by_slope([grid], share)[0].svg for share in (0.9, 0.6))
    assert "largest class" in near
    assert "largest class" not in far


def test_differences_lie_where_they_should_on_a_scale_that_fits(usual_axes: list[Any]) -> None:
    claims = studies.summary()["claims"]
    strips = [axes for axes in usual_axes if axes.get_xlabel().startswith("difference")]
    for axes, claim in zip(strips, claims, strict=True):
        marks = {line.get_ydata()[0]: line.get_xdata()[0] for line in axes.lines if line.get_marker() in "oXD"}
        assert marks == {-place: answer["difference"] for place, answer in enumerate(claim["splits"])}
        ends = [0, studies.MARGIN, *(end for answer in claim["splits"] for end in answer["interval"])]
        assert np.ptp(axes.get_xlim()) < 1.2 * np.ptp(ends)


def test_an_interval_far_wider_than_the_other_ends_in_an_arrow(monkeypatch: pytest.MonkeyPatch) -> None:
    full, drawn = studies.summary(), []
    full["claims"][0]["splits"][1]["interval"] = [-1.0, 1.0]
    claim = studies.typed(full).claims[0]
    monkeypatch.setattr(study_figures, "to_svg", lambda figure, *rest: drawn.append(figure.axes[0]) or "")
    study_figures.claim_pictures([claim], studies.MARGIN)
    (axes,) = drawn
    low, high = axes.get_xlim()
    assert (low > -1) & (high < 1)
    assert {line.get_marker(): line.get_xdata()[0] for line in axes.lines if line.get_marker() in "<>"} == {"<": low, ">": high}
    assert all(low < end < high for end in claim.splits[0].interval)


def test_the_part_in_which_a_claim_holds_is_shaded(usual_axes: list[Any]) -> None:
    strips = [axes for axes in usual_axes if axes.get_xlabel().startswith("difference")]
    for axes, claim in zip(strips, studies.summary()["claims"], strict=True):
        (shade,) = axes.patches
        side = axes.get_xlim()[int(claim["more"])]
        assert sorted([shade.get_x(), shade.get_x() + shade.get_width()]) == pytest.approx(sorted([studies.MARGIN, side]))
        assert [list(line.get_xdata()) for line in axes.lines[:2]] == [[studies.MARGIN] * 2, [0, 0]]
        bars = [list(line.get_xdata()) for line in axes.lines[2:] if line.get_marker() == "None"]
        assert bars == [each["interval"] for each in claim["splits"]]
        assert all(axes.get_xlim()[0] < low and high < axes.get_xlim()[1] for low, high in bars)


def test_many_slopes_are_named_only_where_there_is_room() -> None:
    names = [each.text for each in drawings(made("forty slopes"), "accuracy")[0].iter("text")]
    assert "0" in names
    assert 3 < sum(name in {number(round(place / 41, 4)) for place in range(40)} for name in names) < 12
