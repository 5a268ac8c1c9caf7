"""Each figure: what it says is what it was given, and nothing that it is given breaks it."""

import re
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

from pipeline.judge.baselines import RIVAL_NAMES
from pipeline.network.layers import Network, parameters
from pipeline.network.train import Trained
from pipeline.report import figures
from pipeline.report.canvas import SLIM, WIDE, Picture, place_label, say_instead, sheet, to_svg
from pipeline.report.drawing import draws, network_drawing

COUNTS = {"a": {"a": 8, "b": 2, "no class": 0}, "b": {"a": 0, "b": 5, "no class": 1}}
NONE = np.empty(0), np.empty(0, dtype=bool)


def words(picture: Picture) -> list[str]:
    """Return every text of the SVG, which must be well-formed."""
    return [each.text or "" for each in ElementTree.fromstring(picture.svg).iter("text")]  # noqa: S314


def trained(curves: np.ndarray, chosen: int = 0) -> Trained:
    starts = curves.shape[1]
    weights = np.zeros((starts, 2), np.float32)
    return Trained(weights, weights, curves.astype(np.float32), curves[-1].astype(float), chosen)


def network(*sizes: int, slopes: tuple[float, ...] = (), value: float = 1.5) -> Network:
    slopes = slopes or (0.05,) * (len(sizes) - 1)
    return Network(sizes, slopes, False, np.full(parameters(sizes), value, np.float32))


def drawn(sizes: tuple[int, ...], value: float = 1.5) -> Picture:
    return network_drawing(
        network(*sizes, value=value), [f"in {i}" for i in range(sizes[0])], [f"out {i}" for i in range(sizes[-1])]
    )


def test_the_confusion_matrix_holds_its_counts_and_names_the_worst_mistake() -> None:
    picture = figures.confusion(COUNTS)
    assert {"8", "2", "5", "1", "0", "no class"} <= set(words(picture))
    assert "13 of 16" in picture.caption
    assert "2 rows of a predicted as b" in picture.caption


def test_a_confusion_matrix_without_rows_or_with_many_classes_is_drawn() -> None:
    many = {f"class {a}": {**{f"class {b}": a + b for b in range(20)}, "no class": 0} for a in range(20)}
    assert "class 19" in words(figures.confusion(many))
    assert "0 of 0" in figures.confusion({"a": {"a": 0, "no class": 0}}).caption


def test_the_losses_of_few_starts_are_lines_and_of_many_one_image() -> None:
    few = figures.loss_curves(trained(np.exp(-np.arange(100)[:, None] / np.arange(1, 4)), chosen=1))
    many = figures.loss_curves(trained(np.exp(-np.arange(800)[:, None] / np.linspace(50, 100, 2000))))
    assert "<image" not in few.svg
    assert "data:image/png;base64," in many.svg
    assert len(many.svg) < 400_000
    assert "3 starts of 100 epochs" in few.caption
    assert "Start 2 was chosen" in few.caption


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 0.0, 1e30])
def test_losses_that_are_negative_or_no_numbers_are_drawn(value: float) -> None:
    curves = np.ones((5, 2))
    curves[2:, 1] = value
    assert "2 starts" in figures.loss_curves(trained(curves)).caption
    nothing = figures.loss_curves(trained(np.full((5, 1), value)))
    assert ("No start ended with a finite loss: nothing was learnt." in words(nothing)) == (not np.isfinite(value))


def test_a_single_epoch_of_a_single_start_is_drawn() -> None:
    assert "1 start of 1 epochs" in figures.loss_curves(trained(np.ones((1, 1)))).caption


def test_the_activation_is_drawn_at_the_runs_slopes_and_at_those_of_the_article() -> None:
    picture = figures.activations((0.05, 0.3))
    assert {"ReLU, slope 0", "slope 0.05 (this run)", "slope 0.09", "slope 0.2", "slope 0.3 (this run)"} <= set(words(picture))
    assert "0.05 (\N{MINUS SIGN}10 becomes \N{MINUS SIGN}0.5)" in picture.caption
    for slopes in ((), (0.0,), (1.0,), tuple(np.linspace(0, 1, 12))):
        assert figures.activations(slopes).svg


def test_the_activation_runs_through_the_origin_from_minus_ten_to_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}
    monkeypatch.setattr(figures, "to_svg", lambda figure, *rest: seen.setdefault("axes", figure.axes) and "")
    figures.activations((0.05,))
    lines = {line.get_label(): line.get_xydata() for line in seen["axes"][0].lines}
    for name, slope in {"ReLU, slope 0": 0.0, "slope 0.05 (this run)": 0.05, "slope 0.09": 0.09, "slope 0.2": 0.2}.items():
        line = lines[name]
        assert line[0].tolist() == pytest.approx([-10, -10 * slope])
        assert line[-1].tolist() == [10, 10]
        assert [0, 0] in line.tolist()


def test_the_network_is_drawn_with_all_its_weights() -> None:
    picture = drawn((6, 3, 1))
    assert words(picture).count("1.50") == 25
    assert {"in 0", "in 5", "out 0", "inputs", "hidden", "output", "slope 0.05"} <= set(words(picture))
    assert "All 25 weights" in picture.caption


@pytest.mark.parametrize("sizes", [(1, 1), (59, 1), (1, 20), (2, 3, 2, 3, 2), (7, 6, 1)])
def test_any_small_network_is_drawn_and_a_larger_one_is_not(sizes: tuple[int, ...]) -> None:
    assert draws(network(*sizes)) == (parameters(sizes) <= 60)
    if draws(network(*sizes)):
        assert drawn(sizes).svg


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, -1e30])
def test_weights_that_are_no_numbers_are_drawn(value: float) -> None:
    assert drawn((2, 2, 1), value).svg


def test_calibration_without_points_is_said() -> None:
    assert "No probability to compare." in words(figures.calibration(0, "a", {"curve": []}, *NONE))
    assert "no probability" in figures.calibration(0, "a", {}, *NONE).caption
    one = {"curve": [{"predicted": 0.2, "observed": 0.25, "interval": None, "rows": 8}]}
    assert "25.0" in figures.calibration(0, "a", one, *NONE).caption


def test_accuracies_leave_out_what_was_not_measured() -> None:
    rows = [
        {"name": "this network", "test": 0.9, "test_interval": [0.8, 0.95], "unseen": None},
        {"name": "tree", "test": None, "unseen": 0.5, "unseen_interval": None},
        {"name": "rule", "test": 0.7},
        {"name": "forest", "test": None, "unseen": None},
    ]
    picture = figures.accuracies(rows)
    assert "forest" not in words(picture)
    assert [row[0] for row in picture.table[1:]] == [row["name"] for row in rows]
    assert {"this network", "tree", "rule", "test rows", "unseen rows", "90.0%", "50.0%"} <= set(words(picture))
    assert "rule 70.0" in picture.caption
    assert "tree" not in picture.caption


@pytest.fixture
def axes_of(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The axes of what is drawn next."""
    drawn: list[Any] = []
    monkeypatch.setattr(figures, "to_svg", lambda figure, *rest: drawn.extend(figure.axes) or "")
    return drawn


@pytest.mark.parametrize("width", [WIDE, SLIM])
def test_every_model_stands_on_an_unbroken_axis_with_its_whole_name(width: float, axes_of: list[Any]) -> None:
    rows = [{"name": name, "test": 0.9 - place / 20} for place, name in enumerate(RIVAL_NAMES.values())]
    figures.accuracies(rows, width=width)
    (axes,) = axes_of
    assert axes.get_xlim()[0] == 0
    assert axes.get_xscale() == "linear"
    assert [label.get_text().replace("\n", " ") for label in axes.get_yticklabels()] == list(RIVAL_NAMES.values())
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert list(points[0].get_xdata()) == [row["test"] for row in reversed(rows)]
    heights = dict(zip(points[0].get_xdata(), points[0].get_ydata(), strict=True))
    assert sorted(heights, key=heights.get) == sorted(heights)


def test_below_the_calibration_curve_every_row_is_counted_once(axes_of: list[Any]) -> None:
    """NumPy counts them too."""
    random = np.random.default_rng(2)
    shares, hits = random.beta(2, 1, 500), random.random(500) < 0.6
    shares[:3] = np.nan
    points = [
        {"predicted": 0.2, "observed": 0.3, "interval": [0.1, 0.5], "rows": 9},
        {"predicted": 0.8, "observed": 0.7, "rows": 9},
    ]
    figures.calibration(0, "a", {"curve": points}, shares, hits)
    upper, lower = axes_of
    heights = [[bar.get_height() for bar in bars] for bars in lower.containers]
    assert heights == [np.histogram(shares[keep][~np.isnan(shares[keep])], 20, (0, 1))[0].tolist() for keep in (hits, ~hits)]
    curve = next(line for line in upper.lines if line.get_marker() == "o")
    assert curve.get_xydata().tolist() == [[0.2, 0.3], [0.8, 0.7]]


@pytest.mark.parametrize("name", ["<b>&amp;", "$\\frac{a}{b}$", "a\x00b\x1fc", 'id="q" #010203 url(#x)', "日本語", "\u202ertl"])
def test_a_name_is_text_whatever_it_holds(name: str) -> None:
    picture = figures.confusion({name: {name: 1, "no class": 0}})
    assert place_label(name, 12) in words(picture)
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", picture.svg)


def test_colours_are_those_of_the_page_and_fonts_too() -> None:
    svg = figures.confusion(COUNTS).svg + drawn((3, 2, 1)).svg
    assert not re.findall(r"(?:fill|stroke): #[0-9a-f]+", svg)
    assert "var(--s0)" in svg
    assert "font-family" not in svg
    assert "<style" not in svg


def test_same_figure_same_text_and_nothing_of_the_style_stays() -> None:
    before = dict(matplotlib.rcParams)
    assert figures.confusion(COUNTS) == figures.confusion(COUNTS)
    assert dict(matplotlib.rcParams) == before


def test_the_interface_with_global_state_is_never_imported() -> None:
    import subprocess
    import sys

    script = "import sys, pipeline.report.page; print('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "False\n"


def test_identifiers_start_with_the_name_of_the_figure() -> None:
    with sheet(100, 100) as figure:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], "o")
        say_instead(axes, "x")
        svg = to_svg(figure, "mine", "a title", "a description")
    names = re.findall(r' id="([^"]+)"', svg)
    assert len(names) > 2
    assert all(each.startswith("mine-") for each in names)
    assert '<title id="mine-title">a title</title>' in svg
