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
SMALLEST = """() => Math.min(...[...document.querySelectorAll('figure svg text')].map(text =>
    parseFloat(getComputedStyle(text).fontSize) * text.ownerSVGElement.getScreenCTM().a))"""
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
    return [each.bounding_box() for each in page.locator("figure svg").all()]


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


@pytest.mark.parametrize(("page_file", "sections"), [("file", 16), ("study_file", 12)])
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
        assert page.pdf(format="A4").startswith(b"%PDF")
