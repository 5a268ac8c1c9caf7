"""The pages in headless Chromium: as a reader sees it, on a wide and a narrow screen, in light and dark, on paper."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import barriers, visited
from tests.study.test_page import made

CUT_OFF = """() => [...document.querySelectorAll('figure svg')].flatMap(svg => {
    const frame = svg.getBoundingClientRect()
    return [...svg.querySelectorAll('text')].filter(text => {
        const box = text.getBoundingClientRect()
        return box.left < frame.left - 1 || box.right > frame.right + 1
            || box.top < frame.top - 1 || box.bottom > frame.bottom + 1
    }).map(text => svg.querySelector('title').textContent + ': ' + text.textContent)
})"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll('figure svg text')]
    .filter(text => text.checkVisibility())
    .map(text => parseFloat(getComputedStyle(text).fontSize) * text.ownerSVGElement.getScreenCTM().a))"""
HIDDEN = """() => [...document.querySelectorAll('details > :not(summary)')]
    .filter(each => !each.checkVisibility({contentVisibilityAuto: true}) || !each.getBoundingClientRect().height).length"""


@pytest.fixture(scope="session")
def file(full_page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The full report of the small run on disk."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(full_page, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a study on disk."""
    path = tmp_path_factory.mktemp("study") / "study.html"
    path.write_text(made("usual"), encoding="utf-8")
    return path


def opened(browser: Any, path: Path, width: int = 1280, **settings: Any) -> contextlib.AbstractContextManager[Any]:
    return visited(browser, path.as_uri(), width, **settings)


def boxes(page: Any) -> list[dict[str, float] | None]:
    """Return where each figure is seen, of the two drawings that some have."""
    return [each.bounding_box() for each in page.locator("figure svg:visible").all()]


BEYOND = """() => [...document.querySelectorAll('main *')].filter(each => each.checkVisibility()
    && !each.closest('svg, nav') && each.getBoundingClientRect().right > innerWidth + 1)
    .map(each => each.outerHTML.slice(0, 80))"""
HINTS = """() => [...document.querySelectorAll('.scroll')]
    .filter(each => each.checkVisibility({contentVisibilityAuto: true}) && each.querySelector('.hint')).map(each => [
    each.scrollWidth > each.clientWidth, getComputedStyle(each.querySelector('.hint')).visibility === 'visible'])"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page_file", ["file", "study_file"])
def test_a_page_as_a_reader_sees_it(
    page_file: str, width: int, scheme: str, browser: Any, request: pytest.FixtureRequest
) -> None:
    with opened(browser, request.getfixturevalue(page_file), width, color_scheme=scheme) as page:
        seen = boxes(page)
        assert len(seen) >= 14
        assert all(box and box["width"] > 200 and box["height"] > 60 for box in seen)
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in seen)
        assert page.evaluate(CUT_OFF) == []
        assert page.evaluate(SMALLEST) > 7
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert barriers(page) == []
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
        assert dark == (scheme == "dark")


def test_one_screen_holds_verdict_cards_and_every_model(browser: Any, file: Path) -> None:
    with opened(browser, file) as page:
        ends = [page.locator(part).first.bounding_box() for part in (".verdict", ".tiles", "figure svg")]
        assert all(box and box["y"] >= 0 and box["y"] + box["height"] <= 900 for box in ends)
        cards = page.locator(".tiles dt").all_inner_texts()
        assert [card.split()[0] for card in cards] == ["training", "test", "on", "best"]


@pytest.mark.parametrize("page_file", ["file", "study_file"])
def test_figures_are_as_wide_as_the_text(page_file: str, browser: Any, request: pytest.FixtureRequest) -> None:
    with opened(browser, request.getfixturevalue(page_file)) as page:
        text = page.locator("main > section > p").first.bounding_box()["width"]
        alone = page.locator("section > figure > svg:visible, main > figure > svg:visible").all()
        beside = [sum(svg.bounding_box()["width"] for svg in row.locator("figure:nth-child(-n + 2) svg:visible").all())
                  for row in page.locator(".panels:has(figure + figure)").all()]  # fmt: skip
        assert len(alone) + len(beside) >= 2
        assert all(svg.bounding_box()["width"] > 0.99 * text for svg in alone)
        assert all(width > 0.9 * text for width in beside)


@pytest.mark.parametrize("page_file", ["file", "study_file"])
def test_contents_stay_in_sight_beside_the_text_on_a_wide_screen_only(
    page_file: str, browser: Any, request: pytest.FixtureRequest
) -> None:
    with opened(browser, request.getfixturevalue(page_file)) as page:
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        contents, text = page.locator("nav").bounding_box(), page.locator("main").bounding_box()
        assert contents["y"] >= 0
        assert contents["y"] + contents["height"] <= 900
        assert contents["x"] + contents["width"] <= text["x"]
        page.set_viewport_size({"width": 1000, "height": 900})
        assert page.locator("nav").bounding_box()["y"] < 0


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page_file", ["file", "study_file"])
def test_a_table_that_goes_on_to_the_right_says_so_and_no_other(
    page_file: str, width: int, browser: Any, request: pytest.FixtureRequest
) -> None:
    with opened(browser, request.getfixturevalue(page_file), width) as page:
        page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
        page.wait_for_timeout(200)  # the hint comes with the next picture
        hints = page.evaluate(HINTS)
        assert len(hints) >= 4
        assert all(goes_on == hinted for goes_on, hinted in hints)
        assert any(goes_on for goes_on, _ in hints) or width == 1280


def test_a_finding_is_opened_and_a_figure_saved_by_keyboard(browser: Any, file: Path) -> None:
    with opened(browser, file) as page:
        finding = page.locator("details.finding").first
        for _ in range(60):
            page.keyboard.press("Tab")
            if finding.locator("summary").evaluate("each => each === document.activeElement"):
                break
        page.keyboard.press("Enter")
        assert finding.locator("p").first.is_visible()
        page.locator("a[download='accuracies.csv']").focus()
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        assert download.value.suggested_filename == "accuracies.csv"
        assert download.value.path().read_text(encoding="utf-8").startswith("model,test,test low,test high,unseen,")


def test_a_saved_drawing_is_a_picture_by_itself(browser: Any, file: Path) -> None:
    with opened(browser, file) as page:
        links = page.locator("a[download$='.svg']").evaluate_all("all => all.map(each => each.href)")
        sizes = page.evaluate(
            """links => Promise.all(links.map(async link => {
                const picture = new Image(); picture.src = link; await picture.decode(); return picture.naturalWidth
            }))""",
            links,
        )
        assert len(sizes) >= 10
        assert min(sizes) >= 100


@pytest.mark.parametrize("name", ["nasty", "many", "many softmax", "softmax", "deep", "article"])
def test_a_report_of_any_shape_fits_a_narrow_screen(
    name: str, browser: Any, shape_page: Callable[[str], str], tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    path.write_text(shape_page(name), encoding="utf-8")
    with opened(browser, path, 390) as page:
        assert len(boxes(page)) >= 5
        assert all(box and box["width"] > 100 and box["height"] > 40 for box in boxes(page))
        assert page.evaluate(CUT_OFF) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("name", ["one slope", "one of each", "forty slopes", "hostile"])
def test_a_study_of_any_shape_fits_a_narrow_screen(name: str, browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "study.html"
    path.write_text(made(name), encoding="utf-8")
    with opened(browser, path, 390) as page:
        assert all(box and box["width"] > 200 and box["height"] > 60 for box in boxes(page))
        assert page.evaluate(CUT_OFF) == []
        page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("page_file", "sections"), [("file", 20), ("study_file", 12)])
def test_it_is_read_without_javascript(page_file: str, sections: int, browser: Any, request: pytest.FixtureRequest) -> None:
    with opened(browser, request.getfixturevalue(page_file), java_script_enabled=False) as page:
        assert page.locator("h2").count() == sections
        assert all(box and box["height"] > 60 for box in boxes(page))
        explanation = page.locator("details").first
        hidden = explanation.locator("p").first
        assert not hidden.is_visible()
        explanation.locator("summary").click()
        assert hidden.is_visible()


@pytest.mark.parametrize("page_file", ["file", "study_file"])
def test_paper_shows_everything_dark_on_light(page_file: str, browser: Any, request: pytest.FixtureRequest) -> None:
    with opened(browser, request.getfixturevalue(page_file), 680, color_scheme="dark") as page:
        assert page.evaluate(HIDDEN) > 0
        page.emulate_media(media="print")
        for _ in range(50):  # a busy machine takes a moment to lay the page out again
            if page.evaluate(HIDDEN) == 0:
                break
            page.wait_for_timeout(100)
        assert page.evaluate(HIDDEN) == 0
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("document.documentElement.scrollWidth") <= 680
        assert all(box and box["height"] > 60 for box in boxes(page))
        assert page.evaluate(BEYOND) == []
        assert page.pdf(format="A4").startswith(b"%PDF")
